"""Conversations that were deleted after they were exported come back, whatever was forked from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory import Store
from memory.transfer import export_bundle, import_bundle
from tests.helpers.transfer import begin_talks, everything, png, say


@pytest.fixture
def forked(store: Store) -> tuple[str, str]:
    """A conversation of two turns, and a fork of it after the first."""
    talk = store.create_conversation().id
    say(store, talk, "one", "yes")
    say(store, talk, "two", "no")
    return talk, store.fork_conversation(talk, store.history(talk)[1].message_id).id


def test_turns_that_a_fork_took_over_come_back(store: Store, forked: tuple[str, str], tmp_path: Path) -> None:
    talk, fork = forked
    before = everything(store)
    export_bundle(store, tmp_path / "all.zip")
    store.delete_conversation(talk)
    assert len(store.turns(fork)) == 1
    report = import_bundle(store, tmp_path / "all.zip")
    assert (report.new, report.unchanged) == ([talk], [fork])
    assert everything(store) == before
    assert store.verify() == []


def test_a_turn_stays_where_it_was_made(
    store: Store, other: Store, forked: tuple[str, str], tmp_path: Path
) -> None:
    talk, fork = forked
    export_bundle(store, tmp_path / "all.zip")
    import_bundle(other, tmp_path / "all.zip")
    other.delete_conversation(talk)
    export_bundle(other, tmp_path / "fork.zip")
    before = everything(store)
    assert import_bundle(store, tmp_path / "fork.zip").unchanged == [fork]
    assert everything(store) == before


def test_what_was_taken_over_does_not_stand_in_another_owners_way(
    store: Store, forked: tuple[str, str], tmp_path: Path
) -> None:
    talk, fork = forked
    export_bundle(store, tmp_path / "talk.zip", [talk])
    store.delete_conversation(talk)
    with Store.open(store.path, owner="bob") as bob:
        for new in ([talk], []):
            assert import_bundle(bob, tmp_path / "talk.zip").new == new
        assert [message.text for message in bob.messages(talk)] == ["one", "yes", "two", "no"]
        assert len(bob.turns(talk)) == 2
    assert len(store.turns(fork)) == 1
    assert store.verify() == []


def test_a_fork_travels_without_what_it_does_not_show(store: Store, other: Store, tmp_path: Path) -> None:
    talk, _ = begin_talks(store)
    first = store.history(talk)[0].message_id
    store.pins.add(talk, store.images.add(png("red")).sha256)
    fork = store.fork_conversation(talk, first).id
    (red,) = store.messages(fork)[0].images
    assert store.pins.of(fork) == {red.sha256}
    export_bundle(store, tmp_path / "fork.zip", [fork])
    assert import_bundle(other, tmp_path / "fork.zip").new == [fork]
    assert other.pins.of(fork) == {red.sha256}
