"""Pictures of whatever a dialogue can be about: scenes and cards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from chat.training import render
from chat.training.cards import draw as cards
from chat.training.cards.scene import Card
from chat.training.render import Cells
from chat.training.talk import Shown


def draw(shown: Shown) -> tuple[NDArray[np.uint8], Cells]:
    """A square picture (SCALE·SIDE, SCALE·SIDE, 3) and what stands in its cells, unknown for a card."""
    return (cards.square(shown), Cells.unknown()) if isinstance(shown, Card) else render.draw(shown)


def picture(shown: Shown) -> Pillow.Image:
    """The picture alone, without padding, as a person would send it."""
    return cards.draw(shown) if isinstance(shown, Card) else render.picture(shown)
