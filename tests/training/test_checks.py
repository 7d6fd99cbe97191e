"""Questions whether something is so: answered as the scene has it, yes about as often as no."""

from __future__ import annotations

import random
import re
from dataclasses import replace

from chat.training.checks import count_verify, read_verify, shape_verify
from chat.training.comparisons import APART, beside
from chat.training.language import NUMBERS, capital, counted
from chat.training.scene import PLACES, Scene, sample
from chat.training.talk import Family, Talk, Turn
from tests.helpers.answers import count_apart, yes_first


def _asked(
    family: Family, count: int = 400, texts: tuple[float, ...] = (50.0, 44.0, 6.0)
) -> list[tuple[Scene, Turn]]:
    rng = random.Random(1)
    found: list[tuple[Scene, Turn]] = []
    while len(found) < count:
        scene = sample(rng, texts=texts)
        made = family(Talk(rng, scenes=[scene]), 0, "")
        if made is not None:
            found.append((scene, replace(made, answer=yes_first(made.answer))))
    return found


def _yes(found: list[tuple[Scene, Turn]]) -> float:
    return sum(made.answer.startswith("Yes") for _, made in found) / len(found)


def test_a_number_is_confirmed_or_put_right() -> None:
    found = _asked(count_verify)
    assert 0.4 < _yes(found) < 0.6
    for scene, made in found:
        said, places = count_apart(made.answer.split(", ", 1)[1])
        number = NUMBERS.index(said.split()[2])
        assert capital(said) == counted(number, _singular(said, number))
        (asked,) = {word for word in re.findall(r"\w+", made.question) if word in NUMBERS[1:8]}
        assert made.answer.startswith("Yes") == (NUMBERS.index(asked) == number)
        noun = _singular(said, number).split()
        fitting = [
            thing
            for thing in scene.things
            if all(
                word in ("object", thing.name, thing.kind, thing.colour, thing.size, thing.fill)
                for word in noun
            )
        ]
        assert len(fitting) == number, (made, scene.things)
        assert places == [PLACES[thing.place] for thing in fitting]


def _singular(said: str, number: int) -> str:
    noun = " ".join(said.rstrip(".").split()[3:])
    if number == 1:
        return noun
    return noun[:-2] if noun.endswith(("crosses", "boxes")) else noun[:-1]


def test_a_shape_is_confirmed_or_put_right() -> None:
    found = _asked(shape_verify)
    assert 0.4 < _yes(found) < 0.6
    for scene, made in found:
        name = made.answer.rstrip(".").split()[-1]
        assert name in {thing.name for thing in scene.things}
        assert made.answer.startswith("Yes") == (name in made.question)


def test_a_text_is_confirmed_or_put_right() -> None:
    found = _asked(read_verify, texts=(0.0, 100.0))
    assert 0.4 < _yes(found) < 0.6
    for scene, made in found:
        (text,) = (thing.name.upper() for thing in scene.things if thing.is_text)
        assert made.answer.endswith(f"it says {text}.")
        assert made.answer.startswith("Yes") == bool(re.search(rf"\b{text}\b", made.question))


def test_what_stands_beside_is_the_one_thing_on_that_side() -> None:
    for scene, made in _asked(beside):
        (landmark,) = (thing for thing in scene.things if re.search(rf"the {thing.name}\b", made.question))
        along, sign = {"left": ("x", -1), "right": ("x", 1), "above": ("y", -1), "below": ("y", 1)}[
            next(side for side in ("left", "right", "above", "below") if f" {side} " in made.question)
        ]
        there = [
            thing
            for thing in scene.things
            if sign * (getattr(thing, along) - getattr(landmark, along)) > APART
        ]
        assert len(there) == 1
        assert there[0].name.upper() in made.answer.upper()
