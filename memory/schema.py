"""The tables, as forward-only migrations, and the checks before a file is touched.

    conversations ──tip──▶ messages ──parent──▶ messages ──▶ … the root
     ▲    ▲  ▲                ▲  ▲
     │    │  │                │  └─ message_parts ──▶ images
     │    │  └─ turns, forks ─┘           └── message_words, the full-text index
     │    ├─ conversation_tags, pinned_pictures ──▶ images
     │    └─ conversation_labels ── conversation_words, the full-text index of what it is called
     └─ snapshots ◀── snapshot_marks
            ▲
            └──────── snapshot_parts ──▶ parts

    images ◀── picture_embeddings
    facts                          an owner's, of no conversation

What the shape is for:

- Every row of a person's words has an `owner`, and every link between such rows carries it, so
  that no conversation can reach into another owner's. Pictures have none: the bytes are known
  only by their hash, and what a person called them stands with the message part. Nor have
  snapshots: they are found by a digest of everything said in them, which who does not know those
  words cannot name, and they go with their conversation.
- Messages form a tree. A conversation is a tip in it, so a branch is another tip and copies
  nothing; siblings are the messages with one parent. What a conversation holds is what its turns
  said, and what lies before its tip and before the message it was forked at.
- Words are stored once, in `message_parts.text`. Its `id` is a declared integer key, because a
  full-text index refers to it and implicit row ids may change when a file is compacted.
- `conversation_labels` copies what a person calls a conversation, for its index; triggers keep it.
- Facts refer to a message only by name: they outlive the conversation that they were said in.
- No CHECK lists the roles, reasons or kinds of part: SQLite cannot change a CHECK without
  rebuilding the table, and those lists grow.
- Embeddings are of pictures, whoever shows them, and can be computed again.
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
from memory.migrations.m008_labels import m008_labels
from memory.words import spaced_text

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


_ORGANISING = (
    "ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 /* 1: first in the list */",
    "ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0 /* 1: kept out of the list */",
    "ALTER TABLE conversations ADD COLUMN notes TEXT NOT NULL DEFAULT '' /* the person's own, about it */",
    """ALTER TABLE turns ADD COLUMN continues TEXT
        /* id of the half reply that this turn's reply goes on from; NULL as a rule */""",
    """ALTER TABLE message_parts ADD COLUMN spaced_text TEXT
        /* the text as the index needs it, where that is not the text itself: see memory/words.py */""",
    """
    CREATE TABLE conversation_tags (
        owner TEXT NOT NULL,
        conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        tag TEXT NOT NULL,               -- in small letters
        PRIMARY KEY (conversation_id, tag)
    )
    """,
    """
    CREATE TABLE forks (                 -- conversations that began as a branch of another
        conversation_id TEXT PRIMARY KEY REFERENCES conversations (id) ON DELETE CASCADE,
        owner TEXT NOT NULL,
        message_id TEXT NOT NULL,        -- the last message they share
        FOREIGN KEY (owner, message_id) REFERENCES messages (owner, id)
    )
    """,
    "CREATE INDEX conversation_tags_by_tag ON conversation_tags (owner, tag)",
    "CREATE INDEX forks_by_message ON forks (owner, message_id)",
    # In the order of the list, which is read from its end.
    "CREATE INDEX conversations_listed ON conversations (owner, archived, pinned, updated_at)",
    "DROP INDEX conversations_by_time",
)

_WORDS = (
    """
    CREATE VIRTUAL TABLE message_words USING fts5(
        text, spaced_text, content = 'message_parts', content_rowid = 'id',
        tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER message_words_insert AFTER INSERT ON message_parts BEGIN
        INSERT INTO message_words (rowid, text, spaced_text) VALUES (new.id, new.text, new.spaced_text);
    END
    """,
    """
    CREATE TRIGGER message_words_delete AFTER DELETE ON message_parts BEGIN
        INSERT INTO message_words (message_words, rowid, text, spaced_text)
        VALUES ('delete', old.id, old.text, old.spaced_text);
    END
    """,
    """
    CREATE TRIGGER message_words_update AFTER UPDATE OF id, text, spaced_text ON message_parts BEGIN
        INSERT INTO message_words (message_words, rowid, text, spaced_text)
        VALUES ('delete', old.id, old.text, old.spaced_text);
        INSERT INTO message_words (rowid, text, spaced_text) VALUES (new.id, new.text, new.spaced_text);
    END
    """,
    "INSERT INTO message_words (message_words) VALUES ('rebuild')",
)


@migrations()
def m003_organising_and_finding(database: Database) -> None:
    """Forks, pins, archive, tags and notes of conversations; a full-text index of what was said."""
    for statement in _ORGANISING:
        database.execute(statement)
    texts = database.execute("SELECT id, text FROM message_parts WHERE text IS NOT NULL")
    spaced = [(spaced, key) for key, text in texts if (spaced := spaced_text(text)) is not None]
    for change in spaced:
        database.execute("UPDATE message_parts SET spaced_text = ? WHERE id = ?", change)
    for statement in _WORDS:
        database.execute(statement)


_PINNED_PICTURES = """
    CREATE TABLE pinned_pictures (       -- what is never left out of a prompt: see memory/pins.py
        owner TEXT NOT NULL,
        conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        sha256 TEXT NOT NULL REFERENCES images (sha256) ON DELETE CASCADE,
        PRIMARY KEY (conversation_id, sha256)
    )
"""


@migrations()
def m004_pinned_pictures(database: Database) -> None:
    """Pictures that stay in view, by conversation."""
    database.execute(_PINNED_PICTURES)
    # Deleting a picture looks for its pins.
    database.execute("CREATE INDEX pinned_pictures_by_picture ON pinned_pictures (sha256)")


@migrations()
def m005_blake3_of_parts(database: Database) -> None:
    """Parts are known by their BLAKE3, computed in a third of SHA-256's time: it is what resuming waits for.

    The snapshots of before, which the next turns write anew, are forgotten; their files go
    when the store opens.
    """
    database.execute("DELETE FROM snapshots")
    database.execute("DELETE FROM parts")
    database.execute("ALTER TABLE parts RENAME COLUMN sha256 TO blake3")


_FACTS = (
    """
    CREATE TABLE facts (                 -- what the person asked to be remembered: see memory/facts.py
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        persona TEXT NOT NULL,           -- the only one it is for; empty: it is for all
        text TEXT NOT NULL,              -- on one line
        message_id TEXT,                 -- the message that asked for it, which may be gone since
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        UNIQUE (owner, persona, text)
    )
    """,
    # Not their words, which would outlive their deletion.
    """ALTER TABLE turns ADD COLUMN facts TEXT NOT NULL DEFAULT '[]'
        /* JSON array: ids of the facts that were in the prompt */""",
)


@migrations()
def m006_facts(database: Database) -> None:
    """Long-term memory, and which of it each turn was told."""
    for statement in _FACTS:
        database.execute(statement)


_PICTURE_EMBEDDINGS = (
    """
    CREATE TABLE picture_embeddings (    -- what pictures are found by: see memory/embeddings.py
        sha256 TEXT NOT NULL REFERENCES images (sha256) ON DELETE CASCADE,
        fingerprint TEXT NOT NULL,       -- of the weights and preprocessing that made the vector
        width INTEGER NOT NULL,          -- numbers in the vector
        vector BLOB NOT NULL,            -- float32, little-endian, of unit length
        PRIMARY KEY (sha256, fingerprint)
    )
    """,
    # All of an owner's pictures, without a look at the messages that show them.
    """CREATE INDEX message_parts_with_picture ON message_parts (owner, image_sha256)
        WHERE image_sha256 IS NOT NULL""",
)


@migrations()
def m007_picture_embeddings(database: Database) -> None:
    """Vectors of pictures, by the model that made them."""
    for statement in _PICTURE_EMBEDDINGS:
        database.execute(statement)


migrations()(m008_labels)


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
