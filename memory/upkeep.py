"""Looking after a database: what is in it, and removing what nothing needs any more.

Both look at the whole database, every owner's.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from memory import index
from memory.db import explain
from memory.images import UNUSED_SECONDS
from memory.records import ago
from memory.store import Store
from memory.transfer.progress import Progress, silent
from memory.transfer.tables import message_links

T = TypeVar("T")

BATCH = 500
"""What is removed in one transaction, so that nobody waits long for the next."""

_UNREACHED = """
    WITH RECURSIVE reached (owner, id) AS (
        {links}
        UNION
        SELECT messages.owner, messages.parent FROM reached
        JOIN messages ON messages.owner = reached.owner AND messages.id = reached.id
        WHERE messages.parent IS NOT NULL
    )
    SELECT owner, id FROM messages WHERE (owner, id) NOT IN (SELECT owner, id FROM reached)
    ORDER BY depth DESC
"""

_UNUSED_PICTURES = """
    SELECT sha256 FROM images WHERE added_at < :before
        AND NOT EXISTS (SELECT 1 FROM message_parts WHERE image_sha256 = images.sha256)
"""


@dataclass(frozen=True, slots=True)
class Stats:
    """How much there is. `database_bytes` includes `free_bytes`, which what comes next will fill."""

    owners: int
    conversations: int
    messages: int
    turns: int
    pictures: int
    database_bytes: int
    free_bytes: int
    picture_bytes: int
    thumbnail_bytes: int
    snapshot_bytes: int


@dataclass(frozen=True, slots=True)
class Collected:
    """What `collect` removed: messages, pictures, and parts of snapshots."""

    messages: int
    pictures: int
    parts: int


def stats(store: Store) -> Stats:
    """Count everything. Raises StoreError for what the database cannot do."""
    with store.connections.snapshot() as database:

        def number(query: str) -> int:
            return int(database.execute(query).fetchone()[0])

        counts = {
            table: number(f"SELECT count(*) FROM {table}") for table in ("conversations", "messages", "turns")
        }
        owners = number("SELECT count(DISTINCT owner) FROM conversations")
        pictures = number("SELECT count(*) FROM images")
        picture_bytes = number("SELECT coalesce(sum(size), 0) FROM images")
        page = number("PRAGMA page_size")
        pages, free = number("PRAGMA page_count"), number("PRAGMA freelist_count")
    return Stats(
        owners=owners,
        **counts,
        pictures=pictures,
        database_bytes=pages * page,
        free_bytes=free * page,
        picture_bytes=picture_bytes,
        thumbnail_bytes=_sizes(store.images.folder, "??/*.jpg"),
        snapshot_bytes=store.snapshots.bytes,
    )


def collect(store: Store, *, progress: Progress = silent) -> Collected:
    """Remove messages that no conversation holds, pictures that no message shows, parts of no snapshot.

    A picture that was stored less than a day ago stays: its message may be about to be sent. Works in
    small transactions while others write; what was found is looked at again in each, and being stopped at
    any point loses nothing but the rest of the work. At the end the words of all that was ever deleted go
    from the full-text indexes and from the file, which for so long takes up its size once more on the disk,
    and which others can only read meanwhile. Raises StoreError for what the database cannot do.
    """
    messages = _collect_messages(store, progress)
    pictures = _collect_pictures(store, progress)
    with store.connections.immediate() as database:
        parts = store.snapshots.forget_unused(database)
    store.snapshots.remove_files(parts)
    with store.connections.immediate() as database:
        index.merge(database)
    try:
        index.compact(store.connections.database())
    except sqlite3.Error as error:
        raise explain(error, store.path) from error
    return Collected(messages, pictures, len(parts))


def _collect_messages(store: Store, progress: Progress) -> int:
    with store.connections.snapshot() as database:
        links = message_links(database)
        query = " UNION ".join(
            f"SELECT owner, {column} FROM {table} WHERE {column} IS NOT NULL" for table, column in links
        )
        found = database.execute(_UNREACHED.format(links=query)).fetchall()
    needed = "".join(
        f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE owner = :owner AND {column} = :id)"
        for table, column in (*links, ("messages", "parent"))
    )
    removed = 0
    for batch in _batches(found):
        with store.connections.immediate() as database:
            for owner, identity in batch:
                # Somebody may have said it again meanwhile.
                removed += database.execute(
                    f"DELETE FROM messages WHERE owner = :owner AND id = :id{needed}",
                    {"owner": owner, "id": identity},
                ).rowcount
        progress("messages", removed, len(found))
    return removed


def _collect_pictures(store: Store, progress: Progress) -> int:
    before = {"before": ago(UNUSED_SECONDS)}
    with store.connections.snapshot() as database:
        found = [sha256 for (sha256,) in database.execute(_UNUSED_PICTURES, before)]
    removed = 0
    for batch in _batches(found):
        with store.connections.immediate() as database:
            # Somebody may have given it again meanwhile.
            query = f"{_UNUSED_PICTURES} AND sha256 IN (SELECT value FROM json_each(:batch))"
            still = database.execute(query, {**before, "batch": json.dumps(batch)}).fetchall()
            unused = store.images.forget_unused(database, [sha256 for (sha256,) in still])
        store.images.remove_files(unused)
        removed += len(unused)
        progress("pictures", removed, len(found))
    strays = store.images.strays()
    store.images.remove_files(strays)
    return removed + len(strays)


def _batches(found: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(found)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _sizes(folder: Path, pattern: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(pattern))
