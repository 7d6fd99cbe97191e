"""The tokenizer's texts: what is said in dialogues, and enough plain English around it."""

from __future__ import annotations

import random
from collections.abc import Iterator

from chat.model.tokenizer import Tokenizer
from chat.training.dialogues import sample_dialogue

UTTERANCES = 60_000


def utterances(seed: int = 0, count: int = UTTERANCES) -> Iterator[str]:
    """Questions and answers of training dialogues, one a line."""
    rng = random.Random(f"train/vocabulary/{seed}")
    made = 0
    while made < count:
        for turn in sample_dialogue(rng).turns:
            yield from (text for text in (turn.question, turn.answer) if text)
            made += 2


def train_tokenizer(vocab: int, seed: int = 0) -> Tokenizer:
    """A tokenizer of `vocab` pieces, bytes and special tokens among them."""
    return Tokenizer.train(utterances(seed), vocab)
