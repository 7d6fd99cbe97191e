"""Memory for caches: what it holds, and what a cache keeps when it grows."""

from __future__ import annotations

import mmap

import pytest
import torch

from chat.model import buffers
from chat.model.buffers import zeros
from tests.helpers.models import tiny_model

CPU = torch.device("cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("columns", [0, 3, buffers.LARGE])
def test_it_is_as_torch_zeros(dtype: torch.dtype, columns: int) -> None:
    made = zeros((2, columns), dtype, CPU)
    assert made.is_contiguous()
    assert torch.equal(made, torch.zeros(2, columns, dtype=dtype))
    made += 1  # it can be written to
    assert made.sum(dtype=torch.float64) == 2 * columns


def test_a_kernel_without_huge_pages_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmap, "MADV_HUGEPAGE", -1, raising=False)
    assert zeros((buffers.LARGE,), torch.float32, CPU).sum() == 0


def test_a_cache_keeps_what_it_holds_when_it_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "LARGE", 1)
    model = tiny_model()
    cache = model.new_cache()
    with torch.inference_mode():
        model(torch.arange(10)[None], torch.zeros(1, 10, dtype=torch.long), cache=cache)
    before = cache.read(0, 10)
    cache.reserve(1000)
    assert cache.capacity >= 1000
    assert all(map(torch.equal, before, cache.read(0, 10)))
    assert all(layer.is_contiguous() for layer in (*cache.keys, *cache.values))
