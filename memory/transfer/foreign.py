"""Conversations of other programs: one form for all of them, and the way from it into the store.

Their trees have nodes that nobody said (searches, thoughts, calls of tools) and replies in several pieces.
Here a conversation is what was said: nodes without words or pictures are passed over, and a reply in
several pieces becomes one message. Ids follow from the other program's, so that the
same conversation is recognised when a later export brings it again.

What has no place here is told in the report: system messages, pictures in replies (only a person's message
can carry pictures) and pictures that are not in the export; `[picture: name]` stands where one was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from memory.errors import ImageError, StoreError
from memory.records import Row, moment, now, storable_text
from memory.transfer.staging import Staging
from memory.transfer.tables import EXPORT_AGAIN, derived_id
from prompts import Image, Message, Part, Role, Text

PERSONA = "plain"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its name, and how to get its bytes; None if the export does not have them."""

    name: str
    read: Callable[[], bytes] | None


@dataclass(frozen=True, slots=True)
class Node:
    """A place in another program's conversation. `role` None, or no parts: nothing to be shown."""

    key: str
    parent: str | None
    role: Role | None = None
    parts: tuple[str | Picture, ...] = ()
    created_at: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """A conversation of another program. `key` is that program's id, `tip` the node it stands at."""

    source: str
    key: str
    title: str
    nodes: Sequence[Node]
    tip: str | None
    created_at: str | None = None
    updated_at: str | None = None


@dataclass(slots=True, eq=False)
class _Said:
    """A message as far as it is known; further pieces of a reply extend copies of it."""

    role: Role
    answers: _Said | None
    parts: tuple[str | Picture, ...]
    created_at: str
    model: str | None
    id: str | None = None


def stage(staging: Staging, foreign: Foreign, losses: Counter[str]) -> None:
    """Put a conversation into the waiting room, counting in `losses` what has no place here.

    Raises StoreError if it makes no sense.
    """
    said = _said(foreign, losses)
    if not said:
        losses["conversations in which nothing was said"] += 1
        return
    answered = {node.parent for node in foreign.nodes}
    ends = [said[node.key] for node in foreign.nodes if node.key not in answered and node.key in said]
    tip = said.get(foreign.tip or "") or ends[-1]
    turns: dict[tuple[_Said, _Said | None], str] = {}
    for end in (*ends, tip):
        for message in _store(staging, end, losses):
            if message.role == "assistant" and message.answers is not None:
                turns[message.answers, message] = message.created_at
        # A turn also keeps a question that was never answered; the newest is kept by the conversation.
        if end.role == "user" and end is not tip:
            turns[end, None] = end.created_at
    times = sorted(message.created_at for message in said.values())
    identity = derived_id(foreign.source, foreign.key)
    staging.conversation(
        {
            "id": identity,
            "title": storable_text(foreign.title),
            "persona": PERSONA,
            "tip": tip.id,
            "created_at": foreign.created_at or times[0],
            "updated_at": foreign.updated_at or times[-1],
        }
    )
    for number, (asked, reply) in enumerate(sorted(turns, key=lambda turn: turns[turn]), start=1):
        staging.belongs("turns", _turn(foreign.source, identity, number, asked, reply))


def time_of(value: object) -> str | None:
    """A time as the store writes it, from seconds since 1970 or ISO 8601; None if it is neither."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return moment(datetime.fromtimestamp(value, UTC))
        time = datetime.fromisoformat(str(value))
        return moment(time if time.tzinfo else time.replace(tzinfo=UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _said(foreign: Foreign, losses: Counter[str]) -> dict[str, _Said]:
    """What was said up to each node, for those up to which anything was."""
    keys = {node.key for node in foreign.nodes}
    if len(keys) < len(foreign.nodes):
        raise StoreError(f"In {foreign.title[:80]!r} a message is there twice. {EXPORT_AGAIN}")
    below: dict[str | None, list[Node]] = defaultdict(list)
    for node in foreign.nodes:
        below[node.parent if node.parent in keys else None].append(node)
    said: dict[str, _Said] = {}
    waiting, visited = below[None][::-1], 0
    while waiting:
        node = waiting.pop()
        visited += 1
        waiting += below[node.key][::-1]
        message = _extended(said.get(node.parent or ""), node, foreign, losses)
        if message is not None:
            said[node.key] = message
    if visited != len(keys):
        raise StoreError(f"In {foreign.title[:80]!r} messages answer each other in a circle. {EXPORT_AGAIN}")
    return said


def _extended(above: _Said | None, node: Node, foreign: Foreign, losses: Counter[str]) -> _Said | None:
    if node.role == "system" and node.parts:
        losses["system messages"] += 1
    if node.role in (None, "system") or not node.parts:
        return above
    time = node.created_at or (above.created_at if above else foreign.created_at) or now()
    if above is None or node.role == "user" or above.role == "user":
        return _Said(node.role, above, node.parts, time, node.model)
    return _Said(
        node.role, above.answers, above.parts + node.parts, above.created_at, node.model or above.model
    )


def _store(staging: Staging, end: _Said, losses: Counter[str]) -> list[_Said]:
    """Stage a message and those before it; the ones that were not staged yet, oldest first."""
    fresh: list[_Said] = []
    message: _Said | None = end
    while message is not None and message.id is None:
        fresh.append(message)
        message = message.answers
    for message in reversed(fresh):
        parts = tuple(_parts(staging, message, losses))
        parent = message.answers.id if message.answers else None
        message.id = staging.message(parent, Message(message.role, parts), message.created_at)
    return fresh[::-1]


def _parts(staging: Staging, message: _Said, losses: Counter[str]) -> Iterator[Part]:
    """The parts of a message to be stored: neighbouring pieces of words become one."""
    words: list[str] = []
    for part in message.parts:
        found = part if isinstance(part, str) else _image(staging, message.role, part, losses)
        if isinstance(found, str):
            words.append(storable_text(found))
            continue
        if words:
            yield Text("\n\n".join(words))
        words = []
        yield found
    if words:
        yield Text("\n\n".join(words))


def _image(staging: Staging, role: Role, picture: Picture, losses: Counter[str]) -> Image | str:
    """The picture, or the words that stand for it."""
    if role != "user":
        losses["pictures in replies, which only name them here"] += 1
    elif picture.read is None:
        losses["pictures that the export does not contain"] += 1
    else:
        try:
            return staging.picture(picture.read(), picture.name)
        except ImageError:
            losses["pictures that cannot be read"] += 1
    return f"[picture: {picture.name}]"


def _turn(source: str, conversation: str, number: int, asked: _Said, reply: _Said | None) -> Row:
    return {
        "id": derived_id(conversation, str(asked.id), str(reply.id if reply else None)),
        "conversation_id": conversation,
        "number": number,
        "user_message_id": asked.id,
        "reply_message_id": reply.id if reply else None,
        "status": "done",
        "partial_text": "",
        "reason": "stop",
        "engine": "/".join(filter(None, [source, reply.model if reply else None])),
        "fingerprint": "",
        "sampling": "{}",
        "usage": "{}",
        "timings": "{}",
        "dropped": "[]",
        "created_at": asked.created_at,
        "finished_at": reply.created_at if reply else asked.created_at,
    }
