"""An embedder that sees colours and nothing else, and an engine that has it: exact, and without a model.

A picture's vector is its mean colour, a text's that of the colours it names; both less grey, so that what
has no colour, and words that name none, go with nothing in particular.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from chat.engines import EchoEngine
from memory.images import open_upright

Vectors = NDArray[np.float32]

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")


class ColourEmbedder:
    """Vectors (n, 4): three of colour, and one that is left for what has none.

    `before`, if given, is called before every picture: a test that blocks in it holds the embedder there,
    and one that raises makes it fail.
    """

    fingerprint = "colours-1"
    width = 4

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.read = 0
        self._before = before

    def images(self, data: Sequence[bytes]) -> Vectors:
        return np.stack([self._image(each) for each in data])

    def texts(self, texts: Sequence[str]) -> Vectors:
        return np.stack([_text(each) for each in texts])

    def _image(self, data: bytes) -> Vectors:
        self._before()
        self.read += 1
        with open_upright(data) as picture:
            return _vector(np.asarray(picture, np.float32).reshape(-1, 3).mean(0))


class ColourEngine(EchoEngine):
    """An echo engine that can search pictures."""

    def __init__(
        self, *, gate: Callable[[], None] | None = None, before: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(gate=gate)
        self.colours = ColourEmbedder(before)
        # Past the class, which says that there is none.
        vars(self)["embedder"] = self.colours


def _text(text: str) -> Vectors:
    named = [ImageColor.getrgb(word)[:3] for word in text.lower().split() if word in COLOURS]
    return _vector(np.asarray(named or [(0, 0, 0)], np.float32).mean(0))


def _vector(colour: Vectors) -> Vectors:
    saturated = (colour - colour.mean()) / 255
    vector = np.asarray([*saturated, 0.1], np.float32)
    unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit
