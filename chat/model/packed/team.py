"""How many threads a step gets: as many as make it faster now.

The threads of a step meet some five times a layer. Where another program keeps a core
busy, each meeting waits for that program's share of time to end, and two threads are then
slower than one, by up to a hundred times. What a step computes does not depend on it.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager

import numba
import torch

SMALL = 24 * 2**20
"""Bytes of weights times rows below which a second thread gains too little for its meetings."""

PRODUCTS_PER_BYTE = 8
"""Multiplications that take as long as reading a byte. Steps of the 135m shape at 50 positions, of sixteen
rows and of one, took 33 and 11 ms on one thread, 19 and 7 on two; so a step of many rows after some of one is
told from a step on too few threads."""

REMEMBERED = 3
"""Steps of each kind whose median is its pace; so one step that was held up decides nothing."""

FIRST_TRIAL, LAST_TRIAL = 64, 4096
"""Steps until the slower way is tried again: at first, and at most."""


class Team:
    """Chooses between one thread and as many as PyTorch is set to, by the pace that each has shown."""

    def __init__(self) -> None:
        self._paces: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._steps, self._period = 0, FIRST_TRIAL

    @contextmanager
    def work(self, products: int, read: int) -> Iterator[None]:
        """For a step of so many multiplications that reads so many bytes."""
        most = min(torch.get_num_threads(), numba.config.NUMBA_NUM_THREADS)
        threads = self._choose(most) if products >= SMALL else 1
        numba.set_num_threads(threads)
        began = time.perf_counter()
        yield
        if products >= SMALL:
            work = read + products / PRODUCTS_PER_BYTE
            self._paces[threads].append((time.perf_counter() - began) / work)

    def _choose(self, most: int) -> int:
        for threads in (most, 1):
            if len(self._paces[threads]) < REMEMBERED:
                return threads
        faster, slower = sorted((most, 1), key=lambda threads: statistics.median(self._paces[threads]))
        self._steps += 1
        if self._steps <= self._period:
            return faster
        if self._steps == self._period + REMEMBERED:
            self._steps, self._period = 0, min(2 * self._period, LAST_TRIAL)
        return slower
