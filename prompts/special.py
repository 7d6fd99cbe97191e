"""The special tokens of the prompt: single pieces of the tokenizer, never written by a person.

A person who types `<|image|>` gets those nine characters, not the token: text spans
are encoded as text, and only the renderer emits special spans.
"""

BEGIN = "<|begin|>"
SYSTEM = "<|system|>"
USER = "<|user|>"
ASSISTANT = "<|assistant|>"
END = "<|end|>"
IMAGE = "<|image|>"
PAD = "<|pad|>"

SPECIAL_TOKENS = (PAD, BEGIN, SYSTEM, USER, ASSISTANT, END, IMAGE)
"""Every special token, in the order of their ids."""

ROLE_TOKENS = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}
"""The token that opens a message of each role."""
