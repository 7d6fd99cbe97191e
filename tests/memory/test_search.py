"""Finding what was said: what is found, in which order, and what is never found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory import Hit, Store, UnknownConversation
from memory.search import CANDIDATES
from prompts import user
from tests.memory.conftest import Say

PROVENANCE = {"engine": "echo", "fingerprint": "f0"}


def texts(hits: list[Hit]) -> list[str]:
    return [hit.excerpt.text for hit in hits]


def test_a_message_is_found_where_it_was_said(store: Store, say: Say) -> None:
    talk = store.create_conversation("Holiday")
    turn = say(store, talk.id, "Where is the red car?", "It stands at the beach.")
    (hit,) = store.search("BEACH")
    assert hit.conversation == store.conversation(talk.id)
    assert (hit.message_id, hit.role) == (turn.reply_message_id, "assistant")
    assert hit.excerpt.text == "It stands at the beach."
    assert [hit.excerpt.text[start:end] for start, end in hit.excerpt.found] == ["beach"]
    assert [found.message_id for found in store.search("red car")] == [turn.user_message_id]
    assert store.search("car beach") == []


@pytest.mark.parametrize(
    ("said", "query"),
    [
        ("what's up?", "what's"),
        ("AND so on", "AND"),
        ('she said "no"', '"said no"'),
        ("a*b", "a*b"),
        ("我喜欢红色的车", "红色"),
        ("我喜欢红色的车", "车"),
        ("red 我喜欢", "喜 red"),
        ("東京タワーへ行きたい", "タワー"),
        ("고양이가 있다", "고양이"),
        ("แมวกินปลา", "กิน"),
        ("party 🎉🥳", "🥳"),
        ("Ein schönes Café", "cafe schones"),
        ("a conversation", "convers"),
        ("x" * 50_000 + " needle", "needle"),
    ],
)
def test_any_words_are_found(store: Store, say: Say, said: str, query: str) -> None:
    talk = store.create_conversation()
    say(store, talk.id, said, "something else")
    say(store, talk.id, "nothing of the kind", "either")
    (hit,) = store.search(query)
    assert hit.excerpt.found
    assert hit.role == "user"


@pytest.mark.parametrize("query", ["", " ", "*", '"', '""', "()", "-", "😶‍🌫️ absent", "\0", "色红", "^a:b"])
def test_what_is_not_there_is_no_error(store: Store, say: Say, query: str) -> None:
    say(store, store.create_conversation().id, "hello 红色", "hi")
    assert store.search(query) == []


@pytest.fixture(scope="module")
def one_message() -> Store:
    store = Store.open(":memory:")
    turn = store.begin_turn(store.create_conversation().id, user("some words"), sampling={}, **PROVENANCE)
    store.finish_turn(turn.id, "a reply", reason="stop", usage={}, timings={})
    return store


@given(st.text(max_size=30))
def test_any_text_may_be_searched_for(one_message: Store, query: str) -> None:
    one_message.search(query)


def test_the_better_match_comes_first_and_then_the_newer(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    say(store, talk.id, "a cat", "-")
    say(store, talk.id, "a cat is an animal with four legs and a tail, and it likes fish", "-")
    say(store, talk.id, "cat and cat", "-")
    say(store, talk.id, "a cat", "-")
    found = texts(store.search("cat"))
    assert found[0] == "cat and cat"
    assert found[-1].startswith("a cat is an animal")
    newest, oldest = [hit for hit in store.search("cat") if hit.excerpt.text == "a cat"]
    assert newest.created_at > oldest.created_at


def test_whole_words_come_before_beginnings(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    say(store, talk.id, "conversations", "-")
    say(store, talk.id, "a long talk in which the word converse stands", "-")
    assert texts(store.search("converse")) == ["a long talk in which the word converse stands"]
    assert set(texts(store.search("conver"))) == {
        "conversations",
        "a long talk in which the word converse stands",
    }
    assert store.search("co") == []
    assert len(store.search("conver", limit=1)) == 1


def test_of_a_word_said_everywhere_the_newest_are_ranked(
    store: Store, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memory.search.CANDIDATES", 3)
    talk = store.create_conversation()
    for number in range(6):
        say(store, talk.id, f"word {number}", "-")
    assert sorted(texts(store.search("word"))) == ["word 3", "word 4", "word 5"]
    assert CANDIDATES > 100


def test_filters_narrow_what_is_found(store: Store, say: Say, picture: Callable[..., bytes]) -> None:
    plain, guide = store.create_conversation(), store.create_conversation(persona="guide")
    say(store, plain.id, "a word", "another word")
    say(store, guide.id, "shown word", "seen word", [store.images.add(picture())])
    turn = store.begin_turn(guide.id, user("late word"), engine="other", fingerprint="f", sampling={})
    store.finish_turn(turn.id, "last word", reason="stop", usage={}, timings={})

    def found(**filters: object) -> set[str]:
        return {text.removesuffix(" word") for text in texts(store.search("word", **filters))}  # type: ignore[arg-type]

    everything = {"a", "another", "shown", "seen", "late", "last"}
    assert found() == everything
    assert found(conversation_id=plain.id) == {"a", "another"}
    assert found(persona="guide") == {"shown", "seen", "late", "last"}
    assert found(engine="other") == {"late", "last"}
    assert found(has_picture=True) == {"shown", "seen"}
    assert found(has_picture=False) == everything - {"shown", "seen"}
    (late,) = store.search("late")
    middle = datetime.fromisoformat(late.created_at)
    assert found(since=middle) == {"late", "last"}
    assert found(until=middle) == everything - {"late", "last"}
    assert found(since=datetime.now(UTC) + timedelta(days=1)) == set()
    assert found(persona="guide", engine="echo", until=middle, has_picture=True) == {"shown", "seen"}
    with pytest.raises(UnknownConversation):
        store.search("word", conversation_id="nowhere")


def test_a_message_said_twice_is_found_once_where_it_was_said_last(store: Store, say: Say) -> None:
    first, second = store.create_conversation(), store.create_conversation(persona="guide")
    say(store, first.id, "hello there", "hi")
    say(store, second.id, "hello there", "hi")
    assert [hit.conversation.id for hit in store.search("hello")] == [second.id]
    assert [hit.conversation.id for hit in store.search("hello", persona="plain")] == [first.id]
    assert [hit.conversation.id for hit in store.search("hello", conversation_id=first.id)] == [first.id]


def test_every_branch_is_searched_and_a_fork_has_its_past(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    turn = say(store, talk.id, "first version", "reply")
    edit = store.begin_turn(
        talk.id, user("second version"), sampling={}, beside=turn.user_message_id, **PROVENANCE
    )
    store.finish_turn(edit.id, "reply", reason="stop", usage={}, timings={})
    assert set(texts(store.search("version"))) == {"first version", "second version"}
    assert turn.reply_message_id is not None
    fork = store.fork_conversation(talk.id, turn.reply_message_id)
    assert texts(store.search("version", conversation_id=fork.id)) == ["first version"]
    store.delete_conversation(talk.id)
    (hit,) = store.search("version")
    assert (hit.excerpt.text, hit.conversation.id) == ("first version", fork.id)


def test_messages_without_turns_are_found_too(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    turn = say(store, talk.id, "in the beginning", "yes")
    fork = store.fork_conversation(talk.id, turn.user_message_id)
    store.delete_conversation(talk.id)
    assert store.turns(fork.id) == []
    (hit,) = store.search("beginning")
    assert hit.conversation.id == fork.id


def test_what_is_deleted_is_gone(store: Store, say: Say) -> None:
    talk, other = store.create_conversation(), store.create_conversation()
    say(store, talk.id, "secret 秘密", "word")
    say(store, other.id, "an open word", "yes")
    store.delete_conversation(talk.id)
    assert store.search("secret") == []
    assert store.search("秘密") == []
    assert texts(store.search("word")) == ["an open word"]
    with store._connections.immediate() as database:
        # Nothing of it is left in the index either, as SQLite checks it.
        database.execute("INSERT INTO message_words (message_words, rank) VALUES ('integrity-check', 1)")


def test_owners_find_only_their_own(tmp_path: Path, say: Say) -> None:
    path = tmp_path / "shared.db"
    with Store.open(path, owner="ada") as ada, Store.open(path, owner="bob") as bob:
        hers, his = ada.create_conversation(), bob.create_conversation()
        say(ada, hers.id, "common words", "reply")
        say(bob, his.id, "common words", "reply")
        for store, talk in ((ada, hers), (bob, his)):
            assert [hit.conversation.id for hit in store.search("common")] == [talk.id]
        with pytest.raises(UnknownConversation):
            bob.search("common", conversation_id=hers.id)
        bob.delete_conversation(his.id)
        assert bob.search("common") == []
        assert len(ada.search("common")) == 1


def test_a_text_that_the_index_does_not_know_is_reported(store: Store, say: Say) -> None:
    say(store, store.create_conversation().id, "红色", "hi")
    assert store.verify() == []
    with store._connections.immediate() as database:
        database.execute("UPDATE message_parts SET spaced_text = NULL")
    (problem,) = store.verify()
    assert "cannot be found" in problem
