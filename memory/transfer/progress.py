"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Called as `progress("pictures", 3, 120)`: of what, how many are done, and of how many if known."""

    def __call__(self, what: str, done: int, total: int | None = None) -> None: ...


def silent(what: str, done: int, total: int | None = None) -> None:
    """Says nothing."""


def counted(items: Iterable[T], what: str, progress: Progress, total: int | None = None) -> Iterator[T]:
    """The items, each told of when it is done with."""
    for done, item in enumerate(items, start=1):
        yield item
        progress(what, done, total)
