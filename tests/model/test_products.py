"""Activations as whole numbers of 16 bits, and their products with panels of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numba import njit

from chat.model.packed import panels
from chat.model.packed.layout import GROUP, LANES
from chat.model.packed.llvm import WIDE
from chat.model.packed.packing import _panels
from chat.model.packed.products import levels

Array = np.ndarray[Any, Any]


def restored(rows: Array) -> tuple[Array, Array]:
    """Rows as `levels` gives them: the numbers, and what they stand for."""
    pairs, sizes = levels(rows)
    numbers = pairs.view(np.int16)
    return numbers[:, : rows.shape[1]], numbers[:, : rows.shape[1]] * sizes[:, None]


def test_a_number_is_off_by_half_a_step_at_most() -> None:
    rows = np.random.default_rng(0).standard_normal((5, 33)).astype(np.float32)
    numbers, back = restored(rows)
    steps = np.abs(rows).max(axis=1) / 32767
    assert (np.abs(back - rows).max(axis=1) <= 0.501 * steps).all()
    assert np.abs(numbers).max() == 32767


def test_each_row_has_a_scale_of_its_own_and_nothing_stays_nothing() -> None:
    rows = np.zeros((3, 16), np.float32)
    rows[1, 3], rows[2, 5] = 1e-6, 1e6
    numbers, back = restored(rows)
    assert not numbers[0].any()
    assert numbers[1, 3] == numbers[2, 5] == 32767
    np.testing.assert_allclose(back, rows, rtol=1e-6)


@pytest.mark.parametrize("k", [64, 1536, 8192])
def test_no_sum_of_products_overflows(k: int) -> None:
    rows = np.random.default_rng(k).choice(np.array([-1.0, 1.0], np.float32), (2, k))
    numbers, back = restored(rows)
    largest = 127 * np.abs(numbers.astype(np.int64)).sum(axis=1)
    assert (largest < 2**31).all()
    np.testing.assert_allclose(back, rows, rtol=1e-3)


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize(("rows", "vectors"), [(1, 4), (6, 4), (8, 2)])
def test_products_of_bytes_are_exact_with_and_without_the_instruction_for_them(
    monkeypatch: pytest.MonkeyPatch, rows: int, vectors: int, fused: bool
) -> None:
    if fused and not panels.HAS_FUSED:
        pytest.skip("This processor has no such instruction.")
    monkeypatch.setattr(panels, "HAS_FUSED", fused)
    weights, x = whole_numbers(rows, 40, bits=8)
    panel, pairs, wide = panels.make_panel(rows, vectors), x.shape[1] // 2, vectors * WIDE

    def run(packed: Array, x: Array, out: Array) -> None:
        for part in range(0, LANES, wide):
            panel(packed, 2 * part, x, 0, pairs, pairs, out, part)

    out = np.empty(rows * LANES, np.float32)
    njit(run)(_panels(torch.from_numpy(weights), 8).numpy().reshape(-1), x.view(np.int32), out)
    np.testing.assert_array_equal(out.reshape(rows, LANES), x.astype(np.float32) @ weights.T)


@pytest.mark.parametrize(("rows", "vectors"), [(1, 4), (8, 2)])
def test_products_of_four_bits_are_exact_in_each_group(rows: int, vectors: int) -> None:
    k = 2 * GROUP
    weights, x = whole_numbers(rows, k, bits=4)
    scales = np.array([[2.0], [0.25]], np.float32).repeat(LANES, axis=1)
    nibbles, pairs, wide = panels.make_nibbles(rows, vectors), k // 2, vectors * WIDE

    def run(packed: Array, x: Array, scales: Array, out: Array) -> None:
        for part in range(0, LANES, wide):
            nibbles(packed, part, x, 0, pairs, pairs, scales, part, out, part)

    out = np.empty(rows * LANES, np.float32)
    packed = _panels(torch.from_numpy(weights), 4).numpy().reshape(-1)
    njit(run)(packed, x.view(np.int32), scales.reshape(-1), out)
    first, second = (
        x[:, at : at + GROUP].astype(np.float32) @ weights[:, at : at + GROUP].T for at in (0, GROUP)
    )
    np.testing.assert_array_equal(out.reshape(rows, LANES), 2 * first + second / 4)


def whole_numbers(rows: int, k: int, bits: int) -> tuple[Array, Array]:
    """Weights (LANES, k) of so many bits and activations (rows, k), small enough for float32 to be exact."""
    rng = np.random.default_rng(rows)
    most = 2 ** (bits - 1) - 1
    weights = rng.integers(-most, most + 1, (LANES, k), dtype=np.int8)
    return weights, rng.integers(-600, 601, (rows, k), dtype=np.int16)
