"""Texts of messages, and the titles made from them."""

from __future__ import annotations

import pytest

from chat.texts import TITLE_CHARACTERS, make_title
from prompts import Image, Message, Text


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("hello", "hello"),
        ("  two\n lines ", "two lines"),
        ("x" * 48, "x" * 48),
        ("x" * 49, "x" * 47 + "…"),
        (
            "What is the colour of the third house on the left side?",
            "What is the colour of the third house on the…",
        ),
        ("a" * 47 + " b", "a" * 47 + "…"),
        ("", "Picture"),
    ],
)
def test_a_title_is_the_first_words(text: str, title: str) -> None:
    assert make_title(Message("user", (Image("a" * 64), Text(text)))) == title
    assert len(title) <= TITLE_CHARACTERS
