"""The built-in engine: our own model, with caches that last across turns.

Between requests it keeps sessions (prompts with their keys and values, to go on from
the messages it knows) and the keys and values of pictures by sha256, so that a picture
is encoded once. Where a request says so, both are kept on disk as well. Requests that
come at the same time are answered side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from threading import Event

import torch

from chat.engines.base import Delta, Limits, Request
from chat.engines.builtin.apart import apart
from chat.engines.builtin.reader import PromptReader
from chat.engines.builtin.row import Row
from chat.engines.builtin.scheduler import Scheduler
from chat.errors import ConfigError
from chat.model.checkpoint import Checkpoint, load
from prompts import Message, render_message

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

PARALLEL = 16
"""Requests that are answered side by side."""


class BuiltinEngine:
    """Our model behind the engine seam."""

    parallel = PARALLEL

    def __init__(self, checkpoint: Checkpoint, name: str = "builtin") -> None:
        self._name = name
        self._model = checkpoint.model
        self._tokenizer = checkpoint.tokenizer
        self._fingerprint = checkpoint.fingerprint
        self._reader = PromptReader(checkpoint)
        self._scheduler = Scheduler(self._model, self._tokenizer, self._reader, PARALLEL)

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
        checkpoint = apart(load, folder, device=place, dtype=kind)
        return cls(checkpoint, "builtin" if folder is None else str(folder))

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
        return self._reader.limits

    @property
    def decoder_bytes(self) -> int:
        """Bytes of weights that one decoded token reads."""
        return sum(weight.numel() * weight.element_size() for weight in self._model.decoder.parameters())

    def count(self, message: Message) -> int:
        """Tokens that one message takes in the prompt."""
        return len(self._tokenizer.encode_spans(render_message(message)).ids)

    def generate(self, request: Request, cancelled: Event) -> Generator[Delta, None, None]:
        """Stream the reply; see the engine seam. Raises EngineError for a prompt that does not fit."""
        row = Row(request, cancelled, self._tokenizer)
        self._scheduler.submit(row)
        return row.follow()

    def close(self) -> None:
        """Let go of the caches, once the replies under way have been cut short."""
        self._scheduler.close()
        self._reader.clear()


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("No CUDA device is available here; use device 'cpu' or 'auto'.")
    return torch.device(name)
