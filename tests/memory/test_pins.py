"""Pins of pictures: kept by conversation, gone with it, taken along by a fork."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from memory import Store, StoreError, UnknownConversation
from memory.schema import migrations
from tests.memory.conftest import Say

Pictures = Callable[..., bytes]


@pytest.fixture
def shown(store: Store, say: Say, picture: Pictures) -> tuple[str, str]:
    """A conversation that shows one picture: its id, and the picture's sha256."""
    image = store.images.add(picture("red"))
    conversation = store.create_conversation()
    say(store, conversation.id, "look", "I see", [image])
    return conversation.id, image.sha256


def test_a_pin_is_kept_until_it_is_taken_away(store: Store, shown: tuple[str, str]) -> None:
    talk, sha256 = shown
    for _ in range(2):
        store.pins.add(talk, sha256)
    with Store.open(store.path) as other:
        assert other.pins.of(talk) == {sha256}
    for _ in range(2):
        store.pins.remove(talk, sha256)
    assert store.pins.of(talk) == frozenset()


def test_a_pin_is_one_conversations_and_one_owners_own(
    store: Store, shown: tuple[str, str], say: Say
) -> None:
    talk, sha256 = shown
    neighbour = store.create_conversation().id
    store.pins.add(talk, sha256)
    assert store.pins.of(neighbour) == frozenset()
    with Store.open(store.path, owner="somebody else") as other:
        assert other.pins.of(talk) == frozenset()
        with pytest.raises(UnknownConversation):
            other.pins.remove(talk, sha256)
        with pytest.raises(UnknownConversation):
            other.pins.add(talk, sha256)
    assert store.pins.of(talk) == {sha256}


def test_what_is_not_stored_cannot_be_pinned(store: Store, shown: tuple[str, str]) -> None:
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.pins.add(shown[0], "0" * 64)


def test_pins_go_with_their_conversation_and_hold_no_picture(store: Store, shown: tuple[str, str]) -> None:
    talk, sha256 = shown
    neighbour = store.create_conversation().id
    store.pins.add(talk, sha256)
    store.pins.add(neighbour, sha256)
    store.delete_conversation(talk)
    assert store.pins.of(talk) == store.pins.of(neighbour) == frozenset()
    assert store.verify() == []


def test_a_fork_has_the_pins_of_its_origin(store: Store, shown: tuple[str, str]) -> None:
    talk, sha256 = shown
    store.pins.add(talk, sha256)
    fork = store.fork_conversation(talk, store.history(talk)[-1].message_id)
    store.pins.remove(talk, sha256)
    assert store.pins.of(fork.id) == {sha256}


@pytest.mark.parametrize(
    "first_missing", ["m002_snapshots", "m003_organising_and_finding", "m004_pinned_pictures"]
)
def test_a_database_of_every_earlier_version_takes_pins(
    tmp_path: Path, say: Say, picture: Pictures, first_missing: str
) -> None:
    path = tmp_path / "visavis.db"
    with closing(Database(path)) as database:
        migrations.apply(database, stop_before=first_missing)
        assert "pinned_pictures" not in database.table_names()
        database.execute(
            "INSERT INTO conversations (id, owner, title, persona, created_at, updated_at)"
            " VALUES ('c1', 'local', 'old', 'plain', '2026-01-01', '2026-01-02')"
        )
        database.conn.commit()
    with Store.open(path) as store:
        image = store.images.add(picture("red"))
        say(store, "c1", "look", "I see", [image])
        store.pins.add("c1", image.sha256)
        assert store.conversation("c1").title == "old"
        assert store.pins.of("c1") == {image.sha256}
        assert store.verify() == []
