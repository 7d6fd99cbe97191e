"""What the encoder's pretrained part claims to see, and what may be said on the strength of it.

Training shows the decoder pictures of a few hundred kinds of things. To name a thousand
kinds, it must learn to read the object tags among the image tokens (Oscar, Li et al.
2020, arXiv:2004.06165), and when to believe them: here tags are made up for pictures at
random, and the answer follows from them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from chat.model.classes import PictureClass, classes
from chat.training.language import article

SURE = 0.45
"""From this probability on, a class is named as a fact."""

LIKELY = 0.5
"""From this sum over the classes of one kind on, the kind is."""

POSSIBLE = 0.15
"""From this probability on, a class is named as a guess."""

UNSURE = "I am not sure what this is."

Tags = tuple[tuple[int, float], ...]
"""Classes and their probabilities, the most probable first."""


def name_of(tags: Sequence[tuple[int, float]]) -> tuple[str, str, str]:
    """(name, kind, hedge) that the tags allow: the hedge is "", "may be" (a guess), or "unsure"
    (no name at all)."""
    index, first = tags[0]
    best = classes()[index]
    if first >= SURE:
        return best.name, best.broader, ""
    kinds: dict[str, float] = {}
    for each, probability in tags:
        broader = classes()[each].broader
        kinds[broader] = kinds.get(broader, 0.0) + probability
    kind = max(kinds, key=lambda name: kinds[name])
    if kinds[kind] >= LIKELY:
        return kind, "", ""
    if first >= POSSIBLE:
        return best.name, best.broader, "may be"
    return "", "", "unsure"


def made_up(rng: random.Random) -> Tags:
    """Tags such as a photograph of something may get: one class, and what it is easily taken for."""
    chosen = rng.choice(classes())
    roll = rng.random()
    first = (
        rng.uniform(0.5, 0.98)
        if roll < 0.75
        else rng.uniform(0.2, 0.5)
        if roll < 0.93
        else rng.uniform(0.04, 0.2)
    )
    rest, tags = 1.0 - first, [(chosen.index, first)]
    alike = [each for each in _kinds()[chosen.broader] if each is not chosen]
    for _ in range(4):
        other = rng.choice(alike) if alike and rng.random() < 0.7 else rng.choice(classes())
        share = rng.uniform(0.2, 0.7) * min(rest, 0.95 * first)
        rest -= share
        tags.append((other.index, share))
    return tuple(sorted(tags, key=lambda tag: -tag[1]))


@cache
def _kinds() -> dict[str, list[PictureClass]]:
    groups: dict[str, list[PictureClass]] = {}
    for each in classes():
        groups.setdefault(each.broader, []).append(each)
    return groups


def guess(name: str) -> str:
    """ "I am not sure, but it may be a cat." """
    return f"I am not sure, but it may be {article(name)}."
