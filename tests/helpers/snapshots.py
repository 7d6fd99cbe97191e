"""What the tests of snapshots share: parts and marks, and a look into the folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from memory import SnapshotStore, Store
from memory.db import Connections

WEIGHTS = "f0"
"""A fingerprint."""


def digest(name: str) -> str:
    """A key or a mark: 64 hexadecimal digits."""
    return hashlib.sha256(name.encode()).hexdigest()


# Keys of parts, their bytes, and marks.
A, B, C, D = (digest(name) for name in "ABCD")
DATA = {key: f"the bytes of {key}".encode() * 10 for key in (A, B, C, D)}
FIRST, SECOND, THIRD, OTHER = (digest(name) for name in ("first", "second", "third", "other"))


def save(
    snapshots: SnapshotStore,
    conversation_id: str,
    marks: Mapping[str, int],
    parts: list[str],
    fingerprint: str = WEIGHTS,
) -> None:
    """Save as an engine does: give the bytes of what is missing."""
    new = {key: DATA[key] for key in snapshots.missing(parts)}
    snapshots.save(conversation_id, fingerprint, list(marks.items()), parts, new)


def folder_of(store: Store) -> Path:
    """Where the parts of the `store` fixture lie."""
    return store.path.with_name("visavis.snapshots")


def part_file(store: Store, key: str) -> Path:
    """The file of a part."""
    return folder_of(store) / key[:2] / f"{key}.part"


def files_in(store: Store) -> set[str]:
    """All files in the folder, whatever they are."""
    folder = folder_of(store)
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def names(*keys: str) -> set[str]:
    """What `files_in` finds if these parts are there and nothing else."""
    return {f"{key[:2]}/{key}.part" for key in keys}


def begin_talk(store: Store) -> str:
    """A conversation with a snapshot of three marks over the parts A and B; its id."""
    conversation = store.create_conversation("talk")
    save(store.snapshots, conversation.id, {FIRST: 10, SECOND: 20, THIRD: 30}, [A, B])
    return conversation.id


@contextmanager
def capped(store: Store, cap: int) -> Iterator[SnapshotStore]:
    """The store's snapshots under another cap."""
    connections = Connections(store.path)
    yield SnapshotStore(connections, folder_of(store), cap)
    connections.close()
