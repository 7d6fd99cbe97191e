"""Questions about objects and photographs: what it is, of what kind, which colour, what sort of picture."""

from __future__ import annotations

import random
from collections.abc import Callable

from chat.training.cards.questions import families as card_families
from chat.training.cards.questions import follow
from chat.training.cards.scene import Card
from chat.training.cards.turns import CardTurn, yes_no
from chat.training.language import a_thing, article, capital, insert_where, listed
from chat.training.questions import FAMILIES, attribute_of, describe, exist, missing
from chat.training.scene import COLOURS, Thing
from chat.training.talk import Family, Focus, Shown, Spec, Talk, Turn, absent_name, turn

_WHAT: tuple[str, ...] = (
    "What is this?", "What is that?", "What is it?", "What is this a picture of?", "What do you see?",
    "What does this show?", "What is shown?", "What does the photo show?", "What is in the photo?",
    "What is in this photo?", "Do you know what this is?", "Can you tell what this is?",
    "What am I looking at?", "What have I got here?", "Name the main thing.", "What is the main subject?",
)  # fmt: skip
_WHAT_KIND: dict[str, tuple[str, ...]] = {
    "dog": ("What breed is it?", "Which breed of dog is this?", "What kind of dog is this?"),
    "bird": ("What kind of bird is this?", "Which bird is it?", "What bird is that?"),
    "cat": ("What kind of cat is this?", "Which kind of cat is it?"),
    "fruit": ("What fruit is this?", "Which fruit is it?", "What kind of fruit is it?"),
    "vehicle": ("What vehicle is this?", "Which kind of vehicle is it?"),
    "musical instrument": ("What instrument is this?", "Which instrument is it?"),
    "insect": ("What insect is this?", "Which insect is it?"),
    "building": ("What building is this?", "What kind of building is it?"),
}  # fmt: skip
ANIMALS = frozenset(
    """animal dog cat bird fish insect snake lizard spider monkey ape bear frog turtle shark whale butterfly
    beetle rabbit fox wolf reptile amphibian crab shellfish rodent deer horse cattle pig sheep antelope
    dinosaur mammal""".split()
)
"""Kinds that are animals."""


def what(talk: Talk, index: int, where: str) -> Turn | None:
    """The name of the one object."""
    rng, scene = talk.rng, talk.scenes[index]
    objects = [thing for thing in scene.things if thing.kind == "object"]
    if len(scene.things) != 1 or not objects:
        return None
    thing = objects[0]
    wordings = _WHAT
    if not thing.hedge and thing.broader in _WHAT_KIND and rng.random() < 0.3:
        wordings = _WHAT_KIND[thing.broader]
    elif not thing.hedge and thing.broader in ANIMALS and rng.random() < 0.25:
        wordings = (
            "What animal is this?",
            "Which animal is it?",
            "What animal do you see?",
            "What animal is that?",
        )
    talk.focus = Focus(index, (thing,), "shape")
    return turn(talk, wordings, where, attribute_of(thing, "shape"), "what")


def medium(talk: Talk, index: int, where: str) -> Turn:
    """Whether the picture is a drawing or a photograph."""
    rng, scene = talk.rng, talk.scenes[index]
    other = "drawing" if scene.medium == "photograph" else "photograph"
    roll = rng.random()
    if roll < 0.4:
        wordings: tuple[str, ...] = (
            "What kind of picture is this?", "Is this a photo or a drawing?",
            "Is it a drawing or a photograph?", "Is it drawn or photographed?",
            "What sort of image is this?", "Photo or drawing?",
        )  # fmt: skip
        return turn(talk, wordings, where, f"It is a {scene.medium}.", "medium")
    asked = scene.medium if roll < 0.7 else other
    answer = yes_no(asked == scene.medium, f"it is a {scene.medium}.")
    noun = asked if asked == "drawing" or rng.random() < 0.5 else "photo"
    wordings = ("Is this a {n}?", "Is it a {n}?", "Is that a {n}?", "Are you looking at a {n}?")
    return turn(talk, wordings, where, answer, "medium", n=noun)


def kind(talk: Talk, index: int, where: str) -> Turn | None:
    """Whether an object is of a kind, or what kind it is of."""
    rng, scene = talk.rng, talk.scenes[index]
    found = _alone(scene, rng, lambda thing: bool(thing.broader))
    if found is None:
        return None
    thing, noun = found
    talk.focus = Focus(index, (thing,), "shape")
    if rng.random() < 0.3:
        wordings: tuple[str, ...] = ("What kind of thing is the {n}?", "What sort of thing is the {n}?")
        if thing.hedge or rng.random() < 0.5:
            wordings = (
                "What kind of thing is it?",
                "What kind of thing is this?",
                "What sort of thing is that?",
            )
        if len(scene.things) == 1:
            answer = f"It is {article(thing.broader)}."
            return turn(talk, wordings, where, answer, "kind", n=noun)
    if rng.random() < 0.5:
        asked = thing.broader
        answer = f"Yes, {a_thing(thing)} is {article(asked)}."
    else:
        asked = absent_name(scene, rng)
        answer = f"No, it is {a_thing(thing)}."
    if len(scene.things) == 1 and rng.random() < 0.7:
        noun, wordings = "it", ("Is it {k}?", "Is this {k}?", "Is that {k}?", "Do you think it is {k}?")
    else:
        noun, wordings = f"the {noun}", ("Is {n} {k}?", "Would you call {n} {k}?")
    return turn(talk, wordings, where, answer, "kind", n=noun, k=article(asked))


def hue(talk: Talk, index: int, where: str) -> Turn | None:
    """The colour of an object."""
    rng = talk.rng
    found = _alone(talk.scenes[index], rng, lambda thing: bool(thing.hue))
    if found is None:
        return None
    thing, noun = found
    talk.focus = Focus(index, (thing,), "colour")
    if thing.hue != "several" and rng.random() < 0.25:
        asked = (
            thing.hue if rng.random() < 0.5 else rng.choice([name for name in COLOURS if name != thing.hue])
        )
        answer = yes_no(asked == thing.hue, f"it is {thing.hue}.")
        return turn(talk, ("Is the {n} {v}?", "Is that {n} {v}?"), where, answer, "hue", n=noun, v=asked)
    wordings = (
        "What colour is the {n}?", "Which colour does the {n} have?", "What is the colour of the {n}?",
        "Tell me the colour of the {n}.", "What colour is that {n}?", "Which colour is the {n}?",
    )  # fmt: skip
    answer = "It is of several colours." if thing.hue == "several" else f"It is {thing.hue}."
    return turn(talk, wordings, where, answer, "hue", n=noun)


def _alone(scene: Shown, rng: random.Random, fits: Callable[[Thing], bool]) -> tuple[Thing, str] | None:
    """An object that fits, the only one of its name, with a name for it."""
    objects = [
        thing
        for thing in scene.things
        if thing.kind == "object" and not thing.hedge and len(Spec(kind=thing.name).among(scene.things)) == 1
    ]
    chosen = [thing for thing in objects if fits(thing)]
    if not chosen:
        return None
    thing = rng.choice(chosen)
    only = thing.broader and len(Spec(kind=thing.broader).among(scene.things)) == 1
    return thing, thing.broader if only and rng.random() < 0.2 else thing.name


def which(talk: Talk, index: int, where: str) -> Turn | None:
    """Which things of a kind there are: "Which animals do you see?" """
    rng, scene = talk.rng, talk.scenes[index]
    kinds = sorted({thing.broader for thing in scene.things if thing.broader})
    if not kinds:
        return None
    chosen = rng.choice(kinds)
    names = list(dict.fromkeys(a_thing(thing) for thing in scene.things if thing.broader == chosen))
    wordings = ("Which {k} do you see?", "What {k} is there?", "Which {k} is there?", "Name the {k}.")
    talk.focus = None
    return turn(talk, wordings, where, f"{capital(listed(names))}.", "which", k=chosen)


_with_kind = {"what": (16, what), "kind": (7, kind), "medium": (5, medium), "hue": (7, hue)}

OBJECTS: dict[str, tuple[float, Family]] = {**FAMILIES, **_with_kind, "which": (6, which)}
"""Families about scenes with objects."""

MIXED = {name: family for name, family in OBJECTS.items() if name != "medium"}
"""The same where cut-out photographs are among them: neither a drawing nor a photograph."""

PHOTOGRAPHS: dict[str, tuple[float, Family]] = {
    **_with_kind,
    "describe": (14, describe),
    "exist": (12, exist),
    "missing": (4, missing),
    "medium": (8, medium),
    "place": (3, FAMILIES["place"][1]),
}
"""Families about a photograph of one thing."""

KNOWN_KIND: dict[str, tuple[float, Family]] = {
    "what": (12, what),
    "describe": (8, describe),
    "medium": (3, medium),
    "exist": (7, exist),
}
"""Families about a photograph of which one can be sure only of the kind of thing."""

UNNAMED: dict[str, tuple[float, Family]] = {
    "what": (10, what),
    "describe": (8, describe),
    "medium": (3, medium),
}
"""Families about a photograph of which one cannot be sure what it shows."""

HEDGED = {"": PHOTOGRAPHS, "maybe": KNOWN_KIND, "may be": UNNAMED, "unsure": UNNAMED}
"""Families about a photograph, by how sure one can be of what it shows."""

DRAWN: dict[str, tuple[float, Family]] = {**FAMILIES, "medium": (1.5, medium)}
"""Families about shapes and texts."""


def card(talk: Talk, index: int, where: str) -> Turn | None:
    """Anything that can be asked of a card."""
    shown, rng = talk.scenes[index], talk.rng
    if not isinstance(shown, Card):
        return None
    table = card_families(shown)
    weights = [weight * talk.emphasis.get(f"card_{name}", 1.0) for name, (weight, _) in table.items()]
    name = rng.choices(list(table), weights)[0]
    return carded(talk, index, table[name][1](shown, rng), where)


def follow_up(talk: Talk) -> Turn | None:
    """Something that means the last turn, if it was about a card."""
    if talk.card is None:
        return None
    index, before = talk.card
    shown = talk.scenes[index]
    return carded(talk, index, follow(shown, talk.rng, before), "") if isinstance(shown, Card) else None


def carded(talk: Talk, index: int, made: CardTurn | None, where: str) -> Turn | None:
    """A card's turn as a dialogue's."""
    if made is None:
        return None
    talk.card = index, made
    question = insert_where(made.question, where, front=talk.rng.random() < 0.4) if where else made.question
    return Turn(question, made.answer, made.family)


CARDS: dict[str, tuple[float, Family]] = {"card": (1, card)}
"""What is asked of a card; its own tables say how often what."""


def families(scene: Shown) -> dict[str, tuple[float, Family]]:
    """The families that a scene gives occasion for."""
    if isinstance(scene, Card):
        return CARDS
    if scene.medium == "photograph":
        return HEDGED[scene.things[0].hedge]
    objects = [thing for thing in scene.things if thing.kind == "object"]
    if not objects:
        return DRAWN
    drawn = scene.background.pattern != "photo" and all(_is_drawn(thing) for thing in objects)
    return OBJECTS if drawn else MIXED


def _is_drawn(thing: Thing) -> bool:
    return thing.path.startswith("emoji:") or thing.path.endswith(".svg")
