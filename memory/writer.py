"""Who is alive: each store that writes turns holds a lock on a file of its own.

A turn that is "running" names its writer. Whether that writer still lives is asked of the
operating system, which frees a dead process's locks: no process id that was given to another
program, no restart and no container with process ids of its own can deceive it.
"""

from __future__ import annotations

import secrets
import threading
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from memory.errors import StoreError

_ACQUIRE_SECONDS = 10.0


class Writer:
    """One store's own lock, and the way to ask about the locks of others.

    The lock files lie in `folder`, one for each living writer, named by its id.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: FileLock | None = None
        self._guard = threading.Lock()
        self._id = secrets.token_hex(16)

    def hold(self) -> str:
        """This writer's id; its lock is taken on first use. Raises StoreError if it cannot be."""
        with self._guard:
            if self._lock is None:
                # Not bound to a thread: a turn may begin in one thread and the store close in another.
                lock = FileLock(self._file(self._id), thread_local=False)
                try:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    lock.acquire(timeout=_ACQUIRE_SECONDS)
                except (OSError, Timeout, NotImplementedError) as error:
                    raise StoreError(
                        f"No file can be locked in {self._folder} ({error}). Put the database on a disk that "
                        "is writable and has file locks."
                    ) from error
                self._lock = lock
            return self._id

    def is_alive(self, writer_id: str) -> bool:
        """Whether the store that took this id is still open in a living process."""
        file = self._file(writer_id)
        if not file.exists():
            return False
        lock = FileLock(file, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return True
        except OSError:
            # It cannot be asked (another user's file, say): better to wait for it than to cut it off.
            return True
        with suppress(OSError):
            file.unlink()  # while it is held, so that nobody takes the name for a living writer's
        lock.release()
        return False

    def sweep(self) -> None:
        """Remove the lock files of writers that are gone."""
        for file in self._folder.glob("*.lock"):
            self.is_alive(file.stem)

    def release(self) -> None:
        """Let go of the lock: whatever this writer still has running may be recovered by others."""
        with self._guard:
            if self._lock is not None:
                with suppress(OSError):
                    self._file(self._id).unlink()
                self._lock.release()
                self._lock = None
                self._id = secrets.token_hex(16)

    def _file(self, writer_id: str) -> Path:
        return self._folder / f"{writer_id}.lock"
