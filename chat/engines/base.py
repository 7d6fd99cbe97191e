"""The engine seam: what turns messages into a reply.

Everything above it is the same for the echo engine, the built-in model, a
transformers checkpoint and a remote server. An engine is synchronous; whoever
calls it brings the thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Literal, Protocol

from prompts import Message

FinishReason = Literal["stop", "length", "cancelled", "error", "interrupted"]
"""Why a reply ended: the model was done; the token limit; a person stopped it; the
engine failed; the process died while it was being written."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an engine can hold: tokens of prompt and reply together, and pictures in one prompt."""

    context_tokens: int
    images: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. `temperature` 0 is greedy; `seed` None draws a fresh one."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 160
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One reply to make: the messages to answer, how to sample, and where picture bytes are.

    `read_image` maps an Image's sha256 to its original bytes; an engine calls it only
    for pictures it has not encoded yet.
    """

    messages: Sequence[Message]
    sampling: Sampling
    read_image: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and pictures one reply took.

    `prompt_tokens` counts the whole prompt, `cached_tokens` the part of it whose keys
    and values were at hand, `images_encoded` the pictures that went through the encoder.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    images_encoded: int = 0


@dataclass(frozen=True, slots=True)
class Finish:
    """The last word on a reply: why it ended and what it took."""

    reason: FinishReason
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of a reply. The last delta, and only it, carries `finish`; its text may be empty."""

    text: str
    finish: Finish | None = None


class Engine(Protocol):
    """What the dialogue manager needs of a model."""

    @property
    def name(self) -> str:
        """What the person chose: "builtin", "echo", …"""

    @property
    def fingerprint(self) -> str:
        """Names the exact weights and preprocessing; kept with every reply as provenance."""

    @property
    def limits(self) -> Limits:
        """What fits in one request."""

    def count(self, message: Message) -> int:
        """Tokens that one message takes in the prompt, its role and end tokens included."""

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        """Stream the reply to the last message; check `cancelled` between tokens.

        One request at a time: callers serialise. Raises EngineError if it fails.
        """

    def close(self) -> None:
        """Free what the engine holds; called once."""
