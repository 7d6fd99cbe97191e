"""Put an engine through items: what was said to every ask, under which condition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from chat.engines.base import Engine
from chat.evals.harness import reply
from chat.evals.items import Ask, Item, as_image, right
from prompts import Message, assistant, user

History = Literal["own", "gold"]
"""Whose answers a dialogue's history holds: the model's own, or the right ones."""

Pictures = Callable[[Item], tuple[bytes, ...]]
"""The pictures that an item is shown with; none hides them."""

IN_TURN = ("D", "L")
"""Parts whose asks follow one another; in the others each is a conversation of its own."""


@dataclass(frozen=True)
class Answered:
    """What was said to one ask of an item."""

    item: Item
    turn: int
    given: str

    @property
    def ask(self) -> Ask:
        """The question."""
        return self.item.asks[self.turn]

    @property
    def right(self) -> bool:
        """Whether it was answered."""
        return right(self.ask, self.given)

    @property
    def distance(self) -> int | None:
        """How many turns back lies what it refers to; None if it stands alone."""
        return None if self.ask.refers_to is None else self.turn - self.ask.refers_to


def asked_turns(item: Item) -> list[int]:
    """The turns that are put to a model: of a long dialogue the last, which it is for; else all.

    The rest of a long dialogue lies between a fact and the question for it, with its right answers.
    """
    turns = list(range(len(item.asks)))
    return turns[-1:] if item.part == "L" else turns


def run(
    engine: Engine, items: Sequence[Item], *, history: History = "gold", pictures: Pictures | None = None
) -> Iterator[Answered]:
    """The engine's greedy answer to every ask in turn. Long dialogues always have a gold history."""
    for item in items:
        shown = item.pictures if pictures is None else pictures(item)
        data = {as_image(picture).sha256: picture for picture in shown}
        messages: list[Message] = []
        wanted = set(asked_turns(item))
        for turn, ask in enumerate(item.asks):
            if item.part not in IN_TURN:
                messages = []
            messages.append(message(ask, shown))
            given = reply(engine, messages, data) if turn in wanted else ask.answer
            if turn in wanted:
                yield Answered(item, turn, given)
            own = history == "own" and item.part != "L"
            messages.append(assistant(given if own else ask.answer))


def message(ask: Ask, shown: Sequence[bytes]) -> Message:
    """A question with those of its pictures that are shown."""
    return user(ask.question, [as_image(shown[number]) for number in ask.pictures if number < len(shown)])


def hidden(_: Item) -> tuple[bytes, ...]:
    """A control: no picture at all."""
    return ()


def shuffled(items: Sequence[Item]) -> Pictures:
    """A control: the pictures of another item of the same part, its contrast twin's never."""
    pools: dict[str, list[Item]] = {}
    for item in items:
        if item.pictures:
            pools.setdefault(item.part, []).append(item)
    places = {id(item): place for pool in pools.values() for place, item in enumerate(pool)}

    def other(item: Item) -> tuple[bytes, ...]:
        if not item.pictures:
            return ()
        pool = pools[item.part]
        # Half of the part away is another family, and always another pair of twins.
        start = places[id(item)] + len(pool) // 2
        found: list[bytes] = []
        for offset in range(len(pool)):
            found += pool[(start + offset) % len(pool)].pictures
            if len(found) >= len(item.pictures):
                break
        return tuple(found[: len(item.pictures)])

    return other
