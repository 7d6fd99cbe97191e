"""What the disk does delays nobody's reply, and what is written does not depend on what is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from chat.engines.base import Request, Sampling
from chat.engines.builtin import snapshots
from chat.engines.builtin.snapshots import Pending
from chat.model.vlm import VisionLanguageModel
from prompts import assistant, user
from tests.equivalence.harness import Bench
from tests.helpers.gate import PATIENCE


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.engine.close()
    bench.store.close()


def test_another_reply_goes_on_while_a_snapshot_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, free, write = Event(), Event(), Pending.write

    def slowly(self: Pending) -> None:
        begun.set()
        assert free.wait(PATIENCE), "nobody freed the disk"
        write(self)

    monkeypatch.setattr(Pending, "write", slowly)
    kept = Request(
        [user("Hello")], Sampling(max_tokens=3), bench.read, bench.store.snapshots, _conversation(bench)
    )
    first = bench.engine.generate(kept, Event())
    assert any(delta.finish for delta in iter(lambda: next(first), None)), "its last word does not wait"
    assert begun.wait(PATIENCE)
    other = Request([user("What?")], Sampling(max_tokens=3), bench.read)
    assert list(bench.engine.generate(other, Event()))[-1].finish
    free.set()
    assert list(first) == []
    assert bench.store.snapshots.bytes > 0


def test_another_reply_goes_on_while_a_snapshot_is_read(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = bench.begin()
    bench.ask(talk, "What?", [1])
    bench.restart()
    begun, free, restore = Event(), Event(), snapshots.restore

    def slowly(*args: object, **options: object) -> object:
        begun.set()
        assert free.wait(PATIENCE), "nobody freed the disk"
        return restore(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(snapshots, "restore", slowly)
    long = Request([user("Hello")], Sampling(max_tokens=60, temperature=1.0, seed=3), bench.read)
    speaking = bench.engine.generate(long, Event())
    next(speaking)
    history = [*bench.histories[talk], user("And?")]
    waiting = bench.engine.generate(
        Request(history, Sampling(max_tokens=3), bench.read, bench.store.snapshots), Event()
    )
    assert begun.wait(PATIENCE)
    next(speaking), next(speaking)
    free.set()
    finish = list(waiting)[-1].finish
    assert finish is not None
    assert finish.usage.restored_tokens > 0
    list(speaking)


def test_a_picture_forgotten_meanwhile_is_written_all_the_same(bench: Bench) -> None:
    conversation = _conversation(bench)
    messages = [user("What?", [bench.picture(1)])]
    request = Request(messages, Sampling(max_tokens=6), bench.read, bench.store.snapshots, conversation)
    deltas = []
    for delta in bench.engine.generate(request, Event()):
        deltas.append(delta)
        bench.engine._reader._pictures.clear()
    said = "".join(delta.text for delta in deltas)
    bench.restart()
    again = Request(
        [*messages, assistant(said), user("And?")], Sampling(max_tokens=3), bench.read, bench.store.snapshots
    )
    finish = list(bench.engine.generate(again, Event()))[-1].finish
    assert finish is not None
    assert (finish.usage.images_restored, finish.usage.images_encoded) == (1, 0)


def test_a_turn_puts_in_view_only_the_pictures_that_are_new(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    view_row, made = VisionLanguageModel.view_row, list[int]()

    def counted(self: VisionLanguageModel, pictures: list[object], *rest: object) -> object:
        made.append(len(pictures))
        return view_row(self, pictures, *rest)  # type: ignore[arg-type]

    talk = bench.begin()
    for text, pictures in (("What?", [1, 2]), ("And?", []), ("This?", [3])):
        with monkeypatch.context() as patch:
            patch.setattr(bench, "_check", lambda *its: None)
            patch.setattr(VisionLanguageModel, "view_row", counted)
            bench.ask(talk, text, pictures)
    assert made == [2, 0, 1]
    bench.ask(talk, "Again?")  # and the recompute agrees


def _conversation(bench: Bench) -> str:
    return bench.conversations[bench.begin()]
