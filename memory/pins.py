"""Pinned pictures: those of a conversation that are never left out of what a model is shown."""

from __future__ import annotations

from memory import conversations
from memory.db import Connections


class PinStore:
    """The pins of one owner's conversations; may be used from many threads.

    A pin is of a picture, not of a message: it holds wherever in the conversation its bytes
    were shown, in every branch. What it means for a prompt is for the reader to say.
    """

    def __init__(self, connections: Connections, owner: str) -> None:
        self._connections = connections
        self._owner = owner

    def of(self, conversation_id: str) -> frozenset[str]:
        """The sha256 of each pinned picture of a conversation; empty for an unknown one."""
        with self._connections.snapshot() as database:
            rows = database.execute(
                "SELECT sha256 FROM pinned_pictures WHERE owner = ? AND conversation_id = ?",
                (self._owner, conversation_id),
            )
            return frozenset(sha256 for (sha256,) in rows)

    def add(self, conversation_id: str, sha256: str) -> None:
        """Pin a stored picture; one that is pinned stays so.

        Raises UnknownConversation, and StoreError for a picture that is not stored.
        """
        with self._connections.immediate() as database:
            conversations.get(database, self._owner, conversation_id)
            database.execute(
                "INSERT OR IGNORE INTO pinned_pictures (owner, conversation_id, sha256) VALUES (?, ?, ?)",
                (self._owner, conversation_id, sha256),
            )

    def remove(self, conversation_id: str, sha256: str) -> None:
        """Unpin a picture; one that is not pinned stays so. Raises UnknownConversation."""
        with self._connections.immediate() as database:
            conversations.get(database, self._owner, conversation_id)
            database.execute(
                "DELETE FROM pinned_pictures WHERE owner = ? AND conversation_id = ? AND sha256 = ?",
                (self._owner, conversation_id, sha256),
            )
