"""L, long dialogues: something told, named or asked about, and a question that needs it many turns later.

Between the two come questions on the picture and small talk, none of which holds the answer. Half of
the items are facts that the person told, the other half are of the picture. Twins differ in what was
told, named or asked about, and in nothing else that matters.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from chat.evals.dialogue import finished
from chat.evals.families.draft import DOMAINS, Draft, NoOccasionError, shapes
from chat.evals.families.pair import Pair, Twins, rivals_in
from chat.evals.families.references import Start, two_names
from chat.evals.families.rules import FACTS, recall
from chat.evals.items import Item, normal
from chat.evals.sizes import Size
from chat.evals.splits import OF_PICTURES, check_split
from chat.training.followups import given_name
from chat.training.scene import Scene, Thing

DISTANCES = (1, 2, 3, 5, 8, 12, 16, 20)
"""Turns from the thing said to the question that needs it."""
KINDS = ("told", "named", "told", "asked")
"""What is referred to, in turn."""
NAME = "name"
"""The fact told that is not among the families' FACTS: the person's own name."""


def items(suite: str, split: str, size: Size) -> Iterator[Item]:
    """The part's items: `size.long` for each distance, in twins; the last of an odd number is alone.

    The last ask of each is what it is for; its `refers_to` lies the distance back. Splits of longer
    or mixed dialogues have none. Raises ConfigError for an unknown split.
    """
    check_split(split)
    for distance in DISTANCES if split in OF_PICTURES else ():
        for number in range((size.long + 1) // 2):
            for side, draft in enumerate(
                pair_of(Pair(suite, split, f"distance {distance:02}", number), distance)
            ):
                index = 2 * number + side
                if index < size.long:
                    twin = index ^ 1 if index ^ 1 < size.long else None
                    yield finished(draft, "L", split, index, twin)


def pair_of(pair: Pair, distance: int) -> Twins:
    """Two dialogues that end `distance` turns after what they refer to."""
    kind = KINDS[(pair.number + DISTANCES.index(distance)) % len(KINDS)]
    makers: dict[str, Callable[[Pair, int], Twins]] = {"told": _told, "named": _named, "asked": _asked}
    return makers[kind](pair, distance)


def _told(pair: Pair, distance: int) -> Twins:
    what = sorted((*FACTS, NAME))[pair.number % (len(FACTS) + 1)]
    if what == NAME:
        values = two_names(pair)
    else:
        first, second = pair.rng.sample(FACTS[what], 2)
        values = (first, second)
    before = pair.rng.randint(0, 2)

    def compose(draft: Start, scene: Scene) -> Twins:
        drafts = (draft(scene), draft(scene))
        for d, true in zip(drafts, values, strict=True):
            d.show(0)
            for _ in range(before + 1):
                _fill(d, values)
            at = d.told(what, true)
            for _ in range(distance - 1):
                _fill(d, values)
            if what == NAME:
                _recall_name(d, true, values, at)
            else:
                recall(d, what, true, at, last=True)
        return drafts

    return pair.write(compose)


def _recall_name(d: Draft, true: str, values: tuple[str, ...], at: int) -> None:
    rivals = tuple(name for name in values if name != true)
    d.put(
        "recall", f"Your name is {true}.", (true,), rivals,
        refers=at, needs=frozenset({"history"}), last=True, w=NAME,
    )  # fmt: skip


def _named(pair: Pair, distance: int) -> Twins:
    attribute, wanted = pair.wanted()
    name = given_name(pair.rng)

    def compose(draft: Start, scene: Scene) -> Twins:
        drafts = (draft(scene), draft(scene))
        things = rivals_in(scene, pair.rng, attribute, wanted)
        for d, thing in zip(drafts, things, strict=True):
            d.show(0)
            d.anchor(thing, (attribute,))
            at = d.name(name)
            _between(d, things, attribute, distance)
            d.attribute(thing, attribute, name, refers=at, last=True)
        return drafts

    return pair.write(compose)


def _asked(pair: Pair, distance: int) -> Twins:
    attribute, wanted = pair.wanted()

    def compose(draft: Start, scene: Scene) -> Twins:
        drafts = (draft(scene), draft(scene))
        things = rivals_in(scene, pair.rng, attribute, wanted)
        for d, thing in zip(drafts, things, strict=True):
            d.show(0)
            at = d.anchor(thing, (attribute,))
            _between(d, things, attribute, distance)
            d.attribute(thing, attribute, "the first thing I asked about", refers=at, last=True)
        return drafts

    return pair.write(compose)


def _between(d: Draft, things: tuple[Thing, Thing], attribute: str, distance: int) -> None:
    values = tuple(str(getattr(thing, "name" if attribute == "shape" else attribute, "")) for thing in things)
    for _ in range(distance - 1):
        _fill(d, values if attribute != "place" else (), things)


def _fill(d: Draft, values: tuple[str, ...], targets: tuple[Thing, ...] = ()) -> None:
    """One turn about something else, which holds none of the values. Raises NoOccasionError if none does."""
    for _ in range(40):
        asks, gone, spent = len(d.asks), {key: set(names) for key, names in d.known.items()}, set(d.spent)
        shown = d.shown
        try:
            _any_turn(d, targets)
        except NoOccasionError:
            continue
        said = normal(d.asks[-1].question) + normal(d.asks[-1].answer)
        if not any(normal(value) in said or normal(value)[:-1] + "s " in said for value in values):
            return
        del d.asks[asks:]
        d.known, d.spent, d.shown = gone, spent, shown
    raise NoOccasionError


def _any_turn(d: Draft, targets: tuple[Thing, ...]) -> None:
    draw = d.rng.random()
    if draw < 0.25:
        d.small()
    elif draw < 0.6:
        if len(d.spent) > len(DOMAINS["shape"]) // 2:
            d.spent.clear()
        d.filler()
    else:
        others = [thing for thing in shapes(d.scene) if thing not in targets]
        if not others:
            raise NoOccasionError
        d.anchor(random.Random(d.rng.random()).choice(others))
