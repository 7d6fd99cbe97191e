"""Threads that write, read, search, put in order and tidy up one database, until the time is over."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import PIL.Image

from memory import Store
from memory.upkeep import collect, stats
from prompts import user

CONVERSATIONS = 10
"""Of one thread; when there are more, the oldest is deleted."""

PICTURES = 20
"""Of one thread, so that deleting takes some away and others come again."""


def work(path: str, name: str, threads: str, seconds: str) -> None:
    """Say on stdout, for each thread, "name=turns", without those it deleted; raises whatever one meets."""
    together = Barrier(int(threads))
    with Store.open(path) as store, ThreadPoolExecutor(int(threads)) as pool:
        members = [Member(store, f"{name}/{number}") for number in range(int(threads))]
        kept = pool.map(lambda member: member.work(together, float(seconds)), members)
        print(*(f"{member.name}={turns}" for member, turns in zip(members, kept, strict=True)), flush=True)


class Member:
    """One thread's doings. It touches others' conversations only to read them."""

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self._store = store
        self._random = random.Random(name)
        self._mine: dict[str, int] = {}

    def work(self, together: Barrier, seconds: float) -> int:
        """Do one thing after another for so many seconds; the number of its turns that are left."""
        acts: list[Callable[[str], object]] = [
            *(self._talk, self._talk, self._talk, self._arrange, self._find, self._read, self._tidy)
        ]
        together.wait()
        end = time.monotonic() + seconds
        while time.monotonic() < end or not any(self._mine.values()):
            self._random.choice(acts)(self._choose())
        return sum(self._mine.values())

    def _choose(self) -> str:
        if len(self._mine) > CONVERSATIONS:
            oldest = next(iter(self._mine))
            self._store.delete_conversation(oldest)
            del self._mine[oldest]
        if not self._mine or self._random.random() < 0.1:
            self._mine[self._store.create_conversation(self.name).id] = 0
        return self._random.choice(list(self._mine))

    def _talk(self, talk: str) -> None:
        """A turn with a picture that nobody else shows, but that comes again."""
        image = self._store.images.add(self._picture())
        message = user(f"{self.name} sees this {self._random.random()}", [image])
        turn = self._store.begin_turn(talk, message, engine="e", fingerprint="f", sampling={})
        self._store.flush_turn(turn.id, "I")
        self._store.finish_turn(turn.id, "I see", reason="stop", usage={}, timings={})
        self._mine[talk] += 1

    def _arrange(self, talk: str) -> None:
        pinned = self._random.random() < 0.5
        self._store.organise_conversation(talk, pinned=pinned, tags=[self.name, "all"])
        self._store.rename_conversation(talk, f"{self.name}, again")

    def _find(self, talk: str) -> None:
        self._store.search(f'sees "{self.name}"')
        self._store.search("I see", conversation_id=talk)

    def _read(self, talk: str) -> None:
        assert len(self._store.history(talk)) == 2 * self._mine[talk]
        self._store.conversations(limit=20)
        self._store.conversations(tag="all", limit=20)
        self._store.tags()

    def _tidy(self, talk: str) -> None:
        collect(self._store)
        stats(self._store)

    def _picture(self) -> bytes:
        buffer = io.BytesIO()
        picture = PIL.Image.new("RGB", (8, 8), (self._random.randrange(PICTURES), 0, 0))
        picture.info["comment"] = self.name
        picture.save(buffer, "GIF")
        return buffer.getvalue()
