"""Turns: opened before a reply begins, kept up while it grows, closed in one transaction.

Functions here run inside an immediate transaction of the caller's.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlite_utils import Database

from memory import tree
from memory.errors import StoreError
from memory.records import TURN_QUERY, Turn, now, storable_text, to_json
from memory.writer import Writer
from prompts import assistant


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a reply comes from: the engine's name, its fingerprint, and how it samples."""

    engine: str
    fingerprint: str
    sampling: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a turn ended: the whole text of the reply, why it ended, and what it took.

    `timings` are seconds; `dropped` says what did not fit into the prompt.
    """

    text: str
    reason: str
    usage: Mapping[str, object] = field(default_factory=dict)
    timings: Mapping[str, object] = field(default_factory=dict)
    dropped: Sequence[str] = ()
    error: str | None = None


def get(database: Database, owner: str, turn_id: str) -> Turn:
    """A turn by its id. Raises StoreError if there is none."""
    for row in database.query(f"{TURN_QUERY} WHERE turns.owner = ? AND turns.id = ?", (owner, turn_id)):
        return Turn.from_row(row)
    raise StoreError(f"There is no turn {turn_id}: its conversation may have been deleted.")


def listed(database: Database, owner: str, conversation_id: str) -> list[Turn]:
    """The turns of a conversation, in the order they began."""
    query = f"{TURN_QUERY} WHERE turns.owner = ? AND turns.conversation_id = ? ORDER BY turns.number"
    return [Turn.from_row(row) for row in database.query(query, (owner, conversation_id))]


def of_messages(
    database: Database, owner: str, conversation_id: str, ids: Sequence[str]
) -> dict[str, list[Turn]]:
    """For each of these messages that has any, the turns it began or replied in, oldest first.

    The same words after the same history are one message however many conversations say them:
    a conversation's own turns are preferred, and those of others stand for a branch's shared past.
    """
    query = (
        f"{TURN_QUERY} WHERE turns.owner = :owner AND turns.{{column}} IN (SELECT value FROM json_each(:ids))"
        " ORDER BY turns.created_at, turns.number"
    )
    found: dict[str, list[Turn]] = {}
    for column in ("user_message_id", "reply_message_id"):
        rows = database.query(query.format(column=column), {"owner": owner, "ids": json.dumps(list(ids))})
        for row in rows:
            found.setdefault(row[column], []).append(Turn.from_row(row))
    for message_id, turns in found.items():
        own = [turn for turn in turns if turn.conversation_id == conversation_id]
        found[message_id] = own or turns
    return found


def begin(
    database: Database,
    owner: str,
    writer_id: str,
    place: tuple[str, str],
    provenance: Provenance,
) -> Turn:
    """Open a turn at `place` (conversation id, user message id) and make that message the tip."""
    conversation_id, user_message_id = place
    turn_id, moment = uuid.uuid4().hex, now()
    database.execute(
        "INSERT INTO turns (id, owner, conversation_id, number, user_message_id, status, partial_text,"
        " engine, fingerprint, sampling, usage, timings, dropped, writer, process_id, created_at)"
        " SELECT ?, ?, ?, coalesce(max(number), 0) + 1, ?, 'running', '',"
        " ?, ?, ?, '{}', '{}', '[]', ?, ?, ? FROM turns WHERE conversation_id = ?",
        (
            *(turn_id, owner, conversation_id, user_message_id),
            *(provenance.engine, provenance.fingerprint, to_json(dict(provenance.sampling))),
            *(writer_id, os.getpid(), moment, conversation_id),
        ),
    )
    database.execute(
        "UPDATE conversations SET tip = ?, updated_at = ? WHERE owner = ? AND id = ?",
        (user_message_id, moment, owner, conversation_id),
    )
    return get(database, owner, turn_id)


def flush(database: Database, owner: str, turn_id: str, text: str) -> None:
    """Keep the reply as far as it has come. Raises StoreError unless the turn is running."""
    updated = database.execute(
        "UPDATE turns SET partial_text = ? WHERE owner = ? AND id = ? AND status = 'running'",
        (storable_text(text), owner, turn_id),
    ).rowcount
    if not updated:
        _refuse_ended(get(database, owner, turn_id))


def finish(database: Database, owner: str, turn_id: str, ending: Ending) -> Turn:
    """Close a turn: its reply, unless empty, becomes the answer to the user's message.

    The tip moves to the reply if it is still the message replied to. Raises StoreError unless
    the turn is running.
    """
    turn = get(database, owner, turn_id)
    _refuse_ended(turn)
    moment = now()
    reply_id = None
    if ending.text:
        reply_id = tree.append(database, owner, turn.user_message_id, assistant(ending.text))
        database.execute(
            "UPDATE conversations SET tip = ? WHERE owner = ? AND id = ? AND tip = ?",
            (reply_id, owner, turn.conversation_id, turn.user_message_id),
        )
    database.execute(
        "UPDATE turns SET status = 'done', partial_text = '', reply_message_id = ?, reason = ?,"
        " usage = ?, timings = ?, dropped = ?, error = ?, finished_at = ? WHERE owner = ? AND id = ?",
        (
            *(reply_id, ending.reason, to_json(dict(ending.usage)), to_json(dict(ending.timings))),
            *(to_json(list(ending.dropped)), None if ending.error is None else storable_text(ending.error)),
            *(moment, owner, turn_id),
        ),
    )
    database.execute(
        "UPDATE conversations SET updated_at = ? WHERE owner = ? AND id = ?",
        (moment, owner, turn.conversation_id),
    )
    return get(database, owner, turn_id)


def recover(database: Database, owner: str, writer: Writer, conversation_id: str | None = None) -> list[Turn]:
    """Close the running turns whose writers are gone, as "interrupted" with the text they had.

    Of one conversation, or of them all. Turns whose writers live are left alone.
    """
    query = f"{TURN_QUERY} WHERE turns.owner = :owner AND turns.status = 'running'"
    if conversation_id is not None:
        query += " AND turns.conversation_id = :conversation_id"
    parameters = {"owner": owner, "conversation_id": conversation_id}
    lost = [
        Turn.from_row(row)
        for row in list(database.query(f"{query} ORDER BY turns.created_at", parameters))
        if not writer.is_alive(row["writer"])
    ]
    return [finish(database, owner, turn.id, Ending(turn.text, "interrupted")) for turn in lost]


def refuse_running(database: Database, conversation_id: str) -> None:
    """Raise StoreError if a reply is under way in the conversation."""
    row = database.execute(
        "SELECT process_id FROM turns WHERE conversation_id = ? AND status = 'running'", (conversation_id,)
    ).fetchone()
    if row is not None:
        raise StoreError(
            f"A reply is still being written in this conversation, by process {row[0]}. "
            "Wait for it or stop it there."
        )


def _refuse_ended(turn: Turn) -> None:
    if turn.status == "done":
        raise StoreError(f"Turn {turn.id} has already ended ({turn.reason}); nothing can be added to it.")
