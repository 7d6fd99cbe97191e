"""Large memory for what grows: in huge pages where the system has them."""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor

LARGE = 4 * 2**20
"""Bytes from which on huge pages are asked for: two of the usual 2 MiB at least."""


def zeros(shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
    """As torch.zeros. Linux is asked to back large memory with huge pages.

    Its first use is what memory costs most: a page of 4 KiB at a time, a hundred megabytes
    took longer than a turn that goes on from what stands in them.
    """
    size = math.prod(shape) * dtype.itemsize
    if device.type != "cpu" or size < LARGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return torch.zeros(shape, dtype=dtype, device=device)
    # Private: mmap's default, shared memory, has huge pages only where an administrator says so.
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without them
        pages.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(pages, dtype=dtype).view(tuple(shape))
