"""What the panel at the side shows, without a page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from memory import Conversation, ConversationHit, Excerpt, Hit
from tests.helpers.markup import Reader
from ui import panel
from ui.panel import Choice, Listing


def conversation(identity: str, title: str = "A title", **more: Any) -> Conversation:
    return Conversation(identity, title, "plain", None, "2026-01-01", "2026-01-01", **more)


def hit(text: str, *found: tuple[int, int]) -> Hit:
    return Hit(conversation("one"), "message", "user", "2026-01-01", Excerpt(text, found))


def rows(html: str) -> list[dict[str, str | None]]:
    """The attributes of the conversations' rows."""
    return [item for item in Reader(html).all("li") if "data-id" in item]


def side(*conversations: Conversation, opened: Conversation | None = None, **more: Any) -> str:
    return panel.side_panel(Listing(conversations, **more), opened, "echo")


def called(title: str, also: Excerpt | None = None) -> ConversationHit:
    return ConversationHit(conversation("one", title), Excerpt(title, ()), also)


def test_the_open_conversation_is_marked_in_the_list() -> None:
    second = conversation("two", "Second")
    html = side(conversation("one"), second, opened=second)
    reader = Reader(html)
    assert [(item["data-id"], item.get("aria-current")) for item in rows(html)] == [
        ("one", None),
        ("two", "page"),
    ]
    assert [link["href"] for link in reader.all("a")] == ["/?c=one", "/?c=two"]
    opened = reader.tags[0][1]
    assert (opened["class"], opened["data-open"], opened["data-title"]) == ("panel", "two", "Second")
    assert "Model: echo" in reader.text


def test_what_is_open_need_not_be_listed() -> None:
    opened = Reader(side(conversation("one"), opened=conversation("far", "Away"))).tags[0][1]
    assert (opened["data-open"], opened["data-title"]) == ("far", "Away")


def test_an_empty_list_says_what_will_be_there() -> None:
    reader = Reader(side())
    assert "as soon as you say something" in reader.text
    assert not any("data-id" in item for item in reader.all("li"))


def test_a_conversation_without_a_title_can_still_be_opened_and_named() -> None:
    html = side(conversation("one", ""))
    assert panel.UNTITLED in Reader(html).text
    assert rows(html)[0]["data-title"] == ""


def test_a_title_cannot_write_html() -> None:
    title = '<img src=x onerror="alert(1)"> ${1 + 1} `x`'
    named = conversation("one", title, tags=(title,), notes=title)
    html = side(named, opened=named, tags=(title,), choice=Choice(tag=title))
    reader = Reader(html)
    assert not reader.all("img")
    assert title in reader.text
    assert (rows(html)[0]["data-title"], rows(html)[0]["data-note"]) == (title, title)
    assert json.loads(rows(html)[0]["data-tags"] or "") == [title]
    assert json.loads(reader.tags[0][1]["data-choice"] or "")["tag"] == title


def test_what_was_put_away_can_be_asked_for() -> None:
    html = side(conversation("one"), has_archived=True)
    assert "Archived" in Reader(html).text
    assert 'class="put-away" aria-pressed="false"' in html
    away = conversation("two", archived=True)
    html = side(away, has_archived=True, choice=Choice(archived=True))
    assert 'class="put-away" aria-pressed="true"' in html
    assert "data-archived" in rows(html)[0]
    assert "Archived" not in Reader(side(conversation("one"))).text


def test_if_nothing_was_chosen_of_what_there_is_the_list_says_so() -> None:
    assert "There are none." in Reader(side(has_archived=True)).text
    assert "There are none." in Reader(side(choice=Choice(tag="sea"))).text
    assert not any(item.get("class") == "none" for item in Reader(side(conversation("one"))).all("li"))


def test_tags_pins_and_notes_are_shown_and_every_tag_can_be_chosen() -> None:
    tagged = conversation("one", tags=("beach", "car"), pinned=True, notes="ask\nagain")
    html = side(tagged, conversation("two", tags=("car",)), tags=["beach", "car"], choice=Choice("car"))
    buttons = [button for button in Reader(html).all("button") if "data-tag" in button]
    assert [(button["data-tag"], button["aria-pressed"]) for button in buttons] == [
        ("beach", "false"),
        ("car", "true"),
    ]
    assert "beach, car" in Reader(html).text
    assert [mark["aria-label"] for mark in Reader(html).all("span")] == ["Pinned", "Has a note"]
    assert [row.get("data-note") for row in rows(html)] == ["ask\nagain", None]


def test_more_can_be_shown_if_there_are_more() -> None:
    assert "Show more" in Reader(side(conversation("one"), has_more=True)).text
    assert "Show more" not in Reader(side(conversation("one"))).text


def test_conversations_found_by_what_they_are_called_show_where() -> None:
    html = panel.results("sea", [called("By the <sea>", Excerpt("sun, sea", ((5, 8),)))], [], 30)
    assert "By the <sea>sun, sea" in Reader(html).text
    assert "<span>sun, <mark>sea</mark></span>" in html
    named = ConversationHit(conversation("one", "Sea"), Excerpt("Sea", ((0, 3),)), None)
    assert "<b><mark>Sea</mark></b></a>" in panel.results("sea", [named], [], 30)


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
    html = panel.results(" <i>x ", [called("x")] * titled, [hit("x")] * hits, 3)
    assert Reader(html).text.startswith(summary)


def test_without_a_query_nothing_is_shown_in_place_of_the_list() -> None:
    assert panel.results("  ", [], [], 3) == ""
