"""Bundles, taken in: every hash compared and every message's id derived again, before anything is kept."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast, get_args

from memory.decoding import DEFAULT_LIMITS
from memory.errors import ImageError, StoreError
from memory.records import storable_text
from memory.store import Store
from memory.transfer import jsonio
from memory.transfer.archive import Archive, read
from memory.transfer.bundle import FORMAT, MANIFEST, PICTURES, VERSION, known_migrations
from memory.transfer.progress import Progress, silent
from memory.transfer.report import Report
from memory.transfer.staging import Staging
from memory.transfer.tables import EXPORT_AGAIN, is_time
from memory.tree import storable_name
from prompts import Image, Message, Part, Role, Text

MAX_MANIFEST = 64_000_000
"""Bytes of a manifest: enough for as many members as an archive may have."""

_NAME = re.compile(r"manifest\.json|[a-z_]{1,64}\.jsonl|pictures/[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(r"image/[\w.+-]{1,64}", re.ASCII)


def import_bundle(store: Store, path: Path, *, progress: Progress = silent) -> Report:
    """Take in all conversations of a bundle; what is here already is recognised and not added again.

    Nothing is kept unless all of it is sound: otherwise this raises StoreError, and the store is as it was.
    """
    with Archive(path, lambda name: _NAME.fullmatch(name) is not None) as archive, Staging(store) as staging:
        bundle = _Bundle(archive)
        pictures = [name for name in archive.names() if name.startswith(PICTURES)]
        for done, name in enumerate(pictures, start=1):
            try:
                staging.picture(bundle.picture(name))
            except ImageError as error:
                raise StoreError(f"{name!r} in {path}: {error} {EXPORT_AGAIN}") from error
            progress("pictures", done, len(pictures))
        for done, row in enumerate(bundle.rows("messages"), start=1):
            _stage_message(staging, row, f"Message {done} of {path}")
            progress("messages", done)
        for done, row in enumerate(bundle.rows("conversations"), start=1):
            staging.conversation(staging.tables["conversations"].check(row, f"Conversation {done} of {path}"))
        for table in bundle.further_tables():
            if table not in staging.tables:
                raise StoreError(f"{path} has rows of {table!r}, of which nothing is known. {EXPORT_AGAIN}")
            for done, row in enumerate(bundle.rows(table), start=1):
                checked = staging.tables[table].check(row, f"Row {done} of {table} in {path}")
                if table == "facts":
                    staging.fact(checked)
                else:
                    staging.belongs(table, checked)
        return staging.commit()


class _Bundle:
    """The members of a bundle, each compared with what the manifest says about it while it is read."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        content = jsonio.loads(read(archive, MANIFEST, MAX_MANIFEST), f"{MANIFEST} in {archive.path}")
        self._members = _members(content, archive.path)
        if self._members.keys() != set(archive.names()) - {MANIFEST}:
            raise StoreError(f"{archive.path} does not hold what its manifest lists. {EXPORT_AGAIN}")

    def picture(self, name: str) -> bytes:
        """A picture's bytes."""
        data = read(self._archive, name, DEFAULT_LIMITS.file_bytes)
        found = hashlib.sha256(data).hexdigest()
        if found != self._members[name] or name != PICTURES + found:
            raise self._altered(name)
        return data

    def rows(self, table: str) -> Iterator[Any]:
        """The values of a table's lines."""
        name = f"{table}.jsonl"
        if name not in self._members:
            raise StoreError(f"{self._archive.path} has no {name!r} in it. {EXPORT_AGAIN}")
        with self._archive.open(name) as stream:
            hashed = _Hashed(stream)
            yield from jsonio.lines(io.BufferedReader(hashed), f"{name} in {self._archive.path}")
        if hashed.sha256.hexdigest() != self._members[name]:
            raise self._altered(name)

    def further_tables(self) -> list[str]:
        """The tables of which there are rows, besides messages and conversations."""
        names = {name.removesuffix(".jsonl") for name in self._members if name.endswith(".jsonl")}
        return sorted(names - {"messages", "conversations"})

    def _altered(self, name: str) -> StoreError:
        return StoreError(f"{name!r} in {self._archive.path} is not what was exported. {EXPORT_AGAIN}")


class _Hashed(io.RawIOBase):
    """A stream that keeps the hash of what was read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.sha256 = hashlib.sha256()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        self.sha256.update(data)
        view[: len(data)] = data
        return len(data)


def _members(content: object, path: Path) -> dict[str, str]:
    """The sha256 of every member, by its name. Raises StoreError for a manifest of something else."""
    match content:
        case {"format": str(kind)} if kind == FORMAT:
            pass
        case _:
            raise StoreError(f"{path} is not a bundle of conversations. Choose a file made by an export.")
    match content:
        case {"version": int(version), "migrations": list(migrations), "members": dict(members)}:
            known = known_migrations()
            if version != VERSION or any(name not in known for name in migrations):
                raise StoreError(
                    f"{path} was exported by a newer version of this program. Update the program, and try "
                    "again."
                )
            found = {name: _sha256(member) for name, member in members.items()}
            if None not in found.values():
                return {name: str(sha256) for name, sha256 in found.items()}
    raise StoreError(f"The manifest of {path} lacks what belongs in it. {EXPORT_AGAIN}")


def _sha256(member: object) -> str | None:
    match member:
        case {"sha256": str(sha256)}:
            return sha256
    return None


def _stage_message(staging: Staging, row: object, where: str) -> None:
    match row:
        case {
            "id": str(identity),
            "parent": str() | None as parent,
            "role": str(role),
            "created_at": str(created_at),
            "parts": list(parts),
        } if role in get_args(Role) and is_time(created_at):
            message = Message(cast(Role, role), tuple(_part(part, where) for part in parts))
            if staging.message(parent, message, created_at) == identity:
                return
            raise StoreError(
                f"{where} is not what was said: its content does not match its id. {EXPORT_AGAIN}"
            )
    raise StoreError(f"{where} lacks what belongs to a message. {EXPORT_AGAIN}")


def _part(part: object, where: str) -> Part:
    match part:
        case {"text": str(text), **rest} if not rest and storable_text(text) == text:
            return Text(text)
        case {"image": str(sha256), "media_type": str(media_type), "name": str() | None as name, **rest} if (
            not rest and _MEDIA_TYPE.fullmatch(media_type) and storable_name(name) == name
        ):
            return Image(sha256, media_type, name=name)
    raise StoreError(f"{where} has a part that is neither words nor a picture. {EXPORT_AGAIN}")
