"""Backups: whole while others write, and back again to what was there."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from memory import Store, StoreError
from memory.backup import backup, restore
from tests.helpers.snapshots import begin_talk
from tests.helpers.transfer import begin_talks, everything, png, say


@pytest.mark.parametrize("name", ["copy", "copy.zip"])
def test_a_backup_comes_back(store: Store, tmp_path: Path, name: str) -> None:
    begin_talks(store)
    begin_talk(store)  # with a snapshot, which is left out
    assert backup(store, tmp_path / name).pictures == 2
    before = everything(store)
    for conversation in store.conversations():
        store.delete_conversation(conversation.id)
    copied = restore(tmp_path / name, tmp_path / "again" / "chats.db")
    assert (copied.pictures, copied.problems) == (2, [])
    with Store.open(tmp_path / "again" / "chats.db") as again:
        assert everything(again) == before
        assert (again.verify(), again.snapshots.bytes) == ([], 0)
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == ["chats.db", "chats.pictures"]


def test_a_folder_can_be_opened_where_it_is(store: Store, tmp_path: Path) -> None:
    begin_talks(store)
    backup(store, tmp_path / "copy")
    with Store.open(tmp_path / "copy" / "visavis.db") as copy:
        assert everything(copy) == everything(store)


def test_others_write_meanwhile(store: Store, tmp_path: Path) -> None:
    talk, fork = begin_talks(store)

    def interfere(what: str, done: int, total: int | None = None) -> None:
        if done == 1 and len(store.conversations()) == 2:
            say(store, fork, "new", "picture", png("green"))
            store.delete_conversation(talk)

    copied = backup(store, tmp_path / "copy", progress=interfere)
    assert copied.problems == []
    with Store.open(tmp_path / "copy" / "visavis.db") as copy:
        assert copy.verify() == []
        assert everything(copy) == everything(store)


def test_a_damaged_picture_is_told_and_the_rest_is_copied(store: Store, tmp_path: Path) -> None:
    begin_talks(store)
    store.images.path(store.images.add(png("red")).sha256).write_bytes(b"x")
    copied = backup(store, tmp_path / "copy.zip")
    assert copied.pictures == 1
    assert ["altered on disk" in problem for problem in copied.problems] == [True]
    restored = restore(tmp_path / "copy.zip", tmp_path / "again.db")
    assert ["is missing" in problem for problem in restored.problems] == [True]


def test_nothing_is_replaced(store: Store, tmp_path: Path) -> None:
    begin_talks(store)
    backup(store, tmp_path / "copy.zip")
    for name in ("copy.zip", "visavis.pictures"):
        with pytest.raises(StoreError, match="is there already"):
            backup(store, tmp_path / name)
    with pytest.raises(StoreError, match="is there already"):
        restore(tmp_path / "copy.zip", store.path)
    (tmp_path / "other.pictures").mkdir()
    with pytest.raises(StoreError, match="is there already"):
        restore(tmp_path / "copy.zip", tmp_path / "other.db")


def damage(path: Path, kind: str) -> None:
    """Spoil a backup in an archive."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    match kind:
        case "foreign":
            content["../evil"] = b"x"
        case "empty":
            del content["visavis.db"]
        case "garbage":
            content["visavis.db"] = b"garbage" * 1000
        case "newer":
            path.with_name("newer.db").write_bytes(content["visavis.db"])
            with closing(sqlite3.connect(path.with_name("newer.db"))) as database, database:
                database.execute(
                    "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
                    " VALUES ('visavis', 'm999', '2099')"
                )
            content["visavis.db"] = path.with_name("newer.db").read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("foreign", "does not belong there"),
        ("empty", "not a backup"),
        ("garbage", "not a SQLite database"),
        ("newer", "newer version"),
    ],
)
def test_what_is_no_sound_backup_leaves_nothing(store: Store, tmp_path: Path, kind: str, words: str) -> None:
    backup(store, tmp_path / "copy.zip")
    damage(tmp_path / "copy.zip", kind)
    with pytest.raises(StoreError, match=words):
        restore(tmp_path / "copy.zip", tmp_path / "place" / "chats.db")
    assert not (tmp_path / "place").exists() or list((tmp_path / "place").iterdir()) == []


def test_altered_words_are_told(store: Store, tmp_path: Path) -> None:
    begin_talks(store)
    backup(store, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy" / "visavis.db")) as database, database:
        database.execute("UPDATE message_parts SET text = 'never said' WHERE text = 'a red square'")
    problems = restore(tmp_path / "copy", tmp_path / "again.db").problems
    assert any("does not match its id" in problem for problem in problems)


def test_a_place_that_cannot_be_written_is_told(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        backup(store, tmp_path / "no" / "folder" / "copy.zip")
    backup(store, tmp_path / "copy")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        restore(tmp_path / "copy", tmp_path / "file" / "chats.db")
    shutil.rmtree(tmp_path / "copy")
    with pytest.raises(StoreError):
        restore(tmp_path / "copy", tmp_path / "chats.db")
