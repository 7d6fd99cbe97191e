"""What happens when a person does something, without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gradio import EventData

from chat import DialogueManager
from tests.helpers.documents import pdf
from tests.helpers.gate import Gate
from ui import view
from ui.handlers import NEW, NOTHING_ACCEPTED, UNCHANGED, Handlers, Typed, take_addresses

REFUSED = UNCHANGED._replace(receipt=NOTHING_ACCEPTED)


@pytest.fixture
def handlers(manager: DialogueManager) -> Handlers:
    return Handlers(manager)


def typed(text: str = "", *files: Path) -> Typed:
    return {"text": text, "files": [str(file) for file in files]}


def event(**data: str) -> Any:
    """What the page tells of a press."""
    return EventData(None, data)


def talk(manager: DialogueManager, gate: Gate, text: str = "Hello") -> str:
    """A conversation with one finished turn; its id."""
    gate.open()
    conversation = manager.create()
    assert manager.send(conversation.id, text).wait(60)
    return conversation.id


def words(log: list[dict[str, Any]]) -> list[str]:
    """What is said and noted in the log, without the rows of what can be done with it."""
    blocks = [block for bubble in log for block in bubble["content"]]
    return [block for block in blocks if not block.startswith('<div class="acts"')]


def test_a_first_message_makes_a_conversation_and_is_acknowledged(
    handlers: Handlers, manager: DialogueManager
) -> None:
    screen = handlers.send(typed("Hello there"), NEW)
    [conversation] = manager.store.conversations()
    assert screen.conversation_id == conversation.id
    assert conversation.title == "Hello there"
    assert 'data-title="Hello there"' in screen.side
    assert json.loads(screen.receipt) == {"text": "Hello there", "files": 0}
    assert "value" not in screen.box, "the person may have typed on"
    assert (screen.box["submit_btn"], screen.box["stop_btn"]) == (False, True)


def test_pictures_are_stored_and_their_uploads_removed(
    handlers: Handlers, manager: DialogueManager, tmp_path: Path, picture: Callable[..., bytes]
) -> None:
    upload = tmp_path / "scene.png"
    upload.write_bytes(picture("red"))
    screen = handlers.send(typed("What is it?", upload), NEW)
    [message] = manager.store.messages(screen.conversation_id)
    assert manager.store.images.read(message.images[0].sha256) == picture("red")
    assert json.loads(screen.receipt)["files"] == 1
    assert not upload.exists()
    assert "Picture #1: scene.png" in words(screen.log)[0]


@pytest.mark.parametrize("text", ["", "  \n", "x" * 200_000])
def test_a_refused_message_changes_nothing_and_says_why(
    handlers: Handlers, manager: DialogueManager, text: str
) -> None:
    with pytest.warns(UserWarning, match="<b>Not sent.</b> The message"):
        assert handlers.send(typed(text), NEW) == REFUSED
    assert manager.store.conversations() == []


def test_a_file_that_is_no_picture_is_refused_and_stays_attached(
    handlers: Handlers, manager: DialogueManager, tmp_path: Path
) -> None:
    upload = tmp_path / "scene.png"
    upload.write_text("no picture")
    with pytest.warns(UserWarning, match=r"scene\.png"):
        assert handlers.send(typed("Look", upload), NEW) == REFUSED
    assert upload.exists()
    assert manager.store.conversations() == []


def test_a_message_that_comes_too_early_is_refused(handlers: Handlers, gate: Gate) -> None:
    here = handlers.send(typed("one"), NEW).conversation_id
    gate.wait_for(1)
    with pytest.warns(UserWarning, match="still being written"):
        assert handlers.send(typed("two"), here) == REFUSED


def test_a_message_to_a_deleted_conversation_is_refused(
    handlers: Handlers, manager: DialogueManager, gate: Gate
) -> None:
    here = talk(manager, gate)
    manager.delete(here)
    with pytest.warns(UserWarning, match="Not sent"):
        assert handlers.send(typed("two"), here) == REFUSED


def test_whoever_comes_in_the_middle_sees_the_reply_from_its_first_word(
    handlers: Handlers, gate: Gate
) -> None:
    here = handlers.send(typed("one two three"), NEW).conversation_id
    gate.let(2)
    gate.wait_for(3)
    assert words(handlers.open(here).log)[-1] == "You said:"
    follower = handlers.follow(here)
    assert words(next(follower).log)[-1] == "You said:"
    gate.let()
    assert words(next(follower).log)[-1] == "You said: one"
    gate.open()
    *_, last = follower
    assert words(last.log)[-1] == "You said: one two three"
    assert (last.box["submit_btn"], last.box["stop_btn"]) == (True, False)
    assert "value" not in last.box, "what was typed meanwhile stays"


def test_leaving_does_not_stop_the_reply(handlers: Handlers, manager: DialogueManager, gate: Gate) -> None:
    here = handlers.send(typed("one two three"), NEW).conversation_id
    reply = manager.reply(here)
    assert reply is not None
    follower = handlers.follow(here)
    next(follower)
    follower.close()
    gate.open()
    assert reply.text == "You said: one two three"


def test_stop_keeps_what_was_said(handlers: Handlers, gate: Gate) -> None:
    here = handlers.send(typed("one two three"), NEW).conversation_id
    gate.let(2)
    gate.wait_for(3)
    handlers.stop(here)
    gate.open()
    *_, last = handlers.follow(here)
    assert words(last.log)[-2:] == ["You said:", '<div class="note">Stopped.</div>']


def test_a_failed_turn_says_so_and_is_answered_when_tried_again(handlers: Handlers, gate: Gate) -> None:
    here = handlers.send(typed("Hello"), NEW).conversation_id
    gate.wait_for(1)
    gate.fail(RuntimeError("out of order"))
    *_, last = handlers.follow(here)
    assert "out of order" in words(last.log)[-1]
    assert last.log[-1]["options"]
    gate.failure = None
    assert handlers.take_up(here, event(value=view.ANSWER)).conversation_id == here
    *_, last = handlers.follow(here)
    assert words(last.log)[-1] == "You said: Hello"


def test_there_is_nothing_to_try_again_after_a_reply(
    handlers: Handlers, manager: DialogueManager, gate: Gate
) -> None:
    with pytest.warns(UserWarning, match="Cannot try again"):
        assert handlers.take_up(talk(manager, gate), event(value=view.ANSWER)) is UNCHANGED


def test_a_picture_is_pinned_and_let_go(
    handlers: Handlers, manager: DialogueManager, gate: Gate, tmp_path: Path, picture: Callable[..., bytes]
) -> None:
    gate.open()
    upload = tmp_path / "scene.png"
    upload.write_bytes(picture("red"))
    here = handlers.send(typed("Look", upload), NEW).conversation_id
    [sha256] = [image.sha256 for image in manager.store.messages(here)[0].images]
    screen = handlers.pin(here, EventData(None, {"sha256": sha256, "pinned": True}))
    assert manager.pins(here) == {sha256}
    assert "Unpin picture #1" in words(screen.log)[0]
    assert "Unpin picture #1" in words(list(handlers.follow(here))[-1].log)[0]
    screen = handlers.pin(here, EventData(None, {"sha256": sha256, "pinned": False}))
    assert manager.pins(here) == frozenset()
    assert '"Pin picture #1' in words(screen.log)[0]


def test_what_cannot_be_pinned_is_told(handlers: Handlers, manager: DialogueManager, gate: Gate) -> None:
    here = talk(manager, gate)
    with pytest.warns(UserWarning, match=r"<b>Not pinned\.</b> Only a picture"):
        assert handlers.pin(here, EventData(None, {"sha256": "0" * 64, "pinned": True})) == UNCHANGED


def test_a_new_chat_is_empty(handlers: Handlers) -> None:
    screen = handlers.open(NEW)
    assert (screen.conversation_id, screen.log) == (NEW, [])
    assert list(handlers.follow(NEW)) == [UNCHANGED]


def test_an_unknown_conversation_is_told_and_a_new_chat_opened(handlers: Handlers) -> None:
    with pytest.warns(UserWarning, match="Not opened"):
        assert handlers.open_chosen(event(id="nonsense", message="")).conversation_id == NEW


def test_deleting_the_open_conversation_leaves_a_new_chat(
    handlers: Handlers, manager: DialogueManager, gate: Gate
) -> None:
    here = talk(manager, gate)
    assert handlers.delete(here, event(id=here)).conversation_id == NEW
    assert manager.store.conversations() == []


def test_deleting_another_conversation_leaves_this_one_open(
    handlers: Handlers, manager: DialogueManager, gate: Gate
) -> None:
    here, other = talk(manager, gate), talk(manager, gate)
    assert handlers.delete(here, event(id=other)).conversation_id == here


def test_a_conversation_deleted_while_it_is_followed_gives_way_to_a_new_chat(
    handlers: Handlers, manager: DialogueManager, gate: Gate
) -> None:
    here = handlers.send(typed("one two three"), NEW).conversation_id
    gate.let()
    gate.wait_for(2)
    follower = handlers.follow(here)
    next(follower)
    manager.stop(here)
    gate.open()
    manager.delete(here)
    *_, last = follower
    assert (last.conversation_id, last.log) == (NEW, [])


def test_it_says_how_many_pages_of_a_pdf_were_taken(
    handlers: Handlers, manager: DialogueManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upload = tmp_path / "report.pdf"
    upload.write_bytes(pdf(2))
    screen = handlers.send(typed("What does it say?", upload), NEW)
    [message] = manager.store.messages(screen.conversation_id)
    assert [image.name for image in message.images] == ["report.pdf, page 1", "report.pdf, page 2"]
    assert "report.pdf: 2 pictures were taken." in capsys.readouterr().out
    assert "Picture #2: report.pdf, page 2" in words(screen.log)[0]
    assert not upload.exists()


@pytest.mark.parametrize(
    ("text", "rest", "addresses"),
    [
        ("What is it?\nhttps://a.example/cat.png", "What is it?", ["https://a.example/cat.png"]),
        (
            "http://a.example/1\n  http://a.example/2 \n\nCompare",
            "Compare",
            ["http://a.example/1", "http://a.example/2"],
        ),
        ("See https://a.example/cat.png there", "See https://a.example/cat.png there", []),
        ("https://a.example/cat.png is it", "https://a.example/cat.png is it", []),
        ("\nTwo\n\nlines\n", "\nTwo\n\nlines\n", []),
    ],
)
def test_lines_that_are_addresses_are_taken_as_pictures(text: str, rest: str, addresses: list[str]) -> None:
    assert take_addresses(text) == (rest, addresses)


def test_an_address_is_only_words_unless_fetching_is_allowed(
    handlers: Handlers, manager: DialogueManager
) -> None:
    here = handlers.send(typed("http://127.0.0.1/cat.png"), NEW).conversation_id
    assert manager.store.messages(here)[0].text == "http://127.0.0.1/cat.png"
    manager.allow_urls = True
    with pytest.warns(UserWarning, match=r"127\.0\.0\.1, which is not on the public internet"):
        assert handlers.send(typed("http://127.0.0.1/cat.png"), NEW) == REFUSED
