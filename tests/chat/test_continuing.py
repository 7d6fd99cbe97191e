"""Going on with a half reply: stopped, interrupted or cut off, it becomes one whole message."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from chat.conversation import DialogueManager
from chat.engines import Delta, EchoEngine, Request, Sampling
from chat.errors import EngineError, MessageError
from memory import Store
from prompts import assistant, user
from tests.helpers.gate import PATIENCE, Gate


class Recorder(EchoEngine):
    """An echo engine that keeps the requests it got."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        self.requests.append(request)
        return super().generate(request, cancelled)


def stopped(gated: DialogueManager, gate: Gate) -> str:
    """A conversation whose reply was stopped after "You said: a"."""
    talk = gated.create().id
    reply = gated.send(talk, "a b c")
    gate.let(3)
    gate.wait_for(4)
    reply.stop()
    gate.open()
    assert reply.text == "You said: a"
    return talk


def test_a_stopped_reply_goes_on_where_it_ended(gated: DialogueManager, gate: Gate) -> None:
    talk = stopped(gated, gate)
    half = gated.store.history(talk)[-1]
    reply = gated.continue_reply(talk)
    assert [delta.text for delta in reply] == ["You said: a", " b", " c"]
    assert reply.usage.completion_tokens == 2
    assert gated.store.messages(talk) == [user("a b c"), assistant("You said: a b c")]
    whole = gated.store.history(talk)[-1]
    assert whole.siblings == (half.message_id, whole.message_id)
    assert whole.turn is not None
    assert (whole.turn.continues, whole.turn.reason) == (half.message_id, "stop")
    gated.switch(talk, half.message_id)
    shown = gated.store.history(talk)[-1]
    assert shown.turn is not None
    assert (shown.turn.reason, shown.turn.continues) == ("cancelled", None)
    gated.switch(talk, whole.message_id)
    with pytest.raises(MessageError, match="complete"):
        gated.continue_reply(talk)


def test_readers_see_the_half_reply_from_the_start(gated: DialogueManager, gate: Gate) -> None:
    talk = stopped(gated, gate)
    closed = Gate()
    slow = DialogueManager(gated.store, EchoEngine(gate=closed))
    reply = slow.continue_reply(talk)
    closed.wait_for(1)
    assert reply.text_so_far == "You said: a"
    assert gated.store.turns(talk)[-1].text == "You said: a"
    reply.stop()
    closed.open()
    assert reply.wait(PATIENCE)
    # Not a word more: the same half reply, which can be gone on with again.
    assert [m.text for m in gated.store.messages(talk)] == ["a b c", "You said: a"]
    assert gated.continue_reply(talk).text == "You said: a b c"


def test_a_crash_in_a_continuation_keeps_the_half_reply(gated: DialogueManager, gate: Gate) -> None:
    talk = stopped(gated, gate)
    half = gated.store.history(talk)[-1].message_id
    with Store.open(gated.store.path) as crashed:
        crashed.begin_answer(talk, engine="echo", fingerprint="f0", sampling={}, beside=half, continues=True)
        # Closing lets go of the writer's lock, as the end of its process does.
    (turn,) = gated.store.recover()
    assert (turn.reason, turn.text, turn.reply_message_id) == ("interrupted", "You said: a", half)
    assert gated.continue_reply(talk).text == "You said: a b c"


def test_a_reply_cut_off_goes_on_step_by_step(store: Store) -> None:
    engine = Recorder()
    manager = DialogueManager(store, engine, sampling=Sampling(max_tokens=2))
    talk = manager.create().id
    assert manager.send(talk, "a b c").finish_reason == "length"
    texts = [manager.continue_reply(talk).text for _ in range(2)]
    assert texts == ["You said: a b", "You said: a b c"]
    assert [request.opening for request in engine.requests] == ["", "You said:", "You said: a b"]
    assert all(list(request.messages) == [user("a b c")] for request in engine.requests)
    assert len(store.history(talk)[-1].siblings) == 3
    assert store.verify() == []


def test_what_failed_half_way_can_be_gone_on_with(gated: DialogueManager, gate: Gate, store: Store) -> None:
    talk = gated.create().id
    reply = gated.send(talk, "a b c")
    gate.let(2)
    gate.wait_for(3)
    gate.fail(RuntimeError("out of memory"))
    with pytest.raises(EngineError):
        _ = reply.text
    assert DialogueManager(store, EchoEngine()).continue_reply(talk).text == "You said: a b c"


def test_a_reply_of_another_engine_is_kept_whole(gated: DialogueManager, gate: Gate, store: Store) -> None:
    talk = stopped(gated, gate)
    (asked, _) = store.history(talk)
    turn = store.begin_turn(
        talk, user("d"), engine="other", fingerprint="f1", sampling={}, beside=asked.message_id
    )
    store.finish_turn(turn.id, "It seems that", reason="length", usage={}, timings={})
    assert gated.continue_reply(talk).text == "It seems that You said: d"


def test_there_has_to_be_a_half_reply(manager: DialogueManager) -> None:
    talk = manager.create().id
    with pytest.raises(MessageError, match="no reply"):
        manager.continue_reply(talk)
    manager.send(talk, "hello").wait()
    with pytest.raises(MessageError, match="complete"):
        manager.continue_reply(talk)
    assert len(manager.store.turns(talk)) == 1
