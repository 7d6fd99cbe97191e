"""Draw scenes, and say what stands in each cell of the encoder's grid.

Scenes are measured in pixels of a 128-pixel square and drawn at twice that: the encoder's
pretrained part reads it so, its own part halves it, which makes edges smooth. The font
is the one that Pillow carries, so a scene looks the same on every machine.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageChops, ImageDraw, ImageFont

from chat.model.images import PADDING
from chat.training.scene import COLOURS, FILLS, SHAPES, SIZES, Background, Scene, Thing
from chat.training.sources import Cutout, load_background, load_cutout

SCALE = 2
SIDE = 128
GRID = 8
CELL = SIDE // GRID

KINDS = ("nothing", *SHAPES, "text", "object")
CHARACTERS = ("", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
COLOUR_NAMES = ("", *COLOURS)
SIZE_NAMES = ("", *SIZES)
FILL_NAMES = ("", *FILLS)

OBJECT_SIDE = 256
"""Pixels along the longest side of an object's picture, before it is scaled into its box."""

UNKNOWN = 255
"""In place of a class where nothing is to be learnt."""

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Cells:
    """What stands in each cell of the grid, as class indices; all (GRID, GRID) but characters.

    kinds, colours, sizes, fills: of the thing that covers most of the cell. centres: 1
    where a thing's centre lies. characters (GRID, 2·GRID): two half-cells a cell.
    """

    kinds: NDArray[np.int64]
    colours: NDArray[np.int64]
    sizes: NDArray[np.int64]
    fills: NDArray[np.int64]
    centres: NDArray[np.int64]
    characters: NDArray[np.int64]

    @classmethod
    def empty(cls) -> Cells:
        """Nothing anywhere."""
        kinds, colours, sizes, fills, centres = np.zeros((5, GRID, GRID), np.int64)
        return cls(kinds, colours, sizes, fills, centres, np.zeros((GRID, 2 * GRID), np.int64))

    @classmethod
    def unknown(cls) -> Cells:
        """Nothing is said of any cell, so that nothing is learnt from it."""
        kinds, colours, sizes, fills, centres = np.full((5, GRID, GRID), UNKNOWN)
        return cls(kinds, colours, sizes, fills, centres, np.full((GRID, 2 * GRID), UNKNOWN))


def draw(scene: Scene) -> tuple[NDArray[np.uint8], Cells]:
    """A scene as a square picture (SCALE·SIDE, SCALE·SIDE, 3), padded like any other, and its cells."""
    canvas = _canvas(scene.background, scene.width, scene.height)
    left, top = (SIDE - scene.width) // 2, (SIDE - scene.height) // 2
    cells = Cells.empty()
    covered = np.full((GRID, GRID), 0.12)
    for thing in scene.things:
        if thing.kind == "object" and not thing.path:  # the ground itself is what is spoken of
            continue
        ink, solid, corner = _mask(thing)
        canvas.paste(_cutout(thing) if thing.path else thing.rgb, corner, ink)
        _mark(cells, covered, thing, solid, (corner[0] + left * SCALE, corner[1] + top * SCALE))
    square = np.empty((SIDE * SCALE, SIDE * SCALE, 3), np.uint8)
    square[:] = PADDING
    drawn = np.asarray(canvas, np.int16)
    if scene.background.pattern == "noise":
        noise = np.random.default_rng(scene.background.seed)
        grain = noise.normal(0, 7, (scene.height, scene.width, 3)).astype(np.int16)
        drawn = drawn + grain.repeat(SCALE, 0).repeat(SCALE, 1)
    square[_inside(scene)] = drawn.clip(0, 255)
    return square, cells


def picture(scene: Scene) -> Pillow.Image:
    """The scene alone, without padding, as a person would send it."""
    square, _ = draw(scene)
    return Pillow.fromarray(square[_inside(scene)])


def _inside(scene: Scene) -> tuple[slice, slice]:
    """Rows and columns of the scene in its square."""
    left, top = (SIDE - scene.width) // 2 * SCALE, (SIDE - scene.height) // 2 * SCALE
    return slice(top, top + scene.height * SCALE), slice(left, left + scene.width * SCALE)


def _canvas(background: Background, width: int, height: int) -> Pillow.Image:
    """What things are drawn on, SCALE times the scene's size."""
    size = width * SCALE, height * SCALE
    if background.pattern == "photo":
        return load_background(background.path, size, random.Random(background.seed))
    return Pillow.fromarray(_background(background, width, height)).resize(size, Pillow.Resampling.NEAREST)


@lru_cache(maxsize=16)
def _cutout(thing: Thing) -> Pillow.Image:
    """An object's picture, scaled into its box and turned by its angle: RGBA."""
    whole = load_cutout(Cutout(thing.path, thing.name, thing.broader, "drawing", ""), OBJECT_SIDE)
    scale = min(thing.width * SCALE / whole.width, thing.height * SCALE / whole.height)
    shape = max(1, round(whole.width * scale)), max(1, round(whole.height * scale))
    return whole.resize(shape, Pillow.Resampling.BILINEAR).rotate(
        thing.angle, Pillow.Resampling.BILINEAR, expand=True
    )


def _background(background: Background, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 3): the two shades mixed by the pattern."""
    noise = np.random.default_rng(background.seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    mix = np.zeros((height, width), np.float32)
    if background.pattern == "gradient":
        angle = noise.uniform(0, 2 * math.pi)
        ramp = x * math.cos(angle) + y * math.sin(angle)
        mix = (ramp - ramp.min()) / (np.ptp(ramp) + 1e-6)
    elif background.pattern == "stripes":
        angle, wave = noise.uniform(0, 2 * math.pi), noise.uniform(3, 12)
        mix = (np.sin((x * math.cos(angle) + y * math.sin(angle)) / wave) > 0).astype(np.float32)
    elif background.pattern == "blotches":
        coarse = Pillow.fromarray(noise.uniform(0, 1, (6, 6)).astype(np.float32))
        mix = np.asarray(coarse.resize((width, height), Pillow.Resampling.BICUBIC)).clip(0, 1)
    first, second = np.array([background.first, background.second], np.float32)
    mixed: NDArray[np.float32] = first + (second - first) * mix[..., None]
    return mixed.round().astype(np.uint8)


def _mask(thing: Thing) -> tuple[Pillow.Image, Pillow.Image, tuple[int, int]]:
    """What to ink, the thing's whole area, both "L" masks, and where their corner goes on the canvas."""
    if not thing.is_shape:
        ink = _text_mask(thing) if thing.is_text else _cutout(thing).getchannel("A")
        return ink, ink, (round(thing.x * SCALE - ink.width / 2), round(thing.y * SCALE - ink.height / 2))
    side = math.ceil(1.3 * max(thing.width, thing.height)) * SCALE
    corner = round(thing.x * SCALE - side / 2), round(thing.y * SCALE - side / 2)
    points = [(x - corner[0], y - corner[1]) for x, y in _outline(thing)]
    solid = Pillow.new("L", (side, side))
    ImageDraw.Draw(solid).polygon(points, fill=255)
    if thing.fill == "solid":
        return solid, solid, corner
    ink = Pillow.new("L", (side, side))
    line = round(max(2.4, min(thing.width, thing.height) * 0.09) * SCALE)
    pen = ImageDraw.Draw(ink)
    if thing.fill == "striped":
        pitch = max(5.0, min(thing.width, thing.height) / 5) * SCALE
        for step in range(int(side / pitch) + 1):
            pen.rectangle((step * pitch, 0, (step + 0.5) * pitch, side), fill=255)
        line = max(2, line // 2)
    pen.line([*points, points[0], points[1]], fill=255, width=line, joint="curve")
    return ImageChops.multiply(ink, solid), solid, corner


@lru_cache(maxsize=64)
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height)


def _text_mask(thing: Thing) -> Pillow.Image:
    """The characters, scaled to the thing's box, turned by its angle."""
    strip = _strip(thing.name, thing.bold)
    scale = min(thing.width * SCALE / strip.width, thing.height * SCALE / strip.height)
    shape = max(1, round(strip.width * scale)), max(1, round(strip.height * scale))
    strip = strip.resize(shape, Pillow.Resampling.BILINEAR)
    return strip.rotate(thing.angle, Pillow.Resampling.BILINEAR, expand=True)


@lru_cache(maxsize=1024)
def _strip(text: str, bold: bool) -> Pillow.Image:
    font, stroke = _font(64), 2 if bold else 0
    box = font.getbbox(text, stroke_width=stroke)
    strip = Pillow.new("L", (math.ceil(box[2] - box[0]), math.ceil(box[3] - box[1])))
    ImageDraw.Draw(strip).text((-box[0], -box[1]), text, font=font, fill=255, stroke_width=stroke)
    return strip


def _outline(thing: Thing) -> Points:
    """The shape's corners on the canvas."""
    turn = math.radians(thing.angle)
    cos, sin = math.cos(turn), math.sin(turn)
    points = []
    for px, py in unit_outline(thing.name):
        dx, dy = px * thing.width / 2, py * thing.height / 2
        points.append(((thing.x + dx * cos - dy * sin) * SCALE, (thing.y + dx * sin + dy * cos) * SCALE))
    return points


@cache
def unit_outline(name: str) -> tuple[tuple[float, float], ...]:
    """A shape's corners in [-1, 1]², y down; ValueError for a name that is none's."""

    def ring(count: int, start: float = -90.0, radius: float = 1.0) -> list[tuple[float, float]]:
        angles = (math.radians(start + 360 * index / count) for index in range(count))
        return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]

    if name in ("circle", "oval"):
        return tuple(ring(40))
    if name in ("square", "rectangle"):
        return ((-1, -1), (1, -1), (1, 1), (-1, 1))
    if name == "triangle":
        return ((0, -1), (1, 0.85), (-1, 0.85))
    if name == "star":
        outer, inner = ring(5), ring(5, start=-54, radius=0.42)
        return tuple(point for pair in zip(outer, inner, strict=True) for point in pair)
    if name == "heart":
        angles = [2 * math.pi * index / 40 for index in range(40)]
        return tuple(
            (
                math.sin(a) ** 3,
                -(13 * math.cos(a) - 5 * math.cos(2 * a) - 2 * math.cos(3 * a) - math.cos(4 * a) + 2.5)
                / 14.5,
            )
            for a in angles
        )
    if name == "diamond":
        return ((0, -1), (0.72, 0), (0, 1), (-0.72, 0))
    if name == "cross":
        a = 0.33
        return (
            (-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a),
            (a, 1), (-a, 1), (-a, a), (-1, a), (-1, -a), (-a, -a),
        )  # fmt: skip
    if name == "hexagon":
        return tuple(ring(6, start=0))
    if name == "pentagon":
        return tuple(ring(5))
    if name == "ring":
        # Once round outside and once back inside, with a seam too thin to see.
        return (*ring(41), ring(41)[0], *reversed([*ring(41, radius=0.55), ring(41, radius=0.55)[0]]))
    if name == "arrow":
        return ((-1, -0.4), (0.1, -0.4), (0.1, -1), (1, 0), (0.1, 1), (0.1, 0.4), (-1, 0.4))
    if name == "moon":
        away = [math.radians(60 + 10 * index) for index in range(25)]
        # The inner edge: a flatter arc back through the same two tips.
        back = [(0.62 * math.cos(angle) + 0.19, 0.866 * math.sin(angle)) for angle in reversed(away)]
        return tuple([(math.cos(angle) + 0.2, math.sin(angle)) for angle in away] + back)
    raise ValueError(f"no such shape: {name}")


def _mark(
    cells: Cells, covered: NDArray[np.float64], thing: Thing, solid: Pillow.Image, corner: tuple[int, int]
) -> None:
    """Enter a thing into the cells it covers most of, and its centre and characters."""
    area = Pillow.new("L", (SIDE * SCALE, SIDE * SCALE))
    area.paste(solid, corner)
    cover = np.asarray(area.reduce(CELL * SCALE), np.float64) / 255
    x, y = (corner[0] + solid.width / 2) / SCALE, (corner[1] + solid.height / 2) / SCALE
    row, column = int(y // CELL), int(x // CELL)
    cover[row, column] = max(cover[row, column], 0.5)
    mine = cover > covered
    covered[mine] = cover[mine]
    name = thing.name if thing.is_shape else "text" if thing.is_text else "object"
    cells.kinds[mine] = KINDS.index(name)
    cells.colours[mine] = COLOUR_NAMES.index(thing.colour)
    cells.sizes[mine] = SIZE_NAMES.index(thing.size)
    cells.fills[mine] = FILL_NAMES.index(thing.fill)
    cells.centres[row, column] = 1
    if thing.is_text:
        _mark_characters(cells, thing, x, row)


def _mark_characters(cells: Cells, thing: Thing, x: float, row: int) -> None:
    """Enter each character into the half-cell under its middle; x is the text's centre on the square."""
    font = _font(64)
    whole = font.getlength(thing.name)
    strip = _strip(thing.name, thing.bold)
    shown = whole / strip.width * min(thing.width, thing.height * strip.width / strip.height)
    for index, character in enumerate(thing.name.upper()):
        middle = (font.getlength(thing.name[:index]) + font.getlength(thing.name[: index + 1])) / 2
        column = int((x + (middle / whole - 0.5) * shown) // (CELL / 2))
        if 0 <= column < 2 * GRID and cells.characters[row, column] == 0:
            cells.characters[row, column] = CHARACTERS.index(character)
