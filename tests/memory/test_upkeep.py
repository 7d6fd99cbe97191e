"""Counting, and removing what nothing needs: all of it, nothing else, at any moment."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from memory import Store, upkeep
from memory.images import UNUSED_SECONDS
from memory.records import ago
from memory.upkeep import Collected, collect, stats
from prompts import user
from tests.helpers.transfer import begin_talks, everything, picture_files, png, say


def forget_conversation(store: Store, conversation_id: str) -> None:
    """Take a conversation away and leave behind what it said, as a program that is killed half-way might."""
    with store.connections.immediate() as database:
        database.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))


def age(store: Store, sha256: str, seconds: float) -> None:
    """Make it so long ago that a picture was stored."""
    with store.connections.immediate() as database:
        database.execute("UPDATE images SET added_at = ? WHERE sha256 = ?", (ago(seconds), sha256))


def test_what_is_needed_stays(store: Store) -> None:
    begin_talks(store)
    before, files = everything(store), picture_files(store)
    for image in before["images"]:
        age(store, image["sha256"], 2 * UNUSED_SECONDS)
    assert collect(store) == Collected(0, 0, 0)
    assert (everything(store), picture_files(store)) == (before, files)


def test_what_nothing_reaches_goes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 3)
    talk, fork = begin_talks(store)
    before = everything(store)
    long = store.create_conversation().id
    for number in range(10):
        say(store, long, f"number {number}", "yes", *([png("green")] if number == 5 else []))
    with Store.open(store.path, owner="bob") as bob:
        other = bob.create_conversation().id
        say(bob, other, "mine", "yours")
        forget_conversation(bob, other)
    forget_conversation(store, long)
    (green,) = (image for image in everything(store)["images"] if image not in before["images"])
    age(store, green["sha256"], 2 * UNUSED_SECONDS)
    assert collect(store) == Collected(messages=22, pictures=1, parts=0)
    assert everything(store) == before
    assert store.verify() == []
    assert collect(store) == Collected(0, 0, 0)
    assert store.messages(talk)
    assert store.messages(fork)


def test_a_picture_about_to_be_sent_stays(store: Store) -> None:
    image = store.images.add(png("red"))
    collect(store)
    assert image.sha256 in store.images
    age(store, image.sha256, 2 * UNUSED_SECONDS)
    # Given once more, it is new again.
    store.images.add(png("red"))
    collect(store)
    assert image.sha256 in store.images
    age(store, image.sha256, 2 * UNUSED_SECONDS)
    assert collect(store).pictures == 1
    assert picture_files(store) == set()
    store.images.add(png("red"))
    assert store.images.read(image.sha256) == png("red")


def test_files_that_a_dead_process_left_go(store: Store) -> None:
    image = store.images.add(png("red"))
    file = store.images.path(image.sha256)
    with store.connections.immediate() as database:
        database.execute("DELETE FROM images")
    collect(store)
    assert file.exists()
    long_ago = time.time() - 2 * UNUSED_SECONDS
    os.utime(file, (long_ago, long_ago))
    assert collect(store).pictures == 1
    assert not file.exists()


def test_it_can_be_stopped_at_any_point_and_run_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 2)
    begin_talks(store)
    before = everything(store)
    long = store.create_conversation().id
    for number in range(6):
        say(store, long, f"number {number}", "yes")
    forget_conversation(store, long)

    def stop(what: str, done: int, total: int | None = None) -> None:
        raise KeyboardInterrupt

    for left in (10, 8, 6):
        with pytest.raises(KeyboardInterrupt):
            collect(store, progress=stop)
        assert len(everything(store)["messages"]) == len(before["messages"]) + left
        assert store.verify() == []
    collect(store)
    assert everything(store) == before


def test_what_is_said_again_meanwhile_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 1)
    old = store.create_conversation().id
    say(store, old, "hello", "hi")
    say(store, old, "and then", "the end")
    forget_conversation(store, old)
    new = store.create_conversation().id

    def say_it_again(what: str, done: int, total: int | None = None) -> None:
        if done == 1:
            say(store, new, "hello", "hi")

    assert collect(store, progress=say_it_again).messages == 2
    assert [message.text for message in store.messages(new)] == ["hello", "hi"]
    assert store.verify() == []


def test_a_message_being_answered_stays(store: Store) -> None:
    talk = store.create_conversation().id
    store.begin_turn(talk, user("why?"), engine="echo", fingerprint="f", sampling={})
    assert collect(store) == Collected(0, 0, 0)
    assert [message.text for message in store.messages(talk)] == ["why?"]


def test_everything_is_counted(store: Store, tmp_path: Path) -> None:
    talk, _ = begin_talks(store)
    image = store.messages(talk)[0].images[0]
    thumbnail = store.images.thumbnail(image.sha256)
    with Store.open(store.path, owner="bob") as bob:
        say(bob, bob.create_conversation().id, "mine", "yours")
    found = stats(store)
    assert (found.owners, found.conversations, found.messages, found.turns) == (2, 3, 7, 4)
    assert (found.pictures, found.picture_bytes) == (2, len(png("red")) + len(png("blue")))
    assert (found.thumbnail_bytes, found.snapshot_bytes) == (len(thumbnail), 0)
    assert found.database_bytes >= found.free_bytes >= 0
