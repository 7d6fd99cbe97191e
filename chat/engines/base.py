"""The engine seam: what turns messages into a reply.

Everything above it is the same for the echo engine, the built-in model, a
transformers checkpoint and a remote server. An engine is synchronous; whoever
calls it brings the thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from threading import Event
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from memory.snapshots import SnapshotStore
from prompts import Message

FinishReason = Literal["stop", "length", "cancelled", "error", "interrupted"]
"""Why a reply ended: the model was done; the token limit; a person stopped it; the
engine failed; the process died while it was being written."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an engine can hold: tokens of prompt and reply together, and pictures in one prompt.

    `picture_numbers` is the highest picture number it knows; None if it can tell any. One that does
    not follow instructions makes nothing of facts in a system message, so they are kept from it.
    """

    context_tokens: int
    images: int
    picture_numbers: int | None = None
    follows_instructions: bool = True


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen, and when to stop.

    `temperature` 0 is greedy; `top_k`, `top_p` and `min_p` each keep the likelier tokens only
    (0, 1 and 0: all); `repetition_penalty` over 1 makes what the reply has said less likely.
    `stop` ends the reply before any of these strings would come. `seed` None draws a fresh one.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 160
    seed: int | None = None
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One reply to make: the messages to answer, how to sample, and where picture bytes are.

    `read_image` maps an Image's sha256 to its original bytes; an engine calls it only
    for pictures it has not encoded yet. `snapshots`, if given, is where an engine may
    keep what it computed for `conversation_id` beyond the end of the process.

    `opening` is how the reply begins: its deltas go on from there.

    `numbers` gives each picture of the messages its number, rising in order of appearance;
    empty, they are numbered from 1. Raises ValueError unless there is one for each.
    """

    messages: Sequence[Message]
    sampling: Sampling
    read_image: Callable[[str], bytes]
    snapshots: SnapshotStore | None = None
    conversation_id: str = ""
    numbers: Sequence[int] = ()
    opening: str = ""

    def __post_init__(self) -> None:
        pictures = sum(len(message.images) for message in self.messages)
        numbers = tuple(self.numbers) or tuple(range(1, pictures + 1))
        if len(numbers) != pictures or any(later <= one for one, later in pairwise((0, *numbers))):
            raise ValueError(f"{pictures} pictures cannot have the numbers {numbers}.")
        # The dataclass is frozen for everybody else.
        object.__setattr__(self, "numbers", numbers)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and pictures one reply took.

    `prompt_tokens` counts the whole prompt: the part of it whose keys and values were at
    hand (`cached_tokens`), those read from disk (`restored_tokens`), and the rest, which
    was computed (`prefilled_tokens`). Likewise each of its pictures was encoded, at hand
    or read from disk. `dropped_tokens` did not fit and were left out of the prompt, and
    `images_renumbered` pictures go by another number in it than in the conversation.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    images_encoded: int = 0
    restored_tokens: int = 0
    dropped_tokens: int = 0
    images_cached: int = 0
    images_restored: int = 0
    images_renumbered: int = 0

    @property
    def prefilled_tokens(self) -> int:
        """Tokens of the prompt that had to be computed."""
        return self.prompt_tokens - self.cached_tokens - self.restored_tokens


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds an engine spent on one reply: reading from disk, encoding pictures, running the prompt's
    new tokens, and making the reply's tokens."""

    restore_s: float = 0.0
    encode_s: float = 0.0
    prefill_s: float = 0.0
    decode_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Finish:
    """The last word on a reply: why it ended and what it took."""

    reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of a reply. The last delta, and only it, carries `finish`; its text may be empty."""

    text: str
    finish: Finish | None = None


class Embedder(Protocol):
    """Pictures and texts as vectors in one space, for finding pictures by words.

    The product of two vectors, both of unit length, says how well a picture and a text, or two
    pictures, go together.
    """

    @property
    def fingerprint(self) -> str:
        """Names the exact weights and preprocessing; vectors of another one cannot be compared."""

    @property
    def width(self) -> int:
        """Numbers in a vector."""

    def images(self, data: Sequence[bytes]) -> NDArray[np.float32]:
        """Picture files as vectors (n, width) of unit length. Raises ImageError for what cannot be read."""

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts as vectors (n, width) of unit length."""


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

    @property
    def parallel(self) -> int:
        """How many requests it serves at once; callers keep others waiting."""

    @property
    def embedder(self) -> Embedder | None:
        """What finds pictures by words; None for a model that cannot, and unless a class says otherwise."""
        return None

    def count(self, message: Message) -> int:
        """Tokens that one message takes in the prompt, its role and end tokens included."""

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        """Stream the reply to the last message; check `cancelled` between tokens.

        At most `parallel` at a time, each in a thread of its own. Raises EngineError if it fails.
        """

    def close(self) -> None:
        """Free what the engine holds; called once."""
