"""Talk with a model that sees, from Python. Importing it loads no torch; a built-in `Chat` does."""

from chat.api import Chat
from chat.conversation import DialogueManager
from chat.embedding import encode_image, encode_text, zero_shot
from chat.engines import Delta, Engine, FinishReason, Sampling, Usage
from chat.engines.base import Embedder
from chat.errors import (
    BusyError,
    CheckpointError,
    ConfigError,
    EngineError,
    ImageError,
    MessageError,
    PromptError,
    StoreError,
    UnknownConversation,
    VisavisError,
)
from chat.pictures import ImageSource
from chat.reply import Reply, Timings

__all__ = [
    "BusyError",
    "Chat",
    "CheckpointError",
    "ConfigError",
    "Delta",
    "DialogueManager",
    "Embedder",
    "Engine",
    "EngineError",
    "FinishReason",
    "ImageError",
    "ImageSource",
    "MessageError",
    "PromptError",
    "Reply",
    "Sampling",
    "StoreError",
    "Timings",
    "UnknownConversation",
    "Usage",
    "VisavisError",
    "encode_image",
    "encode_text",
    "zero_shot",
]
