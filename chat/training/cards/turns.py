"""What questions about cards have in common: turns, wordings, and yes or no."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chat.training.scene import COLOURS


@dataclass(frozen=True, slots=True)
class CardTurn:
    """A question about a card, and its one right answer.

    family names the kind of question in reports. about: the colours (of bars or slices) that
    the turn spoke of, for follow-ups to mean by "it", "they" or "that".
    """

    question: str
    answer: str
    family: str
    about: tuple[str, ...] = ()


Family = Callable[[Any, random.Random], CardTurn | None]
"""A kind of question about one kind of card; None where the card gives no occasion for it."""
FollowUp = Callable[[Any, random.Random, CardTurn], CardTurn | None]
"""A question that means something by what the turn before said; None if that said no such thing."""


def say(
    rng: random.Random,
    wordings: Sequence[str],
    answer: str,
    family: str,
    about: Sequence[str] = (),
    **words: object,
) -> CardTurn:
    """A turn with one of the wordings; `words` fill their {gaps}."""
    return CardTurn(rng.choice(wordings).format(**words), answer, family, tuple(about))


def yes_no(yes: bool, reason: str) -> str:
    """ "Yes, …" or "No, …"."""
    return f"{'Yes' if yes else 'No'}, {reason}"


def therefore(yes: bool, reason: str) -> str:
    """ "It says CAT, so yes.": for what has to be worked out first.

    A decoder that must begin with yes or no decides before it has read or counted (chain of thought: Wei et
    al. 2022, arXiv:2201.11903).
    """
    return f"{reason[0].upper()}{reason[1:].removesuffix('.')}, so {'yes' if yes else 'no'}."


def other_colour(rng: random.Random, besides: Sequence[str]) -> str:
    """A colour that is none of these."""
    return rng.choice([colour for colour in sorted(COLOURS) if colour not in besides])


def near(rng: random.Random, number: int, low: int = 0) -> int:
    """A number that is not the given one but near it, and not below `low`."""
    return rng.choice([near for near in range(number - 3, number + 4) if near >= low and near != number])
