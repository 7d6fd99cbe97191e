"""The vocabulary every layer shares: a message is a role and a tuple of parts.

Plain frozen values without storage ids, so that a message means the same in
the store, the prompt, the engine, the page and a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Text:
    """A run of words."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, known by the sha256 of its original bytes; the bytes live in the store.

    `width` and `height` are pixels as shown (EXIF orientation applied). `name` is
    what the person's file was called: it labels, it does not identify.
    """

    sha256: str
    media_type: str = "image/png"
    width: int = field(default=0, compare=False)
    height: int = field(default=0, compare=False)
    name: str | None = field(default=None, compare=False)


Part = Text | Image


@dataclass(frozen=True, slots=True)
class Message:
    """One utterance: who speaks, and text and pictures in the order they were given."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All the words, without the pictures."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures, in order."""
        return tuple(part for part in self.parts if isinstance(part, Image))


def system(text: str) -> Message:
    """A system message."""
    return Message("system", (Text(text),))


def user(text: str, images: Iterable[Image] = ()) -> Message:
    """A user message: its pictures first, then its words, as people drop and then ask."""
    words = (Text(text),) if text else ()
    return Message("user", (*images, *words))


def assistant(text: str) -> Message:
    """A reply."""
    return Message("assistant", (Text(text),))
