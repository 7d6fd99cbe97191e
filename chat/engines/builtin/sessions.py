"""What an engine keeps of conversations between requests: prompts with their keys and values.

A session is found again by its *marks*, digests of the messages up to each boundary,
not by its tokens: so a reply's tokens stay those that were generated, however the
tokenizer would split its text when reading it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chat.model.cache import KVCache, PictureView
from prompts import Message, render_message

BUDGET = 512 * 2**20
"""Bytes of keys and values kept, for all sessions together."""


class Shown(NamedTuple):
    """A picture in a prompt: where its image token is, whose bytes it shows, and its number there."""

    at: int
    sha256: str
    number: int


def chain(messages: Sequence[Message], numbers: Sequence[int] = (), after: str = "") -> list[str]:
    """A mark for the end of each message: the sha256, in hex, of it and all before it, pictures included.

    `numbers` are those of the messages' pictures in order, which keys and values depend on;
    `after` is the mark of what came before these messages.
    """
    marks, given = [], iter(numbers)
    for message in messages:
        spans = [
            (span.kind, span.image.sha256, next(given)) if span.image else (span.kind, span.text, 0)
            for span in render_message(message)
        ]
        after = hashlib.sha256(json.dumps([after, spans]).encode()).hexdigest()
        marks.append(after)
    return marks


@dataclass
class Session:
    """One prompt: its token ids as read and generated, its pictures, its marks.

    marks: (digest, tokens up to the end of that message). The cache holds the first
    `cache.longest` of the ids, which may be fewer than all of them. `view` is of all its
    pictures, or None if it has none or they have not been put in view yet. While it is
    busy, a reply is being made in it.
    """

    cache: KVCache
    ids: list[int] = field(default_factory=list)
    pictures: list[Shown] = field(default_factory=list)
    marks: list[tuple[str, int]] = field(default_factory=list)
    view: PictureView | None = None
    busy: bool = False

    @property
    def bytes(self) -> int:
        """Memory held, in bytes."""
        return self.cache.bytes + (0 if self.view is None else self.view.bytes)

    @property
    def cached(self) -> int:
        """How many leading tokens have keys and values."""
        return min(self.cache.longest, len(self.ids))

    def shared(self, marks: Sequence[str]) -> int:
        """How many leading messages of a request are those of this session."""
        count = 0
        for (mine, _), theirs in zip(self.marks, marks, strict=False):
            if mine != theirs:
                break
            count += 1
        return count

    def rewind(self, messages: int) -> None:
        """Forget everything after the first so many messages, pictures that came later included."""
        del self.marks[messages:]
        length = self.marks[-1][1] if self.marks else 0
        del self.ids[length:]
        self.pictures = [picture for picture in self.pictures if picture.at < length]
        self.view = self.view and self.view.first(len(self.pictures))
        self.cache.truncate(length)

    def branch(self, messages: int) -> Session:
        """A session of its own with the first so many messages."""
        length = self.marks[messages - 1][1]
        pictures = [picture for picture in self.pictures if picture.at < length]
        return Session(
            self.cache.copy(min(length, self.cached)),
            self.ids[:length],
            pictures,
            self.marks[:messages],
            self.view and self.view.first(len(pictures)),
        )


class Sessions:
    """The sessions of an engine, least recently used first, within a budget of bytes."""

    def __init__(self, new_cache: Callable[[], KVCache], budget: int = BUDGET) -> None:
        self._new_cache, self._budget = new_cache, budget
        self._sessions: list[Session] = []

    @property
    def kept(self) -> int:
        """How many there are."""
        return len(self._sessions)

    @property
    def latest(self) -> Session:
        """The one used last."""
        return self._sessions[-1]

    def shared(self, marks: Sequence[str]) -> int:
        """The most leading messages of a request that any session holds."""
        return max((session.shared(marks) for session in self._sessions), default=0)

    def take(self, marks: Sequence[str]) -> Session:
        """The session to answer a request in, holding as many of its leading messages as are known.

        One that goes on differently keeps its own continuation: the request gets a copy
        of what they share, unless all that would be lost is a reply made to this very request.
        """
        shared = [session.shared(marks) for session in self._sessions]
        count = max(shared, default=0)
        if not count:
            return self.add(Session(self._new_cache()))
        # Of several, the one used last.
        best = self._sessions[len(shared) - 1 - shared[::-1].index(count)]
        if best.busy or len(best.marks) > count + (count == len(marks)):
            return self.add(best.branch(count))
        best.rewind(count)
        self._sessions.remove(best)
        return self.add(best)

    def add(self, session: Session) -> Session:
        """Keep a session, as the one used last."""
        self._sessions.append(session)
        return session

    def trim(self) -> None:
        """Forget the sessions used longest ago until the rest is within the budget; the last one stays."""
        total = sum(session.bytes for session in self._sessions)
        while total > self._budget and len(self._sessions) > 1:
            total -= self._sessions.pop(0).bytes

    def clear(self) -> None:
        """Forget them all."""
        self._sessions.clear()
