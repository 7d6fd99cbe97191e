"""What the tests of the dialogue share: a store, a gated echo engine, and a manager over the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.conversation import DialogueManager
from chat.engines import EchoEngine
from memory import Store
from tests.helpers.gate import Gate


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "chat.db") as store:
        yield store


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Shut at first; opened at the end, so that no worker is left waiting."""
    gate = Gate()
    yield gate
    gate.open()


@pytest.fixture
def manager(store: Store) -> Iterator[DialogueManager]:
    """Answers at once."""
    manager = DialogueManager(store, EchoEngine())
    yield manager
    manager.close()


@pytest.fixture
def gated(store: Store, gate: Gate) -> Iterator[DialogueManager]:
    """Answers as the gate lets it."""
    manager = DialogueManager(store, EchoEngine(gate=gate))
    yield manager
    gate.open()
    manager.close()
