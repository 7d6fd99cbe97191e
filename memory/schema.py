"""The tables, as forward-only migrations, and the checks before a file is touched.

    conversations ──tip──▶ messages ──parent──▶ messages ──▶ … the root
          ▲  ▲                ▲  ▲
          │  │                │  └─ message_parts ──▶ images
          │  └──── turns ─────┘
          └─ snapshots ◀── snapshot_marks
                 ▲
                 └──────── snapshot_parts ──▶ parts

What the shape is for:

- Every row of a person's words has an `owner`, and every link between such rows carries it, so
  that no conversation can reach into another owner's. Pictures have none: the bytes are known
  only by their hash, and what a person called them stands with the message part. Nor have
  snapshots: they are found by a digest of everything said in them, which who does not know those
  words cannot name, and they go with their conversation.
- Messages form a tree. A conversation is a tip in it, so a branch is another tip and copies
  nothing; siblings are the messages with one parent.
- Words are stored once, in `message_parts.text`. Its `id` is a declared integer key, because a
  full-text index refers to it and implicit row ids may change when a file is compacted.
- No CHECK lists the roles, reasons or kinds of part: SQLite cannot change a CHECK without
  rebuilding the table, and those lists grow.
- Snapshots and parts are an index of files that can be computed again (`memory/snapshots.py`).
- Times are UTC in ISO 8601 with microseconds, so that their text sorts as time.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from sqlite_utils import Database, Migrations

from memory.db import BUSY_SECONDS, Connections, explain
from memory.errors import StoreError

APPLICATION_ID = 0x56695376
"""Written into the file's header ("ViSv"), so that a database of another program is known as such."""

migrations = Migrations("visavis")
"""Applied in order, each once. A released migration is never edited; the next change is a new one."""

_FIRST_TABLES = (
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        title TEXT NOT NULL,
        persona TEXT NOT NULL,
        tip TEXT,                        -- the newest message of its branch; NULL before the first
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,        -- when a turn last began or ended
        FOREIGN KEY (owner, tip) REFERENCES messages (owner, id)
    )
    """,
    """
    CREATE TABLE messages (
        owner TEXT NOT NULL,
        id TEXT NOT NULL,                -- sha256 of parent, role and parts: see memory/tree.py
        parent TEXT,                     -- the message before it; NULL for a root
        depth INTEGER NOT NULL,          -- messages before it in its branch: 0 for a root
        role TEXT NOT NULL,              -- user, assistant, system
        created_at TEXT NOT NULL,        -- when it was first said
        PRIMARY KEY (owner, id),
        FOREIGN KEY (owner, parent) REFERENCES messages (owner, id)
    )
    """,
    """
    CREATE TABLE message_parts (
        id INTEGER PRIMARY KEY,
        owner TEXT NOT NULL,
        message_id TEXT NOT NULL,
        position INTEGER NOT NULL,       -- from 0, in the order they were given
        text TEXT,                       -- words, or NULL for a picture
        image_sha256 TEXT REFERENCES images (sha256),
        media_type TEXT,                 -- of the picture, as it was said and hashed
        name TEXT,                       -- what the person's file was called
        UNIQUE (owner, message_id, position),
        FOREIGN KEY (owner, message_id) REFERENCES messages (owner, id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE images (
        sha256 TEXT PRIMARY KEY,         -- of the original bytes, which lie in the folder beside this file
        media_type TEXT NOT NULL,
        width INTEGER NOT NULL,          -- pixels as shown, EXIF orientation applied
        height INTEGER NOT NULL,
        size INTEGER NOT NULL,           -- bytes
        added_at TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE turns (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,         -- 1, 2, … in the conversation
        user_message_id TEXT NOT NULL,
        reply_message_id TEXT,           -- NULL while running, and if it ended without a word
        status TEXT NOT NULL,            -- running, done
        partial_text TEXT NOT NULL,      -- the reply so far; empty once done, when it is a message
        reason TEXT,                     -- why the reply ended
        engine TEXT NOT NULL,
        fingerprint TEXT NOT NULL,       -- the exact weights and preprocessing
        sampling TEXT NOT NULL,          -- JSON object
        usage TEXT NOT NULL,             -- JSON object: tokens and pictures it took
        timings TEXT NOT NULL,           -- JSON object: seconds
        dropped TEXT NOT NULL,           -- JSON array: what did not fit into the prompt
        error TEXT,
        writer TEXT NOT NULL,            -- the lock file its process holds: see memory/writer.py
        process_id INTEGER NOT NULL,     -- for the person who reads this; liveness asks the lock
        created_at TEXT NOT NULL,
        finished_at TEXT,
        UNIQUE (conversation_id, number),
        FOREIGN KEY (owner, user_message_id) REFERENCES messages (owner, id),
        FOREIGN KEY (owner, reply_message_id) REFERENCES messages (owner, id)
    )
    """,
    "CREATE INDEX conversations_by_time ON conversations (owner, updated_at)",
    "CREATE INDEX conversations_by_tip ON conversations (owner, tip)",
    "CREATE INDEX messages_by_parent ON messages (owner, parent)",
    "CREATE INDEX message_parts_by_image ON message_parts (image_sha256)",
    "CREATE INDEX turns_by_user_message ON turns (owner, user_message_id)",
    "CREATE INDEX turns_by_reply_message ON turns (owner, reply_message_id)",
    # One reply at a time in a conversation, whichever processes have it open.
    "CREATE UNIQUE INDEX turns_running ON turns (conversation_id) WHERE status = 'running'",
)


@migrations()
def m001_conversations(database: Database) -> None:
    """Conversations, the message tree, pictures and turns."""
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in _FIRST_TABLES:
        database.execute(statement)


_SNAPSHOT_TABLES = (
    """
    CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given again: "forget 7" must not mean a later one
        conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        fingerprint TEXT NOT NULL,       -- the exact weights and preprocessing
        used INTEGER NOT NULL            -- grows with every use of any: the least was used longest ago
    )
    """,
    """
    CREATE TABLE snapshot_marks (
        snapshot_id INTEGER NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
        mark TEXT NOT NULL,              -- digest of everything up to a message boundary
        tokens INTEGER NOT NULL,         -- how many tokens that is
        PRIMARY KEY (snapshot_id, mark)
    )
    """,
    """
    CREATE TABLE snapshot_parts (
        snapshot_id INTEGER NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,       -- from 0, in the order they were given
        key TEXT NOT NULL REFERENCES parts (key),
        PRIMARY KEY (snapshot_id, position)
    )
    """,
    """
    CREATE TABLE parts (
        key TEXT PRIMARY KEY,            -- the engine's name for it, and its file's
        sha256 TEXT NOT NULL,            -- of the file's bytes
        size INTEGER NOT NULL            -- bytes
    )
    """,
    "CREATE INDEX snapshots_by_conversation ON snapshots (conversation_id)",
    "CREATE INDEX snapshot_marks_by_mark ON snapshot_marks (mark)",
    "CREATE INDEX snapshot_parts_by_key ON snapshot_parts (key)",
)


@migrations()
def m002_snapshots(database: Database) -> None:
    """Snapshots of key/value caches, and the parts they share."""
    for statement in _SNAPSHOT_TABLES:
        database.execute(statement)


def prepare(connections: Connections) -> None:
    """Bring the database up to date, creating its tables if the file is new.

    Raises StoreError, before anything in the file has changed, if it is not a database, belongs
    to another program, was written by a newer version of this one, or cannot be written.
    """
    # In one snapshot: another process may be creating these tables at this very moment.
    with connections.snapshot() as database:
        _refuse_unknown(database, connections.path)
    try:
        _enable_wal(connections.database())
    except sqlite3.Error as error:
        raise explain(error, connections.path) from error
    with connections.immediate() as database:
        migrations.apply(database)
        # On a file that cannot be written, SQLite lets even BEGIN IMMEDIATE pass as a reader's; a
        # statement that could write is refused. Better now than when someone's message comes.
        database.execute("DELETE FROM conversations WHERE FALSE")


def _refuse_unknown(database: Database, path: Path) -> None:
    application_id = database.execute("PRAGMA application_id").fetchone()[0]
    is_blank = not application_id and not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application_id != APPLICATION_ID and not is_blank:
        raise StoreError(
            f"{path} is a database of another program. It was left as it is; choose another file."
        )
    with Database(memory=True) as blank:
        known = {migration.name for migration in migrations.pending(blank)}
    if any(migration.name not in known for migration in migrations.applied(database)):
        raise StoreError(
            f"{path} was written by a newer version of this program. It was left as it is; "
            "update the program or choose another file."
        )


def _enable_wal(database: Database) -> None:
    """Let readers and the writer work at once. The file remembers it, so this acts once in its life."""
    deadline = time.monotonic() + BUSY_SECONDS
    while database.journal_mode != "wal":
        try:
            database.execute("PRAGMA journal_mode = wal")
            return
        except sqlite3.OperationalError as error:
            # Two processes creating one file: this change, alone, does not heed the busy timeout.
            if "SQLITE_BUSY" not in error.sqlite_errorname or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
