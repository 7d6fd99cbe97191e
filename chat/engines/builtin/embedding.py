"""Pictures and texts as vectors, by the built-in model's contrast heads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from chat.engines.builtin.apart import apart
from chat.engines.builtin.picture_cache import read_pixels
from chat.errors import CheckpointError
from chat.model.checkpoint import Checkpoint
from chat.model.contrast import padded, spelt

TOGETHER = 16
"""Pictures or texts that go through the model at once."""


class BuiltinEmbedder:
    """The heads of a checkpoint behind the seam for embedders; it may be used from any thread.

    Its fingerprint is the checkpoint's: what rounds, a device or type of numbers, moves products
    of vectors in the third decimal only, so vectors made with one hold for the others. Raises
    CheckpointError for a checkpoint without heads.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        if checkpoint.model.contrast is None:
            raise CheckpointError("This model has no heads that compare pictures with words.")
        self._model, self._tokenizer = checkpoint.model, checkpoint.tokenizer
        self._heads = checkpoint.model.contrast
        self._fingerprint = checkpoint.fingerprint

    @property
    def fingerprint(self) -> str:
        """The checkpoint's."""
        return self._fingerprint

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return self._heads.config.width

    @property
    def scale(self) -> float:
        """What products of vectors are multiplied by before a softmax over them, as learnt."""
        return float(self._heads.scale)

    def images(self, data: Sequence[bytes]) -> NDArray[np.float32]:
        """Picture files as vectors (n, width) of unit length. Raises ImageError for what cannot be read."""
        return apart(self._images, data)

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Texts as vectors (n, width) of unit length."""
        return apart(self._texts, texts)

    @torch.inference_mode()
    def _images(self, data: Sequence[bytes]) -> NDArray[np.float32]:
        found = np.empty((len(data), self.width), np.float32)
        for start in range(0, len(data), TOGETHER):
            pixels = read_pixels(self._model, data[start : start + TOGETHER])
            found[start : start + TOGETHER] = self._model.encode_image(pixels).cpu().numpy()
        return found

    @torch.inference_mode()
    def _texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = np.empty((len(texts), self.width), np.float32)
        for start in range(0, len(texts), TOGETHER):
            rows = [spelt(self._tokenizer, text) for text in texts[start : start + TOGETHER]]
            ids, counts = (part.to(self._model.device) for part in padded(rows, self._tokenizer.pad))
            found[start : start + TOGETHER] = self._model.encode_text(ids, counts).cpu().numpy()
        return found
