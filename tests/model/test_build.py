"""Compiling in another process: waited for, broken off, and not done twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from chat.model.packed import build, kept


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "_mark", lambda bits: tmp_path / f"compiled-{bits}")
    return tmp_path / "compiled-8"


def child(monkeypatch: pytest.MonkeyPatch, code: str) -> list[list[str]]:
    """In the place of compiling, this is run; the commands that were asked for."""
    asked: list[list[str]] = []
    popen = subprocess.Popen

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        asked.append(command)
        return popen([sys.executable, "-c", code])

    monkeypatch.setattr(subprocess, "Popen", start)
    return asked


def test_what_is_on_disk_is_not_compiled_again(mark: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = child(monkeypatch, "")
    mark.touch()
    assert build.compiled_elsewhere(8, threading.Event())
    assert asked == []


def test_another_process_is_waited_for_even_if_it_fails(mark: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = child(monkeypatch, "raise SystemExit(1)")
    assert build.compiled_elsewhere(8, threading.Event())
    assert [command[1:] for command in asked] == [["-m", "chat.model.packed.build", "8"]]
    assert not mark.exists()


def test_waiting_can_be_broken_off(mark: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "import sys; sys.stdin.read()")
    stop = threading.Event()
    stop.set()
    assert not build.compiled_elsewhere(8, stop)
    left = build._children.pop()
    assert left.poll() is None
    left.kill()
    left.wait()


def test_compiling_leaves_a_mark(mark: Path) -> None:
    build.main(8)
    assert mark.exists()


def test_what_other_sources_left_is_deleted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loops, ours, other = (tmp_path / name for name in ("step.run.nbi", "compiled-8", "decoder.pyc"))
    for path in (loops, ours, other):
        path.touch()
    kept.forget_stale(tmp_path)
    assert [path.exists() for path in (loops, ours, other)] == [False, False, True]
    loops.touch()
    kept.forget_stale(tmp_path)
    assert loops.exists()
    source = tmp_path / "kernels.py"
    source.touch()
    monkeypatch.setattr(kept, "HERE", tmp_path)
    kept.forget_stale(tmp_path)
    assert not loops.exists()


def test_the_mark_depends_on_the_bits() -> None:
    assert build._mark(8) != build._mark(4)
