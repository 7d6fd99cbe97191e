"""Put an engine through a suite, with its own answers in the history, and score it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event

from chat.engines.base import Engine, Request, Sampling
from chat.evals.items import as_image
from chat.evals.suite import Item
from prompts import Image, Message, assistant

Change = Callable[[int, tuple[bytes, ...]], tuple[bytes, ...]]
"""(index of the dialogue, its pictures) → the pictures the model is shown instead; none hides them."""


@dataclass(frozen=True)
class Answer:
    """What was asked, what would be right, and what was said."""

    dialogue: int
    turn: int
    family: str
    question: str
    expected: str
    given: str
    needs_picture: bool

    @property
    def right(self) -> bool:
        """Exactly right, apart from case and spacing."""
        return plain(self.given) == plain(self.expected)


def plain(text: str) -> str:
    """Lower case, single spaces."""
    return re.sub(r"\s+", " ", text).strip().lower()


def run(
    engine: Engine, items: Sequence[Item], *, own_history: bool = True, change: Change | None = None
) -> Iterator[Answer]:
    """The engine's greedy answer to every question in turn."""
    for number, item in enumerate(items):
        shown = item.pictures if change is None else change(number, item.pictures)
        data = {as_image(picture).sha256: picture for picture in shown}
        history: list[Message] = []
        for index, turn in enumerate(item.dialogue.turns):
            images = [as_image(shown[at]) for at in turn.pictures if at < len(shown)]
            history.append(_message(item, index, images))
            given = reply(engine, history, data)
            yield Answer(number, index, turn.family, turn.question, turn.answer, given, turn.needs_picture)
            history.append(assistant(given if own_history else turn.answer))


def _message(item: Item, turn: int, images: list[Image]) -> Message:
    asked = item.question(turn)
    return Message("user", (*images, *(part for part in asked.parts if not isinstance(part, Image))))


def reply(engine: Engine, history: Sequence[Message], data: dict[str, bytes]) -> str:
    """One greedy reply through the engine seam."""
    request = Request(tuple(history), Sampling(max_tokens=120), data.__getitem__)
    return "".join(delta.text for delta in engine.generate(request, Event()))


def hidden(_: int, __: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """A control: the model is shown no picture at all."""
    return ()


def swapped(items: Sequence[Item]) -> Change:
    """A control: the model is shown other dialogues' pictures instead."""
    pool = [picture for item in items for picture in item.pictures]

    def change(number: int, pictures: tuple[bytes, ...]) -> tuple[bytes, ...]:
        start = sum(len(item.pictures) for item in items[: number + 1])
        return tuple(pool[(start + offset) % len(pool)] for offset in range(len(pictures)))

    return change


def most_frequent(items: Sequence[Item]) -> list[Answer]:
    """A control that needs no model: the most frequent right answer of each family of the suite."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for item in items:
        for turn in item.dialogue.turns:
            counts[turn.family][turn.answer] += 1
    return [
        Answer(
            number,
            index,
            turn.family,
            turn.question,
            turn.answer,
            counts[turn.family].most_common(1)[0][0],
            turn.needs_picture,
        )
        for number, item in enumerate(items)
        for index, turn in enumerate(item.dialogue.turns)
    ]


def accuracy(answers: Sequence[Answer]) -> float:
    """Share right, in percent; 0 for none."""
    return 100 * sum(answer.right for answer in answers) / len(answers) if answers else 0.0


def by(answers: Sequence[Answer], key: Callable[[Answer], str]) -> dict[str, tuple[float, int]]:
    """Accuracy in percent and number of questions, by a key, sorted."""
    groups: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[key(answer)].append(answer)
    return {name: (accuracy(groups[name]), len(groups[name])) for name in sorted(groups)}


def whole_dialogues(answers: Sequence[Answer]) -> float:
    """Share of dialogues answered right from first to last, in percent."""
    fine: dict[int, bool] = defaultdict(lambda: True)
    for answer in answers:
        fine[answer.dialogue] &= answer.right
    return 100 * sum(fine.values()) / len(fine) if fine else 0.0
