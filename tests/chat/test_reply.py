"""A reply being written: one writer, many readers, in any order and thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import pytest

from chat.engines import Delta, Usage
from chat.errors import EngineError
from chat.reply import Outcome, Reply, ReplyWriter
from tests.helpers.gate import PATIENCE

DONE = Outcome("stop", Usage(7, 5, 2, 1), ReplyWriter("c", "t", lambda: None).timings(), ("m1",))


@pytest.fixture
def writer() -> ReplyWriter:
    return ReplyWriter("conversation", "turn", on_stop=lambda: None)


def read(reply: Reply) -> list[str]:
    return [delta.text for delta in reply]


def test_a_finished_reply_can_be_read_again_and_again(writer: ReplyWriter) -> None:
    writer.write("Hello")
    writer.write(" you")
    writer.end(DONE)
    reply = writer.reply
    assert list(reply) == list(reply) == [Delta("Hello"), Delta(" you")]
    assert reply.text == reply.text_so_far == "Hello you"
    assert (reply.conversation_id, reply.turn_id) == ("conversation", "turn")
    assert (reply.usage, reply.finish_reason, reply.dropped) == (DONE.usage, "stop", ("m1",))
    assert reply.timings is DONE.timings


def test_a_reader_gets_each_piece_as_it_is_written(writer: ReplyWriter) -> None:
    stream = iter(writer.reply)
    for piece in ("a", "b", "c"):
        writer.write(piece)
        assert next(stream).text == piece
    writer.end(DONE)
    assert list(stream) == []


def test_a_late_reader_starts_at_the_first_piece(writer: ReplyWriter) -> None:
    writer.write("a")
    early = iter(writer.reply)
    next(early)
    writer.write("b")
    late = iter(writer.reply)
    assert [next(late).text, next(late).text] == ["a", "b"]
    assert next(early).text == "b"


def test_a_reader_that_leaves_disturbs_nobody(writer: ReplyWriter) -> None:
    writer.write("a")
    for _ in writer.reply:
        break
    writer.write("b")
    writer.end(DONE)
    assert read(writer.reply) == ["a", "b"]


def test_nothing_that_never_waits_waits(writer: ReplyWriter) -> None:
    writer.write("half a")
    reply = writer.reply
    assert reply.text_so_far == "half a"
    assert not reply.done
    assert not reply.wait(timeout=0)
    assert "under way" in repr(reply)


def test_many_readers_in_threads_see_every_piece_in_order(writer: ReplyWriter) -> None:
    pieces = [f"{number} " for number in range(500)]
    with ThreadPoolExecutor(16) as pool:
        readers = [pool.submit(read, writer.reply) for _ in range(8)]
        texts = [pool.submit(lambda: writer.reply.text) for _ in range(4)]
        reasons = [pool.submit(lambda: writer.reply.finish_reason) for _ in range(4)]
        for piece in pieces:
            writer.write(piece)
        writer.end(DONE)
        assert [reader.result(PATIENCE) for reader in readers] == [pieces] * 8
        assert [text.result(PATIENCE) for text in texts] == ["".join(pieces)] * 4
        assert [reason.result(PATIENCE) for reason in reasons] == ["stop"] * 4


def test_waiting_ends_with_the_reply(writer: ReplyWriter) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(writer.reply.wait)
        assert not wait([waiting], timeout=0).done
        writer.end(DONE)
        assert waiting.result(PATIENCE)
    assert writer.reply.done


def test_a_failed_reply_gives_its_text_and_then_the_error(writer: ReplyWriter) -> None:
    error = EngineError("It broke; ask again.")
    writer.write("half a")
    writer.end(Outcome("error", Usage(), writer.timings(), error=error))
    reply = writer.reply
    seen = []
    with pytest.raises(EngineError, match="ask again"):  # noqa: PT012 - the pieces come before the error
        for delta in reply:
            seen.append(delta.text)
    assert seen == ["half a"]
    with pytest.raises(EngineError, match="ask again"):
        _ = reply.text
    assert reply.text_so_far == "half a"
    assert (reply.finish_reason, reply.usage) == ("error", Usage())


def test_reading_a_failed_reply_again_does_not_grow_its_traceback(writer: ReplyWriter) -> None:
    writer.end(Outcome("error", Usage(), writer.timings(), error=EngineError("It broke.")))

    def depth() -> int:
        with pytest.raises(EngineError) as caught:
            _ = writer.reply.text
        return len(caught.traceback)

    assert depth() == depth() == depth()


def test_stopping_tells_the_engine_and_whoever_queues() -> None:
    told = Event()
    writer = ReplyWriter("conversation", "turn", on_stop=told.set)
    assert not writer.cancelled.is_set()
    writer.reply.stop()
    assert writer.cancelled.is_set()
    assert told.is_set()
    assert not writer.reply.done


def test_the_first_token_is_timed_when_it_comes(writer: ReplyWriter) -> None:
    before = writer.timings()
    assert before.first_token_s == before.total_s
    writer.write("a")
    first = writer.timings().first_token_s
    writer.write("b")
    after = writer.timings()
    assert after.first_token_s == first
    assert before.total_s <= first <= after.total_s


def test_readers_share_no_lock_with_the_text_they_hold(writer: ReplyWriter) -> None:
    """A reader that sits on a delta, as a slow browser does, does not hold up the writer."""
    writer.write("a")
    stream = iter(writer.reply)
    next(stream)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(writer.write, "b").result(PATIENCE)
    assert next(stream).text == "b"
