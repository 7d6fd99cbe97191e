"""Turns: opened before a reply begins, kept up while it grows, closed in one transaction.

Functions here run inside an immediate transaction of the caller's.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlite_utils import Database

from memory import branches, tree
from memory.errors import StoreError
from memory.records import TURN_QUERY, UNREAD_TURN_QUERY, Turn, TurnRow, now, storable_text, to_json
from memory.writer import Writer
from prompts import assistant

_OF_CONVERSATION = "WHERE +turns.owner = ? AND turns.conversation_id = ? ORDER BY turns.number"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a reply comes from: the engine's name, its fingerprint, how it samples, the facts it was told."""

    engine: str
    fingerprint: str
    sampling: Mapping[str, object]
    facts: Sequence[str] = ()


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
    rows = _rows(database, f"{TURN_QUERY} WHERE turns.owner = ? AND turns.id = ?", (owner, turn_id))
    for turn in Turn.from_rows(rows):
        return turn
    raise StoreError(f"There is no turn {turn_id}: its conversation may have been deleted.")


def listed(database: Database, owner: str, conversation_id: str) -> list[Turn]:
    """The turns of a conversation, in the order they began; those it took over when forked stand first."""
    return Turn.from_rows(_rows(database, f"{TURN_QUERY} {_OF_CONVERSATION}", (owner, conversation_id)))


def unread(database: Database, owner: str, conversation_id: str) -> list[TurnRow]:
    """The rows of the same turns, without what was replied in them."""
    return _rows(database, f"{UNREAD_TURN_QUERY} {_OF_CONVERSATION}", (owner, conversation_id))


def of_messages(
    database: Database, owner: str, own: Iterable[TurnRow], ids: Sequence[str]
) -> dict[str, list[TurnRow]]:
    """For each of these messages that has any, the turns it began or replied in, oldest first, unread.

    The same words after the same history are one message however many conversations say them:
    a conversation's `own` turns are preferred, and those of others stand for a branch's shared past.
    """
    wanted, found = set(ids), dict[str, list[TurnRow]]()
    for row in own:
        for message_id in (row.user_message_id, row.reply_message_id):
            if message_id in wanted:
                found.setdefault(message_id, []).append(row)
    missing = [identity for identity in ids if identity not in found]
    for column in ("user_message_id", "reply_message_id") if missing else ():
        rows = _rows(
            database,
            f"{UNREAD_TURN_QUERY} WHERE turns.owner = ? AND turns.{column} IN"
            " (SELECT value FROM json_each(?)) ORDER BY turns.created_at, turns.number",
            (owner, json.dumps(missing)),
        )
        for row in rows:
            found.setdefault(getattr(row, column), []).append(row)
    return found


def begin(
    database: Database,
    owner: str,
    writer_id: str,
    place: tuple[str, str],
    provenance: Provenance,
    half: tree.Node | None = None,
) -> Turn:
    """Open a turn at `place` (conversation id, user message id) and make that message the tip.

    The reply goes on from the `half` one, if given: its text is the first of the turn's.
    """
    conversation_id, user_message_id = place
    turn_id, moment = uuid.uuid4().hex, now()
    database.execute(
        "INSERT INTO turns (id, owner, conversation_id, number, user_message_id, status, partial_text,"
        " continues, engine, fingerprint, sampling, facts, usage, timings, dropped, writer, process_id,"
        " created_at) SELECT ?, ?, ?, coalesce(max(number), 0) + 1, ?, 'running', ?,"
        " ?, ?, ?, ?, ?, '{}', '{}', '[]', ?, ?, ? FROM turns WHERE conversation_id = ?",
        (
            *(turn_id, owner, conversation_id, user_message_id),
            *(half.message.text if half else "", half.id if half else None),
            *(provenance.engine, provenance.fingerprint, to_json(dict(provenance.sampling))),
            to_json(list(provenance.facts)),
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

    The tip moves to the reply if it is still the message replied to; without a word, to the
    reply there was before, if there was one. Raises StoreError unless the turn is running.
    """
    turn = get(database, owner, turn_id)
    _refuse_ended(turn)
    moment = now()
    reply_id = None
    if ending.text:
        reply_id = tree.append(database, owner, turn.user_message_id, assistant(ending.text))
    held = branches.held(database, owner, turn.conversation_id) if reply_id is None else {}
    database.execute(
        "UPDATE conversations SET tip = ? WHERE owner = ? AND id = ? AND tip = ?",
        (
            reply_id or branches.newest_end(held, turn.user_message_id),
            *(owner, turn.conversation_id, turn.user_message_id),
        ),
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


def hand_over(database: Database, owner: str, conversation_id: str, heir_id: str) -> None:
    """Make those turns of a conversation the heir's whose replies it shows too, before its own."""
    (first,) = database.execute(
        "SELECT coalesce(min(number), 1) FROM turns WHERE conversation_id = ?", (heir_id,)
    ).fetchone()
    (last,) = database.execute(
        "SELECT coalesce(max(number), 0) FROM turns WHERE conversation_id = ?", (conversation_id,)
    ).fetchone()
    database.execute(
        f"{branches.ABOVE} UPDATE turns SET conversation_id = :conversation_id, number = number + :shift"
        " WHERE +owner = :owner AND conversation_id = :source AND reply_message_id IN (SELECT id FROM above)",
        {
            "owner": owner,
            "conversation_id": heir_id,
            "source": conversation_id,
            "shift": first - 1 - last,
        },
    )


def answerable(
    database: Database, owner: str, tip: str | None, beside: str | None
) -> tuple[str, tree.Node | None]:
    """The user's message that is to be answered: the tip, or what `beside`, the tip, replied to.

    Returns its id, and the reply `beside` if that is given. Raises StoreError if the newest
    message is another, or not by whom it has to be.
    """
    newest = tree.nodes(database, owner, [tip] if tip else [])
    if beside is None:
        if not newest or newest[0].message.role != "user":
            raise StoreError("There is nothing to answer: the newest message is not a user's. Send one.")
        return newest[0].id, None
    if not newest or newest[0].id != beside or newest[0].message.role != "assistant":
        raise StoreError("Only the newest reply can be made again or gone on with, and this is not it.")
    parent = newest[0].parent
    if parent is None or tree.nodes(database, owner, [parent])[0].message.role != "user":
        raise StoreError("This reply answers nobody, so it cannot be made again or gone on with.")
    return parent, newest[0]


def recover(database: Database, owner: str, writer: Writer, conversation_id: str | None = None) -> list[Turn]:
    """Close the running turns whose writers are gone, as "interrupted" with the text they had.

    Of one conversation, or of them all. Turns whose writers live are left alone.
    """
    query = "SELECT id, partial_text, writer FROM turns WHERE +owner = :owner AND status = 'running'"
    if conversation_id is not None:
        query += " AND conversation_id = :conversation_id"
    parameters = {"owner": owner, "conversation_id": conversation_id}
    running = database.execute(f"{query} ORDER BY created_at", parameters).fetchall()
    lost = [(turn_id, text) for turn_id, text, writer_id in running if not writer.is_alive(writer_id)]
    return [finish(database, owner, turn_id, Ending(text, "interrupted")) for turn_id, text in lost]


def writing_process(database: Database, conversation_id: str) -> int | None:
    """The process in which a reply is under way in the conversation, or was when it died; None for none."""
    row = database.execute(
        "SELECT process_id FROM turns WHERE conversation_id = ? AND status = 'running'", (conversation_id,)
    ).fetchone()
    return None if row is None else int(row[0])


def refuse_running(database: Database, conversation_id: str) -> None:
    """Raise StoreError if a reply is under way in the conversation."""
    process = writing_process(database, conversation_id)
    if process is not None:
        raise StoreError(
            f"A reply is still being written in this conversation, by process {process}. "
            "Wait for it or stop it there."
        )


def _rows(database: Database, query: str, parameters: Sequence[str]) -> list[TurnRow]:
    return [TurnRow._make(row) for row in database.execute(query, parameters)]


def _refuse_ended(turn: Turn) -> None:
    if turn.status == "done":
        raise StoreError(f"Turn {turn.id} has already ended ({turn.reason}); nothing can be added to it.")
