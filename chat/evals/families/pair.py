"""What a family gets to write two contrast twins with: scenes to choose from, quotas, drafts."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from chat.errors import ConfigError
from chat.evals.families.draft import ATTRIBUTES, DOMAINS, Draft, NoOccasionError, shapes
from chat.evals.families.values import value
from chat.evals.families.wordings import FRESH, WORDINGS
from chat.evals.items import seed
from chat.evals.splits import base_split, sample_scene, scenes
from chat.training.scene import Scene, Thing

T = TypeVar("T")
Twins = tuple[Draft, Draft]
CORE_TURNS = 9
"""The fewest turns a family writes; the splits of longer dialogues add to it."""
FRESH_SCENES = 20_000
"""Scenes that are drawn for one pair, when none of the pool will do, before it is given up."""


@dataclass
class Pair:
    """The makings of one pair of twins; everything follows from the seed of its first item.

    number: of the pair in its family, for quotas. Its scenes come from the pool of the suite.
    """

    suite: str
    split: str
    family: str
    number: int
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(seed(self.suite, base_split(self.split), self.family, 2 * self.number))

    @property
    def extra(self) -> int:
        """Turns that the split adds to every dialogue."""
        return int(self.split.removeprefix("longer")) - CORE_TURNS if self.split.startswith("longer") else 0

    def wanted(self, attributes: tuple[str, ...] = ATTRIBUTES) -> tuple[str, str]:
        """(attribute, value) that the first twin's last answer has: every value as often as any other."""
        attribute = attributes[self.number % len(attributes)]
        domain = DOMAINS[attribute]
        start = int(hashlib.sha256(f"{self.family}/{attribute}".encode()).hexdigest(), 16)
        return attribute, domain[(start + self.number // len(attributes)) % len(domain)]

    def pool(self) -> Iterator[Scene]:
        """The suite's scenes, from a place that is the pair's own, and then new ones."""
        yield from scenes(self.suite, self.split, self.rng.randrange(FRESH_SCENES))
        for _ in range(FRESH_SCENES):
            yield sample_scene(self.rng, base_split(self.split))

    def write(self, compose: Callable[[Callable[..., Draft], Scene], Twins]) -> Twins:
        """The first twins that a scene offers occasion for.

        compose(draft, scene) raises NoOccasionError for the next scene; draft(*scenes) begins a dialogue,
        of which both twins draw the same chances. Raises ConfigError if no scene will do.
        """
        last = self.rng.randrange(1000)
        for scene in self.pool():
            chance = self.rng.random()

            def draft(*given: Scene, chance: float = chance) -> Draft:
                table = FRESH if self.split == "wordings" else WORDINGS
                words = random.Random(f"{chance}/words")
                return Draft(random.Random(chance), given, self.family, table, words, last, self.extra)

            try:
                first, second = compose(draft, scene)
            except NoOccasionError:
                continue
            if contrasting(first, second):
                return first, second
        raise ConfigError(f"No scene of {self.suite}/{self.split} offers {self.family} an occasion.")


def contrasting(first: Draft, second: Draft) -> bool:
    """Whether two dialogues end in the same question with different answers, over the same pictures."""
    one, two = first.asks[-1], second.asks[-1]
    return (
        first.scenes == second.scenes
        and (one.question, one.pictures) == (two.question, two.pictures)
        and (one.kind, one.values, one.form) != (two.kind, two.values, two.form)
    )


def some(things: Sequence[T], rng: random.Random, number: int) -> list[T]:
    """So many of the things, in a random order. Raises NoOccasionError if there are fewer."""
    if len(things) < number:
        raise NoOccasionError
    return rng.sample(things, number)


def rivals_in(scene: Scene, rng: random.Random, attribute: str, wanted: str) -> tuple[Thing, Thing]:
    """A thing whose attribute is as wanted, and one of which it is not. Raises NoOccasionError."""
    things = shapes(scene)
    return (
        some([thing for thing in things if value(thing, attribute) == wanted], rng, 1)[0],
        some([thing for thing in things if value(thing, attribute) != wanted], rng, 1)[0],
    )


def two_alike(scene: Scene, rng: random.Random, attribute: str, wanted: str) -> tuple[Thing, Thing]:
    """The two things of a shape that has just two here; the first is as wanted, the second is not.

    Raises NoOccasionError.
    """
    things = shapes(scene)
    names = [thing.name for thing in things]
    found = [
        (one, two)
        for one in things
        for two in things
        if one is not two
        and one.name == two.name
        and names.count(one.name) == 2
        and value(one, attribute) == wanted != value(two, attribute)
    ]
    if not found:
        raise NoOccasionError
    return rng.choice(found)
