"""Questions whether something is so: a number of things, a shape, what a text says."""

from __future__ import annotations

import random

from chat.training.cards.turns import therefore, yes_no
from chat.training.language import NUMBERS, SIZE_WORDS, article, plural
from chat.training.scene import COLOURS, FILLS, SHAPES, SIZES, WRITTEN, Thing, another_text
from chat.training.talk import Counted, Focus, Spec, Talk, Turn, pick, tally, turn

MOST_ASKED = 6
"""The largest number that is asked for."""


def countable(things: tuple[Thing, ...], rng: random.Random) -> Spec:
    """A description to count by, mostly one that fits something, and often several things: of descriptions
    drawn at random most fit one thing alone."""
    specs = [_countable(things, rng) for _ in range(rng.choice((1, 3, 6)))]
    return max(specs, key=lambda spec: len(spec.among(things)))


def _countable(things: tuple[Thing, ...], rng: random.Random) -> Spec:
    objects = [thing for thing in things if thing.kind == "object"]
    if objects and rng.random() < 0.7:
        like = rng.choice(objects)
        return Spec(kind=like.broader if like.broader and rng.random() < 0.4 else like.name)
    shapes = [thing for thing in things if thing.is_shape]
    if shapes and rng.random() < 0.8:
        like = rng.choice(shapes)
        kind, colour, size, fill = like.name, like.colour, like.size, like.fill
    else:
        kind, colour = rng.choice(SHAPES), rng.choice(sorted(COLOURS))
        size, fill = rng.choice(SIZES), rng.choice(FILLS)
    return rng.choice(
        (Spec(kind=kind),) * 4
        + (
            Spec(colour=colour),
            Spec(colour=colour, kind=kind),
            Spec(fill=fill),
            Spec(size=size),
            Spec(size=size, kind=kind),
        )
    )


def count_verify(talk: Talk, index: int, where: str) -> Turn | None:
    """ "Are there exactly three circles?" """
    rng, things = talk.rng, talk.scenes[index].things
    spec = Spec() if rng.random() < 0.2 else countable(things, rng)
    found, noun = spec.among(things), spec.words()
    number = len(found)
    if number == 0 or number > MOST_ASKED:
        return None
    asked = number
    if rng.random() < 0.5:
        near = [each for each in (number - 1, number + 1) if each >= 1]
        others = [each for each in range(1, MOST_ASKED + 1) if each != number]
        asked = rng.choice(near if rng.random() < 0.6 else others)
    said = noun.replace(spec.size, rng.choice(SIZE_WORDS[spec.size]), 1) if spec.size else noun
    many = f"{NUMBERS[asked]} {said if asked == 1 else plural(said)}"
    talk.counts.append(Counted(talk.at, index, spec, number))
    talk.focus = Focus(index, found, "count")
    are = "Is" if asked == 1 and rng.random() < 0.7 else "Are"
    wordings = (
        are + " there exactly {c}?", "Do you see exactly {c}?", "Can you count exactly {c}?",
        are + " there just {c}?", "Is the number of {p} {n}?", "Did I draw exactly {c}?",
    )  # fmt: skip
    words = tally(talk, found, noun)
    answer = therefore(asked == number, words)
    return turn(talk, wordings, where, answer, "count_verify", c=many, p=plural(said), n=NUMBERS[asked])


def shape_verify(talk: Talk, index: int, where: str) -> Turn | None:
    """ "Is the red object a circle?" """
    rng, scene = talk.rng, talk.scenes[index]
    found = pick(scene, rng, "kind", shapes_only=True)
    if found is None:
        return None
    thing, spec = found
    noun, place = spec.asked(rng)
    talk.focus = Focus(index, (thing,), "shape")
    asked = thing.name
    if rng.random() < 0.5:
        there = [each.name for each in scene.things if each.is_shape and each.name != thing.name]
        strange = [name for name in SHAPES if name != thing.name]
        asked = rng.choice(there if there and rng.random() < 0.5 else strange)
    wordings = ("Is {n} {v}?", "Would you say {n} is {v}?", "Is it true that {n} is {v}?", "Is {n} {v}?")
    answer = yes_no(asked == thing.name, f"it is {article(thing.name)}.")
    subject = f"the {noun} {place}".strip()
    return turn(talk, wordings, where, answer, "shape_verify", n=subject, v=article(asked))


def read_verify(talk: Talk, index: int, where: str) -> Turn | None:
    """ "Does it say CAT?" """
    rng = talk.rng
    texts = [thing for thing in talk.scenes[index].things if thing.is_text]
    if len(texts) != 1:
        return None
    (text,) = texts
    name = text.name.upper()
    asked = name
    if rng.random() < 0.5:
        kind = text.kind if rng.random() < 0.75 else rng.choice(sorted(WRITTEN))
        asked = another_text(name, kind, rng)
    talk.focus = Focus(index, (text,), "read")
    wordings = (
        "Does it say {v}?", "Is it true that it says {v}?", "Does the {n} say {v}?", "Is {v} written there?",
        "Do you read {v}?", "Does the text read {v}?", "Is the {n} {v}?",
    )  # fmt: skip
    answer = therefore(asked == name, f"it says {name}.")
    return turn(talk, wordings, where, answer, "read_verify", v=asked, n=rng.choice((text.kind, "text")))
