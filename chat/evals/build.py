"""The whole suite from its parts, and its manifest.

A suite is the same on every machine: each item follows from a seed that names it, and the font
is the one that Pillow carries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from chat.errors import ConfigError
from chat.evals import captions, cognition, dialogue, hallucination, long, perception
from chat.evals.items import Item, Part
from chat.evals.sizes import Size, size_of
from chat.evals.splits import OF_DIALOGUES, OF_PICTURES, check_split
from chat.training.scene import Scene

Maker = Callable[[str, str, Size], Iterator[Item]]
"""(suite, split, counts) → items."""

PARTS: dict[Part, Maker] = {
    "P": perception.items,
    "H": hallucination.items,
    "C": cognition.items,
    "G": captions.items,
    "D": dialogue.items,
    "L": long.items,
}
"""Every part that an engine alone can be put through, in the order of a report."""

WITHOUT_QUESTIONS = ("R",)
"""Parts that need an embedder rather than replies: see `chat.evals.retrieval`."""

SPLITS_OF: dict[Part, tuple[str, ...]] = {
    "P": OF_PICTURES,
    "H": ("iid", "wordings", "renderer"),
    "C": ("iid", "wordings", "renderer"),
    "G": ("iid", "objects"),
    "D": ("iid", "wordings", *OF_DIALOGUES),
    "L": ("iid",),
}
"""The splits in which a part is measured."""

MANIFEST = Path(__file__).with_name("manifest-smoke.json")
"""One digest over each part of the smoke suite: a test notices when the suite changes by accident."""


def build(suite: str, parts: Sequence[str] = tuple(PARTS), splits: Sequence[str] = ("iid",)) -> list[Item]:
    """The suite's items, part by part; a part is left out of the splits that it does not have, and one
    without questions has none.

    Raises ConfigError for an unknown suite, part or split.
    """
    size = size_of(suite)
    for split in splits:
        check_split(split)
    wanted = [_part(name) for name in parts if name not in WITHOUT_QUESTIONS]
    return [
        item
        for split in splits
        for part in wanted
        if split in SPLITS_OF[part]
        for item in PARTS[part](suite, split, size)
    ]


def _part(name: str) -> Part:
    for part in PARTS:
        if part == name:
            return part
    raise ConfigError(f"There is no part {name!r}. Use some of: {', '.join((*PARTS, *WITHOUT_QUESTIONS))}.")


def manifest(items: Sequence[Item]) -> Iterator[str]:
    """A line for each item: sha256 over all that a model is shown and judged by, and its name."""
    for item in items:
        yield f"{item.digest}  {item.part}/{item.split}/{item.family}/{item.index}"


def digests(items: Sequence[Item]) -> dict[str, str]:
    """One sha256 for each part, over words and facts but not pixels.

    The files' bytes follow from the version of the library that writes them; what is drawn and
    asked does not.
    """
    parts: dict[str, hashlib._Hash] = {}
    for item in items:
        facts = [fact.facts if isinstance(fact, Scene) else fact for fact in item.facts]
        asks = [
            (ask.question, ask.answer, ask.kind, ask.values, ask.rivals, ask.pictures, ask.refers_to)
            for ask in item.asks
        ]
        text = json.dumps([item.part, item.family, item.split, item.index, item.twin, asks, facts])
        parts.setdefault(item.part, hashlib.sha256()).update(text.encode())
    return {part: whole.hexdigest() for part, whole in parts.items()}
