"""What the tests of moving share: talks worth moving, and everything that a store holds."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from memory import Store
from memory.transfer.tables import HERE
from prompts import user

_IGNORED = {"owner", "rowid", *HERE}


def png(colour: str = "red", size: tuple[int, int] = (16, 12)) -> bytes:
    """A small picture's file."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def say(store: Store, conversation_id: str, words: str, reply: str | None, *pictures: bytes) -> str:
    """One whole turn, its pictures called 1.png, 2.png, …; the id of the user's message."""
    images = [store.images.add(data, name=f"{number}.png") for number, data in enumerate(pictures, start=1)]
    turn = store.begin_turn(
        conversation_id,
        user(words, images),
        engine="echo",
        fingerprint="f0",
        sampling={"temperature": 0.5},
        facts=["f1"],
    )
    store.finish_turn(
        turn.id, reply or "", reason="stop", usage={"tokens": 3}, timings={"total_s": 0.5}, dropped=["m1"]
    )
    return turn.user_message_id


def begin_talks(store: Store) -> tuple[str, str]:
    """A talk with pictures, branches and everything a person can arrange; and a fork of it. Their ids."""
    talk = store.create_conversation("Holiday ☀", persona="guide")
    first = say(store, talk.id, "look 你好", "a red square", png("red"))
    say(store, talk.id, "and this?", "blue, what's more", png("blue"), png("red"))
    fork = store.fork_conversation(talk.id, first)
    say(store, fork.id, "never mind", None)
    store.switch_branch(talk.id, first)
    store.pins.add(talk.id, store.images.add(png("blue")).sha256)
    store.organise_conversation(talk.id, pinned=True, notes="keep", tags=["sea", "sun"])
    store.facts.add("I like the sea ☀", message_id=first)
    store.facts.add("Be brief", persona="guide")
    return talk.id, fork.id


def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All rows of an owner but caches, without what means something in one database alone."""
    tables: tuple[str, ...] = ("conversations", "conversation_tags", "forks", "pinned_pictures", "turns")
    tables += ("messages", "message_parts", "facts")
    found = {}
    with store.connections.snapshot() as database:
        for table in tables:
            rows = database.query(f"SELECT * FROM {table} WHERE owner = ?", (store.owner,))
            kept = [{name: value for name, value in row.items() if name not in _IGNORED} for row in rows]
            if table == "message_parts":
                kept = [{name: value for name, value in row.items() if name != "id"} for row in kept]
            found[table] = sorted(kept, key=lambda row: json.dumps(row, sort_keys=True))
        columns = "sha256, media_type, width, height, size"
        found["images"] = list(database.query(f"SELECT {columns} FROM images ORDER BY sha256"))
    return found


def picture_files(store: Store) -> set[str]:
    """The files in the picture folder, whatever they are, by their paths in it."""
    folder = store.images.folder
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def members(path: Path) -> dict[str, bytes]:
    """What is in a zip archive."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, change: Callable[[dict[str, bytes]], Mapping[str, bytes] | None]) -> Path:
    """An archive with its members changed, beside the original."""
    content = members(path)
    content = dict(change(content) or content)
    target = path.with_name(f"changed-{path.name}")
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return target
