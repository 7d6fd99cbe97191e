"""What was said: conversations, the message tree, pictures and turns, in one SQLite file. No torch."""

from memory.errors import ImageError, StoreError, UnknownConversation
from memory.images import ImageStore, StoredImage
from memory.records import Conversation, Entry, Turn
from memory.store import Store

__all__ = [
    "Conversation",
    "Entry",
    "ImageError",
    "ImageStore",
    "Store",
    "StoreError",
    "StoredImage",
    "Turn",
    "UnknownConversation",
]
