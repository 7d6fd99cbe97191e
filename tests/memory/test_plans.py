"""How SQLite carries out what the store asks: by index, so that it stays fast at a million messages."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import pytest

from memory import Store
from memory.words import spaced_text
from prompts import user
from tests.memory.conftest import Say

PROVENANCE = {"engine": "echo", "fingerprint": "f0"}
BOUNDED = {"parts", "forks", "conversation_tags"}
"""Tables that stay small: a cache with a size cap, and what a person made by hand, one by one."""

SORTED_IN_MEMORY = "USE TEMP B-TREE FOR ORDER BY"


@pytest.fixture
def talk(store: Store, say: Say, picture: Callable[..., bytes]) -> str:
    """A conversation with a picture, a fork, tags and a running turn."""
    talk = store.create_conversation("talk")
    turn = say(store, talk.id, "some words", "a reply", [store.images.add(picture())])
    store.fork_conversation(talk.id, turn.user_message_id)
    store.organise_conversation(talk.id, tags=["tag"])
    say(store, talk.id, "more words")
    return talk.id


def statements(store: Store, act: Callable[[], object]) -> list[str]:
    """The SQL that a call runs, with its parameters filled in."""
    connection = store._connections.database().conn
    assert connection is not None
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    try:
        act()
    finally:
        connection.set_trace_callback(None)
    # Triggers are told as comments; what they run is part of the statement that set them off.
    return [sql for sql in seen if re.match(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT)", sql)]


def plan(store: Store, sql: str) -> list[str]:
    """The steps of SQLite's plan for a statement."""
    with closing(sqlite3.connect(store.path)) as connection:
        connection.create_function("spaced_text", 1, spaced_text, deterministic=True)
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]


def scans(store: Store, sql: str) -> list[str]:
    """Steps that read a whole table of ours, or all of one owner's rows in it.

    What a subquery, the full-text index or the index of running turns gave is little.
    """
    with closing(sqlite3.connect(store.path)) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    sources = {alias: source for source, alias in re.findall(r"(?:FROM|JOIN) (\w+) AS (\w+)", sql)}
    whole = re.compile(
        r"SCAN (\w+)(?!.* VIRTUAL TABLE| USING INDEX turns_running)|SEARCH (\w+) .*\(owner=\?\)$"
    )
    found = [(step, whole.match(step)) for step in plan(store, sql)]
    return [
        step
        for step, name in found
        if name and sources.get(name[1] or name[2], name[1] or name[2]) in tables - BOUNDED
    ]


CALLS: dict[str, Callable[[Store, str], object]] = {
    "list": lambda store, talk: store.conversations(limit=50),
    "list archived": lambda store, talk: store.conversations(archived=True, limit=50, offset=50),
    "list by tag": lambda store, talk: store.conversations(tag="tag"),
    "recover": lambda store, talk: store.recover(),
    "tags": lambda store, talk: store.tags(),
    "open": lambda store, talk: store.history(talk),
    "turns": lambda store, talk: store.turns(talk),
    "rename": lambda store, talk: store.rename_conversation(talk, "x"),
    "organise": lambda store, talk: store.organise_conversation(talk, pinned=True, tags=["x"]),
    "append": lambda store, talk: store.begin_turn(
        store.create_conversation().id, user("x"), sampling={}, **PROVENANCE
    ),
    "finish": lambda store, talk: store.finish_turn(
        store.turns(talk)[-1].id, "", reason="stop", usage={}, timings={}
    ),
    "fork": lambda store, talk: store.fork_conversation(talk, store.history(talk)[0].message_id),
    "search": lambda store, talk: store.search("words"),
    "search here": lambda store, talk: store.search("words", conversation_id=talk),
    "search filtered": lambda store, talk: store.search(
        "words", persona="plain", engine="echo", has_picture=True, since=datetime(2000, 1, 1, tzinfo=UTC)
    ),
    "search labels": lambda store, talk: store.labels.find("talk tag"),
    "search nothing": lambda store, talk: store.search("absen"),
    "delete": lambda store, talk: store.delete_conversation(talk),
}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_no_table_is_read_as_a_whole(store: Store, talk: str, name: str) -> None:
    ran = statements(store, lambda: CALLS[name](store, talk))
    assert ran
    assert [(step, sql) for sql in ran for step in scans(store, sql)] == []


def test_opening_reads_messages_and_their_parts_in_one_query(store: Store, talk: str) -> None:
    ran = statements(store, lambda: store.history(talk))
    for table in ("messages", "message_parts", "turns"):
        assert len([sql for sql in ran if re.search(rf"(FROM|JOIN) {table}\b", sql)]) == 1, table


def test_the_list_is_not_sorted_but_read_in_order(store: Store, talk: str) -> None:
    (listing,) = [sql for sql in statements(store, store.conversations) if "ORDER BY" in sql]
    steps = plan(store, listing)
    assert any("conversations_listed" in step for step in steps)
    assert SORTED_IN_MEMORY not in steps


def test_only_the_candidates_of_a_search_are_sorted(store: Store, talk: str) -> None:
    ran = statements(store, lambda: store.search("words", limit=1))
    search = next(sql for sql in ran if "message_words MATCH" in sql)
    steps = plan(store, search)
    index = next(number for number, step in enumerate(steps) if "message_words VIRTUAL TABLE" in step)
    # The index gives its rows newest first; sorting comes after, and once.
    assert steps[index - 1].startswith("CO-ROUTINE") or "SUBQUERY" in steps[index - 1]
    assert steps.count(SORTED_IN_MEMORY) == 1
    assert steps.index(SORTED_IN_MEMORY) > index


def test_a_table_read_as_a_whole_would_be_noticed(store: Store, talk: str) -> None:
    assert scans(store, "SELECT * FROM turns WHERE reason = 'stop'")
    assert scans(store, "SELECT 1 FROM messages AS said WHERE role = 'user'")
    assert scans(store, "SELECT 1 FROM turns WHERE owner = 'local' AND conversation_id = 'x'")
    assert not scans(store, f"SELECT 1 FROM conversations WHERE id = '{talk}'")
