"""The built-in engine: our own model, with caches that last across turns.

Three things are kept between requests: keys and values of recent prompts, to go on
from the longest prefix already computed; keys and values of pictures by sha256, so
that a picture is encoded once; and nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import torch
from torch import Tensor

from chat.engines.base import Delta, Finish, FinishReason, Limits, Request, Sampling, Usage
from chat.errors import ConfigError, EngineError
from chat.model.cache import KVCache, PictureView
from chat.model.checkpoint import Checkpoint, load
from chat.model.generate import decode, prefill
from chat.model.images import to_pixels, to_square
from chat.model.tokenizer import Prompt, StreamDecoder
from memory.images import open_upright
from prompts import Image, Message, render, render_message

SESSIONS = 8
"""Prompts whose keys and values are kept."""

PICTURES = 256
"""Pictures whose keys and values are kept; half a megabyte each for the model that ships."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass
class Session:
    """A prompt that has been computed: its ids, its pictures with their positions, and its cache."""

    cache: KVCache
    ids: list[int] = field(default_factory=list)
    pictures: list[tuple[int, str]] = field(default_factory=list)

    def common(self, prompt: Prompt) -> int:
        """How many leading tokens of a prompt this session already holds, pictures alike."""
        length = 0
        for mine, theirs in zip(self.ids, prompt.ids, strict=False):
            if mine != theirs:
                break
            length += 1
        wanted = pictures_of(prompt)
        for held, asked in zip(self.pictures, wanted, strict=False):
            if held != asked:
                return min(length, held[0], asked[0])
        return length

    def rewind(self, length: int) -> None:
        """Forget everything past `length` tokens."""
        self.cache.truncate(length)
        del self.ids[length:]
        self.pictures = [picture for picture in self.pictures if picture[0] < length]


def pictures_of(prompt: Prompt) -> list[tuple[int, str]]:
    """(position, sha256) of each picture."""
    return [(at, image.sha256) for at, image in zip(prompt.visible_from, prompt.images, strict=True)]


class BuiltinEngine:
    """Our model behind the engine seam; one request at a time."""

    def __init__(self, checkpoint: Checkpoint, name: str = "builtin") -> None:
        self._name = name
        self._model = checkpoint.model
        self._tokenizer = checkpoint.tokenizer
        self._fingerprint = checkpoint.fingerprint
        self._sessions: list[Session] = []
        self._pictures: OrderedDict[str, Tensor] = OrderedDict()

    @classmethod
    def load(
        cls,
        folder: Path | None = None,
        *,
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> BuiltinEngine:
        """The engine for a checkpoint's folder (None: the one that ships).

        device: "auto" takes a GPU if there is one. dtype: "auto" is bfloat16 on a GPU and
        float32 on a CPU, where processors that are slow at bfloat16 are common. threads
        sets PyTorch's for the whole process. Raises CheckpointError, ConfigError.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        place = _device(device)
        kind = DTYPES["bfloat16" if place.type == "cuda" else "float32"] if dtype == "auto" else DTYPES[dtype]
        if progress is not None:
            progress(f"Loading the model on {place.type} in {str(kind).removeprefix('torch.')}")
        return cls(load(folder, device=place, dtype=kind), "builtin" if folder is None else str(folder))

    @property
    def name(self) -> str:
        """ "builtin", or the checkpoint's folder."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """The checkpoint's fingerprint."""
        return self._fingerprint

    @property
    def limits(self) -> Limits:
        """What the decoder was made for."""
        config = self._model.config.decoder
        return Limits(context_tokens=config.context, images=config.images)

    @property
    def decoder_bytes(self) -> int:
        """Bytes of weights that one decoded token reads."""
        return sum(weight.numel() * weight.element_size() for weight in self._model.decoder.parameters())

    def count(self, message: Message) -> int:
        """Tokens that one message takes in the prompt."""
        return len(self._tokenizer.encode_spans(render_message(message)).ids)

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        """Stream the reply; see the engine seam. Raises EngineError for a prompt that does not fit."""
        prompt = self._tokenizer.encode_spans(render(request.messages, reply=True))
        self._check(prompt)
        encoded = self._encode(prompt.images, request.read_image)
        session, cached = self._session(prompt)
        kept = [self._pictures[image.sha256] for image in prompt.images]
        view = self._model.view_row(kept, prompt.visible_from)
        logits = prefill(self._model, prompt.ids[cached:], prompt.numbers[cached:], view, session.cache)
        session.ids, session.pictures = list(prompt.ids), pictures_of(prompt)

        sampling, tokens = request.sampling, 0
        room = min(sampling.max_tokens, self.limits.context_tokens - len(prompt.ids))
        words = StreamDecoder(self._tokenizer)
        reason: FinishReason = "length"
        for token in self._tokens(logits, view, session, sampling):
            if token == self._tokenizer.end:
                reason = "stop"
                break
            tokens += 1
            text = words.push(token)
            if text:
                yield Delta(text)
            if cancelled.is_set():
                reason = "cancelled"
                break
            if tokens >= room:
                break
        usage = Usage(len(prompt.ids), cached, tokens, encoded)
        yield Delta(words.flush(), Finish(reason, usage))

    def close(self) -> None:
        """Let go of the caches."""
        self._sessions.clear()
        self._pictures.clear()

    def _tokens(
        self, logits: Tensor, view: PictureView | None, session: Session, sampling: Sampling
    ) -> Iterator[int]:
        """Decode, entering each token in the session's ids once it is in its cache."""
        previous: int | None = None
        for token in decode(
            self._model,
            self._tokenizer,
            logits,
            view,
            session.cache,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            seed=sampling.seed,
        ):
            if previous is not None:
                session.ids.append(previous)
            previous = token
            yield token

    def _session(self, prompt: Prompt) -> tuple[Session, int]:
        """The session with the longest prefix of the prompt, rewound to it, and that prefix's length.

        At least one token is left to run, because its logits start the reply.
        """
        best = max(self._sessions, key=lambda session: session.common(prompt), default=None)
        length = 0 if best is None else min(best.common(prompt), len(prompt.ids) - 1)
        if best is None or length <= 1:  # the begin token alone is no reason to overwrite another's cache
            best, length = Session(self._model.new_cache()), 0
        else:
            self._sessions.remove(best)
            best.rewind(length)
        self._sessions.append(best)
        del self._sessions[:-SESSIONS]
        return best, length

    @torch.inference_mode()
    def _encode(self, images: list[Image], read: Callable[[str], bytes]) -> int:
        """Have keys and values of every picture at hand; how many had to be encoded."""
        missing = list(dict.fromkeys(image.sha256 for image in images if image.sha256 not in self._pictures))
        if missing:
            size = self._model.config.vision.image_size
            squares = [to_square(open_upright(read(sha256)), size) for sha256 in missing]
            pixels = to_pixels(squares).to(self._model.device, self._model.dtype)
            self._pictures.update(zip(missing, self._model.encode(pixels), strict=True))
        for image in images:
            self._pictures.move_to_end(image.sha256)
        while len(self._pictures) > PICTURES:
            self._pictures.popitem(last=False)
        return len(missing)

    def _check(self, prompt: Prompt) -> None:
        limits = self.limits
        if len(prompt.ids) >= limits.context_tokens:
            raise EngineError(
                f"The prompt takes {len(prompt.ids)} tokens and this model holds {limits.context_tokens}: "
                "shorten the message, or start a new conversation."
            )
        if len(prompt.images) > limits.images:
            raise EngineError(f"This model sees {limits.images} pictures at once, not {len(prompt.images)}.")


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("No CUDA device is available here; use device 'cpu' or 'auto'.")
    return torch.device(name)
