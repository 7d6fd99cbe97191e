"""Opening a database: a new one, an old one, and everything that is none of ours."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from memory import Store, StoreError
from memory.schema import APPLICATION_ID, migrations
from tests.memory.conftest import Say


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    path.touch()
    Store.open(path).close()
    with closing(Database(path)) as database:
        assert migrations.pending(database) == []
        assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert database.journal_mode == "wal"
        assert {"conversations", "messages", "message_parts", "images", "turns"} <= set(
            database.table_names()
        )
        for table in ("conversations", "messages", "message_parts", "turns"):
            assert "owner" in database[table].columns_dict


def test_opening_again_changes_nothing(tmp_path: Path, say: Say) -> None:
    path = tmp_path / "visavis.db"
    with Store.open(path) as store:
        conversation = store.create_conversation("kept")
        say(store, conversation.id, "hello", "hi")
    before = path.read_bytes()
    with Store.open(path) as store:
        assert store.conversation(conversation.id).title == "kept"
        assert [m.text for m in store.messages(conversation.id)] == ["hello", "hi"]
    assert path.read_bytes() == before


def test_folders_are_created(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "chats.db"
    with Store.open(str(path)) as store:
        assert store.path == path
        assert path.exists()


def test_two_databases_in_a_folder_keep_their_pictures_apart(tmp_path: Path) -> None:
    with Store.open(tmp_path / "one.db"), Store.open(tmp_path / "one.sqlite"):
        assert {p.name for p in tmp_path.glob("*.pictures")} == {"one.pictures", "one.sqlite.pictures"}


def test_links_between_rows_are_enforced(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    say(store, conversation.id, "hello", "hi")
    with pytest.raises(StoreError, match="FOREIGN KEY"), store._connections.immediate() as database:
        database.execute("DELETE FROM messages")
    assert len(store.messages(conversation.id)) == 2


@pytest.mark.parametrize("content", [b"hello", b"Dear diary,\n" * 1000, b"\x89PNG\r\n\x1a\n" + bytes(5000)])
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a SQLite database"):
        Store.open(path)
    assert path.read_bytes() == content
    assert sorted(tmp_path.iterdir()) == [path]


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "music.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store.open(path)
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [path]


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "visavis.db"
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES (?, 'm999_from_the_future', '2099-01-01')",
            (migrations.name,),
        )
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer version.*update the program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be created"):
        Store.open(tmp_path / "file" / "visavis.db")
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_file_in_place_of_the_picture_folder(tmp_path: Path) -> None:
    (tmp_path / "visavis.pictures").write_text("in the way")
    with pytest.raises(StoreError, match="picture folder"):
        Store.open(tmp_path / "visavis.db")


def test_a_database_that_opens_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a read-only disk, which stops root too."""
    path = tmp_path / "visavis.db"
    Store.open(path).close()
    before = path.read_bytes()
    connect = sqlite3.connect

    def connect_read_only(address: str, **options: object) -> sqlite3.Connection:
        return connect(address.replace("mode=rwc", "mode=ro"), **options)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(sqlite3, "connect", connect_read_only)
    with pytest.raises(StoreError, match="cannot be written"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_file_without_write_permission(open_folder: Path, request: pytest.FixtureRequest) -> None:
    path = open_folder / "visavis.db"
    Store.open(path).close()
    path.chmod(0o444)
    before = path.read_bytes()
    request.getfixturevalue("unprivileged")
    with pytest.raises(StoreError, match="cannot be written"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_folder_without_write_permission(open_folder: Path, request: pytest.FixtureRequest) -> None:
    old = open_folder / "old.db"
    Store.open(old).close()
    old.chmod(0o666)
    before = old.read_bytes()
    open_folder.chmod(0o555)
    request.getfixturevalue("unprivileged")
    for path in (old, open_folder / "new.db"):
        with pytest.raises(StoreError, match=r"writable|written"):
            Store.open(path)
    with pytest.raises(StoreError, match="cannot be created"):
        Store.open(open_folder / "below" / "new.db")
    assert old.read_bytes() == before


def test_a_damaged_database_is_named(tmp_path: Path, say: Say) -> None:
    path = tmp_path / "visavis.db"
    with Store.open(path) as store:
        say(store, store.create_conversation().id, "hello", "hi")
    damaged = bytearray(path.read_bytes())
    damaged[100:4096] = b"\xff" * 3996
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match=r"damaged|cannot be used"):
        Store.open(path)
    assert path.read_bytes() == damaged


def test_a_failed_migration_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "visavis.db"
    broken = ("CREATE TABLE half (x)", "CREATE TABLE half (x)")
    with monkeypatch.context() as patch:
        patch.setattr("memory.schema._FIRST_TABLES", broken)
        with pytest.raises(StoreError, match="already exists"):
            Store.open(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    Store.open(path).close()
