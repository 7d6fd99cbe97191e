"""Conversations: begun, listed, put in order, forked, deleted.

Functions here run inside a transaction of the caller's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlite_utils import Database

from memory import branches, tree, turns
from memory.errors import StoreError, UnknownConversation
from memory.records import CONVERSATION_QUERY, Conversation, now, storable_text

TAG_CHARACTERS = 64
"""The longest tag."""

_HEIRS = """
    WITH RECURSIVE above (number, heir, id, parent) AS (
        SELECT forks.rowid, forks.conversation_id, messages.id, messages.parent FROM forks
        JOIN messages ON messages.owner = :owner AND messages.id = forks.message_id
        WHERE forks.owner = :owner AND forks.conversation_id <> :conversation_id
        UNION ALL
        SELECT above.number, above.heir, messages.id, messages.parent FROM above
        JOIN messages ON messages.owner = :owner AND messages.id = above.parent
    )
    SELECT DISTINCT number, heir FROM above
    WHERE id IN (SELECT reply_message_id FROM turns WHERE conversation_id = :conversation_id)
    ORDER BY number
"""
"""The forks whose past has replies of a conversation in it, oldest first."""

_SHARE_PINS = f"""
    {branches.ABOVE}
    INSERT INTO pinned_pictures (owner, conversation_id, sha256)
    SELECT owner, :conversation_id, sha256 FROM pinned_pictures AS pin
    WHERE owner = :owner AND conversation_id = :source AND EXISTS (
        SELECT 1 FROM message_parts AS shown WHERE shown.image_sha256 = pin.sha256
            AND shown.owner = :owner AND shown.message_id IN (SELECT id FROM above))
"""
"""Pins of the `source`, as far as a fork of it shows their pictures."""


def get(database: Database, owner: str, conversation_id: str) -> Conversation:
    """A conversation by its id. Raises UnknownConversation."""
    query = f"{CONVERSATION_QUERY} WHERE owner = ? AND id = ?"
    for row in list(database.query(query, (owner, conversation_id))):
        return Conversation.from_row(row)
    raise UnknownConversation(
        f"There is no conversation {conversation_id!r}. It may have been deleted, or be in another database."
    )


def create(database: Database, owner: str, title: str, persona: str, tip: str | None = None) -> Conversation:
    """Begin a conversation, at a message if one is given."""
    identity, moment = uuid.uuid4().hex, now()
    database.execute(
        "INSERT INTO conversations (id, owner, title, persona, tip, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (identity, owner, storable_text(title), persona, tip, moment, moment),
    )
    return get(database, owner, identity)


def listed(
    database: Database, owner: str, *, archived: bool, tag: str | None, limit: int | None, offset: int
) -> list[Conversation]:
    """Pinned ones first, then the most recently updated; so many after the first `offset`."""
    tagged = " AND id IN (SELECT conversation_id FROM conversation_tags WHERE owner = :owner AND tag = :tag)"
    query = (
        f"{CONVERSATION_QUERY} WHERE owner = :owner AND archived = :archived{tagged if tag else ''}"
        " ORDER BY pinned DESC, updated_at DESC, rowid DESC LIMIT :limit OFFSET :offset"
    )
    parameters = {
        "owner": owner,
        "archived": archived,
        "tag": _tag(tag) if tag else None,
        "limit": -1 if limit is None else limit,  # SQLite's "all"
        "offset": offset,
    }
    return [Conversation.from_row(row) for row in database.query(query, parameters)]


def organise(
    database: Database,
    owner: str,
    conversation_id: str,
    *,
    pinned: bool | None,
    archived: bool | None,
    notes: str | None,
    tags: Iterable[str] | None,
) -> Conversation:
    """Change what is not None; `tags` replaces those there were.

    Raises UnknownConversation, and StoreError for a tag that is empty or too long.
    """
    get(database, owner, conversation_id)
    database.execute(
        "UPDATE conversations SET pinned = coalesce(:pinned, pinned),"
        " archived = coalesce(:archived, archived), notes = coalesce(:notes, notes)"
        " WHERE owner = :owner AND id = :id",
        {
            "pinned": pinned,
            "archived": archived,
            "notes": None if notes is None else storable_text(notes),
            "owner": owner,
            "id": conversation_id,
        },
    )
    if tags is not None:
        wanted = {_tag(tag) for tag in tags}
        database.execute(
            "DELETE FROM conversation_tags WHERE owner = ? AND conversation_id = ?", (owner, conversation_id)
        )
        for tag in sorted(wanted):
            database.execute(
                "INSERT INTO conversation_tags (owner, conversation_id, tag) VALUES (?, ?, ?)",
                (owner, conversation_id, tag),
            )
    return get(database, owner, conversation_id)


def rename(database: Database, owner: str, conversation_id: str, title: str) -> None:
    """Give a conversation another title. Raises UnknownConversation."""
    get(database, owner, conversation_id)
    database.execute(
        "UPDATE conversations SET title = ? WHERE owner = ? AND id = ?",
        (storable_text(title), owner, conversation_id),
    )


def tags(database: Database, owner: str) -> dict[str, int]:
    """Every tag in use and how many conversations have it, in the order of the alphabet."""
    return dict(
        database.execute(
            "SELECT tag, count(*) FROM conversation_tags WHERE owner = ? GROUP BY tag ORDER BY tag", (owner,)
        ).fetchall()
    )


def asked_after(database: Database, owner: str, conversation_id: str, message_id: str) -> str | None:
    """What one of the user's messages in a conversation came after: None if it is the first.

    Raises StoreError if the conversation does not hold such a message.
    """
    message = branches.require(branches.held(database, owner, conversation_id), message_id)
    if message.role != "user":
        raise StoreError(f"Only a user's message can be edited, not one by {message.role}.")
    return message.parent


def switch(database: Database, owner: str, conversation_id: str, message_id: str) -> Conversation:
    """Show the branch that goes through a message, to where it was last gone on with.

    Raises UnknownConversation, and StoreError if the conversation does not hold the message.
    """
    get(database, owner, conversation_id)
    held = branches.held(database, owner, conversation_id)
    tip = branches.newest_end(held, branches.require(held, message_id).id)
    database.execute(
        "UPDATE conversations SET tip = ? WHERE owner = ? AND id = ?", (tip, owner, conversation_id)
    )
    return get(database, owner, conversation_id)


def fork(database: Database, owner: str, conversation_id: str, message_id: str) -> Conversation:
    """A new conversation that shares this one's messages up to `message_id`; none is copied.

    Raises UnknownConversation, and StoreError if the conversation does not hold the message.
    """
    source = get(database, owner, conversation_id)
    branches.require(branches.held(database, owner, conversation_id), message_id)
    made = create(database, owner, source.title, source.persona, message_id)
    database.execute(
        "INSERT INTO forks (conversation_id, owner, message_id) VALUES (?, ?, ?)",
        (made.id, owner, message_id),
    )
    database.execute(_SHARE_PINS, {"owner": owner, "source": conversation_id, "conversation_id": made.id})
    return made


def delete(database: Database, owner: str, conversation_id: str) -> set[str]:
    """Delete a conversation with those of its messages that nothing else needs.

    Turns whose replies a fork still shows go over to it, with where those came from. Returns the
    hashes of the pictures in what was deleted. Raises UnknownConversation.
    """
    get(database, owner, conversation_id)
    held = branches.held(database, owner, conversation_id)
    heirs = database.execute(_HEIRS, {"owner": owner, "conversation_id": conversation_id}).fetchall()
    for _, heir in heirs:
        turns.hand_over(database, owner, conversation_id, heir)
    database.execute("DELETE FROM conversations WHERE owner = ? AND id = ?", (owner, conversation_id))
    return tree.prune(database, owner, list(held))


def _tag(tag: str) -> str:
    tidy = " ".join(storable_text(tag).lower().split())
    if not 0 < len(tidy) <= TAG_CHARACTERS:
        raise StoreError(f"A tag has 1 to {TAG_CHARACTERS} characters; {tag!r} has {len(tidy)}.")
    return tidy
