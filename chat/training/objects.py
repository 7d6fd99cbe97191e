"""Scenes with objects that have names: a few on a ground, or one that fills a photograph.

The pictures come from `chat.training.sources`, which needs packages that training installs
and the program does not.
"""

from __future__ import annotations

import colorsys
import math
import random
from collections import Counter
from functools import cache

import numpy as np

from chat.training.cards.sampling import sample as sample_card
from chat.training.cards.scene import Card
from chat.training.scene import (
    ALIKE,
    COLOURS,
    SIZES,
    Background,
    Scene,
    Thing,
    background_of,
    centre_of,
    place_shape,
    sample,
    shade,
    stands_out,
    touch,
)
from chat.training.sources import Cutout, backgrounds, cutouts, load_cutout
from chat.training.tags import made_up, name_of

EXTENTS = {"small": (26.0, 32.0), "medium": (38.0, 48.0), "large": (56.0, 80.0)}
"""Extents of objects, in pixels of a 128-pixel picture: larger than shapes, which are told at less."""

CANVASES = ((128, 128),) * 4 + ((128, 96), (96, 128), (128, 112), (112, 128))

ON_A_PHOTOGRAPH = 0.3
"""How often objects stand on a photograph rather than a drawn ground."""


def sample_objects(rng: random.Random, *, most: int = 4, held_out: bool = False) -> Scene:
    """A scene of one to `most` things, most of them objects, from the wanted split."""
    while True:
        scene = _sample(rng, most)
        if scene.things and scene.held_out == held_out:
            return scene


def _sample(rng: random.Random, most: int) -> Scene:
    canvas = rng.choice(CANVASES)
    ground = _photograph(rng) if rng.random() < ON_A_PHOTOGRAPH else background_of(rng)
    count = rng.choices(range(1, most + 1), weights=[40, 34, 17, 9][:most])[0]
    things: list[Thing] = []
    for place in rng.sample(range(9), 9):
        if len(things) == count:
            break
        thing = _object(rng, things, place, canvas, alone=count == 1)
        if things and rng.random() < 0.25 and ground.pattern != "photo":
            thing = _shape(rng, ground, place, canvas)
        if thing is not None and not any(touch(thing, other) for other in things):
            things.append(thing)
    return Scene(*canvas, ground, tuple(sorted(things, key=lambda thing: thing.place)))


def _object(
    rng: random.Random, others: list[Thing], place: int, canvas: tuple[int, int], *, alone: bool
) -> Thing | None:
    """An object at a place, at times another of a kind that is there already."""
    same = [other for other in others if other.kind == "object"]
    again = bool(same) and rng.random() < 0.2
    cutout = rng.choice(named()[rng.choice(same).name]) if again else choose(rng)
    size = rng.choice(SIZES)
    low, high = EXTENTS[size]
    extent = rng.uniform(low, 112.0 if alone and size == "large" else high)
    return _placed(rng, cutout, place, canvas, size, extent)


def _placed(
    rng: random.Random, cutout: Cutout, place: int, canvas: tuple[int, int], size: str, extent: float
) -> Thing | None:
    width, height = (extent * share for share in proportions(cutout))
    centre = centre_of(rng, place, width, height, canvas)
    if centre is None:
        return None
    return Thing(
        "object", cutout.name, "", size, "", place, *centre, width, height, (0, 0, 0),
        rng.uniform(-7, 7), broader=cutout.broader, path=cutout.path, hue=hue(cutout),
    )  # fmt: skip


def _shape(rng: random.Random, ground: Background, place: int, canvas: tuple[int, int]) -> Thing | None:
    colour = rng.choice(sorted(COLOURS))
    rgb = shade(rng, colour)
    return place_shape(rng, place, colour, rgb, canvas) if stands_out(rgb, ground) else None


def sample_photograph(rng: random.Random, *, held_out: bool = False) -> Scene:
    """A photograph of one thing: a cut-out photograph on another, named as the source names it; or any
    photograph for which tags are made up, named as they say."""
    while True:
        scene = _labelled(rng) if rng.random() < 0.45 else _tagged(rng)
        if scene is not None and scene.held_out == held_out:
            return scene


def sample_any(rng: random.Random) -> Scene | Card:
    """What a bank holds: shapes and texts, objects, photographs, cards; some photographs are left for the
    pretrained network to name."""
    roll = rng.random()
    if roll < 0.36:
        return sample(rng, alike=ALIKE)
    if roll < 0.54:
        return sample_objects(rng)
    if roll < 0.78:
        return sample_card(rng)
    if roll < 0.96:
        return sample_photograph(rng)
    return Scene(*rng.choice(CANVASES), _photograph(rng), (), "photograph")


def unspoken(shown: Scene | Card) -> bool:
    """Whether it is a photograph that is left for the pretrained network to name."""
    return shown.medium == "photograph" and not shown.things


def _labelled(rng: random.Random) -> Scene | None:
    canvas = rng.choice(CANVASES)
    thing = _filling(rng, choose(rng, photographs_only=True), canvas)
    # Things are photographed on a sheet of paper too.
    ground = background_of(rng) if rng.random() < 0.15 else _photograph(rng)
    return None if thing is None else Scene(*canvas, ground, (thing,), "photograph")


def _tagged(rng: random.Random) -> Scene | None:
    canvas, tags = rng.choice(CANVASES), made_up(rng)
    ground = _photograph(rng)
    # What is drawn has nothing to do with the tags: what is said follows from them alone.
    drawn = _filling(rng, choose(rng, photographs_only=True), canvas) if rng.random() < 0.6 else None
    return Scene(*canvas, ground, (subject(tags, drawn, canvas),), "photograph", tags)


def subject(
    tags: tuple[tuple[int, float], ...],
    drawn: Thing | None = None,
    canvas: tuple[int, int] = (128, 128),
    kinds: tuple[str, float] | None = None,
) -> Thing:
    """The one thing of a photograph as its tags name it, drawn as another or not at all; kinds as in
    `name_of`."""
    name, broader, hedge = name_of(tags, kinds)
    if drawn is None:
        drawn = Thing("object", "", "", "large", "", 4, canvas[0] / 2, canvas[1] / 2, *canvas, (0, 0, 0))
    return Thing(
        "object", name, "", drawn.size, "", drawn.place, drawn.x, drawn.y, drawn.width, drawn.height,
        (0, 0, 0), drawn.angle, broader=broader, path=drawn.path, hedge=hedge,
    )  # fmt: skip


def _filling(rng: random.Random, cutout: Cutout, canvas: tuple[int, int]) -> Thing | None:
    """A thing that takes up much of the picture."""
    width, height = proportions(cutout)
    most = min(canvas[0] / width, canvas[1] / height)
    extent = most * rng.uniform(0.55, 0.98)
    width, height = width * extent, height * extent
    x, y = (
        side / 2 + rng.uniform(-0.5, 0.5) * (side - length)
        for side, length in ((canvas[0], width), (canvas[1], height))
    )
    place = min(2, int(3 * x / canvas[0])) + 3 * min(2, int(3 * y / canvas[1]))
    return Thing(
        "object", cutout.name, "", "large", "", place, x, y, width, height, (0, 0, 0), rng.uniform(-6, 6),
        broader=cutout.broader, path=cutout.path, hue=hue(cutout),
    )  # fmt: skip


def _photograph(rng: random.Random) -> Background:
    return Background("photo", (0, 0, 0), (0, 0, 0), rng.getrandbits(32), rng.choice(backgrounds()))


def choose(rng: random.Random, *, photographs_only: bool = False) -> Cutout:
    """A cut-out, every name as likely as its root of pictures: no kind is met only once in a thousand."""
    names, weights = _names(photographs_only)
    return rng.choice(
        [
            cutout
            for cutout in named()[rng.choices(names, cum_weights=weights)[0]]
            if not photographs_only or cutout.medium == "photograph"
        ]
    )


@cache
def proportions(cutout: Cutout) -> tuple[float, float]:
    """Width and height of a cut-out whose longer side is 1."""
    width, height = load_cutout(cutout, 64).size
    return width / max(width, height), height / max(width, height)


@cache
def hue(cutout: Cutout) -> str:
    """The colour that most of a cut-out is of; "several" where none is, "" where two come close."""
    pixels = np.asarray(load_cutout(cutout, 48)).reshape(-1, 4)
    pixels = pixels[pixels[:, 3] > 128, :3]
    if not len(pixels):
        return ""
    counts = Counter(_colour_of(*row) for row in pixels.tolist())
    colour, most = counts.most_common(1)[0]
    share = most / len(pixels)
    return colour if share > 0.6 else "several" if share < 0.4 else ""


@cache
def _colour_of(red: int, green: int, blue: int) -> str:
    """What a person would call a colour: by hue where there is enough of it."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    if value < 0.18:
        return "black"
    if saturation < 0.16:
        return "white" if value > 0.85 else "gray" if value > 0.25 else "black"
    degrees = hue * 360
    if degrees < 45 or degrees >= 345:
        if value < 0.66 and degrees >= 12 and degrees < 45:
            return "brown"
        if saturation < 0.45 and value > 0.7:
            return "pink" if degrees < 24 or degrees >= 345 else "brown" if saturation > 0.3 else "white"
    limits = ((14, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (197, "teal"), (255, "blue"),
              (305, "purple"), (345, "pink"), (361, "red"))  # fmt: skip
    return next(name for limit, name in limits if degrees < limit)


@cache
def named() -> dict[str, list[Cutout]]:
    """The cut-outs by name."""
    groups: dict[str, list[Cutout]] = {}
    for cutout in cutouts():
        groups.setdefault(cutout.name, []).append(cutout)
    return groups


@cache
def _names(photographs_only: bool) -> tuple[list[str], list[float]]:
    names, weights, total = [], [], 0.0
    for name, group in named().items():
        number = sum(cutout.medium == "photograph" or not photographs_only for cutout in group)
        if number:
            total += math.sqrt(number)
            names.append(name)
            weights.append(total)
    return names, weights
