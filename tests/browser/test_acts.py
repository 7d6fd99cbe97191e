"""Editing, trying again, going on, switching and forking on the page."""

from __future__ import annotations

from collections.abc import Callable

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


def act(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def editor(tab: Visit) -> Locator:
    return tab.page.get_by_role("textbox", name="Your message")


def test_a_message_is_edited_with_the_keyboard_and_its_versions_are_switched(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager, picture: Callable[..., bytes]
) -> None:
    gate.open()
    tab = visit(url)
    tab.attach(picture("red"), "red.png")
    tab.say("one")
    tab.say("two")
    edit = act(tab.messages.first, "Edit this message")
    edit.focus()
    tab.page.keyboard.press("Enter")
    expect(editor(tab)).to_be_focused()
    expect(editor(tab)).to_have_value("one")
    tab.page.keyboard.press("Escape")
    expect(edit).to_be_focused()
    tab.page.keyboard.press("Enter")
    editor(tab).fill("*other*")
    tab.page.keyboard.press("Enter")
    expect(tab.replies).to_have_text(["You showed #1 (32 × 32). You said: other"])
    expect(editor(tab)).to_have_count(0)
    expect(tab.messages.locator(".said")).to_have_text(["*other*"])
    expect(tab.pictures).to_have_count(1)

    expect(tab.messages.first.locator(".versions")).to_have_text("2 / 2")
    act(tab.messages.first, "Earlier version").click()
    expect(tab.messages.locator(".said")).to_have_text(["one", "two"])
    expect(act(tab.messages.first, "Earlier version")).to_be_disabled()
    tab.reload()
    expect(tab.messages.first.locator(".versions")).to_have_text("1 / 2")

    act(tab.replies.first, "Continue from here in a new conversation").click()
    expect(tab.conversations).to_have_count(2)
    expect(tab.messages.locator(".said")).to_have_text(["one"])
    forked = tab.page.url
    assert tab.say("three") == "You said: three"
    tab.page.go_back()
    expect(tab.messages.locator(".said")).to_have_text(["one", "two"])
    assert tab.page.url != forked


def test_a_stopped_reply_is_gone_on_with_and_made_again(visit: OpenPage, url: str, gate: Gate) -> None:
    tab = visit(url, viewport=PHONE, is_mobile=True, has_touch=True)
    tab.send("one two three")
    gate.let(3)
    expect(tab.replies).to_have_text("You said: one")
    # What would cross the reply cannot be pressed while it is being written.
    expect(act(tab.messages.first, "Edit this message")).to_have_count(0)
    tab.stop()
    gate.let(1_000)
    tab.page.get_by_role("button", name="Continue", exact=True).click()
    said = tab.replies.locator(".prose").first
    expect(said).to_have_text("You said: one two three")
    expect(tab.replies.locator(".versions")).to_have_text("2 / 2")
    act(tab.replies, "Have this reply made again").tap()
    expect(tab.send_button).to_be_visible()
    expect(said).to_have_text("You said: one two three")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_what_is_refused_stays_in_the_form(visit: OpenPage, url: str, gate: Gate) -> None:
    gate.open()
    tab = visit(url)
    tab.say("one")
    tab.messages.first.hover()
    act(tab.messages.first, "Edit this message").click()
    editor(tab).fill("x" * 200_000)
    tab.page.get_by_role("button", name="Send", exact=True).click()
    expect(tab.refusal).to_contain_text("Not edited")
    expect(editor(tab)).to_have_value("x" * 200_000)
    tab.page.get_by_role("button", name="Cancel").click()
    expect(tab.messages.locator(".said")).to_have_text("one")
