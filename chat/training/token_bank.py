"""Image tokens of a bank's pictures, computed once for an encoder that no longer changes.

An array on disk beside the bank, one row a picture, (p, d) in half precision; it names the
weights and the state of the bank that it was made with, and is made anew for others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from chat.model.checkpoint import write_whole
from chat.model.photo import Seen
from chat.model.vision import VisionEncoder
from chat.training.bank import ROWS, Bank
from chat.training.data import pixels_for

CHUNK = 64
"""Pictures that are encoded together."""

SAVE_EVERY = 16
"""Chunks between notes of how far the array is written."""


@torch.no_grad()
def encode_squares(vision: VisionEncoder, squares: Tensor, seen: Seen | None = None) -> Tensor:
    """Squares (n, H, W, 3) of bytes, as drawn → image tokens (n, p, d); nothing learns from them."""
    weight = vision.project.weight
    pixels = pixels_for(vision, squares)
    tokens: Tensor = vision(
        pixels.to(weight.dtype), None if seen is None else seen.to(weight.device, weight.dtype)
    )
    return tokens


def fingerprint(vision: VisionEncoder) -> str:
    """sha256 over the encoder's shape and weights, hex."""
    digest = hashlib.sha256(repr(vision.config).encode())
    for name, value in sorted(vision.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


class TokenBank:
    """The tokens of a bank's pictures in `folder` (None: beside the bank), as far as they are computed."""

    def __init__(self, bank: Bank, vision: VisionEncoder, folder: Path | None = None) -> None:
        self._bank, self._vision = bank, vision
        self._folder = bank.folder if folder is None else folder
        self._shape = (vision.config.tokens, vision.config.width)
        # Tags that were put into a bank later change its tokens under the same weights.
        times = [(bank.folder / f"{name}.bin").stat().st_mtime_ns for name in sorted(ROWS)]
        self._kind = hashlib.sha256(f"{fingerprint(vision)}/{times}".encode()).hexdigest()
        self._array: NDArray[np.float16] | None = None

    def __len__(self) -> int:
        """How many pictures' tokens of these weights there are."""
        if not self._note.exists():
            return 0
        note = json.loads(self._note.read_text("utf-8"))
        return int(note["count"]) if note["fingerprint"] == self._kind else 0

    @property
    def _note(self) -> Path:
        return self._folder / "tokens.json"

    def fill(self) -> None:
        """Encode what is missing; goes on where a stopped run was, and begins anew for other weights."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path, total = self._folder / "tokens.bin", len(self._bank)
        first = len(self)
        with path.open("r+b" if first else "wb") as file:
            file.seek(first * 2 * self._shape[0] * self._shape[1])
            starts = range(first, total, CHUNK)
            for number, start in enumerate(tqdm(starts, desc="tokens", unit="chunk"), 1):
                stop = min(total, start + CHUNK)
                squares, _, seen = self._bank.pictures(range(start, stop))
                tokens = encode_squares(self._vision, squares, seen)
                file.write(tokens.half().cpu().numpy().tobytes())
                if number % SAVE_EVERY == 0 or stop == total:
                    file.flush()
                    self._write_note(stop)
        self._array = np.memmap(path, np.float16, "r").reshape(-1, *self._shape)

    def rows(self, rows: Sequence[int] | Tensor) -> Tensor:
        """The tokens (n, p, d) of pictures by their rows, float32. Raises RuntimeError before `fill`."""
        if self._array is None:
            raise RuntimeError("The tokens have to be filled in before they are read.")
        return torch.from_numpy(self._array[np.asarray(rows, np.int64)]).float()

    def _write_note(self, count: int) -> None:
        write_whole(self._note, json.dumps({"fingerprint": self._kind, "count": count}).encode())
