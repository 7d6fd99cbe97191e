"""The weights that ship: what a newcomer would try first comes out right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from chat import Chat
from tests.helpers.models import BUILTIN_WEIGHTS

pytestmark = pytest.mark.builtin


def circle(colour: str = "red") -> Image.Image:
    """A large circle at the top left of a light page, as a person might draw it."""
    picture = Image.new("RGB", (400, 400), "#f5f2ea")
    ImageDraw.Draw(picture).ellipse((30, 30, 180, 180), fill=colour)
    return picture


def squares() -> Image.Image:
    """Two blue squares, one above the other."""
    picture = Image.new("RGB", (400, 400), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((160, 30, 250, 120), fill="blue")
    pen.rectangle((160, 280, 250, 370), fill="blue")
    return picture


@pytest.fixture
def chat() -> Iterator[Chat]:
    with Chat(database=":memory:") as made:
        yield made


def test_a_conversation_with_a_picture_in_the_middle(chat: Chat) -> None:
    assert "picture" in chat.send("Hello").text
    assert "no picture yet" in chat.send("What colour is the circle?").text
    assert chat.send("What colour is the circle?", images=[circle()]).text == "It is red."
    assert chat.send("Where is it?").text == "It is at the top left."


def test_what_is_not_there(chat: Chat) -> None:
    assert chat.send("Is there a star?", images=[circle()]).text == "No, there is no star."


def test_an_earlier_picture_is_still_seen_after_a_second_one(chat: Chat) -> None:
    chat.send("What is in this picture?", images=[circle("green")]).wait()
    assert "blue square" in chat.send("What do you see?", images=[squares()]).text
    assert "green" in chat.send("What colour is the circle in the first picture?").text


def test_things_that_are_all_alike_are_counted(chat: Chat) -> None:
    assert "two" in chat.send("How many squares are there?", images=[squares()]).text


def test_an_old_picture_is_seen_again_after_a_restart(tmp_path: Path) -> None:
    database = tmp_path / "chat.db"
    with Chat(database=database) as chat:
        chat.send("What colour is the circle?", images=[circle("blue")]).wait()
    with Chat.resume(chat.id, database=database) as again:
        assert again.send("What colour is the circle?").text == "It is blue."


def test_it_says_what_it_cannot_do(chat: Chat) -> None:
    assert "I can't do that" in chat.send("Write a poem about the sea.").text


def test_a_turn_reports_what_it_took(chat: Chat) -> None:
    # A colour that no other test shows: the engine, and what it has encoded, is one for the process.
    first = chat.send("What do you see?", images=[circle("orange")])
    second = chat.send("What colour is it?")
    assert (first.usage.images_encoded, second.usage.images_encoded) == (1, 0)
    assert second.usage.cached_tokens >= first.usage.prompt_tokens
    assert 0 < first.timings.first_token_s <= first.timings.total_s


def test_the_checkpoint_is_small_and_says_what_it_is() -> None:
    assert BUILTIN_WEIGHTS.stat().st_size < 64e6
    about = json.loads((BUILTIN_WEIGHTS.parent / "config.json").read_text("utf-8"))["about"]
    assert about["progress"]["stage"] == "done"
