"""Where exports go: files and folders that are there when they are complete, and never replace another."""

from __future__ import annotations

import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

from memory.errors import StoreError
from memory.store import Store

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member of a zip archive, so that equal contents make equal archives."""

_COPIED_BYTES = 1 << 20


class NewFiles(Protocol):
    """A folder or an archive that is being filled. Both methods raise StoreError if it cannot be written."""

    def write(self, name: str, data: bytes) -> None:
        """Add one file, by its name within."""

    def copy(self, name: str, file: Path) -> None:
        """Add a copy of a file, however large."""


def chosen(store: Store, conversation_ids: Sequence[str] | None) -> list[str]:
    """These conversations' ids, or those of all that the owner has, oldest first.

    Raises UnknownConversation for one that the owner does not have.
    """
    if conversation_ids is not None:
        return [store.conversation(conversation_id).id for conversation_id in dict.fromkeys(conversation_ids)]
    with store.connections.snapshot() as database:
        query = "SELECT id FROM conversations WHERE owner = ? ORDER BY created_at, id"
        return [conversation_id for (conversation_id,) in database.execute(query, (store.owner,))]


@contextmanager
def new_file(target: Path) -> Iterator[IO[bytes]]:
    """A file to be written, which takes its name at the end, and is nowhere if something fails.

    Raises StoreError if there is such a file already, or it cannot be written.
    """
    passing = _passing(target)
    try:
        with explained(target):
            stream = passing.open("xb")
        with stream:
            yield stream
            with explained(target):
                stream.flush()
                os.fsync(stream.fileno())
        with explained(target):
            _refuse_existing(target)
            passing.replace(target)
    finally:
        with suppress(OSError):
            passing.unlink(missing_ok=True)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to be filled, which takes its name at the end, and is nowhere if something fails.

    Raises StoreError if there is something of that name already, or it cannot be written.
    """
    passing = _passing(target)
    try:
        with explained(target):
            passing.mkdir()
        yield passing
        with explained(target):
            _refuse_existing(target)
            passing.replace(target)
    finally:
        shutil.rmtree(passing, ignore_errors=True)


@contextmanager
def new_files(target: Path) -> Iterator[NewFiles]:
    """A new folder of files or, if its name ends in .zip, an archive of them. Raises StoreError as above."""
    if target.suffix.lower() == ".zip":
        with new_file(target) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            yield _Archive(archive, target)
    else:
        with new_folder(target) as folder:
            yield _Folder(folder, target)


@contextmanager
def explained(target: Path) -> Iterator[None]:
    """Make what the disk cannot do a StoreError about `target`."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written ({error}). Choose a folder that exists and is writable, with room "
            "enough."
        ) from error


def _passing(target: Path) -> Path:
    _refuse_existing(target)
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}.part")


def _refuse_existing(target: Path) -> None:
    if os.path.lexists(target):
        raise StoreError(f"{target} is there already. Choose another name, or move it away.")


class _Archive:
    def __init__(self, archive: zipfile.ZipFile, target: Path) -> None:
        self._archive = archive
        self._target = target

    def write(self, name: str, data: bytes) -> None:
        with explained(self._target):
            self._archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)

    def copy(self, name: str, file: Path) -> None:
        member = zipfile.ZipInfo(name, EPOCH)
        member.compress_type = zipfile.ZIP_DEFLATED
        with (
            explained(self._target),
            file.open("rb") as source,
            self._archive.open(member, "w", force_zip64=True) as stream,
        ):
            shutil.copyfileobj(source, stream, _COPIED_BYTES)


class _Folder:
    def __init__(self, folder: Path, target: Path) -> None:
        self._folder = folder
        self._target = target

    def write(self, name: str, data: bytes) -> None:
        with explained(self._target):
            self._place(name).write_bytes(data)

    def copy(self, name: str, file: Path) -> None:
        with explained(self._target):
            shutil.copyfile(file, self._place(name))

    def _place(self, name: str) -> Path:
        place = self._folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        return place
