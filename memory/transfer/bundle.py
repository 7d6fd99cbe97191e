"""Bundles: conversations with all that belongs to them, in one file that another store can take in.

    conversations.jsonl   rows, one a line, with all their columns but the owner
    messages.jsonl        id, parent, role, created_at and parts; what is answered comes first
    turns.jsonl, …        rows of each table that belongs to conversations
    facts.jsonl           what is remembered beyond them; only where all conversations are exported
    pictures/<sha256>     the original bytes
    manifest.json         format, version, migrations, and sha256 and size of every other member

Nothing is lost between export and import: branches, siblings, the provenance of every turn, the names of
pictures, titles and whatever else a person arranged. A reply that is being written is left out, and its
question is in. A fork that is exported without the conversation it came from has all its messages, but of
their common past not the turns, which are the other's. Both directions work row by row, whatever the size.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from sqlite_utils import Database

from memory import schema
from memory.records import Row, now
from memory.store import Store
from memory.transfer.progress import Progress, counted, silent
from memory.transfer.tables import Table, belonging, message_links
from memory.transfer.targets import EPOCH, chosen, explained, new_file

FORMAT, VERSION = "visavis-bundle", 1
MANIFEST = "manifest.json"
PICTURES = "pictures/"

_REACHED = """
    WITH RECURSIVE reached (id) AS (
        {links}
        UNION
        SELECT messages.parent FROM reached
        JOIN messages ON messages.owner = :owner AND messages.id = reached.id
        WHERE messages.parent IS NOT NULL
    )
"""
"""The messages of the chosen conversations, on every branch."""

_LINK = """
    SELECT {column} FROM {table} WHERE owner = :owner AND {column} IS NOT NULL{done}
        AND {key} IN (SELECT value FROM json_each(:conversations))
"""

_MESSAGES = """
    SELECT messages.id, messages.parent, messages.role, messages.created_at,
        parts.position, parts.text, parts.image_sha256, parts.media_type, parts.name
    FROM messages
    LEFT JOIN message_parts AS parts ON parts.owner = messages.owner AND parts.message_id = messages.id
    WHERE messages.owner = :owner AND messages.id IN reached
    ORDER BY messages.depth, messages.id, parts.position
"""

_PICTURES = """
    SELECT DISTINCT image_sha256 FROM message_parts
    WHERE owner = :owner AND message_id IN reached AND image_sha256 IS NOT NULL ORDER BY image_sha256
"""


def known_migrations() -> list[str]:
    """The names of the migrations that make up this version's tables."""
    with Database(memory=True) as blank:
        return [migration.name for migration in schema.migrations.pending(blank)]


def export_bundle(
    store: Store, target: Path, conversation_ids: Sequence[str] | None = None, *, progress: Progress = silent
) -> int:
    """Write some conversations, or all that the owner has, into a new file; how many they are.

    The file is there when all of it is. Raises UnknownConversation, ImageError for a picture that is
    missing or altered on disk, and StoreError if the file exists or cannot be written.
    """
    ids = chosen(store, conversation_ids)
    with new_file(target) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        writer = _Writer(archive, target)
        parameters = {"owner": store.owner, "conversations": json.dumps(ids)}
        # One moment for all of it, however long this takes and whoever writes meanwhile.
        with store.connections.snapshot() as database:
            for name in ("conversations", *belonging(database)):
                writer.rows(f"{name}.jsonl", _rows(database, name, parameters))
            if conversation_ids is None:
                # They are of no conversation, and none of the business of who is given a single one.
                writer.rows("facts.jsonl", _facts(database, store.owner))
            reached = _reached(database)
            messages = database.query(reached + _MESSAGES, parameters)
            writer.rows("messages.jsonl", counted(_with_parts(messages), "messages", progress))
            pictures = [sha256 for (sha256,) in database.execute(reached + _PICTURES, parameters)]
        for sha256 in counted(pictures, "pictures", progress, len(pictures)):
            writer.picture(sha256, store.images.read(sha256))
        writer.manifest()
    return len(ids)


class _Writer:
    """Members of the archive, and what the manifest says about them."""

    def __init__(self, archive: zipfile.ZipFile, target: Path) -> None:
        self._archive = archive
        self._target = target
        self._members: dict[str, dict[str, object]] = {}

    def rows(self, name: str, rows: Iterable[Row]) -> None:
        """A member with one row a line."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(_member(name), "w", force_zip64=True) as stream:
            for row in rows:
                line = json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"
                with explained(self._target):
                    stream.write(line)
                digest.update(line)
                size += len(line)
        self._members[name] = {"sha256": digest.hexdigest(), "size": size}

    def picture(self, sha256: str, data: bytes) -> None:
        """A picture's original bytes, which are packed as tightly as they can be already."""
        member = _member(PICTURES + sha256)
        member.compress_type = zipfile.ZIP_STORED
        with explained(self._target):
            self._archive.writestr(member, data)
        self._members[PICTURES + sha256] = {"sha256": sha256, "size": len(data)}

    def manifest(self) -> None:
        """The last member."""
        content = {
            "format": FORMAT,
            "version": VERSION,
            "migrations": known_migrations(),
            "exported_at": now(),
            "members": self._members,
        }
        with explained(self._target):
            self._archive.writestr(_member(MANIFEST), json.dumps(content, indent=1))


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _key(table: str) -> str:
    return "id" if table == "conversations" else "conversation_id"


def _done(table: str) -> str:
    # A reply that is being written is no turn yet.
    return " AND status = 'done'" if table == "turns" else ""


def _reached(database: Database) -> str:
    links = [
        _LINK.format(table=table, column=column, key=_key(table), done=_done(table))
        for table, column in message_links(database)
    ]
    return _REACHED.format(links=" UNION ".join(links))


def _rows(database: Database, name: str, parameters: dict[str, str]) -> Iterator[Row]:
    """The rows of a table, without what means something here alone."""
    columns = list(Table.of(database, name).columns)
    key = _key(name)
    order = ", ".join([key, "number"] if name == "turns" else [key, *columns])
    yield from database.query(
        f"SELECT {', '.join(columns)} FROM {name}"
        f" WHERE {key} IN (SELECT value FROM json_each(:conversations)){_done(name)} ORDER BY {order}",
        parameters,
    )


def _facts(database: Database, owner: str) -> Iterator[Row]:
    columns = ", ".join(Table.of(database, "facts").columns)
    yield from database.query(f"SELECT {columns} FROM facts WHERE owner = ? ORDER BY created_at, id", [owner])


def _with_parts(rows: Iterable[Row]) -> Iterator[Row]:
    """Messages from the rows of their parts, which stand together and in order."""
    for _, group in groupby(rows, key=itemgetter("id")):
        parts = list(group)
        message = {name: parts[0][name] for name in ("id", "parent", "role", "created_at")}
        # A message without parts still has one row, whose part is all NULL.
        yield message | {"parts": [_part(row) for row in parts if row["position"] is not None]}


def _part(row: Row) -> Row:
    if row["image_sha256"] is None:
        return {"text": row["text"]}
    return {"image": row["image_sha256"], "media_type": row["media_type"], "name": row["name"]}
