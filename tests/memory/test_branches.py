"""What a conversation holds of the tree: versions, forks, and what outlives a deleted conversation."""

from __future__ import annotations

import pytest

from memory import Store, StoreError, Turn
from prompts import user
from tests.memory.conftest import Say

PROVENANCE = {"engine": "echo", "fingerprint": "f0"}


def said(store: Store, conversation_id: str) -> list[str]:
    return [message.text for message in store.messages(conversation_id)]


def again(store: Store, conversation_id: str, reply: str) -> Turn:
    """The last reply made once more."""
    tip = store.conversation(conversation_id).tip
    turn = store.begin_answer(conversation_id, engine="echo", fingerprint="f0", sampling={}, beside=tip)
    return store.finish_turn(turn.id, reply, reason="stop", usage={}, timings={})


def reply_of(turn: Turn) -> str:
    assert turn.reply_message_id is not None
    return turn.reply_message_id


def test_the_same_words_in_another_conversation_are_no_siblings(store: Store, say: Say) -> None:
    first, second = store.create_conversation(), store.create_conversation()
    say(store, first.id, "hello", "hi")
    say(store, second.id, "hello", "good day")
    for talk in (first, second):
        assert all(len(entry.siblings) == 1 for entry in store.history(talk.id))


def test_replies_to_one_question_are_siblings_in_their_order(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    replies = [reply_of(say(store, talk.id, "hello", "one"))]
    replies += [reply_of(again(store, talk.id, words)) for words in ("two", "three")]
    for shown in replies:
        assert store.switch_branch(talk.id, shown).tip == shown
        assert store.history(talk.id)[-1].siblings == tuple(replies)
    # The same words once more are the same reply, in its old place.
    assert reply_of(again(store, talk.id, "one")) == replies[0]
    assert store.history(talk.id)[-1].siblings == tuple(replies)


def test_switching_goes_to_where_a_branch_was_last_gone_on_with(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    first = say(store, talk.id, "a", "1")
    say(store, talk.id, "b", "2")
    again(store, talk.id, "2'")
    last = say(store, talk.id, "c", "3")
    edit = store.begin_turn(talk.id, user("A"), sampling={}, beside=first.user_message_id, **PROVENANCE)
    store.finish_turn(edit.id, "", reason="cancelled", usage={}, timings={})
    assert said(store, talk.id) == ["A"]
    assert store.switch_branch(talk.id, first.user_message_id).tip == last.reply_message_id
    assert said(store, talk.id) == ["a", "1", "b", "2'", "c", "3"]


def test_only_what_a_conversation_holds_can_be_shown_edited_or_forked(store: Store, say: Say) -> None:
    talk, other = store.create_conversation(), store.create_conversation()
    say(store, talk.id, "a", "1")
    foreign = say(store, other.id, "b", "2")
    for message_id in (foreign.user_message_id, "nowhere"):
        with pytest.raises(StoreError, match="in this conversation"):
            store.switch_branch(talk.id, message_id)
        with pytest.raises(StoreError, match="in this conversation"):
            store.fork_conversation(talk.id, message_id)
        with pytest.raises(StoreError, match="in this conversation"):
            store.begin_turn(talk.id, user("c"), sampling={}, beside=message_id, **PROVENANCE)
    with pytest.raises(StoreError, match="Only a user's message"):
        store.begin_turn(
            talk.id, user("c"), sampling={}, beside=store.conversation(talk.id).tip, **PROVENANCE
        )
    assert len(store.conversations()) == 2
    assert len(store.turns(talk.id)) == 1


def test_only_the_newest_reply_is_made_again(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    first = say(store, talk.id, "a", "1")
    second = say(store, talk.id, "b", "2")
    for message_id in (first.reply_message_id, second.user_message_id, "nowhere"):
        with pytest.raises(StoreError, match="Only the newest reply"):
            store.begin_answer(talk.id, engine="echo", fingerprint="f0", sampling={}, beside=message_id)


def test_nothing_moves_while_a_reply_is_written(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    first = say(store, talk.id, "a", "1")
    say(store, talk.id, "b")
    with pytest.raises(StoreError, match="still being written"):
        store.switch_branch(talk.id, first.user_message_id)
    fork = store.fork_conversation(talk.id, reply_of(first))
    assert said(store, fork.id) == ["a", "1"]


def test_a_fork_copies_nothing_and_remembers_where_it_began(store: Store, say: Say) -> None:
    talk = store.create_conversation("Talk", persona="guide")
    first = say(store, talk.id, "a", "1")
    second = say(store, talk.id, "b", "2")
    fork = store.fork_conversation(talk.id, reply_of(second))
    assert (fork.title, fork.persona, fork.tip) == ("Talk", "guide", second.reply_message_id)
    with store._connections.snapshot() as database:
        assert database["messages"].count == 4
        assert database["turns"].count == 2
    assert store.history(fork.id)[1].turn == first
    edit = store.begin_turn(fork.id, user("A"), sampling={}, beside=first.user_message_id, **PROVENANCE)
    store.finish_turn(edit.id, "x", reason="stop", usage={}, timings={})
    assert said(store, fork.id) == ["A", "x"]
    assert len(store.history(talk.id)[0].siblings) == 1
    # What it began with is still there, to its end.
    store.switch_branch(fork.id, first.user_message_id)
    assert said(store, fork.id) == ["a", "1", "b", "2"]


def test_a_fork_keeps_its_past_when_the_source_is_deleted(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    first = say(store, talk.id, "a", "1")
    second = say(store, talk.id, "b", "2")
    say(store, talk.id, "c", "3")
    forks = [store.fork_conversation(talk.id, reply_of(turn)) for turn in (first, second)]
    own = say(store, forks[1].id, "d", "4")
    store.delete_conversation(talk.id)
    assert said(store, forks[0].id) == ["a", "1"]
    assert said(store, forks[1].id) == ["a", "1", "b", "2", "d", "4"]
    # Where the replies came from is known as before, and told by one of them.
    assert [turn.id for turn in store.turns(forks[0].id)] == [first.id]
    assert [turn.id for turn in store.turns(forks[1].id)] == [second.id, own.id]
    told = [entry.turn.id for entry in store.history(forks[1].id) if entry.turn]
    assert told == [first.id, second.id, own.id]
    store.delete_conversation(forks[0].id)
    assert [turn.id for turn in store.turns(forks[1].id)] == [first.id, second.id, own.id]
    assert say(store, forks[1].id, "e", "5").id == store.turns(forks[1].id)[-1].id
    store.delete_conversation(forks[1].id)
    with store._connections.snapshot() as database:
        assert (database["messages"].count, database["turns"].count) == (0, 0)
    assert store.verify() == []


def test_a_fork_that_went_elsewhere_keeps_where_it_began(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    first = say(store, talk.id, "a", "1")
    fork = store.fork_conversation(talk.id, reply_of(first))
    edit = store.begin_turn(fork.id, user("A"), sampling={}, beside=first.user_message_id, **PROVENANCE)
    store.finish_turn(edit.id, "x", reason="stop", usage={}, timings={})
    store.delete_conversation(talk.id)
    assert store.history(fork.id)[0].siblings == (first.user_message_id, edit.user_message_id)
    store.switch_branch(fork.id, first.user_message_id)
    assert said(store, fork.id) == ["a", "1"]
    assert store.verify() == []
    store.delete_conversation(fork.id)
    with store._connections.snapshot() as database:
        assert database["messages"].count == 0


def test_a_fork_at_a_question_that_went_elsewhere_keeps_the_question(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    first = say(store, talk.id, "a", "1")
    fork = store.fork_conversation(talk.id, first.user_message_id)
    edit = store.begin_turn(fork.id, user("A"), sampling={}, beside=first.user_message_id, **PROVENANCE)
    store.finish_turn(edit.id, "x", reason="stop", usage={}, timings={})
    store.delete_conversation(talk.id)
    store.switch_branch(fork.id, first.user_message_id)
    assert said(store, fork.id) == ["a"]
    assert store.verify() == []
