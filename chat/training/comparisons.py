"""Questions that compare things in one picture: size, colour, number, place."""

from __future__ import annotations

import random

from chat.training.cards.turns import therefore
from chat.training.language import a_thing, capital, plural
from chat.training.scene import SHAPES, SIZES, Thing
from chat.training.talk import Focus, Shown, Spec, Talk, Turn, turn

APART = 16
"""Pixels of a 128-pixel picture from which on one thing is to a side of another."""


def compare(talk: Talk, index: int, where: str) -> Turn | None:
    """Two things: larger, same colour; or two kinds: more."""
    rng, scene = talk.rng, talk.scenes[index]
    kind = rng.choice(("size", "colour", "number"))
    if kind == "number":
        return _more(talk, index, where)
    pair = _pair(scene, rng)
    if pair is None:
        return None
    (a, an), (b, bn) = pair
    if not (a.is_shape and b.is_shape):
        return None
    if kind == "colour":
        same = f"Yes, both are {a.colour}."
        if a.colour != b.colour:
            same = f"No, the {an} is {a.colour} and the {bn} is {b.colour}."
        wordings: tuple[str, ...] = (
            "Do the {a} and the {b} have the same colour?", "Is the {a} the same colour as the {b}?",
            "Are the {a} and the {b} of the same colour?", "Does the {a} match the {b} in colour?",
        )  # fmt: skip
        return turn(talk, wordings, where, same, "compare", a=an, b=bn)
    sizes = SIZES.index(a.size) - SIZES.index(b.size)
    answer = "They are the same size." if sizes == 0 else f"The {an if sizes > 0 else bn} is larger."
    wordings = (
        "Which is larger, the {a} or the {b}?", "Which one is bigger, the {a} or the {b}?",
        "Is the {a} or the {b} larger?", "Compare the sizes of the {a} and the {b}.",
        "What is bigger: the {a} or the {b}?",
    )  # fmt: skip
    return turn(talk, wordings, where, answer, "compare", a=an, b=bn)


def _more(talk: Talk, index: int, where: str) -> Turn | None:
    rng, things = talk.rng, talk.scenes[index].things
    names = sorted({thing.name for thing in things if not thing.is_text})
    if not names or talk.scenes[index].medium == "photograph":
        return None
    first = rng.choice(names)
    second = rng.choice(
        [name for name in (names if len(names) > 1 and rng.random() < 0.8 else SHAPES) if name != first]
    )
    pair = [first, second]
    rng.shuffle(pair)
    one, two = (len(Spec(kind=name).among(things)) for name in pair)
    answer = f"There are more {plural(pair[0] if one > two else pair[1])}."
    if one == two:
        answer = f"There are as many {plural(pair[0])} as {plural(pair[1])}."
    wordings = (
        "Are there more {a} or {b}?", "Which are there more of, {a} or {b}?",
        "Do you see more {a} or more {b}?",
        "Are there more {a} than {b}?",
    )  # fmt: skip
    return turn(talk, wordings, where, answer, "compare", a=plural(pair[0]), b=plural(pair[1]))


def _pair(scene: Shown, rng: random.Random) -> tuple[tuple[Thing, str], tuple[Thing, str]] | None:
    """Two shapes or objects, each the only one of its kind, with their names."""
    names = [thing.name for thing in scene.things if not thing.is_text]
    alone = [thing for thing in scene.things if not thing.is_text and names.count(thing.name) == 1]
    if len(alone) < 2:
        return None
    a, b = rng.sample(alone, 2)
    return (a, a.name), (b, b.name)


def relation(talk: Talk, index: int, where: str) -> Turn | None:
    """Left of, right of, above, below."""
    rng = talk.rng
    pair = _pair(talk.scenes[index], rng)
    if pair is None:
        return None
    (a, an), (b, bn) = pair
    across, down = a.x - b.x, a.y - b.y
    options = []
    if abs(across) > APART:
        options.append(
            ("to the left of", "to the right of") if across < 0 else ("to the right of", "to the left of")
        )
    if abs(down) > APART:
        options.append(("above", "below") if down < 0 else ("below", "above"))
    if not options:
        return None
    true, false = rng.choice(options)
    talk.focus = Focus(index, (a,), "place")
    asked = true if rng.random() < 0.5 else false
    answer = therefore(asked == true, f"the {an} is {true} the {bn}.")
    wordings = ("Is the {a} {r} the {b}?", "Is the {a} {r} the {b}?", "Do you see the {a} {r} the {b}?")
    return turn(talk, wordings, where, answer, "relation", a=an, b=bn, r=asked)


def beside(talk: Talk, index: int, where: str) -> Turn | None:
    """What is left of, right of, above or below something, where only one thing is."""
    rng, scene = talk.rng, talk.scenes[index]
    pair = _pair(scene, rng)
    if pair is None:
        return None
    landmark, noun = pair[0]
    side, along, sign = rng.choice(
        (("to the left of", "x", -1), ("to the right of", "x", 1), ("above", "y", -1), ("below", "y", 1))
    )
    ways = [
        (sign * (getattr(thing, along) - getattr(landmark, along)), thing)
        for thing in scene.things
        if thing is not landmark
    ]
    there = [thing for far, thing in ways if far > APART]
    if len(there) != 1 or any(abs(far) <= APART for far, _ in ways):
        return None
    talk.focus = Focus(index, (there[0],), "shape")
    wordings = (
        "What is {r} the {n}?", "What do you see {r} the {n}?", "Which object is {r} the {n}?",
        "What is there {r} the {n}?",
    )  # fmt: skip
    return turn(talk, wordings, where, f"{capital(a_thing(there[0]))}.", "beside", r=side, n=noun)
