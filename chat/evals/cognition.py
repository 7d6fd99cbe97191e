"""C: what takes thinking, after MME's cognition half: arithmetic in the picture, chart reasoning, the odd
one out, the output of a small program shown as text.

Scored as P is, of 800; with open questions beside. It is built on the cards of training,
of which it sees the held-out ones alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from chat.evals.card_claims import (
    NOUNS,
    SUBTASKS,
    CardClaim,
    ask,
    ask_openly,
    card_facts,
    cards,
    claims,
    draw_card,
    holds,
)
from chat.evals.items import Item, Part
from chat.evals.sizes import Size
from chat.evals.splits import check_split
from chat.evals.twins import Sheet, World
from chat.training.cards.scene import HIGHEST, Card
from chat.training.scene import COLOURS, PLACES

FAMILIES = tuple(name for name in SUBTASKS if name != "scene")
"""The four subtasks of C."""


def items(suite: str, split: str, size: Size) -> Iterator[Item]:
    """C's items: for each subtask, cards with two yes/no questions, then open ones.

    None for splits that change shapes: there are no cards of unseen pairs or of more things.
    """
    check_split(split)
    if split in ("pairs", "objects"):
        return
    for family in FAMILIES:
        yield from subtask(suite, split, "C", family, (size.cognition, size.cognition_open))


def subtask(suite: str, split: str, part: Part, family: str, counts: tuple[int, int]) -> Iterator[Item]:
    """One subtask over cards: so many cards with yes/no questions, so many with open ones."""
    fresh = split == "wordings"
    world = World(partial(cards, suite, split, family), partial(claims, family), holds)
    for name, asking, count in ((family, ask, counts[0]), (f"{family}_open", ask_openly, counts[1])):
        sheet: Sheet[Card, CardClaim] = Sheet(
            suite,
            split,
            part,
            name,
            partial(asking, fresh=fresh),
            partial(draw_card, split=split),
            card_facts,
        )
        if name == family:
            yield from sheet.yes_no(world, count // 2)
        else:
            yield from sheet.open(world, count // 2, _values(sheet, world, family))


def _values(
    sheet: Sheet[Card, CardClaim], world: World[Card, CardClaim], family: str
) -> list[tuple[str, ...]]:
    """The values to ask for equally often, by kind."""
    if family == "scene":
        return [tuple(NOUNS)]
    if family == "chart":
        return [tuple(COLOURS), tuple(str(number) for number in range(1, HIGHEST + 1))]
    if family == "odd_one_out":
        return [PLACES]
    # Few calculations are held out, so not every number is the result of one.
    pictures = world.pictures(sheet.rng(f"{family} pool", 0))
    found = {claim.value for card in pictures for claim in world.claims(card)}
    return [tuple(sorted(value for value in found if value.isdigit()))]
