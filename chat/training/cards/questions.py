"""A conversation about one card: what can be asked of every card, and turns in a natural order."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from chat.training.cards import arrows, bars, grids, pies, programs, sums
from chat.training.cards.scene import Arrow, BarChart, Card, Grid, PieChart, Program, Sum
from chat.training.cards.turns import CardTurn, Family, FollowUp, say, yes_no
from chat.training.language import article

T = TypeVar("T")

OTHER_KINDS = ("photograph", "photo", "map", "painting", "clock", "calendar", "postcard")
"""What people ask whether a picture is, and no card is."""
STRANGERS = (
    "dog", "cat", "car", "tree", "house", "person", "bird", "flower", "boat", "horse", "chair", "cup", "book",
    "face", "bicycle", "train", "apple", "ball", "child", "table",
)  # fmt: skip
"""Things that people ask for and that no card holds."""


@dataclass(frozen=True)
class Topic:
    """What can be said and asked of one kind of card, by families with their weights."""

    prefix: str
    families: Mapping[str, tuple[float, Family]]
    follow_ups: Mapping[str, tuple[float, FollowUp]]
    describe: Any


TOPICS: dict[type[Card], Topic] = {
    Sum: Topic("sum", sums.FAMILIES, sums.FOLLOW_UPS, sums.describe),
    BarChart: Topic("bar", bars.FAMILIES, bars.FOLLOW_UPS, bars.describe),
    PieChart: Topic("pie", pies.FAMILIES, pies.FOLLOW_UPS, pies.describe),
    Grid: Topic("grid", grids.FAMILIES, grids.FOLLOW_UPS, grids.describe),
    Program: Topic("program", programs.FAMILIES, programs.FOLLOW_UPS, programs.describe),
    Arrow: Topic("arrow", arrows.FAMILIES, arrows.FOLLOW_UPS, arrows.describe),
}


def describe(card: Card, rng: random.Random) -> CardTurn:
    """What the card shows, as a whole."""
    wordings = (
        "What do you see?", "Describe the picture.", "What is in this picture?", "What is shown?",
        "What does the picture show?", "Tell me what you see.", "Describe this picture.",
        "What can be seen?", "Describe the image.", "What is in the image?", "Tell me about this picture.",
    )  # fmt: skip
    topic = TOPICS[type(card)]
    about = [bar.colour for bar in card.bars] if isinstance(card, BarChart) else []
    return say(rng, wordings, topic.describe(card), f"{topic.prefix}_describe", about)


def said_of(card: Card) -> str:
    """What is said of a card as a whole."""
    return str(TOPICS[type(card)].describe(card))


def kind(card: Card, rng: random.Random) -> CardTurn:
    """What kind of picture it is."""
    wordings = (
        "What kind of picture is this?", "What sort of picture is it?", "What kind of image is this?",
        "What type of picture do you see?", "What kind of thing is shown?", "What sort of image is that?",
    )  # fmt: skip
    return say(rng, wordings, f"It is {article(card.noun)}.", "card_kind")


def kind_verify(card: Card, rng: random.Random) -> CardTurn:
    """Whether it is a photograph, a bar chart, …"""
    nouns = [other.noun for other in TOPICS if other.noun != card.noun]
    strange = rng.choice((rng.choice(nouns), rng.choice(OTHER_KINDS)))
    yes = rng.random() < 0.5
    wordings = (
        "Is this {a}?", "Is it {a}?", "Is that {a}?", "Does the picture show {a}?", "Do I see {a} here?",
        "Would you call this {a}?",
    )  # fmt: skip
    answer = yes_no(yes, f"it is {article(card.noun)}.")
    return say(rng, wordings, answer, "card_kind_verify", a=article(card.noun if yes else strange))


def stranger(card: Card, rng: random.Random) -> CardTurn:
    """Whether something is there that no card holds."""
    noun = rng.choice(STRANGERS)
    wordings = (
        "Is there {a}?", "Do you see {a}?", "Can you see {a}?", "Is {a} there?", "Can you find {a}?",
        "Is there {a} in the picture?",
    )  # fmt: skip
    return say(rng, wordings, f"No, there is no {noun}.", "card_stranger", a=article(noun))


COMMON: dict[str, tuple[float, Family]] = {
    "describe": (10, describe),
    "kind": (4, kind),
    "kind_verify": (5, kind_verify),
    "stranger": (2, stranger),
}
"""Families about any card, beside about 100 that its own weigh together."""


def families(card: Card) -> dict[str, tuple[float, Family]]:
    """Every family that may be asked of a card out of the blue, with its weight."""
    return {**COMMON, **TOPICS[type(card)].families}


def sample_turns(card: Card, rng: random.Random, count: int) -> list[CardTurn]:
    """`count` turns about a card; later ones may mean something by what was said before.

    No question or answer comes twice while there is something else to ask.
    """
    turns: list[CardTurn] = []
    direct = families(card)
    tries = 0
    while len(turns) < count:
        tries += 1
        made: CardTurn | None = None
        if turns and rng.random() < 0.5:
            made = follow(card, rng, turns[-1])
        if made is None:
            made = _draw(rng, direct)(card, rng)
        if made is not None and (tries > 50 * count or not _stale(made, turns)):
            turns.append(made)
    return turns


def follow(card: Card, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """One of the turns that can follow what was just said, by their weights; None if none can."""
    made = {
        name: (weight, turn)
        for name, (weight, ask) in TOPICS[type(card)].follow_ups.items()
        if (turn := ask(card, rng, before)) is not None
    }
    return _draw(rng, made) if made else None


def _stale(turn: CardTurn, turns: list[CardTurn]) -> bool:
    """Whether it was asked before, or asks for what was said before."""
    return any(turn.question == said.question or turn.answer == said.answer for said in turns)


def _draw(rng: random.Random, table: Mapping[str, tuple[float, T]]) -> T:
    names = list(table)
    return table[rng.choices(names, weights=[table[name][0] for name in names])[0]][1]
