"""The page about the tables says what the database is, and the one in docs/ is the newest."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory import Store, schema_page
from memory.__main__ import main

PAGE = Path(__file__).resolve().parents[2] / "docs" / "schema.md"


def test_the_page_in_docs_is_the_newest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    newest = capsys.readouterr().out
    assert PAGE.read_text("utf-8") == newest, "run: python -m memory schema > docs/schema.md"


def test_every_table_column_and_index_of_ours_is_on_it(store: Store) -> None:
    page = schema_page.page()
    with store.connections.snapshot() as database:
        tables = [name for name in database.table_names() if not name.startswith(("_", "sqlite_"))]
        ours = [name for name in tables if "_words_" not in name]
        assert page.count("\n## ") == len(ours)
        for table in ours:
            part = page.partition(f"\n## {table}\n")[2].partition("\n## ")[0]
            for column in database.table(table).columns:
                assert f"| {column.name} |" in part or f"| **{column.name}** |" in part
            for index in database.table(table).indexes:
                assert index.origin != "c" or f"- `{index.name}` (" in part


@pytest.mark.parametrize(
    "line",
    [
        "| tip | TEXT, or NULL | the newest message of its branch; NULL before the first; → messages.id |",
        "| pinned | INTEGER | 1: first in the list |",
        "| **sha256** | TEXT | → images.sha256 |",
        "- `turns_running` (conversation_id) WHERE status = 'running'",
    ],
)
def test_comments_links_and_conditions_are_on_it(line: str) -> None:
    assert line in schema_page.page().splitlines()
