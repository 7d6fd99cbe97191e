"""What refers to earlier turns is answered by what those turns were about."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from chat.training.dialogues import Curriculum, sample_dialogue
from chat.training.language import a_thing, at_places
from chat.training.questions import count
from chat.training.references import (
    answered_later,
    back_to,
    chosen,
    corrected,
    count_on,
    counts_joined,
    first_asked,
    in_form,
    of_them,
    rule,
    same_here,
)
from chat.training.scene import PLACES, Background, Scene, Thing
from chat.training.talk import Asked, Counted, Focus, Spec, Talk, Turn
from tests.helpers.answers import count_apart

WHITE = Background("plain", (255, 255, 255), (255, 255, 255), 0)


def shape(name: str, colour: str, size: str, fill: str, place: int) -> Thing:
    return Thing("shape", name, colour, size, fill, place, 20.0, 20.0, 20.0, 20.0, (0, 0, 0))


RED = shape("star", "red", "small", "solid", 0)
BLUE = shape("star", "blue", "large", "striped", 4)
MOON = shape("moon", "green", "large", "solid", 8)
FIRST = Scene(128, 128, WHITE, (RED, BLUE, MOON))
SECOND = Scene(128, 128, WHITE, (RED, MOON))


def talk(seed: int, at: int, *scenes: Scene) -> Talk:
    return Talk(random.Random(seed), scenes=list(scenes) or [FIRST], at=at)


def said(make: Callable[[int], Turn | None], tries: int = 300) -> dict[str, set[str]]:
    """Questions made with many seeds, in small letters, by their answers."""
    answers: dict[str, set[str]] = {}
    for seed in range(tries):
        made = make(seed)
        if made is not None:
            answers.setdefault(made.answer, set()).add(made.question.lower().strip("?!.").strip())
    return answers


def test_which_one_is_told_by_what_sets_it_apart() -> None:
    def make(seed: int) -> Turn | None:
        state = talk(seed, 3)
        state.pending = 2, 0, "colour", (RED, BLUE)
        return chosen(state)

    answers = said(make)
    assert set(answers) == {"It is red.", "It is blue."}
    for question in answers["It is red."]:
        assert any(each in question for each in ("small", "little", "tiny", "solid", "filled", "top left"))
    assert not any("red" in question or "blue" in question for each in answers.values() for question in each)


def test_which_one_must_follow_at_once() -> None:
    state = talk(0, 4)
    state.pending = 2, 0, "colour", (RED, BLUE)
    assert chosen(state) is None


def test_a_correction_keeps_the_question() -> None:
    def make(seed: int) -> Turn | None:
        state = talk(seed, 1)
        state.asked.append(Asked(0, 0, RED, "size", "red star"))
        return corrected(state)

    answers = said(make)
    assert set(answers) == {"It is large."}, "the others are both large"
    assert {"no, the moon", "no, the blue one"} <= {
        question for each in answers.values() for question in each
    }


def test_the_first_thing_is_the_first_even_if_asked_again() -> None:
    def make(seed: int) -> Turn | None:
        state = talk(seed, 6)
        for at, thing, attribute in ((0, MOON, "size"), (2, RED, "place"), (4, MOON, "fill")):
            state.asked.append(Asked(at, 0, thing, attribute, thing.name))
        return first_asked(state)

    answers = said(make, 800)
    for answer, questions in answers.items():
        for question in questions:
            which, thing = ("first", MOON) if "first" in question else ("second", RED)
            assert which in question
            told = {
                f"It is {thing.colour}.", f"It is {thing.size}.", f"It is {thing.fill}.",
                "It is at the top left.", "It is at the bottom right.",
            }  # fmt: skip
            # What is meant is said first, unless it holds the answer.
            told = {each.replace("It is", f"The {thing.name} is") for each in told}
            assert answer in {*told, f"You asked about the {thing.name}.", f"It is {a_thing(thing)}."}
    assert {"You asked about the moon.", "You asked about the star.", "The moon is green."} <= set(answers)


def test_going_back_is_to_something_that_was_asked_about() -> None:
    def make(seed: int) -> Turn | None:
        state = talk(seed, 5)
        state.asked += [Asked(0, 0, MOON, "size", "moon"), Asked(4, 0, RED, "size", "red star")]
        return back_to(state)

    answers = said(make)
    assert set(answers) == {
        "The moon is green.", "The moon is solid.", "The moon is at the bottom right.",
    }  # fmt: skip
    assert all("the moon" in question for each in answers.values() for question in each)


def test_counts_follow_counts() -> None:
    def make(seed: int) -> Turn | None:
        state = talk(seed, 2)
        state.counts += [Counted(0, 0, Spec(kind="moon"), 1), Counted(1, 0, Spec(kind="star"), 2)]
        return count_on(state)

    answers = said(make)
    # One asks "and red ones" of the stars counted last.
    red, blue, moon = (
        f"As for {noun}s, {at_places([PLACES[thing.place]]).lower()} there is one {noun}."
        for thing, noun in ((RED, "red star"), (BLUE, "blue star"), (MOON, "moon"))
    )
    assert {red, blue, moon} <= set(answers)
    for question in answers[red]:
        assert "red" in question


def test_counts_are_added_if_they_are_of_different_things() -> None:
    def make(seed: int) -> Turn | None:
        state = talk(seed, 2)
        state.counts += [Counted(0, 0, Spec(kind="moon"), 1), Counted(1, 0, second, 2)]
        return counts_joined(state)

    second = Spec(kind="star")
    assert set(said(make)) == {"One and two, that is 3 together."}
    second = Spec(kind="moon", colour="red")
    assert set(said(make)) == set()


def test_counts_of_two_pictures_are_compared() -> None:
    def make(seed: int) -> Turn | None:
        state = talk(seed, 2, FIRST, SECOND)
        state.counts += [Counted(0, 0, Spec(kind="star"), 2), Counted(1, 1, Spec(kind="star"), 1)]
        return counts_joined(state)

    assert set(said(make)) == {"One here and two there, so no."}
    before = [answer for answer in said(_before) if answer.startswith("As for stars in the picture before, ")]
    assert [count_apart(answer.split(", ", 1)[1]) for answer in before] == [
        ("There are two stars.", [PLACES[thing.place] for thing in (RED, BLUE)])
    ]


def _before(seed: int) -> Turn | None:
    state = talk(seed, 1, FIRST, SECOND)
    state.counts.append(Counted(0, 1, Spec(kind="star"), 1))
    return count_on(state)


def test_the_same_count_is_asked_of_a_new_picture() -> None:
    state = talk(0, 1, FIRST, SECOND)
    state.counts.append(Counted(0, 0, Spec(kind="star"), 2))
    made = same_here(state, 1)
    assert made is not None
    (star,) = [thing for thing in SECOND.things if thing.name == "star"]
    resolved, told = made.answer.split(", ", 1)
    assert resolved == "As for stars here"
    assert count_apart(told) == ("There is one star.", [PLACES[star.place]])
    assert same_here(talk(0, 1, FIRST, SECOND), 1) is None


def test_a_count_is_remembered() -> None:
    state = talk(1, 5)
    made = count(state, 0, "")
    assert state.counts[-1].at == 5
    assert ("no " if state.counts[-1].number == 0 else "") in made.answer


def test_all_or_any_of_them() -> None:
    def make(seed: int) -> Turn | None:
        state = talk(seed, 1)
        state.focus = Focus(0, (RED, BLUE, MOON), "count")
        return of_them(state)

    for answer, questions in said(make).items():
        for question in questions:
            value = question.split()[-1]
            fitting = [
                thing for thing in (RED, BLUE, MOON) if value in (thing.colour, thing.size, thing.fill)
            ]
            number = len(fitting)
            every = " all " in f" {question} " or "every" in question
            yes = number == 3 if every else number > 0
            word = ("None", "One", "Two", "Three")[number]
            told, _, verdict = answer.rpartition(", so ")
            plain, places = count_apart(told)
            assert plain == f"{word} of them {'is' if number == 1 else 'are'} {value}", question
            assert places == [PLACES[thing.place] for thing in fitting]
            assert verdict == ("yes." if yes else "no."), question


def test_a_question_asked_too_early_is_answered_once_there_is_a_picture() -> None:
    state = talk(0, 3)
    state.waiting += [("What colour is the moon?", "It is green.")]
    made = answered_later(state)
    assert made is not None
    assert made.answer == "It is green."
    assert "first" in made.question
    state.scenes.clear()
    assert answered_later(state) is None


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ("Yes, there is one star.", "yes"),
        ("No, it is red.", "no"),
        ("It is red.", "red"),
        ("The other one is small.", "small"),
        ("There are two stars.", "two"),
        ("There are no stars.", "none"),
        ("At the top and on the left there are two stars.", "two"),
        ("On the left one of them is red.", "one"),
        ("On the left one of them is red, so no.", "no"),
        ("Mia is blue.", "blue"),
        ("It is at the top left.", None),
        ("OK, I will remember that.", None),
    ],
)
def test_one_word_says_it_or_nothing_does(answer: str, word: str | None) -> None:
    kept = in_form(Turn("?", answer, "x"), "word")
    assert (kept and kept.answer) == word
    loud = in_form(Turn("?", answer, "x"), "upper")
    assert loud is not None
    assert loud.answer == answer.upper()


def test_rules_hold_until_they_are_lifted() -> None:
    """In whole dialogues: after a rule, every answer that can keep it does."""
    like = Curriculum(turns=(8, 8), pictures=(0, 1), emphasis={"rule": 40.0})
    held: Counter[str] = Counter()
    for seed in range(250):
        form = ""
        for turn in sample_dialogue(random.Random(seed), like).turns:
            if turn.family == "rule":
                state = Talk(random.Random(0))
                state.rule = form
                assert turn.answer == "OK."
                # One word of them may be misspelt.
                said = turn.question.lower()
                lifted = any(word in said for word in ("again", "forget", "normally", "rule", "before"))
                form = "" if lifted else "upper" if "cap" in turn.question.lower() else "word"
                held[form] += 1
            elif form == "upper":
                assert turn.answer == turn.answer.upper()
            elif form == "word" and in_form(turn, "word") is not None:
                assert " " not in turn.answer, turn
    assert min(held[form] for form in ("", "upper", "word")) > 10
    state = talk(0, 0)
    rule(state)
    assert state.rule in ("word", "upper")
    # It is not always lifted again at once.
    assert {rule(state) is None for _ in range(30) if state.rule} == {True, False}
    assert state.rule == ""
