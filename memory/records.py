"""What the store hands out: frozen values, and how they are read from rows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from prompts import Message

Row = Mapping[str, Any]
"""A row by the names of its columns."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

TURN_QUERY = """
    SELECT turns.*, reply.text AS reply_text FROM turns
    LEFT JOIN message_parts AS reply ON reply.owner = turns.owner
        AND reply.message_id = turns.reply_message_id AND reply.position = 0
"""
"""Selects the rows that `Turn.from_row` reads; a WHERE clause is to follow."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A named branch tip over the message tree.

    `tip` is the id of its newest message, None before the first. Times are UTC, ISO 8601;
    `updated_at` is when a turn last began or ended.
    """

    id: str
    title: str
    persona: str
    tip: str | None
    created_at: str
    updated_at: str

    @classmethod
    def from_row(cls, row: Row) -> Conversation:
        """The value of a row of `conversations`."""
        return cls(
            id=row["id"],
            title=row["title"],
            persona=row["persona"],
            tip=row["tip"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """A user message and the reply to it, with where the reply came from.

    While `status` is "running", `text` is the reply so far, `reply_message_id`, `reason` and
    `finished_at` are None. A turn that ended without a word has no reply message. Times are UTC,
    ISO 8601; `timings` are seconds.
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

    @classmethod
    def from_row(cls, row: Row) -> Turn:
        """The value of a row of TURN_QUERY."""
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
            sampling=json.loads(row["sampling"]),
            usage=json.loads(row["usage"]),
            timings=json.loads(row["timings"]),
            dropped=tuple(json.loads(row["dropped"])),
            error=row["error"],
            created_at=row["created_at"],
            finished_at=row["finished_at"],
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a conversation's history, with when it was said there.

    `turn` is set on a reply, and on a user message whose last turn ended without a reply.
    """

    message_id: str
    message: Message
    created_at: str
    turn: Turn | None


def now() -> str:
    """The present moment as the store writes it: UTC, ISO 8601, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def to_json(value: object) -> str:
    """Provenance as the store writes it. Raises TypeError or ValueError for what JSON cannot say."""
    return storable_text(json.dumps(value, ensure_ascii=False, allow_nan=False))


def storable_text(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot write, replaced as browsers do it."""
    return _LONE_SURROGATE.sub("\ufffd", text)
