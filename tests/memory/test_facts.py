"""Long-term memory: kept, changed and forgotten as its owner says, and nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from memory import EVERY_PERSONA, FACT_CHARACTERS, Store, StoreError
from prompts import PromptError, user
from tests.memory.conftest import Say


def test_facts_are_kept_in_the_order_they_were_added(store: Store) -> None:
    first = store.facts.add("I am colour-blind")
    second = store.facts.add("My dog is called Rex", persona="guide", message_id="m1")
    assert (first.persona, first.message_id) == (EVERY_PERSONA, None)
    assert (second.persona, second.message_id) == ("guide", "m1")
    assert first.created_at == first.updated_at <= second.created_at
    with Store.open(store.path) as other:
        assert other.facts.list() == (first, second)
        assert other.facts.list("guide") == (first, second)
        assert other.facts.list("plain") == (first,)


def test_a_fact_stands_on_one_line(store: Store) -> None:
    assert store.facts.add("  I am\n\n- not \t a list\u2028 ").text == "I am - not a list"
    assert store.facts.add("half \ud800 a character").text == "half \ufffd a character"
    assert len(store.facts.add("x" * FACT_CHARACTERS).text) == FACT_CHARACTERS


def test_what_is_known_is_not_added_again_but_holds_for_each_scope(store: Store) -> None:
    fact = store.facts.add("I am Tom")
    assert store.facts.add(" I am  Tom", message_id="m1") == fact
    for_one = store.facts.add("I am Tom", persona="guide")
    assert store.facts.list() == (fact, for_one)


def test_a_fact_is_said_otherwise_and_keeps_its_place(store: Store) -> None:
    fact, last = store.facts.add("I am Tom"), store.facts.add("I like stars")
    changed = store.facts.edit(fact.id, text="I am Thomas")
    assert (changed.text, changed.persona, changed.created_at) == ("I am Thomas", "", fact.created_at)
    assert changed.updated_at > fact.updated_at
    narrowed = store.facts.edit(fact.id, persona="guide")
    assert (narrowed.text, narrowed.persona) == ("I am Thomas", "guide")
    assert store.facts.edit(fact.id, persona=EVERY_PERSONA).persona == EVERY_PERSONA
    assert store.facts.list() == (store.facts.edit(fact.id), last), "nothing to change is no change"


def test_a_fact_is_forgotten_once(store: Store) -> None:
    fact, kept = store.facts.add("I am Tom"), store.facts.add("I like stars")
    assert store.facts.delete(fact.id) == fact
    assert store.facts.list() == (kept,)
    for act in (store.facts.delete, store.facts.edit):
        with pytest.raises(StoreError, match=f"no fact '{fact.id}'"):
            act(fact.id)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "say it in words"), (" \n ", "say it in words"), ("x" * (FACT_CHARACTERS + 1), "501 characters")],
)
def test_what_is_no_fact_is_refused(store: Store, text: str, complaint: str) -> None:
    fact = store.facts.add("I am Tom")
    refused: list[Callable[[], object]] = [
        lambda: store.facts.add(text),
        lambda: store.facts.edit(fact.id, text=text),
    ]
    for attempt in refused:
        with pytest.raises(StoreError, match=complaint):
            attempt()
    assert store.facts.list() == (fact,)


def test_a_scope_is_a_persona_there_is(store: Store) -> None:
    fact = store.facts.add("I am Tom")
    with pytest.raises(PromptError, match="no persona 'nobody'"):
        store.facts.add("I am Ann", persona="nobody")
    with pytest.raises(PromptError, match="no persona 'nobody'"):
        store.facts.edit(fact.id, persona="nobody")
    assert store.facts.list() == (fact,)


def test_two_facts_do_not_become_one(store: Store) -> None:
    tom, thomas = store.facts.add("I am Tom"), store.facts.add("I am Thomas")
    with pytest.raises(StoreError, match="remembered already"):
        store.facts.edit(tom.id, text="I am Thomas")
    assert store.facts.list() == (tom, thomas)


def test_a_fact_outlives_the_conversation_it_was_said_in(store: Store, say: Say) -> None:
    talk = store.create_conversation()
    turn = say(store, talk.id, "remember that I am Tom", "yes")
    fact = store.facts.add("I am Tom", message_id=turn.user_message_id)
    store.delete_conversation(talk.id)
    assert store.facts.list() == (fact,)
    assert store.verify() == []


def test_a_turn_names_the_facts_it_was_told(store: Store) -> None:
    talk = store.create_conversation()
    turn = store.begin_turn(
        talk.id, user("hello"), engine="echo", fingerprint="f0", sampling={}, facts=["f1", "f2"]
    )
    assert turn.facts == ("f1", "f2")
    done = store.finish_turn(turn.id, "hi", reason="stop", usage={}, timings={})
    assert done.facts == ("f1", "f2")
