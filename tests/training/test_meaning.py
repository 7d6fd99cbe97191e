"""What a question means is said before its answer."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from chat.evals.items import Ask, right
from chat.training.dialogues import Curriculum, sample_dialogue
from chat.training.followups import ask_named, name_it, other, those
from chat.training.meaning import (
    LEFT_OUT,
    as_for,
    called,
    given,
    of_the,
    other_one,
    subject,
    together,
    words_for,
)
from chat.training.scene import Background, Scene, Thing
from chat.training.talk import Asked, Focus, Talk

ALWAYS = 1 / LEFT_OUT
"""How often answers are said at once, for what is meant to be left out of every one."""

WHITE = Background("plain", (255, 255, 255), (255, 255, 255), 0)
RED = Thing("shape", "star", "red", "small", "solid", 0, 20.0, 20.0, 20.0, 20.0, (0, 0, 0))
BLUE = Thing("shape", "star", "blue", "large", "striped", 4, 60.0, 60.0, 20.0, 20.0, (0, 0, 0))
SCENE = Scene(128, 128, WHITE, (RED, BLUE))


def talk(seed: int = 0, **state: object) -> Talk:
    return Talk(random.Random(seed), scenes=[SCENE], **state)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("attribute", "words", "said"),
    [
        ("size", "star at the top", "The star at the top"),
        ("colour", "small object", "The small object"),
        ("colour", "", "It"),
        ("colour", "red star", "The red star"),
        ("shape", "red star", "It"),
        ("shape", "red object", "The red object"),
    ],
)
def test_a_subject_is_said_by_the_words_it_was_asked_by(attribute: str, words: str, said: str) -> None:
    assert subject(talk(), RED, attribute, words) == said
    assert called(talk(), "Mia", RED, attribute, words) == ("Mia" if said == "It" else f"Mia, the {words},")
    assert subject(talk(at_once=ALWAYS), RED, attribute, words) == "It"
    assert subject(talk(rule="word"), RED, attribute, words) == "It"


def test_what_was_counted_is_named() -> None:
    assert as_for(talk(), "red star", "", "There are no red stars.") == (
        "As for red stars, there are no red stars."
    )
    assert as_for(talk(), "star", "here", "On the left there is one star.") == (
        "As for stars here, on the left there is one star."
    )
    assert of_the(talk(), Focus(0, (RED, BLUE), "count", "star"), "One of them is red.") == (
        "Of the stars, one of them is red."
    )
    assert of_the(talk(), Focus(0, (RED, BLUE)), "One of them is red.") == "One of them is red."
    assert together(talk(), 0, 2) == "None and two, that is 2 together."
    for each in (talk(at_once=ALWAYS), talk(rule="upper")):
        assert as_for(each, "star", "here", "There are no stars.") == "There are no stars."
        assert together(each, 0, 2) == "That is 2 together."
        assert other_one(each, BLUE, "colour") == "The other one"


def test_the_other_one_is_placed() -> None:
    found = set()
    for seed in range(60):
        state = talk(seed, focus=Focus(0, (RED,), "colour"))
        made = other(state)
        if made is not None:
            found.add(made.answer)
    assert found == {
        "The other one, in the centre, is blue.",
        "The other one, in the centre, is large.",
        "The other one, in the centre, is striped.",
        "The other one, in the centre, is a striped blue star.",
        "The other one is in the centre.",
    }


def test_a_name_is_given_to_what_was_asked_about() -> None:
    state = talk(3, focus=Focus(0, (BLUE,), "colour"), asked=[Asked(0, 0, BLUE, "colour", "large star")])
    made = name_it(state)
    assert made is not None
    (name,) = state.names
    assert {given(talk(seed), name, "large star") for seed in range(20)} == {
        f"OK, I will call the large star {name}.", f"OK, I will call it {name}.",
    }  # fmt: skip
    assert made.answer in (f"OK, I will call the large star {name}.", f"OK, I will call it {name}.")
    asked = set()
    for seed in range(80):
        state.rng = random.Random(seed)
        made = ask_named(state)
        if made is not None and not made.answer.startswith(("Yes", "No")):
            asked.add(made.answer)
    assert {f"{name}, the large star, is blue.", f"{name} is a striped blue star."} <= asked


def test_what_was_not_asked_about_has_its_name_if_nothing_else_has() -> None:
    moon = replace(RED, name="moon", place=8)
    scene = Scene(128, 128, WHITE, (RED, BLUE, moon))
    state = Talk(random.Random(0), scenes=[scene], asked=[Asked(0, 0, RED, "colour", "small star")])
    assert words_for(state, 0, RED) == "small star"
    assert words_for(state, 0, moon) == "moon"
    assert words_for(state, 0, BLUE) == "", "there are two stars"


def test_some_of_those_are_of_what_was_counted() -> None:
    answers = set()
    for seed in range(60):
        made = those(talk(seed, focus=Focus(0, (RED, BLUE), "count", "star")))
        if made is not None and "of them" in made.answer:
            answers.add(made.answer)
    assert answers
    assert all(answer.startswith("Of the stars, ") for answer in answers)


def test_said_at_once_as_often_as_a_curriculum_wants() -> None:
    def resolved(at_once: float) -> int:
        like = Curriculum(pictures=(0, 1), emphasis={"first_asked": 40.0, "follow": 4.0}, at_once=at_once)
        dialogues = [sample_dialogue(random.Random(seed), like) for seed in range(120)]
        answers = [
            each.answer for dialogue in dialogues for each in dialogue.turns if each.family == "first_asked"
        ]
        return sum(answer.startswith("The ") for answer in answers)

    assert resolved(ALWAYS) == 0
    assert resolved(0.0) > 8


def test_the_suite_takes_both_forms() -> None:
    """A sum with what was added is right, and wrong if it comes to something else."""
    rivals = tuple(str(number) for number in range(13) if number not in (1, 2, 3))
    ask = Ask("And in all?", "That is 3 together.", "count", values=("3",), rivals=rivals)
    assert right(ask, "One and two, that is 3 together.")
    assert right(ask, "That is 3 together.")
    assert not right(ask, "One and two, that is 4 together.")
