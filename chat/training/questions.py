"""Questions about one picture, each with its one right answer."""

from __future__ import annotations

import random

from chat.training.cards.questions import said_of
from chat.training.cards.scene import Card
from chat.training.cards.turns import yes_no
from chat.training.checks import count_verify, countable, read_verify, shape_verify
from chat.training.comparisons import beside, compare, relation
from chat.training.language import (
    FILL_WORDS,
    PLACE_PHRASES,
    SIZE_WORDS,
    a_thing,
    article,
    capital,
    listed,
    plural,
    said,
)
from chat.training.scene import COLOURS, FILLS, PLACES, SIZES, Thing
from chat.training.tags import UNSURE, guess, kind_and_guess
from chat.training.talk import (
    Asked,
    Counted,
    Family,
    Focus,
    Shown,
    Spec,
    Talk,
    Turn,
    absent,
    absent_name,
    ask_place,
    pick,
    tally,
    turn,
)


def describe_scene(scene: Shown) -> str:
    """Everything in it, in reading order; of a photograph, what it shows; of a card, what it says."""
    if isinstance(scene, Card):
        return said_of(scene)
    if scene.medium == "photograph":
        return _describe_photograph(scene.things[0])
    if not scene.things:
        return "I see nothing that I know in this picture."
    parts = [f"{a_thing(thing)} {PLACE_PHRASES[PLACES[thing.place]]}" for thing in scene.things]
    return f"I see {listed(parts)}."


def _describe_photograph(thing: Thing) -> str:
    if thing.hedge == "unsure":
        return "I see a photograph, but I am not sure what it shows."
    if thing.hedge == "maybe":
        return f"I see a photograph of {kind_and_guess(thing.broader, thing.name)}."
    if thing.hedge:
        return f"I see a photograph. {guess(thing.name)}"
    return f"I see a photograph of {a_thing(thing)}."


def describe(talk: Talk, index: int, where: str) -> Turn:
    scene = talk.scenes[index]
    if len(scene.things) == 1:
        talk.focus = Focus(index, scene.things, "describe")
    wordings = (
        "What do you see?", "What is there?", "What can you see?", "What is shown?", "What can be seen?",
        "Which objects are there?", "Which things do you see?", "List everything.", "Describe everything.",
        "What do we have?", "Tell me what you see.", "Tell me what there is.",
    )  # fmt: skip
    own = (
        "Describe the picture.", "What is in this picture?", "Describe this picture.",
        "What's in the picture?",
        "Describe the image.", "What does the picture show?", "What is in the image?",
        "Caption this picture.",
        "Tell me about this picture.", "What is this a picture of?", "Describe it to me.", "What is on it?",
    )  # fmt: skip
    answer = describe_scene(scene)
    if not where and talk.rng.random() < 0.55:
        return Turn(talk.rng.choice(own), answer, "describe")
    if where.startswith("in ") and talk.rng.random() < 0.5:
        asked = talk.rng.choice(
            ("Describe {}.", "Tell me about {}.", "What was in {}?", "What did you see in {}?",
             "What was shown in {}?", "What was {} of?", "Do you remember {}?")
        )  # fmt: skip
        return Turn(asked.format(where[3:]), answer, "describe")
    return turn(talk, wordings, where, answer, "describe")


def count(talk: Talk, index: int, where: str) -> Turn:
    rng, things = talk.rng, talk.scenes[index].things
    wordings = (
        "How many {n} are there?", "How many {n} do you see?", "Count the {n}.",
        "How many {n} can you count?",
        "How many {n} can you see?", "What is the number of {n}?", "How many {n}?",
        "Tell me how many {n} there are.",
    )  # fmt: skip
    if rng.random() < 0.3:
        noun = rng.choice(("object", "thing", "object", "shape"))
        found = tuple(thing for thing in things if noun != "shape" or thing.is_shape)
        asked = noun
        noun = "object" if noun == "thing" else noun
        if noun == "object":
            talk.counts.append(Counted(talk.at, index, Spec(), len(found)))
    else:
        spec = countable(things, rng)
        found, noun = spec.among(things), spec.words()
        asked = noun
        if spec.size:
            asked = asked.replace(spec.size, rng.choice(SIZE_WORDS[spec.size]), 1)
        talk.counts.append(Counted(talk.at, index, spec, len(found)))
    if found:
        talk.focus = Focus(index, found, "count", noun)
    return turn(talk, wordings, where, tally(talk, found, noun), "count", n=plural(asked))


def exist(talk: Talk, index: int, where: str) -> Turn | None:
    rng, things = talk.rng, talk.scenes[index].things
    single = (
        "Is there {a}?", "Do you see {a}?", "Can you see {a}?", "Is {a} there?", "Does it have {a}?",
        "Is {a} to be seen?", "Can you find {a}?", "Do we have {a}?",
    )  # fmt: skip
    several = ("Are there any {p}?", "Do you see any {p}?", "Can you see {p}?", "Are there {p}?", "Any {p}?")
    if rng.random() < 0.08:
        noun = absent_name(talk.scenes[index], rng)
        return turn(talk, single, where, f"No, there is no {noun}.", "exist", a=article(noun))
    spec = absent(talk.scenes[index], rng) if rng.random() < 0.5 else _present(things, rng)
    if spec is None:
        return None
    found, noun = spec.among(things), spec.words()
    if found:
        talk.focus = Focus(index, found, "exist", noun)
        answer = f"Yes, {said(tally(talk, found, noun))}"
    else:
        answer = f"No, there is no {noun}."
    if rng.random() < 0.3:
        return turn(talk, several, where, answer, "exist", p=plural(noun))
    return turn(talk, single, where, answer, "exist", a=article(noun))


def _present(things: tuple[Thing, ...], rng: random.Random) -> Spec | None:
    """A description that fits at least one of the shapes."""
    nameable = [thing for thing in things if not thing.is_text]
    if not nameable:
        return None
    like = rng.choice(nameable)
    if like.hedge:
        return Spec(kind=like.broader) if like.hedge == "maybe" else None
    if like.kind == "object":
        return Spec(kind=like.broader if like.broader and rng.random() < 0.35 else like.name)
    return rng.choice(
        (
            Spec(kind=like.name),
            Spec(colour=like.colour, kind=like.name),
            Spec(colour=like.colour),
            Spec(size=like.size, kind=like.name),
            Spec(fill=like.fill, kind=like.name),
        )
    )


ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "colour": (
        "What colour is the {n}?", "Which colour does the {n} have?", "What is the colour of the {n}?",
        "Tell me the colour of the {n}.", "What colour has the {n}?", "The {n}: what colour is it?",
        "What colour is that {n}?", "Name the colour of the {n}.", "Which colour is the {n}?",
    ),
    "shape": (
        "What shape is the {n}?", "Which shape does the {n} have?", "What is the {n}?",
        "What kind of shape is the {n}?",
        "Tell me what the {n} is.", "What is the shape of the {n}?",
    ),
    "size": (
        "How big is the {n}?", "What size is the {n}?", "How large is the {n}?", "Is the {n} big or small?",
        "What is the size of the {n}?", "Is the {n} small, medium or large?",
    ),
    "place": (
        "Where is the {n}?", "Where do you see the {n}?", "What is the position of the {n}?",
        "Where's the {n}?",
        "In which part of the picture is the {n}?", "Where can I find the {n}?", "Tell me where the {n} is.",
        "Locate the {n}.",
    ),
    "fill": (
        "Is the {n} solid, outlined or striped?", "How is the {n} filled?", "Is the {n} filled or hollow?",
        "What fill does the {n} have?", "Is the {n} solid or striped?",
    ),
}  # fmt: skip


def attribute_of(thing: Thing, attribute: str, subject: str = "It") -> str:
    """The answer about one attribute of a thing."""
    if attribute == "shape" and thing.hedge == "maybe":
        return f"{subject} is {kind_and_guess(thing.broader, thing.name)}."
    if attribute == "shape" and thing.hedge:
        return guess(thing.name) if thing.name else UNSURE
    value = {
        "colour": thing.colour,
        "shape": a_thing(thing) if thing.name else "",
        "size": thing.size,
        "place": PLACE_PHRASES[PLACES[thing.place]],
        "fill": thing.fill,
    }[attribute]
    return f"{subject} is {value}."


def attribute(talk: Talk, index: int, where: str, name: str) -> Turn | None:
    """Colour, shape, size, place or fill of one thing."""
    rng, scene = talk.rng, talk.scenes[index]
    hide = {"shape": "kind"}.get(name, name)
    found = pick(scene, rng, hide, shapes_only=name in ("size", "fill"))
    if found is None:
        return None
    thing, spec = found
    noun, place = spec.asked(rng)
    talk.focus = Focus(index, (thing,), name)
    talk.asked.append(Asked(talk.at, index, thing, name, f"{noun} {place}".strip()))
    wordings = ATTRIBUTES[name]
    if name == "shape" and not thing.is_shape:
        wordings = ("What is the {n}?", "Tell me what the {n} is.", "What do you call the {n}?")
    return turn(talk, wordings, where, attribute_of(thing, name), name, n=f"{noun} {place}".strip())


def missing(talk: Talk, index: int, where: str) -> Turn | None:
    """An attribute of something that is not there."""
    rng = talk.rng
    name = rng.choice(("colour", "size", "place", "fill"))
    if rng.random() < 0.2:
        noun = absent_name(talk.scenes[index], rng)
    else:
        spec = absent(talk.scenes[index], rng)
        if (
            spec is None
            or (name == "colour" and spec.colour)
            or (name in ("size", "fill") and getattr(spec, name))
        ):
            return None
        noun = spec.words()
    return turn(talk, ATTRIBUTES[name], where, f"There is no {noun} in the picture.", "missing", n=noun)


def ambiguous(talk: Talk, index: int, where: str) -> Turn | None:
    """An attribute of "the circle" where there are several."""
    rng, things = talk.rng, talk.scenes[index].things
    several = [
        spec
        for thing in things
        if not thing.is_text
        for spec in (Spec(kind=thing.name), Spec(colour=thing.colour))
        if spec != Spec() and len(spec.among(things)) > 1
    ]
    if not several:
        return None
    spec = rng.choice(several)
    found = spec.among(things)
    name = "place"
    if all(thing.is_shape for thing in found):
        name = rng.choice(("place", "size", "fill", "colour" if spec.kind else "shape"))
    talk.focus = Focus(index, found, "ambiguous")
    talk.pending = talk.at, index, name, found
    answer = f"{tally(talk, found, spec.words())} Which one do you mean?"
    return turn(talk, ATTRIBUTES[name], where, answer, "ambiguous", n=spec.words())


def at_place(talk: Talk, index: int, where: str) -> Turn:
    """What stands at a place."""
    rng, things = talk.rng, talk.scenes[index].things
    occupied = [PLACES[thing.place] for thing in things]
    place = rng.choice(occupied) if occupied and rng.random() < 0.8 else rng.choice(PLACES)
    found = [thing for thing in things if PLACES[thing.place] == place]
    answer = f"There is nothing {PLACE_PHRASES[place]}."
    if found:
        talk.focus = Focus(index, tuple(found), "shape")
        answer = f"{capital(a_thing(found[0]))}."
    wordings = (
        "What is {at}?", "What do you see {at}?", "What's {at}?", "Which object is {at}?",
        "Tell me what is {at}.",
        "What stands {at}?", "Is there anything {at}?", "What can be seen {at}?",
    )  # fmt: skip
    return turn(talk, wordings, where, answer, "at_place", at=ask_place(place, rng))


def read(talk: Talk, index: int, where: str) -> Turn:
    """The text in the picture."""
    rng = talk.rng
    texts = [thing for thing in talk.scenes[index].things if thing.is_text]
    nouns = sorted({thing.kind for thing in texts}) if len(texts) == 1 else []
    noun = rng.choice([*nouns, "text"])
    wordings = (
        "What does the {n} say?", "Read the {n}.", "What is the {n}?", "Which {n} is written there?",
        "What {n} do you see?", "Can you read the {n}?", "What is written?", "What does it say?",
        "Read it to me.",
        "Is there any text?", "What {n} is shown?",
    )  # fmt: skip
    if not texts:
        return turn(talk, wordings, where, "There is no text in the picture.", "read", n="text")
    if len(texts) == 1:
        talk.focus = Focus(index, tuple(texts), "read")
    answer = f"It says {listed([thing.name.upper() for thing in texts])}."
    return turn(talk, wordings, where, answer, "read", n=noun)


def verify(talk: Talk, index: int, where: str) -> Turn | None:
    """ "Is the star red?" with a reason in the answer."""
    rng, scene = talk.rng, talk.scenes[index]
    name = rng.choice(("colour", "size", "fill", "place"))
    found = pick(scene, rng, name, shapes_only=name != "place")
    if found is None:
        return None
    thing, spec = found
    noun, place = spec.asked(rng)
    talk.focus = Focus(index, (thing,), name)
    wordings, answer, value = yes_or_no(thing, name, rng)
    return turn(talk, wordings, where, answer, "verify", n=f"the {noun} {place}".strip(), v=value)


def yes_or_no(thing: Thing, name: str, rng: random.Random) -> tuple[tuple[str, ...], str, str]:
    """Wordings over {n} and {v}, the answer, and the value asked for: true half the time."""
    truth = {"colour": thing.colour, "size": thing.size, "fill": thing.fill, "place": PLACES[thing.place]}[
        name
    ]
    values = {"colour": sorted(COLOURS), "size": SIZES, "fill": FILLS, "place": PLACES}[name]
    asked = truth if rng.random() < 0.5 else rng.choice([value for value in values if value != truth])
    said = PLACE_PHRASES[truth] if name == "place" else truth
    answer = yes_no(asked == truth, f"it is {said}.")
    if name == "place":
        return ("Is {n} {v}?", "Do you see {n} {v}?"), answer, ask_place(asked, rng)
    if name == "size":
        asked = rng.choice(SIZE_WORDS[asked])
    elif name == "fill":
        asked = rng.choice(FILL_WORDS[asked])
    return ("Is {n} {v}?", "Would you say {n} is {v}?", "Is it true that {n} is {v}?"), answer, asked


def _attribute_family(name: str) -> Family:
    return lambda talk, index, where: attribute(talk, index, where, name)


FAMILIES: dict[str, tuple[float, Family]] = {
    "describe": (12, describe),
    "count": (14, count),
    "exist": (12, exist),
    "colour": (13, _attribute_family("colour")),
    "shape": (7, _attribute_family("shape")),
    "size": (7, _attribute_family("size")),
    "place": (12, _attribute_family("place")),
    "fill": (5, _attribute_family("fill")),
    "at_place": (8, at_place),
    "read": (8, read),
    "verify": (8, verify),
    "count_verify": (5, count_verify),
    "shape_verify": (4, shape_verify),
    "read_verify": (5, read_verify),
    "compare": (9, compare),
    "relation": (6, relation),
    "beside": (4, beside),
    "missing": (6, missing),
    "ambiguous": (4, ambiguous),
}
"""Every family about one picture, with how often it is asked."""
