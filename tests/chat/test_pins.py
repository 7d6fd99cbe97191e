"""Pinned pictures stay in the prompt, and every picture keeps its number, whatever is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from chat import Chat
from chat.conversation import DialogueManager
from chat.engines import Delta, EchoEngine, Limits, Request
from chat.errors import MessageError, UnknownConversation
from memory import Store

Pictures = Callable[..., bytes]

COLOURS = ("red", "green", "blue", "yellow", "black")


class TwoPictures(EchoEngine):
    """An echo engine that holds two pictures, and keeps the requests it got."""

    def __init__(self, highest: int | None = None) -> None:
        super().__init__(limits=Limits(8192, 2, highest))
        self.requests: list[Request] = []

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        self.requests.append(request)
        return super().generate(request, cancelled)


@pytest.fixture
def engine() -> TwoPictures:
    return TwoPictures()


@pytest.fixture
def manager(store: Store, engine: TwoPictures) -> Iterator[DialogueManager]:
    manager = DialogueManager(store, engine)
    yield manager
    manager.close()


def show(manager: DialogueManager, talk: str, picture: Pictures, *colours: str) -> list[str]:
    """One turn a picture; the sha256 of all pictures of the conversation."""
    for colour in colours:
        manager.send(talk, colour, [picture(colour)]).wait()
    return [image.sha256 for message in manager.store.messages(talk) for image in message.images]


def test_a_picture_has_the_same_number_for_person_and_model_after_others_are_left_out(
    manager: DialogueManager, engine: TwoPictures, picture: Pictures
) -> None:
    talk = manager.create().id
    show(manager, talk, picture, *COLOURS[:2])
    reply = manager.send(talk, "how many pictures are there?", [picture("blue", (30, 20))])
    assert reply.text.startswith("You showed #3 (30 × 20).")
    assert reply.text.endswith("You have shown me 3 pictures.")
    assert engine.requests[-1].numbers == (2, 3)
    assert reply.usage.images_renumbered == 0


def test_past_the_highest_number_pictures_are_counted_anew_and_the_turn_says_so(
    store: Store, picture: Pictures
) -> None:
    manager = DialogueManager(store, engine := TwoPictures(highest=2))
    talk = manager.create().id
    show(manager, talk, picture, *COLOURS[:3])
    assert [request.numbers for request in engine.requests] == [(1,), (1, 2), (1, 2)]
    recorded = [turn.usage["images_renumbered"] for turn in store.turns(talk)]
    assert recorded == [0, 0, 2]


def test_a_pinned_picture_stays_and_what_goes_instead_is_named(
    manager: DialogueManager, engine: TwoPictures, picture: Pictures
) -> None:
    talk = manager.create().id
    first, second, *_ = show(manager, talk, picture, *COLOURS[:2])
    manager.pin(talk, first)
    assert manager.pins(talk) == {first}
    gone = manager.store.history(talk)[2:]
    reply = manager.send(talk, "blue", [picture("blue")])
    assert reply.dropped == tuple(entry.message_id for entry in gone)
    assert reply.usage.dropped_tokens == sum(engine.count(entry.message) for entry in gone)
    assert 0 < reply.usage.cached_tokens < reply.usage.prompt_tokens, "the pinned turn was at hand"
    assert engine.requests[-1].numbers == (1, 3)
    assert manager.store.turns(talk)[-1].dropped == reply.dropped
    manager.unpin(talk, first)
    manager.pin(talk, second)
    manager.send(talk, "and now?").wait()
    assert engine.requests[-1].numbers == (2, 3), "what was left out comes back"


def test_pins_outlive_the_program(tmp_path: Path, picture: Pictures) -> None:
    with Store.open(tmp_path / "chats.db") as store:
        manager = DialogueManager(store, TwoPictures())
        talk = manager.create().id
        (first,) = show(manager, talk, picture, "red")
        manager.pin(talk, first)
    with Store.open(tmp_path / "chats.db") as store:
        manager = DialogueManager(store, engine := TwoPictures())
        show(manager, talk, picture, "green", "blue")
        assert engine.requests[-1].numbers == (1, 3)


def test_a_message_that_pins_leave_no_room_for_is_refused_without_a_trace(
    manager: DialogueManager, picture: Pictures
) -> None:
    talk = manager.create().id
    for sha256 in show(manager, talk, picture, *COLOURS[:2]):
        manager.pin(talk, sha256)
    before = manager.store.messages(talk)
    with pytest.raises(MessageError, match="Unpin one or more of #1, #2"):
        manager.send(talk, "blue", [picture("blue")])
    assert manager.store.messages(talk) == before
    assert manager.send(talk, "and now?").text == "You said: and now?"
    manager.unpin(talk, next(iter(manager.pins(talk))))
    assert manager.send(talk, "blue", [picture("blue")]).text.startswith("You showed #3")


def test_an_edited_message_is_measured_against_the_pins_before_it(
    manager: DialogueManager, picture: Pictures
) -> None:
    talk = manager.create().id
    first, second, *_ = show(manager, talk, picture, *COLOURS[:2])
    manager.pin(talk, second)
    asked = manager.store.history(talk)[2].message_id
    reply = manager.edit(talk, asked, "both", [picture("blue"), picture("black")])
    assert reply.finish_reason == "stop", "the pin is in the branch that was left"
    manager.pin(talk, first)
    asked = manager.store.history(talk)[2].message_id
    with pytest.raises(MessageError, match="Unpin one or more of #1,"):
        manager.edit(talk, asked, "both?")
    with pytest.raises(MessageError, match="Unpin one or more of #1,"):
        manager.regenerate(talk)


def test_only_what_the_conversation_shows_can_be_pinned(manager: DialogueManager, picture: Pictures) -> None:
    talk, other = manager.create().id, manager.create().id
    (shown,) = show(manager, other, picture, "red")
    with pytest.raises(MessageError, match="Send it first"):
        manager.pin(talk, shown)
    assert manager.pins(talk) == frozenset()
    with pytest.raises(UnknownConversation):
        manager.pin("nowhere", shown)
    with pytest.raises(UnknownConversation):
        manager.unpin("nowhere", shown)
    manager.unpin(talk, shown)


def test_a_script_pins_by_number(picture: Pictures) -> None:
    with Chat(TwoPictures(), database=":memory:") as chat:
        for colour in COLOURS[:2]:
            chat.send(colour, images=[picture(colour)]).wait()
        chat.pin(1)
        chat.send("And this?", images=[picture("blue")]).wait()
        assert chat.pins == [1]
        chat.pin(3)
        assert chat.pins == [1, 3]
        chat.unpin(1)
        assert chat.pins == [3]
        for number in (0, 4):
            with pytest.raises(MessageError, match=f"no picture #{number} .* shows 3"):
                chat.pin(number)
