"""Benchmarks: each states what bounds it, measures, and prints one flat JSON line last."""
