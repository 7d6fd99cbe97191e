"""Hundreds of exports with something wrong in them: each comes in or is refused, and nothing in between."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memory import Store, StoreError
from memory.transfer import import_file
from tests.helpers.exports import chatgpt_conversation, claude_conversation, mutated
from tests.helpers.llm import newer_logs, older_logs
from tests.helpers.transfer import everything, picture_files, png

ROUNDS = 150


def openai_conversation() -> dict[str, Any]:
    """Messages as OpenAI has them."""
    parts = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "data:;base64,AA=="}}]
    return {
        "id": "x",
        "title": "t",
        "messages": [{"role": "user", "content": parts}, {"role": "assistant", "content": "ho"}],
    }


def tried(store: Store, path: Path, kind: str) -> bool:
    """Import a file; whether it came in. Otherwise nothing must have changed."""
    before = everything(store)
    try:
        import_file(store, path, kind)
    except StoreError:
        assert everything(store) == before
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "make"),
    [("chatgpt", chatgpt_conversation), ("claude", claude_conversation), ("openai", openai_conversation)],
)
def test_exports_with_odd_values(
    store: Store, tmp_path: Path, kind: str, make: Callable[[], dict[str, Any]]
) -> None:
    chance, path = random.Random(kind), tmp_path / "conversations.json"
    came_in = 0
    for _ in range(ROUNDS):
        path.write_text(json.dumps(mutated([make()], chance)), "utf-8")
        came_in += tried(store, path, kind)
    assert 0 < came_in < ROUNDS
    assert store.verify() == []
    for conversation in store.conversations():
        assert len(store.history(conversation.id)) == len(store.messages(conversation.id))


@pytest.mark.parametrize("kind", ["chatgpt", "llm"])
def test_files_with_damaged_bytes(store: Store, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "damaged"
    if kind == "llm":
        older_logs(tmp_path / "logs.db", png("red"), tmp_path / "gone.png")
        original = newer_logs(tmp_path / "logs.db", png("blue")).read_bytes()
    else:
        original = json.dumps([chatgpt_conversation()]).encode()
    chance, came_in = random.Random(kind), 0
    for _ in range(ROUNDS):
        data = bytearray(original)
        for _ in range(chance.choice([1, 3, 30])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data if chance.random() < 0.9 else data[: chance.randrange(len(data))])
        came_in += tried(store, path, kind)
    assert 0 < came_in < ROUNDS
    assert store.verify() == []
    assert all("incoming" not in name for name in picture_files(store))
