"""Pictures: the original bytes once, by their sha256, in a folder beside the database.

    visavis.pictures/ab/ab12…          the original bytes
    visavis.pictures/ab/ab12….320.jpg  a thumbnail: made again whenever it is missing
    visavis.pictures/incoming/         files being written

A picture is decoded completely before it is accepted, so whatever is stored can be shown.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from sqlite_utils import Database

from memory.db import Connections
from memory.decoding import DEFAULT_LIMITS, ImageLimits, decode, open_upright
from memory.errors import ImageError, StoreError
from memory.files import WholeFiles
from memory.records import Row, ago, now
from memory.sharing import shareable
from memory.tree import storable_name
from prompts import Image

__all__ = ["DEFAULT_LIMITS", "ImageLimits", "ImageStore", "StoredImage", "open_upright"]

UNUSED_SECONDS = 24 * 3600.0
"""How long a picture that no message shows is kept at least: it may be about to be sent."""

_SHA256 = re.compile("[0-9a-f]{64}")
_THUMBNAIL_SIDES = range(16, 2049)
_THUMBNAIL_QUALITY = 85


@dataclass(frozen=True, slots=True)
class StoredImage:
    """What is known of a stored picture. `width` and `height` are pixels as shown, `size` is bytes."""

    sha256: str
    media_type: str
    width: int
    height: int
    size: int
    added_at: str

    @classmethod
    def from_row(cls, row: Row) -> StoredImage:
        """The value of a row of `images`."""
        return cls(
            sha256=row["sha256"],
            media_type=row["media_type"],
            width=row["width"],
            height=row["height"],
            size=row["size"],
            added_at=row["added_at"],
        )


@dataclass(frozen=True, slots=True)
class StagedImage:
    """A picture that is to be stored. `file` has its bytes under a passing name; None if they are there."""

    stored: StoredImage
    file: Path | None


class ImageStore:
    """The pictures of one database. Safe to use from many threads and processes."""

    def __init__(self, connections: Connections, folder: Path, limits: ImageLimits = DEFAULT_LIMITS) -> None:
        """Creates the folder. Raises StoreError if it cannot be written."""
        self._connections = connections
        self._folder = folder
        self._files = WholeFiles(folder)
        self._limits = limits
        try:
            self._files.create()
        except OSError as error:
            raise StoreError(
                f"The picture folder {folder} cannot be written ({error}). Make its folder writable, "
                "or choose another database."
            ) from error
        self._files.sweep()

    @property
    def folder(self) -> Path:
        """Where the pictures lie."""
        return self._folder

    def add(self, data: bytes, *, name: str | None = None) -> Image:
        """Store a picture, unless it is there already, and return it as a part of a message.

        `data` is the file as the person has it, `name` what they call it. Raises ImageError if it
        is not a picture, does not decode to its end, or is over a limit.
        """
        name = storable_name(name)
        sha256 = hashlib.sha256(data).hexdigest()
        stored = self._find(sha256)
        if stored is None or not self._is_sound(sha256) or not self._renew(stored):
            stored = self._examine(sha256, data, name)
            self._keep(stored, data)
        return Image(sha256, stored.media_type, stored.width, stored.height, name)

    def stage(self, data: bytes, *, name: str | None = None) -> StagedImage:
        """The first half of storing a picture together with other things: examine it and write it aside.

        `accept` or `discard` is to follow. Raises ImageError like `add`, StoreError if the disk fails.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        stored = self._find(sha256)
        if stored is not None and self._is_sound(sha256):
            return StagedImage(stored, None)
        stored = self._examine(sha256, data, storable_name(name))
        try:
            return StagedImage(stored, self._files.stage(data))
        except OSError as error:
            raise self._unwritable(error) from error

    def accept(self, database: Database, staged: StagedImage) -> None:
        """Within a transaction: store a staged picture. If it fails, `remove_files` takes the file away."""
        sha256 = staged.stored.sha256
        if staged.file is not None:
            try:
                self._files.place(staged.file, self._file(sha256))
            except OSError as error:
                raise self._unwritable(error) from error
            _insert(database, staged.stored)
        elif database.execute("SELECT 1 FROM images WHERE sha256 = ?", (sha256,)).fetchone() is None:
            raise StoreError(f"Picture {sha256} was deleted by someone else just now. Try once more.")

    def discard(self, staged: StagedImage) -> None:
        """Take away what a staged picture left aside; one that was accepted stays."""
        if staged.file is not None:
            with suppress(OSError):
                staged.file.unlink(missing_ok=True)

    def get(self, sha256: str) -> StoredImage:
        """What is known of a picture. Raises ImageError if it is not stored."""
        stored = self._find(sha256)
        if stored is None:
            raise ImageError(f"No picture {sha256} is stored. Add its bytes first.")
        return stored

    def read(self, sha256: str) -> bytes:
        """The original bytes. Raises ImageError if they are unknown, missing or altered on disk."""
        self.get(sha256)
        file = self._file(sha256)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ImageError(
                f"The file of picture {sha256} cannot be read ({error}). Add it again."
            ) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ImageError(
                f"The file of picture {sha256} has been altered on disk. Add the original again."
            )
        return data

    def shareable(self, sha256: str) -> bytes:
        """The picture's file without GPS, camera data, comments or anything else but the picture.

        A PNG, JPEG, GIF or WebP file; `memory.sharing.media_type_of` tells which. Raises
        ImageError like `read`.
        """
        return shareable(self.read(sha256))

    def path(self, sha256: str) -> Path:
        """The file with the original bytes. Raises ImageError if the picture is not stored."""
        self.get(sha256)
        return self._file(sha256)

    def thumbnail(self, sha256: str, side: int = 320) -> bytes:
        """A JPEG of the picture, upright, that fits a square of `side` pixels; never enlarged.

        Raises ImageError like `read`, and for a `side` outside 16 to 2048.
        """
        if side not in _THUMBNAIL_SIDES:
            raise ImageError(
                f"A thumbnail's side is {_THUMBNAIL_SIDES[0]} to {_THUMBNAIL_SIDES[-1]} pixels, not {side}."
            )
        original = self.path(sha256)
        cached = original.with_name(f"{sha256}.{side}.jpg")
        with suppress(OSError):
            return cached.read_bytes()
        picture = open_upright(self.read(sha256))
        picture.thumbnail((side, side))
        buffer = BytesIO()
        picture.save(buffer, "JPEG", quality=_THUMBNAIL_QUALITY)
        # A cache that cannot be written costs time, nothing else.
        with suppress(OSError):
            self._files.write(cached, buffer.getvalue())
        return buffer.getvalue()

    def __contains__(self, sha256: object) -> bool:
        return isinstance(sha256, str) and self._find(sha256) is not None

    def forget_unused(self, database: Database, candidates: Iterable[str]) -> list[str]:
        """Within a transaction: delete the rows of those pictures that no message shows any more.

        Returns their hashes, for `remove_files` once the transaction is committed.
        """
        return [
            sha256
            for sha256 in candidates
            if database.execute(
                "DELETE FROM images WHERE sha256 = :sha256"
                " AND NOT EXISTS (SELECT 1 FROM message_parts WHERE image_sha256 = :sha256)",
                {"sha256": sha256},
            ).rowcount
        ]

    def remove_files(self, hashes: Iterable[str]) -> None:
        """Delete the files of pictures without a row, thumbnails included."""
        for sha256 in hashes:
            # Holding the write lock: the picture may have been added again since its row went.
            with self._connections.immediate() as database:
                if database.execute("SELECT 1 FROM images WHERE sha256 = ?", (sha256,)).fetchone() is None:
                    file = self._file(sha256)
                    for leftover in file.parent.glob(f"{sha256}*"):
                        with suppress(OSError):
                            leftover.unlink()

    def strays(self) -> list[str]:
        """The hashes of files that have no row and were not written lately: a process died over them."""
        with self._connections.snapshot() as database:
            known = {sha256 for (sha256,) in database.execute("SELECT sha256 FROM images")}
        found: set[str] = set()
        for file in self._folder.glob("??/*"):
            sha256 = file.name[:64]
            if _SHA256.fullmatch(sha256) and sha256 not in known:
                with suppress(OSError):
                    if time.time() - file.stat().st_mtime > UNUSED_SECONDS:
                        found.add(sha256)
        return sorted(found)

    def problems(self, database: Database) -> Iterator[str]:
        """What is wrong with the pictures' files, in words. Reads every one of them."""
        for (sha256,) in database.execute("SELECT sha256 FROM images ORDER BY sha256"):
            try:
                found = _hash_of(self._file(sha256))
            except (OSError, ImageError):
                yield f"Picture {sha256} is missing: its file cannot be read."
            else:
                if found != sha256:
                    yield f"Picture {sha256} has been altered: its file holds something else."

    def _find(self, sha256: str) -> StoredImage | None:
        with self._connections.snapshot() as database:
            for row in list(database.query("SELECT * FROM images WHERE sha256 = ?", (sha256,))):
                return StoredImage.from_row(row)
        return None

    def _file(self, sha256: str) -> Path:
        # Hashes come from outside too (a page asks for them): none may lead out of the folder.
        if not _SHA256.fullmatch(sha256):
            raise ImageError(f"{sha256!r} is not the sha256 of a picture: 64 hexadecimal digits.")
        return self._folder / sha256[:2] / sha256

    def _is_sound(self, sha256: str) -> bool:
        try:
            return _hash_of(self._file(sha256)) == sha256
        except OSError:
            return False

    def _keep(self, stored: StoredImage, data: bytes) -> None:
        """Write the file, then its row: a row always has its file, whenever the process dies."""
        file = self._file(stored.sha256)
        try:
            # In one transaction, so that no deletion comes between the file and its row.
            with self._connections.immediate() as database:
                self._files.write(file, data)
                _insert(database, stored)
        except OSError as error:
            raise self._unwritable(error) from error

    def _examine(self, sha256: str, data: bytes, name: str | None) -> StoredImage:
        try:
            picture, media_type = decode(data, self._limits)
        except ImageError as error:
            raise ImageError(f"{name}: {error}" if name else str(error)) from error
        width, height = picture.size
        return StoredImage(sha256, media_type, width, height, len(data), now())

    def _renew(self, stored: StoredImage) -> bool:
        """Begin anew the time until a picture in no message is forgotten; False if it is gone already."""
        if stored.added_at > ago(UNUSED_SECONDS / 2):
            return True
        with self._connections.immediate() as database:
            query = "UPDATE images SET added_at = ? WHERE sha256 = ?"
            return database.execute(query, (now(), stored.sha256)).rowcount > 0

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The picture cannot be written to {self._folder} ({error}). Free some space or make the "
            "folder writable, and send it again."
        )


def _insert(database: Database, stored: StoredImage) -> None:
    database.execute(
        "INSERT INTO images (sha256, media_type, width, height, size, added_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *(stored.sha256, stored.media_type, stored.width, stored.height),
            *(stored.size, stored.added_at),
        ),
    )


def _hash_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
