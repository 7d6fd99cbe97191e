"""The page in a real browser, with the echo engine."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from playwright.sync_api import ViewportSize, expect

from chat import DialogueManager
from tests.browser.conftest import OpenPage
from tests.helpers.gate import Gate

pytestmark = [
    pytest.mark.browser,
    # The framework's own use of its libraries, in the server's thread.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

PHONE = ViewportSize(width=390, height=844)


def test_a_reply_is_seen_growing_and_send_turns_into_stop(visit: OpenPage, url: str, gate: Gate) -> None:
    tab = visit(url)
    tab.send("one two three")
    expect(tab.messages).to_have_text("one two three")
    expect(tab.box).to_have_value("")
    expect(tab.stop_button).to_be_visible()
    expect(tab.page.locator("#log .writing")).to_be_visible()
    gate.let(3)
    expect(tab.replies).to_have_text("You said: one")
    gate.let()
    expect(tab.replies).to_have_text("You said: one two")
    gate.open()
    expect(tab.replies).to_have_text("You said: one two three")
    expect(tab.send_button).to_be_visible()
    expect(tab.stop_button).to_be_hidden()


def test_stop_keeps_the_text_so_far_and_the_talk_goes_on(visit: OpenPage, url: str, gate: Gate) -> None:
    tab = visit(url)
    tab.send("one two three")
    gate.let(3)
    expect(tab.replies).to_have_text("You said: one")
    tab.stop()
    gate.open()
    expect(tab.page.locator("#log .note")).to_have_text("Stopped.")
    expect(tab.replies).to_contain_text("You said: one")
    expect(tab.replies).not_to_contain_text("two")
    assert tab.say("go on") == "You said: go on"


def test_a_reload_in_the_middle_of_a_reply_shows_all_of_it(visit: OpenPage, url: str, gate: Gate) -> None:
    tab = visit(url)
    tab.send("one two three")
    gate.let(3)
    expect(tab.replies).to_have_text("You said: one")
    tab.reload()
    expect(tab.messages).to_have_text("one two three")
    expect(tab.replies).to_have_text("You said: one")
    expect(tab.stop_button).to_be_visible()
    gate.open()
    expect(tab.replies).to_have_text("You said: one two three")
    expect(tab.send_button).to_be_visible()


def test_another_conversation_can_be_visited_while_a_reply_grows(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager
) -> None:
    other = manager.create("Quiet")
    tab = visit(url)
    tab.send("one two three")
    gate.let(3)
    expect(tab.replies).to_have_text("You said: one")
    tab.row("Quiet").get_by_role("link").click()
    expect(tab.page).to_have_url(f"{url}/?c={other.id}")
    expect(tab.replies).to_have_count(0)
    expect(tab.send_button).to_be_visible()
    gate.let()
    tab.page.go_back()
    expect(tab.replies).to_have_text("You said: one two")
    gate.open()
    expect(tab.replies).to_have_text("You said: one two three")


def test_pictures_in_the_middle_of_the_talk(
    visit: OpenPage, url: str, gate: Gate, picture: Callable[..., bytes]
) -> None:
    gate.open()
    tab = visit(url)
    assert tab.say("hello") == "You said: hello"
    tab.attach(picture("red", (64, 48)), "first.png")
    assert tab.say("what is it?") == "You showed #1 (64 × 48). You said: what is it?"
    tab.hand_over("paste", picture("green", (50, 50)), "second.png")
    tab.hand_over("drop", picture("blue", (20, 30)), "third.png")
    assert tab.say("and these?") == "You showed #2 (50 × 50) and #3 (20 × 30). You said: and these?"
    expect(tab.attached).to_have_count(0)
    captions = ["#1 first.png", "#2 second.png", "#3 third.png"]
    expect(tab.pictures.locator("figcaption")).to_have_text(captions)
    for number, image in enumerate(tab.pictures.locator("img").all(), 1):
        assert (image.get_attribute("alt") or "").startswith(f"Picture #{number}")
        assert image.evaluate("(image) => image.complete && image.naturalWidth > 0"), "it is really shown"


def test_what_is_refused_stays_in_the_box(
    visit: OpenPage, url: str, manager: DialogueManager, picture: Callable[..., bytes]
) -> None:
    tab = visit(url)
    tab.send("")
    expect(tab.refusal).to_contain_text("The message is empty")
    tab.attach(picture()[:60], "cut.png")
    tab.send("Look at this")
    expect(tab.refusal).to_contain_text("cut.png")
    expect(tab.box).to_have_value("Look at this")
    expect(tab.attached).to_have_count(1)
    expect(tab.conversations).to_have_count(0)
    assert manager.store.conversations() == []


def test_a_message_sent_too_early_stays_in_the_box(visit: OpenPage, url: str, gate: Gate) -> None:
    tab = visit(url)
    tab.send("one")
    gate.wait_for(1)
    tab.send("two")
    expect(tab.refusal).to_contain_text("still being written")
    gate.open()
    expect(tab.replies).to_have_text("You said: one")
    expect(tab.send_button).to_be_visible()
    expect(tab.box).to_have_value("two")
    assert tab.say("two") == "You said: two"
    expect(tab.box).to_have_value("")


def test_a_failed_reply_says_so_and_can_be_tried_again(visit: OpenPage, url: str, gate: Gate) -> None:
    tab = visit(url)
    tab.send("hello")
    gate.wait_for(1)
    gate.fail(RuntimeError("out of order"))
    expect(tab.page.locator("#log .note")).to_contain_text("out of order")
    gate.failure = None
    tab.page.get_by_role("button", name="Try again").click()
    expect(tab.replies).to_have_text("You said: hello")
    expect(tab.page.locator("#log .note")).to_have_count(0)


def test_conversations_are_listed_renamed_and_deleted(visit: OpenPage, url: str, gate: Gate) -> None:
    gate.open()
    tab = visit(url)
    tab.say("first talk")
    tab.page.get_by_role("link", name="New chat").click()
    expect(tab.replies).to_have_count(0)
    expect(tab.page).to_have_url(f"{url}/")
    tab.say("second talk")
    expect(tab.conversations.get_by_role("link")).to_have_text(["second talk", "first talk"])

    tab.unfold("first talk", "Rename")
    tab.page.get_by_role("textbox", name="New name").fill("Shapes <b>&</b> ${1 + 1}")
    tab.page.keyboard.press("Enter")
    renamed = tab.row("Shapes <b>&</b> ${1 + 1}")
    expect(renamed).to_be_visible()

    renamed.get_by_role("link").click()
    expect(tab.replies).to_have_text("You said: first talk")
    expect(renamed).to_have_attribute("aria-current", "page")
    expect(tab.page).to_have_title("Shapes <b>&</b> ${1 + 1} · Vis-à-Vis")

    tab.unfold("Shapes <b>&</b> ${1 + 1}", "Delete")
    tab.page.get_by_role("button", name="Keep").click()
    expect(renamed).to_be_visible()
    tab.unfold("Shapes <b>&</b> ${1 + 1}", "Delete")
    tab.page.get_by_role("button", name="Delete", exact=True).click()
    expect(tab.conversations.get_by_role("link")).to_have_text(["second talk"])
    expect(tab.replies).to_have_count(0)
    expect(tab.page).to_have_url(f"{url}/")


def test_a_bookmark_opens_its_conversation_and_a_stale_one_says_so(
    visit: OpenPage, url: str, gate: Gate, manager: DialogueManager
) -> None:
    gate.open()
    conversation = manager.create("Kept")
    manager.send(conversation.id, "hello").wait(60)
    tab = visit(url)
    tab.open(f"/?c={conversation.id}")
    expect(tab.replies).to_have_text("You said: hello")
    tab.open("/?c=gone")
    expect(tab.refusal).to_contain_text("gone")
    expect(tab.page).to_have_url(f"{url}/")


def test_an_example_goes_into_the_box(visit: OpenPage, url: str) -> None:
    tab = visit(url)
    tab.page.get_by_text("What is in this picture?").click()
    expect(tab.box).to_have_value("What is in this picture?")


def test_what_a_person_types_is_shown_as_typed(visit: OpenPage, url: str, gate: Gate) -> None:
    gate.open()
    tab = visit(url)
    text = "**a** <b>b</b> $$c$$ `d` ${1 + 1}"
    tab.say(text)
    expect(tab.messages).to_have_text(text)


def test_a_reply_cannot_make_the_browser_ask_elsewhere(visit: OpenPage, url: str, gate: Gate) -> None:
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    gate.open()
    tab = visit(url)
    with HTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        serving = Thread(target=elsewhere.serve_forever)
        serving.start()
        try:
            tab.say(f"![x](http://127.0.0.1:{elsewhere.server_port}/spy.png)")
            expect(tab.replies.locator("img")).to_have_count(1)
            # By the time the browser has noted the refusal in its console, it has decided.
            tab.page.wait_for_function("() => document.querySelector('#log .bot-row img').complete")
        finally:
            elsewhere.shutdown()
            serving.join()
    assert asked == []
    assert any("Content Security Policy" in complaint for complaint in tab.complaints)
    tab.complaints.clear()
    tab.requests.clear()


def test_nothing_on_the_page_names_its_framework(visit: OpenPage, url: str, gate: Gate) -> None:
    gate.open()
    tab = visit(url)
    tab.say("hello")
    assert "gradio" not in tab.page.inner_text("body").lower()
    assert "gradio" not in tab.page.title().lower()
    links = tab.page.evaluate(
        "() => [...document.querySelectorAll('[href], [src]')].map((e) => e.href || e.src)"
    )
    assert [link for link in links if not link.startswith(url)] == []
    expect(tab.page.locator("footer")).to_be_hidden()


def test_on_a_phone_the_panel_is_out_of_the_way(visit: OpenPage, url: str, manager: DialogueManager) -> None:
    manager.create("Kept")
    tab = visit(url, viewport=PHONE, is_mobile=True, has_touch=True)
    expect(tab.page.locator("#side")).not_to_be_in_viewport()
    tab.page.get_by_role("button", name="Toggle Sidebar").click()
    tab.row("Kept").get_by_role("link").click()
    expect(tab.page.locator("#side")).not_to_be_in_viewport()
    expect(tab.page.locator("#box")).to_be_in_viewport(ratio=1)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
