"""A long list, notes, copies and what a reply was told, on the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from chat import DialogueManager
from chat.engines import EchoEngine, Limits
from memory import Store
from tests.browser.conftest import OpenPage
from tests.helpers.gate import Gate
from tests.helpers.served import served
from tests.helpers.visit import Visit
from ui.panel import PAGE

pytestmark = [
    pytest.mark.browser,
    # The framework's own use of its libraries, in the server's thread.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture
def told_url(visits: list[Visit]) -> Iterator[str]:
    """The page of a model that is told what is remembered: that "I am <Tom>", and "Be brief"."""
    with Store.open(":memory:") as store:
        store.facts.add("I am <Tom>")
        store.facts.add("Be brief")
        manager = DialogueManager(store, EchoEngine(limits=Limits(8192, 16, follows_instructions=True)))
        with served(manager) as url:
            yield url
            for made in visits:
                made.close()
        manager.close()


def test_a_long_list_is_shown_a_part_at_a_time_and_tags_choose_from_all_of_it(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager
) -> None:
    gate.open()
    ids = [manager.create(f"talk {number}").id for number in range(PAGE + 5)]
    manager.store.organise_conversation(ids[0], tags=["old"])
    manager.store.organise_conversation(ids[1], tags=["old"], archived=True)
    tab = visit(url)
    expect(tab.conversations).to_have_count(PAGE)
    expect(tab.row("talk 0")).to_have_count(0)
    more = tab.page.get_by_role("button", name="Show more")
    more.focus()
    tab.page.keyboard.press("Enter")
    expect(tab.conversations).to_have_count(PAGE + 4)
    expect(more).to_have_count(0)
    expect(tab.row("talk 4").get_by_role("link")).to_be_focused()

    # What draws the panel anew leaves what was chosen.
    tab.row("talk 0").get_by_role("link").click()
    expect(tab.row("talk 0")).to_have_attribute("aria-current", "page")
    expect(tab.conversations).to_have_count(PAGE + 4)

    old = tab.page.get_by_role("button", name="old", exact=True)
    old.press("Enter")
    expect(tab.conversations).to_have_count(1)
    expect(old).to_have_attribute("aria-pressed", "true")
    expect(old).to_be_focused()
    tab.page.get_by_role("button", name="Archived").click()
    expect(tab.row("talk 1")).to_be_visible()
    expect(tab.conversations).to_have_count(1)
    tab.unfold("talk 1", "Unarchive")
    expect(tab.row("talk 0")).to_be_visible()
    expect(tab.conversations).to_have_count(2)
    # The last one with the tag: what nothing has any more cannot stay chosen.
    for title in ("talk 0", "talk 1"):
        tab.unfold(title, "Tags")
        tab.page.get_by_role("textbox", name="Tags").fill("")
        tab.page.keyboard.press("Enter")
    expect(tab.conversations).to_have_count(PAGE)


def test_a_note_is_written_read_found_and_taken_back(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager
) -> None:
    talk = manager.create("kept").id
    tab = visit(url)
    tab.unfold("kept", "Note")
    note = tab.page.get_by_role("textbox", name="Note")
    expect(note).to_be_focused()
    note.fill("a <b>draft</b>")
    note.press("Enter")
    tab.page.keyboard.type("of 红色 ${1 + 1}")
    tab.page.get_by_role("button", name="Save").click()
    expect(tab.row("kept").get_by_role("img", name="Has a note")).to_be_visible()
    assert manager.store.conversation(talk).notes == "a <b>draft</b>\nof 红色 ${1 + 1}"

    search = tab.page.get_by_role("searchbox", name="Search all conversations")
    search.fill("draft 色")
    found = tab.page.get_by_role("region", name="Found")
    expect(found).to_contain_text("1 found")
    expect(found.locator("mark")).to_have_text(["draft", "色"])
    search.fill("")
    expect(found).to_have_count(0)
    # The line below the search goes with its focus, and the list moves up under the pointer.
    tab.box.focus()

    tab.unfold("kept", "Note")
    expect(note).to_have_value("a <b>draft</b>\nof 红色 ${1 + 1}")
    note.fill("not kept")
    tab.page.keyboard.press("Escape")
    expect(note).to_have_count(0)
    tab.unfold("kept", "Note")
    note.fill("")
    tab.page.get_by_role("button", name="Save").click()
    expect(tab.page.get_by_role("img", name="Has a note")).to_have_count(0)
    assert manager.store.conversation(talk).notes == ""


def test_messages_are_copied_with_the_keyboard(visit: OpenPage, url: str, gate: Gate) -> None:
    gate.open()
    tab = visit(url, permissions=["clipboard-read", "clipboard-write"])
    tab.say("one  *two*\n three")
    for place, name, text in (
        (tab.messages.first, "Copy this message", "one  *two*\n three"),
        (tab.replies.first, "Copy this reply", "You said: one two"),
    ):
        copy = place.get_by_role("button", name=name, exact=True)
        copy.focus()
        tab.page.keyboard.press("Enter")
        expect(place.get_by_role("button", name="Copied")).to_be_focused()
        expect(tab.page.locator(".heard[role=status]")).to_have_text("Copied")
        assert tab.page.evaluate("navigator.clipboard.readText()").startswith(text)
        tab.page.keyboard.press("Tab")
        expect(copy).to_be_visible()


def test_messages_are_copied_where_the_browser_gives_the_page_no_clipboard(
    visit: OpenPage, url: str, gate: Gate
) -> None:
    gate.open()
    tab = visit(url, permissions=["clipboard-read"])
    tab.say("one")
    tab.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not here')); }"
    )
    copy = tab.messages.first.get_by_role("button", name="Copy this message", exact=True)
    copy.press("Enter")
    expect(tab.messages.first.get_by_role("button", name="Copied")).to_be_focused()
    assert tab.page.evaluate("navigator.clipboard.readText()") == "one"


def test_what_a_reply_was_told_unfolds_under_it(visit: OpenPage, told_url: str) -> None:
    tab = visit(told_url)
    tab.say("hello")
    told = tab.replies.locator("details")
    summary = told.locator("summary")
    expect(summary).to_have_text("Remembered: I am <Tom>; Be brief")
    expect(told.get_by_role("listitem")).to_have_count(0)
    summary.focus()
    tab.page.keyboard.press("Enter")
    expect(told.get_by_role("listitem")).to_have_text(["I am <Tom>", "Be brief"])
