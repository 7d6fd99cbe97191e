"""Files that are whole or not there: written and synced aside, then renamed into their place.

<folder>/ab/ab12…   a file, by its hash
<folder>/incoming/  files being written
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

_ABANDONED_SECONDS = 3600.0
"""A file this long in `incoming` was left by a process that died while writing it."""


class WholeFiles:
    """One folder of such files. What the disk cannot do is an OSError, for the caller to put in words."""

    def __init__(self, folder: Path) -> None:
        self._incoming = folder / "incoming"

    def create(self) -> None:
        """Create the folder if need be; `stage` does so too."""
        self._incoming.mkdir(parents=True, exist_ok=True)

    def sweep(self) -> None:
        """Remove what processes left behind that died while writing."""
        # A folder that is not there, or files that cannot be removed, are no reason to fail.
        with suppress(OSError):
            for file in self._incoming.iterdir():
                with suppress(OSError):
                    if time.time() - file.stat().st_mtime > _ABANDONED_SECONDS:
                        file.unlink()

    def write(self, file: Path, data: bytes) -> None:
        """All of the file or nothing of it, on disk when this returns."""
        staged = self.stage(data)
        try:
            self.place(staged, file)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise

    def stage(self, data: bytes) -> Path:
        """Write the bytes to disk under a passing name, for `place`; or, if this fails, nothing."""
        self.create()
        staged = self._incoming / secrets.token_hex(16)
        try:
            with staged.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        return staged

    def place(self, staged: Path, file: Path) -> None:
        """Move a staged file to where it belongs, replacing what is there."""
        file.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(file)
        _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut, where the system can be asked to."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
