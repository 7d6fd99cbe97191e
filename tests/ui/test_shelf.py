"""Finding, ordering and taking in conversations, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gradio import EventData

from chat import DialogueManager
from memory.transfer import Report, export_bundle
from tests.helpers.gate import Gate
from tests.helpers.markup import Reader
from ui.shelf import IMPORT, IMPORTING, MOST_TITLED, Shelf, came_in


@pytest.fixture
def shelf(manager: DialogueManager) -> Shelf:
    return Shelf(manager)


@pytest.fixture
def here(manager: DialogueManager, gate: Gate, picture: Callable[..., bytes]) -> str:
    """A conversation with two turns, of which the second shows a picture; its id."""
    gate.open()
    conversation = manager.create()
    assert manager.send(conversation.id, "Something about what's red").wait(60)
    assert manager.send(conversation.id, "A car", [picture()]).wait(60)
    return conversation.id


def event(**data: object) -> Any:
    """What the page tells of a press."""
    return EventData(None, data)


def find(shelf: Shelf, words: str, *, with_picture: bool = False) -> str:
    return Reader(shelf.find(event(words=words, with_picture=with_picture))).text


def test_renaming(shelf: Shelf, manager: DialogueManager, here: str) -> None:
    html = shelf.rename(here, event(id=here, title="  Another \n name "))
    assert manager.store.conversation(here).title == "Another name"
    assert 'data-title="Another name"' in html


def test_pinning_and_putting_away(shelf: Shelf, manager: DialogueManager, here: str) -> None:
    assert 'class="pinned"' in shelf.pin("", event(id=here, pinned=True))
    assert 'class="pinned"' not in shelf.pin("", event(id=here, pinned=False))
    assert "data-archived" in shelf.archive("", event(id=here, archived=True))
    assert manager.store.conversations() == []
    assert "data-archived" not in shelf.archive("", event(id=here, archived=False))


def test_tags_are_replaced_and_cleared(shelf: Shelf, manager: DialogueManager, here: str) -> None:
    shelf.tag("", event(id=here, tags="Holiday, red  cars,,"))
    assert manager.store.conversation(here).tags == ("holiday", "red cars")
    shelf.tag("", event(id=here, tags=" "))
    assert manager.store.conversation(here).tags == ()


def test_what_is_refused_is_told_and_changes_nothing(
    shelf: Shelf, manager: DialogueManager, here: str
) -> None:
    before = shelf.shown(here)
    with pytest.warns(UserWarning, match=r"<b>Not tagged\.</b> A tag has 1 to 64 characters"):
        assert shelf.tag(here, event(id=here, tags="x" * 65)) == before
    with pytest.warns(UserWarning, match=r"<b>Not pinned\.</b> There is no conversation"):
        assert shelf.pin(here, event(id="gone", pinned=True)) == before


def test_words_are_found_and_those_with_pictures_alone_if_asked(shelf: Shelf, here: str) -> None:
    assert find(shelf, "red").startswith("2 found")
    assert find(shelf, "red", with_picture=True).startswith("Nothing found")
    assert find(shelf, "car", with_picture=True).startswith("2 found")


@pytest.mark.parametrize("words", ["what's", '"', "a* OR NEAR(", "<b>&</b>", "🙂", "日本", "'; --", "%_"])
def test_any_text_can_be_searched_for(shelf: Shelf, here: str, words: str) -> None:
    assert find(shelf, words).startswith("2 found" if words == "what's" else "Nothing found")


def test_an_empty_search_shows_the_list(shelf: Shelf, here: str) -> None:
    assert find(shelf, " ") == ""


def test_conversations_are_found_by_their_titles_also_when_put_away(
    shelf: Shelf, manager: DialogueManager, here: str
) -> None:
    manager.store.rename_conversation(here, "Holiday in Rome")
    manager.store.organise_conversation(here, archived=True)
    assert find(shelf, "rome HOLIDAY").startswith("1 foundHoliday in Rome")
    for _ in range(MOST_TITLED):
        manager.create("Rome")
    assert find(shelf, "rome").startswith(f"{MOST_TITLED} found")


def test_a_bundle_comes_in_and_its_upload_goes(
    shelf: Shelf, manager: DialogueManager, here: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upload = tmp_path / "talks.zip"
    export_bundle(manager.store, upload)
    manager.delete(here)
    (busy, _), (button, side) = shelf.take_in(str(upload), "")
    assert (busy["label"], button["label"]) == (IMPORTING, IMPORT)
    assert here in side
    assert "talks.zip" in capsys.readouterr().out
    assert len(manager.store.history(here)) == 4
    assert not upload.exists()


def test_what_cannot_come_in_is_told_by_its_name(
    shelf: Shelf, manager: DialogueManager, tmp_path: Path
) -> None:
    upload = tmp_path / "talks.zip"
    upload.write_text("no conversations")
    with pytest.warns(UserWarning, match=r"<b>Not imported\.</b>") as told:
        *_, (button, _) = shelf.take_in(str(upload), "")
    assert "talks.zip" in str(told[0].message)
    assert str(tmp_path) not in str(told[0].message)
    assert button["interactive"]
    assert manager.store.conversations() == []
    assert not upload.exists()


def test_an_import_is_told_in_words() -> None:
    assert came_in(Report()) == "Conversations: none. Messages: 0. Pictures: 0."
    report = Report(new=["1", "2"], unchanged=["3"], messages=8, pictures=1, notes=["left out: 2 files"])
    words = "Conversations: 2 new, 1 there already. Messages: 8. Pictures: 1. Left out: 2 files."
    assert came_in(report) == words
