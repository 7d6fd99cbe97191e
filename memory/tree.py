"""The message tree: a message's id is the hash of what it says and of the message it answers.

So the same words after the same history are the same row, a branch copies nothing, and every
id can be derived again to show that nothing was altered. Functions here run inside a
transaction of the caller's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlite_utils import Database

from memory.errors import ImageError, StoreError
from memory.records import now, storable_text
from memory.words import spaced_text
from prompts import Image, Message, Part, Text

_NAME_CHARACTERS = 255

_PARTS = """
    SELECT messages.owner, messages.id, messages.parent, messages.depth, messages.role, messages.created_at,
        parts.position, parts.text, parts.image_sha256, parts.media_type, images.width, images.height,
        parts.name
    FROM {source} AS messages
    LEFT JOIN message_parts AS parts ON parts.owner = messages.owner AND parts.message_id = messages.id
    LEFT JOIN images ON images.sha256 = parts.image_sha256
    ORDER BY {order}, parts.position
"""

_UPWARDS = """
    WITH RECURSIVE branch AS (
        SELECT * FROM messages WHERE owner = :owner AND id IN (SELECT value FROM json_each(:ids))
        {union}
        SELECT messages.* FROM branch
        JOIN messages ON messages.owner = branch.owner AND messages.id = branch.parent
    )
"""
"""Messages and all that they answer, up to their roots: each once by UNION; of one message alone, UNION ALL
does that too, and faster."""


@dataclass(frozen=True, slots=True)
class Node:
    """A message in its place in the tree. `depth` counts the messages before it."""

    id: str
    owner: str
    parent: str | None
    depth: int
    message: Message
    created_at: str


def message_id(parent: str | None, message: Message) -> str:
    """The id of a message that answers `parent` (None for a root): 64 hexadecimal digits.

    A picture counts by its hash and media type; its name and size do not change what was said.
    """
    parts = [
        {"text": part.text}
        if isinstance(part, Text)
        else {"image": part.sha256, "media_type": part.media_type}
        for part in message.parts
    ]
    identity = {"parent": parent, "role": message.role, "parts": parts}
    canonical = json.dumps(identity, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def storable_name(name: str | None) -> str | None:
    """What a person's file was called, without its folders; None if that leaves nothing."""
    if name is None:
        return None
    return storable_text(re.split(r"[/\\]", name)[-1])[-_NAME_CHARACTERS:] or None


def append(database: Database, owner: str, parent: str | None, message: Message) -> str:
    """Put a message under `parent` and return its id; one that is already there stays as it is.

    Raises ImageError for a picture that the picture store does not hold, and StoreError if
    there is no such parent.
    """
    depth = 0
    if parent is not None:
        row = database.execute(
            "SELECT depth FROM messages WHERE owner = ? AND id = ?", (owner, parent)
        ).fetchone()
        if row is None:
            raise StoreError(f"There is no message {parent} to answer.")
        depth = row[0] + 1
    message = Message(message.role, tuple(_storable(part) for part in message.parts))
    identity = message_id(parent, message)
    inserted = database.execute(
        "INSERT INTO messages (owner, id, parent, depth, role, created_at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (owner, identity, parent, depth, message.role, now()),
    ).rowcount
    if inserted:
        for position, part in enumerate(message.parts):
            _insert_part(database, (owner, identity, position), part)
    return identity


def branch(database: Database, owner: str, tip: str | None) -> list[Node]:
    """The messages from the root to `tip`; none for a conversation without a message."""
    if tip is None:
        return []
    query = _UPWARDS.format(union="UNION ALL") + _PARTS.format(source="branch", order="messages.depth")
    return list(_nodes(database.execute(query, {"owner": owner, "ids": json.dumps([tip])})))


def nodes(database: Database, owner: str, ids: Iterable[str]) -> list[Node]:
    """Messages by their ids, in the order of these; ids of none are passed over."""
    wanted = list(ids)
    chosen = "(SELECT * FROM messages WHERE owner = :owner AND id IN (SELECT value FROM json_each(:ids)))"
    query = _PARTS.format(source=chosen, order="messages.id")
    rows = database.execute(query, {"owner": owner, "ids": json.dumps(wanted)})
    found = {node.id: node for node in _nodes(rows)}
    return [found[identity] for identity in wanted if identity in found]


def prune(database: Database, owner: str, ids: Iterable[str]) -> set[str]:
    """Delete these messages and those they answer, as far as nothing else needs them.

    A message is needed by its children, by a conversation whose tip it is or that was forked at it,
    and by a turn.
    Returns the hashes of the pictures in what was deleted.
    """
    query = _UPWARDS.format(union="UNION") + "SELECT id FROM branch ORDER BY depth DESC"
    candidates = database.execute(query, {"owner": owner, "ids": json.dumps(list(ids))}).fetchall()
    pictures: set[str] = set()
    for (identity,) in candidates:
        key = {"owner": owner, "id": identity}
        inside = database.execute(
            "SELECT image_sha256 FROM message_parts"
            " WHERE owner = :owner AND message_id = :id AND image_sha256 IS NOT NULL",
            key,
        ).fetchall()
        deleted = database.execute(
            "DELETE FROM messages WHERE owner = :owner AND id = :id AND NOT EXISTS"
            " (SELECT 1 FROM messages AS child WHERE child.owner = :owner AND child.parent = :id)"
            " AND NOT EXISTS (SELECT 1 FROM conversations WHERE owner = :owner AND tip = :id)"
            " AND NOT EXISTS (SELECT 1 FROM forks WHERE owner = :owner AND message_id = :id)"
            " AND NOT EXISTS (SELECT 1 FROM turns WHERE owner = :owner AND user_message_id = :id)"
            " AND NOT EXISTS (SELECT 1 FROM turns WHERE owner = :owner AND reply_message_id = :id)",
            key,
        ).rowcount
        if deleted:
            pictures.update(sha256 for (sha256,) in inside)
    return pictures


def problems(database: Database) -> Iterator[str]:
    """What is wrong with the messages of every owner, in words: altered ones and wrong depths."""
    query = _PARTS.format(source="messages", order="messages.owner, messages.depth, messages.id")
    depths: dict[tuple[str, str], int] = {}
    for node in _nodes(database.execute(query)):
        depths[node.owner, node.id] = node.depth
        if message_id(node.parent, node.message) != node.id:
            yield f"Message {node.id} is not what was said: its content does not match its id."
        expected = 0 if node.parent is None else depths.get((node.owner, node.parent), node.depth) + 1
        if node.depth != expected:
            yield f"Message {node.id} has depth {node.depth}; its place in the tree is {expected}."


def _storable(part: Part) -> Part:
    if isinstance(part, Text):
        return Text(storable_text(part.text))
    return Image(part.sha256, part.media_type, part.width, part.height, storable_name(part.name))


def _insert_part(database: Database, place: tuple[str, str, int], part: Part) -> None:
    text, spaced, sha256, media_type, name = None, None, None, None, None
    if isinstance(part, Text):
        text, spaced = part.text, spaced_text(part.text)
    else:
        sha256, media_type, name = part.sha256, part.media_type, part.name
        if not database.execute("SELECT 1 FROM images WHERE sha256 = ?", (sha256,)).fetchone():
            raise ImageError(
                f"No picture {sha256} is stored. Add its bytes before the message that shows it."
            )
    database.execute(
        "INSERT INTO message_parts"
        " (owner, message_id, position, text, spaced_text, image_sha256, media_type, name)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*place, text, spaced, sha256, media_type, name),
    )


def _nodes(rows: Iterable[tuple[Any, ...]]) -> Iterator[Node]:
    """Messages from the rows of their parts, as _PARTS selects them: together and in order."""
    # Rows are read by position and parts made in a list: of a thousand turns, names would take longer.
    for _, group in groupby(rows, key=itemgetter(0, 1)):
        said = list(group)
        owner, identity, parent, depth, role, created_at = said[0][:6]
        # A message without parts still has one row, whose part is all NULL.
        parts = [_part(*row[7:]) for row in said if row[6] is not None]
        yield Node(identity, owner, parent, depth, Message(role, tuple(parts)), created_at)


def _part(
    text: str, sha256: str | None, media_type: str, width: int | None, height: int | None, name: str | None
) -> Part:
    if sha256 is None:
        return Text(text)
    return Image(sha256, media_type, width or 0, height or 0, name)
