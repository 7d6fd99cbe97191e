"""What a conversation holds of the message tree, beyond the branch that it shows.

Messages are shared by all conversations that say the same, so a message's children are not
simply the versions that a person made. A conversation holds the messages of its own turns, and
those before its tip and before the message it was forked at. Functions here run inside a
transaction of the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from memory.errors import StoreError
from memory.tree import Node

ABOVE = """
    WITH RECURSIVE above (id, parent) AS (
        SELECT id, parent FROM messages WHERE owner = :owner AND id IN (
            SELECT tip FROM conversations WHERE owner = :owner AND id = :conversation_id
            UNION ALL SELECT message_id FROM forks WHERE owner = :owner AND conversation_id = :conversation_id
        )
        UNION
        SELECT messages.id, messages.parent FROM above
        JOIN messages ON messages.owner = :owner AND messages.id = above.parent
    )
"""
"""Begins a query with the messages before a conversation's tip and its fork, these included."""

_PAST = f"""
    {ABOVE}
    SELECT messages.id, messages.parent, messages.role FROM above
    JOIN messages ON messages.owner = :owner AND messages.id = above.id ORDER BY messages.depth
"""

# "+owner" tells SQLite not to look for the conversation among all of the owner's turns: without
# statistics it takes an owner for a rare thing.
_TURNS = """
    SELECT turns.user_message_id AS asked, turns.reply_message_id AS reply, messages.parent FROM turns
    JOIN messages ON messages.owner = :owner AND messages.id = turns.user_message_id
    WHERE +turns.owner = :owner AND turns.conversation_id = :conversation_id ORDER BY turns.number
"""

_FORK = "SELECT message_id FROM forks WHERE owner = :owner AND conversation_id = :conversation_id"

_PARENTS = "SELECT id, parent FROM messages WHERE owner = ? AND id IN (SELECT value FROM json_each(?))"


@dataclass(slots=True)
class Held:
    """A message that a conversation holds. `latest` grows with when it was last said there."""

    id: str
    parent: str | None
    role: str
    latest: int


def held(database: Database, owner: str, conversation_id: str) -> dict[str, Held]:
    """The messages that a conversation holds, by their ids, in the order they were first said there.

    What was there when it was forked comes first, then what its turns said.
    """
    parameters = {"owner": owner, "conversation_id": conversation_id}
    said: list[tuple[str, str | None, str]] = []
    for turn in database.query(_TURNS, parameters):
        said.append((turn["asked"], turn["parent"], "user"))
        if turn["reply"] is not None:
            said.append((turn["reply"], turn["asked"], "assistant"))
    past: list[tuple[str, str | None, str]] = database.execute(_PAST, parameters).fetchall()
    of_turns = {identity for identity, _, _ in said}
    found: dict[str, Held] = {}
    for order, message in enumerate([*(one for one in past if one[0] not in of_turns), *said]):
        found.setdefault(message[0], Held(*message, order)).latest = order
    return found


def holder(database: Database, owner: str, message_id: str) -> str | None:
    """A conversation that shows a message, or began as a fork after it; None if it is in none."""
    row = database.execute(
        """
        WITH RECURSIVE below (id) AS (
            SELECT :id
            UNION SELECT messages.id FROM below
            JOIN messages ON messages.owner = :owner AND messages.parent = below.id
        )
        SELECT coalesce(tips.id, forks.conversation_id) FROM below
        LEFT JOIN conversations AS tips ON tips.owner = :owner AND tips.tip = below.id
        LEFT JOIN forks ON forks.owner = :owner AND forks.message_id = below.id
        WHERE tips.id IS NOT NULL OR forks.conversation_id IS NOT NULL LIMIT 1
        """,
        {"owner": owner, "id": message_id},
    ).fetchone()
    return None if row is None else str(row[0])


def require(messages: Mapping[str, Held], message_id: str) -> Held:
    """One of the messages. Raises StoreError if the conversation does not hold it."""
    try:
        return messages[message_id]
    except KeyError:
        raise StoreError(
            f"There is no message {message_id!r} in this conversation. Take an id from its history."
        ) from None


def siblings(
    database: Database,
    owner: str,
    conversation_id: str,
    shown: Sequence[Node],
    said: Sequence[tuple[str, str | None]],
) -> list[tuple[str, ...]]:
    """For each message of a conversation's branch, those held in its place, itself included.

    In the order of `held`, which is derived here from what a reader of the history knows already:
    the branch that is `shown`, and what its turns `said`, in their order: (user message, reply).
    """
    parents = {node.id: node.parent for node in shown}
    past = _forked_past(database, owner, conversation_id, parents)
    if elsewhere := [asked for asked, _ in said if asked not in parents]:
        parents |= dict(database.execute(_PARENTS, (owner, json.dumps(elsewhere))).fetchall())
    # In a damaged file a turn may have lost its message, and is then passed over, as `held` does.
    said = [pair for pair in said if pair[0] in parents]
    of_turns = {identity for pair in said for identity in pair}
    first_said = {identity: parent for identity, parent in past.items() if identity not in of_turns}
    for asked, reply in said:
        first_said.setdefault(asked, parents[asked])
        if reply is not None:
            first_said.setdefault(reply, asked)
    versions: dict[str | None, list[str]] = {}
    for identity, parent in first_said.items():
        versions.setdefault(parent, []).append(identity)
    return [tuple(versions[node.parent]) for node in shown]


def _forked_past(
    database: Database, owner: str, conversation_id: str, shown: Mapping[str, str | None]
) -> dict[str, str | None]:
    """The messages before a conversation's tip and its fork, with their parents, given those `shown`."""
    parameters = {"owner": owner, "conversation_id": conversation_id}
    fork = database.execute(_FORK, parameters).fetchone()
    # All that lies before a message of the branch is in the branch.
    if fork is None or fork[0] in shown:
        return dict(shown)
    return {identity: parent for identity, parent, _ in database.execute(_PAST, parameters)}


def newest_end(messages: Mapping[str, Held], message_id: str) -> str:
    """Where the branch through a message ends: of the ends there are, at the one that was last said."""
    children: dict[str | None, list[Held]] = {}
    for message in messages.values():
        children.setdefault(message.parent, []).append(message)
    ends, waiting = [], [messages[message_id]]
    while waiting:
        message = waiting.pop()
        following = children.get(message.id, [])
        waiting += following
        if not following:
            ends.append(message)
    return max(ends, key=lambda end: end.latest).id
