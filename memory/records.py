"""What the store hands out: frozen values, and how they are read from rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from prompts import Message

Row = Mapping[str, Any]
"""A row by the names of its columns."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

CONVERSATION_QUERY = """
    SELECT conversations.*, (
        SELECT json_group_array(tag) FROM conversation_tags WHERE conversation_id = conversations.id
    ) AS tags FROM conversations
"""
"""Selects the rows that `Conversation.from_row` reads; a WHERE clause is to follow."""


class TurnRow(NamedTuple):
    """A turn as its table has it, in the order of Turn's fields, and what it replied; JSON is text here."""

    id: str
    conversation_id: str
    user_message_id: str
    reply_message_id: str | None
    status: Literal["running", "done"]
    partial_text: str
    reason: str | None
    engine: str
    fingerprint: str
    sampling: str
    usage: str
    timings: str
    dropped: str
    error: str | None
    created_at: str
    finished_at: str | None
    continues: str | None
    facts: str
    reply_text: str | None


_TURN_COLUMNS = ", ".join(f"turns.{name}" for name in TurnRow._fields if name != "reply_text")

TURN_QUERY = f"""
    SELECT {_TURN_COLUMNS}, reply.text AS reply_text FROM turns
    LEFT JOIN message_parts AS reply ON reply.owner = turns.owner
        AND reply.message_id = turns.reply_message_id AND reply.position = 0
"""
"""Selects the columns of a TurnRow; a WHERE clause is to follow."""

UNREAD_TURN_QUERY = f"SELECT {_TURN_COLUMNS}, NULL AS reply_text FROM turns"
"""The same without what was replied, for who reads the messages anyway: they are not looked up again."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A named branch tip over the message tree.

    `tip` is the id of its newest message, None before the first. `notes` and `tags` are the
    person's own, tags in small letters and in order. Times are UTC, ISO 8601; `updated_at` is
    when a turn last began or ended.
    """

    id: str
    title: str
    persona: str
    tip: str | None
    created_at: str
    updated_at: str
    pinned: bool = False
    archived: bool = False
    notes: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: Row) -> Conversation:
        """The value of a row of CONVERSATION_QUERY."""
        return cls(
            id=row["id"],
            title=row["title"],
            persona=row["persona"],
            tip=row["tip"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            pinned=bool(row["pinned"]),
            archived=bool(row["archived"]),
            notes=row["notes"],
            tags=tuple(sorted(json.loads(row["tags"]))),
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """A user message and the reply to it, with where the reply came from.

    While `status` is "running", `text` is the reply so far, `reply_message_id`, `reason` and
    `finished_at` are None. A turn that ended without a word has no reply message. `continues` is
    the id of the half reply that this one goes on from, if it does; `facts` are the ids of those
    that the prompt told, deleted since or not. Times are UTC, ISO 8601; `timings` are seconds.
    """

    id: str
    conversation_id: str
    user_message_id: str
    reply_message_id: str | None
    status: Literal["running", "done"]
    text: str
    reason: str | None
    engine: str
    fingerprint: str
    sampling: dict[str, object]
    usage: dict[str, object]
    timings: dict[str, object]
    dropped: tuple[str, ...]
    error: str | None
    created_at: str
    finished_at: str | None
    continues: str | None = None
    facts: tuple[str, ...] = ()

    @classmethod
    def from_rows(cls, rows: Sequence[TurnRow], replies: Iterable[str | None] | None = None) -> list[Turn]:
        """The values of rows; `replies` are the texts of their replies if the rows lack them."""
        # At once: parsing takes much of the time in which a long conversation opens.
        written = [f"[{row.sampling},{row.usage},{row.timings},{row.dropped},{row.facts}]" for row in rows]
        parsed = json.loads(f"[{','.join(written)}]")
        texts = [row.reply_text for row in rows] if replies is None else replies
        return [
            cls(
                # By position, in the order of a row: names would take half as long again.
                row.id,
                row.conversation_id,
                row.user_message_id,
                row.reply_message_id,
                row.status,
                row.partial_text if row.status == "running" else text or "",
                row.reason,
                row.engine,
                row.fingerprint,
                sampling,
                usage,
                timings,
                tuple(dropped),
                row.error,
                row.created_at,
                row.finished_at,
                row.continues,
                tuple(facts),
            )
            for row, (sampling, usage, timings, dropped, facts), text in zip(rows, parsed, texts, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a conversation's history, with when it was said there.

    `turn` is set on a reply, and on a user message whose last turn ended without a reply.
    `siblings` are the ids of the messages said in its place (other replies, edits of a question),
    oldest first, itself among them.
    """

    message_id: str
    message: Message
    created_at: str
    turn: Turn | None
    siblings: tuple[str, ...] = ()


def now() -> str:
    """The present moment as the store writes it: UTC, ISO 8601, microseconds."""
    return moment(datetime.now(UTC))


def ago(seconds: float) -> str:
    """The moment so long before the present one, as the store writes it."""
    return moment(datetime.now(UTC) - timedelta(seconds=seconds))


def moment(time: datetime) -> str:
    """A time with its zone, as the store writes it."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def to_json(value: object) -> str:
    """Provenance as the store writes it. Raises TypeError or ValueError for what JSON cannot say."""
    return storable_text(json.dumps(value, ensure_ascii=False, allow_nan=False))


def storable_text(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot write, replaced as browsers do it."""
    return _LONE_SURROGATE.sub("\ufffd", text)
