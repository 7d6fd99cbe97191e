"""Many threads and several processes write to one database, and nobody meets "locked"."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from memory import Store
from memory.db import Connections
from tests.memory.conftest import Child, Say, stream_of

TURNS = 25

WRITING = """
import sys
from memory import Store
from prompts import user

path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
with Store.open(path) as store:
    conversation = store.create_conversation(name)
    for number in range(count):
        message = user(f"{name} {number}")
        turn = store.begin_turn(conversation.id, message, engine="e", fingerprint="f", sampling={})
        store.flush_turn(turn.id, "so")
        store.finish_turn(turn.id, "so be it", reason="stop", usage={}, timings={})
        assert len(store.messages(conversation.id)) == 2 * (number + 1)
print("done", flush=True)
"""
"""A process that waits for a line, then opens the database, new or not, and writes many turns."""


def test_threads_and_processes_write_to_one_database(tmp_path: Path, child: Child, say: Say) -> None:
    path = tmp_path / "visavis.db"
    names = ["first", "second"]
    processes = [child(WRITING, str(path), name, str(TURNS)) for name in names]
    with Store.open(path) as store:

        def write(name: str) -> None:
            conversation = store.create_conversation(name)
            for number in range(TURNS):
                say(store, conversation.id, f"{name} {number}", "so be it")

        for process in processes:
            print("go", file=stream_of(process.stdin), flush=True)
        threads = ["third", "fourth"]
        with ThreadPoolExecutor(len(threads)) as pool:
            list(pool.map(write, threads))
        for process in processes:
            assert stream_of(process.stdout).readline() == "done\n"
            assert process.wait() == 0
        assert {c.title for c in store.conversations()} == {*names, *threads}
        for conversation in store.conversations():
            assert len(store.messages(conversation.id)) == 2 * TURNS
            assert [turn.status for turn in store.turns(conversation.id)] == ["done"] * TURNS
        assert store.verify() == []


def test_several_processes_create_one_database_at_once(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "new" / "visavis.db"
    processes = [child(WRITING, str(path), f"process {number}", "1") for number in range(3)]
    for process in processes:
        print("go", file=stream_of(process.stdin), flush=True)
    for process in processes:
        assert stream_of(process.stdout).readline() == "done\n"
    with Store.open(path) as store:
        assert len(store.conversations()) == 3
        assert store.verify() == []


def test_read_then_write_waits_instead_of_failing(tmp_path: Path) -> None:
    path = tmp_path / "plain.db"
    # Two `Connections`, as two processes would have: no lock of this process orders their writes.
    first, second = Connections(path), Connections(path)
    with first.immediate() as database:
        database.execute("CREATE TABLE counter (value INTEGER)")
        database.execute("INSERT INTO counter VALUES (0)")

    def count(connections: Connections, inside: threading.Event) -> None:
        with connections.immediate() as database:
            inside.set()
            (value,) = database.execute("SELECT value FROM counter").fetchone()
            database.execute("UPDATE counter SET value = ?", (value + 1,))

    with ThreadPoolExecutor(1) as pool:
        with first.immediate() as database:
            (value,) = database.execute("SELECT value FROM counter").fetchone()
            entered = threading.Event()
            waiting = pool.submit(count, second, entered)
            database.execute("UPDATE counter SET value = ?", (value + 1,))
            assert not entered.is_set()
        waiting.result()
    with first.snapshot() as database:
        assert database.execute("SELECT value FROM counter").fetchone() == (2,)
    first.close()
    second.close()


def test_the_same_picture_from_many_threads_is_stored_once(
    store: Store, picture: Callable[..., bytes]
) -> None:
    data = picture("green", (64, 64))
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda number: store.images.add(data, name=f"{number}.png"), range(12)))
    assert len({image.sha256 for image in images}) == 1
    assert [image.name for image in images] == [f"{number}.png" for number in range(12)]
    files = [file for file in (store.path.parent / "visavis.pictures").rglob("*") if file.is_file()]
    assert files == [store.images.path(images[0].sha256)]


def test_each_thread_has_a_connection_that_ends_with_it(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "plain.db")
    mine = connections.database()
    assert connections.database() is mine
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(lambda: connections.database().conn).result()
        assert other is not mine.conn
        assert pool.submit(lambda: connections.database().conn).result() is other
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        other.execute("SELECT 1")
    assert mine.execute("SELECT 1").fetchone() == (1,)
    connections.close()
