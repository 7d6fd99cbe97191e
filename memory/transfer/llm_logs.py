"""The logs of the command line program `llm`: its SQLite database, in both forms it has had.

Read only, whatever writes to it meanwhile. Until version 0.31 `responses` holds a prompt and its response
in each row, within `conversations`; since 0.32 `threads` point into a tree of `messages` with `parts`.
A conversation that is in both is read from the newer. Pictures are in `attachments`, as bytes or as the path
of a file on the machine where it ran. Source: https://llm.datasette.io/en/stable/logging.html
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from memory.decoding import DEFAULT_LIMITS
from memory.errors import ImageError, StoreError
from memory.transfer import jsonio
from memory.transfer.fields import each, mapping
from memory.transfer.foreign import Foreign, Node, Picture, time_of
from prompts import Role

SOURCE = "llm"
SIGNATURE = b"SQLite format 3\0"

_ROLES: dict[object, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_OLD = {"conversations", "responses"}
_NEW = {"threads", "turns", "messages", "parts"}

_MESSAGES = """
    WITH RECURSIVE said (hash) AS (
        SELECT tip_message_hash FROM threads WHERE id = :thread
        UNION SELECT tip_message_hash FROM turns WHERE thread_id = :thread
        UNION SELECT messages.parent_hash FROM said JOIN messages ON messages.hash = said.hash
    )
    SELECT messages.hash, parent_hash, role,
        (SELECT model FROM turns WHERE tip_message_hash = messages.hash LIMIT 1) AS model,
        (SELECT min(datetime_utc) FROM turns
            WHERE messages.hash IN (tip_message_hash, parent_message_hash)) AS time
    FROM messages WHERE messages.hash IN said ORDER BY messages.rowid
"""


def conversations(path: Path) -> Iterator[Foreign]:
    """The conversations in a database, one at a time. Raises StoreError if it is not one of `llm`."""
    try:
        # Neither a view nor a trigger that somebody put into the file may do anything.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = _row
            database.text_factory = partial(str, encoding="utf-8", errors="replace")
            database.execute("PRAGMA trusted_schema = OFF")
            yield from _Logs(database, path).conversations()
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter for names of tables and columns
        raise StoreError(
            f"{path} cannot be read as the logs of llm ({error}). Check it with `llm logs status`."
        ) from error


class _Logs:
    """One such database, while it is open."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path
        tables = self._rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        self._tables = {str(row["name"]) for row in tables}

    def conversations(self) -> Iterator[Foreign]:
        """Newer ones first."""
        found = False
        if self._tables >= _NEW:
            found = True
            for thread in self._rows("SELECT * FROM threads ORDER BY id"):
                yield self._thread(thread)
        if self._tables >= _OLD:
            found = True
            known = (
                {row["id"] for row in self._rows("SELECT id FROM threads")} if self._tables >= _NEW else set()
            )
            for conversation in self._rows("SELECT * FROM conversations ORDER BY id"):
                if conversation["id"] not in known:
                    yield self._conversation(conversation)
        if not found:
            raise StoreError(
                f"{self._path} is not a database of llm's logs. Choose the file that `llm logs path` names."
            )

    def _thread(self, thread: dict[str, Any]) -> Foreign:
        nodes = [
            Node(
                key=str(row["hash"]),
                parent=_text(row["parent_hash"]),
                role=_ROLES.get(row["role"]),
                parts=tuple(self._parts(row["hash"])),
                created_at=time_of(row["time"]),
                model=_text(row["model"]),
            )
            for row in self._rows(_MESSAGES, {"thread": thread["id"]})
        ]
        return _foreign(thread, nodes, _text(thread["tip_message_hash"]))

    def _parts(self, message: object) -> Iterator[str | Picture]:
        query = "SELECT id, type, text, payload FROM parts WHERE message_hash = ? ORDER BY position"
        for part in self._rows(query, (message,)):
            if part["type"] == "text":
                words = _text(part["text"]) or self._referred(part["payload"])
                if words.strip():
                    yield words
            elif part["type"] == "attachment":
                yield from self._pictures("part_attachments", "part_id", part["id"])

    def _referred(self, payload: object) -> str:
        """Words that stand in `fragments`, in pieces."""
        if not isinstance(payload, str):
            return ""
        content = mapping(jsonio.loads(payload, f"A part in {self._path}"), f"A part in {self._path}")
        words = []
        for piece in each(content, "text_ref"):
            found = self._rows("SELECT content FROM fragments WHERE id = ?", (piece.get("fragment"),))
            words.append(_text(piece.get("literal")) or next((str(row["content"]) for row in found), ""))
        return "".join(words)

    def _conversation(self, conversation: dict[str, Any]) -> Foreign:
        nodes: list[Node] = []
        query = "SELECT * FROM responses WHERE conversation_id = ? ORDER BY id"
        for row in self._rows(query, (conversation["id"],)):
            time, key = time_of(row["datetime_utc"]), str(row["id"])
            parent = nodes[-1].key if nodes else None
            pictures = self._pictures("prompt_attachments", "response_id", row["id"])
            asked: tuple[str | Picture, ...] = (*pictures, *self._prompt(row))
            said = _text(row["response"]) or ""
            nodes.append(Node(f"{key} asked", parent, "user", asked, time))
            replied, model = (said,) if said.strip() else (), _text(row["model"])
            nodes.append(Node(f"{key} replied", f"{key} asked", "assistant", replied, time, model))
        return _foreign(conversation, nodes, nodes[-1].key if nodes else None)

    def _prompt(self, response: dict[str, Any]) -> Iterator[str]:
        words = []
        if "prompt_fragments" in self._tables:
            query = (
                "SELECT content FROM prompt_fragments JOIN fragments ON fragments.id = fragment_id"
                ' WHERE response_id = ? ORDER BY "order"'
            )
            words = [_text(row["content"]) or "" for row in self._rows(query, (response["id"],))]
        yield from (text for text in (*words, _text(response["prompt"]) or "") if text.strip())

    def _pictures(self, table: str, column: str, key: object) -> Iterator[Picture]:
        if table not in self._tables:
            return
        query = (
            f"SELECT attachments.id, attachments.type, path, url, content FROM {table}"
            f' JOIN attachments ON attachments.id = attachment_id WHERE {column} = ? ORDER BY "order"'
        )
        for row in self._rows(query, (key,)):
            kind = _text(row["type"])
            if kind is None or kind.startswith("image/"):
                yield _picture(row)

    def _rows(self, query: str, parameters: Any = ()) -> list[dict[str, Any]]:
        return self._database.execute(query, parameters).fetchall()


def _foreign(row: dict[str, Any], nodes: list[Node], tip: str | None) -> Foreign:
    return Foreign(SOURCE, str(row["id"]), _text(row["name"]) or "", nodes, tip)


def _picture(row: dict[str, Any]) -> Picture:
    path = _text(row["path"])
    if isinstance(row["content"], bytes):
        return Picture(str(row["id"]), partial(bytes, row["content"]))
    if path is not None and Path(path).is_file():
        return Picture(Path(path).name, partial(_read, Path(path)))
    return Picture(path or _text(row["url"]) or str(row["id"]), None)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            # One byte more than is accepted: enough to be refused.
            return stream.read(DEFAULT_LIMITS.file_bytes + 1)
    except OSError as error:
        raise ImageError(f"The picture {path} cannot be read ({error}).") from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
