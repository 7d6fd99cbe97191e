"""The logs of `llm`, in both generations of its tables."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from memory import Store, StoreError
from memory.transfer import import_file
from tests.helpers.llm import newer_logs, older_logs
from tests.helpers.transfer import png


def test_prompts_and_responses_come_in(store: Store, tmp_path: Path) -> None:
    (tmp_path / "beach.png").write_bytes(png("blue"))
    logs = older_logs(tmp_path / "logs.db", png("red"), tmp_path / "beach.png")
    (talk,) = import_file(store, logs).new
    assert store.conversation(talk).title == "Pelicans"
    assert [message.text for message in store.messages(talk)] == [
        *("Look", "Two birds.", "A long story.\n\nSum up", "Birds."),
    ]
    pictures = store.messages(talk)[0].images
    assert [store.images.read(image.sha256) for image in pictures] == [png("red"), png("blue")]
    assert [image.name for image in pictures] == ["a1", "beach.png"]
    assert [turn.engine for turn in store.turns(talk)] == ["llm/gpt-4o", "llm/gpt-4o"]
    assert store.history(talk)[0].created_at == "2024-06-01T10:00:00.000000+00:00"
    assert import_file(store, logs).unchanged == [talk]


def test_the_newer_tree_comes_in_with_its_branches(store: Store, tmp_path: Path) -> None:
    report = import_file(store, newer_logs(tmp_path / "logs.db", png("red")))
    (talk,) = report.new
    assert [message.text for message in store.messages(talk)] == ["A fable. Why?", "Because."]
    assert len(store.messages(talk)[0].images) == 1
    assert [(turn.engine, turn.text) for turn in store.turns(talk)] == [
        *(("llm/o3", "Because."), ("llm/o3", "So.")),
    ]
    assert report.notes == ["left out: 1 system messages"]


def test_what_is_in_both_is_read_from_the_newer(store: Store, tmp_path: Path) -> None:
    logs = older_logs(tmp_path / "logs.db", png("red"), tmp_path / "gone.png")
    report = import_file(store, newer_logs(logs, png("red")))
    assert [store.conversation(identity).title for identity in report.new] == ["Fables"]


def test_a_picture_whose_file_is_gone_is_told(store: Store, tmp_path: Path) -> None:
    logs = older_logs(tmp_path / "logs.db", png("red"), tmp_path / "gone.png")
    report = import_file(store, logs)
    assert report.notes == ["left out: 1 pictures that the export does not contain"]
    assert store.messages(report.new[0])[0].text.endswith("gone.png]\n\nLook")


def test_the_logs_are_only_read(store: Store, tmp_path: Path) -> None:
    logs = newer_logs(tmp_path / "logs.db", png("red"))
    before = hashlib.sha256(logs.read_bytes()).hexdigest()
    import_file(store, logs)
    assert hashlib.sha256(logs.read_bytes()).hexdigest() == before
    assert sorted(path.name for path in tmp_path.glob("logs*")) == ["logs.db"]


@pytest.mark.parametrize("sql", ["CREATE TABLE t (x)", "CREATE VIEW responses AS SELECT 1"])
def test_another_database_is_refused(store: Store, tmp_path: Path, sql: str) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as database, database:
        database.execute(sql)
    with pytest.raises(StoreError, match="not a database of llm's logs"):
        import_file(store, tmp_path / "x.db")
    assert store.conversations() == []
