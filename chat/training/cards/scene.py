"""The facts of cards, in plain values: calculations, charts, grids, programs and arrows.

As with `chat.training.scene`, a card knows nothing of pixels or words, and whether it is
held out for evaluation follows from its facts alone.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from chat.training.scene import COLOURS, HELD_OUT_IN, HELD_OUT_PAIRS, PLACES, Background, Medium, Thing

RGB = tuple[int, int, int]
Facts = tuple[object, ...]

CANVASES = ((128, 128),) * 6 + ((128, 96), (96, 128))
HIGHEST = 8
"""The highest value a bar can have."""
DIRECTIONS = ("left", "right", "up", "down")
ITEMS = ("circle", "square", "triangle", "star", "heart", "diamond", "cross", "hexagon", "moon")
"""Shapes in grids; a rectangle among squares would be a matter of degree."""
ARROW_COLOURS = tuple(sorted(colour for colour in COLOURS if (colour, "arrow") not in HELD_OUT_PAIRS))
"""Colours of arrows; some pairs of colour and shape are kept for evaluation in scenes as well."""


@dataclass(frozen=True, kw_only=True)
class Card(ABC):
    """What all cards have. width, height in pixels; ink: the shade of text and lines; seed: of
    everything that is drawn by chance and cannot be asked about (place, size, width of lines).
    A card has no things: what is asked about scenes cannot be asked about it."""

    noun: ClassVar[str]
    things: ClassVar[tuple[Thing, ...]] = ()
    medium: ClassVar[Medium] = "card"
    tags: ClassVar[None] = None

    width: int
    height: int
    background: Background
    ink: RGB
    seed: int

    @property
    @abstractmethod
    def facts(self) -> Facts:
        """Everything sayable, hashable, without shades or jitter."""

    @property
    def digest(self) -> str:
        """sha256 of the facts, hex."""
        return hashlib.sha256(repr(self.facts).encode()).hexdigest()

    @property
    def held_out(self) -> bool:
        """Whether the card belongs to the evaluation split, and never to training."""
        return int(self.digest[:8], 16) % HELD_OUT_IN == 0


@dataclass(frozen=True, slots=True)
class Expression:
    """One operand (a number, a name or a quoted word), or two with a sign between: + - * x < >."""

    left: str
    sign: str = ""
    right: str = ""

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.left} {self.sign} {self.right}" if self.sign else self.left

    def value(self, names: Mapping[str, str] | None = None) -> str:
        """What Python would print for it, given what its names stand for."""
        known = names or {}
        left = known.get(self.left, self.left)
        if not self.sign:
            return left.strip('"')
        a, b = int(left), int(known.get(self.right, self.right))
        results = {"+": a + b, "-": a - b, "*": a * b, "x": a * b, "<": a < b, ">": a > b}
        return str(results[self.sign])


@dataclass(frozen=True, kw_only=True)
class Sum(Card):
    """A calculation on one line; open: with "= ?" after it."""

    noun = "calculation"

    expression: Expression
    open: bool

    @property
    def facts(self) -> Facts:
        """The operands and the sign."""
        return ("sum", self.expression.text)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: the name of its colour, its value in 1..HIGHEST, its shade."""

    colour: str
    value: int
    rgb: RGB


@dataclass(frozen=True, kw_only=True)
class BarChart(Card):
    """Bars from left to right, their colours distinct.

    scale: how it is read: by an "axis" with grid lines, "labels" on top of the bars, or "both".
    """

    noun = "bar chart"

    bars: tuple[Bar, ...]
    scale: str

    @property
    def facts(self) -> Facts:
        """Colours and values from left to right."""
        return ("bar chart", *((bar.colour, bar.value) for bar in self.bars))


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice: the name of its colour, its share in percent, its shade."""

    colour: str
    share: int
    rgb: RGB


@dataclass(frozen=True, kw_only=True)
class PieChart(Card):
    """Slices clockwise, from any angle on; their colours distinct, their shares well apart."""

    noun = "pie chart"

    slices: tuple[Slice, ...]

    @property
    def ranked(self) -> tuple[Slice, ...]:
        """From the largest to the smallest."""
        return tuple(sorted(self.slices, key=lambda part: -part.share))

    @property
    def facts(self) -> Facts:
        """Colours and shares from the largest down; where the pie begins cannot be told."""
        return ("pie chart", *((part.colour, part.share) for part in self.ranked))


@dataclass(frozen=True, slots=True)
class Item:
    """A shape of a colour, in a shade of it."""

    shape: str
    colour: str
    rgb: RGB


@dataclass(frozen=True, kw_only=True)
class Grid(Card):
    """Equal items in rows and columns (2 or 3 of each), and one at `cell` (in reading order) that
    differs by its shape or by its colour."""

    noun = "grid of shapes"

    rows: int
    columns: int
    common: Item
    odd: Item
    cell: int

    @property
    def by_shape(self) -> bool:
        """Whether the odd one differs by its shape, rather than by its colour."""
        return self.odd.shape != self.common.shape

    def place(self, cell: int) -> str:
        """The name of a cell's place, one of PLACES."""
        row, column = divmod(cell, self.columns)
        # With two rows or columns there is no middle one.
        row, column = row * (4 - self.rows), column * (4 - self.columns)
        return PLACES[3 * row + column]

    @property
    def facts(self) -> Facts:
        """Rows, columns, both kinds of item, and the odd one's place."""
        items = ((item.shape, item.colour) for item in (self.common, self.odd))
        return ("grid", self.rows, self.columns, *items, self.place(self.cell))


@dataclass(frozen=True, kw_only=True)
class Program(Card):
    """`name = assigned` (unless name is empty), then `print(printed)`."""

    noun = "small program"

    name: str
    assigned: Expression
    printed: Expression

    @property
    def lines(self) -> tuple[str, ...]:
        """The program, line by line."""
        last = f"print({self.printed.text})"
        return (f"{self.name} = {self.assigned.text}", last) if self.name else (last,)

    @property
    def output(self) -> str:
        """What it prints."""
        return self.printed.value({self.name: self.assigned.value()})

    @property
    def facts(self) -> Facts:
        """The lines."""
        return ("program", *self.lines)


@dataclass(frozen=True, kw_only=True)
class Arrow(Card):
    """An arrow in one of DIRECTIONS; place: index into PLACES."""

    noun = "arrow"

    direction: str
    colour: str
    rgb: RGB
    place: int

    @property
    def facts(self) -> Facts:
        """Direction, colour and place."""
        return ("arrow", self.direction, self.colour, PLACES[self.place])
