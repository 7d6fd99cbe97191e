"""Snapshots are written beside the replies: in order, of each conversation the latest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest
import torch

from chat.engines.builtin.snapshots import Pending
from chat.engines.builtin.writer import SnapshotWriter
from chat.errors import StoreError
from memory import Store
from tests.helpers.gate import PATIENCE
from tests.helpers.snapshots import A, B, C


@dataclass
class Disk:
    """Stands in for `Pending.write`: notes what is written, once the test lets it."""

    written: list[str] = field(default_factory=list)
    begun: Event = field(default_factory=Event)
    free: Event = field(default_factory=Event)
    fails: bool = False

    def write(self, pending: Pending) -> None:
        self.begun.set()
        assert self.free.wait(PATIENCE), "nobody freed the disk"
        if self.fails:
            raise StoreError("The disk is full.")
        self.written += pending.parts


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(Pending, "write", lambda pending: disk.write(pending))
    return disk


@pytest.fixture
def pending(tmp_path: Path) -> Iterator[Pending]:
    with Store.open(tmp_path / "visavis.db") as store:
        yield Pending(
            store.snapshots, "talk", "f0", [("mark", 1)], [A], {A: ({"kv": torch.zeros(2**18)}, {})}
        )


def test_of_each_conversation_the_latest_is_written_in_order(disk: Disk, pending: Pending) -> None:
    writer, done = SnapshotWriter(), list[str]()
    writer.put(pending, lambda: done.append("first"))
    assert disk.begun.wait(PATIENCE)
    for talk, key in (("one", A), ("other", B), ("one", C)):
        writer.put(replace(pending, conversation_id=talk, parts=[key]), lambda key=key: done.append(key))  # type: ignore[misc]
    assert done == [A], "its conversation has gone on"
    disk.free.set()
    writer.close()
    assert disk.written == [A, B, C]
    assert done == [A, "first", B, C]


def test_what_fails_is_logged_and_the_next_is_written(
    disk: Disk, pending: Pending, caplog: pytest.LogCaptureFixture
) -> None:
    writer, failed, done = SnapshotWriter(), Event(), Event()
    disk.fails = True
    disk.free.set()
    writer.put(pending, failed.set)
    assert failed.wait(PATIENCE)
    assert "disk is full" in caplog.text
    disk.fails = False
    writer.put(pending, done.set)
    writer.close()
    assert done.is_set()
    assert disk.written == [A]


def test_what_waits_is_bounded(disk: Disk, pending: Pending, caplog: pytest.LogCaptureFixture) -> None:
    writer, done = SnapshotWriter(backlog=pending.bytes), list[str]()
    writer.put(pending, lambda: None)
    assert disk.begun.wait(PATIENCE)
    for talk, key in (("one", A), ("other", B)):
        writer.put(replace(pending, conversation_id=talk, parts=[key]), lambda key=key: done.append(key))  # type: ignore[misc]
    assert done == [A]
    assert "too slow" in caplog.text
    disk.free.set()
    writer.close()
    assert disk.written == [A, B]


def test_what_comes_while_the_interpreter_ends_is_written_at_once(disk: Disk, pending: Pending) -> None:
    writer, done = SnapshotWriter(), list[str]()
    disk.free.set()
    writer.close()  # as the interpreter does by itself at its end, before a reply may be put away
    writer.put(pending, lambda: done.append("first"))
    assert disk.written == [A]
    assert done == ["first"]
