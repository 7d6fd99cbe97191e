"""Scores of dialogues beyond the share of right replies: by turn and distance, whole, first failures,
abstentions, and what the history was worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.evals.items import ABSTAINING, Ask, Item, normal, right, share

Marks = dict[str, tuple[float, int]]
"""Percent right and number of asks, by a name."""


@dataclass(frozen=True, slots=True)
class Played:
    """An item and the replies to its asks, in order. Raises ValueError unless there is one for each."""

    item: Item
    replies: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.replies) != len(self.item.asks):
            raise ValueError(f"{len(self.replies)} replies to {len(self.item.asks)} asks.")

    @property
    def marks(self) -> list[bool]:
        """Whether each reply is right."""
        return [right(ask, reply) for ask, reply in zip(self.item.asks, self.replies, strict=True)]


def alone(item: Item, turn: int) -> Item:
    """One ask without its history: a dialogue of a single turn that shows all pictures seen by then."""
    ask = item.asks[turn]
    seen = tuple(index for past in item.asks[: turn + 1] for index in past.pictures)
    single = Ask(
        ask.question,
        ask.answer,
        ask.family,
        ask.kind,
        ask.values,
        ask.rivals,
        seen,
        None,
        ask.needs,
        ask.form,
    )
    return Item(item.part, item.family, item.split, item.index, (single,), item.pictures, item.facts)


def referring(item: Item) -> list[int]:
    """The turns whose asks need the history."""
    return [turn for turn, ask in enumerate(item.asks) if "history" in ask.needs]


def by(played: Sequence[Played], name: Callable[[Item, int], str | None]) -> Marks:
    """Accuracy by what `name` calls an (item, turn); those it calls None are left out."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for each in played:
        for turn, mark in enumerate(each.marks):
            called = name(each.item, turn)
            if called is not None:
                groups[called].append(mark)
    return {called: (share(groups[called]), len(groups[called])) for called in sorted(groups)}


def by_turn(played: Sequence[Played]) -> Marks:
    """Accuracy by turn, from "turn 01"."""
    return by(played, lambda _, turn: f"turn {turn + 1:02}")


def by_distance(played: Sequence[Played]) -> Marks:
    """Accuracy of asks that refer back, by how many turns."""

    def distance(item: Item, turn: int) -> str | None:
        refers = item.asks[turn].refers_to
        return None if refers is None else f"distance {turn - refers:02}"

    return by(played, distance)


def by_family(played: Sequence[Played]) -> Marks:
    """Accuracy of the asks that need the history, by family of the dialogue."""
    return by(played, lambda item, turn: item.family if "history" in item.asks[turn].needs else None)


def accuracy(played: Sequence[Played]) -> float:
    """Percent of all asks that were answered right."""
    return share([mark for each in played for mark in each.marks])


def whole_dialogues(played: Sequence[Played]) -> float:
    """Percent of dialogues that were answered right from first to last."""
    return share([all(each.marks) for each in played])


def first_failure(played: Sequence[Played]) -> float:
    """nffr, the normalised first-failure round, from 0 to 1: the mean over dialogues of the turn (from 0)
    of the first wrong reply divided by the number of turns; 1 for a dialogue without one. 0 for none."""
    rounds = [
        each.marks.index(False) / len(each.marks) if False in each.marks else 1.0
        for each in played
        if each.marks
    ]
    return sum(rounds) / len(rounds) if rounds else 0.0


def abstention(played: Sequence[Played]) -> dict[str, float]:
    """Abstaining as a way to classify asks, in percent.

    precision: of the replies that abstain, those to asks that cannot be answered; recall: of those
    asks, those that got one; f1: their harmonic mean; false_refusal: of the other asks, those that
    got an abstaining reply although it is not right.
    """
    asks = [
        (ask.kind == "abstain", abstains(ask, reply))
        for each in played
        for ask, reply in zip(each.item.asks, each.replies, strict=True)
    ]
    both = sum(should and does for should, does in asks)
    did, should = sum(does for _, does in asks), sum(due for due, _ in asks)
    precision, recall = (100 * both / number if number else 0.0 for number in (did, should))
    f1 = 2 * precision * recall / (precision + recall) if both else 0.0
    refused = share([does for due, does in asks if not due])
    return {"precision": precision, "recall": recall, "f1": f1, "false_refusal": refused}


def abstains(ask: Ask, reply: str) -> bool:
    """Whether a reply declines: it has an abstaining phrase and is no right answer to the ask.

    "No, there is no star" and "There are no stars" have one, too, but answer what they are asked, and a
    wrong "there is no star" to "is there one?" is a mistake rather than a refusal.
    """
    if not ABSTAINING.search(reply):
        return False
    if ask.kind == "abstain":
        return True
    counts = ask.kind == "open" and any(value.split("|")[0].isdigit() for value in ask.values)
    answers = ask.kind == "yes_no" and normal(reply).startswith((" yes ", " no ", " there "))
    return not (answers or (counts and normal(reply).startswith(" there "))) and not right(ask, reply)


def history_gain(played: Sequence[Played], without: Sequence[Played]) -> float:
    """Points that the history is worth: accuracy on the asks that need it, minus the same asks `alone`.

    without: for each of `played` in order, for each of its `referring` turns, the item of `alone`.
    Raises ValueError if they do not match.
    """
    turns = [(each, turn) for each in played for turn in referring(each.item)]
    if [alone(each.item, turn).asks for each, turn in turns] != [each.item.asks for each in without]:
        raise ValueError("The asks without history are not those of the dialogues.")
    return share([each.marks[turn] for each, turn in turns]) - share([each.marks[0] for each in without])
