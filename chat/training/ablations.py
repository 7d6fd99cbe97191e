"""Dialogues that keep something from the model, to train what a real one is measured against.

A model that never saw a picture, or never what was said before, shows how much of a score can be had
from the questions alone; one that merely has them taken away when asked may do worse than that.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from chat.training.dialogues import Dialogue

Ablation = Callable[[Dialogue, random.Random], Dialogue]


def without_pictures(dialogue: Dialogue, _: random.Random) -> Dialogue:
    """The same turns, and nothing shown."""
    return Dialogue((), tuple(replace(turn, pictures=()) for turn in dialogue.turns))


def without_history(dialogue: Dialogue, rng: random.Random) -> Dialogue:
    """One of the turns by itself, with every picture that was shown by then."""
    at = rng.randrange(len(dialogue.turns))
    shown = tuple(index for turn in dialogue.turns[: at + 1] for index in turn.pictures)
    return Dialogue(dialogue.scenes[: len(shown)], (replace(dialogue.turns[at], pictures=shown),))


ABLATIONS: dict[str, Ablation] = {"pictures": without_pictures, "history": without_history}
"""What may be kept from a model, by name."""
