"""Conversations: create, list, rename, delete, and who may see them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from memory import Store, StoreError, UnknownConversation
from prompts import user
from tests.memory.conftest import Say


def test_a_new_conversation_is_empty(store: Store) -> None:
    conversation = store.create_conversation("Holiday", persona="teacher")
    assert (conversation.title, conversation.persona, conversation.tip) == ("Holiday", "teacher", None)
    assert conversation.created_at == conversation.updated_at
    assert conversation.created_at.endswith("+00:00")
    assert store.conversation(conversation.id) == conversation
    assert store.messages(conversation.id) == []
    assert store.history(conversation.id) == []
    assert store.turns(conversation.id) == []


def test_the_most_recently_updated_comes_first(store: Store, say: Say) -> None:
    first, second, third = (store.create_conversation(title) for title in ("one", "two", "three"))
    assert [c.title for c in store.conversations()] == ["three", "two", "one"]
    say(store, first.id, "hello", "hi")
    assert [c.title for c in store.conversations()] == ["one", "three", "two"]
    store.rename_conversation(second.id, "zwei")
    assert [c.title for c in store.conversations()] == ["one", "three", "zwei"]
    assert store.conversation(third.id).updated_at == third.updated_at


def test_an_unknown_conversation_is_named(store: Store) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.conversation("nowhere"),
        lambda: store.messages("nowhere"),
        lambda: store.history("nowhere"),
        lambda: store.turns("nowhere"),
        lambda: store.rename_conversation("nowhere", "x"),
        lambda: store.delete_conversation("nowhere"),
        lambda: store.begin_turn("nowhere", user("x"), engine="e", fingerprint="f", sampling={}),
        lambda: store.begin_answer("nowhere", engine="e", fingerprint="f", sampling={}),
    ]
    for call in calls:
        with pytest.raises(UnknownConversation, match="'nowhere'"):
            call()
    assert store.conversations() == []


def test_history_shows_pictures_times_and_turns(
    store: Store, say: Say, picture: Callable[..., bytes]
) -> None:
    conversation = store.create_conversation()
    image = store.images.add(picture("blue", (40, 20)), name="sea.png")
    say(store, conversation.id, "What is this?", "The sea.", [image])
    say(store, conversation.id, "Sure?", "Yes.")
    entries = store.history(conversation.id)
    assert [entry.message for entry in entries] == store.messages(conversation.id)
    assert [entry.message.text for entry in entries] == ["What is this?", "The sea.", "Sure?", "Yes."]
    shown = entries[0].message.images[0]
    assert (shown.sha256, shown.width, shown.height, shown.name) == (image.sha256, 40, 20, "sea.png")
    turns = store.turns(conversation.id)
    assert [entry.turn for entry in entries] == [None, turns[0], None, turns[1]]
    times = [entry.created_at for entry in entries]
    assert times == sorted(times)
    assert times[0] == turns[0].created_at
    assert times[1] == turns[0].finished_at
    assert store.conversation(conversation.id).tip == entries[-1].message_id


def test_the_same_opening_in_two_conversations_keeps_its_own_time_and_turn(store: Store, say: Say) -> None:
    first, second = store.create_conversation(), store.create_conversation()
    say(store, first.id, "hello", "hi")
    say(store, second.id, "hello", "hi")
    for conversation in (first, second):
        (turn,) = store.turns(conversation.id)
        asked, answered = store.history(conversation.id)
        assert asked.created_at == turn.created_at
        assert answered.turn == turn
    ids = [[entry.message_id for entry in store.history(c.id)] for c in (first, second)]
    assert ids[0] == ids[1]


def test_deleting_takes_words_and_pictures_that_nothing_else_has(
    store: Store, say: Say, picture: Callable[..., bytes]
) -> None:
    kept, gone = store.create_conversation(), store.create_conversation()
    shared, own = store.images.add(picture("red")), store.images.add(picture("blue"))
    say(store, kept.id, "look", "red", [shared])
    say(store, gone.id, "look", "red", [shared])
    say(store, gone.id, "and this", "blue", [own])
    store.images.thumbnail(own.sha256)
    folder, own_file = store.images.path(own.sha256).parent, store.images.path(own.sha256)

    store.delete_conversation(gone.id)

    assert [c.id for c in store.conversations()] == [kept.id]
    assert [m.text for m in store.messages(kept.id)] == ["look", "red"]
    assert store.images.read(shared.sha256) == picture("red")
    assert own.sha256 not in store.images
    assert not own_file.exists()
    assert not list(folder.glob(f"{own.sha256}*"))
    assert store.verify() == []
    store.delete_conversation(kept.id)
    assert shared.sha256 not in store.images
    assert _rows(store) == {"conversations": 0, "messages": 0, "message_parts": 0, "images": 0, "turns": 0}


def test_deleting_keeps_an_opening_that_another_conversation_shares(store: Store, say: Say) -> None:
    conversation, other = store.create_conversation(), store.create_conversation()
    say(store, other.id, "hello", "hi")
    say(store, conversation.id, "hello", "good day")
    store.delete_conversation(conversation.id)
    assert [m.text for m in store.messages(other.id)] == ["hello", "hi"]
    assert _rows(store)["messages"] == 2


def test_deleting_keeps_a_branch_of_what_was_said(store: Store, say: Say) -> None:
    conversation, branch = store.create_conversation(), store.create_conversation()
    say(store, conversation.id, "hello", "hi")
    middle = store.conversation(conversation.id).tip
    say(store, conversation.id, "and then", "the end")
    _execute(store, "UPDATE conversations SET tip = ? WHERE id = ?", middle, branch.id)
    store.delete_conversation(conversation.id)
    assert [m.text for m in store.messages(branch.id)] == ["hello", "hi"]
    assert _rows(store)["messages"] == 2
    assert store.verify() == []


def test_deleting_keeps_an_earlier_reply_of_another_conversation(store: Store, say: Say) -> None:
    conversation, other = store.create_conversation(), store.create_conversation()
    first = say(store, other.id, "hello", "hi")
    _execute(store, "UPDATE conversations SET tip = ? WHERE id = ?", first.user_message_id, other.id)
    second = store.begin_answer(other.id, engine="echo", fingerprint="f0", sampling={})
    store.finish_turn(second.id, "good day", reason="stop", usage={}, timings={})
    say(store, conversation.id, "hello", "hi")
    store.delete_conversation(conversation.id)
    assert [turn.text for turn in store.turns(other.id)] == ["hi", "good day"]
    assert store.verify() == []


def test_a_turn_of_a_deleted_conversation_cannot_go_on(store: Store, say: Say) -> None:
    conversation = store.create_conversation()
    turn = say(store, conversation.id, "hello")
    store.delete_conversation(conversation.id)
    with pytest.raises(StoreError, match="may have been deleted"):
        store.flush_turn(turn.id, "h")
    with pytest.raises(StoreError, match="may have been deleted"):
        store.finish_turn(turn.id, "hi", reason="stop", usage={}, timings={})
    assert _rows(store)["messages"] == 0


def test_owners_do_not_see_each_other(tmp_path: Path, say: Say, picture: Callable[..., bytes]) -> None:
    path = tmp_path / "shared.db"
    with Store.open(path, owner="ada") as ada, Store.open(path, owner="bob") as bob:
        hers, his = ada.create_conversation("hers"), bob.create_conversation("his")
        say(ada, hers.id, "look", "red", [ada.images.add(picture(), name="ada's secret.png")])
        say(bob, his.id, "look", "red", [bob.images.add(picture(), name="mine.png")])
        assert [c.title for c in bob.conversations()] == ["his"]
        with pytest.raises(UnknownConversation):
            bob.messages(hers.id)
        with pytest.raises(UnknownConversation):
            bob.delete_conversation(hers.id)
        # The same words about the same picture: still each his own file's name.
        assert bob.messages(his.id)[0].images[0].name == "mine.png"
        ada.delete_conversation(hers.id)
        assert bob.messages(his.id)[0].text == "look"
        assert bob.images.read(bob.messages(his.id)[0].images[0].sha256) == picture()
        assert bob.verify() == []


def test_a_closed_store_says_so_and_closes_twice(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.conversations()
    with pytest.raises(StoreError, match="is closed"):
        store.begin_turn("x", user("x"), engine="e", fingerprint="f", sampling={})


def test_in_memory_is_a_folder_that_goes_away(say: Say, picture: Callable[..., bytes]) -> None:
    with Store.open(":memory:") as store, Store.open(":memory:") as other:
        assert store.path.exists()
        store.images.add(picture())
        say(store, store.create_conversation().id, "hello", "hi")
        assert other.conversations() == []
    assert not store.path.parent.exists()


def test_in_memory_goes_away_even_if_nobody_closes_it() -> None:
    store = Store.open(":memory:")
    folder = store.path.parent
    del store
    assert not folder.exists()


def _execute(store: Store, sql: str, *parameters: str | None) -> None:
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(sql, parameters)


def _rows(store: Store) -> dict[str, int]:
    tables = ("conversations", "messages", "message_parts", "images", "turns")
    with closing(sqlite3.connect(store.path)) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
