"""The suite is held out and reproducible; the harness feeds an engine what it says it does."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from chat.engines.base import Delta, Finish, Limits, Request
from chat.evals.harness import (
    accuracy,
    by,
    hidden,
    most_frequent,
    run,
    swapped,
    whole_dialogues,
)
from chat.evals.suite import Item, build, overlap
from prompts import Message


class Scripted:
    """An engine that answers from a list and remembers what it was asked."""

    name = "scripted"
    fingerprint = "0"
    limits = Limits(10_000, 100)
    parallel = 1
    embedder = None

    def __init__(self, answers: list[str]) -> None:
        self.answers = iter(answers)
        self.requests: list[Request] = []

    def count(self, message: Message) -> int:
        return len(message.text)

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        self.requests.append(request)
        yield Delta(next(self.answers), Finish("stop"))

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return build(60)


def expected(items: list[Item]) -> list[str]:
    return [turn.answer for item in items for turn in item.dialogue.turns]


def test_the_suite_is_the_same_every_time(items: list[Item]) -> None:
    assert build(60) == items


def test_no_scene_could_be_trained_on(items: list[Item]) -> None:
    checked = overlap(items)
    assert checked.trainable_scenes == 0
    assert checked.with_picture > checked.before_any_picture


def test_right_answers_score_a_hundred(items: list[Item]) -> None:
    answers = list(run(Scripted([answer.upper() for answer in expected(items)]), items))
    assert accuracy(answers) == whole_dialogues(answers) == 100
    assert sum(number for _, number in by(answers, lambda answer: answer.family).values()) == len(answers)


def test_one_wrong_answer_costs_its_dialogue(items: list[Item]) -> None:
    said = expected(items)
    said[0] = "Nonsense."
    answers = list(run(Scripted(said), items))
    assert accuracy(answers) == pytest.approx(100 * (len(said) - 1) / len(said))
    assert whole_dialogues(answers) == pytest.approx(100 * (len(items) - 1) / len(items))


@pytest.mark.parametrize("own", [True, False])
def test_the_history_holds_the_chosen_answers(items: list[Item], own: bool) -> None:
    engine = Scripted(["Wrong."] * len(expected(items)))
    list(run(engine, items, own_history=own))
    history = engine.requests[1].messages
    assert history[1].text == ("Wrong." if own else items[0].dialogue.turns[0].answer)


def test_pictures_reach_the_engine_with_their_turn(items: list[Item]) -> None:
    engine = Scripted(expected(items))
    list(run(engine, items))
    turns = [turn for item in items for turn in item.dialogue.turns]
    pictures = [picture for item in items for picture in item.pictures]
    for request, turn in zip(engine.requests, turns, strict=True):
        assert len(request.messages[-1].images) == len(turn.pictures)
    sent = [
        request.read_image(image.sha256)
        for request in engine.requests
        for image in request.messages[-1].images
    ]
    assert sent == pictures


def test_controls_hide_and_swap_pictures(items: list[Item]) -> None:
    blind, other = Scripted(expected(items)), Scripted(expected(items))
    list(run(blind, items, change=hidden))
    assert not any(request.messages[-1].images for request in blind.requests)
    list(run(other, items, change=swapped(items)))
    real = [
        image
        for item in items
        for turn in range(len(item.dialogue.turns))
        for image in item.question(turn).images
    ]
    shown = [image for request in other.requests for image in request.messages[-1].images]
    assert len(shown) == len(real)
    assert all(one.sha256 != two.sha256 for one, two in zip(real, shown, strict=True))


def test_the_most_frequent_answer_is_a_weak_control(items: list[Item]) -> None:
    assert 5 < accuracy(most_frequent(items)) < 70
