"""What the encoder's pretrained part claims to see, and what may be said on the strength of it.

Training shows the decoder pictures of a few hundred kinds of things. To name a thousand
kinds, it must learn to read the object tags among the image tokens (Oscar, Li et al.
2020, arXiv:2004.06165), and when to believe them: here tags are made up for pictures at
random, and the answer follows from them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, TypeVar

from chat.model.classes import PictureClass, classes
from chat.training.language import article

SURE = 0.4
"""From this probability on, a class is named as a fact."""

LIKELY = 0.3
"""From this sum over the classes of one kind on, the kind is, and its most probable class as a guess."""

POSSIBLE = 0.12
"""From this probability on, a class is named as a guess without its kind."""

UNSURE = "I am not sure what this is."

K = TypeVar("K")

Hedge = Literal["", "maybe", "may be", "unsure"]

Tags = tuple[tuple[int, float], ...]
"""Classes and their probabilities, the most probable first."""


def name_of(
    tags: Sequence[tuple[int, float]], kinds: tuple[str, float] | None = None
) -> tuple[str, str, Hedge]:
    """(name, kind, hedge) that the tags allow: named as a fact; the kind alone as a fact ("maybe"); a
    guess ("may be"); or no name at all ("unsure").

    kinds: the kind that all classes together speak for most, and how much, where that is known: the sum of
    a few tags is less.
    """
    index, first = tags[0]
    best = classes()[index]
    if first >= SURE:
        return best.name, best.broader, ""
    kind, likely_kind = kinds or best_kind(tags, lambda each: classes()[each].broader)
    likely = next((classes()[each].name for each, _ in tags if classes()[each].broader == kind), "")
    if likely_kind >= LIKELY and likely:
        return likely, kind, "maybe"
    if first >= POSSIBLE:
        return best.name, best.broader, "may be"
    return "", "", "unsure"


def best_kind(tags: Sequence[tuple[int, float]], kind_of: Callable[[int], K]) -> tuple[K, float]:
    """The kind whose classes come to the most together, and to how much."""
    kinds: dict[K, float] = {}
    for index, probability in tags:
        kind = kind_of(index)
        kinds[kind] = kinds.get(kind, 0.0) + probability
    return max(kinds.items(), key=lambda pair: pair[1])


def speak_for(name: str, kind: str, tags: Sequence[tuple[int, float]], kinds: tuple[str, float]) -> bool:
    """Whether what the network saw speaks for a thing's name, or else for its kind.

    Where it does not, who calls the thing by its name teaches to name things that nobody recognised.
    """
    if kind and kind == kinds[0] and kinds[1] >= LIKELY:
        return True
    words = set(name.split())
    return any(words & set(classes()[index].name.split()) for index, likely in tags if likely >= POSSIBLE)


def made_up(rng: random.Random) -> Tags:
    """Tags such as a photograph of something may get: one class, and what it is easily taken for."""
    chosen = rng.choice(classes())
    low, high = rng.choices(((0.4, 0.98), (0.12, 0.4), (0.04, 0.12)), weights=(56, 34, 10))[0]
    first = rng.uniform(low, high)
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


def kind_and_guess(kind: str, name: str) -> str:
    """ "a car, maybe a taxi" """
    return f"{article(kind)}, maybe {article(name)}"
