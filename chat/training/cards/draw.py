"""Draw cards at SCALE times their size, with smooth edges, in the font that Pillow carries.

Everything is drawn FINE times as large as the card and reduced. What a card leaves to
chance (place, size, width of lines) follows from its seed.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from chat.model.images import to_square
from chat.training import render
from chat.training.cards.scene import (
    HIGHEST,
    RGB,
    Arrow,
    BarChart,
    Card,
    Grid,
    Item,
    PieChart,
    Program,
    Sum,
)
from chat.training.render import SCALE
from chat.training.scene import PLACES, Scene

FINE = 2 * SCALE
SMALLEST_FONT = 14.0
"""Of all text, in pixels of the card; the font's own height, of which a digit takes 0.7."""


def draw(card: Card) -> Pillow.Image:
    """The card alone, RGB, SCALE times its width and height."""
    sheet = Sheet(card)
    if isinstance(card, Sum):
        _sum(sheet, card)
    elif isinstance(card, BarChart):
        _bars(sheet, card)
    elif isinstance(card, PieChart):
        _pie(sheet, card)
    elif isinstance(card, Grid):
        _grid(sheet, card)
    elif isinstance(card, Program):
        _program(sheet, card)
    elif isinstance(card, Arrow):
        _arrow(sheet, card)
    else:
        raise TypeError(f"no such card: {type(card).__name__}")
    return sheet.canvas.reduce(FINE // SCALE)


def square(card: Card, side: int = SCALE * render.SIDE) -> NDArray[np.uint8]:
    """The card as a square picture (side, side, 3), padded like any other picture."""
    drawn = draw(card)
    if side != SCALE * render.SIDE:
        drawn = drawn.resize(
            (card.width * side // render.SIDE, card.height * side // render.SIDE),
            Pillow.Resampling.BOX if side < SCALE * render.SIDE else Pillow.Resampling.BICUBIC,
        )
    return to_square(drawn, side)


class Sheet:
    """A canvas under way. Lengths are in pixels of the card; rng is for what is left to chance."""

    def __init__(self, card: Card) -> None:
        ground = render.picture(Scene(card.width, card.height, card.background, ()))
        self.width, self.height = card.width, card.height
        self.canvas = ground.resize((card.width * FINE, card.height * FINE), Pillow.Resampling.NEAREST)
        self.pen = ImageDraw.Draw(self.canvas)
        self.rng = random.Random(card.seed)
        self.ink = card.ink
        self.faint = mixed(card.background.first, card.ink, 0.25)

    def box(self, box: tuple[float, float, float, float], fill: RGB, line: float = 0) -> None:
        """A filled rectangle (left, top, right, bottom), edged with ink."""
        left, top, right, bottom = (round(edge * FINE) for edge in box)
        self.pen.rectangle(
            (left, top, right - 1, bottom - 1), fill, self.ink if line else None, round(line * FINE)
        )

    def stroke(self, points: render.Points, rgb: RGB, width: float) -> None:
        """A line through points."""
        self.pen.line([(x * FINE, y * FINE) for x, y in points], rgb, max(1, round(width * FINE)), "curve")

    def text(self, at: tuple[float, float], text: str, size: float, anchor: str) -> None:
        """Text in ink at a point, by its anchor (Pillow's names)."""
        self.pen.text((at[0] * FINE, at[1] * FINE), text, self.ink, _font(round(size * FINE)), anchor)

    def place(self, low: float, high: float) -> float:
        """A place left to chance between two bounds; the middle where they leave no room."""
        return self.rng.uniform(low, high) if low < high else (low + high) / 2


def mixed(first: RGB, second: RGB, share: float) -> RGB:
    """A shade between two, with so much of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


@lru_cache(maxsize=256)
def _font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if height < SMALLEST_FONT * FINE:
        raise ValueError(f"a font of {height / FINE} pixels cannot be read; {SMALLEST_FONT} is the smallest")
    return ImageFont.load_default(height)


def _length(text: str) -> float:
    """The text's width, as a multiple of the font's height."""
    return _font(100).getlength(text) / 100


def _sum(sheet: Sheet, card: Sum) -> None:
    shown = card.expression.text + (" = ?" if card.open else "")
    length = _length(shown.replace("-", "+"))
    most = (sheet.width - 14) / length
    size = sheet.rng.uniform(min(most, 22), min(most, 38))
    half = length * size / 2 + 5
    x = sheet.place(half, sheet.width - half)
    y = sheet.place(size * 0.75, sheet.height - size * 0.75)
    strip = _calculation(shown, round(size * FINE))
    if sheet.rng.random() < 0.2:
        width = sheet.rng.uniform(0.8, 2)
        edge = (x - half, y - size * 0.7, x + half, y + size * 0.7)
        sheet.pen.rectangle([round(value * FINE) for value in edge], None, sheet.ink, round(width * FINE))
    else:
        room = min(y, sheet.height - y) - size * 0.6
        steep = math.degrees(math.atan2(max(0.0, room), half))
        angle = sheet.rng.uniform(-1, 1) * min(5.0, steep)
        strip = strip.rotate(angle, Pillow.Resampling.BICUBIC, expand=True)
    corner = round(x * FINE - strip.width / 2), round(y * FINE - strip.height / 2)
    sheet.canvas.paste(sheet.ink, corner, strip)


def _calculation(text: str, height: int) -> Pillow.Image:
    """The text as an "L" mask, its digits in the middle, its minus as wide as its plus would be."""
    font = _font(height)
    strip = Pillow.new("L", (math.ceil(font.getlength(text.replace("-", "+"))), round(height * 1.3)))
    pen, baseline = ImageDraw.Draw(strip), strip.height / 2 + height * 0.365
    before, minus, after = text.partition("-")
    pen.text((0, baseline), before, 255, font, "ls")
    if minus:
        # The font has no minus sign, and its hyphen is too short to be one.
        x, y = font.getlength(before), baseline - height * 0.325
        wide, thick = font.getlength("+"), height * 0.07
        pen.rectangle((x + wide * 0.14, y - thick / 2, x + wide * 0.86, y + thick / 2), 255)
        pen.text((x + wide, baseline), after, 255, font, "ls")
    return strip


def _bars(sheet: Sheet, card: BarChart) -> None:
    rng, labels = sheet.rng, card.scale != "axis"
    axis = card.scale != "labels"
    size = rng.uniform(SMALLEST_FONT, 17)
    left = (size * 0.6 + rng.uniform(6, 9)) if axis else rng.uniform(5, 12)
    right = sheet.width - rng.uniform(4, 9)
    bottom = sheet.height - (size * 0.36 + 3 if axis else rng.uniform(4, 10))
    top = size * (0.95 if labels else 0.5) + 3
    highest = max(bar.value for bar in card.bars)
    reach = HIGHEST if rng.random() < 0.6 else highest + highest % 2
    unit = (bottom - top) / reach
    width = rng.uniform(0.7, 1.6)
    if axis:
        for value in range(1, reach + 1):
            y = bottom - value * unit
            sheet.stroke([(left, y), (right, y)], sheet.faint, 0.75)
            if value % 2 == 0:
                sheet.text((left - 3, y), str(value), size, "rm")
        sheet.text((left - 3, bottom), "0", size, "rm")
        sheet.stroke([(left, top - 2), (left, bottom)], sheet.ink, width)
    pitch = (right - left) / len(card.bars)
    thick = min(pitch * rng.uniform(0.55, 0.8), 34)
    edge = rng.choice((0.0, 0.0, width))
    for index, bar in enumerate(card.bars):
        x = left + (index + 0.5) * pitch
        y = bottom - bar.value * unit
        sheet.box((x - thick / 2, y, x + thick / 2, bottom), bar.rgb, edge)
        if labels:
            sheet.text((x, y - 2), str(bar.value), size, "mb")
    sheet.stroke([(left, bottom), (right, bottom)], sheet.ink, width)


def _pie(sheet: Sheet, card: PieChart) -> None:
    radius = min(sheet.width, sheet.height) * sheet.rng.uniform(0.33, 0.46)
    x = sheet.place(radius + 3, sheet.width - radius - 3)
    y = sheet.place(radius + 3, sheet.height - radius - 3)
    box = [round(edge * FINE) for edge in (x - radius, y - radius, x + radius, y + radius)]
    angle = sheet.rng.uniform(0, 360)
    edge = sheet.rng.choice((None, sheet.ink, mixed(card.background.first, card.ink, 0.02)))
    line = round(sheet.rng.uniform(0.8, 1.8) * FINE)
    for part in card.slices:
        sweep = part.share * 3.6
        sheet.pen.pieslice(box, angle, angle + sweep, part.rgb, edge, line if edge else 0)
        angle += sweep


def _grid(sheet: Sheet, card: Grid) -> None:
    rng = sheet.rng
    left, right = rng.uniform(3, 10), sheet.width - rng.uniform(3, 10)
    top, bottom = rng.uniform(3, 10), sheet.height - rng.uniform(3, 10)
    wide, high = (right - left) / card.columns, (bottom - top) / card.rows
    extent = min(wide, high) * rng.uniform(0.64, 0.8)
    if rng.random() < 0.5:
        rgb, width = rng.choice((sheet.faint, sheet.ink)), rng.uniform(0.7, 1.6)
        for row in range(card.rows + 1):
            y = top + row * high
            sheet.stroke([(left, y), (right, y)], rgb, width)
        for column in range(card.columns + 1):
            x = left + column * wide
            sheet.stroke([(x, top), (x, bottom)], rgb, width)
    for cell in range(card.rows * card.columns):
        row, column = divmod(cell, card.columns)
        x = left + (column + 0.5) * wide + rng.uniform(-0.05, 0.05) * wide
        y = top + (row + 0.5) * high + rng.uniform(-0.05, 0.05) * high
        _item(sheet, card.odd if cell == card.cell else card.common, (x, y), extent)


def _item(sheet: Sheet, item: Item, at: tuple[float, float], extent: float) -> None:
    turn = math.radians(sheet.rng.uniform(-6, 6))
    cos, sin, half = math.cos(turn), math.sin(turn), extent / 2 * FINE
    corners = [
        (at[0] * FINE + half * (x * cos - y * sin), at[1] * FINE + half * (x * sin + y * cos))
        for x, y in render.unit_outline(item.shape)
    ]
    sheet.pen.polygon(corners, item.rgb)


def _program(sheet: Sheet, card: Program) -> None:
    longest = max(_length(line) for line in card.lines)
    most = min((sheet.width - 10) / longest, 26)
    size = sheet.rng.uniform(max(SMALLEST_FONT + 2, most * 0.8), most)
    spacing = size * sheet.rng.uniform(1.25, 1.6)
    x = sheet.place(5, sheet.width - longest * size - 5)
    first = sheet.place(size * 0.8, sheet.height - size * 0.8 - spacing * (len(card.lines) - 1))
    for index, line in enumerate(card.lines):
        sheet.text((x, first + index * spacing), line, size, "lm")


def _arrow(sheet: Sheet, card: Arrow) -> None:
    rng = sheet.rng
    length = rng.uniform(28, 80 if card.place == PLACES.index("centre") else 42)
    thick = rng.uniform(0.06, 0.14) * length
    head, wing = length * rng.uniform(0.34, 0.5), thick + length * rng.uniform(0.11, 0.2)
    across = card.direction in ("left", "right")
    extent = (length, 2 * wing) if across else (2 * wing, length)
    spots = []
    for side, size, index in (
        (sheet.width, extent[0], card.place % 3),
        (sheet.height, extent[1], card.place // 3),
    ):
        low, high = side / 3 * (index + 0.3), side / 3 * (index + 0.7)
        spots.append(sheet.place(max(low, size / 2 + 4), min(high, side - size / 2 - 4)))
    tip, tail = length / 2, -length / 2
    block = [(tail, thick), (tip - head, thick), (tip - head, wing), (tip, 0.0)]
    block += [(x, -y) for x, y in reversed(block[:3])]
    angle = {"right": 0, "down": 90, "left": 180, "up": 270}[card.direction] + rng.uniform(-7, 7)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))

    def turned(points: render.Points) -> render.Points:
        return [(spots[0] + x * cos - y * sin, spots[1] + x * sin + y * cos) for x, y in points]

    if rng.random() < 0.6:
        sheet.pen.polygon([(x * FINE, y * FINE) for x, y in turned(block)], card.rgb)
        return
    width = rng.uniform(2.4, 4.5)
    sheet.stroke(turned([(tail, 0), (tip, 0)]), card.rgb, width)
    sheet.stroke(turned([(tip - head * 0.8, wing), (tip, 0), (tip - head * 0.8, -wing)]), card.rgb, width)
