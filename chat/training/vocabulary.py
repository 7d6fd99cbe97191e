"""The tokenizer's texts: what is said in dialogues, and enough plain English around it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from chat.model.classes import classes
from chat.model.tokenizer import Tokenizer
from chat.training.dialogues import Curriculum, drawn_scenes, sample_dialogue
from chat.training.language import article
from chat.training.objects import sample_any, subject, unspoken
from chat.training.scene import Scene
from chat.training.tags import made_up
from chat.training.talk import Shown

UTTERANCES = 60_000


def utterances(seed: int = 0, count: int = UTTERANCES, *, objects: bool = False) -> Iterator[str]:
    """Questions and answers of training dialogues, one a line; with `objects`, about named things too,
    and every class by name."""
    rng = random.Random(f"train/vocabulary/{seed}")
    made = 0
    while made < count:
        for turn in sample_dialogue(rng, Curriculum(scenes=some_scene if objects else drawn_scenes)).turns:
            yield from (text for text in (turn.question, turn.answer) if text)
            made += 2
    for each in classes() if objects else ():
        for name in (each.name, each.broader):
            yield from (f"It is {article(name)}.", f"Is there {article(name)}?", f"Yes, there is one {name}.")


def some_scene(rng: random.Random, held_out: bool, most: int) -> Shown:
    """Any scene that a bank may hold, spoken of."""
    scene = sample_any(rng)
    if isinstance(scene, Scene) and unspoken(scene):
        return replace(scene, things=(subject(made_up(rng)),))
    return scene


def train_tokenizer(vocab: int, seed: int = 0, *, objects: bool = False) -> Tokenizer:
    """A tokenizer of `vocab` pieces, bytes and special tokens among them."""
    return Tokenizer.train(utterances(seed, UTTERANCES, objects=objects), vocab)
