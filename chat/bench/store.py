"""What the store takes at a million messages: to open a conversation, list them, find words, append a turn.

What bounds it: appending is two durable transactions, the person's message before the reply and the
reply at its end, and each waits at least once for the disk to have it. Opening reads a few rows a
message by index, whatever else there is; listing as many rows as are listed, in the order of an index.
Searching ranks the newest 2,000 places where all the words stand.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random

from chat.bench.archive import LONG_TAG, RARE, VOCABULARY, fill
from memory import Store
from memory.upkeep import stats
from prompts import user

DATABASE = "visavis.db"

LISTED = 100
"""Conversations that are listed at once."""

SEARCHES: Mapping[str, str] = {
    "the rarest word": RARE,
    "a word in five messages of a thousand": VOCABULARY[500],
    "the commonest word": VOCABULARY[0],
    "three common words": " ".join(VOCABULARY[1:4]),
    "a phrase of common words": f'"{VOCABULARY[0]} {VOCABULARY[1]}"',
    "the beginning of words": VOCABULARY[100][:4],
    "a word that nobody said": "plugh",
}


def measure(messages: int, repeats: int, folder: Path | None = None) -> dict[str, float]:
    """Medians over `repeats` in milliseconds, in a database of so many messages, and its size in megabytes.

    It is made in `folder`, or used again if it lies there already; without one, in a temporary folder.
    """
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visavis-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / DATABASE
        if not path.exists():
            began = time.perf_counter()
            fill(path, messages)
            print(f"The database was made in {time.perf_counter() - began:.0f} s.")
        store = stack.enter_context(Store.open(path))
        held = stats(store)
        print(
            f"{held.conversations:,} conversations, {held.messages:,} messages, {held.pictures:,} pictures; "
            f"the disk takes {1000 * sync_seconds(folder, repeats):.1f} ms to have 4 KB."
        )
        acts = doings(store)
        middle = {name: 1000 * median_seconds(act, repeats) for name, act in acts.items()}
        searches = {name: 1000 * median_seconds(_search(store, q), repeats) for name, q in SEARCHES.items()}
    for name, milliseconds in searches.items():
        print(f"Searching for {name}: {milliseconds:.1f} ms.")
    return {
        **middle,
        "search_ms": statistics.median(searches.values()),
        "search_slowest_ms": max(searches.values()),
        "size_mb": held.database_bytes / 1e6,
        "messages": held.messages,
        "pictures": held.pictures,
    }


def doings(store: Store) -> dict[str, Callable[[], object]]:
    """What is measured besides searching, by the names of the figures."""
    (long,) = (conversation.id for conversation in store.conversations(tag=LONG_TAG))
    talks = [conversation.id for conversation in store.conversations(limit=LISTED)]
    chance = Random(0)
    return {
        "open_ms": lambda: store.history(long),
        "list_ms": lambda: store.conversations(limit=LISTED),
        "list_all_ms": store.conversations,
        "append_ms": lambda: append(store, chance.choice(talks)),
        "append_long_ms": lambda: append(store, long),
    }


def append(store: Store, conversation_id: str) -> None:
    """One turn: the message is durable before its reply, and the reply at its end."""
    turn = store.begin_turn(
        conversation_id, user("and what is this?"), engine="echo", fingerprint="echo-1", sampling={}
    )
    store.finish_turn(turn.id, "a boat on the sea", reason="stop", usage={}, timings={})


def median_seconds(act: Callable[[], object], repeats: int) -> float:
    """The median time of doing something, after once that is not counted."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def sync_seconds(folder: Path, repeats: int) -> float:
    """The median time until the disk of a folder has 4 KB more of a file."""
    with tempfile.TemporaryFile(dir=folder) as file:

        def write() -> None:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())

        return median_seconds(write, repeats)


def _search(store: Store, query: str) -> Callable[[], object]:
    return lambda: store.search(query)
