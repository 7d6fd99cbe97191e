"""What the store's tests share: a store, a way to say things in it, and to lose root's powers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest

from memory import Store, Turn
from prompts import Image, user
from tests.helpers.snapshots import begin_talk

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534

Say = Callable[..., Turn]
Child = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store on disk."""
    with Store.open(tmp_path / "visavis.db") as store:
        yield store


@pytest.fixture
def talk(store: Store) -> str:
    """A conversation with a snapshot of three marks over the parts A and B."""
    return begin_talk(store)


@pytest.fixture
def say() -> Say:
    """`say(store, conversation_id, words, reply)`: one whole turn; without a reply it stays running."""

    def say(
        store: Store,
        conversation_id: str,
        words: str,
        reply: str | None = None,
        images: Sequence[Image] = (),
        reason: str = "stop",
    ) -> Turn:
        turn = store.begin_turn(
            conversation_id,
            user(words, images),
            engine="echo",
            fingerprint="f0",
            sampling={"temperature": 0.0},
        )
        if reply is None:
            return turn
        return store.finish_turn(
            turn.id, reply, reason=reason, usage={"completion_tokens": 3}, timings={"total_s": 0.5}
        )

    return say


@pytest.fixture
def child() -> Iterator[Child]:
    """`child(script, *arguments)`: a Python process with our packages at hand; killed at the end."""
    running: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", script, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            stream_of(stream).close()


def stream_of(stream: IO[str] | None) -> IO[str]:
    """A pipe that is known to be there."""
    assert stream is not None
    return stream


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everyone may enter: pytest's own, when root runs it, nobody else may."""
    folder = Path(tempfile.mkdtemp(prefix="visavis-test-"))
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """Lay down root's powers, which no file permission stops, for the length of a test."""
    if os.name != "posix":
        pytest.skip("file permissions mean something else here")
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except OSError as error:
        pytest.skip(f"root cannot become nobody here: {error}")
    try:
        yield
    finally:
        os.seteuid(0)
