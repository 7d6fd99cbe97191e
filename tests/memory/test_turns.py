"""Turns: what was accepted is on disk, and a reply that is cut off is kept and says so."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from memory import Store, StoreError
from prompts import assistant, system, user
from tests.memory.conftest import Child, Say, stream_of

FLUSHING = """
import sys
from memory import Store
from prompts import user

store = Store.open(sys.argv[1])
conversation = store.create_conversation("cut off")
turn = store.begin_turn(conversation.id, user("count"), engine="echo", fingerprint="f0", sampling={"seed": 1})
print(conversation.id, flush=True)
text, number = "", 0
while True:
    number += 1
    text += f"{number} "
    store.flush_turn(turn.id, text)
    print(number, flush=True)
"""
"""A process that writes one reply until it is killed, saying how far it has surely come."""


def test_the_users_message_is_on_disk_when_the_turn_has_begun(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    turn = say(store, conversation.id, "remember this")
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT text FROM message_parts").fetchall() == [("remember this",)]
    with Store.open(store.path) as second:
        assert second.messages(conversation.id) == [user("remember this")]
        assert second.conversation(conversation.id).tip == turn.user_message_id
        assert second.turns(conversation.id) == [turn]
        assert (turn.status, turn.text, turn.reply_message_id, turn.finished_at) == (
            "running",
            "",
            None,
            None,
        )


def test_a_turn_keeps_where_its_reply_came_from(store: Store) -> None:
    conversation = store.create_conversation()
    begun = store.begin_turn(
        conversation.id,
        user("hi"),
        engine="builtin",
        fingerprint="abc",
        sampling={"temperature": 0.5, "seed": None},
    )
    store.flush_turn(begun.id, "Hel")
    assert store.turns(conversation.id)[0].text == "Hel"
    done = store.finish_turn(
        begun.id,
        "Hello",
        reason="length",
        usage={"prompt_tokens": 7},
        timings={"first_token_s": 0.25},
        dropped=["a", "b"],
        error="late",
    )
    assert store.turns(conversation.id) == [done]
    assert (done.engine, done.fingerprint) == ("builtin", "abc")
    assert done.sampling == {"temperature": 0.5, "seed": None}
    assert (done.usage, done.timings, done.dropped) == (
        {"prompt_tokens": 7},
        {"first_token_s": 0.25},
        ("a", "b"),
    )
    assert (done.status, done.text, done.reason, done.error) == ("done", "Hello", "length", "late")
    assert done.finished_at is not None
    assert done.finished_at > done.created_at
    assert store.messages(conversation.id) == [user("hi"), assistant("Hello")]
    assert store.conversation(conversation.id).tip == done.reply_message_id
    assert store.conversation(conversation.id).updated_at == done.finished_at


def test_a_turn_ends_once(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    turn = say(store, conversation.id, "hello", "hi")
    with pytest.raises(StoreError, match="already ended"):
        store.finish_turn(turn.id, "again", reason="stop", usage={}, timings={})
    with pytest.raises(StoreError, match="already ended"):
        store.flush_turn(turn.id, "again")
    assert store.turns(conversation.id) == [turn]


def test_a_turn_that_ended_without_a_word_stands_with_the_users_message(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    turn = say(store, conversation.id, "hello")
    assert store.history(conversation.id)[0].turn is None
    failed = store.finish_turn(turn.id, "", reason="error", usage={}, timings={}, error="no memory")
    assert failed.reply_message_id is None
    (entry,) = store.history(conversation.id)
    assert entry.turn == failed

    again = store.begin_answer(conversation.id, engine="echo", fingerprint="f0", sampling={})
    assert again.user_message_id == turn.user_message_id
    assert store.messages(conversation.id) == [user("hello")]
    assert store.history(conversation.id)[0].turn is None
    done = store.finish_turn(again.id, "hi", reason="stop", usage={}, timings={})
    asked, answered = store.history(conversation.id)
    assert (asked.turn, answered.turn) == (None, done)
    assert asked.created_at == turn.created_at
    assert store.turns(conversation.id) == [failed, done]


def test_the_history_has_the_turns_as_they_are_listed(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    say(store, conversation.id, "one", "a")
    say(store, conversation.id, "two", "b")
    # Words of the question are none of the reply that there is not.
    say(store, conversation.id, "three", "")
    shown = [entry.turn for entry in store.history(conversation.id) if entry.turn]
    assert shown == store.turns(conversation.id)
    assert [turn.text for turn in shown] == ["a", "b", ""]
    fork = store.fork_conversation(conversation.id, store.history(conversation.id)[3].message_id)
    assert [entry.turn for entry in store.history(fork.id) if entry.turn] == shown[:2]


def test_only_a_users_message_can_be_answered(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    with pytest.raises(StoreError, match="nothing to answer"):
        store.begin_answer(conversation.id, engine="e", fingerprint="f", sampling={})
    say(store, conversation.id, "hello", "hi")
    with pytest.raises(StoreError, match="nothing to answer"):
        store.begin_answer(conversation.id, engine="e", fingerprint="f", sampling={})
    for message in (assistant("I begin"), system("You are")):
        with pytest.raises(StoreError, match=message.role):
            store.begin_turn(conversation.id, message, engine="e", fingerprint="f", sampling={})


def test_one_reply_at_a_time(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    turn = say(store, conversation.id, "hello")
    with Store.open(store.path) as second:
        for either in (store, second):
            with pytest.raises(StoreError, match=f"process {os.getpid()}"):
                say(either, conversation.id, "me too")
            with pytest.raises(StoreError, match="still being written"):
                either.begin_answer(conversation.id, engine="e", fingerprint="f", sampling={})
        assert second.turns(conversation.id) == [turn]
        say(second, second.create_conversation().id, "elsewhere", "fine")
    store.finish_turn(turn.id, "hi", reason="stop", usage={}, timings={})
    say(store, conversation.id, "again", "hi again")
    assert [m.text for m in store.messages(conversation.id)] == ["hello", "hi", "again", "hi again"]


def test_a_reply_does_not_take_the_tip_from_someone_who_moved_it(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    first = say(store, conversation.id, "hello", "hi")
    second = say(store, conversation.id, "and then?")
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE conversations SET tip = ?", (first.reply_message_id,))
    done = store.finish_turn(second.id, "late", reason="stop", usage={}, timings={})
    assert store.conversation(conversation.id).tip == first.reply_message_id
    assert store.turns(conversation.id) == [first, done]
    assert done.text == "late"


def test_provenance_that_json_cannot_say_stores_nothing(store: Store) -> None:
    conversation = store.create_conversation()
    with pytest.raises(ValueError, match="JSON"):
        store.begin_turn(
            conversation.id, user("hi"), engine="e", fingerprint="f", sampling={"temperature": float("nan")}
        )
    assert store.messages(conversation.id) == []
    assert store.turns(conversation.id) == []


def test_a_killed_process_leaves_its_partial_reply(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "visavis.db"
    process = child(FLUSHING, str(path))
    output = stream_of(process.stdout)
    conversation_id = output.readline().strip()
    for _ in range(25):
        flushed = int(output.readline())
    with Store.open(path) as store:
        # The other process is at work: opening the database must not cut it off.
        assert store.turns(conversation_id)[0].status == "running"
        assert store.recover() == []

    process.kill()
    process.wait()

    with Store.open(path) as store:
        (turn,) = store.turns(conversation_id)
        assert (turn.status, turn.reason) == ("done", "interrupted")
        numbers = [int(word) for word in turn.text.split()]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= flushed
        assert store.messages(conversation_id) == [user("count"), assistant(turn.text)]
        assert store.conversation(conversation_id).tip == turn.reply_message_id
        assert store.recover() == []
        assert store.verify() == []
        assert not list(tmp_path.glob("visavis.writers/*"))


def test_a_process_id_that_lives_again_deceives_nobody(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "visavis.db"
    process = child(FLUSHING, str(path))
    output = stream_of(process.stdout)
    conversation_id = output.readline().strip()
    output.readline()
    process.kill()
    process.wait()
    with closing(sqlite3.connect(path)) as connection, connection:
        # The dead process's id now belongs to a living one: ours.
        connection.execute("UPDATE turns SET process_id = ?", (os.getpid(),))
    with Store.open(path) as store:
        assert store.turns(conversation_id)[0].reason == "interrupted"


def test_a_conversation_goes_on_after_another_process_died_in_it(
    tmp_path: Path, child: Child, say: Say
) -> None:
    path = tmp_path / "visavis.db"
    process = child(FLUSHING, str(path))
    output = stream_of(process.stdout)
    conversation_id = output.readline().strip()
    output.readline()
    with Store.open(path) as store:
        with pytest.raises(StoreError, match=f"process {process.pid}"):
            say(store, conversation_id, "and now?")
        process.kill()
        process.wait()
        # Without opening the database again: the next turn finds the other's writer gone.
        say(store, conversation_id, "and now?", "Done.")
        interrupted, _ = store.turns(conversation_id)
        assert interrupted.reason == "interrupted"
        said = [m.text for m in store.messages(conversation_id)]
        assert said == ["count", interrupted.text, "and now?", "Done."]


def test_a_store_that_was_closed_in_the_middle_is_recovered_too(tmp_path: Path, say: Say) -> None:
    path = tmp_path / "visavis.db"
    with Store.open(path) as store:
        conversation = store.create_conversation()
        turn = say(store, conversation.id, "hello")
        silent = say(store, store.create_conversation().id, "nothing yet")
        store.flush_turn(turn.id, "so f")
    with Store.open(path) as store:
        (recovered,) = store.turns(conversation.id)
        assert (recovered.text, recovered.reason) == ("so f", "interrupted")
        (wordless,) = store.turns(silent.conversation_id)
        assert (wordless.reply_message_id, wordless.reason) == (None, "interrupted")
        assert store.messages(silent.conversation_id) == [user("nothing yet")]


def test_recover_returns_what_it_closed(tmp_path: Path, say: Say) -> None:
    path = tmp_path / "visavis.db"
    with Store.open(path) as witness:
        with Store.open(path) as store:
            conversation = store.create_conversation()
            turn = say(store, conversation.id, "hello")
            assert witness.recover() == []
        (recovered,) = witness.recover()
        assert recovered.id == turn.id
        assert witness.turns(conversation.id) == [recovered]
