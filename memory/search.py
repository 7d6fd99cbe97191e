"""Finding what was said: full text over the words of all messages of one owner, and over what the
person calls their conversations.

Ranked by BM25 (Robertson & Zaragoza 2009, The Probabilistic Relevance Framework), as SQLite's FTS5
computes it. A word that is said everywhere would take long to rank and tells little, so of all
matches only the newest CANDIDATES are ranked: what a search costs is bounded, and what was said
lately wins where words do not decide. Functions here run inside a transaction of the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from memory import branches, conversations
from memory.records import Conversation, moment
from memory.words import Excerpt, excerpt, match_expression, pieces, spaced_text
from prompts import Role

CANDIDATES = 2_000
"""How many of the newest matches are ranked."""

_TURNS = """
    FROM turns JOIN conversations AS place ON place.id = turns.conversation_id
    WHERE turns.rowid IN (
        SELECT rowid FROM turns WHERE owner = :owner AND user_message_id = parts.message_id
        UNION ALL SELECT rowid FROM turns WHERE owner = :owner AND reply_message_id = parts.message_id
    )
"""
"""The turns that a message began or replied in: two look-ups, where an OR would read all of the owner's."""

_HERE = """ +message_words.rowid IN (
    SELECT held.id FROM message_parts AS held WHERE held.owner = :owner AND held.message_id IN (
        SELECT id FROM above
        UNION ALL SELECT user_message_id FROM turns
            WHERE +owner = :owner AND conversation_id = :conversation_id
        UNION ALL SELECT reply_message_id FROM turns
            WHERE +owner = :owner AND conversation_id = :conversation_id))
"""
"""Whether a match is in one conversation. With "+" it is looked up in their list, made once; without, the
index would be asked anew for each message of the conversation."""

_LABELLED = """
    SELECT conversation_id FROM (
        SELECT labels.id, labels.conversation_id, bm25(conversation_words, 4, 2, 1, 1) AS score
        FROM conversation_words
        CROSS JOIN conversation_labels AS labels ON labels.id = conversation_words.rowid
        WHERE conversation_words MATCH :words AND labels.owner = :owner
        ORDER BY conversation_words.rowid DESC LIMIT :candidates
    ) ORDER BY score, id DESC LIMIT :limit
"""
"""Conversations by what they are called, best first: words of the title count most, then those of tags."""

_MISLABELLED = """
    SELECT talk.id, labels.title, labels.tags, labels.notes, labels.spaced_text,
        labels.title IS talk.title AND labels.notes IS talk.notes AND labels.owner IS talk.owner
        AND labels.tags IS (
            SELECT coalesce(group_concat(tag, ', '), '') FROM (
                SELECT tag FROM conversation_tags WHERE conversation_id = talk.id ORDER BY tag)
        ) AS is_its_own
    FROM conversations AS talk LEFT JOIN conversation_labels AS labels ON labels.conversation_id = talk.id
"""

_CONDITIONS = {
    "conversation_id": _HERE,
    "since": "messages.created_at >= :since",
    "until": "messages.created_at < :until",
    "has_picture": """ :has_picture = EXISTS (
        SELECT 1 FROM message_parts AS shown WHERE shown.owner = :owner
            AND shown.message_id IN (messages.id, messages.parent) AND shown.image_sha256 IS NOT NULL)""",
}
_TURN_CONDITIONS = {"persona": "place.persona = :persona", "engine": "turns.engine = :engine"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What else must be true of a message, as far as it is not None.

    Said from `since` on, before `until`; in one conversation; with a picture in it or in the
    message it replies to, or without any; in a conversation with this persona; in a turn
    answered by this engine.
    """

    since: datetime | None = None
    until: datetime | None = None
    conversation_id: str | None = None
    has_picture: bool | None = None
    persona: str | None = None
    engine: str | None = None

    def parameters(self) -> dict[str, Any]:
        """Those that are set, as the database has them."""
        values = {
            "since": None if self.since is None else moment(self.since),
            "until": None if self.until is None else moment(self.until),
            "conversation_id": self.conversation_id,
            "has_picture": self.has_picture,
            "persona": self.persona,
            "engine": self.engine,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found, in the conversation it was last said in.

    `excerpt` is the part of its text around what was searched for; `created_at` is when it was
    first said: UTC, ISO 8601.
    """

    conversation: Conversation
    message_id: str
    role: Role
    created_at: str
    excerpt: Excerpt


@dataclass(frozen=True, slots=True)
class ConversationHit:
    """A conversation that was found by what it is called.

    `title` is its title with the places of the words searched for, `also` the part of its tags or
    its notes around such words, None if there are none in them.
    """

    conversation: Conversation
    title: Excerpt
    also: Excerpt | None


def find(database: Database, owner: str, query: str, filters: Filters, limit: int) -> list[Hit]:
    """The best `limit` messages with all words of the query; none for a query without words.

    Whole words come first. If they are few, words that begin with those of the query follow.
    Raises UnknownConversation for a conversation to search in that is not there.
    """
    wanted = pieces(query)
    if filters.conversation_id is not None:
        conversations.get(database, owner, filters.conversation_id)
    parameters = {"owner": owner, "candidates": CANDIDATES, **filters.parameters()}
    matches, places = _queries(filters)
    hits: dict[str, Hit] = {}
    for prefixes in (False, True) if wanted else ():
        parameters["words"] = match_expression(wanted, prefixes=prefixes)
        for found in database.query(matches, parameters) if len(hits) < limit else ():
            if len(hits) == limit:
                break
            if found["message_id"] in hits:
                continue
            (row,) = database.query(places, {**parameters, **found})
            if place := row["place"] or branches.holder(database, owner, found["message_id"]):
                hits[found["message_id"]] = Hit(
                    conversations.get(database, owner, place),
                    found["message_id"],
                    row["role"],
                    row["created_at"],
                    excerpt(row["text"], wanted),
                )
    return list(hits.values())


def find_labelled(database: Database, owner: str, query: str, limit: int) -> list[ConversationHit]:
    """The best `limit` conversations with all words of the query in title, tags and notes together.

    Whole words come first, and beginnings of words follow, as in `find`; none for a query without words.
    """
    wanted = pieces(query)
    found: dict[str, ConversationHit] = {}
    for prefixes in (False, True) if wanted else ():
        parameters = {
            "owner": owner,
            "words": match_expression(wanted, prefixes=prefixes),
            "candidates": CANDIDATES,
            "limit": limit,
        }
        rows = database.execute(_LABELLED, parameters).fetchall() if len(found) < limit else []
        for (identity,) in rows:
            if identity not in found and len(found) < limit:
                found[identity] = _labelled(conversations.get(database, owner, identity), wanted)
    return list(found.values())


def problems(database: Database) -> Iterator[str]:
    """What the index cannot find of every owner's messages, in words."""
    texts = database.execute("SELECT message_id, text, spaced_text FROM message_parts WHERE text IS NOT NULL")
    for message_id, text, spaced in texts:
        if spaced != spaced_text(text):
            yield f"Message {message_id} cannot be found by all its words: its spaced text is another's."
    for identity, title, tags, notes, spaced, is_its_own in database.execute(_MISLABELLED):
        if not is_its_own or spaced != spaced_text("\n".join((title, tags, notes))):
            yield f"Conversation {identity} cannot be found by its title, tags and notes as they are."


def _labelled(conversation: Conversation, wanted: list[str]) -> ConversationHit:
    texts = (", ".join(conversation.tags), conversation.notes)
    also = (part for text in texts if (part := excerpt(text, wanted)).found)
    return ConversationHit(conversation, excerpt(conversation.title, wanted), next(also, None))


def _queries(filters: Filters) -> tuple[str, str]:
    """For these filters, the queries for matches (part_id, message_id), best first, and for one of them."""
    given = filters.parameters()
    conditions = [text for name, text in _CONDITIONS.items() if name in given]
    of_turn = "".join(f" AND {text}" for name, text in _TURN_CONDITIONS.items() if name in given)
    if of_turn:
        conditions.append(f"EXISTS (SELECT 1 {_TURNS}{of_turn})")
    also = "".join(f" AND {condition}" for condition in conditions)
    in_one = "conversation_id" in given
    messages = "CROSS JOIN messages ON messages.owner = parts.owner AND messages.id = parts.message_id"
    reads_messages = not given.keys().isdisjoint({"since", "until", "has_picture"})
    # CROSS JOIN: in this order. The index gives its rows newest first, so that nothing has to be
    # sorted before the limit, and BM25 is computed for no more than that.
    matches = f"""
        {branches.ABOVE if in_one else ""}
        SELECT part_id, message_id FROM (
            SELECT parts.id AS part_id, parts.message_id, bm25(message_words) AS score
            FROM message_words
            CROSS JOIN message_parts AS parts ON parts.id = message_words.rowid
            {messages if reads_messages else ""}
            WHERE message_words MATCH :words AND parts.owner = :owner{also}
            ORDER BY message_words.rowid DESC LIMIT :candidates
        ) ORDER BY score, part_id DESC
    """
    latest = f"(SELECT place.id {_TURNS}{of_turn} ORDER BY turns.created_at DESC LIMIT 1)"
    places = f"""
        SELECT parts.text, messages.role, messages.created_at,
            {":conversation_id" if in_one else latest} AS place
        FROM message_parts AS parts {messages}
        WHERE parts.id = :part_id
    """
    return matches, places
