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
from ui import panel
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
    assert here not in shelf.archive("", event(id=here, archived=True))
    assert manager.store.conversations() == []
    assert here in shelf.archive("", event(id=here, archived=False))


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


def test_conversations_are_found_by_their_tags_and_notes(
    shelf: Shelf, manager: DialogueManager, here: str
) -> None:
    shelf.tag("", event(id=here, tags="summer"))
    shelf.note("", event(id=here, note=" Ask about the\nhotel 酒店 "))
    assert manager.store.conversation(here).notes == "Ask about the\nhotel 酒店"
    assert find(shelf, "summer").startswith("1 found")
    assert find(shelf, "hotel 店").endswith("Ask about the hotel 酒店")
    assert find(shelf, "red").startswith("2 found"), "its title says it too, but its messages are there"
    shelf.note("", event(id=here, note=" "))
    assert find(shelf, "hotel").startswith("Nothing found")


def test_the_list_is_shown_a_part_at_a_time(
    shelf: Shelf, manager: DialogueManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel, "PAGE", 2)
    ids = [manager.create(f"talk {number}").id for number in range(5)]
    for each in ids[:3]:
        shelf.tag("", event(id=each, tags="sea"))
    shelf.pin("", event(id=ids[0], pinned=True))
    shelf.archive("", event(id=ids[1], archived=True))

    def listed(count: int, tag: str | None = None, archived: bool = False) -> tuple[list[str | None], bool]:
        html = shelf.choose(ids[4], event(count=count, tag=tag, archived=archived))
        found = [row.get("data-title") for row in Reader(html).all("li") if "data-id" in row]
        return found, "show-more" in html

    assert listed(2) == (["talk 0", "talk 4"], True)
    assert listed(-1) == listed(2)
    assert listed(3) == (["talk 0", "talk 4", "talk 3"], True)
    assert listed(4) == (["talk 0", "talk 4", "talk 3", "talk 2"], False)
    assert listed(2, "sea") == (["talk 0", "talk 2"], False)
    assert listed(2, archived=True) == (["talk 1"], False)
    assert listed(2, "mountains") == ([], False)
    assert 'data-title="talk 3"' in shelf.shown(ids[3], panel.Choice(count=1))
    assert 'data-open=""' in shelf.shown("gone")


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
