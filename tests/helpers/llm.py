"""Databases of logs as `llm` writes them: the tables that matter, in both generations."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_TABLES = """
    CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
    CREATE TABLE responses (id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT,
        options_json TEXT, response TEXT, response_json TEXT, conversation_id TEXT, duration_ms INTEGER,
        datetime_utc TEXT, input_tokens INTEGER, output_tokens INTEGER, token_details TEXT);
    CREATE TABLE attachments (id TEXT PRIMARY KEY, type TEXT, path TEXT, url TEXT, content BLOB);
    CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, "order" INTEGER);
    CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT);
    CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
"""
_NEWER_TABLES = """
    CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT, role TEXT, provider_metadata TEXT);
    CREATE TABLE parts (id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT,
        tool_name TEXT, text TEXT, payload TEXT);
    CREATE TABLE part_attachments (part_id INTEGER, attachment_id TEXT, "order" INTEGER);
    CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT,
        datetime_utc TEXT);
    CREATE TABLE turns (id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT,
        model TEXT, datetime_utc TEXT);
"""


def older_logs(path: Path, picture: bytes, file: Path) -> Path:
    """Two prompts: one with a picture inside and one in a file, one with a fragment."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_TABLES)
        database.execute("INSERT INTO conversations VALUES ('c1', 'Pelicans', 'gpt-4o')")
        for key, prompt, response in (("r1", "Look", "Two birds."), ("r2", "Sum up", "Birds.")):
            database.execute(
                "INSERT INTO responses (id, model, prompt, response, conversation_id, datetime_utc)"
                " VALUES (?, 'gpt-4o', ?, ?, 'c1', ?)",
                (key, prompt, response, f"2024-06-0{key[1]}T10:00:00.000000"),
            )
        database.execute("INSERT INTO attachments VALUES ('a1', 'image/png', NULL, NULL, ?)", (picture,))
        database.execute("INSERT INTO attachments VALUES ('a2', 'image/png', ?, NULL, NULL)", (str(file),))
        database.execute("INSERT INTO attachments VALUES ('a3', 'audio/wav', NULL, NULL, x'00')")
        database.executemany(
            "INSERT INTO prompt_attachments VALUES ('r1', ?, ?)", [("a1", 0), ("a2", 1), ("a3", 2)]
        )
        database.execute("INSERT INTO fragments VALUES (1, 'h', 'A long story.')")
        database.execute("INSERT INTO prompt_fragments VALUES ('r2', 1, 0)")
    return path


def newer_logs(path: Path, picture: bytes) -> Path:
    """The same conversation as it went on, and was tried twice, in a newer version."""
    with closing(sqlite3.connect(path)) as database, database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'responses'").fetchone():
            database.executescript(_TABLES)
        database.executescript(_NEWER_TABLES)
        tree = [
            ("s", None, "system", "text", "Be brief.", None),
            ("q", "s", "user", "text", None, '{"text_ref": [{"fragment": 7}, {"literal": " Why?"}]}'),
            ("a", "q", "assistant", "text", "Because.", None),
            ("b", "q", "assistant", "text", "So.", None),
            ("t", "a", "assistant", "tool_call", None, '{"name": "x"}'),
        ]
        for key, parent, role, kind, text, payload in tree:
            database.execute("INSERT INTO messages VALUES (?, ?, ?, NULL)", (key, parent, role))
            database.execute(
                "INSERT INTO parts (message_hash, position, type, text, payload) VALUES (?, 0, ?, ?, ?)",
                (key, kind, text, payload),
            )
        database.execute("INSERT INTO parts VALUES (99, 'q', 1, 'attachment', NULL, NULL, '{}')")
        database.execute("INSERT INTO attachments VALUES ('p1', 'image/png', NULL, NULL, ?)", (picture,))
        database.execute("INSERT INTO part_attachments VALUES (99, 'p1', 0)")
        database.execute("INSERT INTO fragments VALUES (7, 'h7', 'A fable.')")
        database.execute("INSERT INTO threads VALUES ('c1', 'Fables', 'a', NULL, '2026-08-01T10:00:00')")
        database.executemany(
            "INSERT INTO turns VALUES (?, 'c1', 'q', ?, 'o3', ?)",
            [("t1", "a", "2026-08-01T10:00:01"), ("t2", "b", "2026-08-01T10:00:02")],
        )
    return path
