"""verify(): a sound store has no problems, and every kind of damage is found and named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from memory import ImageError, Store
from tests.memory.conftest import Say


@pytest.fixture
def talk(store: Store, say: Say, picture: Callable[..., bytes]) -> Store:
    """A store with a picture talked about in two turns."""
    conversation = store.create_conversation()
    say(store, conversation.id, "look", "a red square", [store.images.add(picture("red"))])
    say(store, conversation.id, "sure?", "yes")
    return store


def _alter(store: Store, sql: str) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        assert connection.execute(sql).rowcount == 1


def test_a_sound_store_has_no_problems(talk: Store) -> None:
    assert talk.verify() == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE message_parts SET text = 'a blue square' WHERE text = 'a red square'",
        "UPDATE message_parts SET media_type = 'image/gif' WHERE image_sha256 IS NOT NULL",
        "UPDATE message_parts SET position = 7 WHERE text = 'look'",
        "UPDATE messages SET role = 'assistant' WHERE depth = 2",
        "DELETE FROM message_parts WHERE text = 'yes'",
    ],
)
def test_a_changed_message_is_found(talk: Store, change: str) -> None:
    _alter(talk, change)
    found = talk.verify()
    if "position" in change:
        # Only the order counts: a gap in the numbers changes nothing that was said.
        assert found == []
    else:
        assert len(found) == 1
        assert "content does not match its id" in found[0]


def test_a_message_under_another_parent_is_found(talk: Store) -> None:
    _alter(talk, "UPDATE messages SET parent = NULL WHERE depth = 2")
    found = talk.verify()
    assert any("content does not match its id" in problem for problem in found)
    assert any("depth 2" in problem for problem in found)


def test_a_missing_message_is_found(talk: Store) -> None:
    _alter(talk, "DELETE FROM messages WHERE depth = 1")
    assert any("messages" in problem and "not there" in problem for problem in talk.verify())


def test_a_missing_picture_is_found(talk: Store, picture: Callable[..., bytes]) -> None:
    image = talk.images.add(picture("red"))
    talk.images.path(image.sha256).unlink()
    assert [problem for problem in talk.verify() if f"{image.sha256} is missing" in problem]
    with pytest.raises(ImageError, match="cannot be read"):
        talk.images.read(image.sha256)


def test_a_changed_picture_is_found_and_healed_by_adding_it_again(
    talk: Store, picture: Callable[..., bytes]
) -> None:
    image = talk.images.add(picture("red"))
    talk.images.path(image.sha256).write_bytes(picture("blue"))
    assert [problem for problem in talk.verify() if f"{image.sha256} has been altered" in problem]
    with pytest.raises(ImageError, match="altered on disk"):
        talk.images.read(image.sha256)
    talk.images.add(picture("red"))
    assert talk.verify() == []
    assert talk.images.read(image.sha256) == picture("red")
