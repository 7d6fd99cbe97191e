"""Whatever people do with their conversations, replies are those of a model without any cache."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.engines.builtin import row, snapshots
from chat.engines.builtin.reader import PromptReader
from chat.engines.builtin.sessions import Session, Sessions, chain
from chat.model.cache import KVCache, PictureView
from prompts import Message
from tests.equivalence.harness import Bench

TEXTS = ("Hello", "What colour is it?", "é 😀", "")
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(("ask", "ask", "ask", "regenerate", "edit", "leave out", "restart", "switch")),
        st.integers(0, 3),
        st.lists(st.integers(0, 3), max_size=2),
    ),
    min_size=3,
    max_size=9,
)
"""What is done, with which text, with which pictures."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.store.close()


def play(bench: Bench, operations: list[tuple[str, int, list[int]]]) -> None:
    """Do it all, in two conversations."""
    both = bench.begin(), bench.begin()
    at = both[0]
    for operation, number, pictures in operations:
        history = bench.histories[at]
        shown = bench.left_out[at] + len(bench.numbers(at))
        if shown + len(pictures) > 4:
            pictures = []
        text = TEXTS[number] or ("" if pictures else "And?")
        if operation == "restart":
            bench.restart()
        elif operation == "switch":
            at = both[1 - at]
        elif operation == "regenerate" and history:
            bench.regenerate(at)
        elif operation == "edit" and history:
            bench.edit(at, number % (len(history) // 2), text)
        elif operation == "leave out" and history:
            bench.leave_out(at)
        elif len(history) < 10:
            bench.ask(at, text, pictures)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(operations=OPERATIONS)
@settings(max_examples=20)
def test_any_course_of_events(dtype: torch.dtype, operations: list[tuple[str, int, list[int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), dtype)
        try:
            play(bench, operations)
        finally:
            bench.store.close()


def test_a_picture_is_encoded_once_in_all_conversations_and_processes(bench: Bench) -> None:
    first, second = bench.begin(), bench.begin()
    bench.ask(first, "What?", [1, 2])
    bench.ask(second, "And?", [2])
    bench.restart()
    bench.ask(first, "Now?", [3])
    bench.ask(second, "And this?", [1])
    bench.edit(first, 0, "Which?", [2])
    assert len(bench.encoded) == len(set(bench.encoded)) == 3


def test_a_prompt_goes_on_from_the_one_before_token_by_token(bench: Bench) -> None:
    """The ids are never made anew from the text, however the reply would be read."""
    talk = bench.begin()
    before: list[int] = []
    for text in ("Hello", "What colour is it?", "And?"):
        finish = bench.ask(talk, text)
        ids = bench.session().ids
        assert ids[: len(before)] == before
        assert finish.usage.cached_tokens == len(before)
        before = list(ids)


def test_after_a_restart_everything_comes_from_disk(bench: Bench) -> None:
    talk = bench.begin()
    bench.ask(talk, "What?", [1])
    bench.ask(talk, "And?", [2])
    known = len(bench.session().ids)
    bench.restart()
    usage = bench.ask(talk, "Which one?").usage
    assert (usage.restored_tokens, usage.cached_tokens) == (known, 0)
    assert (usage.images_restored, usage.images_encoded) == (2, 0)


def test_what_is_restored_is_what_was_saved_bit_by_bit(bench: Bench) -> None:
    talk = bench.begin()
    bench.ask(talk, "What?", [1])
    session = bench.session()
    saved, ids = session.cache.read(0, session.cached), list(session.ids)
    bench.restart()
    bench.ask(talk, "And?")
    restored = bench.session().cache.read(0, len(ids))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(saved, restored, strict=True))


def test_a_long_conversation_spans_several_chunks_and_rewrites_only_the_last(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "CHUNK", 16)
    talk = bench.begin()
    written: list[set[str]] = []
    for turn in range(5):
        bench.ask(talk, "Hello there, what do you see?", [turn] if turn < 2 else [])
        found = bench.store.snapshots.find(bench.engine._reader._kind, [bench.session().marks[-1][0]])
        assert found is not None
        written.append(set(found.parts))
    assert len(written[-1]) > 6
    for earlier, later in pairwise(written):
        assert len(earlier - later) <= 1, "only the unfinished chunk is replaced"
    bench.restart()
    assert bench.ask(talk, "And?").usage.restored_tokens > 16 * 5


def test_a_damaged_snapshot_costs_time_and_nothing_else(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "CHUNK", 16)
    talk = bench.begin()
    bench.ask(talk, "What colour is the circle?", [1])
    bench.ask(talk, "Hello there, what do you see?")
    for part in sorted(Path(bench.store.path).parent.rglob("*.part")):
        part.write_bytes(part.read_bytes()[:-7])
    bench.restart()
    usage = bench.ask(talk, "And?").usage
    assert (usage.restored_tokens, usage.images_restored, usage.images_encoded) == (0, 0, 1)
    assert "damaged" in caplog.text
    bench.restart()
    assert bench.ask(talk, "Again?").usage.restored_tokens > 0, "a sound one has taken its place"


def test_another_models_snapshots_are_not_touched(bench: Bench, tmp_path: Path) -> None:
    talk = bench.begin()
    bench.ask(talk, "What?", [1])
    bench.model = bench.model.float()
    bench.tolerance = 1e-4
    bench.restart()
    assert bench.ask(talk, "And?").usage.restored_tokens == 0


def test_closed_gates_make_it_the_text_model(tmp_path: Path) -> None:
    bench = Bench(tmp_path, gate=0.0)
    seeing, blind = bench.begin(), bench.begin()
    bench.ask(seeing, "What?", [1])
    with_picture = bench.recompute(bench.session())[0]
    session = bench.session()
    session.pictures = [shown._replace(sha256=bench.picture(2).sha256) for shown in session.pictures]
    torch.testing.assert_close(bench.recompute(session)[0], with_picture, atol=1e-12, rtol=0)
    assert blind != seeing
    bench.store.close()


# ---- the suite itself: a planted fault of each kind must not pass ------------------------------------


def _ignore_truncate(self: KVCache, length: int) -> None:
    """Rolling back forgets nothing."""


def _all_pictures(self: PictureView, pictures: int) -> PictureView:
    """Text sees later pictures too."""
    return PictureView(self.keys, self.values, self.visible_from, everywhere=True)


def _pictures_stay(self: Session, messages: int) -> None:
    """Rolling back keeps the pictures that came later."""
    del self.marks[messages:]
    length = self.marks[-1][1] if self.marks else 0
    del self.ids[length:]
    self.cache.truncate(length)


def _share_everything(self: Session, marks: list[str]) -> int:
    """Any conversation passes for any other."""
    return min(len(self.marks), len(marks))


def _shared_buffers(self: KVCache, length: int) -> KVCache:
    """A branch writes into the trunk's memory."""
    twin = copy(self, length)
    twin.keys, twin.values = list(self.keys), list(self.values)
    return twin


def _span_elsewhere(self: KVCache, start: int, end: int) -> torch.Tensor:
    """What comes from disk does not go to the cache."""
    return span(self, start, end).clone()


span, copy = KVCache.span, KVCache.copy
FAULTS: list[tuple[type, str, Callable[..., object]]] = [
    (KVCache, "truncate", _ignore_truncate),
    (PictureView, "first", _all_pictures),
    (Session, "rewind", _pictures_stay),
    (Session, "shared", _share_everything),
    (KVCache, "copy", _shared_buffers),
    (KVCache, "span", _span_elsewhere),
]


def course(bench: Bench) -> None:
    """A fixed course of events that touches every cache."""
    first, second = bench.begin(), bench.begin()
    bench.ask(first, "What?", [1])
    bench.ask(second, "Hello", [2])
    bench.ask(first, "And?", [2])
    bench.ask(first, "Which one?")
    trunk = bench.duplicate(first)
    bench.edit(first, 1, "The first?", [3])
    bench.regenerate(first)
    bench.ask(trunk, "And the other one?")
    bench.restart()
    bench.ask(second, "And now?", [1])
    bench.edit(trunk, 1, "Where?", [3])
    bench.ask(first, "Now?")


def test_the_course_is_right_without_a_fault(bench: Bench) -> None:
    course(bench)


@pytest.mark.parametrize(("owner", "name", "fault"), FAULTS, ids=[fault.__name__ for _, _, fault in FAULTS])
def test_a_planted_fault_is_found(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, fault: Callable[..., object]
) -> None:
    monkeypatch.setattr(owner, name, fault)
    with pytest.raises((AssertionError, ValueError)):
        course(bench)


def test_a_picture_number_that_starts_again_in_each_message_is_found(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = PromptReader._tokens

    def restarting(
        reader: PromptReader, messages: list[Message], given: list[int], session: Session
    ) -> tuple[list[int], list[int], list[int]]:
        ids, numbers, ends = tokens(reader, messages, given, session)
        return ids, [min(number, 1) for number in numbers], ends

    monkeypatch.setattr(PromptReader, "_tokens", restarting)
    with pytest.raises(AssertionError):
        course(bench)


def numbered_course(bench: Bench) -> None:
    """The same words and pictures under two numbers, in memory and from disk."""
    first, second = bench.begin(), bench.begin()
    bench.ask(first, "What?", [1])
    bench.ask(first, "And?", [2])
    bench.ask(second, "And?", [2])
    bench.leave_out(first)
    bench.ask(first, "Which one?")
    bench.restart()
    bench.ask(second, "Which one?")
    bench.ask(first, "Now?", [3])


def test_pictures_keep_their_numbers_when_turns_are_left_out(bench: Bench) -> None:
    numbered_course(bench)
    assert [picture.number for picture in bench.session().pictures] == [2, 3]


def test_a_mark_that_does_not_tell_numbers_apart_is_found(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(messages: list[Message], numbers: list[int]) -> list[str]:
        return chain(messages, [0] * len(numbers))

    monkeypatch.setattr(row, "chain", forgetful)
    with pytest.raises(AssertionError):
        numbered_course(bench)


def test_sessions_stay_within_their_budget_and_keep_the_latest(bench: Bench) -> None:
    bench.engine._reader.sessions = sessions = Sessions(bench.model.new_cache, 1)
    first, second = bench.begin(), bench.begin()
    bench.ask(first, "Hello")
    bench.ask(second, "What?")
    assert sessions.kept == 1
    assert bench.ask(second, "And?").usage.cached_tokens > 0
    assert bench.ask(first, "And?").usage.restored_tokens > 0
