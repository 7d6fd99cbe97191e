"""How packed weights lie, and what a step is told: without the compiler that the steps need.

Shapes: m rows, d channels, e channels a head, X cross-attention layers, n chunks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

LANES = 64
"""Outputs of one panel."""

HELD = torch.float16
"""What keys and values are kept in: half as much to read as float32, and eight times as near as bfloat16."""

GROUP = 64
"""Inputs of an output that share a scale where weights have four bits."""


class Shape(NamedTuple):
    """Sizes of the decoder."""

    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    cross_ffn: int
    cross_every: int


class Weights(NamedTuple):
    """All weights of a decoder.

    matrices: panel after panel, int8 or, two to a byte, uint8; head: the last one, int8; floats: scales and
    norms; blocks: (layers, FIELDS) where those of each self-attention block begin, cross: the same for each
    cross-attention block; gates (X, 2), through tanh; embedding (vocab, d); ends (3,): where the head's
    scales, the last norm and the embedding's norm begin.
    """

    matrices: np.ndarray[Any, Any]
    head: np.ndarray[Any, Any]
    floats: np.ndarray[Any, Any]
    blocks: np.ndarray[Any, Any]
    cross: np.ndarray[Any, Any]
    gates: np.ndarray[Any, Any]
    embedding: np.ndarray[Any, Any]
    ends: np.ndarray[Any, Any]

    @property
    def bytes(self) -> int:
        """Bytes of weights that one step reads while a picture is in view."""
        return int(self.matrices.nbytes + self.head.nbytes + self.floats.nbytes)


class Rows(NamedTuple):
    """What each of m rows holds, in its cache or of pictures.

    addresses (m, layers, 2): of the first key and value; strides (m,): values from one head to the next;
    lengths (m,): positions; cos, sin (m, e/2): the new token's angles; items (n, 4): row, key/value head,
    first and last position of every chunk, in this order; order (n,): in which they are shared out, so that
    threads get as much.
    """

    addresses: np.ndarray[Any, Any]
    strides: np.ndarray[Any, Any]
    lengths: np.ndarray[Any, Any]
    cos: np.ndarray[Any, Any]
    sin: np.ndarray[Any, Any]
    items: np.ndarray[Any, Any]
    order: np.ndarray[Any, Any]


IN, IN_SCALE, OUT, OUT_SCALE, UP, UP_SCALE, DOWN, DOWN_SCALE, NORM, QUERY_NORM, KEY_NORM, FFN_NORM = range(12)
"""Columns of `Weights.blocks`: where the four matrices begin, their scales, and the norms."""

FIELDS = 12
