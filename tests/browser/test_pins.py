"""Pinning pictures on the page, with the mouse and with the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Locator, TimeoutError, expect

from chat import DialogueManager
from tests.browser.conftest import OpenPage
from tests.helpers.gate import Gate
from tests.helpers.visit import Visit

pytestmark = [
    pytest.mark.browser,
    # The framework's own use of its libraries, in the server's thread.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def pin_button(tab: Visit, number: int) -> Locator:
    """The button that would pin a picture that is not pinned."""
    return tab.page.get_by_role("button", name=re.compile(f"^Pin picture #{number}:"))


def unpin_button(tab: Visit, number: int) -> Locator:
    """The button that would let a pinned picture go."""
    return tab.page.get_by_role("button", name=f"Unpin picture #{number}", exact=True)


def press(button: Locator, successor: Locator) -> None:
    """By keyboard, until the button has become the other one: the log may just be drawing it anew, and what
    is pressed then is lost."""
    for _ in range(5):
        with suppress(TimeoutError):  # it has become the other one after all
            button.press("Enter", timeout=5000)
        try:
            expect(successor).to_be_visible(timeout=5000)
        except AssertionError:
            continue
        return
    expect(successor).to_be_visible()


def test_a_picture_is_pinned_with_mouse_and_keyboard_and_still_is_after_a_reload(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager, picture: Callable[..., bytes]
) -> None:
    gate.open()
    tab = visit(url)
    for colour in ("red", "green"):
        tab.attach(picture(colour), f"{colour}.png")
        tab.say(colour)
    [talk] = manager.store.conversations()
    first, second = [image.sha256 for message in manager.store.messages(talk.id) for image in message.images]
    pin = pin_button(tab, 2)
    expect(pin).to_have_css("opacity", "0")
    tab.pictures.nth(1).hover()
    expect(pin).not_to_have_css("opacity", "0")
    pin.click()
    unpin = unpin_button(tab, 2)
    expect(unpin).to_have_css("opacity", "1")
    assert manager.pins(talk.id) == {second}

    press(pin_button(tab, 1), unpin_button(tab, 1))
    assert manager.pins(talk.id) == {first, second}
    press(unpin_button(tab, 1), pin_button(tab, 1))
    assert manager.pins(talk.id) == {second}

    tab.reload()
    expect(unpin).to_be_visible()
    # Without a pointer on it.
    expect(unpin).to_have_css("opacity", "1")
    expect(tab.pictures.locator("figcaption")).to_have_text(["#1 red.png", "#2 green.png"])


def test_a_picture_can_be_pinned_while_a_reply_is_being_written(
    visit: OpenPage, url: str, gate: Gate, picture: Callable[..., bytes]
) -> None:
    tab = visit(url)
    tab.attach(picture("red"))
    tab.send("one two three")
    gate.let(3)
    expect(tab.replies).to_contain_text("You showed")
    pin_button(tab, 1).click()
    unpin = unpin_button(tab, 1)
    expect(unpin).to_be_visible()
    gate.open()
    expect(tab.replies).to_contain_text("one two three")
    expect(tab.send_button).to_be_visible()
    expect(unpin).to_be_visible()
