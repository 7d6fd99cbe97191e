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
from chat.engines.builtin.embedding import BuiltinEmbedder
from chat.engines.builtin.reader import PromptReader
from chat.engines.builtin.row import Row
from chat.engines.builtin.scheduler import Scheduler
from chat.engines.builtin.steps import steps_for
from chat.errors import ConfigError
from chat.model.checkpoint import Checkpoint, load
from prompts import Message, render_message

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

BITS = {"int8": 8, "int4": 4}
"""These are float32 but for the decoder's weights, which are packed into so many bits."""

PARALLEL = 16
"""Requests that are answered side by side."""


class BuiltinEngine:
    """Our model behind the engine seam.

    With `bits`, 8 or 4, the decoder's weights become those of so many bits: the checkpoint's model
    is changed. Raises ValueError where it cannot be: see `pack`.
    """

    parallel = PARALLEL

    def __init__(self, checkpoint: Checkpoint, name: str = "builtin", *, bits: int | None = None) -> None:
        self._name = name
        self._model = checkpoint.model
        self._tokenizer = checkpoint.tokenizer
        self._fingerprint = checkpoint.fingerprint
        self._embedder = None if self._model.contrast is None else BuiltinEmbedder(checkpoint)
        self._steps = steps_for(self._model, bits=bits, rows=PARALLEL)
        held = str(self._model.held_dtype).removeprefix("torch.")
        numbers = f"int{bits}/{held}" if bits else held
        self._reader = PromptReader(checkpoint, numbers)
        self._scheduler = Scheduler(self._steps, self._tokenizer, self._reader, PARALLEL)

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
        on a CPU int8, the fastest there: float32 with a decoder of eight bits. threads
        sets PyTorch's for the whole process. Raises CheckpointError, ConfigError.
        """
        if threads is not None:
            torch.set_num_threads(threads)
        place = _device(device)
        if dtype == "auto":
            dtype = "bfloat16" if place.type == "cuda" else "int8"
        if dtype in BITS and place.type != "cpu":
            raise ConfigError(f"{dtype} is for the CPU; on a GPU use dtype 'bfloat16' or 'float32'.")
        if progress is not None:
            progress(f"Loading the model on {place.type} in {dtype}")
        checkpoint = apart(load, folder, device=place, dtype=DTYPES.get(dtype, torch.float32))
        name = "builtin" if folder is None else str(folder)
        try:
            return apart(cls, checkpoint, name, bits=BITS.get(dtype))
        except ValueError as error:
            raise ConfigError(f"{name} cannot run in {dtype}: {error} Use dtype 'int8'.") from error

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
    def embedder(self) -> BuiltinEmbedder | None:
        """What finds pictures by words, if the checkpoint has the heads for it."""
        return self._embedder

    @property
    def decoder_bytes(self) -> int:
        """Bytes of weights that one decoded token reads while a picture is in view."""
        return self._steps.weight_bytes

    def ready(self) -> None:
        """Wait until replies come as fast as they will; before, what is compiled may not be."""
        self._steps.ready()

    def count(self, message: Message) -> int:
        """Tokens that one message takes in the prompt."""
        return len(self._tokenizer.encode_spans(render_message(message)).ids)

    def generate(self, request: Request, cancelled: Event) -> Generator[Delta, None, None]:
        """Stream the reply; see the engine seam. Raises EngineError for a prompt that does not fit."""
        row = Row(request, cancelled, self._tokenizer)
        self._scheduler.submit(row)
        return row.follow()

    def close(self) -> None:
        """Let go of the caches, once the replies under way have been cut short and what is kept of them is on
        disk."""
        self._scheduler.close()
        self._steps.close()
        self._reader.close()


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("No CUDA device is available here; use device 'cpu' or 'auto'.")
    return torch.device(name)
