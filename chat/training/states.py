"""What a resumed run needs, on disk: `state.pt`, or the same bytes in numbered parts.

Either appears whole or not at all: parts get new names, and `state.json`, which lists
them, is replaced last.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import IO, Any

import torch

from chat.errors import CheckpointError
from chat.model.checkpoint import write_whole

WHOLE = "state.pt"
INDEX = "state.json"
MEGABYTE = 10**6


def exists(folder: Path) -> bool:
    """Whether a state was saved here."""
    return (folder / WHOLE).exists() or (folder / INDEX).exists()


def write(folder: Path, state: dict[str, Any], part_mb: float | None = None) -> None:
    """Save a state in the place of the one before; files of at most `part_mb` megabytes (10⁶ bytes), or
    one file."""
    old = _listed(folder)
    if part_mb is None:
        partial = folder / f"{WHOLE}.partial"
        torch.save(state, partial)
        os.replace(partial, folder / WHOLE)
        (folder / INDEX).unlink(missing_ok=True)
    else:
        # Other names than the parts that are there, which hold until the new ones are complete.
        turn = "b" if any(".a." in path.name for path, _ in old) else "a"
        with _Parts(folder, f"state.{turn}", round(part_mb * MEGABYTE)) as parts:
            torch.save(state, parts)  # type: ignore[arg-type]
        write_whole(folder / INDEX, (json.dumps({"parts": parts.sizes}, indent=2) + "\n").encode())
        (folder / WHOLE).unlink(missing_ok=True)
    for path, _ in old:
        path.unlink(missing_ok=True)


def read(folder: Path, device: torch.device) -> dict[str, Any]:
    """The state that was saved last. Raises CheckpointError where a part is missing or cut short."""
    listed = _listed(folder)
    source: Any = folder / WHOLE
    if listed:
        for path, size in listed:
            if not path.is_file() or path.stat().st_size != size:
                raise CheckpointError(
                    f"{path} is not there whole: copy all of the state's files again, or begin a new run."
                )
        source = io.BufferedReader(_Joined(listed))
    state: dict[str, Any] = torch.load(source, map_location=device, weights_only=True)
    return state


def _listed(folder: Path) -> list[tuple[Path, int]]:
    """The parts of the last state and their bytes; none if it is one file."""
    index = folder / INDEX
    if not index.exists():
        return []
    parts = json.loads(index.read_text("utf-8"))["parts"]
    return [(folder / name, int(size)) for name, size in parts.items()]


class _Parts:
    """A stream of bytes into files `NAME.000`, `NAME.001` … of at most `limit` bytes; `sizes` by name."""

    def __init__(self, folder: Path, name: str, limit: int) -> None:
        self._folder, self._name, self._limit = folder, name, max(1, limit)
        self._file: IO[bytes] | None = None
        self._last = ""
        self.sizes: dict[str, int] = {}

    def __enter__(self) -> _Parts:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, data: bytes) -> int:
        view = memoryview(data).cast("B")
        start = 0
        while start < len(view):
            if self._file is None or self.sizes[self._last] == self._limit:
                self.__exit__()
                self._last = f"{self._name}.{len(self.sizes):03}"
                self.sizes[self._last] = 0
                self._file = (self._folder / self._last).open("wb")
            stop = start + self._limit - self.sizes[self._last]
            written = self._file.write(view[start:stop])
            self.sizes[self._last] += written
            start += written
        return len(view)

    def flush(self) -> None:
        if self._file is not None:
            self._file.flush()


class _Joined(io.RawIOBase):
    """Parts as one file to read."""

    def __init__(self, parts: list[tuple[Path, int]]) -> None:
        self._parts = parts
        self._files: list[IO[bytes]] = [path.open("rb") for path, _ in parts]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        total = sum(size for _, size in self._parts)
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: total}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        start = 0
        for file, (_, size) in zip(self._files, self._parts, strict=True):
            if self._at < start + size:
                file.seek(self._at - start)
                view = memoryview(buffer).cast("B")
                data = file.read(min(len(view), start + size - self._at))
                view[: len(data)] = data
                self._at += len(data)
                return len(data)
            start += size
        return 0

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
