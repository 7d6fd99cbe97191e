"""Long-term memory in conversations: what a model is told of it, and what a message adds to it."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import Chat
from chat.conversation import DialogueManager
from chat.engines import Delta, EchoEngine, Limits, Request, Sampling
from chat.errors import PromptError, StoreError
from chat.voice import FACTS_SHARE, HEADING, choose_facts, with_facts
from memory import Fact, Store
from prompts import Message, personas, system


class Recorder(EchoEngine):
    """An echo engine that keeps the requests it got."""

    def __init__(self, limits: Limits = Limits(8192, 16)) -> None:  # noqa: B008 - frozen
        super().__init__(limits=limits)
        self.requests: list[Request] = []

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        self.requests.append(request)
        return super().generate(request, cancelled)

    def told(self) -> str:
        """The system message of the last request; empty without one."""
        first = self.requests[-1].messages[0]
        return first.text if first.role == "system" else ""


@pytest.fixture
def engine() -> Recorder:
    return Recorder()


@pytest.fixture
def manager(store: Store, engine: Recorder) -> Iterator[DialogueManager]:
    manager = DialogueManager(store, engine)
    yield manager
    manager.close()


def fact(text: str) -> Fact:
    return Fact(text, text, "", None, "", "")


def words(message: Message) -> int:
    """Tokens as the tests count them: a word each, and two that frame the message."""
    return len(message.text.split()) + 2


# ---- what is told ---------------------------------------------------------------------------


def test_facts_stand_below_the_personas_words_in_the_order_they_were_added(
    manager: DialogueManager, engine: Recorder
) -> None:
    store = manager.store
    facts = [store.facts.add("I am Tom"), store.facts.add("Be brief", persona="guide")]
    talk = manager.create(persona="guide").id
    reply = manager.send(talk, "hello")
    assert reply.text == "You said: hello"
    assert engine.told() == f"{personas.load('guide').system}\n\n{HEADING}\n- I am Tom\n- Be brief"
    assert reply.facts == tuple(each.id for each in facts)
    assert store.turns(talk)[-1].facts == reply.facts


def test_a_persona_is_told_its_own_facts_alone(manager: DialogueManager, engine: Recorder) -> None:
    manager.store.facts.add("Be brief", persona="guide")
    talk = manager.create().id
    assert manager.send(talk, "hello").text == "You said: hello"
    assert engine.told() == ""
    everyones = manager.store.facts.add("I am Tom")
    reply = manager.send(talk, "hello")
    assert reply.finish_reason == "stop"
    assert engine.told() == f"{HEADING}\n- I am Tom"
    assert reply.facts == (everyones.id,)


def test_what_was_at_hand_stays_so_until_the_facts_change(manager: DialogueManager) -> None:
    manager.store.facts.add("I am Tom")
    talk = manager.create().id
    manager.send(talk, "one").wait()
    second = manager.send(talk, "two").usage
    assert second.cached_tokens > len(HEADING.split())
    manager.store.facts.add("I like stars")
    assert manager.send(talk, "three").usage.cached_tokens < second.cached_tokens


def test_making_a_reply_again_tells_what_is_remembered_then(
    manager: DialogueManager, engine: Recorder
) -> None:
    talk = manager.create().id
    manager.send(talk, "hello").wait()
    added = manager.store.facts.add("I am Tom")
    assert manager.regenerate(talk).facts == (added.id,)
    manager.settle()
    assert manager.edit(talk, manager.store.history(talk)[0].message_id, "hi").facts == (added.id,)


def test_a_model_that_follows_no_instructions_is_told_nothing(store: Store) -> None:
    engine = Recorder(Limits(8192, 16, follows_instructions=False))
    manager = DialogueManager(store, engine)
    store.facts.add("I am Tom")
    reply = manager.send(manager.create().id, "Remember that I like stars")
    assert reply.text == "You said: Remember that I like stars"
    assert (engine.told(), reply.facts) == ("", ())
    assert [each.text for each in reply.remembered] == ["I like stars"], "it is kept for those that do"


def test_facts_leave_room_for_the_message(store: Store) -> None:
    engine = Recorder(Limits(400, 1))
    manager = DialogueManager(store, engine, sampling=Sampling(max_tokens=20))
    for number in range(50):
        store.facts.add(f"fact {number}")
    talk = manager.create().id
    assert manager.send(talk, "word " * 300).finish_reason == "length"
    (told,) = [message for message in engine.requests[-1].messages if message.role == "system"]
    assert engine.count(told) <= FACTS_SHARE * 380
    assert (
        DialogueManager(store, Recorder(Limits(30, 1)), sampling=Sampling(max_tokens=20))
        .send(manager.create().id, "one two")
        .facts
        == ()
    )


texts = st.lists(st.text("ab ", min_size=1, max_size=12).filter(str.strip), max_size=12)


@given(texts, st.integers(-5, 80))
def test_the_newest_that_fit_are_chosen(said: list[str], budget: int) -> None:
    facts = [fact(text) for text in said]
    chosen = choose_facts(facts, words, budget)
    assert chosen == tuple(facts[len(facts) - len(chosen) :])
    if chosen:
        assert words(system(with_facts("", chosen))) <= budget
    if len(chosen) < len(facts):
        one_more = facts[len(facts) - len(chosen) - 1 :]
        assert sum(words(system(f"- {each.text}")) for each in one_more) + words(system(HEADING)) > budget
    assert choose_facts(facts, words, budget + 1)[-len(chosen) or len(facts) :] == chosen


@given(texts, st.sampled_from(["", "You are a guide."]))
def test_what_is_told_holds_each_fact_on_a_line_of_its_own(said: list[str], persona: str) -> None:
    told = with_facts(persona, [fact(text) for text in said])
    assert told.startswith(persona)
    assert told.count("\n- ") == len(said)
    assert (HEADING in told) == bool(said)


# ---- what a message adds --------------------------------------------------------------------


def test_a_message_that_asks_for_it_is_remembered_from_the_next_one_on(
    manager: DialogueManager, engine: Recorder
) -> None:
    talk, other = manager.create().id, manager.create().id
    reply = manager.send(talk, "Please remember that I am colour-blind.")
    assert reply.text == "You said: Please remember that I am colour-blind.", "the reply is the engine's own"
    (added,) = reply.remembered
    assert (added.text, reply.facts, engine.told()) == ("I am colour-blind", (), "")
    assert added.message_id == manager.store.history(talk)[0].message_id
    assert manager.send(other, "hello").facts == (added.id,)
    manager.settle()
    forgetful = manager.send(other, "Forget that I'm colour-blind")
    assert forgetful.forgotten == (added,)
    assert forgetful.facts == (added.id,), "it was still told what it is to forget"
    assert manager.send(talk, "hello").facts == ()
    assert manager.store.turns(other)[0].facts == (added.id,), "the ledger keeps the id, not the words"


def test_a_refused_message_adds_nothing(store: Store) -> None:
    manager = DialogueManager(store, EchoEngine(limits=Limits(40, 1)), sampling=Sampling(max_tokens=20))
    with pytest.raises(Exception, match="has room for"):
        manager.send(manager.create().id, "Remember that I am Tom. " + "word " * 60)
    assert store.facts.list() == ()


def test_an_edited_message_is_heard_and_one_answered_again_is_not(manager: DialogueManager) -> None:
    talk = manager.create().id
    (tom,) = manager.send(talk, "Remember that I am Tom").remembered
    manager.store.facts.delete(tom.id)
    manager.settle()
    assert manager.regenerate(talk).remembered == ()
    manager.settle()
    edited = manager.edit(talk, manager.store.history(talk)[0].message_id, "Remember that I am Ann")
    assert [each.text for each in edited.remembered] == ["I am Ann"]
    assert [each.text for each in manager.store.facts.list()] == ["I am Ann"]


def test_a_script_remembers_lists_and_forgets() -> None:
    with Chat("echo", database=":memory:", persona="plain") as chat:
        first = chat.remember("I am colour-blind")
        hidden = chat.remember("Be brief", persona="guide")
        assert chat.facts == [first]
        (second,) = chat.send("Remember that I like stars").remembered
        assert chat.facts == [first, second]
        chat.forget(second.id)
        assert chat.facts == [first]
        assert chat.send("hello").facts == (first.id,)
        chat.forget(hidden.id)
        with pytest.raises(StoreError, match="no fact"):
            chat.forget(hidden.id)
        with pytest.raises(PromptError, match="no persona"):
            chat.remember("I am Tom", persona="nobody")
