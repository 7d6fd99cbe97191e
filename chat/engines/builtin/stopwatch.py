"""Where the time of a reply goes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from chat.engines.base import Spent


class Stopwatch:
    """Adds up seconds by phase: `with watch("prefill_s"): …`."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Count the block's time; `phase` is a field of Spent."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(phase, time.perf_counter() - began)

    def add(self, phase: str, seconds: float) -> None:
        """Count seconds measured elsewhere."""
        self._seconds[phase] += seconds

    @property
    def spent(self) -> Spent:
        """What has been counted so far."""
        return Spent(**self._seconds)
