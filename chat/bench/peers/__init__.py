"""Other programs' decoders of the same shape, each in a process of its own, to measure beside ours.

A peer's process holds its model and sleeps while others are measured, so that repeats can take turns and what
disturbs the machine disturbs all of them alike. It reads what to measure from its standard input, a line of
three numbers each, and answers with a line: seconds a step.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Self

from chat.model.config import DecoderConfig

__all__ = ["Decode", "Peer", "serve"]

Decode = Callable[[int, int, int], float]
"""(context, steps, rows) → seconds a step, the median of so many after `context` tokens in every row."""


class Peer:
    """A peer in another process: `python -m chat.bench.peers.NAME CONFIG THREADS`."""

    def __init__(self, name: str, config: DecoderConfig, threads: int) -> None:
        command = [sys.executable, "-m", f"{__name__}.{name}", json.dumps(asdict(config)), str(threads)]
        self._name = name
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        """End the process."""
        self._process.communicate()

    def tokens_per_s(self, context: int, steps: int, rows: int = 1) -> float:
        """Tokens a second of all rows together. Raises RuntimeError if the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        answer = ""
        if self._process.poll() is None:
            print(context, steps, rows, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"The peer {self._name} ended early; its message is above.")
        return rows / float(answer)


def serve(load: Callable[[DecoderConfig, int], Decode]) -> None:
    """The peer's side: load the model that the command line describes, and answer until nobody asks."""
    decode = load(DecoderConfig(**json.loads(sys.argv[1])), int(sys.argv[2]))
    for line in sys.stdin:
        print(decode(*map(int, line.split())), flush=True)
