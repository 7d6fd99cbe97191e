"""launch.py as a person runs it: a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 120.0
"""Seconds until a program that should have ended is taken to hang."""


class Program(NamedTuple):
    """A running program: where its page is, and the process."""

    url: str
    process: subprocess.Popen[str]

    def end(self, by: signal.Signals = signal.SIGINT) -> int:
        """Tell it to end; its exit code."""
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(_command(*arguments), cwd=ROOT, text=True, capture_output=True, timeout=PATIENCE)


@contextmanager
def launched(*arguments: str) -> Iterator[Program]:
    """Run it until its page can be reached, on a free port; ended afterwards if it still runs.

    What it writes to stderr goes to that of the tests.
    """
    command = _command("--no-open", "--port", "0", *arguments)
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        try:
            yield Program(_wait_for_address(process), process)
        finally:
            if process.poll() is None:
                process.kill()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-X", "utf8", "launch.py", *arguments]


def _wait_for_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return found[0]
        said.append(line)
    raise AssertionError(f"the program ended, with exit code {process.wait()}, after saying: {''.join(said)}")
