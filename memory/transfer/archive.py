"""Files from outside, read with suspicion: zip archives and folders of exports.

A zip file says of itself how many members it has and how large they become. All of this is
checked before a byte is unpacked, nothing is ever unpacked to a path that the archive names, and
reading stops at the size that was announced. Whatever is wrong with an archive is a StoreError.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from memory.errors import StoreError

MAX_MEMBERS = 250_000
"""Files in one archive."""

MAX_RATIO = 100
"""How many times larger than itself an archive may become."""

FREE_BYTES = 256_000_000
"""An archive that becomes no larger than this may be packed as tightly as it likes."""

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_BUFFER_BYTES = 256 * 1024

_FAULTS = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError),
)
"""What `zipfile` lets through when it trips over a damaged archive."""


class Files(Protocol):
    """The files of an export, by names relative to its top, wherever they lie."""

    path: Path

    def names(self) -> list[str]:
        """The names of all files."""

    def size(self, name: str) -> int:
        """The bytes of a file. Raises StoreError if there is none."""

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file to be read. Raises StoreError if it cannot be, also while it is read."""


def read(files: Files, name: str, limit: int) -> bytes:
    """A whole file. Raises StoreError if it is longer than `limit` bytes or cannot be read."""
    if files.size(name) > limit:
        raise StoreError(
            f"{name!r} in {files.path} has {files.size(name) / 1e6:.0f} MB; "
            f"at most {limit / 1e6:.0f} MB are read. Remove it from there, or make it smaller."
        )
    with files.open(name) as stream:
        return stream.read(limit)


class Folder:
    """A folder, or the file in it that was named: then only its neighbours count, not folders below."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._top = path if path.is_dir() else path.parent
        self._deep = path.is_dir()

    def names(self) -> list[str]:
        """The names of all files."""
        with _in_words(self.path):
            found = self._top.rglob("*") if self._deep else self._top.iterdir()
            return sorted(file.relative_to(self._top).as_posix() for file in found if file.is_file())

    def size(self, name: str) -> int:
        """The bytes of a file. Raises StoreError if there is none."""
        with _in_words(self.path):
            return (self._top / name).stat().st_size

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file to be read. Raises StoreError if it cannot be, also while it is read."""
        with _in_words(self.path):
            stream = (self._top / name).open("rb")
        with stream:
            yield _reader(stream, self.path)


class Archive:
    """A zip archive. `allowed` says which names may be in it; without it, folders and any file may."""

    def __init__(self, path: Path, allowed: Callable[[str], bool] | None = None) -> None:
        """Raises StoreError if it is no zip archive, damaged, over a limit, or holds what is not allowed."""
        self.path = path
        with _in_words(path):
            self._zip = zipfile.ZipFile(path)
        try:
            self._members = self._checked(allowed)
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def names(self) -> list[str]:
        """The names of all files, in the archive's order."""
        return list(self._members)

    def size(self, name: str) -> int:
        """The bytes of a file, unpacked. Raises StoreError if there is none."""
        return self._member(name).file_size

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A file to be read. Raises StoreError if it cannot be, also while it is read."""
        with _in_words(self.path):
            stream = self._zip.open(self._member(name))
        with stream:
            yield _reader(stream, self.path)

    def _member(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._members[name]
        except KeyError:
            raise StoreError(f"{self.path} has no {name!r} in it. Export it again.") from None

    def _checked(self, allowed: Callable[[str], bool] | None) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        found = self._zip.infolist()
        if len(found) > MAX_MEMBERS:
            raise StoreError(
                f"{self.path} has {len(found)} files in it; at most {MAX_MEMBERS} are read. "
                "Export fewer conversations at a time."
            )
        for member in found:
            if member.filename in members:
                raise StoreError(f"{self.path} holds {member.filename!r} twice. Export it again.")
            if member.compress_type not in _METHODS or member.flag_bits & _ENCRYPTED:
                raise StoreError(
                    f"{member.filename!r} in {self.path} is encrypted, or packed in an unknown way. "
                    "Unpack it with the program that made it, and zip it again without a password."
                )
            if allowed is not None and not allowed(member.filename):
                raise StoreError(
                    f"{self.path} holds {member.filename!r}, which does not belong there. Nothing was read; "
                    "use the file as it was exported."
                )
            if not member.is_dir():
                members[member.filename] = member
        self._refuse_bomb(sum(member.file_size for member in found))
        return members

    def _refuse_bomb(self, unpacked: int) -> None:
        packed = self.path.stat().st_size
        if unpacked > max(FREE_BYTES, MAX_RATIO * packed):
            raise StoreError(
                f"{self.path} would grow from {packed / 1e6:.1f} MB to {unpacked / 1e6:.0f} MB. "
                "No export does that, so nothing was unpacked."
            )


class _Explained(io.RawIOBase):
    """A stream whose failures are StoreErrors, whoever reads it and whatever else they do meanwhile."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        with _in_words(self._path):
            data = self._stream.read(len(view))
        view[: len(data)] = data
        return len(data)


def _reader(stream: IO[bytes], path: Path) -> IO[bytes]:
    return io.BufferedReader(_Explained(stream, path), _BUFFER_BYTES)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(f"There is no file {error.filename or path}. Check the path.") from error
    except _FAULTS as error:
        raise StoreError(
            f"{path} cannot be read: it is damaged, cut short or not what it is taken for ({error}). "
            "Nothing was changed; get the file once more."
        ) from error
