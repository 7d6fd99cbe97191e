"""What goes wrong around a message: refused with nothing stored, or told with nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from chat.conversation import DialogueManager
from chat.engines import Delta, EchoEngine, Finish, Limits, Request, Sampling, Usage
from chat.errors import (
    ConfigError,
    EngineError,
    ImageError,
    MessageError,
    StoreError,
    UnknownConversation,
)
from chat.texts import MAX_CHARACTERS
from memory import Store
from prompts import Image, assistant, user
from tests.helpers.gate import PATIENCE, Gate

Pictures = Callable[..., bytes]


def is_untouched(store: Store, conversation_id: str) -> bool:
    """Whether a conversation holds no message, no turn and no title, and the store no picture."""
    pictures = [path for path in store.path.parent.rglob("*") if len(path.name) == 64]  # named by sha256
    return (
        store.messages(conversation_id) == []
        and store.turns(conversation_id) == []
        and store.conversation(conversation_id).title == ""
        and pictures == []
    )


# ---- failures -------------------------------------------------------------------------------


def test_a_failing_engine_loses_nothing_and_the_next_message_works(
    gated: DialogueManager, gate: Gate
) -> None:
    talk = gated.create()
    reply = gated.send(talk.id, "a b c")
    gate.let(2)
    gate.wait_for(3)
    gate.fail(RuntimeError("out of memory"))
    with pytest.raises(EngineError, match=r"RuntimeError: out of memory.*ask again") as caught:
        list(reply)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert (reply.finish_reason, reply.text_so_far) == ("error", "You said:")
    assert gated.store.messages(talk.id) == [user("a b c"), assistant("You said:")]
    (turn,) = gated.store.turns(talk.id)
    assert turn.reason == "error"
    assert turn.error == str(caught.value)
    gate.failure = None
    assert gated.send(talk.id, "still there?").text == "You said: still there?"


def test_an_engines_own_words_are_kept(gated: DialogueManager, gate: Gate) -> None:
    gate.fail(EngineError("The server is gone; start it."))
    reply = gated.send(gated.create().id, "a")
    with pytest.raises(EngineError, match=r"^The server is gone; start it\.$"):
        _ = reply.text


def test_a_failure_before_the_first_word_can_be_answered_later(gated: DialogueManager, gate: Gate) -> None:
    talk = gated.create()
    gate.fail(RuntimeError("no"))
    gated.send(talk.id, "a").wait()
    assert gated.store.messages(talk.id) == [user("a")]
    gate.failure = None
    assert gated.answer(talk.id).text == "You said: a"


def test_an_engine_that_breaks_off_without_a_word_is_an_error(store: Store) -> None:
    class Mute(EchoEngine):
        def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
            yield Delta("Well")

    reply = DialogueManager(store, Mute()).send(store.create_conversation().id, "a")
    with pytest.raises(EngineError, match="broke off"):
        _ = reply.text
    assert reply.finish_reason == "error"


def test_an_engine_may_tidy_up_after_its_last_delta(store: Store) -> None:
    tidying, tidied = Event(), Event()

    class Tidy(EchoEngine):
        def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
            yield from super().generate(request, cancelled)
            assert tidying.wait(PATIENCE)
            tidied.set()
            raise OSError("the disk is full")

    manager = DialogueManager(store, Tidy())
    talk = manager.create()
    reply = manager.send(talk.id, "a")
    assert reply.text == "You said: a"
    tidying.set()
    assert tidied.wait(PATIENCE)
    assert manager.send(talk.id, "b").text == "You said: b"
    assert [turn.reason for turn in store.turns(talk.id)] == ["stop", "stop"]


def test_an_engine_may_report_its_own_failure(store: Store) -> None:
    class Honest(EchoEngine):
        def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
            yield Delta("Half a", Finish("error", Usage(completion_tokens=2)))

    talk = store.create_conversation()
    reply = DialogueManager(store, Honest()).send(talk.id, "a")
    with pytest.raises(EngineError, match="ask again"):
        _ = reply.text
    assert (reply.text_so_far, reply.usage.completion_tokens) == ("Half a", 2)
    (turn,) = store.turns(talk.id)
    assert (turn.reason, turn.text) == ("error", "Half a")
    assert turn.error


def test_a_picture_gone_from_disk_is_an_error_with_words(manager: DialogueManager, picture: Pictures) -> None:
    talk = manager.create()
    manager.send(talk.id, "a", [picture()]).wait()
    (image,) = manager.store.messages(talk.id)[0].images
    manager.store.images.path(image.sha256).unlink()
    fresh = DialogueManager(manager.store, EchoEngine())
    reply = fresh.send(talk.id, "and now?")
    with pytest.raises(EngineError) as caught:
        _ = reply.text
    assert isinstance(caught.value.__cause__, ImageError)
    assert str(caught.value) == str(caught.value.__cause__)


@pytest.fixture
def full_disk(manager: DialogueManager, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A store that cannot write replies until `undo` is called."""

    def full(*args: object, **kwargs: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(manager.store, "flush_turn", full)
    monkeypatch.setattr(manager.store, "finish_turn", full)
    return monkeypatch


def test_a_reply_that_cannot_be_saved_is_read_and_saved_with_the_next_message(
    manager: DialogueManager, full_disk: pytest.MonkeyPatch
) -> None:
    talk = manager.create()
    reply = manager.send(talk.id, "a")
    with pytest.raises(StoreError, match=r"could not be saved: The disk is full\."):
        _ = reply.text
    assert reply.text_so_far == "You said: a"
    with pytest.raises(StoreError, match="could not be saved"):
        manager.send(talk.id, "b")
    assert manager.store.messages(talk.id) == [user("a")]
    full_disk.undo()
    assert manager.send(talk.id, "b").text == "You said: b"
    said = [message.text for message in manager.store.messages(talk.id)]
    assert said == ["a", "You said: a", "b", "You said: b"]
    assert [turn.reason for turn in manager.store.turns(talk.id)] == ["stop", "stop"]


def test_a_conversation_whose_reply_cannot_be_saved_can_be_deleted(
    manager: DialogueManager, full_disk: pytest.MonkeyPatch
) -> None:
    talk = manager.create()
    manager.send(talk.id, "a").wait()
    manager.delete(talk.id)
    assert manager.store.conversations() == []


def test_a_reply_that_could_not_be_saved_is_saved_on_closing(
    manager: DialogueManager, full_disk: pytest.MonkeyPatch
) -> None:
    talk = manager.create()
    manager.send(talk.id, "a").wait()
    full_disk.undo()
    manager.close()
    assert manager.store.messages(talk.id) == [user("a"), assistant("You said: a")]


# ---- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "message is empty: write something or add a picture"),
        (" \n\t ", "message is empty"),
        ("x" * 200_000, "200,000 characters; at most 100,000"),
        ("half \ud83d a face", "Character 6 .* lone surrogate"),
        ("word " * 9000, "takes 9002 tokens and this model has room for 8030"),
    ],
)
def test_a_message_that_cannot_be_is_refused(manager: DialogueManager, text: str, words: str) -> None:
    talk = manager.create()
    with pytest.raises(MessageError, match=words):
        manager.send(talk.id, text)
    assert is_untouched(manager.store, talk.id)


def test_the_longest_message_is_accepted(manager: DialogueManager) -> None:
    text = "x" * MAX_CHARACTERS
    assert manager.send(manager.create().id, text).text == f"You said: {text}"


def test_one_bad_picture_refuses_the_whole_message(
    manager: DialogueManager, picture: Pictures, tmp_path: Path
) -> None:
    talk = manager.create()
    for bad in (b"", b"no picture", picture()[:-30], tmp_path / "missing.png", tmp_path, Image("0" * 64), 7):
        with pytest.raises(ImageError):
            manager.send(talk.id, "look", [picture("blue"), bad])  # type: ignore[list-item]
        assert is_untouched(manager.store, talk.id)
    assert manager.reply(talk.id) is None


def test_too_many_pictures_are_refused(store: Store, picture: Pictures) -> None:
    manager = DialogueManager(store, EchoEngine(limits=Limits(1000, 2)))
    talk = manager.create()
    with pytest.raises(MessageError, match="3 pictures and this model can look at 2"):
        manager.send(talk.id, "look", [picture("red"), picture("green"), picture("blue")])
    assert is_untouched(store, talk.id)


def test_an_unknown_conversation_is_refused(manager: DialogueManager, picture: Pictures) -> None:
    with pytest.raises(UnknownConversation):
        manager.send("nowhere", "hello", [picture()])


@pytest.mark.parametrize("max_tokens", [-1, 0, 100, 500])
def test_a_token_limit_that_leaves_no_room_is_refused(store: Store, max_tokens: int) -> None:
    with pytest.raises(ConfigError, match=f"max_tokens is {max_tokens}: this model holds 100"):
        DialogueManager(store, EchoEngine(limits=Limits(100, 1)), sampling=Sampling(max_tokens=max_tokens))
