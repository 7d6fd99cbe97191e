"""Finding, ordering, saving and taking in conversations on the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from chat import DialogueManager
from tests.browser.conftest import OpenPage
from tests.helpers.gate import Gate
from tests.helpers.visit import Visit

pytestmark = [
    pytest.mark.browser,
    # The framework's own use of its libraries, in the server's thread.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

PHONE = ViewportSize(width=390, height=844)


def talk(manager: DialogueManager, *texts: str, images: tuple[bytes, ...] = ()) -> str:
    """A conversation in which these messages were answered, all with the same pictures; its id."""
    conversation = manager.create()
    for text in texts:
        assert manager.send(conversation.id, text, images).wait(60)
    return conversation.id


def found(tab: Visit) -> Locator:
    return tab.page.get_by_role("region", name="Found")


def test_what_was_said_is_found_and_opened_at_its_message(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager, picture: Callable[..., bytes]
) -> None:
    gate.open()
    long = talk(manager, "what's hidden here", *(f"talk number {number}\n" * 8 for number in range(4)))
    talk(manager, "a red car", images=(picture(),))
    tab = visit(url)
    search = tab.page.get_by_role("searchbox", name="Search all conversations")
    search.fill("what's \"hid")
    expect(found(tab)).to_contain_text("2 found")
    expect(found(tab).locator("mark").first).to_have_text("what's")
    expect(tab.row("a red car")).to_be_hidden()
    found(tab).get_by_role("link").filter(has_not_text="You said").click()
    expect(tab.page).to_have_url(f"{url}/?c={long}")
    expect(tab.messages.first).to_be_in_viewport()
    expect(tab.messages.last).not_to_be_in_viewport()

    search.fill("red")
    expect(found(tab).get_by_role("listitem")).to_have_count(2)
    tab.page.get_by_role("checkbox", name="With a picture").check()
    expect(found(tab).get_by_role("listitem")).to_have_count(2)
    search.fill("number")
    expect(found(tab)).to_have_text("Nothing found for “number”.")
    search.fill("<b>${1 + 1}</b>")
    expect(found(tab)).to_have_text("Nothing found for “<b>${1 + 1}</b>”.")
    search.press("Escape")
    expect(tab.row("a red car")).to_be_visible()


def test_conversations_are_pinned_tagged_and_put_away(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager
) -> None:
    gate.open()
    for text in ("first", "second", "third"):
        talk(manager, text)
    tab = visit(url, viewport=PHONE, is_mobile=True, has_touch=True)
    tab.page.get_by_role("button", name="Toggle Sidebar").click()
    shown = tab.page.locator("#side li[data-id]:visible .row a")
    tab.unfold("first", "Pin")
    expect(shown).to_have_text(["first", "third", "second"])
    expect(tab.row("first").get_by_role("img", name="Pinned")).to_be_visible()

    tab.unfold("second", "Tags")
    tags = tab.page.get_by_role("textbox", name="Tags")
    expect(tags).to_be_focused()
    tags.fill("Holiday, red cars")
    tags.press("Enter")
    expect(tab.row("second")).to_contain_text("holiday, red cars")
    expect(tab.row("second").get_by_role("button", name="More for second")).to_be_focused()
    holiday = tab.page.get_by_role("button", name="holiday", exact=True)
    holiday.click()
    expect(shown).to_have_text(["second"])
    expect(holiday).to_have_attribute("aria-pressed", "true")
    holiday.click()

    tab.unfold("third", "Archive")
    expect(shown).to_have_text(["first", "second"])
    tab.page.get_by_role("button", name="Archived").click()
    expect(shown).to_have_text(["third"])
    tab.unfold("third", "Unarchive")
    expect(shown).to_have_text(["first", "third", "second"])

    more = tab.row("first").get_by_role("button", name="More for first")
    more.press("Enter")
    expect(tab.page.get_by_role("button", name="Unpin")).to_be_focused()
    tab.page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(tab.page.locator("#side .unfolded")).to_have_count(0)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_conversation_is_saved_and_comes_in_again(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager, tmp_path: Path
) -> None:
    gate.open()
    talk(manager, "kept")
    tab = visit(url)
    for form, ending in {"Web page": ".html", "Markdown": ".zip", "Bundle": ".bundle.zip"}.items():
        with tab.page.expect_download() as download:
            tab.unfold("kept", form)
        assert download.value.suggested_filename == f"kept{ending}"
        download.value.save_as(tmp_path / f"kept{ending}")
    tab.unfold("kept", "Delete")
    tab.page.get_by_role("button", name="Delete", exact=True).click()
    expect(tab.conversations).to_have_count(0)

    bring = tab.page.get_by_role("button", name="Import a file")
    for name, told in {
        "kept.bundle.zip": "Conversations: 1 new. Messages: 2. Pictures: 0.",
        "kept.html": "Not imported",
    }.items():
        with tab.page.expect_file_chooser() as chooser:
            bring.click()
        chooser.value.set_files(tmp_path / name)
        expect(tab.refusal.filter(has_text=told)).to_be_visible()
        expect(bring).to_be_enabled()
    expect(tab.row("kept")).to_be_visible()
