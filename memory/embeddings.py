"""Vectors of pictures, by which they are found: those like another one and, where a model puts words and
pictures into one space, those that words describe.

A vector follows from a picture and from the model that made it, named by its fingerprint. So it never
changes, does not travel in bundles, and goes with its picture. It is kept as it came, as float32: halving it
would save 13 MB at 50,000 pictures of 128 numbers, which take gigabytes themselves, and what is found would
no longer be exact.

The search multiplies a query with all vectors. Reading them takes longer than that, so those of the model
that was last asked for stay in memory; which pictures the owner has is asked of the database every time.

Shapes: n pictures, w numbers in a vector.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from memory import branches, conversations
from memory.db import Connections
from memory.records import Conversation

Vectors = NDArray[np.float32]

_STORED = np.dtype("<f4")

_LENGTH_TOLERANCE = 1e-2
"""How far a vector's length may be from 1: what bfloat16 makes of it."""

_NONE: Vectors = np.zeros((0, 0), np.float32)

_PUT = """
    INSERT INTO picture_embeddings (sha256, fingerprint, width, vector)
    SELECT :sha256, :fingerprint, :width, :vector WHERE EXISTS (
        SELECT 1 FROM message_parts WHERE owner = :owner AND image_sha256 = :sha256)
    ON CONFLICT DO NOTHING
"""

_LACKING = """
    SELECT shown.image_sha256 FROM message_parts AS shown
    WHERE shown.owner = :owner AND shown.image_sha256 IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM picture_embeddings AS known
        WHERE known.sha256 = shown.image_sha256 AND known.fingerprint = :fingerprint)
    GROUP BY shown.image_sha256 ORDER BY max(shown.id) DESC
"""

_KNOWN = """
    SELECT known.sha256 FROM (
        SELECT DISTINCT image_sha256 FROM message_parts WHERE owner = :owner AND image_sha256 IS NOT NULL
    ) AS shown
    CROSS JOIN picture_embeddings AS known
        ON known.sha256 = shown.image_sha256 AND known.fingerprint = :fingerprint
"""

_VECTORS = """
    SELECT sha256, vector FROM picture_embeddings
    WHERE fingerprint = :fingerprint AND sha256 IN (SELECT value FROM json_each(:hashes))
"""
_ALL_VECTORS = "SELECT sha256, vector FROM picture_embeddings WHERE fingerprint = :fingerprint"
"""In the order they lie in the file: that takes a third of the time that looking each up takes."""

_PLACES = """
    SELECT parts.message_id, parts.name, turns.conversation_id,
        coalesce(turns.created_at, messages.created_at) AS created_at
    FROM message_parts AS parts
    JOIN messages ON messages.owner = parts.owner AND messages.id = parts.message_id
    LEFT JOIN turns ON turns.owner = parts.owner AND turns.user_message_id = parts.message_id
    WHERE parts.owner = :owner AND parts.image_sha256 = :sha256
    ORDER BY turns.created_at DESC, parts.id DESC
"""
"""Where a picture was shown, the latest first; a message that began no turn, whose NULL sorts last, after."""


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture that was found, where it was last shown.

    `score` is the cosine of its vector and the query's, from -1 to 1. `name` is what the person's file
    was called; `created_at` is when the message was said there: UTC, ISO 8601.
    """

    sha256: str
    score: float
    conversation: Conversation
    message_id: str
    created_at: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Embedded:
    """Pictures and their vectors (n, w), row by row."""

    hashes: tuple[str, ...]
    vectors: Vectors


class EmbeddingStore:
    """The vectors of one owner's pictures; may be used from many threads.

    Every method raises StoreError for what the database cannot do.
    """

    def __init__(self, connections: Connections, owner: str) -> None:
        self._connections = connections
        self._owner = owner
        # Replaced as a whole, so that no reader needs a lock.
        self._kept = ("", Embedded((), _NONE))

    def put(self, fingerprint: str, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors (w,) of unit length by the sha256 of their pictures, in one transaction.

        One that is there stays, for it is the same; a picture that the owner does not show (any more) is
        passed over. Raises ValueError for what is no such vector.
        """
        rows = [
            {
                **{"sha256": sha256, "fingerprint": fingerprint, "owner": self._owner},
                **{"width": len(vector), "vector": _checked(vector).astype(_STORED).tobytes()},
            }
            for sha256, vector in vectors.items()
        ]
        with self._connections.immediate() as database:
            for row in rows:
                database.execute(_PUT, row)

    def lacking(self, fingerprint: str) -> list[str]:
        """The sha256 of each picture of the owner's without a vector by this model, newest first."""
        with self._connections.snapshot() as database:
            found = database.execute(_LACKING, {"owner": self._owner, "fingerprint": fingerprint})
            return [sha256 for (sha256,) in found]

    def vectors(self, fingerprint: str) -> Embedded:
        """All pictures of the owner's that have a vector by this model, with their vectors (n, w)."""
        query = {"owner": self._owner, "fingerprint": fingerprint}
        with self._connections.snapshot() as database:
            hashes = tuple(sha256 for (sha256,) in database.execute(_KNOWN, query))
            model, kept = self._kept
            if (model, kept.hashes) == (fingerprint, hashes):
                return kept
            known = dict(zip(kept.hashes, kept.vectors, strict=True)) if model == fingerprint else {}
            query["hashes"] = json.dumps([sha256 for sha256 in hashes if sha256 not in known])
            for sha256, vector in database.execute(_VECTORS if known else _ALL_VECTORS, query):
                known[sha256] = np.frombuffer(vector, _STORED)
        vectors = np.stack([known[sha256] for sha256 in hashes]).astype(np.float32) if hashes else _NONE
        # Handed to every caller.
        vectors.flags.writeable = False
        made = Embedded(hashes, vectors)
        self._kept = fingerprint, made
        return made

    def nearest(
        self,
        fingerprint: str,
        vector: Vectors,
        limit: int,
        *,
        least: Callable[[Vectors], Vectors] | None = None,
    ) -> list[FoundPicture]:
        """The `limit` pictures of the owner's whose vectors by this model are nearest, the nearest first.

        `vector` (w,) has unit length. `least`, given the vectors of all pictures (n, w), tells the score
        (n,) below which each is not found. A picture in messages that no conversation holds any more is
        passed over. Raises ValueError for a vector that is none, or of another width.
        """
        known = self.vectors(fingerprint)
        query = _checked(vector)
        if not known.hashes or limit < 1:
            return []
        scores: Vectors = known.vectors @ query
        order = np.argsort(-scores, kind="stable")
        if least is not None:
            order = order[(scores >= least(known.vectors))[order]]
        found: list[FoundPicture] = []
        with self._connections.snapshot() as database:
            for row in order:
                if place := self._place(database, known.hashes[row], float(scores[row])):
                    found.append(place)
                if len(found) == limit:
                    break
        return found

    def _place(self, database: Database, sha256: str, score: float) -> FoundPicture | None:
        """Where the owner was last shown a picture; None if no conversation of theirs shows it."""
        for row in database.query(_PLACES, {"owner": self._owner, "sha256": sha256}):
            held = row["conversation_id"] or branches.holder(database, self._owner, row["message_id"])
            if held:
                conversation = conversations.get(database, self._owner, held)
                return FoundPicture(
                    sha256, score, conversation, row["message_id"], row["created_at"], row["name"]
                )
        return None


def _checked(vector: Vectors) -> Vectors:
    """The vector itself. Raises ValueError unless it is one, of unit length."""
    if vector.ndim != 1 or not abs(float(np.linalg.norm(vector)) - 1) <= _LENGTH_TOLERANCE:
        raise ValueError(f"A picture's vector has one dimension and length 1; this has shape {vector.shape}.")
    return vector
