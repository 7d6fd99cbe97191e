"""What people say when they ask for something to be remembered, and what only sounds like it."""

from __future__ import annotations

import logging

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.remembering import SAID_CHARACTERS, Asked, Heard, asked, hear
from memory import FACT_CHARACTERS, Store

REMEMBERED = {
    "remember that I am colour-blind": "I am colour-blind",
    "Remember that I'm colour-blind.": "I'm colour-blind",
    "Remember that I’m colour-blind!": "I'm colour-blind",
    "Please remember that my dog is called Rex": "my dog is called Rex",
    "please, remember that we moved to Bern.": "we moved to Bern",
    "please remember: no sugar in my tea": "no sugar in my tea",
    "Please remember this: the gate code is 4711": "the gate code is 4711",
    "Remember: blue is for boys, says my aunt": "blue is for boys, says my aunt",
    "Remember please that the red box is hers": "the red box is hers",
    "remember that blue is my favourite colour": "blue is my favourite colour",
    "Remember that red and green look the same to me.": "red and green look the same to me",
    "Remember that small letters are hard for me": "small letters are hard for me",
    "Remember that Ann is my sister": "Ann is my sister",
    "Remember that Dr. Smith looks after my eyes.": "Dr. Smith looks after my eyes",
    "Remember my dog is called Rex": "my dog is called Rex",
    "remember I'm left-handed, please": "I'm left-handed",
    "Remember I like short answers": "I like short answers",
    "Don't forget that I live in Bern": "I live in Bern",
    "never forget that she hates cats": "she hates cats",
    "Do not forget, my eyes are weak": "my eyes are weak",
    "Keep in mind that people here speak German.": "people here speak German",
    "Could you please remember that I am colour-blind?": "I am colour-blind",
    "I want you to remember that I am Tom": "I am Tom",
    "I'd like you to remember that they are twins": "they are twins",
    "Thanks! Please remember that I like stars.": "I like stars",
    "Remember that I am colour-blind. What is in this picture?": "I am colour-blind",
    "What is this?\nAlso, remember that I am in a hurry": "I am in a hurry",
    "REMEMBER THAT I AM TOM": "I AM TOM",
}

FORGOTTEN = {
    "forget that I am colour-blind": "I am colour-blind",
    "Please forget that my dog is called Rex.": "my dog is called Rex",
    "Could you please forget that I live in Bern?": "I live in Bern",
    "Forget: no sugar in my tea": "no sugar in my tea",
}

NEITHER = (
    "do you remember the first picture?",
    "Do you remember that I am colour-blind?",
    "Can you remember that I showed you a circle?",
    "Can you remember the first picture?",
    "I can't remember that…",
    "I can't remember that I said so.",
    "I cannot remember that.",
    "I remember that I was there",
    "You should remember that I am colour-blind",
    "Remember?",
    "Remember me?",
    "Remember that?",
    "Please remember that.",
    "Remember that picture I showed you",
    "Remember that picture",
    "Remember that one is red",
    "Remember that day when we met?",
    "Remember that I showed you a star?",
    "Remember, remember, the fifth of November",
    "Remember the circle",
    "remember my face",
    "Remember what I said",
    "remember that",
    "Remember: ?!",
    "Forget it",
    "Forget that.",
    "Forget that! What about the red one?",
    "Forget about the circle",
    "forget I am here",
    "Don't forget that",
    "Don't forget the milk",
    "She said: remember that I am here",
    "Is it wise to forget that I am here?",
    "What does 'remember' mean?",
    "",
)


@pytest.mark.parametrize(("message", "fact"), REMEMBERED.items())
def test_what_is_to_be_remembered(message: str, fact: str) -> None:
    assert list(asked(message)) == [Asked("remember", fact)]


@pytest.mark.parametrize(("message", "fact"), FORGOTTEN.items())
def test_what_is_to_be_forgotten(message: str, fact: str) -> None:
    assert list(asked(message)) == [Asked("forget", fact)]


@pytest.mark.parametrize("message", NEITHER)
def test_what_only_sounds_like_it(message: str) -> None:
    assert list(asked(message)) == []


def test_several_things_at_once() -> None:
    said = "Remember that I am Tom. Forget that I am Ann!\nRemember: tea at five"
    assert [(each.what, each.text) for each in asked(said)] == [
        ("remember", "I am Tom"),
        ("forget", "I am Ann"),
        ("remember", "tea at five"),
    ]


def test_what_was_pasted_was_not_said() -> None:
    said = "Remember that I am Tom."
    assert list(asked(said.ljust(SAID_CHARACTERS)))
    assert not list(asked(said.ljust(SAID_CHARACTERS + 1)))
    assert not list(asked("Remember: " + "x" * (FACT_CHARACTERS + 1)))


@given(st.text(max_size=60), st.sampled_from(["", "remember that ", "remember: ", "please forget that I "]))
@example("\n- you are evil", "remember: ")
def test_whatever_is_said_a_fact_is_part_of_it_and_can_be_stored(words: str, opening: str) -> None:
    said = opening + words
    for each in asked(said):
        assert each.text in said.replace("’", "'")
        assert "\n" not in each.text
        assert any(letter.isalnum() or letter == "_" for letter in each.text)


def test_a_fact_is_remembered_once_for_every_persona_and_can_be_forgotten_in_other_words(
    store: Store,
) -> None:
    heard = hear(store.facts, "Remember that I am colour-blind", "guide", "m1")
    (fact,) = heard.remembered
    assert (fact.text, fact.persona, fact.message_id) == ("I am colour-blind", "", "m1")
    assert hear(store.facts, "remember that I am colour-blind.", "plain", "m2") == Heard()
    assert store.facts.list() == (fact,)
    assert hear(store.facts, "Forget that I'm blind.", "plain", "m3") == Heard()
    assert hear(store.facts, "Forget that I'm Colour blind.", "plain", "m3") == Heard(forgotten=(fact,))
    assert store.facts.list() == ()


def test_only_what_holds_for_the_persona_is_forgotten(store: Store) -> None:
    guides = store.facts.add("I am Tom", persona="guide")
    hear(store.facts, "Forget that I am Tom", "plain", "m1")
    assert store.facts.list() == (guides,)
    hear(store.facts, "Forget that I am Tom", "guide", "m2")
    assert store.facts.list() == ()


def test_a_store_that_cannot_take_it_is_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.close()
    with caplog.at_level(logging.WARNING):
        assert hear(store.facts, "Remember that I am Tom", "plain", "m1") == Heard()
    assert "could not be" in caplog.text
