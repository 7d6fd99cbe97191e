"""Cards drawn at random, from either split, with answers as evenly spread as they can be."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chat.training.cards.scene import (
    ARROW_COLOURS,
    DIRECTIONS,
    HIGHEST,
    ITEMS,
    RGB,
    Arrow,
    Bar,
    BarChart,
    Card,
    Expression,
    Grid,
    Item,
    PieChart,
    Program,
    Slice,
    Sum,
)
from chat.training.scene import COLOURS, PLACES, WORDS, Background, shade

CANVASES = ((128, 128),) * 6 + ((128, 96), (96, 128))
ALIKE = frozenset({"circle", "hexagon"})
"""Shapes too near to each other to make an odd one out."""
FROM_BACKGROUND = 50_000
FROM_EACH_OTHER = 40_000
"""Least `contrast` of what is drawn; black and white are 585,225 apart."""


@dataclass(frozen=True)
class Look:
    """What a card looks like before it says anything; same fields as in Card."""

    width: int
    height: int
    background: Background
    ink: RGB
    seed: int


def sample(rng: random.Random, held_out: bool = False, kind: type[Card] | None = None) -> Card:
    """A random card of the wanted split, and of the wanted kind if one is given."""
    kind = kind or rng.choices(list(KINDS), weights=[weight for weight, _ in KINDS.values()])[0]
    while True:
        card = KINDS[kind][1](rng, _look(rng))
        if card.held_out == held_out:
            return card


def contrast(a: RGB, b: RGB) -> int:
    """How far apart two shades look: squared distance, weighted by what the eye makes of each channel."""
    return sum(weight * (first - second) ** 2 for weight, first, second in zip((2, 4, 3), a, b, strict=True))


def _look(rng: random.Random) -> Look:
    width, height = rng.choice(CANVASES)
    low, high = (208, 255) if rng.random() < 0.65 else (0, 60)
    first = _near(rng, rng.randint(low, high), 14)
    red, green, blue = (rng.randint(-12, 12) + value for value in first)
    second = (_byte(red), _byte(green), _byte(blue))
    pattern = rng.choices(("plain", "gradient", "noise"), weights=(60, 25, 15))[0]
    ink = _near(rng, rng.randint(0, 45) if low else rng.randint(220, 255), 28)
    return Look(
        width, height, Background(pattern, first, second, rng.getrandbits(32)), ink, rng.getrandbits(32)
    )


def _near(rng: random.Random, grey: int, spread: int) -> RGB:
    return (
        _byte(grey + rng.randint(-spread, spread)),
        _byte(grey + rng.randint(-spread, spread)),
        _byte(grey + rng.randint(-spread, spread)),
    )


def _byte(value: int) -> int:
    return min(255, max(0, value))


def _colours(
    rng: random.Random, count: int, background: Background, names: Sequence[str] = tuple(sorted(COLOURS))
) -> list[tuple[str, RGB]]:
    """Distinct colours in shades that stand out from the background and from each other."""
    while True:
        chosen: list[tuple[str, RGB]] = []
        for name in rng.sample(names, len(names)):
            rgb = shade(rng, name)
            if (
                contrast(rgb, background.first) > FROM_BACKGROUND
                and contrast(rgb, background.second) > FROM_BACKGROUND
                and all(contrast(rgb, other) > FROM_EACH_OTHER for _, other in chosen)
            ):
                chosen.append((name, rgb))
            if len(chosen) == count:
                return chosen


def _operands(rng: random.Random, sign: str) -> tuple[int, int]:
    """Two numbers 0..9 (0..5 to multiply) with no negative result; every result is as likely."""
    if sign == "+":
        result = rng.randint(0, 18)
        left = rng.randint(max(0, result - 9), min(9, result))
        return left, result - left
    if sign == "-":
        result = rng.randint(0, 9)
        left = rng.randint(result, 9)
        return left, left - result
    pairs = [(left, right) for left in range(6) for right in range(6)]
    product = rng.choice(sorted({left * right for left, right in pairs}))
    return rng.choice([pair for pair in pairs if pair[0] * pair[1] == product])


def _sum(rng: random.Random, look: Look) -> Sum:
    sign = rng.choices(("+", "-", "x"), weights=(40, 32, 28))[0]
    left, right = _operands(rng, sign)
    return Sum(**vars(look), expression=Expression(str(left), sign, str(right)), open=rng.random() < 0.5)


def _bar_chart(rng: random.Random, look: Look) -> BarChart:
    colours = _colours(rng, rng.randint(2, 4), look.background)
    bars = tuple(Bar(name, rng.randint(1, HIGHEST), rgb) for name, rgb in colours)
    return BarChart(**vars(look), bars=bars, scale=rng.choice(("axis", "labels", "both")))


def _pie_chart(rng: random.Random, look: Look) -> PieChart:
    colours = _colours(rng, rng.randint(2, 4), look.background)
    count = len(colours)
    smallest, gap = 8, {2: 20, 3: 12, 4: 8}[count]
    while True:
        cuts = sorted(rng.sample(range(4, 100, 4), count - 1))
        shares = [after - before for before, after in zip([0, *cuts], [*cuts, 100], strict=True)]
        ordered = sorted(shares)
        apart = min(b - a for a, b in pairwise(ordered))
        if ordered[0] >= smallest and apart >= gap:
            break
    slices = tuple(Slice(name, share, rgb) for (name, rgb), share in zip(colours, shares, strict=True))
    return PieChart(**vars(look), slices=slices)


def _grid(rng: random.Random, look: Look) -> Grid:
    rows, columns = rng.choice(((3, 3), (3, 3), (2, 3), (3, 2), (2, 2)))
    (colour, rgb), (other, other_rgb) = _colours(rng, 2, look.background)
    shape, stranger = rng.sample(ITEMS, 2)
    while {shape, stranger} == ALIKE:
        shape, stranger = rng.sample(ITEMS, 2)
    common = Item(shape, colour, rgb)
    odd = Item(stranger, colour, rgb) if rng.random() < 0.5 else Item(shape, other, other_rgb)
    cell = rng.randrange(rows * columns)
    return Grid(**vars(look), rows=rows, columns=columns, common=common, odd=odd, cell=cell)


def _program(rng: random.Random, look: Look) -> Program:
    name = rng.choice(("x", "y", "a", "b", "n"))
    sign = rng.choice("+-*")
    left, right = (str(number) for number in _operands(rng, sign))
    plan = rng.choices(
        ("direct", "then", "first", "reversed", "word", "true"), weights=(22, 34, 16, 10, 10, 8)
    )[0]
    word = Expression(f'"{rng.choice([each for each in WORDS if len(each) <= 3]).upper()}"')
    if plan == "word":
        named = rng.random() < 0.5
        return Program(
            **vars(look),
            name=name if named else "",
            assigned=word,
            printed=Expression(name) if named else word,
        )
    if plan == "true":
        low, high = sorted(rng.sample(range(10), 2))
        sign, yes = rng.choice("<>"), rng.random() < 0.5
        pair = (str(low), str(high)) if (sign == "<") == yes else (str(high), str(low))
        return Program(
            **vars(look), name="", assigned=Expression(""), printed=Expression(pair[0], sign, pair[1])
        )
    whole = Expression(left, sign, right)
    assigned, printed = {
        "direct": (Expression(""), whole),
        "then": (Expression(left), Expression(name, sign, right)),
        "first": (whole, Expression(name)),
        "reversed": (Expression(right), Expression(left, sign, name)),
    }[plan]
    return Program(**vars(look), name="" if plan == "direct" else name, assigned=assigned, printed=printed)


def _arrow(rng: random.Random, look: Look) -> Arrow:
    ((colour, rgb),) = _colours(rng, 1, look.background, ARROW_COLOURS)
    return Arrow(
        **vars(look),
        direction=rng.choice(DIRECTIONS),
        colour=colour,
        rgb=rgb,
        place=rng.randrange(len(PLACES)),
    )


KINDS: dict[type[Card], tuple[float, Callable[[random.Random, Look], Card]]] = {
    Sum: (20, _sum),
    BarChart: (26, _bar_chart),
    PieChart: (14, _pie_chart),
    Grid: (16, _grid),
    Program: (14, _program),
    Arrow: (10, _arrow),
}
"""Every kind of card: how often it comes up, and what makes one."""
