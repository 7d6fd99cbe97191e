"""Captions of a picture, sampled from what is known of it, with what each claims.

A picture has many right captions: the whole description, a few of its things, one of them, with or
without its place. A claim is a tuple that is true of a picture or not, so it is known of every
caption of a batch which of the other pictures it would fit as well.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from chat.training.cards.questions import said_of
from chat.training.cards.scene import Arrow, BarChart, Card, Grid, PieChart, Program, Sum
from chat.training.language import PLACE_PHRASES, a_thing, article, listed, phrase
from chat.training.questions import describe_scene
from chat.training.scene import COLOURS, HELD_OUT_PAIRS, PLACES, SHAPES, Scene, Thing
from chat.training.talk import Shown, ask_place

Claim = tuple[str, ...]
"""("thing", name, colour, fill, size, place) with "" for what is left open; or words of a card's own."""


@dataclass(frozen=True, slots=True)
class Caption:
    """Words for a picture, and all that they claim of it."""

    text: str
    claims: frozenset[Claim]


def sayable(scene: Shown) -> bool:
    """Whether there is something to say of a picture that one can be sure of."""
    return isinstance(scene, Card) or any(thing.name for thing in scene.things)


def true_of(scene: Shown) -> frozenset[Claim]:
    """Every claim that is true of a picture."""
    if isinstance(scene, Card):
        return frozenset(claim for _, claims in _pieces(scene) for claim in claims)
    return frozenset(claim for thing in scene.things for claim in _claims(thing))


def _claims(thing: Thing) -> Iterator[Claim]:
    colours = {"", thing.colour or (thing.hue if thing.hue != "several" else "")}
    names = {thing.name.lower(), thing.broader} - {""}
    places = {"", PLACES[thing.place]}
    for values in product(names, colours, {"", thing.fill}, {"", thing.size}, places):
        yield ("thing", *values)


def _claim(thing: Thing, *, colour: str = "", size: str = "", placed: bool = False) -> Claim:
    """What it claims to name a thing as `phrase` does: a solid fill is not said."""
    fill = "" if thing.fill == "solid" else thing.fill
    place = PLACES[thing.place] if placed else ""
    return ("thing", thing.name.lower(), colour or thing.colour, fill, size, place)


def caption(scene: Shown, rng: random.Random) -> Caption:
    """One of the many captions of a picture. Raises ValueError for one of which nothing can be said."""
    if not sayable(scene):
        raise ValueError("There is nothing to say of this picture.")
    if isinstance(scene, Card):
        text, claims = rng.choice(_pieces(scene))
        return Caption(text, frozenset(claims))
    if scene.medium == "photograph":
        return _of_photograph(scene, rng)
    named = [thing for thing in scene.things if thing.name]
    roll = rng.random()
    if roll < 0.25:
        return whole(scene, rng.random() < 0.5)
    if roll < 0.6 and len(named) > 1:
        most = min(3, len(named))
        chosen = rng.sample(named, 2 if rng.random() < 0.75 else most)
        return several(chosen, rng)
    return _of_one(rng.choice(named), rng)


def whole(scene: Scene, opened: bool = True) -> Caption:
    """The description of a scene of things that all have names, with or without "I see"."""
    text = describe_scene(scene)
    claims = frozenset(_claim(thing, placed=True) for thing in scene.things)
    return Caption(text if opened else text.removeprefix("I see "), claims)


def several(things: Sequence[Thing], rng: random.Random) -> Caption:
    """Some things, in the order given: "a red star and a blue circle", at times with their places."""
    placed = rng.random() < 0.35
    parts = [f"{a_thing(each)} {_where(each, rng)}" if placed else a_thing(each) for each in things]
    return Caption(listed(parts), frozenset(_claim(each, placed=placed) for each in things))


def _where(thing: Thing, rng: random.Random) -> str:
    place = PLACES[thing.place]
    return PLACE_PHRASES[place] if rng.random() < 0.6 else ask_place(place, rng)


def _of_one(thing: Thing, rng: random.Random) -> Caption:
    name, claim = phrase(thing), _claim(thing)
    if thing.is_shape and rng.random() < 0.2:
        name, claim = f"{thing.size} {name}", _claim(thing, size=thing.size)
    elif thing.is_shape and rng.random() < 0.1:
        name, claim = thing.name, ("thing", thing.name, "", "", "", "")
    elif thing.hue not in ("", "several") and rng.random() < 0.15:
        name, claim = f"{thing.hue} {name}", _claim(thing, colour=thing.hue)
    elif thing.broader and rng.random() < 0.1:
        name, claim = thing.broader, ("thing", thing.broader, "", "", "", "")
    text = _put(name if not thing.is_text else f"the {name}", rng, ("picture", "photo", "image"))
    if rng.random() < 0.25:
        return Caption(f"{text} {_where(thing, rng)}", frozenset([(*claim[:5], PLACES[thing.place])]))
    return Caption(text, frozenset([claim]))


def _of_photograph(scene: Scene, rng: random.Random) -> Caption:
    thing = scene.things[0]
    broad = bool(thing.broader) and rng.random() < 0.15
    name = thing.broader if broad else phrase(thing)
    claim = ("thing", name.lower(), "", "", "", "")
    return Caption(_put(name, rng, ("photograph", "photo", "picture")), frozenset([claim]))


def _put(name: str, rng: random.Random, nouns: Sequence[str]) -> str:
    """A name as people ask for pictures of it: "tiger", "a tiger", "a photo of a tiger"."""
    noun = rng.choice(nouns)
    with_article = name if name.startswith("the ") else article(name)
    ways = (name, with_article, f"{article(noun)} of {with_article}", f"{noun} of {with_article}")
    return rng.choices(ways, (3, 3, 2, 1))[0]


def _pieces(card: Card) -> list[tuple[str, tuple[Claim, ...]]]:
    """Everything that captions say of a card, with what it claims: its kind, its whole, its parts."""
    noun = article(card.noun)
    kind: Claim = ("card", card.noun)
    pieces: list[tuple[str, tuple[Claim, ...]]] = [(noun, (kind,)), (f"a picture of {noun}", (kind,))]
    pieces.append((said_of(card), (kind, ("card", repr(card.facts)))))
    if isinstance(card, Sum | Program):
        words = card.expression.text if isinstance(card, Sum) else " ".join(card.lines)
        text: Claim = ("text", words)
        pieces += [(words, (text,)), (f"the {card.noun} {words}", (kind, text))]
    elif isinstance(card, BarChart | PieChart):
        parts = card.bars if isinstance(card, BarChart) else card.slices
        part = "bar" if isinstance(card, BarChart) else "slice"
        pieces += [(f"{noun} with {article(f'{each.colour} {part}')}", (kind, (part, each.colour)))
                   for each in parts]  # fmt: skip
    elif isinstance(card, Grid):
        common, odd = (f"{item.colour} {item.shape}" for item in (card.common, card.odd))
        pieces += [
            (f"a grid of {common}s", (kind, ("grid", common))),
            (f"a grid with {article(odd)}", (kind, ("grid odd", odd))),
        ]
    elif isinstance(card, Arrow):
        # Arrows stand in scenes too.
        arrow: Claim = ("thing", "arrow", card.colour, "", "", "")
        way: Claim = ("points", card.direction)
        pieces += [(f"{card.colour} arrow", (arrow,)), (f"an arrow that points {card.direction}", (way,))]
    return pieces


def wrong(scene: Shown, rng: random.Random) -> Caption | None:
    """A caption that is nearly right: two things with their colours swapped, or one changed.

    Hard negatives (Yuksekgonul et al. 2023, arXiv:2210.01936): without them, a bag of words
    tells the pictures of a batch apart. None for a picture without shapes. It never holds a pair
    of colour and shape that is kept for evaluation.
    """
    if isinstance(scene, Card):
        return None
    shapes = [thing for thing in scene.things if thing.is_shape]
    if not shapes:
        return None
    true = true_of(scene)
    for _ in range(4):
        pair = rng.sample(shapes, 2) if len(shapes) > 1 else shapes
        if len(pair) == 2 and rng.random() < 0.7:
            said = [replace(one, colour=other.colour) for one, other in zip(pair, pair[::-1], strict=True)]
        else:
            first, colour, name = pair[0], rng.choice(sorted(COLOURS)), rng.choice(SHAPES)
            changed = replace(first, colour=colour) if rng.random() < 0.5 else replace(first, name=name)
            said = [changed, *pair[1:]]
        made = several(said, rng)
        unseen = any((each.colour, each.name) in HELD_OUT_PAIRS for each in said)
        if not unseen and not made.claims <= true:
            return made
    return None
