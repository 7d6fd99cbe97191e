"""Products of activations with a panel of weights: which tiles, and the activations as whole numbers.

Shapes: m rows, k inputs, p = ⌈k/2⌉ pairs of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int8, njit
from numba.extending import overload

from chat.model.packed.intrinsics import from_bits
from chat.model.packed.layout import GROUP, LANES
from chat.model.packed.llvm import WIDE
from chat.model.packed.panels import make_nibbles, make_panel

MOST_ROWS = 8
"""Rows whose products are taken at once."""
NARROW = 2 * WIDE
"""Outputs of a panel that so many rows take at a time: their sums fill half of AVX-512's registers."""

FINEST, LARGEST = np.float32(32767.0), np.float32(2.0**31)
MOST_WEIGHT = np.float32(127.0)

_ONE, _TWO, _FOUR, _SIX, _EIGHT = (*(make_panel(rows) for rows in (1, 2, 4, 6)), make_panel(8, 2))
_NIBBLES_ONE, _NIBBLES_TWO, _NIBBLES_FOUR = (make_nibbles(rows) for rows in (1, 2, 4))
_NIBBLES_EIGHT = make_nibbles(8, 2)

_quick = njit(nogil=True, cache=True, error_model="numpy", fastmath=True)


@_quick
def levels(x: Any) -> Any:
    """Each row of x (m, k) as whole numbers of 16 bits, pairs (m, p) of them in an int32, and the size (m,)
    of one such step.

    Steps are as fine as 16 bits allow, 258 times finer than those of eight bits, and never so fine
    that 127 times all of a row's numbers would exceed 32 bits: sums of products cannot overflow. A row's
    steps depend on that row alone (per-token dynamic quantisation: Yao et al. 2022, arXiv:2206.01861).
    """
    m, k = x.shape
    numbers = np.zeros((m, k + k % 2), np.int16)
    sizes = np.empty(m, np.float32)
    # Rounding adds half a step at most to each.
    room = LARGEST / MOST_WEIGHT - np.float32(k)
    bits = x.view(np.int32)
    for row in range(m):
        # As whole numbers, because LLVM makes no vectors of the largest of floats. All are positive here,
        # and positive floats stand in the order of their bits.
        peak, total = np.int32(0), np.float32(0.0)
        for c in range(k):
            peak = max(peak, bits[row, c] & np.int32(0x7FFFFFFF))
            total += abs(x[row, c])
        size = max(from_bits(peak) / FINEST, total / room)
        size = size if size > 0 else np.float32(1.0)
        sizes[row], per_size = size, np.float32(1.0) / size
        for c in range(k):
            numbers[row, c] = np.int16(np.rint(x[row, c] * per_size))
    return numbers.view(np.int32), sizes


def products(matrix: Any, number: Any, pairs: Any, sizes: Any, row: Any, out: Any) -> Any:
    """The outputs of a matrix's panel of that number, for as many rows as go at once, from `row` on:
    out (rows · LANES), and how many rows. A matrix is its weights, int8 or, if of four bits, uint8, and where
    they begin; its scales, and where they begin. pairs, sizes: as `levels` gives them."""
    raise NotImplementedError("This is for compiled code.")


@overload(products, jit_options={"error_model": "numpy", "fastmath": {"contract", "nsz"}})
def _overload_products(matrix: Any, number: Any, pairs: Any, sizes: Any, row: Any, out: Any) -> Any:
    return _of_bytes if matrix[0].dtype == int8 else _of_nibbles


def _of_bytes(matrix: Any, number: Any, pairs: Any, sizes: Any, row: Any, out: Any) -> Any:
    weights, at, scales, scales_at = matrix
    left, p = pairs.shape[0] - row, pairs.shape[1]
    at += number * 2 * p * LANES
    if left >= 8:
        rows = 8
        for part in range(0, LANES, NARROW):
            _EIGHT(weights, at + 2 * part, pairs, row * p, p, p, out, part)
    elif left >= 6:
        rows = 6
        _SIX(weights, at, pairs, row * p, p, p, out, 0)
    elif left >= 4:
        rows = 4
        _FOUR(weights, at, pairs, row * p, p, p, out, 0)
    elif left >= 2:
        rows = 2
        _TWO(weights, at, pairs, row * p, p, p, out, 0)
    else:
        rows = 1
        _ONE(weights, at, pairs, row * p, p, p, out, 0)
    for i in range(rows):
        for j in range(LANES):
            out[i * LANES + j] *= sizes[row + i] * scales[scales_at + number * LANES + j]
    return rows


def _of_nibbles(matrix: Any, number: Any, pairs: Any, sizes: Any, row: Any, out: Any) -> Any:
    weights, at, scales, scales_at = matrix
    left, p = pairs.shape[0] - row, pairs.shape[1]
    at += number * p * LANES
    scales_at += number * 2 * p * LANES // GROUP
    if left >= 8:
        rows = 8
        for part in range(0, LANES, NARROW):
            _NIBBLES_EIGHT(weights, at + part, pairs, row * p, p, p, scales, scales_at + part, out, part)
    elif left >= 4:
        rows = 4
        _NIBBLES_FOUR(weights, at, pairs, row * p, p, p, scales, scales_at, out, 0)
    elif left >= 2:
        rows = 2
        _NIBBLES_TWO(weights, at, pairs, row * p, p, p, scales, scales_at, out, 0)
    else:
        rows = 1
        _NIBBLES_ONE(weights, at, pairs, row * p, p, p, scales, scales_at, out, 0)
    for i in range(rows):
        for j in range(LANES):
            out[i * LANES + j] *= sizes[row + i]
    return rows
