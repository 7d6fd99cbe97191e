"""Every error this program raises on purpose, drawn in one place.

VisavisError                  prompts.errors
├── PromptError               prompts.errors   messages that cannot be rendered
├── ImageError                memory.errors    not a picture, damaged, over a limit
├── StoreError                memory.errors    the database cannot be used
│   └── UnknownConversation   memory.errors    no such id
├── ConfigError               a setting that cannot be
│   ├── LayoutError           chat.evals.files.common      a folder that is not the benchmark it should be
│   └── DataError             chat.training.own_data       dialogues that cannot be learnt from
├── SourcesMissing            chat.training.sources        no package of training pictures is installed
├── MessageError              a message that cannot be accepted (empty, too long)
├── EngineError               the model failed or cannot be loaded
│   └── CheckpointError       a checkpoint that is missing, damaged or does not fit
└── BusyError                 a conversation already has a reply under way
"""

from memory.errors import ImageError, StoreError, UnknownConversation
from prompts.errors import PromptError, VisavisError

__all__ = [
    "BusyError",
    "CheckpointError",
    "ConfigError",
    "EngineError",
    "ImageError",
    "MessageError",
    "PromptError",
    "StoreError",
    "UnknownConversation",
    "VisavisError",
]


class ConfigError(VisavisError):
    """A setting that cannot be: the message names it and what it may be."""


class MessageError(VisavisError):
    """A message that cannot be accepted, such as an empty one."""


class EngineError(VisavisError):
    """The model failed, or cannot be loaded."""


class CheckpointError(EngineError):
    """A checkpoint that is missing, damaged, or not of the form this version reads."""


class BusyError(VisavisError):
    """The conversation already has a reply under way; wait for it or stop it."""
