"""The store's benchmark makes what it says it does, and measures it; how fast that is, is not tested."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from chat.bench import __main__ as command
from chat.bench import archive
from chat.bench.store import DATABASE, SEARCHES
from memory import Store
from memory.upkeep import stats

FIGURES = {
    "open_ms",
    "list_ms",
    "search_ms",
    "append_ms",
    "search_slowest_ms",
    "list_all_ms",
    "append_long_ms",
}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long conversation that takes no time."""
    monkeypatch.setattr(archive, "LONG_TURNS", 30)


def test_the_archive_is_as_the_program_would_have_written_it(tmp_path: Path) -> None:
    archive.fill(tmp_path / DATABASE, 400)
    with Store.open(tmp_path / DATABASE) as store:
        held = stats(store)
        assert (held.messages, held.turns, held.pictures) == (400, 200, 20)
        (long,) = store.conversations(tag=archive.LONG_TAG)
        history = store.history(long.id)
        assert len(history) == 60
        assert all(len(entry.siblings) == 1 for entry in history)
        assert all((entry.turn is not None) == (entry.message.role == "assistant") for entry in history)
        assert history[0].message.images[0].width == 640
        missing = [problem for problem in store.verify() if "its file cannot be read" in problem]
        assert store.verify() == missing
        assert len(missing) == held.pictures
        assert [hit.message_id for hit in store.search(archive.RARE)] == [history[0].message_id]
        assert {len(store.search(query)) > 0 for query in list(SEARCHES.values())[:3]} == {True}


def test_store(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = ["--messages", "200", "--folder", str(tmp_path / "made"), "--repeats", "2"]
    for run in range(2):
        monkeypatch.setattr(sys, "argv", ["bench", "store", *options])
        command.main()
        lines = capfd.readouterr().out.splitlines()
        figures = json.loads(lines[-1])
        assert figures["benchmark"] == "store"
        assert figures.keys() >= FIGURES | {"size_mb"}
        assert all(figures[name] > 0 for name in FIGURES)
        assert figures["pictures"] == 10
        # The second time it is there already, with what was appended.
        assert any("was made" in line for line in lines) == (run == 0)
