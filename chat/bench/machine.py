"""What this machine does now: the roofs that a benchmark's figures are held against."""

from __future__ import annotations

import statistics
import time

import torch


def matmul_gflops() -> float:
    """Float32 products in 10⁹ operations a second: the roof of encoding and prefill on a CPU."""
    a = torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return 2 * 1024**3 / best / 1e9


def read_bandwidth(size: int, passes: int = 25) -> float:
    """Bytes a second at which a float32 sum reads a buffer of `size` bytes, the median of so many passes.

    The buffer is read over and over, as decoding reads the weights, so what fits in a cache comes from there.
    """
    buffer = torch.ones(size // 4)
    times = []
    for _ in range(passes + 2):  # the first passes wake the threads and fill the caches
        began = time.perf_counter()
        buffer.sum()
        times.append(time.perf_counter() - began)
    return 4 * buffer.numel() / statistics.median(times[2:])
