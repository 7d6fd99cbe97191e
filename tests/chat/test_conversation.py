"""The dialogue manager: durable messages, replies that many follow, stops, failures, titles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Event

import pytest

from chat import conversation, generation
from chat.conversation import DialogueManager
from chat.engines import Delta, EchoEngine, Limits, Request, Sampling, Usage
from chat.errors import (
    BusyError,
    EngineError,
    MessageError,
    PromptError,
    UnknownConversation,
    VisavisError,
)
from memory import Store
from prompts import Image, Text, assistant, user
from tests.helpers.gate import PATIENCE, Gate

Pictures = Callable[..., bytes]


class Recorder(EchoEngine):
    """An echo engine that keeps the requests it got."""

    def __init__(self, *, limits: Limits = Limits(8192, 16)) -> None:  # noqa: B008 - frozen
        super().__init__(limits=limits)
        self.requests: list[Request] = []

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        self.requests.append(request)
        return super().generate(request, cancelled)


# ---- a turn ---------------------------------------------------------------------------------


def test_a_turn_is_answered_and_stored(manager: DialogueManager, picture: Pictures) -> None:
    talk = manager.create()
    reply = manager.send(talk.id, "and this?", [picture(size=(64, 48))])
    assert reply.text == "You showed #1 (64 × 48). You said: and this?"
    question, answer = manager.store.messages(talk.id)
    assert [type(part) for part in question.parts] == [Image, Text]
    assert question.text == "and this?"
    assert answer == assistant(reply.text)
    (turn,) = manager.store.turns(talk.id)
    assert turn.id == reply.turn_id
    assert (turn.status, turn.reason, turn.error, turn.text) == ("done", "stop", None, reply.text)
    assert (turn.engine, turn.fingerprint) == ("echo", EchoEngine.fingerprint)
    assert turn.sampling == {**asdict(Sampling()), "stop": []}
    assert reply.usage == Usage(prompt_tokens=7, completion_tokens=10, images_encoded=1)
    assert turn.usage == asdict(reply.usage)
    assert turn.timings == asdict(reply.timings)
    assert reply.timings.store_s > 0
    assert manager.store.verify() == []


def test_a_full_line_is_refused_until_it_moves(
    gated: DialogueManager, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "WAITING", 2)
    waiting = [gated.send(gated.create().id, "hello") for _ in range(3)]
    late = gated.create()
    with pytest.raises(BusyError, match="3 other conversations"):
        gated.send(late.id, "hello")
    assert gated.store.messages(late.id) == []
    gate.open()
    for reply in waiting:
        reply.wait()
    assert gated.send(late.id, "hello").text == "You said: hello"


def test_the_message_is_on_disk_before_the_first_token(
    gated: DialogueManager, gate: Gate, picture: Pictures
) -> None:
    talk = gated.create()
    gated.send(talk.id, "hello", [picture()])
    gate.wait_for(1)
    with Store.open(gated.store.path) as other:
        (message,) = other.messages(talk.id)
        assert message.text == "hello"
        assert other.images.read(message.images[0].sha256) == picture()
        (turn,) = other.turns(talk.id)
        assert (turn.status, turn.text) == ("running", "")


def test_when_the_reply_is_done_it_is_in_the_store_and_the_next_message_welcome(
    manager: DialogueManager,
) -> None:
    talk = manager.create()
    for number in range(20):
        reply = manager.send(talk.id, str(number))
        assert reply.wait(PATIENCE)
        assert manager.reply(talk.id) is None
        assert manager.store.messages(talk.id)[-1] == assistant(f"You said: {number}")


def test_the_history_is_sent_along(store: Store, picture: Pictures) -> None:
    engine = Recorder()
    manager = DialogueManager(store, engine)
    talk = manager.create()
    manager.send(talk.id, "hello", [picture()]).wait()
    second = manager.send(talk.id, "how many pictures?")
    assert second.text.endswith("You have shown me 1 picture.")
    assert list(engine.requests[1].messages) == store.messages(talk.id)[:-1]
    assert second.usage.cached_tokens > 0
    assert second.usage.images_encoded == 0
    assert second.dropped == ()


def test_the_persona_speaks_first_and_sets_the_temperature(store: Store) -> None:
    engine = Recorder()
    manager = DialogueManager(store, engine)
    guided = manager.send(manager.create(persona="guide").id, "hello")
    guided.wait()
    first, *rest = engine.requests[0].messages
    assert first.role == "system"
    assert "Vis-à-Vis" in first.text
    assert rest == [user("hello")]
    assert engine.requests[0].sampling == Sampling(temperature=0.2)
    assert store.turns(guided.conversation_id)[0].sampling["temperature"] == 0.2
    assert store.messages(guided.conversation_id)[0] == user("hello")

    plain = DialogueManager(store, engine, sampling=Sampling(temperature=0.7, max_tokens=3))
    reply = plain.send(plain.create(persona="plain").id, "hello")
    assert (reply.text, reply.finish_reason) == ("You said: hello", "stop")
    assert engine.requests[1].messages == (user("hello"),)
    assert engine.requests[1].sampling == Sampling(temperature=0.7, max_tokens=3)


def test_an_unknown_persona_is_refused(manager: DialogueManager) -> None:
    with pytest.raises(PromptError, match="guide, plain"):
        manager.create(persona="pirate")
    assert manager.store.conversations() == []


def test_what_does_not_fit_is_left_out_and_named(store: Store) -> None:
    engine = Recorder(limits=Limits(40, 4))
    manager = DialogueManager(store, engine, sampling=Sampling(max_tokens=12))
    talk = manager.create()
    for number in range(4):
        manager.send(talk.id, f"{number} of four words").wait()
    reply = manager.send(talk.id, "the last")
    assert reply.text == "You said: the last"
    history = store.history(talk.id)
    sent = engine.requests[-1].messages
    assert 1 < len(sent) < len(history) - 1
    dropped = len(history) - 1 - len(sent)
    assert list(sent) == [entry.message for entry in history[dropped:-1]]
    assert reply.dropped == tuple(entry.message_id for entry in history[:dropped])
    assert store.turns(talk.id)[-1].dropped == reply.dropped


# ---- following, stopping --------------------------------------------------------------------


def test_readers_come_and_go_and_each_sees_all(gated: DialogueManager, gate: Gate) -> None:
    talk = gated.create()
    reply = gated.send(talk.id, "a b c")
    leaver, early = iter(reply), iter(reply)
    gate.let(2)
    assert [next(leaver).text, next(early).text] == ["You", "You"]
    del leaver
    late = gated.reply(talk.id)
    assert late is reply
    with ThreadPoolExecutor(2) as pool:
        texts = [pool.submit(lambda: "".join(delta.text for delta in reply)) for _ in range(2)]
        gate.open()
        assert [text.result(PATIENCE) for text in texts] == ["You said: a b c"] * 2
    assert "".join(delta.text for delta in early) == " said: a b c"
    assert gated.reply(talk.id) is None


def test_partial_text_is_flushed_while_it_streams(
    gated: DialogueManager, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "FLUSH_SECONDS", 0.0)
    talk = gated.create()
    gated.send(talk.id, "a b c")
    for deltas, text in ((1, ""), (2, "You"), (3, "You said:"), (4, "You said: a")):
        gate.wait_for(deltas)
        assert gated.store.turns(talk.id)[0].text == text
        gate.let()


def test_it_is_not_flushed_with_every_token(
    gated: DialogueManager, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "FLUSH_SECONDS", 3600.0)
    talk = gated.create()
    gated.send(talk.id, "a b c")
    gate.let(3)
    gate.wait_for(4)
    assert gated.store.turns(talk.id)[0].text == "You"


def test_stopping_keeps_what_was_said(gated: DialogueManager, gate: Gate) -> None:
    talk = gated.create()
    reply = gated.send(talk.id, "a b c")
    gate.let(3)
    gate.wait_for(4)
    assert gated.stop(talk.id)
    gate.open()
    assert reply.text == "You said: a"
    assert (reply.finish_reason, reply.usage.completion_tokens) == ("cancelled", 3)
    assert gated.store.messages(talk.id)[-1] == assistant("You said: a")
    (turn,) = gated.store.turns(talk.id)
    assert (turn.reason, turn.text, turn.error) == ("cancelled", "You said: a", None)
    assert gated.send(talk.id, "go on").text == "You said: go on"


def test_stopping_what_is_not_there_is_no_error(manager: DialogueManager) -> None:
    talk = manager.create()
    assert not manager.stop(talk.id)
    assert not manager.stop("nowhere")
    reply = manager.send(talk.id, "a")
    reply.wait()
    reply.stop()
    assert not manager.stop(talk.id)
    assert reply.finish_reason == "stop"


def test_a_reply_stopped_in_the_queue_ends_at_once(gated: DialogueManager, gate: Gate) -> None:
    first, second = gated.create(), gated.create()
    running = gated.send(first.id, "a")
    gate.wait_for(1)
    queued = gated.send(second.id, "b")
    queued.stop()
    assert queued.wait(PATIENCE)
    assert (queued.text, queued.finish_reason) == ("", "cancelled")
    assert queued.timings.first_token_s == queued.timings.total_s
    assert gated.store.messages(second.id) == [user("b")]
    assert not running.done
    gate.open()
    assert running.text == "You said: a"
    assert len(gated.store.turns(second.id)) == 1


def test_a_stop_without_text_can_be_answered_later(gated: DialogueManager, gate: Gate) -> None:
    talk = gated.create()
    reply = gated.send(talk.id, "hello")
    gate.wait_for(1)
    reply.stop()
    gate.open()
    assert reply.text == ""
    assert gated.store.messages(talk.id) == [user("hello")]
    answer = gated.answer(talk.id)
    assert answer.text == "You said: hello"
    assert gated.store.messages(talk.id) == [user("hello"), assistant("You said: hello")]
    assert [turn.reason for turn in gated.store.turns(talk.id)] == ["cancelled", "stop"]
    with pytest.raises(MessageError, match="nothing to answer"):
        gated.answer(talk.id)


def test_answering_an_empty_or_unknown_conversation_is_refused(manager: DialogueManager) -> None:
    with pytest.raises(MessageError, match="nothing to answer"):
        manager.answer(manager.create().id)
    with pytest.raises(UnknownConversation):
        manager.answer("nowhere")


# ---- titles, deletion, closing --------------------------------------------------------------


def test_the_first_message_names_the_conversation(manager: DialogueManager, picture: Pictures) -> None:
    def title(talk: str) -> str:
        return manager.store.conversation(talk).title

    unnamed, named, shown = manager.create(), manager.create("Mine"), manager.create()
    manager.send(unnamed.id, "first words").wait()
    manager.send(unnamed.id, "second words").wait()
    manager.send(named.id, "first words").wait()
    manager.send(shown.id, "", [picture()]).wait()
    assert [title(talk.id) for talk in (unnamed, named, shown)] == ["first words", "Mine", "Picture"]


def test_deleting_stops_the_reply_first(gated: DialogueManager, gate: Gate) -> None:
    talk = gated.create()
    reply = gated.send(talk.id, "a b c")
    gate.wait_for(1)
    with ThreadPoolExecutor(1) as pool:
        deleted = pool.submit(gated.delete, talk.id)
        gate.open()
        deleted.result(PATIENCE)
    assert reply.done
    with pytest.raises(UnknownConversation):
        gated.store.conversation(talk.id)
    with pytest.raises(UnknownConversation):
        gated.delete(talk.id)


def test_deleting_behind_the_managers_back_frees_its_readers(gated: DialogueManager, gate: Gate) -> None:
    talk = gated.create()
    reply = gated.send(talk.id, "a b c")
    gate.let(2)
    gate.wait_for(3)
    gated.store.delete_conversation(talk.id)
    gate.open()
    with pytest.raises(VisavisError, match="could not be saved"):
        _ = reply.text
    assert gated.send(gated.create().id, "a").text == "You said: a"


def test_closing_stops_and_keeps_every_reply(gated: DialogueManager, gate: Gate) -> None:
    first, second = gated.create(), gated.create()
    running = gated.send(first.id, "a b c")
    queued = gated.send(second.id, "d")
    gate.let(2)
    gate.wait_for(3)
    with ThreadPoolExecutor(1) as pool:
        closed = pool.submit(gated.close)
        # The queued reply ends with no help from the engine, so closing has begun.
        assert queued.wait(PATIENCE)
        assert not closed.done()
        gate.open()
        closed.result(PATIENCE)
    assert running.done
    assert (running.finish_reason, running.text) == ("cancelled", "You said:")
    assert gated.store.messages(first.id) == [user("a b c"), assistant("You said:")]
    assert gated.store.messages(second.id) == [user("d")]
    with pytest.raises(EngineError, match="closed"):
        gated.send(first.id, "more")
    gated.close()


def test_a_stored_picture_can_be_sent_again(manager: DialogueManager, picture: Pictures) -> None:
    talk = manager.create()
    manager.send(talk.id, "a", [picture()]).wait()
    (image,) = manager.store.messages(talk.id)[0].images
    reply = manager.send(talk.id, "again", [image])
    assert reply.text == "You showed #2 (32 × 32). You said: again"
    assert reply.usage.images_encoded == 0
