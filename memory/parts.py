"""Reading a snapshot's part where it lies: mapped to memory, it is copied once, to where it is wanted."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from pathlib import Path

from blake3 import blake3

__all__ = ["Part"]

_POPULATE_READ = 22
"""MADV_POPULATE_READ of Linux 5.14, which Python has no name for."""


class Part:
    """The bytes of a part, `data`: to be used only if `sound` says so.

    `digest` is the BLAKE3 in hex, and `size` the bytes, of what was saved. Raises OSError where
    the disk fails.
    """

    def __init__(self, path: Path, digest: str, size: int) -> None:
        self._path, self._digest = path, digest
        self.data = _bytes_of(path, size)

    def sound(self) -> bool:
        """Whether these are the bytes that were saved. If not, their file is removed, so that they will be
        saved anew."""
        if blake3(self.data).hexdigest() == self._digest:
            return True
        with suppress(OSError):
            self._path.unlink()
        return False


def _bytes_of(path: Path, size: int) -> memoryview:
    """A file of `size` bytes, or of whatever it has; its pages where that is safe, otherwise a copy."""
    with path.open("rb") as stream:
        # A disk that fails under a mapped page ends the process, unless, asked for all pages at
        # once, it fails there. Later the file is not touched: whoever saves it anew replaces it.
        if sys.platform == "linux":
            with suppress(OSError, ValueError):
                pages = mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_COPY)
                pages.madvise(_POPULATE_READ)
                return memoryview(pages)
        return memoryview(bytearray(stream.read()))
