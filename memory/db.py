"""Connections to the database file: one for each thread, and transactions that never meet "locked".

SQLite lets one connection write at a time. A transaction that reads first and writes later
(`BEGIN`, what `Database.atomic()` does) fails at once if someone committed in between, however
long the busy timeout; `BEGIN IMMEDIATE` takes the write lock first and simply waits its turn.
So there are two ways in: `immediate()` to write, `snapshot()` to read.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from memory.errors import StoreError
from memory.words import spaced_text

BUSY_SECONDS = 30.0
"""How long a transaction waits for another process to finish writing."""

_EXPLANATIONS = {
    "SQLITE_NOTADB": "{path} is not a SQLite database. It was left as it is; choose another file.",
    "SQLITE_CORRUPT": "The database {path} is damaged ({error}). Restore it from a copy.",
    "SQLITE_READONLY": (
        "The database {path} cannot be written. Make the file and its folder writable, or choose "
        "another file."
    ),
    "SQLITE_CANTOPEN": (
        "The database {path} cannot be opened. Its folder has to exist and be writable, because SQLite keeps "
        "files beside it."
    ),
    "SQLITE_BUSY": (
        f"Another program has kept the database {{path}} locked for {BUSY_SECONDS:.0f} seconds. "
        "Close it and try again."
    ),
    "SQLITE_FULL": "The disk that holds {path} is full. Free some space and try again.",
    "SQLITE_IOERR": "The disk that holds {path} failed ({error}). Check the disk and try again.",
}
"""What each kind of SQLite error means to a person, by the start of its name."""


def explain(error: sqlite3.Error, path: Path) -> StoreError:
    """The StoreError that says in words what an error of SQLite means for the database at `path`."""
    name = getattr(error, "sqlite_errorname", None) or ""
    for prefix, words in _EXPLANATIONS.items():
        if name.startswith(prefix):
            return StoreError(words.format(path=path, error=error))
    return StoreError(f"The database {path} cannot be used: {error}.")


class Connections:
    """The connections to one database file, one for each thread that asks.

    A connection is closed when its thread ends, and all of them by `close()`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._open: weakref.WeakSet[Database] = weakref.WeakSet()
        self._registry_lock = threading.Lock()
        self._closed = False
        self._mode = "rwc"
        # Threads of one process queue here: SQLite itself only polls, with growing pauses.
        self._write_lock = threading.Lock()

    def database(self) -> Database:
        """This thread's connection, opened on first use. Raises StoreError once closed."""
        if self._closed:
            raise StoreError(f"The store {self.path} is closed. Open it again to use it.")
        database: Database | None = getattr(self._local, "database", None)
        if database is None:
            try:
                database = self._connect()
            except sqlite3.Error as error:
                raise explain(error, self.path) from error
            self._local.database = database
        return database

    @contextmanager
    def immediate(self) -> Iterator[Database]:
        """A transaction that holds the write lock from its start; committed, or rolled back on error.

        Raises StoreError for whatever SQLite cannot do.
        """
        with self._write_lock, self._transaction("BEGIN IMMEDIATE") as database:
            yield database

    @contextmanager
    def snapshot(self) -> Iterator[Database]:
        """A transaction whose queries all see the database at one moment. Only for reading.

        Raises StoreError for whatever SQLite cannot do.
        """
        with self._transaction("BEGIN") as database:
            yield database

    def close(self) -> None:
        """Close every thread's connection. Closing twice does nothing."""
        with self._registry_lock:
            self._closed = True
            open_now = list(self._open)
            self._open.clear()
        for database in open_now:
            database.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Database]:
        database = self.database()
        try:
            database.execute(begin)
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                # A no-op where the error, such as a full disk, has already ended the transaction.
                database.rollback()
                raise
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    def _connect(self) -> Database:
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode={self._mode}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # transactions are ours to begin
            check_same_thread=False,  # each thread uses its own; only close() reaches over
        )
        connection.execute("PRAGMA foreign_keys = ON")
        # Triggers call it: see memory/migrations/m008_labels.py.
        connection.create_function("spaced_text", 1, spaced_text, deterministic=True)
        # FULL: what has been accepted survives a power cut, not only a killed process.
        connection.execute("PRAGMA synchronous = FULL")
        # In KiB. Ids are hashes, so a conversation of a thousand turns lies on about four thousand pages of
        # the indexes and some hundred of the tables, which every turn in it reads again, in the same order:
        # a cache that is a little too small has lost each one when it comes round. SQLite would keep five
        # hundred.
        connection.execute("PRAGMA cache_size = -24576")
        self._mode = "rw"  # only the first connection may create the file: one deleted since is an error
        database = Database(connection, execute_plugins=False)
        # The thread-local reference goes when its thread ends; then the connection is closed too.
        weakref.finalize(database, connection.close)
        with self._registry_lock:
            self._open.add(database)
        return database
