"""Editing, making again, switching and forking: nothing is lost, and nothing crosses a reply under way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from chat import Chat
from chat.conversation import DialogueManager
from chat.engines import Delta, EchoEngine, Finish, Request, Sampling
from chat.errors import BusyError, MessageError, StoreError, UnknownConversation
from memory import Store
from prompts import Image
from tests.helpers.gate import Gate

Pictures = Callable[..., bytes]


class Counting(EchoEngine):
    """Numbers its replies, so that no two are the same; says nothing while it is `silent`."""

    silent = False

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    def generate(self, request: Request, cancelled: Event):  # type: ignore[no-untyped-def]
        self.requests.append(request)
        if not self.silent:
            yield Delta(f"reply {len(self.requests)}")
        yield Delta("", Finish("error" if self.silent else "stop"))


@pytest.fixture
def engine() -> Counting:
    return Counting()


@pytest.fixture
def counting(store: Store, engine: Counting) -> DialogueManager:
    """Two turns of a conversation: u1, reply 1, u2, reply 2."""
    return DialogueManager(store, engine)


@pytest.fixture
def talk(counting: DialogueManager) -> str:
    talk = counting.create().id
    for words in ("u1", "u2"):
        counting.send(talk, words).wait()
    return talk


def said(manager: DialogueManager, talk: str) -> list[str]:
    return [message.text for message in manager.store.messages(talk)]


def ids(manager: DialogueManager, talk: str) -> list[str]:
    return [entry.message_id for entry in manager.store.history(talk)]


def test_an_edit_is_a_sibling_with_a_reply_of_its_own(
    counting: DialogueManager, engine: Counting, talk: str
) -> None:
    before = ids(counting, talk)
    assert counting.edit(talk, before[0], "U1").text == "reply 3"
    assert said(counting, talk) == ["U1", "reply 3"]
    assert [message.text for message in engine.requests[-1].messages] == ["U1"]
    edited, answer = counting.store.history(talk)
    assert edited.siblings == (before[0], edited.message_id)
    assert answer.siblings == (answer.message_id,)
    assert counting.switch(talk, before[0]).tip == before[-1]
    assert said(counting, talk) == ["u1", "reply 1", "u2", "reply 2"]
    assert counting.store.history(talk)[0].siblings == edited.siblings
    assert counting.store.verify() == []


def test_an_edit_in_the_middle_keeps_what_came_before(
    counting: DialogueManager, engine: Counting, talk: str
) -> None:
    before = ids(counting, talk)
    counting.edit(talk, before[2], "U2").wait()
    assert said(counting, talk) == ["u1", "reply 1", "U2", "reply 3"]
    assert len(engine.requests[-1].messages) == 3
    counting.send(talk, "u3").wait()
    counting.switch(talk, before[2])
    assert said(counting, talk) == ["u1", "reply 1", "u2", "reply 2"]
    edit = counting.store.history(talk)[2].siblings[1]
    counting.switch(talk, edit)
    assert said(counting, talk) == ["u1", "reply 1", "U2", "reply 3", "u3", "reply 4"]


def test_an_edit_keeps_its_pictures_unless_others_are_given(
    counting: DialogueManager, picture: Pictures
) -> None:
    talk = counting.create().id
    counting.send(talk, "look", [picture("red")]).wait()
    (red,) = counting.store.messages(talk)[0].images
    counting.edit(talk, ids(counting, talk)[0], "look again").wait()
    assert counting.store.messages(talk)[0].images == (red,)
    counting.edit(talk, ids(counting, talk)[0], "and now", [picture("blue")]).wait()
    (blue,) = counting.store.messages(talk)[0].images
    assert isinstance(blue, Image)
    assert blue.sha256 != red.sha256
    counting.edit(talk, ids(counting, talk)[0], "no picture", []).wait()
    assert counting.store.messages(talk)[0].images == ()


def test_only_ones_own_messages_can_be_edited(counting: DialogueManager, talk: str) -> None:
    before = ids(counting, talk)
    with pytest.raises(MessageError, match="Only your own"):
        counting.edit(talk, before[1], "x")
    with pytest.raises(MessageError, match="no message 'nowhere'"):
        counting.edit(talk, "nowhere", "x")
    with pytest.raises(MessageError, match="empty"):
        counting.edit(talk, before[0], " ")
    with pytest.raises(UnknownConversation):
        counting.edit("nowhere", before[0], "x")
    assert ids(counting, talk) == before
    assert len(counting.store.turns(talk)) == 2
    counting.send(talk, "u3").wait()


def test_a_reply_made_again_stands_beside_the_first(counting: DialogueManager, talk: str) -> None:
    first = ids(counting, talk)[-1]
    again = counting.regenerate(talk, sampling=Sampling(temperature=0.9))
    assert again.text == "reply 3"
    assert said(counting, talk) == ["u1", "reply 1", "u2", "reply 3"]
    last = counting.store.history(talk)[-1]
    assert last.siblings == (first, last.message_id)
    assert last.turn is not None
    assert last.turn.sampling["temperature"] == 0.9
    counting.switch(talk, first)
    shown = counting.store.history(talk)[-1]
    assert shown.message.text == "reply 2"
    assert shown.turn is not None
    assert shown.turn.sampling["temperature"] == 0.0


def test_a_reply_is_not_lost_when_making_it_again_fails(
    counting: DialogueManager, engine: Counting, talk: str
) -> None:
    engine.silent = True
    counting.regenerate(talk).wait()
    assert said(counting, talk) == ["u1", "reply 1", "u2", "reply 2"]
    assert counting.store.turns(talk)[-1].reason == "error"


def test_only_a_reply_can_be_made_again(counting: DialogueManager, engine: Counting) -> None:
    talk = counting.create().id
    with pytest.raises(MessageError, match="no reply"):
        counting.regenerate(talk)
    engine.silent = True
    counting.send(talk, "hello").wait()
    with pytest.raises(MessageError, match="no reply"):
        counting.regenerate(talk)


def test_a_fork_goes_its_own_way(counting: DialogueManager, talk: str) -> None:
    before = ids(counting, talk)
    fork = counting.fork(talk, before[1])
    assert (fork.title, fork.persona) == ("u1", "plain")
    assert said(counting, fork.id) == ["u1", "reply 1"]
    counting.send(fork.id, "elsewhere").wait()
    assert said(counting, fork.id) == ["u1", "reply 1", "elsewhere", "reply 3"]
    assert ids(counting, talk) == before
    # A reply that both share can be made again in one of them, and found again there.
    other = counting.fork(talk, before[1])
    counting.regenerate(other.id).wait()
    assert said(counting, other.id) == ["u1", "reply 4"]
    assert counting.store.history(other.id)[1].siblings[0] == before[1]
    counting.switch(other.id, before[1])
    assert said(counting, other.id) == ["u1", "reply 1"]
    assert counting.store.history(talk)[1].siblings == (before[1],)


def test_nothing_crosses_a_reply_under_way(gated: DialogueManager, gate: Gate) -> None:
    talk = gated.create().id
    gate.let(5)
    gated.send(talk, "a b").wait()
    asked, answered = ids(gated, talk)
    reply = gated.regenerate(talk)
    for attempt in (
        lambda: gated.edit(talk, asked, "c"),
        lambda: gated.regenerate(talk),
        lambda: gated.continue_reply(talk),
        lambda: gated.switch(talk, answered),
    ):
        with pytest.raises(BusyError):
            attempt()
    fork = gated.fork(talk, answered)
    assert said(gated, fork.id) == ["a b", "You said: a b"]
    gate.open()
    assert reply.text == "You said: a b"
    assert gated.switch(talk, answered).tip == answered
    with pytest.raises(StoreError, match="no message 'nowhere'"):
        gated.switch(talk, "nowhere")
    assert gated.send(talk, "c").text == "You said: c"


def test_from_python_too(tmp_path: Path, store: Store) -> None:
    with Chat("echo", database=tmp_path / "chat.db") as chat:
        chat.send("one")
        chat.send("two").wait()
        first, second = chat.history[0].message_id, chat.history[2].message_id
        assert chat.edit(second, "three").text == "You said: three"
        chat.switch(second)
        assert [message.text for message in chat.messages][2:] == ["two", "You said: two"]
        assert chat.regenerate().text == "You said: two"
        fork = chat.fork(first)
        with pytest.raises(MessageError, match="complete"):
            chat.continue_reply()
    with Chat.resume(fork.id, model="echo", database=tmp_path / "chat.db") as chat:
        assert [message.text for message in chat.messages] == ["one"]
    (hit,) = Chat.search('"said: three"', database=tmp_path / "chat.db")
    assert hit.excerpt.text == "You said: three"
