"""What can be said of a card: a calculation, a chart, a grid, a program, an arrow.

The counterpart of `chat.evals.claims` for pictures that take thinking.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from chat.evals.items import Ask, seed
from chat.evals.splits import base_split, weathered
from chat.evals.suite import to_png
from chat.evals.values import KINDS, rivals, value
from chat.evals.wordings import wordings
from chat.training.cards.draw import draw
from chat.training.cards.sampling import sample
from chat.training.cards.scene import Arrow, BarChart, Card, Grid, PieChart, Program, Sum
from chat.training.cards.turns import therefore, yes_no
from chat.training.language import PLACE_PHRASES, article, capital

SUBTASKS: dict[str, tuple[type[Card], ...]] = {
    "arithmetic": (Sum,),
    "chart": (BarChart, PieChart),
    "odd_one_out": (Grid,),
    "program": (Program,),
    "scene": (Sum, BarChart, PieChart, Program, Arrow),
}
"""The kinds of card that each subtask asks about."""

POOL = 300
"""Cards of a kind that a suite chooses from."""

NOUNS = {
    "calculation": "calculation|sum|equation|arithmetic",
    "bar chart": "bar chart|bar graph|bars",
    "pie chart": "pie chart|pie graph|pie",
    "small program": "program|code|script",
    "arrow": "arrow",
}
"""How a reply may name the kinds of picture."""


@dataclass(frozen=True, slots=True)
class CardClaim:
    """That a card's subject has the value, in a family's sense.

    arithmetic, program: the result is the value. chart: of the bar or slice called subject (a colour)
    the value is `value` (relation "value"), or the tallest, shortest, largest or smallest (relation) is
    the one called value. odd_one_out: it stands at the place `value`. scene: the picture is a `value`.
    """

    family: str
    value: str
    subject: str = ""
    relation: str = ""


def claims(family: str, card: Card) -> tuple[CardClaim, ...]:
    """What is true of a card and can be asked about."""
    if family == "scene":
        return (CardClaim("scene", card.noun),)
    return tuple(_of_card(family, card))


def _of_card(family: str, card: Card) -> Iterator[CardClaim]:
    if isinstance(card, Sum):
        yield CardClaim(family, card.expression.value())
    elif isinstance(card, Program):
        yield CardClaim(family, card.output)
    elif isinstance(card, Grid):
        yield CardClaim(family, card.place(card.cell))
    elif isinstance(card, PieChart):
        yield CardClaim(family, card.ranked[0].colour, relation="largest")
        yield CardClaim(family, card.ranked[-1].colour, relation="smallest")
    elif isinstance(card, BarChart):
        for bar in card.bars:
            yield CardClaim(family, str(bar.value), bar.colour, "value")
        ranked = sorted(card.bars, key=lambda bar: bar.value)
        if ranked[-1].value > ranked[-2].value:
            yield CardClaim(family, ranked[-1].colour, relation="tallest")
        if ranked[0].value < ranked[1].value:
            yield CardClaim(family, ranked[0].colour, relation="shortest")


def holds(claim: CardClaim, card: Card) -> bool | None:
    """Whether a claim is true of a card; None if it presupposes what is not there."""
    mine = claims(claim.family, card)
    alike = [each for each in mine if (each.subject, each.relation) == (claim.subject, claim.relation)]
    if not alike or (claim.relation not in ("", "value") and claim.value not in _colours(card)):
        return None
    return claim in alike


def _colours(card: Card) -> set[str]:
    if isinstance(card, BarChart):
        return {bar.colour for bar in card.bars}
    return {part.colour for part in card.slices} if isinstance(card, PieChart) else set()


@cache
def _card_at(suite: str, split: str, kind: type[Card], index: int) -> Card:
    rng = random.Random(seed(suite, split, f"card {kind.__name__}", index))
    return sample(rng, held_out=True, kind=kind)


def cards(suite: str, split: str, family: str, rng: random.Random) -> Iterator[Card]:
    """A subtask's pool of cards once round, from a random place; the kinds take turns."""
    kinds = SUBTASKS[family]
    start = rng.randrange(POOL)
    for offset in range(POOL):
        order = rng.sample(kinds, len(kinds))
        for kind in order:
            yield _card_at(suite, base_split(split), kind, (start + offset) % POOL)


def draw_card(card: Card, split: str) -> bytes:
    """The card as the PNG file that a person would send, in the split's way of drawing."""
    drawn = draw(card)
    return to_png(weathered(drawn, int(card.digest[:12], 16)) if split == "renderer" else drawn)


def card_facts(card: Card, asked: Sequence[CardClaim]) -> tuple[object, ...]:
    """What the symbolic solver is given: the card's facts and the claims asked about."""
    said = tuple((claim.family, claim.subject, claim.value, claim.relation) for claim in asked)
    return (("card", *card.facts), said)


def topic(claim: CardClaim, card: Card) -> str:
    """The key of a claim's wordings."""
    if claim.family != "chart":
        return claim.family
    return "bar_value" if claim.relation == "value" else "extreme"


def _noun(card: Card) -> str:
    return "slice" if isinstance(card, PieChart) else "bar"


def ask(claim: CardClaim, card: Card, rng: random.Random, *, fresh: bool) -> Ask:
    """The yes/no question about a claim and its answer for a card."""
    template = rng.choice(wordings(topic(claim, card), yes_no=True, fresh=fresh))
    question = template.format(
        n=f"{claim.subject or claim.value} {_noun(card)}",
        v=claim.value,
        av=article(claim.value) if claim.family == "scene" else "",
        at=PLACE_PHRASES.get(claim.value, ""),
        r=claim.relation,
    )
    word = "yes" if holds(claim, card) else "no"
    true = _truth(claim, card)
    told = _told(true, card)
    answer = (yes_no if claim.family == "scene" else therefore)(word == "yes", told)
    return Ask(question, answer, claim.family, "yes_no", (word,), pictures=(0,))


def ask_openly(claim: CardClaim, card: Card, rng: random.Random, *, fresh: bool) -> Ask:
    """The open question for a claim's value."""
    template = rng.choice(wordings(topic(claim, card), yes_no=False, fresh=fresh))
    question = template.format(n=f"{claim.subject} {_noun(card)}", b=_noun(card), r=claim.relation)
    if claim.family == "scene":
        accepted = NOUNS[claim.value]
        other = tuple(NOUNS[name] for name in NOUNS if name != claim.value)
    elif claim.family == "odd_one_out":
        accepted, other = value(claim.value), rivals("position", claim.value)
    elif claim.relation and claim.relation != "value":
        accepted, other = value(claim.value), rivals("colour", claim.value)
    else:
        # "3 + 4 = 7" repeats its numbers, so they are no rivals.
        accepted, other = claim.value, _other_numbers(claim)
    answer = capital(_told(claim, card))
    return Ask(question, answer, f"{claim.family}_open", "open", (accepted,), other, (0,))


def _other_numbers(claim: CardClaim) -> tuple[str, ...]:
    if claim.relation != "value":
        return ()
    return tuple(number for number in KINDS["count"] if number != claim.value)


def _truth(claim: CardClaim, card: Card) -> CardClaim:
    """The claim of the same question that is true."""
    return next(
        each
        for each in claims(claim.family, card)
        if (each.subject, each.relation) == (claim.subject, claim.relation)
    )


def _told(claim: CardClaim, card: Card) -> str:
    """A claim in words, in lower case, with a full stop."""
    if isinstance(card, Sum) and claim.family == "arithmetic":
        return f"{card.expression.text} = {claim.value}."
    if claim.family == "program":
        return f"it prints {claim.value}."
    if claim.family == "odd_one_out":
        return f"it is {PLACE_PHRASES[claim.value]}."
    if claim.family == "scene":
        return f"it is {article(claim.value)}."
    if claim.relation == "value":
        return f"the {claim.subject} bar is {claim.value}."
    return f"the {claim.value} {_noun(card)} is the {claim.relation}."
