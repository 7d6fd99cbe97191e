"""The tenth subtask of perception: what kind of picture it is."""

from __future__ import annotations

from collections.abc import Iterator

from chat.evals.cognition import subtask
from chat.evals.items import Item
from chat.evals.sizes import Size


def items(suite: str, split: str, size: Size) -> Iterator[Item]:
    """Pictures of five kinds, with two yes/no questions each, then open ones."""
    yield from subtask(suite, split, "P", "scene", (size.perception, size.perception_open))
