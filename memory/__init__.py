"""What was said: conversations, messages, pictures, turns; and snapshots of caches. SQLite, no torch."""

from memory.embeddings import EmbeddingStore, FoundPicture
from memory.errors import ImageError, StoreError, UnknownConversation
from memory.facts import EVERY_PERSONA, FACT_CHARACTERS, Fact, FactStore
from memory.images import ImageStore, StoredImage
from memory.records import Conversation, Entry, Turn
from memory.search import ConversationHit, Hit
from memory.snapshots import Snapshot, SnapshotStore
from memory.store import Store
from memory.words import Excerpt

__all__ = [
    "EVERY_PERSONA",
    "FACT_CHARACTERS",
    "Conversation",
    "ConversationHit",
    "EmbeddingStore",
    "Entry",
    "Excerpt",
    "Fact",
    "FactStore",
    "FoundPicture",
    "Hit",
    "ImageError",
    "ImageStore",
    "Snapshot",
    "SnapshotStore",
    "Store",
    "StoreError",
    "StoredImage",
    "Turn",
    "UnknownConversation",
]
