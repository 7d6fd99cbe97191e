"""Edits, other tries, continuations, versions and forks, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gradio import EventData

from chat import DialogueManager
from tests.helpers.gate import Gate
from tests.helpers.markup import Reader
from ui import view
from ui.handlers import AGAIN, UNCHANGED, Handlers, Screen


@pytest.fixture
def handlers(manager: DialogueManager) -> Handlers:
    return Handlers(manager)


def event(**data: str) -> Any:
    """What the page tells of a press."""
    return EventData(None, data)


@pytest.fixture
def here(manager: DialogueManager, gate: Gate) -> str:
    """A conversation with two finished turns; its id."""
    gate.open()
    conversation = manager.create()
    for text in ("one", "two"):
        assert manager.send(conversation.id, text).wait(60)
    return conversation.id


def ids(manager: DialogueManager, conversation_id: str) -> list[str]:
    return [entry.message_id for entry in manager.store.history(conversation_id)]


def talk(screen: Screen) -> str:
    """All that a screen says in its log, with the counts of versions."""
    return " | ".join(Reader(block).text for bubble in screen.log for block in bubble["content"])


def test_an_edited_message_stands_beside_the_one_it_was(
    handlers: Handlers, manager: DialogueManager, here: str
) -> None:
    first, *_ = ids(manager, here)
    handlers.edit(here, event(id=first, text="other"))
    *_, screen = handlers.follow(here)
    assert talk(screen) == "other | 2 / 2 | You said: other | "
    before = handlers.switch(here, event(id=first))
    assert talk(before).startswith("one | 1 / 2 | You said: one |  | two")


def test_an_edited_message_keeps_its_pictures(
    handlers: Handlers, manager: DialogueManager, gate: Gate, picture: Callable[..., bytes]
) -> None:
    gate.open()
    conversation = manager.create()
    assert manager.send(conversation.id, "Look", [picture("red")]).wait(60)
    [asked, _] = ids(manager, conversation.id)
    handlers.edit(conversation.id, event(id=asked, text="Look again"))
    [edited, *_] = manager.store.messages(conversation.id)
    assert (edited.text, len(edited.images)) == ("Look again", 1)


def test_an_edit_that_leaves_nothing_is_refused(
    handlers: Handlers, manager: DialogueManager, here: str
) -> None:
    before = ids(manager, here)
    with pytest.warns(UserWarning, match=r"<b>Not edited\.</b> The message is empty"):
        assert handlers.edit(here, event(id=before[0], text=" ")) is UNCHANGED
    assert ids(manager, here) == before


def test_a_reply_is_made_again_with_some_chance_in_it(
    handlers: Handlers, manager: DialogueManager, here: str
) -> None:
    handlers.again(here)
    *_, screen = handlers.follow(here)
    assert "You said: two" in talk(screen)
    assert manager.store.turns(here)[-1].sampling["temperature"] == AGAIN.temperature > 0


def test_nothing_crosses_a_reply_under_way(handlers: Handlers, manager: DialogueManager, gate: Gate) -> None:
    conversation = manager.create()
    manager.send(conversation.id, "one")
    gate.wait_for(1)
    [asked] = ids(manager, conversation.id)
    refused: dict[str, Callable[[], Screen]] = {
        "Not edited": lambda: handlers.edit(conversation.id, event(id=asked, text="two")),
        "Not made again": lambda: handlers.again(conversation.id),
        "Not switched": lambda: handlers.switch(conversation.id, event(id=asked)),
    }
    for words, act in refused.items():
        with pytest.warns(UserWarning, match=f"{words}.*still being written"):
            assert act() is UNCHANGED


def test_a_stopped_reply_is_gone_on_with(handlers: Handlers, manager: DialogueManager, gate: Gate) -> None:
    conversation = manager.create()
    reply = manager.send(conversation.id, "one two three")
    gate.let(3)
    gate.wait_for(4)
    reply.stop()
    gate.open()
    *_, stopped = handlers.follow(conversation.id)
    assert [option["value"] for option in stopped.log[-1]["options"]] == [view.CONTINUE]
    handlers.take_up(conversation.id, event(value=view.CONTINUE))
    *_, screen = handlers.follow(conversation.id)
    assert "You said: one two three | 2 / 2" in talk(screen)
    assert "options" not in screen.log[-1]


def test_a_complete_reply_cannot_be_gone_on_with(handlers: Handlers, here: str) -> None:
    with pytest.warns(UserWarning, match=r"<b>Cannot continue\.</b> The last reply is complete"):
        assert handlers.take_up(here, event(value=view.CONTINUE)) is UNCHANGED


def test_a_fork_is_another_conversation_up_to_there(
    handlers: Handlers, manager: DialogueManager, here: str
) -> None:
    _, reply, *_ = ids(manager, here)
    screen = handlers.fork(here, event(id=reply))
    assert screen.conversation_id != here
    assert len(screen.log) == 2
    assert len(manager.store.history(here)) == 4
    with pytest.warns(UserWarning, match="Not forked"):
        assert handlers.fork(here, event(id="nonsense")) is UNCHANGED


def test_a_message_that_was_found_is_shown_also_on_another_branch(
    handlers: Handlers, manager: DialogueManager, here: str
) -> None:
    *_, asked, _ = ids(manager, here)
    assert manager.edit(here, asked, "three").wait(60)
    assert "two" not in talk(handlers.open(here))
    assert "two" in talk(handlers.open_chosen(event(id=here, message=asked)))
    with pytest.warns(UserWarning, match="Not shown"):
        assert handlers.open_chosen(event(id=here, message="nonsense")).conversation_id == here
