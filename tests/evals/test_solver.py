"""The solver reads questions and looks at facts; what it is denied, it does not know."""

from __future__ import annotations

import pytest

from chat.evals.families.grammar import Reference, understand
from chat.evals.families.wordings import FRESH, WORDINGS
from chat.evals.items import Ask, Item
from chat.evals.solver import Mind, UnsettledError, ceiling, solve
from chat.training.scene import Background, Scene, Thing
from chat.training.talk import Spec


def thing(name: str, colour: str, place: int, *, size: str = "large", fill: str = "solid") -> Thing:
    return Thing("shape", name, colour, size, fill, place, 0, 0, 10, 10, (0, 0, 0))


def scene(*things: Thing) -> Scene:
    return Scene(128, 128, Background("plain", (255, 255, 255), (255, 255, 255), 0), things)


STARS = scene(
    thing("star", "red", 0),
    thing("star", "blue", 8, size="small"),
    thing("moon", "red", 4, fill="striped"),
    thing("ring", "green", 6),
)


def talk(*turns: tuple[str, str], shown: Scene = STARS) -> None:
    """Put a mind through questions and check each answer."""
    mind = Mind()
    for number, (question, answer) in enumerate(turns):
        assert mind.hear(question, (shown,) if number == 0 else ()) == answer, question


def test_it_is_the_thing_asked_about_last() -> None:
    talk(("Where is the moon?", "centre"), ("What colour is it?", "red"),
         ("Where is the ring?", "bottom left"), ("What colour is it?", "green"))  # fmt: skip


def test_the_other_one_and_back() -> None:
    talk(("Where is the red star?", "top left"), ("And the other star?", "bottom right"),
         ("How big is the other star?", "large"))  # fmt: skip


def test_a_correction_repeats_the_question_for_another_thing() -> None:
    talk(("Where is the star?", "I cannot tell."), ("The blue one.", "bottom right"),
         ("How big is the blue star?", "small"),
         ("No, I mean the one at the top left.", "large"))  # fmt: skip


def test_order_names_and_topics() -> None:
    talk(("Where is the moon?", "centre"), ("Call it Mia.", "ok, Mia"), ("How big is the red star?", "large"),
         ("What colour is the second thing I asked about?", "red"), ("How is Mia filled?", "striped"),
         ("What colour is Rex?", "I cannot tell."), ("Where is the ring?", "bottom left"),
         ("Back to the star we talked about: Where is it?", "top left"))  # fmt: skip


def test_counts_follow_counts() -> None:
    talk(("How many stars are there?", "2"), ("How many of them are red?", "1"), ("Are they all red?", "no"),
         ("And rings?", "1"), ("How many is that together?", "3"), ("And red ones?", "0"))  # fmt: skip


def test_an_earlier_picture() -> None:
    mind = Mind()
    assert mind.hear("How many moons are there?", (STARS,)) == "1"
    assert mind.hear("And in this one?", (scene(thing("star", "red", 0)),)) == "0"
    assert mind.hear("And in the picture before?", ()) == "1"


def test_a_rule_holds_until_it_is_called_off() -> None:
    talk(("From now on answer in capital letters.", "OK"), ("What colour is the moon?", "RED"),
         ("You may answer in whole sentences again.", "ok"), ("How big is it?", "large"))  # fmt: skip


def test_before_any_picture() -> None:
    mind = Mind()
    assert mind.hear("How many stars are there?", ()) == "I cannot tell."
    assert mind.hear("Now answer my first question.", (STARS,)) == "2"


@pytest.mark.parametrize("question", ["What colour is it?", "And red ones?", "How many of them are red?",
                                      "And the other one?", "How many is that together?"])  # fmt: skip
def test_what_needs_a_history_is_not_settled_without_one(question: str) -> None:
    with pytest.raises(UnsettledError):
        Mind().hear(question, (STARS,))


@pytest.mark.parametrize("table", [WORDINGS, FRESH])
def test_every_wording_is_read_as_what_it_is_for(table: dict[str, tuple[str, ...]]) -> None:
    slots = {"n": "the large red star at the top", "o": "the red one", "p": "red stars", "a": "a red star",
             "v": "red", "w": "favourite food", "x": "rice", "name": "Mia", "k": "star"}  # fmt: skip
    for intent, wordings in table.items():
        for wording in wordings:
            question = wording.format(**slots)
            assert understand(question[0].upper() + question[1:]).intent == intent, question


def test_descriptions_are_read_in_full() -> None:
    query = understand("What shape is the small striped red object at the top left?")
    assert query.reference == Reference("spec", Spec("", "red", "small", "striped", "top left"))
    assert understand("Sing a song.").intent == ""


def dialogue(colour: str, answer: str, index: int) -> Item:
    """Two turns: something is asked about, then its place."""
    first = Ask(f"How big is the {colour} object?", "…", "plain", values=("large|small",), pictures=(0,))
    needs = frozenset({"picture", "history"})
    last = Ask("Where is it?", answer, "it", values=(answer,), refers_to=0, needs=needs)  # type: ignore[arg-type]
    return Item("D", "it", "iid", index, (first, last), (b"",), (STARS,))


def test_denied_the_picture_or_the_history_it_guesses() -> None:
    items = [dialogue("blue", "bottom right", 0), dialogue("green", "bottom left", 1)]
    assert all(attempt.guessed is None for attempt in solve(items))
    assert ceiling(items)["it"] == 100
    assert ceiling(items, pictures=False)["it"] == 50
    assert ceiling(items, history=False)["it"] == 50


def test_a_wrong_gold_answer_is_found() -> None:
    item = dialogue("blue", "bottom left", 0)
    assert ceiling([item])["it"] == 0
