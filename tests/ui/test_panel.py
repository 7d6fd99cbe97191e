"""What the panel at the side shows, without a page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from memory import Conversation, Excerpt, Hit
from tests.helpers.markup import Reader
from ui import panel


def conversation(identity: str, title: str = "A title", **more: Any) -> Conversation:
    return Conversation(identity, title, "plain", None, "2026-01-01", "2026-01-01", **more)


def hit(text: str, *found: tuple[int, int]) -> Hit:
    return Hit(conversation("one"), "message", "user", "2026-01-01", Excerpt(text, found))


def rows(html: str) -> list[dict[str, str | None]]:
    """The attributes of the conversations' rows."""
    return [item for item in Reader(html).all("li") if "data-id" in item]


def test_the_open_conversation_is_marked_in_the_list() -> None:
    html = panel.side_panel([conversation("one"), conversation("two", "Second")], [], "two", "echo")
    reader = Reader(html)
    assert [(item["data-id"], item.get("aria-current")) for item in rows(html)] == [
        ("one", None),
        ("two", "page"),
    ]
    assert [link["href"] for link in reader.all("a")] == ["/?c=one", "/?c=two"]
    assert reader.tags[0][1] == {"class": "panel", "data-open": "two", "data-title": "Second"}
    assert "Model: echo" in reader.text


def test_an_empty_list_says_what_will_be_there() -> None:
    reader = Reader(panel.side_panel([], [], "", "echo"))
    assert "as soon as you say something" in reader.text
    assert not any("data-id" in item for item in reader.all("li"))


def test_a_conversation_without_a_title_can_still_be_opened_and_named() -> None:
    html = panel.side_panel([conversation("one", "")], [], "", "echo")
    assert panel.UNTITLED in Reader(html).text
    assert rows(html)[0]["data-title"] == ""


def test_a_title_cannot_write_html() -> None:
    title = '<img src=x onerror="alert(1)"> ${1 + 1} `x`'
    html = panel.side_panel([conversation("one", title, tags=(title,))], [], "one", "echo")
    reader = Reader(html)
    assert not reader.all("img")
    assert title in reader.text
    assert rows(html)[0]["data-title"] == title
    assert json.loads(rows(html)[0]["data-tags"] or "") == [title]


def test_what_was_put_away_is_hidden_until_it_is_asked_for() -> None:
    away = conversation("two", archived=True)
    html = panel.side_panel([conversation("one")], [away], "", "echo")
    assert ["hidden" in row for row in rows(html)] == [False, True]
    assert "Archived" in Reader(html).text
    assert "Archived" not in Reader(panel.side_panel([conversation("one")], [], "", "echo")).text


def test_if_all_was_put_away_the_list_says_that_there_is_nothing() -> None:
    html = panel.side_panel([], [conversation("two", archived=True)], "", "echo")
    [none] = [item for item in Reader(html).all("li") if item.get("class") == "none"]
    assert "hidden" not in none
    assert "There are none." in Reader(html).text


def test_tags_and_pins_are_shown_and_every_tag_can_be_chosen() -> None:
    tagged = conversation("one", tags=("beach", "car"), pinned=True)
    html = panel.side_panel([tagged, conversation("two", tags=("car",))], [], "", "echo")
    tags = [button["data-tag"] for button in Reader(html).all("button") if "data-tag" in button]
    assert tags == ["beach", "car"]
    assert "beach, car" in Reader(html).text
    assert [mark["aria-label"] for mark in Reader(html).all("span")] == ["Pinned"]


def test_what_was_found_is_marked_in_its_excerpt() -> None:
    html = panel.results("red car", [], [hit("…the red <b> car", (5, 8), (13, 16))], 30)
    reader = Reader(html)
    assert "A title…the red <b> car" in reader.text
    assert html.count("<mark>") == 2
    assert "<mark>red</mark>" in html
    assert [(row["data-id"], row["data-message"]) for row in rows(html)] == [("one", "message")]


@pytest.mark.parametrize(
    ("titled", "hits", "summary"),
    [(0, 0, "Nothing found for “<i>x”."), (1, 0, "1 found"), (1, 2, "3 found"), (0, 3, "The 3 best of many")],
)
def test_it_says_how_much_was_found(titled: int, hits: int, summary: str) -> None:
    html = panel.results(" <i>x ", [conversation("one")] * titled, [hit("x")] * hits, 3)
    assert Reader(html).text.startswith(summary)


def test_without_a_query_nothing_is_shown_in_place_of_the_list() -> None:
    assert panel.results("  ", [], [], 3) == ""
