"""What is drawn is what the facts and the cells say."""

from __future__ import annotations

import numpy as np
import pytest

from chat.training.render import (
    CELL,
    CHARACTERS,
    COLOUR_NAMES,
    KINDS,
    SCALE,
    SIDE,
    draw,
    picture,
)
from chat.training.scene import SHAPES, Background, Kind, Scene, Thing

WHITE = Background("plain", (255, 255, 255), (255, 255, 255), 0)


def one(
    kind: Kind, name: str, *, x: float = 72, y: float = 40, size: float = 40, fill: str = "solid"
) -> Scene:
    colour, rgb = "blue", (0, 0, 255)
    thing = Thing(kind, name, colour, "large", fill, 1, x, y, size, size, rgb)
    return Scene(128, 128, WHITE, (thing,))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_inked_around_its_centre(shape: str) -> None:
    square, cells = draw(one("shape", shape))
    inked = np.argwhere(square[..., 0] < 128)
    assert len(inked) > 150 * SCALE**2
    low, high = inked.min(axis=0), inked.max(axis=0)
    middle = (low + high) / 2 / SCALE
    assert all(abs(found - wanted) < 7 for found, wanted in zip(middle, (40, 72), strict=True))
    assert (high - low).max() <= 44 * SCALE
    row, column = 40 // CELL, 72 // CELL
    assert KINDS[cells.kinds[row, column]] == shape
    assert COLOUR_NAMES[cells.colours[row, column]] == "blue"
    assert cells.centres.sum() == 1
    assert cells.centres[row, column] == 1


def test_shapes_differ_from_each_other() -> None:
    drawn = {draw(one("shape", shape))[0].tobytes() for shape in SHAPES}
    assert len(drawn) == len(SHAPES) - 2, "square and rectangle, circle and oval differ by extents alone"


@pytest.mark.parametrize(("fill", "share"), [("solid", 1.0), ("striped", 0.6), ("outlined", 0.4)])
def test_fills_use_less_ink(fill: str, share: float) -> None:
    ink = (draw(one("shape", "square", fill=fill))[0][..., 0] < 128).sum()
    whole = (draw(one("shape", "square"))[0][..., 0] < 128).sum()
    assert 0.1 < ink / whole <= share + 0.05


def test_characters_are_entered_from_left_to_right() -> None:
    thing = Thing("word", "CAT", "blue", "", "", 4, 64, 64, 60, 24, (0, 0, 255))
    _, cells = draw(Scene(128, 128, WHITE, (thing,)))
    row = [CHARACTERS[index] for index in cells.characters[64 // CELL] if index]
    assert row == ["C", "A", "T"]


def test_a_scene_that_is_not_square_is_padded_in_the_middle() -> None:
    scene = Scene(128, 96, WHITE, ())
    square, _ = draw(scene)
    assert square.shape == (SIDE * SCALE, SIDE * SCALE, 3)
    assert (square[: 16 * SCALE] == 127).all()
    assert (square[16 * SCALE : 112 * SCALE] == 255).all()
    assert picture(scene).size == (128 * SCALE, 96 * SCALE)
