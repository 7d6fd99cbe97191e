"""Contrast twins: the same question about two pictures in which the answers differ.

With every yes/no question asked of a picture where it is true and of one where it is false, and
open questions drawn to uniform quotas of values, nobody who has not seen the pictures can do
better than a constant.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Generic, Protocol, TypeVar

from chat.evals.items import Ask, Item, Part, seed
from chat.evals.splits import base_split


class Valued(Protocol):
    """A claim, of whatever world: a dataclass with a value."""

    @property
    def value(self) -> str: ...


S = TypeVar("S")
C = TypeVar("C", bound=Valued)

PARTNERS = 400
"""Pictures looked through for a twin before the first of the two is given up."""


@dataclass(frozen=True)
class World(Generic[S, C]):
    """Pictures of one kind and what can be claimed of them.

    pictures: pictures once round, from a random place. claims: what is true of one. holds: whether
    a claim is true of one, None if it presupposes what is not so.
    """

    pictures: Callable[[random.Random], Iterator[S]]
    claims: Callable[[S], Sequence[C]]
    holds: Callable[[C, S], bool | None]


@dataclass(frozen=True)
class Twins(Generic[S, C]):
    """Two pictures and a claim each: of yes/no twins, each claim is true of its own picture and false of
    the other; of open ones, they differ in the value alone. apart: the questions differ, no twins."""

    first: S
    said: C
    second: S
    other: C
    apart: bool = False


class NoSuchPicturesError(LookupError):
    """The pool holds no pictures that fit: it is too small, or the family asks for what cannot be."""


def yes_no_twins(world: World[S, C], rng: random.Random) -> Twins[S, C]:
    """Two claims and two pictures in which they are true and false crosswise."""
    for first in world.pictures(rng):
        mine = world.claims(first)
        if not mine:
            continue
        said = rng.choice(mine)
        for second in islice(world.pictures(rng), PARTNERS):
            if world.holds(said, second) is not False:
                continue
            fit = [claim for claim in world.claims(second) if world.holds(claim, first) is False]
            if fit:
                return Twins(first, said, second, rng.choice(fit))
    raise NoSuchPicturesError("No two pictures make twins.")


def open_twins(
    world: World[S, C], rng: random.Random, wanted: tuple[str, str] | None, tries: int = 6
) -> Twins[S, C]:
    """Pictures with claims of the two wanted values, or of any two if None; the same question if one
    can be found in so many tries."""
    found: Twins[S, C] | None = None
    for first in world.pictures(rng):
        mine = [claim for claim in world.claims(first) if wanted is None or claim.value == wanted[0]]
        if not mine:
            continue
        said = rng.choice(mine)
        loose: list[tuple[S, C]] = []
        for second in islice(world.pictures(rng), PARTNERS):
            for claim in world.claims(second):
                if claim.value == said.value or (wanted and claim.value != wanted[1]):
                    continue
                if _same_but_value(claim, said):
                    return Twins(first, said, second, claim)
                loose.append((second, claim))
        if loose and found is None:
            found = Twins(first, said, *rng.choice(loose), apart=True)
        tries -= 1
        if not tries and found:
            return found
    if found is None:
        raise NoSuchPicturesError(f"No two pictures have the values {wanted}.")
    return found


def _same_but_value(one: C, two: C) -> bool:
    return bool(replace(one, value="") == replace(two, value=""))  # type: ignore[type-var]


Asking = Callable[[C, S, random.Random], Ask]
"""(claim, picture, generator of the wording) → the question about the claim and its answer there."""


@dataclass(frozen=True)
class Sheet(Generic[S, C]):
    """What makes twins into items: the part, the family, how to ask, draw and note facts.

    facts: (picture, claims asked) → the item's facts.
    """

    suite: str
    split: str
    part: Part
    family: str
    ask: Asking[C, S]
    draw: Callable[[S], bytes]
    facts: Callable[[S, Sequence[C]], tuple[object, ...]]

    def rng(self, purpose: str, index: int) -> random.Random:
        """The generator for one pair of items."""
        return random.Random(seed(self.suite, base_split(self.split), f"{self.part}/{purpose}", index))

    def yes_no(self, world: World[S, C], pairs: int) -> Iterator[Item]:
        """Two items a pair, each with both questions: one is yes, one is no."""
        rngs = (self.rng(self.family, pair) for pair in range(pairs))
        yield from self.yes_no_of(yes_no_twins(world, rng) for rng in rngs)

    def yes_no_of(self, pairs: Iterable[Twins[S, C]]) -> Iterator[Item]:
        """The same for twins made elsewhere."""
        for pair, made in enumerate(pairs):
            rng = self.rng(f"{self.family} wording", pair)
            both = [made.said, made.other]
            rng.shuffle(both)
            chance = rng.random()
            for place, picture in enumerate((made.first, made.second)):
                # The same wording for both pictures: only what is seen may tell them apart.
                rngs = [random.Random(chance + at) for at in range(2)]
                asks = tuple(self.ask(claim, picture, rng) for claim, rng in zip(both, rngs, strict=True))
                yield self._item(picture, asks, both, 2 * pair + place, 2 * pair + 1 - place)

    def open(self, world: World[S, C], pairs: int, groups: Sequence[Sequence[str]]) -> Iterator[Item]:
        """Two items a pair, each with one open question; groups: of values of one kind, each value asked
        for as often as every other of its group. No group: values as they come."""
        orders = [list(group) for group in groups]
        for order in orders:
            self.rng(f"{self.family} values", 0).shuffle(order)
        for pair in range(pairs):
            rng = self.rng(self.family, pair)
            wanted = None
            if orders:
                order, turn = orders[pair % len(orders)], 2 * (pair // len(orders))
                wanted = order[turn % len(order)], order[(turn + 1) % len(order)]
            made = open_twins(world, rng, wanted)
            chance = rng.random()
            for place, (picture, claim) in enumerate(((made.first, made.said), (made.second, made.other))):
                asks = (self.ask(claim, picture, random.Random(chance)),)
                twin = None if made.apart else 2 * pair + 1 - place
                yield self._item(picture, asks, [claim], 2 * pair + place, twin)

    def _item(
        self, picture: S, asks: tuple[Ask, ...], claims: Sequence[C], index: int, twin: int | None
    ) -> Item:
        return Item(
            self.part,
            self.family,
            self.split,
            index,
            asks,
            (self.draw(picture),),
            self.facts(picture, claims),
            twin,
        )
