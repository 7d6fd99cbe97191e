"""Decoding with weights of eight bits: one token for each of several conversations, in compiled loops."""
