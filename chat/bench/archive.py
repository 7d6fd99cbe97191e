"""Years of conversations, made up in minutes: rows put straight into the tables that the store has made.

The words are invented and as unequally frequent as those of a language are (Zipf 1949, Human Behavior
and the Principle of Least Effort): the n-th one 1/n times as often as the first.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import accumulate, product
from pathlib import Path
from random import Random

from memory import Store
from memory.records import moment
from memory.tree import message_id
from memory.words import spaced_text
from prompts import Image, Message, assistant, user

OWNER = "local"
LONG_TAG = "long"
"""The tag of the one conversation that has LONG_TURNS; the others have TURNS."""

LONG_TURNS, TURNS = 1000, 10
PICTURE_EVERY = 20
"""Messages to one picture."""

ASKED_WORDS, REPLY_WORDS = 10, 40
SYLLABLES = "ba de fi go ku la me ni po ru sa te vi wo zu".split()
VOCABULARY = tuple("".join(three) for three in product(SYLLABLES, repeat=3))
"""3,375 words, the most frequent first."""

RARE = "xyzzy"
"""A word that is said once in all."""

CACHE_KIB = 1_500_000
"""Memory that SQLite may take for it."""

_START = datetime(2020, 1, 1, tzinfo=UTC)
_FREQUENCIES = tuple(accumulate(1 / rank for rank in range(1, len(VOCABULARY) + 1)))

_INSERT = {
    "images": "INSERT INTO images (sha256, media_type, width, height, size, added_at)"
    " VALUES (?, 'image/png', 640, 480, 100000, ?)",
    "messages": "INSERT INTO messages (owner, id, parent, depth, role, created_at)"
    f" VALUES ('{OWNER}', ?, ?, ?, ?, ?)",
    "parts": "INSERT INTO message_parts (owner, message_id, position, text, image_sha256, media_type, name)"
    f" VALUES ('{OWNER}', ?, ?, ?, ?, ?, ?)",
    "conversations": "INSERT INTO conversations (owner, id, title, persona, tip, created_at, updated_at)"
    f" VALUES ('{OWNER}', ?, ?, 'plain', ?, ?, ?)",
    "conversation_tags": "INSERT INTO conversation_tags (owner, conversation_id, tag)"
    f" VALUES ('{OWNER}', ?, '{LONG_TAG}')",
    "turns": "INSERT INTO turns (owner, id, conversation_id, number, user_message_id, reply_message_id,"
    " status, partial_text, reason, engine, fingerprint, sampling, usage, timings, dropped, writer,"
    " process_id, created_at, finished_at)"
    f" VALUES ('{OWNER}', ?, ?, ?, ?, ?, 'done', '', 'stop', 'echo', 'echo-1',"
    """ '{"temperature": 0.7}', '{"prompt_tokens": 100, "completion_tokens": 40}', '{"total_s": 1.0}',"""
    " '[]', '', 0, ?, ?)",
}

Rows = dict[str, list[tuple[object, ...]]]


def fill(path: Path, messages: int) -> None:
    """Make a database at `path` with about so many messages, one to PICTURE_EVERY with a picture's row.

    It is there when all of it is; the pictures' files are not. The full-text index is made by the
    triggers that always keep it.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        file = Path(folder) / path.name
        Store.open(file).close()
        with closing(sqlite3.connect(file, isolation_level=None)) as database:
            # What the triggers of labels call; the program's connections know it.
            database.create_function("spaced_text", 1, spaced_text, deterministic=True)
            # Ids are hashes, whose rows lie all over the indexes: they are written once, at the end.
            for pragma in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{CACHE_KIB}"):
                database.execute(f"PRAGMA {pragma}")
            database.execute("BEGIN")
            for rows in _talks(messages):
                for table, insert in _INSERT.items():
                    database.executemany(insert, rows[table])
            database.execute("COMMIT")
        file.rename(path)


def _talks(messages: int) -> Iterator[Rows]:
    """The rows of one conversation after another, the long one first."""
    chance, said, number = Random(0), 0, 0
    while said < messages:
        turns = TURNS if number else LONG_TURNS
        yield _talk(chance, number, said, turns)
        said += 2 * turns
        number += 1


def _talk(chance: Random, number: int, said: int, turns: int) -> Rows:
    """The rows of a conversation, before which so many messages were `said`."""
    rows: Rows = {table: [] for table in _INSERT}
    identity, parent = f"{number:032x}", None
    began = _moment(said)
    for turn in range(turns):
        asked_at, replied_at = _moment(said + 2 * turn), _moment(said + 2 * turn + 1)
        opening = f"{RARE} " if not said and not turn else ""
        shown = []
        if (said + 2 * turn) % PICTURE_EVERY == 0:
            digest = sha256(f"picture {said + 2 * turn}".encode()).hexdigest()
            rows["images"].append((digest, asked_at))
            shown = [Image(digest, "image/png", 640, 480, "holiday.png")]
        asked = user(opening + _words(chance, ASKED_WORDS), shown)
        question = _message(rows, asked, parent, 2 * turn, asked_at)
        reply = assistant(_words(chance, REPLY_WORDS))
        parent = _message(rows, reply, question, 2 * turn + 1, replied_at)
        turn_id = f"{said // 2 + turn:032x}"
        rows["turns"].append((turn_id, identity, turn + 1, question, parent, asked_at, replied_at))
    rows["conversations"].append((identity, _words(chance, 4), parent, began, replied_at))
    rows["conversation_tags"] += [] if said else [(identity,)]
    return rows


def _message(rows: Rows, message: Message, parent: str | None, depth: int, created_at: str) -> str:
    identity = message_id(parent, message)
    rows["messages"].append((identity, parent, depth, message.role, created_at))
    for position, part in enumerate(message.parts):
        content = (None, part.sha256, part.media_type, part.name) if isinstance(part, Image) else None
        rows["parts"].append((identity, position, *(content or (message.text, None, None, None))))
    return identity


def _words(chance: Random, count: int) -> str:
    return " ".join(chance.choices(VOCABULARY, cum_weights=_FREQUENCIES, k=count))


def _moment(minutes: int) -> str:
    return moment(_START + timedelta(minutes=minutes))
