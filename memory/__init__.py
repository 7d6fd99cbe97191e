"""What was said: conversations, messages, pictures, turns; and snapshots of caches. SQLite, no torch."""

from memory.errors import ImageError, StoreError, UnknownConversation
from memory.images import ImageStore, StoredImage
from memory.records import Conversation, Entry, Turn
from memory.snapshots import Snapshot, SnapshotStore
from memory.store import Store

__all__ = [
    "Conversation",
    "Entry",
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
