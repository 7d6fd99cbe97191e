"""What the store hands out: frozen values, and how they are read from rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

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

TURN_QUERY = """
    SELECT turns.*, reply.text AS reply_text FROM turns
    LEFT JOIN message_parts AS reply ON reply.owner = turns.owner
        AND reply.message_id = turns.reply_message_id AND reply.position = 0
"""
"""Selects the rows that `Turn.from_row` reads; a WHERE clause is to follow."""


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
    def from_row(cls, row: Row) -> Turn:
        """The value of a row of TURN_QUERY."""
        # At once: parsing takes much of the time in which a long conversation opens.
        sampling, usage, timings, dropped, facts = json.loads(
            f"[{row['sampling']},{row['usage']},{row['timings']},{row['dropped']},{row['facts']}]"
        )
        return cls(
            id=row["id"],
            conversation_id=row["conversation_id"],
            user_message_id=row["user_message_id"],
            reply_message_id=row["reply_message_id"],
            status=row["status"],
            text=row["partial_text"] if row["status"] == "running" else row["reply_text"] or "",
            reason=row["reason"],
            engine=row["engine"],
            fingerprint=row["fingerprint"],
            sampling=sampling,
            usage=usage,
            timings=timings,
            dropped=tuple(dropped),
            error=row["error"],
            created_at=row["created_at"],
            finished_at=row["finished_at"],
            continues=row["continues"],
            facts=tuple(facts),
        )


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
