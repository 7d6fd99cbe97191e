"""A hand on the tap of an EchoEngine: tests let deltas through one by one, without a clock."""

from __future__ import annotations

from threading import Condition

PATIENCE = 60.0
"""Seconds until a test that waits for what never happens fails rather than hangs."""


class Gate:
    """Pass it as `EchoEngine(gate=…)`: each delta waits here until the test lets it through.

    `failure`, once set, is raised in place of the delta that waits.
    """

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self._moved = Condition()
        self._let = 0
        self._arrived = 0

    def __call__(self) -> None:
        with self._moved:
            self._arrived += 1
            self._moved.notify_all()
            assert self._moved.wait_for(lambda: self._let >= self._arrived, PATIENCE), (
                "nobody opened the gate"
            )
            if self.failure is not None:
                raise self.failure

    def let(self, deltas: int = 1) -> None:
        """Let so many more deltas through."""
        with self._moved:
            self._let += deltas
            self._moved.notify_all()

    def open(self) -> None:
        """Let everything through from now on."""
        self.let(1_000_000)

    def wait_for(self, deltas: int) -> None:
        """Wait until the engine holds its delta number `deltas`: those before it have been taken in."""
        with self._moved:
            assert self._moved.wait_for(lambda: self._arrived >= deltas, PATIENCE), (
                "the engine never got there"
            )

    def fail(self, error: Exception) -> None:
        """Make the engine raise where it waits, and at every later delta."""
        self.failure = error
        self.open()
