"""The facts of a synthetic picture: what stands where, in plain values.

A scene knows nothing of pixels (`render` draws it) or words (`dialogues` talks about
it). Whether a scene is held out for evaluation follows from its facts alone, so the
training stream and the evaluation can never meet, whatever seeds they use.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Literal

SHAPES = (
    "circle", "square", "rectangle", "triangle", "star", "heart", "diamond", "cross", "hexagon", "moon",
    "oval", "pentagon", "arrow", "ring",
)  # fmt: skip
SIZES = ("small", "medium", "large")
FILLS = ("solid", "outlined", "striped")
PLACES = (
    "top left", "top", "top right",
    "left", "centre", "right",
    "bottom left", "bottom", "bottom right",
)  # fmt: skip
COLOURS: dict[str, tuple[tuple[int, int, int], ...]] = {
    "red": ((255, 0, 0), (200, 25, 30), (230, 50, 60)),
    "orange": ((255, 165, 0), (240, 120, 20), (255, 140, 40)),
    "yellow": ((255, 255, 0), (245, 215, 40), (250, 235, 90)),
    "green": ((0, 128, 0), (0, 220, 0), (60, 170, 80), (30, 110, 50)),
    "blue": ((0, 0, 255), (40, 80, 210), (70, 110, 240)),
    "purple": ((128, 0, 128), (130, 50, 190), (100, 40, 150)),
    "pink": ((255, 192, 203), (255, 105, 180), (250, 140, 190)),
    "brown": ((139, 69, 19), (110, 65, 40), (95, 55, 20)),
    "black": ((0, 0, 0), (35, 35, 35), (20, 20, 25)),
    "white": ((255, 255, 255), (240, 240, 240), (250, 250, 245)),
    "gray": ((128, 128, 128), (105, 105, 108), (155, 155, 155)),
    "teal": ((0, 128, 128), (20, 160, 160), (0, 150, 140)),
}
"""Each colour's anchors in RGB; a thing's shade lies between two of them."""

WORDS = tuple(
    """ant bag bat bed bee big box boy bus cab cap car cat cow cup day dog door duck ear egg exit eye fan
    farm fast fish flag fox free frog fun girl go goat gold good gym hand hat help hen hot house ice ink
    jam jet key king kite lamp leaf left lion lock map menu milk moon nest new no nut open owl park pen
    pig play pull push queen rain red rice ring road rose safe sale sea ship shop sky slow snow sock stop
    sun tax tea ten tree up van wait water web wolf yes zoo""".split()
)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Single letters shown alone; I and O look like 1 and 0."""
WRITTEN = {
    "letter": list(LETTERS),
    "number": [str(number) for number in range(2, 100)],
    "word": [word.upper() for word in WORDS],
}
"""What may be written in a picture, by kind, as it is said."""

HELD_OUT_IN = 16
"""One scene in this many is kept for evaluation."""

HELD_OUT_PAIRS = frozenset(
    {
        ("red", "oval"), ("green", "oval"), ("blue", "pentagon"), ("pink", "pentagon"),
        ("yellow", "arrow"), ("black", "arrow"), ("purple", "ring"), ("teal", "ring"),
    }
)  # fmt: skip
"""Colours and shapes, of the 48 pairs of the last four shapes, that training never shows together: whether
they are named rightly shows whether the model composes what it knows."""

Kind = Literal["shape", "letter", "number", "word", "object"]
Medium = Literal["drawing", "photograph", "card"]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in a picture.

    name: a shape's name, the characters as drawn, or an object's plain name. size and fill are empty for
    text, colour and fill for objects. Of these, broader says the kind ("animal"), path the picture, hue the
    colour it is mostly of or "several", and hedge how sure one can be of the name: "" (sure), "maybe"
    (only of the kind), "may be" (of neither), "unsure" (there is none).
    place: index into PLACES. x, y: centre; width, height: extent; both in pixels of the
    scene. rgb: the actual shade. angle: degrees, anticlockwise. bold: text only.
    """

    kind: Kind
    name: str
    colour: str
    size: str
    fill: str
    place: int
    x: float
    y: float
    width: float
    height: float
    rgb: tuple[int, int, int]
    angle: float = 0.0
    bold: bool = False
    broader: str = ""
    path: str = ""
    hue: str = ""
    hedge: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it is letters or digits."""
        return self.kind in ("letter", "number", "word")

    @property
    def is_shape(self) -> bool:
        """Whether it is a shape: something with a colour, a size and a fill."""
        return self.kind == "shape"

    @property
    def fact(self) -> tuple[str, ...]:
        """What can be said of it, without shades, jitter or exact pixels."""
        return (self.kind, self.name.upper(), self.colour, self.size, self.fill, PLACES[self.place])


@dataclass(frozen=True, slots=True)
class Background:
    """What things stand on: a pattern in two nearby shades, or a part of the photograph at path, and the
    seed of its randomness."""

    pattern: str
    first: tuple[int, int, int]
    second: tuple[int, int, int]
    seed: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture's facts; things stand in reading order of their places. width, height in pixels.

    tags: classes and probabilities that the encoder's pretrained part shall claim to see, whatever it
    sees; None leaves it alone. A photograph is spoken of as one, its things without their places.
    """

    width: int
    height: int
    background: Background
    things: tuple[Thing, ...]
    medium: Medium = "drawing"
    tags: tuple[tuple[int, float], ...] | None = None

    @property
    def facts(self) -> tuple[tuple[str, ...], ...]:
        """Everything sayable about the things."""
        return tuple(thing.fact for thing in self.things)

    @property
    def digest(self) -> str:
        """sha256 of the facts, hex."""
        return hashlib.sha256(repr(self.facts).encode()).hexdigest()

    @property
    def held_out(self) -> bool:
        """Whether the scene belongs to the evaluation split, and never to training.

        An empty scene has no facts to tell it from another, so it is never held out.
        """
        return bool(self.things) and int(self.digest[:8], 16) % HELD_OUT_IN == 0


PATTERNS = ("plain", "plain", "gradient", "noise", "stripes", "blotches")
EXTENTS = {"small": (15.0, 21.0), "medium": (27.0, 34.0), "large": (43.0, 54.0)}
"""Extents of each size, in pixels of a 128-pixel picture; the gaps keep sizes apart."""


ALIKE = 0.12
"""Share of scenes of one shape only in training."""

TEXTS = (50.0, 44.0, 6.0)
"""How often a scene may hold 0, 1, 2 … texts."""


def sample(
    rng: random.Random,
    *,
    held_out: bool = False,
    most: int = 6,
    texts: tuple[float, ...] = TEXTS,
    pairs: bool = False,
    alike: float = 0.0,
) -> Scene:
    """A random scene of up to `most` things, from the wanted split; with `pairs`, it may hold the pairs of
    colour and shape that training never shows; `alike` is the share of scenes of one shape only."""
    while True:
        scene = _sample(rng, most, texts, alike)
        unseen = any((thing.colour, thing.name) in HELD_OUT_PAIRS for thing in scene.things)
        if scene.held_out == held_out and (pairs or not unseen):
            return scene


def _sample(rng: random.Random, most: int, texts: tuple[float, ...], alike: float) -> Scene:
    width, height = rng.choice(((128, 128),) * 6 + ((128, 96), (96, 128), (128, 112), (112, 128)))
    background = background_of(rng)
    count = rng.choices(range(most + 1), weights=[2, 18, 18, 18, 16, 14, 14][: most + 1])[0]
    few_shapes = rng.sample(SHAPES, 3) if rng.random() < 0.45 else SHAPES
    few_colours = rng.sample(sorted(COLOURS), 4) if rng.random() < 0.35 else sorted(COLOURS)
    # Things that are all alike are counted by where they stand alone.
    if alike and rng.random() < alike:
        few_shapes = rng.sample(SHAPES, 1)
        few_colours = few_colours if rng.random() < 0.3 else rng.sample(sorted(COLOURS), 1)
    most_texts = rng.choices(range(len(texts)), weights=texts)[0]
    things: list[Thing] = []
    for place in rng.sample(range(9), 9):
        if len(things) == count:
            break
        text = sum(thing.is_text for thing in things) < most_texts and rng.random() < 0.5
        colour = rng.choice(few_colours)
        rgb = shade(rng, colour)
        if not stands_out(rgb, background):
            continue
        thing = (
            _text(rng, place, colour, rgb, (width, height))
            if text
            else _shape(rng, rng.choice(few_shapes), place, colour, rgb, (width, height), alone=count == 1)
        )
        if thing is not None and not any(touch(thing, other) for other in things):
            things.append(thing)
    return Scene(width, height, background, tuple(sorted(things, key=lambda thing: thing.place)))


def shade(rng: random.Random, colour: str) -> tuple[int, int, int]:
    """A shade of a colour: between two of its anchors, with a little noise."""
    anchors = COLOURS[colour]
    first, second, t = rng.choice(anchors), rng.choice(anchors), rng.random()
    mixed = (a + (b - a) * t + rng.gauss(0, 4) for a, b in zip(first, second, strict=True))
    red, green, blue = (min(255, max(0, round(value))) for value in mixed)
    return red, green, blue


def background_of(rng: random.Random) -> Background:
    """A drawn ground: paper or any two shades, in a pattern."""
    if rng.random() < 0.45:  # paper: light and nearly neutral, as in documents and drawings
        base = rng.randint(215, 255)
        first = (base, max(0, base - rng.randint(0, 14)), max(0, base - rng.randint(0, 22)))
    else:
        first = (rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255))
    spread = rng.choice((10, 25, 45))
    red, green, blue = (min(255, max(0, value + rng.randint(-spread, spread))) for value in first)
    return Background(rng.choice(PATTERNS), first, (red, green, blue), rng.getrandbits(32))


def stands_out(rgb: tuple[int, int, int], background: Background) -> bool:
    """Whether a shade can be told from a drawn ground."""
    return all(
        sum(weight * (a - b) ** 2 for weight, a, b in zip((2, 4, 3), rgb, other, strict=True)) > 45_000
        for other in (background.first, background.second)
    )


def another_text(text: str, kind: str, rng: random.Random) -> str:
    """A text of a kind that is not this one, often with the same first letter or digit."""
    others = [each for each in WRITTEN[kind] if each != text]
    near = [each for each in others if each[0] == text[0]]
    return rng.choice(near if near and rng.random() < 0.4 else others)


def place_shape(
    rng: random.Random, place: int, colour: str, rgb: tuple[int, int, int], canvas: tuple[int, int]
) -> Thing | None:
    """A shape of any kind at a place; None where it does not fit, or must not be shown in that colour."""
    name = rng.choice(SHAPES)
    if (colour, name) in HELD_OUT_PAIRS:
        return None
    return _shape(rng, name, place, colour, rgb, canvas, alone=False)


def _shape(
    rng: random.Random,
    name: str,
    place: int,
    colour: str,
    rgb: tuple[int, int, int],
    canvas: tuple[int, int],
    *,
    alone: bool,
) -> Thing | None:
    size = rng.choice(SIZES)
    low, high = EXTENTS[size]
    extent = rng.uniform(low, 100.0 if alone and size == "large" and rng.random() < 0.4 else high)
    width, height = extent, extent
    if name in ("rectangle", "oval", "arrow"):
        long, short = extent * 1.12, extent * rng.uniform(0.5, 0.64)
        width, height = (long, short) if name == "arrow" or rng.random() < 0.7 else (short, long)
    centre = centre_of(rng, place, width, height, canvas)
    if centre is None:
        return None
    angle = rng.uniform(-9, 9) + (180 if name == "arrow" and rng.random() < 0.5 else 0)
    return Thing(
        "shape",
        name,
        colour,
        size,
        rng.choices(FILLS, (6, 2, 2))[0],
        place,
        *centre,
        width,
        height,
        rgb,
        angle,
    )


def _text(
    rng: random.Random, place: int, colour: str, rgb: tuple[int, int, int], canvas: tuple[int, int]
) -> Thing | None:
    kind: Kind = rng.choice(("letter", "number", "word", "word"))
    if kind == "letter":
        name = rng.choice(LETTERS)
    elif kind == "number":
        name = str(rng.choice((rng.randint(2, 9), rng.randint(10, 99))))
    else:
        name = rng.choice(WORDS).upper()
    height = rng.uniform(17, 30 if kind == "word" else 42)
    # About 0.68 of the font's height a character is what Pillow's font takes; `render` measures.
    width = height * 0.68 * len(name)
    if width > canvas[0] - 8:
        return None
    if kind == "word" and rng.random() < 0.3:
        name = name.lower() if rng.random() < 0.5 else name.capitalize()
    centre = centre_of(rng, place, width, height, canvas)
    if centre is None:
        return None
    return Thing(
        kind, name, colour, "", "", place, *centre, width, height, rgb, rng.uniform(-5, 5), rng.random() < 0.4
    )


def centre_of(
    rng: random.Random, place: int, width: float, height: float, canvas: tuple[int, int]
) -> tuple[float, float] | None:
    """A centre well inside the place's ninth of the picture, with the whole thing in the picture."""
    spots = []
    for extent, side, index in ((width, canvas[0], place % 3), (height, canvas[1], place // 3)):
        third = side / 3
        low = max(third * (index + 0.2), extent / 2 + 2)
        high = min(third * (index + 0.8), side - extent / 2 - 2)
        if low > high:
            return None
        spots.append(rng.uniform(low, high))
    return spots[0], spots[1]


def touch(a: Thing, b: Thing) -> bool:
    """Whether two things' boxes come closer than three pixels."""
    gap = 3
    return abs(a.x - b.x) < (a.width + b.width) / 2 + gap and abs(a.y - b.y) < (a.height + b.height) / 2 + gap
