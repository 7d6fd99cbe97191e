"""Snapshots: key/value caches on disk, so that a conversation goes on after a restart without recomputing.

    visavis.snapshots/ab/ab12….part   the bytes of one part, by its key
    visavis.snapshots/incoming/       files being written

A snapshot holds the cache of a prefix of tokens. It consists of *parts*, immutable files that
snapshots share by key, and of *marks*: digests of the message boundaries inside it, each with the
number of tokens up to there. What the parts contain is the engine's business.

All of this is a cache. Whatever is missing or damaged is computed again, so nothing here stops
the store from opening, and a conversation loses nothing but time.
"""

from __future__ import annotations

import builtins  # `SnapshotStore.bytes` hides the type's name inside its class
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3
from sqlite_utils import Database

from memory.db import Connections
from memory.errors import StoreError
from memory.files import WholeFiles
from memory.parts import Part

__all__ = ["DEFAULT_CAP", "Part", "Snapshot", "SnapshotStore"]

DEFAULT_CAP = 2 * 1024**3
"""Bytes that the parts of all snapshots may take together, unless told otherwise."""

_KEY = re.compile("[0-9a-f]{64}")

_FIND = """
    SELECT snapshots.id, snapshot_marks.tokens FROM snapshot_marks
    JOIN snapshots ON snapshots.id = snapshot_marks.snapshot_id
    WHERE snapshots.fingerprint = ? AND snapshot_marks.mark IN (SELECT value FROM json_each(?))
    ORDER BY snapshot_marks.tokens DESC, snapshots.used DESC LIMIT 1
"""

# The same branch at an earlier time, and what other weights left behind.
_DELETE_REPLACED = """
    DELETE FROM snapshots WHERE conversation_id = ? AND (fingerprint <> ? OR NOT EXISTS (
        SELECT 1 FROM snapshot_marks WHERE snapshot_id = snapshots.id
            AND mark NOT IN (SELECT value FROM json_each(?))))
"""

_DELETE_WITH_PARTS = """
    DELETE FROM snapshots WHERE id IN (
        SELECT snapshot_id FROM snapshot_parts WHERE key IN (SELECT value FROM json_each(?)))
"""

_UNUSED = "FROM parts WHERE NOT EXISTS (SELECT 1 FROM snapshot_parts WHERE snapshot_parts.key = parts.key)"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stored cache: `tokens` of it match the furthest mark asked for; it may hold more.

    `parts` are the keys in the order they were saved.
    """

    id: int
    tokens: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Staged:
    """A new part: its bytes are on disk, in `file`, but not in their place yet."""

    file: Path
    blake3: str
    size: int


class SnapshotStore:
    """The snapshots of one database. Safe to use from many threads and processes.

    A key is 64 hexadecimal digits, lower case: other ones are refused with ValueError. Every
    method raises StoreError for what the database cannot do.
    """

    def __init__(self, connections: Connections, folder: Path, cap: int = DEFAULT_CAP) -> None:
        """`folder` is created by the first `save`; the parts in it take at most `cap` bytes."""
        self._connections = connections
        self._folder = folder
        self._files = WholeFiles(folder)
        self._cap = cap
        self._files.sweep()
        self._reconcile()

    def find(self, fingerprint: str, marks: Sequence[str]) -> Snapshot | None:
        """The snapshot of this fingerprint that holds the furthest of these marks, now marked as used."""
        with self._connections.snapshot() as database:
            found = database.execute(_FIND, (fingerprint, json.dumps(list(marks)))).fetchone()
            if found is None:
                return None
            snapshot_id, tokens = found
            parts = _parts_of(database, snapshot_id)
        with self._connections.immediate() as database:
            # Nothing is written, and no disk waited for, where it is the latest already.
            database.execute(
                "UPDATE snapshots SET used = (SELECT max(used) + 1 FROM snapshots)"
                " WHERE id = ? AND used < (SELECT max(used) FROM snapshots)",
                (snapshot_id,),
            )
        return Snapshot(snapshot_id, tokens, parts)

    def open(self, key: str) -> Part | None:
        """A part, to copy its bytes from only once; None if it is unknown, or its file is missing."""
        file = self._file(key)
        with self._connections.snapshot() as database:
            row = database.execute("SELECT blake3, size FROM parts WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        try:
            return Part(file, *row)
        except OSError:
            return None

    def read(self, key: str) -> builtins.bytes | None:
        """The bytes of a part; None if it is unknown, or its file is missing, truncated or altered.

        `missing` then names it, and `save` makes it whole again for every snapshot that has it.
        """
        part = self.open(key)
        return builtins.bytes(part.data) if part is not None and part.sound() else None

    def missing(self, keys: Sequence[str]) -> set[str]:
        """Those of the parts that are not stored, and that `save` has to be given."""
        wanted = {_checked(key) for key in keys}
        with self._connections.snapshot() as database:
            return wanted - self._stored(database, wanted).keys()

    def save(
        self,
        conversation_id: str,
        fingerprint: str,
        marks: Sequence[tuple[str, int]],
        parts: Sequence[str],
        new: Mapping[str, builtins.bytes],
    ) -> None:
        """Keep a snapshot; it is on disk when this returns.

        `marks` are (mark, tokens up to it), `parts` all keys in order, and `new` the bytes of those
        not stored yet. The conversation's snapshots that this one continues (all their marks are
        among `marks`) or that have another fingerprint are removed; then, least recently used
        first, whole snapshots, until the parts of all are within the cap.

        Nothing is kept, quietly, if the conversation has been deleted, if a part is neither stored
        nor in `new` (it was evicted meanwhile), or if the snapshot alone is over the cap. Raises
        StoreError if the disk fails; what was stored before is then as it was.
        """
        if not marks:
            raise ValueError("A snapshot without marks can never be found: give at least one.")
        fresh = {key: new[key] for key in map(_checked, parts) if key in new}
        sizes = {key: len(data) for key, data in fresh.items()}
        with self._connections.snapshot() as database:
            if not self._can_keep(database, conversation_id, parts, sizes):
                return
        unused: Iterable[str] = fresh  # in their places without a row, should this fail half-way
        try:
            # Megabytes are written before the lock is taken, and only moved into place under it:
            # nobody waits for them, and no deletion comes between a file and its row.
            with self._staged(fresh) as staged, self._connections.immediate() as database:
                # Once more: a deletion or an eviction may have come first.
                if self._can_keep(database, conversation_id, parts, sizes):
                    self._place(database, staged)
                    _replace(database, conversation_id, fingerprint, dict(marks), parts)
                    unused = self._shrink(database)
        except OSError as error:
            raise StoreError(
                f"The snapshot cannot be written to {self._folder} ({error}). Free some space or make the "
                "folder writable; until then the conversation is computed again after a restart."
            ) from error
        finally:
            # What cannot be removed now will be when the store is next opened.
            with suppress(StoreError):
                self.remove_files(unused)

    def forget(self, snapshot_id: int) -> None:
        """Remove a snapshot that turned out damaged, if it is still there."""
        with self._connections.immediate() as database:
            database.execute("DELETE FROM snapshots WHERE id = ?", (snapshot_id,))
            unused = self.forget_unused(database)
        self.remove_files(unused)

    def clear(self) -> None:
        """Remove all snapshots."""
        with self._connections.immediate() as database:
            database.execute("DELETE FROM snapshots")
            unused = self.forget_unused(database)
        self.remove_files(unused)

    @property
    def bytes(self) -> int:
        """What the parts of all snapshots take on disk."""
        with self._connections.snapshot() as database:
            return _total(database)

    def forget_unused(self, database: Database) -> list[str]:
        """Within a transaction: delete the rows of those parts that no snapshot refers to any more.

        Returns their keys, for `remove_files` once the transaction is committed.
        """
        keys = [key for (key,) in database.execute(f"SELECT key {_UNUSED}")]
        database.execute(f"DELETE {_UNUSED}")
        return keys

    def remove_files(self, keys: Iterable[str]) -> None:
        """Delete the files of those parts that have no row."""
        files = {key: self._file(key) for key in keys}
        if not files:
            return  # and keep nobody waiting
        # Holding the write lock: a part may have been saved again since its row went.
        with self._connections.immediate() as database:
            for key in files.keys() - _sizes(database, files).keys():
                with suppress(OSError):
                    files[key].unlink()

    def _reconcile(self) -> None:
        """Remove files that a process put in place before it died, and rows whose files are gone."""
        # The rows first: a file is in its place before its row is, so a row without one has lost it.
        with self._connections.snapshot() as database:
            rows = {key for (key,) in database.execute("SELECT key FROM parts")}
        files = {file.stem for file in self._folder.glob("??/*.part") if _KEY.fullmatch(file.stem)}
        unused = files - rows
        if lost := rows - files:
            with self._connections.immediate() as database:
                database.execute(_DELETE_WITH_PARTS, (json.dumps(list(lost)),))
                unused.update(self.forget_unused(database))
        self.remove_files(unused)

    def _file(self, key: str) -> Path:
        # Keys name files: none may lead out of the folder.
        return self._folder / _checked(key)[:2] / f"{key}.part"

    def _can_keep(
        self, database: Database, conversation_id: str, parts: Sequence[str], new: Mapping[str, int]
    ) -> bool:
        """Whether a snapshot of these parts could be kept, given the sizes of the new ones in bytes."""
        query = "SELECT 1 FROM conversations WHERE id = ?"
        if database.execute(query, (conversation_id,)).fetchone() is None:
            return False
        sizes = {**new, **self._stored(database, parts)}
        return all(key in sizes for key in parts) and sum(sizes.values()) <= self._cap

    def _stored(self, database: Database, keys: Iterable[str]) -> dict[str, int]:
        """The bytes of those of these parts that have a row, and a file of the size it says."""
        return {
            key: size for key, size in _sizes(database, keys).items() if _size_of(self._file(key)) == size
        }

    @contextmanager
    def _staged(self, new: Mapping[str, builtins.bytes]) -> Iterator[dict[str, _Staged]]:
        """The new parts, written to disk; those not put in their places are removed at the end."""
        staged: dict[str, _Staged] = {}
        try:
            for key, data in new.items():
                staged[key] = _Staged(self._files.stage(data), blake3(data).hexdigest(), len(data))
            yield staged
        finally:
            for part in staged.values():
                with suppress(OSError):
                    part.file.unlink(missing_ok=True)

    def _place(self, database: Database, staged: Mapping[str, _Staged]) -> None:
        """Put new parts in their places, then add their rows."""
        # What someone else has saved meanwhile under the same key stays.
        for key in staged.keys() - self._stored(database, staged).keys():
            part = staged[key]
            self._files.place(part.file, self._file(key))
            database.execute(
                "INSERT INTO parts (key, blake3, size) VALUES (?, ?, ?)"
                # A row whose file was missing or damaged.
                " ON CONFLICT (key) DO UPDATE SET blake3 = excluded.blake3, size = excluded.size",
                (key, part.blake3, part.size),
            )

    def _shrink(self, database: Database) -> list[str]:
        """Remove unused parts, and old snapshots until the rest is within the cap; the parts removed."""
        unused = self.forget_unused(database)
        while _total(database) > self._cap:
            database.execute("DELETE FROM snapshots WHERE used = (SELECT min(used) FROM snapshots)")
            unused += self.forget_unused(database)
        return unused


def _checked(key: str) -> str:
    """The key itself. Raises ValueError if it is none."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not the key of a part: 64 hexadecimal digits.")
    return key


def _size_of(file: Path) -> int | None:
    """The bytes of a file; None if there is none."""
    with suppress(OSError):
        return file.stat().st_size
    return None


def _sizes(database: Database, keys: Iterable[str]) -> dict[str, int]:
    """The bytes of those of these parts that have a row."""
    query = "SELECT key, size FROM parts WHERE key IN (SELECT value FROM json_each(?))"
    return dict(database.execute(query, (json.dumps(list(keys)),)).fetchall())


def _total(database: Database) -> int:
    """The bytes of all parts."""
    (total,) = database.execute("SELECT coalesce(sum(size), 0) FROM parts").fetchone()
    return int(total)


def _parts_of(database: Database, snapshot_id: int) -> tuple[str, ...]:
    """The keys of a snapshot's parts, in the order they were saved."""
    query = "SELECT key FROM snapshot_parts WHERE snapshot_id = ? ORDER BY position"
    return tuple(key for (key,) in database.execute(query, (snapshot_id,)))


def _replace(
    database: Database, conversation_id: str, fingerprint: str, marks: Mapping[str, int], parts: Sequence[str]
) -> None:
    """Add the rows of a snapshot, whose parts are stored, in place of those that it makes superfluous."""
    database.execute(_DELETE_REPLACED, (conversation_id, fingerprint, json.dumps(list(marks))))
    snapshot_id = database.execute(
        "INSERT INTO snapshots (conversation_id, fingerprint, used)"
        " VALUES (?, ?, (SELECT coalesce(max(used), 0) + 1 FROM snapshots))",
        (conversation_id, fingerprint),
    ).lastrowid
    for mark, tokens in marks.items():
        database.execute(
            "INSERT INTO snapshot_marks (snapshot_id, mark, tokens) VALUES (?, ?, ?)",
            (snapshot_id, mark, tokens),
        )
    for position, key in enumerate(parts):
        database.execute(
            "INSERT INTO snapshot_parts (snapshot_id, position, key) VALUES (?, ?, ?)",
            (snapshot_id, position, key),
        )
