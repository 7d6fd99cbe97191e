"""The held-out questions: dialogues over scenes that the training generator never emits.

A scene belongs to training or to evaluation by a hash of its facts
(`chat.training.scene.Scene.held_out`), so a question asked with such a picture in view
cannot have been trained on, whatever the seeds.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image as Pillow

from chat.evals.items import as_image
from chat.training.dialogues import Curriculum, Dialogue, sample_dialogue
from chat.training.drawing import picture
from prompts import Message, user

VERSION = 1


@dataclass(frozen=True)
class Item:
    """One dialogue with its pictures as a person would send them: PNG bytes, in the order of the scenes."""

    dialogue: Dialogue
    pictures: tuple[bytes, ...]

    def question(self, turn: int) -> Message:
        """The person's message of a turn, with real pictures."""
        asked = self.dialogue.turns[turn]
        return user(asked.question, [as_image(self.pictures[number]) for number in asked.pictures])


def to_png(image: Pillow.Image) -> bytes:
    """A picture as PNG bytes."""
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def build(questions: int, *, turns: tuple[int, int] = (6, 8)) -> list[Item]:
    """Dialogues with at least so many questions in all; the same ones every time."""
    items: list[Item] = []
    asked = 0
    while asked < questions:
        rng = random.Random(f"eval/{VERSION}/{len(items)}")
        dialogue = sample_dialogue(rng, Curriculum(turns=turns), held_out=True)
        items.append(Item(dialogue, tuple(to_png(picture(scene)) for scene in dialogue.scenes)))
        asked += len(dialogue.turns)
    return items


@dataclass(frozen=True)
class Overlap:
    """How a suite relates to training: scenes training could emit (must be 0), questions with a
    held-out picture in view, and questions asked before any picture, which may coincide."""

    trainable_scenes: int
    with_picture: int
    before_any_picture: int


def overlap(items: Sequence[Item]) -> Overlap:
    """Check a suite against the training generator's rule."""
    scenes = [scene for item in items for scene in item.dialogue.scenes]
    before = 0
    for item in items:
        for turn in item.dialogue.turns:
            if turn.pictures:
                break
            before += 1
    total = sum(len(item.dialogue.turns) for item in items)
    return Overlap(sum(not scene.held_out for scene in scenes), total - before, before)
