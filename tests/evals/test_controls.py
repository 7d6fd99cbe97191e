"""Controls and gates, the runner's histories and pictures, the scores, and the report."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from threading import Event

import pytest

from chat.engines.base import Delta, Finish, Limits, Request
from chat.evals.controls import CONTROLS, chance, gate, majority, repeat_last, solve
from chat.evals.hallucination import items as made
from chat.evals.items import Ask, Item, share
from chat.evals.measure import limited, measure, trained_controls
from chat.evals.report import write
from chat.evals.runner import Answered, hidden, run, shuffled
from chat.evals.scores import f1_of_yes, marks, mme, scores, yes_ratio
from chat.evals.sizes import SIZES
from prompts import Message


class Answering:
    """An engine that answers by a function of the request, and remembers what it was asked."""

    name = "answering"
    fingerprint = "0"
    limits = Limits(10_000, 100)
    parallel = 1
    embedder = None

    def __init__(self, answer: Callable[[Request], str]) -> None:
        self.answer = answer
        self.requests: list[Request] = []

    def count(self, message: Message) -> int:
        return len(message.text)

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        self.requests.append(request)
        yield Delta(self.answer(request), Finish("stop"))

    def close(self) -> None: ...


@cache
def items() -> tuple[Item, ...]:
    return tuple(made("smoke", "iid", SIZES["smoke"]))


def dialogue(part: str = "D") -> Item:
    asks = (
        Ask("One?", "Yes.", "plain", "yes_no", ("yes",), pictures=(0,)),
        Ask("Two?", "It is red.", "it", values=("red",), refers_to=0, needs=frozenset({"history"})),
    )
    return Item("L" if part == "L" else "D", "it", "iid", 0, asks, (items()[0].pictures[0],))


def knowing() -> Answering:
    """An engine that sees: it knows every item's picture and says what the solver does."""
    known = {
        (ask.question, picture): said
        for item in items()
        for ask, said in zip(item.asks, solve(item), strict=True)
        for picture in item.pictures
    }

    def answer(request: Request) -> str:
        message = request.messages[-1]
        if not message.images:
            return "yes"
        # Of a picture with which this was not asked, nothing is known.
        return known.get((message.text, request.read_image(message.images[0].sha256)), "yes")

    return Answering(answer)


def test_constants_are_right_half_of_the_time() -> None:
    assert share(marks(majority(items()))) == 50
    assert 20 < share(marks(chance(items()))) < 80
    assert chance(items()) == chance(items())


def test_repeating_the_last_answer_is_wrong_where_it_alternates() -> None:
    assert share(marks(repeat_last(items()))) == 0
    assert all(len(answer(items())) == 2 * len(items()) for answer in CONTROLS.values())


@pytest.mark.parametrize(
    ("right", "of", "expected"), [(106, 200, "kept"), (107, 200, "broken"), (60, 100, "too few")]
)
def test_a_gate_allows_three_points(right: int, of: int, expected: str) -> None:
    assert gate([True] * right + [False] * (of - right), 50.0) == expected


def test_scores_of_who_sees_and_of_who_says_yes() -> None:
    sees, nods = list(run(knowing(), items())), list(run(Answering(lambda _: "Yes."), items()))
    assert f1_of_yes(sees) == 100
    assert yes_ratio(sees) == 50
    assert all(sum(pair) == 200 for pair in mme(sees).values())
    assert f1_of_yes(nods) == pytest.approx(200 / 3)
    assert yes_ratio(nods) == 100
    assert all(pair == (50, 0) for pair in mme(nods).values())


def test_an_ablation_of_who_sees_is_at_the_ceiling() -> None:
    found = scores(measure(knowing(), items(), ("gold", "own")))
    assert found["H_accuracy"] == 100
    assert found["H_no_pictures"] == found["H_no_pictures_ceiling"] == 50
    assert found["P"] is None
    assert found["D_own"] is None


def test_controls_trained_apart_are_asked_as_they_were_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    engines = {"runs/blind": Answering(lambda _: "Yes."), "runs/forgetful": Answering(lambda _: "Yes.")}
    monkeypatch.setattr("chat.evals.measure.open_engine", lambda _, name: engines[name])
    args = Namespace(blind="runs/blind", forgetful="runs/forgetful")
    asked = [*items(), dialogue()]
    results = {**measure(knowing(), items(), ("gold",)), **trained_controls(args, asked)}
    blind, forgetful = engines.values()
    assert blind.requests
    assert not any(message.images for request in blind.requests for message in request.messages)
    assert {len(request.messages) for request in forgetful.requests} == {1}
    found = scores(results)
    assert found["H_blind"] == found["H_blind_ceiling"] == 50
    assert len(results["forgetful", "iid"]) == sum("history" in ask.needs for ask in dialogue().asks)
    assert trained_controls(Namespace(blind=None, forgetful=None), asked) == {}


def test_single_questions_have_no_history_and_their_picture() -> None:
    engine = knowing()
    list(run(engine, items()))
    assert all(len(request.messages) == 1 for request in engine.requests)
    assert all(len(request.messages[0].images) == 1 for request in engine.requests)


def test_shuffled_pictures_are_others_and_not_the_twins() -> None:
    change = shuffled(items())
    for item in items():
        twins = {picture for each in items() if each.index == item.twin for picture in each.pictures}
        assert change(item) != item.pictures
        if item.family == "swapped":
            assert not twins & set(change(item))
    blind = Answering(lambda _: "")
    list(run(blind, items(), pictures=hidden))
    assert not any(request.messages[-1].images for request in blind.requests)


@pytest.mark.parametrize("history", ["own", "gold"])
def test_dialogues_go_on_with_the_chosen_answers(history: str) -> None:
    engine = Answering(lambda _: "Nonsense.")
    answered = list(run(engine, [dialogue()], history="own" if history == "own" else "gold"))
    assert [each.distance for each in answered] == [None, 1]
    assert engine.requests[1].messages[1].text == ("Nonsense." if history == "own" else "Yes.")
    assert len(engine.requests[1].messages) == 3


def test_a_long_dialogue_is_asked_its_last_question_alone() -> None:
    engine = Answering(lambda _: "red")
    (answered,) = run(engine, [dialogue("L")], history="own")
    assert answered.turn == 1
    assert answered.right
    assert [message.text for message in engine.requests[0].messages] == ["One?", "Yes.", "Two?"]


def test_a_limit_keeps_twins_together_and_takes_from_every_family() -> None:
    kept = limited(items(), 6)
    assert len(kept) == 6
    assert {item.family for item in kept} == {"random", "popular", "swapped"}
    assert all((item.family, item.twin) in {(each.family, each.index) for each in kept} for item in kept)
    assert limited(items(), None) == list(items())


def test_the_report_shows_failures_with_their_pictures(tmp_path: Path) -> None:
    results = {("model", "iid"): [Answered(item, 0, "Perhaps.") for item in items()]}
    write(tmp_path / "report", results, scores(results), "A test.")
    text = (tmp_path / "report" / "report.md").read_text("utf-8")
    assert items()[0].asks[0].question in text
    assert f"expected: {items()[0].asks[0].answer}" in text
    assert "given: Perhaps." in text
    pictures = list((tmp_path / "report").glob("*.png"))
    assert pictures
    assert all(picture.name in text for picture in pictures)
    lines = (tmp_path / "report" / "results.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == len(items())
    assert json.loads(lines[0])["given"] == "Perhaps."
