"""The Open Clip Art Library's drawings, by the reviewed names in `clipart_names`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from chat.training.sources.clipart_names import KINDS, LISTED
from chat.training.sources.cutout import Cutout

FOLDER = Path("/usr/share/openclipart/png")


def _kinds() -> dict[str, str]:
    lines = (line.split(": ", 1) for line in KINDS.strip().splitlines())
    return {name.replace("+", " "): kind for kind, names in lines for name in names.split()}


def _entries() -> Iterator[tuple[str, str]]:
    """Each listed picture's path below the library's folder, without its suffix, and its name."""
    for section in LISTED.strip().removeprefix("[").split("\n["):
        folder, _, entries = section.partition("]")
        for entry in entries.split(";"):
            name, _, stems = entry.partition(":")
            for stem in stems.split():
                yield f"{folder}/{stem}", name.strip().replace("+", " ")


def clipart(folder: Path = FOLDER) -> list[Cutout]:
    """The listed drawings that are installed in `folder`, in order of path."""
    kinds = _kinds()
    listed = sorted((folder / f"{key}.png", name) for key, name in _entries())
    return [
        Cutout(str(path), name, kinds.get(name, ""), "drawing", "openclipart")
        for path, name in listed
        if path.exists()
    ]
