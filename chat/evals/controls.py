"""What a score must be read against: chance, constants, and a solver that reads the facts.

The symbolic solver is right about every perception, hallucination and cognition question from the
facts alone, or the suite has a fault. Denied the picture, the best it can do is a constant for
each family; a model without the picture that does better has been given the answers away, and
then the data is at fault, not the model.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import cast

from chat.evals.items import Ask, Item, right, share
from chat.evals.runner import Answered, asked_turns
from chat.training.scene import COLOURS

MARGIN = 3.0
"""Percent by which an ablation may pass its ceiling: the noise of a suite of some hundred questions."""

ENOUGH = 200
"""Fewest questions on which an ablation is judged; with fewer, noise alone passes the margin."""

CANNOT = "I cannot tell."
"""The constant where the right thing is to abstain."""

Facts = tuple[tuple[str, ...], ...]


def constant(ask: Ask) -> str:
    """The shortest reply that is right: yes, no, a value, or that it cannot be told."""
    if ask.kind == "abstain":
        return CANNOT
    return ask.values[0].partition("|")[0] if ask.values else ask.answer


def sort_of(ask: Ask) -> tuple[str, str]:
    """What may be known of an answer from the question alone: its family and what sort of value it is."""
    said = constant(ask)
    if ask.kind != "open":
        return ask.family, ask.kind
    return ask.family, "number" if said.isdigit() else "colour" if said in COLOURS else "word"


def _each(items: Sequence[Item]) -> Iterator[tuple[Item, int]]:
    return ((item, turn) for item in items if item.part != "G" for turn in asked_turns(item))


def chance(items: Sequence[Item]) -> list[Answered]:
    """Uniform over the answers that a family has, the same every time."""
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    for item, turn in _each(items):
        known[sort_of(item.asks[turn])].add(constant(item.asks[turn]))
    rng = random.Random("chance")
    return [
        Answered(item, turn, rng.choice(sorted(known[sort_of(item.asks[turn])])))
        for item, turn in _each(items)
    ]


def majority(items: Sequence[Item]) -> list[Answered]:
    """The most frequent right answer of each family: the ceiling of who is denied the picture."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for item, turn in _each(items):
        counts[sort_of(item.asks[turn])][constant(item.asks[turn])] += 1
    best = {key: counter.most_common(1)[0][0] for key, counter in counts.items()}
    return [Answered(item, turn, best[sort_of(item.asks[turn])]) for item, turn in _each(items)]


def repeat_last(items: Sequence[Item]) -> list[Answered]:
    """The right answer to the question before; nothing to the first."""
    return [Answered(item, turn, item.asks[turn - 1].answer if turn else "") for item, turn in _each(items)]


CONTROLS: dict[str, Callable[[Sequence[Item]], list[Answered]]] = {
    "random": chance,
    "majority": majority,
    "repeat_last": repeat_last,
}
"""Controls that need no model."""


def gate(ablated: Sequence[bool], ceiling: float) -> str:
    """Whether an ablation keeps below its ceiling in percent: "kept", "broken", or "too few" to tell."""
    if len(ablated) < ENOUGH:
        return "too few"
    return "kept" if share(ablated) <= ceiling + MARGIN else "broken"


def solve(item: Item) -> list[str]:
    """The solver's reply to each ask of a perception, hallucination or cognition item.

    It reads the item's facts, (the picture's, the claims asked about), and nothing else.
    """
    shown, asked = cast(tuple[tuple[object, ...], tuple[tuple[str, ...], ...]], item.facts)
    pairs = zip(item.asks, asked, strict=True)
    if shown[0] == "card":
        return [_about_card(shown, claim, ask.kind) for ask, claim in pairs]
    things = cast(Facts, shown)
    return [_about_scene(things, claim, ask.kind) for ask, claim in pairs]


def solved(items: Sequence[Item]) -> float:
    """Percent of asks about which the solver is right."""
    return share(
        [right(ask, said) for item in items for ask, said in zip(item.asks, solve(item), strict=True)]
    )


def _fits(fact: tuple[str, ...], kind: str, colour: str, size: str, fill: str, place: str) -> bool:
    named = fact[1].lower() if fact[0] == "shape" else fact[0]
    wanted = (kind, colour, size, fill, place)
    return all(want in ("", have) for want, have in zip(wanted, (named, *fact[2:6]), strict=True))


def _about_scene(facts: Facts, claim: tuple[str, ...], kind: str) -> str:
    family, *subject, value, relation = claim
    found = [fact for fact in facts if _fits(fact, *subject)]
    if family == "existence":
        if kind == "open":
            return facts[0][1].lower()
        return "yes" if found else "no"
    if family == "relation":
        truth = _beside(facts, found[0], relation)
    elif family == "count":
        truth = [str(len(found))]
    elif family == "reading":
        truth = [fact[1] for fact in facts if fact[0] in ("word", "number")]
    else:
        column = {"shape": 1, "colour": 2, "size": 3, "fill": 4, "position": 5}[family]
        truth = [found[0][column].lower()]
    if kind == "open":
        return truth[0]
    return "yes" if value in truth else "no"


def _beside(facts: Facts, landmark: tuple[str, ...], side: str) -> list[str]:
    """Names of the shapes that stand on a side of the landmark, those first that do so most clearly."""
    column, sign = {"left": (6, -1), "right": (6, 1), "above": (7, -1), "below": (7, 1)}[side]
    away = [(sign * (float(fact[column]) - float(landmark[column])), fact[1].lower()) for fact in facts]
    return [name for distance, name in sorted(away, reverse=True) if distance > 0]


def _about_card(facts: tuple[object, ...], claim: tuple[str, ...], kind: str) -> str:
    family, subject, value, relation = claim
    sort, *rest = facts[1:]
    if family == "scene":
        names = {"sum": "calculation", "program": "small program"}
        truth = names.get(str(sort), str(sort))
    elif sort == "sum":
        left, sign, right_ = str(rest[0]).split()
        a, b = int(left), int(right_)
        truth = str({"+": a + b, "-": a - b, "x": a * b}[sign])
    elif sort == "program":
        truth = _printed([str(line) for line in rest])
    elif sort == "grid":
        truth = str(rest[-1])
    else:
        amounts = dict(cast(list[tuple[str, int]], rest))
        if relation == "value":
            truth = str(amounts[subject])
        else:
            order = sorted(amounts, key=amounts.__getitem__)
            truth = order[-1] if relation in ("tallest", "largest") else order[0]
    if kind == "open":
        return truth
    return "yes" if value == truth else "no"


def _printed(lines: Sequence[str]) -> str:
    """What a program of assignments and one print prints; Python itself says so."""
    said: list[str] = []
    exec("\n".join(lines), {"__builtins__": {}, "print": lambda value: said.append(str(value))})
    return said[0]
