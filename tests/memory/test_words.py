"""Words as the index knows them: any script, any query, and the piece of text that is shown."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.words import (
    EXCERPT_CHARACTERS,
    MOST_PIECES,
    excerpt,
    match_expression,
    pieces,
    spaced_text,
)


@pytest.mark.parametrize(
    ("text", "spaced"),
    [
        ("plain words, naïve café", None),
        ("我喜欢", " 我  喜  欢 "),
        ("red车", "red 车 "),
        ("party🎉", "party u1f389 "),
        ("กิน", " ก  ิ  น "),
        ("고양이가", " 고  양  이  가 "),
    ],
)
def test_characters_without_blanks_become_words(text: str, spaced: str | None) -> None:
    assert spaced_text(text) == spaced


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("red  car", ["red", "car"]),
        ('the "red car" there', ["the", "red car", "there"]),
        ("what's \"unclosed", ["what's", "unclosed"]),
        ('* ( ) - ^ : + , \' ""', []),
        ("", []),
        ("AND OR NOT NEAR", ["AND", "OR", "NOT", "NEAR"]),
        ("😀 ☀", ["😀", "☀"]),
        ("红色的车", ["红色的车"]),
    ],
)
def test_a_query_is_words_and_phrases(query: str, found: list[str]) -> None:
    assert pieces(query) == found


def test_of_a_whole_text_the_first_words_count() -> None:
    assert pieces("word " * 5000) == ["word"] * MOST_PIECES


def test_only_long_words_may_be_beginnings() -> None:
    assert (
        match_expression(["ab", "abc", "x abc", "红色"], prefixes=True) == '"ab" "abc"* "x abc"* " 红  色 "'
    )


@given(st.text(max_size=60), st.booleans())
def test_any_text_is_a_sound_query(query: str, prefixes: bool) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        wanted = pieces(query)
        if wanted and not any("\ud800" <= character <= "\udfff" for character in query):
            expression = match_expression(wanted, prefixes=prefixes)
            assert (
                connection.execute("SELECT 1 FROM words WHERE text MATCH ?", (expression,)).fetchall() == []
            )


def test_an_excerpt_shows_where_the_words_are() -> None:
    text = f"{'before ' * 30}\nthe RED\tcafé, {'after ' * 60}"
    shown = excerpt(text, pieces('"red cafe" after'))
    assert shown.text.startswith("…before")
    assert shown.text.endswith("after…")
    assert len(shown.text) <= EXCERPT_CHARACTERS + 2
    assert [shown.text[start:end] for start, end in shown.found[:2]] == ["RED café", "after"]


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("我喜欢红色的车", "红色", ["红色"]),
        ("so 🎉 it is", "🎉", ["🎉"]),
        ("cafe\u0301s", "café", ["cafe\u0301"]),
        ("What's up", "what's", ["What's"]),
        ("a care, a scar, a car", "car", ["car", "car"]),
        ("nothing here", "absent", []),
    ],
)
def test_words_are_marked_as_they_were_found(text: str, query: str, found: list[str]) -> None:
    shown = excerpt(text, pieces(query))
    assert shown.text == text
    assert [shown.text[start:end] for start, end in shown.found] == found


@given(st.text(max_size=400), st.text(min_size=1, max_size=12))
def test_an_excerpt_is_a_piece_of_the_text(text: str, query: str) -> None:
    wanted = pieces(query)
    if wanted:
        shown = excerpt(text, wanted)
        assert shown.text.strip("…") in " ".join(text.split()) or "…" in text
        assert all(0 <= start < end <= len(shown.text) for start, end in shown.found)
