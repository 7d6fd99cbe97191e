"""What a person calls their conversations, titles, tags and notes, as something to find them by.

The index is a derived one, kept by triggers: see memory/migrations/m008_labels.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from memory import search
from memory.db import Connections
from memory.search import ConversationHit, Hit


class LabelStore:
    """One owner's titles, tags and notes; may be used from many threads."""

    def __init__(self, connections: Connections, owner: str) -> None:
        self._connections = connections
        self._owner = owner

    def find(self, query: str, *, limit: int = 20, beside: Sequence[Hit] = ()) -> list[ConversationHit]:
        """Conversations with all words of a query in their titles, tags and notes, the best ones first.

        `limit` at most, those put away among them. Any text will do as a query, as for messages. A title is
        often the beginning of the first message: where it says no more than the hits that it is to stand
        `beside`, it is left out.
        """
        known = {hit.conversation.id for hit in beside}
        with self._connections.snapshot() as database:
            found = search.find_labelled(database, self._owner, query, limit + len(known))
        return [each for each in found if each.also or each.conversation.id not in known][:limit]
