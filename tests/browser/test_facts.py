"""What is remembered, in a browser: asked for in a message, undone, written down, changed and forgotten."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from chat import DialogueManager
from tests.browser.conftest import OpenPage
from tests.helpers.gate import Gate
from tests.helpers.visit import Visit

pytestmark = [
    pytest.mark.browser,
    # The framework's own use of its libraries, in the server's thread.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def remembered(tab: Visit) -> Locator:
    """The facts in the list."""
    return tab.page.get_by_role("list", name="Remembered facts").get_by_role("listitem")


def texts(manager: DialogueManager) -> list[tuple[str, str]]:
    return [(fact.text, fact.persona) for fact in manager.store.facts.list()]


def test_a_message_is_remembered_and_that_is_undone(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager
) -> None:
    gate.open()
    tab = visit(url)
    assert tab.say("Remember that I am Tom.") == "You said: Remember that I am Tom."
    expect(tab.page.locator("#facts .news")).to_contain_text("Remembered: I am Tom")
    expect(tab.page.locator("#facts .count")).to_have_text("1")
    tab.page.get_by_role("button", name="Undo: I am Tom").click()
    expect(tab.page.locator("#facts .count")).to_have_text("0")
    expect(tab.page.locator("#facts .news")).to_have_count(0)
    assert texts(manager) == []


def test_facts_are_written_down_changed_and_forgotten(
    visit: OpenPage, url: str, manager: DialogueManager
) -> None:
    tab = visit(url)
    summary = tab.page.locator("#facts summary")
    summary.click()
    writing = tab.page.get_by_label("Something to remember")
    writing.fill("I am colour-blind")
    tab.page.keyboard.press("Enter")
    expect(remembered(tab)).to_have_count(1)
    expect(writing).to_have_value("")
    expect(writing).to_be_focused()
    expect(remembered(tab)).to_contain_text("I am colour-blind")

    tab.page.get_by_role("button", name="Change: I am colour-blind").click()
    form = remembered(tab).locator("form")
    expect(form.get_by_label("What to remember")).to_be_focused()
    tab.page.keyboard.press("Escape")
    expect(form).to_be_hidden()
    tab.page.keyboard.press("Enter")
    form.get_by_label("What to remember").fill("I am not colour-blind")
    form.get_by_label("Who is told").select_option("Only Picture guide")
    form.get_by_role("button", name="Save").click()
    expect(remembered(tab)).to_contain_text("I am not colour-blind only Picture guide")
    expect(summary).to_be_focused()
    assert texts(manager) == [("I am not colour-blind", "guide")]

    tab.reload()
    expect(tab.page.locator("#facts .count")).to_have_text("1")
    manager.store.facts.add("added elsewhere")
    summary.click()
    expect(remembered(tab)).to_have_count(2)
    tab.page.get_by_role("button", name="Forget: I am not colour-blind").click()
    expect(remembered(tab)).to_have_count(1)
    assert texts(manager) == [("added elsewhere", "")]
