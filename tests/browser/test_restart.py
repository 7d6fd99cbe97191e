"""The program ends and starts again; the conversation goes on."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.helpers.program import ROOT, launched
from tests.helpers.visit import Visit

pytestmark = pytest.mark.browser

WEIGHTS = ROOT / "chat" / "model" / "weights" / "model.safetensors"


def red_circle() -> bytes:
    """A large red circle at the top left of a light background, as a PNG file."""
    picture = Image.new("RGB", (384, 384), (236, 233, 224))
    ImageDraw.Draw(picture).ellipse((24, 24, 184, 184), fill=(214, 36, 36))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def resume(tab: Visit, title: str) -> None:
    """Open a conversation from the list at the side."""
    tab.row(title).get_by_role("link").click()
    expect(tab.row(title)).to_have_attribute("aria-current", "page")


def test_a_conversation_is_resumed_after_a_restart(visit: OpenPage, tmp_path: Path) -> None:
    arguments = ("--model", "echo", "--database", str(tmp_path / "chats.db"))
    with launched(*arguments) as program:
        tab = visit(program.url)
        tab.say("hello")
        tab.attach(red_circle(), "circle.png")
        assert "#1 (384 × 384)" in tab.say("what is it?")
        assert program.end() == 0
    with launched(*arguments) as program:
        tab = visit(program.url)
        resume(tab, "hello")
        expect(tab.messages).to_have_count(2)
        expect(tab.replies).to_have_text(
            ["You said: hello", "You showed #1 (384 × 384). You said: what is it?"]
        )
        expect(tab.pictures.locator("figcaption")).to_have_text("#1 circle.png")
        assert tab.say("how many pictures are there?").endswith("You have shown me 1 picture.")


def test_a_page_left_open_goes_on_after_a_restart(visit: OpenPage, tmp_path: Path) -> None:
    database = str(tmp_path / "chats.db")
    with launched("--model", "echo", "--database", database) as program:
        tab = visit(program.url)
        tab.say("hello")
        address = tab.page.url
        assert program.end() == 0
    port = program.url.rpartition(":")[2]
    with launched("--model", "echo", "--database", database, "--port", port):
        assert tab.say("still there?") == "You said: still there?"
        expect(tab.messages).to_have_text(["hello", "still there?"])
        expect(tab.page).to_have_url(address)


@pytest.mark.builtin
@pytest.mark.skipif(not WEIGHTS.exists(), reason="the built-in model's weights are not there yet")
def test_the_builtin_model_sees_and_still_sees_after_a_restart(visit: OpenPage, tmp_path: Path) -> None:
    arguments = ("--device", "cpu", "--database", str(tmp_path / "chats.db"))
    with launched(*arguments) as program:
        tab = visit(program.url)
        assert tab.say("hello")
        tab.attach(red_circle(), "circle.png")
        assert "red" in tab.say("What colour is the circle?").lower()
        assert program.end() == 0
    with launched(*arguments) as program:
        tab = visit(program.url)
        resume(tab, "hello")
        expect(tab.pictures).to_have_count(1)
        assert "circle" in tab.say("What shape is it?").lower()
        assert "red" in tab.say("What colour is the circle?").lower()
