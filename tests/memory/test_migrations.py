"""From every earlier schema to this one: what was said is all there, and can be found."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from memory import Store
from memory.schema import migrations
from memory.tree import message_id
from memory.words import spaced_text
from prompts import Message, assistant, user

MOMENT = "2026-01-01T00:00:00.000000+00:00"
SAID = [user("Where is the 红色 car?"), assistant("At the beach 🏖.")]

with Database(memory=True) as _blank:
    LATER = [migration.name for migration in migrations.pending(_blank)][1:]


def say(database: Database, messages: list[Message]) -> None:
    """A conversation of one turn, in the columns that the first schema has, and what a later one derives."""
    parent = None
    for depth, message in enumerate(messages):
        identity = message_id(parent, message)
        database.table("messages").insert(
            {
                **{"owner": "local", "id": identity, "parent": parent, "depth": depth},
                **{"role": message.role, "created_at": MOMENT},
            }
        )
        part = {"owner": "local", "message_id": identity, "position": 0, "text": message.text}
        if "spaced_text" in database.table("message_parts").columns_dict:
            part["spaced_text"] = spaced_text(message.text)
        database.table("message_parts").insert(part)
        parent = identity
    times = {"created_at": MOMENT, "updated_at": MOMENT}
    database.table("conversations").insert(
        {"id": "c0", "owner": "local", "title": "Old", "persona": "plain", "tip": parent, **times}
    )
    database.table("turns").insert(
        {
            **{"id": "t0", "owner": "local", "conversation_id": "c0", "number": 1},
            **{"user_message_id": message_id(None, messages[0]), "reply_message_id": parent},
            **{"status": "done", "partial_text": "", "reason": "stop", "engine": "echo"},
            **{"fingerprint": "f0", "sampling": "{}", "usage": "{}", "timings": "{}", "dropped": "[]"},
            **{"writer": "w0", "process_id": 1, "created_at": MOMENT, "finished_at": MOMENT},
        }
    )


@pytest.mark.parametrize("later", LATER)
def test_an_older_database_is_brought_up_to_date(tmp_path: Path, later: str) -> None:
    path = tmp_path / "visavis.db"
    with closing(Database(path)) as old:
        migrations.apply(old, stop_before=later)
        say(old, SAID)
    with Store.open(path) as store:
        (conversation,) = store.conversations()
        assert (conversation.title, conversation.pinned, conversation.archived) == ("Old", False, False)
        assert (conversation.notes, conversation.tags) == ("", ())
        entries = store.history("c0")
        assert [entry.message for entry in entries] == SAID
        assert entries[1].turn is not None
        assert entries[1].turn.continues is None
        for query, found in (("CAR", 0), ("红", 0), ("beach", 1), ("🏖", 1)):
            assert [hit.message_id for hit in store.search(query)] == [entries[found].message_id]
        assert store.verify() == []
        fork = store.fork_conversation("c0", entries[0].message_id)
        store.delete_conversation("c0")
        assert store.messages(fork.id) == SAID[:1]
        assert store.search("beach") == []
