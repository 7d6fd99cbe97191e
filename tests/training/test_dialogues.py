"""Generated answers are true of their scenes, and dialogues hang together."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chat.training.dialogues import Curriculum, Dialogue, sample_dialogue
from chat.training.language import NUMBERS
from chat.training.scene import COLOURS, PLACES, SHAPES
from chat.training.smalltalk import LARGEST, NO_PICTURE, TOO_LARGE, quoting, reckoning
from chat.training.talk import Shown
from tests.helpers.answers import count_apart

ONE_QUESTION = Curriculum(turns=(1, 1), pictures=(0, 1))


def dialogues(count: int, like: Curriculum | None = None) -> list[Dialogue]:
    return [sample_dialogue(random.Random(seed), like) for seed in range(count)]


@given(st.integers(0, 10**9))
def test_a_dialogue_is_well_formed(seed: int) -> None:
    dialogue = sample_dialogue(random.Random(seed))
    assert 4 <= len(dialogue.turns) <= 8
    assert [number for turn in dialogue.turns for number in turn.pictures] == list(
        range(len(dialogue.scenes))
    )
    for turn in dialogue.turns:
        assert turn.answer
        assert turn.question or turn.pictures
        # What is out of scope may be code.
        assert turn.family == "out_of_scope" or "{" not in turn.question + turn.answer
    roles = [message.role for message in dialogue.messages()]
    assert roles == ["user", "assistant"] * len(dialogue.turns)


def test_the_same_seed_gives_the_same_dialogue() -> None:
    assert dialogues(30) == dialogues(30)


def test_counts_are_true() -> None:
    """An independent count: by words of the question against the facts."""
    checked = 0
    for dialogue in dialogues(1500, ONE_QUESTION):
        turn, things = dialogue.turns[0], dialogue.scenes[0].things
        answer, places = count_apart(turn.answer)
        match = re.fullmatch(r"There (?:is|are) (\w+) (\w+?)s?\.", answer)
        if turn.family != "count" or match is None:
            continue
        number, noun = match.groups()
        if noun in SHAPES:
            assert places == [PLACES[thing.place] for thing in things if thing.name == noun]
            assert NUMBERS.index(number) == len(places)
            checked += 1
    assert checked > 20


def test_colours_are_true() -> None:
    """Where one thing alone has the shape that is asked after, the answer is its colour."""
    checked = 0
    for dialogue in dialogues(2500, ONE_QUESTION):
        turn, things = dialogue.turns[0], dialogue.scenes[0].things
        named = [shape for shape in SHAPES if re.search(rf"\b{shape}\b", turn.question.lower())]
        if turn.family != "colour" or len(named) != 1:
            continue
        colours = {thing.colour for thing in things if thing.name == named[0]}
        if len(colours) == 1:
            assert turn.answer == f"It is {colours.pop()}."
            checked += 1
    assert checked > 20


def test_descriptions_name_every_thing() -> None:
    def named(scene: Shown, answer: str) -> bool:
        return all((thing.name.upper() if thing.is_text else thing.name) in answer for thing in scene.things)

    said = [
        (dialogue.scenes[0], dialogue.turns[0].answer)
        for dialogue in dialogues(800, ONE_QUESTION)
        if dialogue.turns[0].family == "describe"
    ]
    assert len(said) > 30
    assert all(named(scene, answer) for scene, answer in said)


def test_without_a_picture_questions_about_one_are_refused() -> None:
    said = [turn for dialogue in dialogues(300, Curriculum(pictures=(1,))) for turn in dialogue.turns]
    about = [turn for turn in said if turn.family == "no_picture"]
    assert about
    # In capital letters where that was asked for.
    assert {turn.answer.lower() for turn in about} == {NO_PICTURE.lower()}
    assert not any(turn.needs_picture for turn in said)


def test_answers_that_need_the_picture_are_not_given_away() -> None:
    """The same question has different answers over different scenes."""
    answers: dict[str, list[str]] = {}
    for dialogue in dialogues(3000, ONE_QUESTION):
        turn = dialogue.turns[0]
        if turn.needs_picture and turn.family != "read":  # most scenes have no text to read
            answers.setdefault(turn.question.lower().replace("color", "colour"), []).append(turn.answer)
    often = [said for said in answers.values() if len(said) >= 6]
    assert len(often) > 20
    assert all(len(set(said)) > 1 for said in often)


def test_what_was_told_is_asked_back() -> None:
    recalled = [
        (dialogue, turn)
        for dialogue in dialogues(1500)
        for turn in dialogue.turns
        if turn.family == "recall" and turn.answer.startswith("Your name is")
    ]
    assert recalled
    for dialogue, turn in recalled:
        name = turn.answer.removeprefix("Your name is ").rstrip(".")
        before = " ".join(each.question.lower() for each in dialogue.turns[: dialogue.turns.index(turn)])
        assert name.lower()[:3] in before or any(each.answer.endswith(f"{name}.") for each in dialogue.turns)


def test_negative_and_positive_answers_to_is_there_are_balanced() -> None:
    said = [
        turn.answer
        for dialogue in dialogues(3000, ONE_QUESTION)
        for turn in dialogue.turns
        if turn.family == "exist"
    ]
    yes = sum(answer.startswith("Yes") for answer in said) / len(said)
    assert 0.35 < yes < 0.65


def test_every_colour_is_answered() -> None:
    said = {turn.answer for dialogue in dialogues(1500) for turn in dialogue.turns if turn.family == "colour"}
    assert {f"It is {colour}." for colour in COLOURS} <= said


def test_texts_that_are_quoted_are_compared() -> None:
    verdicts = {"yes": 0, "no": 0}
    for seed in range(300):
        question, answer = quoting(random.Random(seed))
        text, asked = re.findall(r"\b[A-Z]+\b|\d+", question.replace("I read", "").replace("I see", ""))
        verdict = "yes" if text == asked else "no"
        assert answer == f"It says {text}, so {verdict}.", question
        verdicts[verdict] += 1
    assert min(verdicts.values()) > 100


def test_a_number_comes_after_the_places_unless_it_is_to_be_said_at_once() -> None:
    def answers(at_once: float) -> set[bool]:
        turns = [each.turns[0] for each in dialogues(600, replace(ONE_QUESTION, at_once=at_once))]
        counts = [turn.answer for turn in turns if turn.family == "count" and " no " not in turn.answer]
        return {bool(count_apart(answer)[1]) for answer in counts}

    assert answers(0.0) == {True}
    assert answers(1.0) == {False}


def test_sums_are_right_or_refused() -> None:
    signs = {"plus": "+", "minus": "-", "times": "x", "*": "x"}
    words = {word: str(number) for number, word in enumerate(("zero", *NUMBERS[1:]))}
    refused = 0
    for seed in range(600):
        question, answer = reckoning(random.Random(seed))
        question = question.lower()
        asked = re.search(r"(\w+) ([-+*x]|plus|minus|times) (\w+)", question)
        assert asked is not None, question
        left, right = (words.get(each, each) for each in (asked[1], asked[3]))
        sign = signs.get(asked[2], asked[2])
        if answer == TOO_LARGE:
            refused += 1
            assert max(int(left), int(right)) > max(LARGEST.values())
            continue
        verdict = re.fullmatch(r"(.*), so (yes|no)\.", answer)
        if verdict is not None:
            answer = f"{verdict[1]}."
            claimed = re.findall(r"\d+", question)[-1]
            assert (verdict[2] == "yes") == verdict[1].endswith(f" = {claimed}")
        value = {"+": int(left) + int(right), "-": int(left) - int(right), "x": int(left) * int(right)}[sign]
        assert answer == f"{left} {sign} {right} = {value}."
    assert 10 < refused < 60
