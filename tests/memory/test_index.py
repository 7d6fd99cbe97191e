"""Words of what was deleted: gone from the files as well, whichever SQLite is at work."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from memory import Store, StoreError, index
from memory.upkeep import collect
from tests.memory.conftest import Say

WORDS = ("xylophonist", "quetzalcoatl", "秘")


def held(path: Path) -> list[str]:
    """Which of the words stand in the database's files, the log among them."""
    files = [path, path.with_name(f"{path.name}-wal")]
    content = b"".join(file.read_bytes() for file in files if file.exists())
    return [word for word in WORDS if word.encode() in content]


def talk(store: Store, say: Say, words: str, reply: str) -> str:
    made = store.create_conversation("A talk").id
    say(store, made, words, reply)
    return made


def test_after_collecting_no_word_of_what_was_deleted_is_in_the_files(store: Store, say: Say) -> None:
    for number in range(30):
        talk(store, say, f"kept {number}", "some words that stay")
    doomed = talk(store, say, "a xylophonist 秘密", "quetzalcoatl")
    for number in range(30):
        talk(store, say, f"also kept {number}", "some words that stay")
    assert held(store.path) == list(WORDS)
    store.delete_conversation(doomed)
    # The log at least has them still.
    assert held(store.path)
    collect(store)
    assert held(store.path) == []
    assert len(store.search("stay", limit=100)) == 60
    assert store.search("xylophonist") == []
    assert store.verify() == []


def test_the_file_shrinks_by_what_was_deleted(store: Store, say: Say) -> None:
    doomed = talk(store, say, "a word " * 100_000, "yes")
    talk(store, say, "kept", "yes")
    store.delete_conversation(doomed)
    collect(store)
    assert store.path.stat().st_size < 500_000
    assert len(store.search("kept")) == 1


def test_others_read_and_write_on_while_it_is_collected(store: Store, say: Say) -> None:
    doomed = talk(store, say, "a xylophonist", "yes")
    kept = talk(store, say, "kept", "yes")
    with Store.open(store.path) as other:
        with other.connections.snapshot() as reading:
            reading.execute("SELECT * FROM conversations").fetchall()
            store.delete_conversation(doomed)
            collect(store)
            # It sees what it saw, so the log has to keep it.
            assert len(reading.execute("SELECT * FROM conversations").fetchall()) == 2
        say(other, kept, "more", "yes")
        collect(other)
        assert held(store.path) == []
        assert len(other.messages(kept)) == 4


def test_a_file_that_is_locked_is_explained(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(index, "compact", locked)
    with pytest.raises(StoreError, match="database is locked"):
        collect(store)
