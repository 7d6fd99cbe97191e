"""Snapshots when things go wrong: damaged files, failing disks, others at work, processes that die."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from memory import SnapshotStore, Store, StoreError
from memory.files import WholeFiles
from tests.helpers.snapshots import (
    DATA,
    FIRST,
    OTHER,
    SECOND,
    THIRD,
    WEIGHTS,
    A,
    B,
    C,
    D,
    capped,
    digest,
    files_in,
    folder_of,
    names,
    part_file,
    save,
)
from tests.memory.conftest import Child, stream_of

# ---- damage ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(b"\0" + file.read_bytes()[1:]),
        lambda file: file.write_bytes(b""),
    ],
    ids=["missing", "truncated", "altered", "empty"],
)
def test_a_damaged_part_is_never_read_and_heals_when_saved_again(
    store: Store, talk: str, damage: Callable[[Path], object]
) -> None:
    other = store.create_conversation()
    save(store.snapshots, other.id, {OTHER: 15}, [A, C])
    damage(part_file(store, A))
    assert store.snapshots.read(A) is None
    assert store.snapshots.read(B) == DATA[B]
    assert store.snapshots.missing([A, B, C]) == {A}

    # Not the same bytes as before: two runs on one machine may differ in the last digit.
    store.snapshots.save(talk, WEIGHTS, [(THIRD, 30)], [A, B], {A: b"computed anew"})
    assert store.snapshots.missing([A, B, C]) == set()
    for mark, parts in ((THIRD, (A, B)), (OTHER, (A, C))):
        found = store.snapshots.find(WEIGHTS, [mark])
        assert found is not None
        assert found.parts == parts
    assert store.snapshots.read(A) == b"computed anew"
    assert store.snapshots.bytes == len(b"computed anew") + len(DATA[B]) + len(DATA[C])
    assert files_in(store) == names(A, B, C)


def test_a_part_that_cannot_be_mapped_is_read(
    store: Store, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the kernel is old, or the disk fails under the pages."""
    monkeypatch.setattr("memory.parts._POPULATE_READ", -1)
    part = store.snapshots.open(A)
    assert part is not None
    assert part.data == DATA[A]
    assert part.sound()


def test_an_open_part_outlives_its_file(store: Store, talk: str) -> None:
    part = store.snapshots.open(A)
    assert part is not None
    part_file(store, A).unlink()
    assert part.sound()
    assert part.data == DATA[A]


def test_a_part_damaged_but_not_given_anew(store: Store, talk: str) -> None:
    part_file(store, A).unlink()
    store.snapshots.save(talk, WEIGHTS, [(OTHER, 40)], [A, C], {C: DATA[C]})
    assert store.snapshots.find(WEIGHTS, [OTHER]) is None
    assert files_in(store) == names(B)


def test_forgetting_leaves_the_parts_of_others(store: Store, talk: str) -> None:
    other = store.create_conversation()
    save(store.snapshots, other.id, {OTHER: 15}, [A, C])
    found = store.snapshots.find(WEIGHTS, [THIRD])
    assert found is not None
    store.snapshots.forget(found.id)
    store.snapshots.forget(found.id)
    assert store.snapshots.find(WEIGHTS, [THIRD]) is None
    assert store.snapshots.find(WEIGHTS, [OTHER]) is not None
    assert files_in(store) == names(A, C)


def test_a_folder_that_is_gone_costs_only_the_snapshots(store: Store, talk: str) -> None:
    shutil.rmtree(folder_of(store))
    assert store.snapshots.read(A) is None
    with Store.open(store.path) as second:
        assert second.snapshots.find(WEIGHTS, [THIRD]) is None
        assert second.snapshots.bytes == 0
        assert second.snapshots.missing([A, B]) == {A, B}
        save(second.snapshots, talk, {THIRD: 30}, [A, B])
    assert store.snapshots.read(A) == DATA[A]
    assert store.verify() == []


def test_a_file_in_place_of_the_folder_is_an_error_only_for_saving(tmp_path: Path) -> None:
    (tmp_path / "visavis.snapshots").write_text("in the way")
    with Store.open(tmp_path / "visavis.db") as store:
        conversation = store.create_conversation()
        assert store.snapshots.find(WEIGHTS, [FIRST]) is None
        with pytest.raises(StoreError, match=r"snapshot cannot be written.*make the folder writable"):
            save(store.snapshots, conversation.id, {FIRST: 1}, [A])
        assert store.snapshots.missing([A]) == {A}


@pytest.mark.parametrize(("module", "call"), [("os", "fsync"), ("pathlib.Path", "replace")])
def test_a_disk_that_fails_half_way_leaves_what_was_there(
    store: Store, talk: str, monkeypatch: pytest.MonkeyPatch, module: str, call: str
) -> None:
    real, calls = {"fsync": os.fsync, "replace": Path.replace}[call], []

    def fail_second(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(*arguments)  # type: ignore[operator]

    with monkeypatch.context() as patch:
        patch.setattr(f"{module}.{call}", fail_second)
        with pytest.raises(StoreError, match="No space left"):
            save(store.snapshots, talk, {FIRST: 10, SECOND: 20, THIRD: 30, OTHER: 40}, [A, B, C, D])
    assert len(calls) >= 2
    assert files_in(store) == names(A, B)
    assert store.snapshots.missing([A, B, C, D]) == {C, D}
    found = store.snapshots.find(WEIGHTS, [THIRD, OTHER])
    assert found is not None
    assert found.tokens == 30


# ---- others at the same time, and processes that die ----------------------------------------


def test_a_conversation_that_is_not_there(store: Store) -> None:
    store.snapshots.save(digest("nobody")[:32], WEIGHTS, [(FIRST, 1)], [A], {A: DATA[A]})
    assert store.snapshots.find(WEIGHTS, [FIRST]) is None
    assert store.snapshots.bytes == 0
    assert not folder_of(store).exists()


@pytest.mark.parametrize(
    "meanwhile",
    [lambda store, talk: store.delete_conversation(talk), lambda store, talk: store.snapshots.clear()],
    ids=["the conversation is deleted", "a part is evicted"],
)
def test_what_goes_while_files_are_being_written(
    store: Store, talk: str, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[Store, str], None]
) -> None:
    stage = WholeFiles.stage

    def stage_then_act(files: WholeFiles, data: bytes) -> Path:
        staged = stage(files, data)
        with Store.open(store.path) as another:
            meanwhile(another, talk)
        assert len(files_in(store)) == 1  # what was just staged
        return staged

    monkeypatch.setattr(WholeFiles, "stage", stage_then_act)
    save(store.snapshots, talk, {OTHER: 40}, [A, B, C])
    assert store.snapshots.find(WEIGHTS, [OTHER]) is None
    assert store.snapshots.bytes == 0
    assert files_in(store) == set()


def test_two_threads_save_the_same_part_at_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    both_staged = threading.Barrier(2, timeout=60)
    stage = WholeFiles.stage

    def stage_together(files: WholeFiles, data: bytes) -> Path:
        staged = stage(files, data)
        both_staged.wait()
        return staged

    monkeypatch.setattr(WholeFiles, "stage", stage_together)
    conversations = [store.create_conversation().id for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        saving = [
            pool.submit(save, store.snapshots, conversation_id, {mark: 1}, [A])
            for conversation_id, mark in zip(conversations, (FIRST, SECOND), strict=True)
        ]
    for done in saving:
        done.result()
    for mark in (FIRST, SECOND):
        assert store.snapshots.find(WEIGHTS, [mark]) is not None
    assert store.snapshots.read(A) == DATA[A]
    assert files_in(store) == names(A)


def test_a_part_that_is_stored_stays_as_it_is(store: Store, talk: str) -> None:
    store.snapshots.save(talk, WEIGHTS, [(OTHER, 40)], [A, C], {A: b"too late", C: DATA[C]})
    assert store.snapshots.find(WEIGHTS, [OTHER]) is not None
    assert store.snapshots.read(A) == DATA[A]
    assert files_in(store) == names(A, B, C)


def test_a_part_saved_again_before_its_file_is_removed(
    store: Store, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = store.create_conversation()
    remove_files = SnapshotStore.remove_files

    def save_then_remove(snapshots: SnapshotStore, keys: Iterable[str]) -> None:
        monkeypatch.setattr(SnapshotStore, "remove_files", remove_files)
        save(snapshots, other.id, {OTHER: 15}, [A])
        remove_files(snapshots, keys)

    monkeypatch.setattr(SnapshotStore, "remove_files", save_then_remove)
    store.delete_conversation(talk)
    assert store.snapshots.find(WEIGHTS, [OTHER]) is not None
    assert store.snapshots.read(A) == DATA[A]
    assert files_in(store) == names(A)


def test_many_threads_save_under_a_small_cap(store: Store) -> None:
    keys = [digest(f"key {number}") for number in range(12)]
    conversations = [store.create_conversation().id for _ in range(4)]

    with capped(store, 500) as snapshots:

        def talk_on(number: int) -> None:
            for turn in range(1, 6):
                parts = [keys[(number + step) % len(keys)] for step in range(turn)]
                new = {key: key.encode() for key in snapshots.missing(parts)}
                marks = [(digest(f"{number} {step}"), step) for step in range(turn)]
                snapshots.save(conversations[number], WEIGHTS, marks, parts, new)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(talk_on, range(4)))
        stored = set(keys) - snapshots.missing(keys)
        assert 0 < snapshots.bytes == 64 * len(stored) <= 500
        assert files_in(store) == names(*stored)
        assert all(snapshots.read(key) == key.encode() for key in stored)
    assert store.verify() == []


DYING = """
import os, sys
from memory import SnapshotStore, Store
from memory.files import WholeFiles

def die_after(owner, name):
    method = getattr(owner, name)
    def act_and_die(*arguments):
        method(*arguments)
        os._exit(9)
    setattr(owner, name, act_and_die)

path, conversation_id, way, mark, old, new = sys.argv[1:]
store = Store.open(path)
if way == "deleting":
    SnapshotStore.remove_files = lambda *arguments: os._exit(9)
    store.delete_conversation(conversation_id)
else:
    die_after(WholeFiles, {"staging": "stage", "placing": "place"}[way])
    store.snapshots.save(conversation_id, "f0", [(mark, 40)], [old, new], {new: b"never to be seen"})
"""
"""A process that dies, without any clean-up, at a chosen moment."""


def _die(child: Child, store: Store, talk: str, way: str) -> None:
    process = child(DYING, str(store.path), talk, way, OTHER, A, C)
    assert stream_of(process.stdout).read() == ""
    assert process.wait() == 9


def test_a_process_killed_between_file_and_row(store: Store, talk: str, child: Child) -> None:
    _die(child, store, talk, "placing")
    assert files_in(store) == names(A, B, C)
    with Store.open(store.path) as second:
        assert files_in(store) == names(A, B)
        found = second.snapshots.find(WEIGHTS, [THIRD, OTHER])
        assert found is not None
        assert found.tokens == 30
        assert [second.snapshots.read(key) for key in found.parts] == [DATA[A], DATA[B]]


def test_a_process_killed_while_writing_a_file(store: Store, talk: str, child: Child) -> None:
    _die(child, store, talk, "staging")
    (left,) = (folder_of(store) / "incoming").iterdir()
    with Store.open(store.path):
        assert left.exists()  # for all that one can know, its process lives
    os.utime(left, (0, 0))
    with Store.open(store.path) as second:
        assert files_in(store) == names(A, B)
        assert second.snapshots.find(WEIGHTS, [THIRD]) is not None


def test_a_process_killed_while_deleting_a_conversation(store: Store, talk: str, child: Child) -> None:
    _die(child, store, talk, "deleting")
    assert files_in(store) == names(A, B)
    with Store.open(store.path):
        assert files_in(store) == set()
