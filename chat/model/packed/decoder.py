"""A decoder whose weights have eight or four bits, for the steps of decoding on a CPU.

Activations are whole numbers of 16 bits where weights multiply them, and float32 elsewhere. Keys and values
are kept in float16, because at two thousand positions reading them takes as long as reading the weights.
Prefill goes on through the model itself, whose weights are replaced by the very values that the bytes stand
for: both compute the same function, and caches from one serve the other.

Shapes: m rows, X cross-attention layers, g key/value heads, e channels a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from torch import Tensor

from chat.model.cache import KVCache, PictureView
from chat.model.layers import rotary_tables
from chat.model.packed.kept import forget_stale
from chat.model.packed.kernels import CHUNK
from chat.model.packed.layout import HELD, Rows, Shape, Weights
from chat.model.packed.step import run
from chat.model.packed.team import Team
from chat.model.vlm import VisionLanguageModel

SIDES = np.array([0, 1])
"""Keys and values."""


class PackedDecoder:
    """Decoding steps of a model on a CPU, with the weights that `pack` has made of its decoder.

    The loops are compiled for this processor when they are first used, which takes ten to twenty seconds
    the first time and is kept on disk after that.
    """

    def __init__(self, model: VisionLanguageModel, weights: Weights) -> None:
        forget_stale(Path(run.stats.cache_path))
        config = model.config.decoder
        self._new_cache = model.new_cache
        self._shape = Shape(
            config.heads, config.kv_heads, config.head_dim, config.ffn, config.cross_ffn, config.cross_every
        )
        self._theta = config.rope_theta
        self._vocab = config.vocab
        self._weights = weights
        self._team = Team()

    def compile(self) -> None:
        """Have the loops compiled, or read from disk, by taking a step that nobody asked for."""
        numba.set_num_threads(1)
        self._run([0], [None], [self._new_cache()])

    @torch.inference_mode()
    def step(
        self,
        tokens: Sequence[int],
        pictures: Sequence[PictureView | None],
        caches: Sequence[KVCache],
    ) -> Tensor:
        """As `chat.model.generate.step`: logits (m, vocab) after one more token for each of m rows."""
        positions = sum(cache.longest for cache in caches)
        kept = HELD.itemsize * 2 * self._shape.kv_heads * self._shape.head_dim * len(self._weights.blocks)
        with self._team.work(self._weights.bytes * len(tokens), self._weights.bytes + kept * positions):
            return self._run(tokens, pictures, caches)

    def _run(
        self,
        tokens: Sequence[int],
        pictures: Sequence[PictureView | None],
        caches: Sequence[KVCache],
    ) -> Tensor:
        for cache in caches:
            cache.reserve(cache.longest + 1)
        logits = np.empty((len(tokens), self._vocab), np.float32)
        run(np.array(tokens), self._shape, self._weights, self._texts(caches), self._views(pictures), logits)
        for cache in caches:
            cache.advance_one()
        return torch.from_numpy(logits)

    def _texts(self, caches: Sequence[KVCache]) -> Rows:
        lengths = [cache.longest for cache in caches]
        places = torch.tensor(lengths)[:, None]
        cos, sin = (
            table[:, 0, 0].numpy()
            for table in rotary_tables(places, self._shape.head_dim, self._theta, torch.float32)
        )
        spans = [cache.span(0, 1) for cache in caches]  # (2, layers, g, 1, e)
        firsts = [span.data_ptr() for span in spans]
        steps = np.array([[span.stride(1), span.stride(0)] for span in spans]) * HELD.itemsize
        layers = np.arange(len(self._weights.blocks))[:, None]
        addresses = np.array(firsts)[:, None, None] + steps[:, None, :1] * layers + steps[:, None, 1:] * SIDES
        strides = np.array([span.stride(2) for span in spans])
        return self._rows(addresses, strides, lengths, [length + 1 for length in lengths], cos, sin)

    def _views(self, pictures: Sequence[PictureView | None]) -> Rows:
        lengths = [0 if view is None else view.keys[0].shape[2] for view in pictures]
        addresses = np.zeros((len(pictures), len(self._weights.cross), 2), np.int64)
        strides = np.zeros(len(pictures), np.int64)
        for row, view in enumerate(pictures):
            if view is not None:
                for side, held in enumerate((view.keys, view.values)):
                    addresses[row, :, side] = [layer.data_ptr() for layer in held]
                strides[row] = view.keys[0].stride(1)
        none = np.empty((0, 0), np.float32)
        return self._rows(addresses, strides, lengths, lengths, none, none)

    def _rows(
        self,
        addresses: np.ndarray[Any, Any],
        strides: np.ndarray[Any, Any],
        lengths: Sequence[int],
        ends: Sequence[int],
        cos: np.ndarray[Any, Any],
        sin: np.ndarray[Any, Any],
    ) -> Rows:
        """Rows as `Rows` has them, with the chunks of positions up to `ends`."""
        chunks = np.array(
            [
                (row, group, start, min(start + CHUNK, end))
                for row, end in enumerate(ends)
                for group in range(self._shape.kv_heads)
                for start in range(0, end, CHUNK)
            ],
            np.int64,
        ).reshape(-1, 4)
        # Each thread gets one run of them: largest first, dealt out in turn.
        largest = np.argsort(chunks[:, 2] - chunks[:, 3], kind="stable")
        threads = numba.get_num_threads()
        order = np.concatenate([largest[thread::threads] for thread in range(threads)])
        return Rows(addresses, strides, np.array(lengths, np.int64), cos, sin, chunks, order)
