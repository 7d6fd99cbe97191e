"""Replies made side by side are those that each would have got alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest

from chat.engines.base import Delta, Request, Sampling
from chat.engines.builtin import BuiltinEngine
from chat.errors import EngineError
from chat.model import generate
from chat.model.checkpoint import Checkpoint
from prompts import Message, assistant, user
from tests.equivalence.harness import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.engine.close()
    bench.store.close()


def fresh(bench: Bench) -> BuiltinEngine:
    return BuiltinEngine(Checkpoint(bench.model, bench.tokenizer, "tiny"))


def answer(engine: BuiltinEngine, request: Request) -> str:
    return text(list(engine.generate(request, Event())))


def text(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def requests(bench: Bench) -> list[Request]:
    """Conversations of different lengths and pictures, for replies of different lengths."""
    one, two, three = (bench.picture(number) for number in (1, 2, 3))
    histories: list[list[Message]] = [
        [user("Hello")],
        [user("What?", [one])],
        [user("What?", [one, two]), assistant("It is red."), user("And the other?")],
        [user("Hello there, what do you see? " * 3), assistant("Two blue squares."), user("", [three])],
        [user("What colour is the circle?"), assistant("It is red."), user("And?")],
        [user("Hello")],
    ]
    return [
        Request(history, Sampling(max_tokens=4 + 3 * number, temperature=0.9, seed=number), bench.read)
        for number, history in enumerate(histories)
    ]


def together(engine: BuiltinEngine, requests: Sequence[Request]) -> list[str]:
    """All at once, each in its own thread."""
    start = Barrier(len(requests))

    def one(request: Request) -> str:
        start.wait()
        return answer(engine, request)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(one, requests))


@pytest.mark.parametrize("segment", [3, 256])
def test_side_by_side_is_as_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch, segment: int) -> None:
    monkeypatch.setattr(generate, "SEGMENT", segment)
    alone = [answer(fresh(bench), request) for request in requests(bench)]
    assert len(set(alone)) > 3
    assert together(bench.engine, requests(bench)) == alone
    # And once more, from the sessions that are now at hand.
    assert together(bench.engine, requests(bench)) == alone


def test_the_sessions_they_leave_are_exact(bench: Bench) -> None:
    talks = [bench.begin() for _ in range(3)]
    for number, talk in enumerate(talks):
        bench.ask(talk, "What?" * (number + 1), [number])
    asked = [[*bench.histories[talk], user("And?")] for talk in talks]
    together(bench.engine, [Request(history, Sampling(max_tokens=6), bench.read) for history in asked])
    for talk in talks:
        bench.ask(talk, "And?")
        bench.ask(talk, "Now?")


def _unreadable(sha256: str) -> bytes:
    raise EngineError(f"Picture {sha256} cannot be read.")


def test_one_that_fails_leaves_the_others_alone(bench: Bench) -> None:
    good = requests(bench)[:3]
    alone = [answer(fresh(bench), request) for request in good]
    bad = Request([user("What?", [bench.picture(7)])], Sampling(), _unreadable)
    start = Barrier(4)

    def one(request: Request) -> str:
        start.wait()
        return answer(bench.engine, request)

    with ThreadPoolExecutor(4) as pool:
        replies = [pool.submit(one, request) for request in [*good, bad]]
    assert [reply.result() for reply in replies[:3]] == alone
    with pytest.raises(EngineError, match="cannot be read"):
        replies[3].result()


def test_one_that_is_stopped_or_left_leaves_the_others_alone(bench: Bench) -> None:
    long = Request([user("Hello")], Sampling(max_tokens=200, temperature=1.0, seed=3), bench.read)
    other = requests(bench)[1]
    alone = answer(fresh(bench), other)
    stopped, left = Event(), bench.engine.generate(long, Event())
    reading = bench.engine.generate(long, stopped)
    next(left), next(reading)
    with ThreadPoolExecutor(1) as pool:
        reply = pool.submit(answer, bench.engine, other)
        stopped.set()
        left.close()
        finish = list(reading)[-1].finish
        assert finish is not None
        assert finish.reason == "cancelled"
        assert reply.result() == alone


def test_closing_the_engine_ends_replies_with_an_error(bench: Bench) -> None:
    reply = bench.engine.generate(Request([user("Hello")], Sampling(max_tokens=200), bench.read), Event())
    next(reply)
    bench.engine.close()
    with pytest.raises(EngineError, match="unloaded"):
        list(reply)
    with pytest.raises(EngineError, match="unloaded"):
        bench.engine.generate(Request([user("Hello")], Sampling(), bench.read), Event())


def test_a_reply_ends_before_a_stop_string_however_it_is_split(bench: Bench) -> None:
    def say(*stop: str) -> list[Delta]:
        sampling = Sampling(max_tokens=40, temperature=1.0, seed=5, stop=stop)
        return list(fresh(bench).generate(Request([user("Hello")], sampling, bench.read), Event()))

    whole = text(say())
    assert len(whole) > 12
    for start, length in ((6, 1), (4, 3), (2, 6)):
        stop = whole[start : start + length]
        deltas = say("never said", stop)
        assert text(deltas) == whole[: whole.index(stop)]
        assert deltas[-1].finish is not None
        assert deltas[-1].finish.reason == "stop"
    assert text(say(f"{whole[-3:]}?")) == whole


def test_a_penalty_makes_it_say_less_twice(bench: Bench) -> None:
    plain, varied = (
        answer(fresh(bench), Request([user("Hello")], sampling, bench.read))
        for sampling in (Sampling(max_tokens=30), Sampling(max_tokens=30, repetition_penalty=1e6))
    )
    assert len(set(varied)) > len(set(plain))
