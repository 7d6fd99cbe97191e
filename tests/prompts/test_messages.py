"""The vocabulary: what a message says and shows, and what makes two pictures the same."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from prompts import Image, Message, Text, assistant, system, user

SUN = Image("a" * 64, name="sun.png", width=3, height=4)
MOON = Image("b" * 64)


def test_text_and_images_keep_their_order() -> None:
    message = Message("user", (Text("first "), SUN, Text("then"), MOON))
    assert message.text == "first then"
    assert message.images == (SUN, MOON)


def test_user_puts_pictures_before_words_and_takes_any_iterable() -> None:
    assert user("What is it?", iter([SUN, MOON])).parts == (SUN, MOON, Text("What is it?"))


def test_a_message_of_pictures_alone_has_no_text_part() -> None:
    assert user("", [SUN]).parts == (SUN,)


def test_each_maker_gives_its_role() -> None:
    assert system("words") == Message("system", (Text("words"),))
    assert user("words") == Message("user", (Text("words"),))
    assert assistant("words") == Message("assistant", (Text("words"),))


def test_a_picture_is_its_bytes_whatever_it_is_called() -> None:
    renamed = Image(SUN.sha256, name="copy of sun.png")
    assert renamed == SUN
    assert hash(renamed) == hash(SUN)
    assert Image(SUN.sha256, media_type="image/jpeg") != SUN
    assert MOON != SUN


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        user("hello").role = "system"  # type: ignore[misc]
