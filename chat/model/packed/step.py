"""The whole step: blocks in turn, all in compiled code. See `kernels`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from chat.model.packed import kernels
from chat.model.packed.layout import (
    DOWN,
    DOWN_SCALE,
    FFN_NORM,
    IN,
    IN_SCALE,
    KEY_NORM,
    NORM,
    OUT,
    OUT_SCALE,
    QUERY_NORM,
    UP,
    UP_SCALE,
)


@njit(nogil=True, cache=True, error_model="numpy")
def run(ids: Any, shape: Any, weights: Any, texts: Any, pictures: Any, logits: Any) -> None:
    """One token for each of m rows: ids (m,) → logits (m, vocab), written over.

    texts: the rows' caches, with room for one more position, which is filled in. pictures: what each row
    sees, of length 0 where it sees nothing.
    """
    m, d = ids.shape[0], weights.embedding.shape[1]
    floats = weights.floats
    x, normed = np.empty((m, d), np.float32), np.empty((m, d), np.float32)
    query_key_value = np.empty((m, d + 2 * shape.kv_heads * shape.head_dim), np.float32)
    query, found = np.empty((m, d), np.float32), np.empty((m, d), np.float32)
    hidden, cross_hidden = np.empty((m, shape.ffn), np.float32), np.empty((m, shape.cross_ffn), np.float32)
    own, seen = _parts(texts, shape), _parts(pictures, shape)
    gains = np.ones((3, m), np.float32)
    for row in range(m):
        kernels.norm(weights.embedding[ids[row] : ids[row] + 1], floats, weights.ends[2], x[row : row + 1])
    for layer in range(weights.blocks.shape[0]):
        at = weights.blocks[layer]
        norms = (at[QUERY_NORM], at[KEY_NORM])
        kernels.norm(x, floats, at[NORM], normed)
        kernels.linear((weights.matrices, at[IN], floats, at[IN_SCALE]), normed, query_key_value)
        kernels.look(query_key_value, floats, norms, shape, texts, layer, True, own)
        kernels.join(texts, shape, own, found)
        _finish(x, found, normed, hidden, weights, at, gains[0], gains[0])
        if layer % shape.cross_every == 0 and pictures.items.shape[0]:
            index = layer // shape.cross_every
            at = weights.cross[index]
            norms = (at[QUERY_NORM], at[KEY_NORM])
            kernels.norm(x, floats, at[NORM], normed)
            kernels.linear((weights.matrices, at[IN], floats, at[IN_SCALE]), normed, query)
            kernels.look(query, floats, norms, shape, pictures, index, False, seen)
            kernels.join(pictures, shape, seen, found)
            for row in range(m):
                for gate in range(2):
                    sees = pictures.lengths[row] > 0
                    gains[1 + gate, row] = weights.gates[index, gate] if sees else np.float32(0.0)
            _finish(x, found, normed, cross_hidden, weights, at, gains[1], gains[2])
    kernels.norm(x, floats, weights.ends[1], normed)
    kernels.linear((weights.head, 0, floats, weights.ends[0]), normed, logits)


@njit(nogil=True, cache=True, error_model="numpy")
def _parts(rows: Any, shape: Any) -> Any:
    """Room for what the chunks leave: what they found (n, h/g, e), their peaks and totals (n, h/g)."""
    n, heads = rows.items.shape[0], shape.heads // shape.kv_heads
    return (
        np.empty((n, heads, shape.head_dim), np.float32),
        np.empty((n, heads), np.float32),
        np.empty((n, heads), np.float32),
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _finish(
    x: Any,
    found: Any,
    normed: Any,
    hidden: Any,
    weights: Any,
    at: Any,
    gain: Any,
    ffn_gain: Any,
) -> None:
    """The second half of a block: what attention found (m, d) and the feed-forward, added to x (m, d)."""
    matrices, floats = weights.matrices, weights.floats
    kernels.linear_added((matrices, at[OUT], floats, at[OUT_SCALE]), found, gain, x)
    kernels.norm(x, floats, at[FFN_NORM], normed)
    kernels.gated((matrices, at[UP], floats, at[UP_SCALE]), normed, hidden)
    kernels.linear_added((matrices, at[DOWN], floats, at[DOWN_SCALE]), hidden, ffn_gain, x)
