"""Every query is scoped to its owner: one person tries to reach another's through every method there is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from memory import Conversation, Fact, Store, StoreError, Turn, UnknownConversation
from prompts import Image, user
from tests.memory.conftest import Say

SECRET = "Ada's secret"
VECTOR = np.ones(1, np.float32)


@dataclass
class Hers:
    """What Bob has somehow learnt of Ada's: the ids of everything."""

    talk: Conversation
    turn: Turn
    running: Turn
    image: Image
    fact: Fact


Attempt = Callable[[Store, Hers], object]

REFUSED: dict[str, Attempt] = {
    "begin_answer": lambda bob, hers: bob.begin_answer(
        hers.talk.id, engine="echo", fingerprint="f0", sampling={}
    ),
    "begin_turn": lambda bob, hers: bob.begin_turn(
        hers.talk.id, user("x"), engine="echo", fingerprint="f0", sampling={}
    ),
    "conversation": lambda bob, hers: bob.conversation(hers.talk.id),
    "delete_conversation": lambda bob, hers: bob.delete_conversation(hers.talk.id),
    "finish_turn": lambda bob, hers: bob.finish_turn(
        hers.running.id, "x", reason="stop", usage={}, timings={}
    ),
    "flush_turn": lambda bob, hers: bob.flush_turn(hers.running.id, "x"),
    "fork_conversation": lambda bob, hers: bob.fork_conversation(hers.talk.id, hers.turn.user_message_id),
    "history": lambda bob, hers: bob.history(hers.talk.id),
    "is_answering": lambda bob, hers: bob.is_answering(hers.talk.id),
    "messages": lambda bob, hers: bob.messages(hers.talk.id),
    "organise_conversation": lambda bob, hers: bob.organise_conversation(hers.talk.id, tags=["x"]),
    "pins.add": lambda bob, hers: bob.pins.add(hers.talk.id, hers.image.sha256),
    "pins.remove": lambda bob, hers: bob.pins.remove(hers.talk.id, hers.image.sha256),
    "facts.delete": lambda bob, hers: bob.facts.delete(hers.fact.id),
    "facts.edit": lambda bob, hers: bob.facts.edit(hers.fact.id, text="x"),
    "rename_conversation": lambda bob, hers: bob.rename_conversation(hers.talk.id, "x"),
    "switch_branch": lambda bob, hers: bob.switch_branch(hers.talk.id, hers.turn.user_message_id),
    "turns": lambda bob, hers: bob.turns(hers.talk.id),
}
"""Calls with another's ids, each of which says that there is no such thing."""

WHILE_WRITING = {"begin_answer", "begin_turn", "switch_branch"}
"""What the reply under way in Ada's conversation forbids even her."""

FRUITLESS: dict[str, Attempt] = {
    "conversations": lambda bob, hers: (
        bob.conversations(),
        bob.conversations(archived=True),
        bob.conversations(tag="private"),
    ),
    "create_conversation": lambda bob, hers: bob.create_conversation(),
    "embeddings.lacking": lambda bob, hers: bob.embeddings.lacking("v1"),
    "embeddings.nearest": lambda bob, hers: bob.embeddings.nearest("v0", VECTOR, 10),
    "embeddings.put": lambda bob, hers: bob.embeddings.put("v1", {hers.image.sha256: VECTOR}),
    "embeddings.vectors": lambda bob, hers: bob.embeddings.vectors("v0"),
    "facts.add": lambda bob, hers: bob.facts.add("x"),
    "facts.list": lambda bob, hers: (bob.facts.list(), bob.facts.list("plain")),
    "labels.find": lambda bob, hers: (bob.labels.find("secret"), bob.labels.find("private notes")),
    "pins.of": lambda bob, hers: bob.pins.of(hers.talk.id),
    "recover": lambda bob, hers: bob.recover(),
    "search": lambda bob, hers: (bob.search("secret"), bob.search("secret", persona="plain")),
    "tags": lambda bob, hers: bob.tags(),
    "verify": lambda bob, hers: bob.verify(),
}
"""Calls that name nothing of another's, and tell nothing of it."""

NOT_OF_AN_OWNER = {"close", "connections", "images", "open", "owner", "path", "snapshots"}
"""What does not reach what was said by an owner's name.

Pictures and snapshots are found by hashes, which only who has seen them knows; `connections` is
for the modules of `memory` that work on whole tables.
"""


def public(of: object) -> set[str]:
    return {name for name in dir(of) if not name.startswith("_")}


def doors(store: Store) -> set[str]:
    """All that is public in a store and in its parts: each must be tried, or be excused."""
    found = set()
    for name in public(store):
        value = getattr(store, name)
        is_part = type(value).__module__.startswith("memory") and name not in NOT_OF_AN_OWNER
        found |= {f"{name}.{inner}" for inner in public(value)} if is_part else {name}
    return found


@pytest.fixture
def ada(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "shared.db", owner="ada") as ada:
        yield ada


@pytest.fixture
def bob(ada: Store, tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "shared.db", owner="bob") as bob:
        yield bob


@pytest.fixture
def hers(ada: Store, say: Say, picture: Callable[..., bytes]) -> Hers:
    image = ada.images.add(picture(), name=f"{SECRET}.png")
    talk = ada.create_conversation(f"{SECRET}: title")
    ada.organise_conversation(talk.id, notes=f"{SECRET}: notes", tags=["private"])
    turn = say(ada, talk.id, f"{SECRET}: question", f"{SECRET}: reply", [image])
    ada.pins.add(talk.id, image.sha256)
    ada.embeddings.put("v0", {image.sha256: VECTOR})
    running = say(ada, talk.id, f"{SECRET}: unanswered")
    return Hers(ada.conversation(talk.id), turn, running, image, ada.facts.add(f"{SECRET}: fact"))


def content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of Ada's, by table."""
    with closing(sqlite3.connect(store.path)) as connection:
        tables = connection.execute(
            "SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c"
            " WHERE m.type = 'table' AND c.name = 'owner'"
        ).fetchall()
        return {
            table: connection.execute(f"SELECT * FROM {table} WHERE owner = 'ada'").fetchall()
            for (table,) in tables
        }


def test_no_method_is_forgotten(ada: Store) -> None:
    assert REFUSED.keys() | FRUITLESS.keys() | NOT_OF_AN_OWNER == doors(ada)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_anothers_ids_are_those_of_nothing(ada: Store, bob: Store, hers: Hers, name: str) -> None:
    before = content(ada)
    with pytest.raises(StoreError, match="There is no") as caught:
        REFUSED[name](bob, hers)
    assert SECRET not in str(caught.value)
    assert content(ada) == before
    assert content(ada)["messages"]
    # It was refused because it is hers: to herself it is there.
    if name in WHILE_WRITING:
        with pytest.raises(StoreError, match="still being written"):
            REFUSED[name](ada, hers)
    else:
        REFUSED[name](ada, hers)


@pytest.mark.parametrize("name", sorted(FRUITLESS))
def test_nothing_of_anothers_is_told(ada: Store, bob: Store, hers: Hers, name: str) -> None:
    before = content(ada)
    told = repr(FRUITLESS[name](bob, hers))
    assert SECRET not in told
    assert hers.talk.id not in told
    assert content(ada) == before


def test_the_same_words_give_no_way_in(ada: Store, bob: Store, hers: Hers, say: Say) -> None:
    mine = bob.create_conversation()
    turn = say(bob, mine.id, f"{SECRET}: question", "my reply", [hers.image])
    assert turn.user_message_id == hers.turn.user_message_id
    assert len(bob.history(mine.id)[1].siblings) == 1
    assert hers.turn.reply_message_id is not None
    for attempt in (bob.switch_branch, bob.fork_conversation):
        with pytest.raises(StoreError, match="no message"):
            attempt(mine.id, hers.turn.reply_message_id)
    assert [hit.conversation.id for hit in bob.search("question")] == [mine.id]
    bob.delete_conversation(mine.id)
    assert ada.messages(hers.talk.id)[0].images[0].name == f"{SECRET}.png"
    with pytest.raises(UnknownConversation):
        bob.search("secret", conversation_id=hers.talk.id)
