"""One decoding step in compiled loops: every row's token through every layer.

What is computed is what `chat.model.decoder` computes, from weights of eight or four bits
and, where these multiply them, activations that are whole numbers of 16 bits. What differs
is the cost: each weight is read once, as it is packed, for all rows together, and no Python
stands between the operations. Each row's arithmetic is the same in the same order whatever
stands beside it, so a reply depends on nobody else's.

Attention goes over the positions in chunks, which are spread over the cores and joined by
their softmax sums (flash-decoding: Dao et al. 2023). Chunks begin at fixed positions, so
the result does not depend on the number of cores either.

Shapes: m rows, d channels, h heads, g key/value heads, e channels a head, c chunks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import carray, njit, prange

from chat.model.packed.intrinsics import (
    ask,
    at_address,
    from_bits,
    halved,
    make_mix,
    make_scores,
    widened,
)
from chat.model.packed.layout import LANES
from chat.model.packed.llvm import KEYS_AHEAD, WIDE
from chat.model.packed.products import MOST_ROWS, levels, products

EPSILON = np.float32(np.finfo(np.float32).eps)
"""What torch.nn.RMSNorm adds under the root."""

CHUNK = 256
"""Positions that one core looks at in one go."""

_SCORES_ONE, _SCORES_TWO, _SCORES_THREE, _SCORES_FOUR = (make_scores(heads, 4) for heads in (1, 2, 3, 4))
_MIX_ONE, _MIX_TWO, _MIX_THREE, _MIX_FOUR = (make_mix(heads, 4) for heads in (1, 2, 3, 4))
_SCORES_NARROW, _MIX_NARROW = make_scores(1, 1), make_mix(1, 1)

_CONTRACT = {"contract", "nsz"}
"""Fused multiply-adds; sums stay in the order they are written in."""

_inline = njit(nogil=True, cache=True, error_model="numpy", fastmath=_CONTRACT)
_quick = njit(nogil=True, cache=True, error_model="numpy", fastmath=True)
_parallel = njit(nogil=True, cache=True, error_model="numpy", parallel=True, fastmath=_CONTRACT)


@_inline
def exp(x: Any) -> Any:
    """e to the x for x ≤ 0, within 2 units in the last place; 0 below -87. After Cephes' expf, so that the
    compiler can make vectors of it."""
    x = max(x, np.float32(-87.0))
    n = np.floor(x * np.float32(1.44269504088896341) + np.float32(0.5))
    r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    y = np.float32(1.9875691500e-4)
    y = y * r + np.float32(1.3981999507e-3)
    y = y * r + np.float32(8.3334519073e-3)
    y = y * r + np.float32(4.1665795894e-2)
    y = y * r + np.float32(1.6666665459e-1)
    y = y * r + np.float32(5.0000001201e-1)
    y = y * r * r + r + np.float32(1.0)
    return y * from_bits(np.int32(n + np.float32(127.0)) << np.int32(23))


@_parallel
def linear(matrix: Any, x: Any, out: Any) -> None:
    """x (m, k) through a matrix: out (m, outputs)."""
    outputs = out.shape[1]
    pairs, sizes = levels(x)
    for panel in prange((outputs + LANES - 1) // LANES):
        found = np.empty(MOST_ROWS * LANES, np.float32)
        first, row = panel * LANES, 0
        while row < x.shape[0]:
            rows = products(matrix, panel, pairs, sizes, row, found)
            for i in range(rows):
                for j in range(min(LANES, outputs - first)):
                    out[row + i, first + j] = found[i * LANES + j]
            row += rows


@_parallel
def linear_added(matrix: Any, x: Any, gain: Any, out: Any) -> None:
    """The same, times each row's gain (m,), added to out (m, outputs)."""
    outputs = out.shape[1]
    pairs, sizes = levels(x)
    for panel in prange((outputs + LANES - 1) // LANES):
        found = np.empty(MOST_ROWS * LANES, np.float32)
        first, row = panel * LANES, 0
        while row < x.shape[0]:
            rows = products(matrix, panel, pairs, sizes, row, found)
            for i in range(rows):
                for j in range(min(LANES, outputs - first)):
                    out[row + i, first + j] += gain[row + i] * found[i * LANES + j]
            row += rows


@_parallel
def gated(matrix: Any, x: Any, out: Any) -> None:
    """SwiGLU's first half: out (m, hidden) = silu(gate) · value; panels of gates and values take turns."""
    hidden = out.shape[1]
    pairs, sizes = levels(x)
    for panel in prange((hidden + LANES - 1) // LANES):
        gates, values = np.empty(MOST_ROWS * LANES, np.float32), np.empty(MOST_ROWS * LANES, np.float32)
        first, row = panel * LANES, 0
        while row < x.shape[0]:
            rows = products(matrix, 2 * panel, pairs, sizes, row, gates)
            products(matrix, 2 * panel + 1, pairs, sizes, row, values)
            for i in range(rows):
                for j in range(min(LANES, hidden - first)):
                    gate = gates[i * LANES + j]
                    small = exp(-abs(gate))
                    sigmoid = (np.float32(1.0) if gate >= 0 else small) / (np.float32(1.0) + small)
                    out[row + i, first + j] = gate * sigmoid * values[i * LANES + j]
            row += rows


@_quick
def _norm(x: Any, start: Any, floats: Any, at: Any, out: Any) -> None:
    """RMSNorm of one vector, x from `start` on, as long as out (d,), with the weights at `at`."""
    total = np.float32(0.0)
    for c in range(out.shape[0]):
        total += x[start + c] * x[start + c]
    size = np.float32(1.0) / np.sqrt(total / np.float32(out.shape[0]) + EPSILON)
    for c in range(out.shape[0]):
        out[c] = x[start + c] * size * floats[at + c]


@_inline
def norm(x: Any, floats: Any, at: Any, out: Any) -> None:
    """RMSNorm (Zhang & Sennrich 2019, arXiv:1910.07467) of rows (m, d)."""
    for row in range(x.shape[0]):
        _norm(x[row], 0, floats, at, out[row])


@_inline
def _turn(x: Any, cos: Any, sin: Any) -> None:
    """Rotary position embedding, halves layout, of one head (e,) in place."""
    half = x.shape[0] // 2
    for c in range(half):
        a, b = x[c], x[c + half]
        x[c] = a * cos[c] - b * sin[c]
        x[c + half] = b * cos[c] + a * sin[c]


@_quick
def _look(query: Any, keys: Any, values: Any, scores: Any, found: Any, peaks: Any, totals: Any) -> None:
    """Softmax attention of a group's queries (h/g, e) over a chunk's keys and values (n, e), not yet divided
    by the sum: found (h/g, e), and for each head the largest score and the sum of exponentials. scores
    (h/g, CHUNK) is room to work in."""
    n, e = keys.shape
    heads = query.shape[0]
    scale = np.float32(1.0) / np.sqrt(np.float32(e))
    for head in range(heads):
        for c in range(e):
            query[head, c] *= scale
            found[head, c] = 0.0
        for t in range(n):
            scores[head, t] = 0.0
    _score(query, keys, scores)
    for head in range(heads):
        peak = _largest(scores[head], n)
        total = np.float32(0.0)
        for t in range(n):
            scores[head, t] = exp(scores[head, t] - peak)
            total += scores[head, t]
        peaks[head], totals[head] = peak, total
    _mix(scores, n, values, 0, e, found)


@_quick
def _largest(values: Any, n: Any) -> Any:
    """The largest of the first n floats: by their bits, because LLVM makes no vectors of it otherwise."""
    bits = values.view(np.int32)
    most = np.int32(-0x80000000)
    for t in range(n):
        # The bits of negative floats stand in the opposite order.
        most = max(most, bits[t] ^ ((bits[t] >> np.int32(31)) & np.int32(0x7FFFFFFF)))
    return from_bits(most ^ ((most >> np.int32(31)) & np.int32(0x7FFFFFFF)))


@_quick
def _score(query: Any, keys: Any, scores: Any) -> None:
    """Add the products of queries (h/g, e) and keys (n, e) to scores (h/g, CHUNK)."""
    n, e = keys.shape
    step = scores.shape[1]
    head = 0
    while head < query.shape[0]:
        left, at = query.shape[0] - head, head * step
        c = 0
        while c + 4 * WIDE <= e:
            if left >= 4:
                _SCORES_FOUR(query, head * e + c, keys, c, e, n, scores, at, step)
            elif left == 3:
                _SCORES_THREE(query, head * e + c, keys, c, e, n, scores, at, step)
            elif left == 2:
                _SCORES_TWO(query, head * e + c, keys, c, e, n, scores, at, step)
            else:
                _SCORES_ONE(query, head * e + c, keys, c, e, n, scores, at, step)
            c += 4 * WIDE
        for each in range(head, head + min(left, 4)):
            rest = c
            while rest + WIDE <= e:
                _SCORES_NARROW(query, each * e + rest, keys, rest, e, n, scores, each * step, step)
                rest += WIDE
            for channel in range(rest, e):
                for t in range(n):
                    scores[each, t] += query[each, channel] * widened(keys[t, channel])
        head += 4


@_quick
def _mix(weights: Any, n: Any, values: Any, start: Any, step: Any, out: Any) -> None:
    """Add n values, each times its weight (h/g, n or more), to out (h/g, e). They are `step` apart in
    `values`, from start on."""
    heads, e = out.shape
    width = weights.shape[1]
    flat = values.reshape(values.size)
    head = 0
    while head < heads:
        left = heads - head
        shares = weights[head:]
        c = 0
        while c + 4 * WIDE <= e:
            at = head * e + c
            if left >= 4:
                _MIX_FOUR(shares, width, values, start + c, step, n, out, at, e)
            elif left == 3:
                _MIX_THREE(shares, width, values, start + c, step, n, out, at, e)
            elif left == 2:
                _MIX_TWO(shares, width, values, start + c, step, n, out, at, e)
            else:
                _MIX_ONE(shares, width, values, start + c, step, n, out, at, e)
            c += 4 * WIDE
        for each in range(head, head + min(left, 4)):
            rest = c
            while rest + WIDE <= e:
                _MIX_NARROW(weights[each:], width, values, start + rest, step, n, out, each * e + rest, e)
                rest += WIDE
            for channel in range(rest, e):
                for t in range(n):
                    out[each, channel] += weights[each, t] * widened(flat[start + t * step + channel])
        head += 4


@_inline
def _item(items: Any, number: Any) -> Any:
    """Row, key/value head, first and last position of a chunk."""
    return items[number, 0], items[number, 1], items[number, 2], items[number, 3]


@_inline
def _held(addresses: Any, stride: Any, group: Any, start: Any, n: Any, e: Any) -> Any:
    """Keys and values (n, e), the bits of float16, of one head from position `start` on; `stride`: values
    between heads."""
    offset = 2 * (group * stride + start * e)
    keys = carray(at_address(addresses[0] + offset), (n, e))
    values = carray(at_address(addresses[1] + offset), (n, e))
    # Where they begin; going through them asks for the rest ahead.
    ask(keys, min(2 * n * e, KEYS_AHEAD))
    ask(values, min(2 * n * e, KEYS_AHEAD))
    return keys, values


@_parallel
def look(
    inputs: Any, floats: Any, norms: Any, shape: Any, rows: Any, layer: Any, own: Any, parts: Any
) -> None:
    """Attention of each row's new token to what the row holds: with `own` its cache, where its own key and
    value are put first, otherwise its pictures.

    inputs: queries (m, d), with `own` queries, keys, values (m, d + 2·g·e). Each of `rows.items` leaves its
    chunk's result in parts.
    """
    found, peaks, totals = parts
    e, heads = shape.head_dim, shape.heads // shape.kv_heads
    for place in prange(rows.items.shape[0]):
        item = rows.order[place]
        row, group, start, end = _item(rows.items, item)
        keys, values = _held(rows.addresses[row, layer], rows.strides[row], group, start, end - start, e)
        query, scores = np.empty((heads, e), np.float32), np.empty((heads, CHUNK), np.float32)
        for head in range(heads):
            at = (group * heads + head) * e
            _norm(inputs[row], at, floats, norms[0], query[head])
            if own:
                _turn(query[head], rows.cos[row], rows.sin[row])
        if own and end == rows.lengths[row] + 1:
            at, key = shape.heads * e + group * e, np.empty(e, np.float32)
            _norm(inputs[row], at, floats, norms[1], key)
            _turn(key, rows.cos[row], rows.sin[row])
            at += shape.kv_heads * e
            for c in range(e):
                keys[end - start - 1, c] = halved(key[c])
                values[end - start - 1, c] = halved(inputs[row, at + c])
        _look(query, keys, values, scores, found[item], peaks[item], totals[item])


@_quick
def join(rows: Any, shape: Any, parts: Any, out: Any) -> None:
    """Put the chunks of each head together: out (m, d); zeros for a row that has none."""
    found, peaks, totals = parts
    e, heads = shape.head_dim, shape.heads // shape.kv_heads
    for row in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[row, c] = 0.0
    shares = np.empty((1, rows.items.shape[0]), np.float32)
    first, end = 0, rows.items.shape[0]
    while first < end:
        row, group = rows.items[first, 0], rows.items[first, 1]
        last = first + 1
        while last < end and rows.items[last, 0] == row and rows.items[last, 1] == group:
            last += 1
        for head in range(heads):
            at = (group * heads + head) * e
            peak = peaks[first, head]
            for chunk in range(first, last):
                peak = max(peak, peaks[chunk, head])
            total = np.float32(0.0)
            for chunk in range(first, last):
                shares[0, chunk - first] = exp(peaks[chunk, head] - peak)
                total += shares[0, chunk - first] * totals[chunk, head]
            for chunk in range(last - first):
                shares[0, chunk] /= total
            joined = out[row, at : at + e].reshape(1, e)
            _mix(shares, last - first, found, (first * heads + head) * e, heads * e, joined)
        first = last
