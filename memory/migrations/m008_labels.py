"""Migration 8: what a person calls their conversations, in a full-text index.

A conversation's title, tags and notes stand in two tables under keys that are no integers, and a full-text
index needs one row with an integer key. So `conversation_labels` holds a copy of them, which triggers keep
exact whoever writes to those tables: a rename, an import, a deletion by cascade. They call the function
`spaced_text` of memory/words.py, which every connection of ours knows (memory/db.py).
"""

from __future__ import annotations

from sqlite_utils import Database

from memory.words import spaced_text

_TABLES = (
    """
    CREATE TABLE conversation_labels (   -- a copy of titles, tags and notes for the index, kept by triggers
        id INTEGER PRIMARY KEY,
        owner TEXT NOT NULL,
        conversation_id TEXT NOT NULL UNIQUE REFERENCES conversations (id) ON DELETE CASCADE,
        title TEXT NOT NULL,
        tags TEXT NOT NULL,              -- in order, with commas between
        notes TEXT NOT NULL,
        spaced_text TEXT                 -- all three as the index needs them, if otherwise than they are
    )
    """,
    """
    CREATE VIRTUAL TABLE conversation_words USING fts5(
        title, tags, notes, spaced_text, content = 'conversation_labels', content_rowid = 'id',
        tokenize = 'unicode61 remove_diacritics 2'
    )
    """,
)

_LABELS = """
    SELECT conversations.owner, conversations.id, title, (
        SELECT coalesce(group_concat(tag, ', '), '') FROM (
            SELECT tag FROM conversation_tags WHERE conversation_id = conversations.id ORDER BY tag)
    ) AS tags, notes FROM conversations
"""

_INDEXED = "title, tags, notes, spaced_text"
_OLD = ", ".join(f"old.{name}" for name in _INDEXED.split(", "))
_NEW = ", ".join(f"new.{name}" for name in _INDEXED.split(", "))
_TAKE_OUT = f"""INSERT INTO conversation_words (conversation_words, rowid, {_INDEXED})
        VALUES ('delete', old.id, {_OLD});"""
_PUT_IN = f"INSERT INTO conversation_words (rowid, {_INDEXED}) VALUES (new.id, {_NEW});"


def _tags_changed(event: str, row: str) -> str:
    """The trigger that takes over the tags of a conversation after one has come or gone."""
    return f"""
    CREATE TRIGGER conversation_labels_tags_{event.lower()} AFTER {event} ON conversation_tags BEGIN
        UPDATE conversation_labels SET tags = now.tags,
            spaced_text = spaced_text(title || char(10) || now.tags || char(10) || notes)
        FROM (
            SELECT coalesce(group_concat(tag, ', '), '') AS tags FROM (
                SELECT tag FROM conversation_tags WHERE conversation_id = {row}.conversation_id ORDER BY tag)
        ) AS now WHERE conversation_id = {row}.conversation_id;
    END
    """


_TRIGGERS = (
    """
    CREATE TRIGGER conversation_labels_begin AFTER INSERT ON conversations BEGIN
        INSERT INTO conversation_labels (owner, conversation_id, title, tags, notes, spaced_text)
        VALUES (new.owner, new.id, new.title, '', new.notes,
            spaced_text(new.title || char(10) || char(10) || new.notes));
    END
    """,
    """
    CREATE TRIGGER conversation_labels_change AFTER UPDATE OF title, notes ON conversations
    WHEN new.title <> old.title OR new.notes <> old.notes BEGIN
        UPDATE conversation_labels SET title = new.title, notes = new.notes,
            spaced_text = spaced_text(new.title || char(10) || tags || char(10) || new.notes)
        WHERE conversation_id = new.id;
    END
    """,
    _tags_changed("INSERT", "new"),
    _tags_changed("DELETE", "old"),
    f"CREATE TRIGGER conversation_words_insert AFTER INSERT ON conversation_labels BEGIN {_PUT_IN} END",
    f"CREATE TRIGGER conversation_words_delete AFTER DELETE ON conversation_labels BEGIN {_TAKE_OUT} END",
    f"""
    CREATE TRIGGER conversation_words_update AFTER UPDATE ON conversation_labels BEGIN
        {_TAKE_OUT} {_PUT_IN}
    END
    """,
)


def m008_labels(database: Database) -> None:
    """A full-text index of the titles, tags and notes of conversations."""
    for statement in _TABLES:
        database.execute(statement)
    for owner, identity, title, tags, notes in database.execute(_LABELS).fetchall():
        database.execute(
            "INSERT INTO conversation_labels (owner, conversation_id, title, tags, notes, spaced_text)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (owner, identity, title, tags, notes, spaced_text("\n".join((title, tags, notes)))),
        )
    for statement in _TRIGGERS:
        database.execute(statement)
    database.execute("INSERT INTO conversation_words (conversation_words) VALUES ('rebuild')")
