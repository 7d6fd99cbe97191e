"""Pictures and texts as vectors, and classes named in words, from Python.

    from chat import zero_shot
    zero_shot("cat.jpg", ["a cat", "a dog", "a bar chart"])

Each takes `model`: "builtin", the folder of a checkpoint, or an Engine. A named one is loaded
once a process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chat.engines import Engine, load
from chat.engines.base import Embedder
from chat.errors import EngineError, ImageError

SCALE = 100.0
"""What products are multiplied by where the embedder does not say: what CLIP's grew to."""

PictureFile = str | Path | bytes
"""A path, or the bytes of a picture file."""


def encode_image(picture: PictureFile, *, model: str | Engine = "builtin") -> NDArray[np.float32]:
    """A picture as a vector (width,) of unit length.

    Raises ImageError for a picture that cannot be read, EngineError for a model that cannot
    compare pictures with words, and what `chat.engines.load` raises.
    """
    vector: NDArray[np.float32] = _embedder(model).images([_bytes(picture)])[0]
    return vector


def encode_text(text: str, *, model: str | Engine = "builtin") -> NDArray[np.float32]:
    """A text as a vector (width,) of unit length: its product with a picture's says how well they go
    together. Raises as `encode_image`."""
    vector: NDArray[np.float32] = _embedder(model).texts([text])[0]
    return vector


def zero_shot(
    picture: PictureFile, labels: Sequence[str], *, model: str | Engine = "builtin"
) -> list[tuple[str, float]]:
    """Which of some labels fits a picture: (label, probability), the likeliest first.

    Labels are words as one would describe the picture with, such as "a red star" or "a photo of a
    tiger" (CLIP, Radford et al. 2021, arXiv:2103.00020). The probabilities sum to 1: one of the labels
    is taken to be right. Raises ValueError without labels, otherwise as `encode_image`.
    """
    if not labels or isinstance(labels, str):
        raise ValueError("Give a list of labels to choose from, such as ['a cat', 'a dog'].")
    embedder = _embedder(model)
    products = embedder.texts(labels) @ embedder.images([_bytes(picture)])[0]
    logits = float(getattr(embedder, "scale", SCALE)) * products.astype(np.float64)
    likely = np.exp(logits - logits.max())
    likely /= likely.sum()
    found = zip(labels, likely.tolist(), strict=True)
    return sorted(found, key=lambda pair: -pair[1])


def _embedder(model: str | Engine) -> Embedder:
    engine = load(model) if isinstance(model, str) else model
    if engine.embedder is None:
        raise EngineError(f"The model {engine.name!r} cannot compare pictures with words.")
    return engine.embedder


def _bytes(picture: PictureFile) -> bytes:
    if isinstance(picture, bytes):
        return picture
    try:
        return Path(picture).expanduser().read_bytes()
    except OSError as error:
        raise ImageError(f"The picture {str(picture)!r} cannot be read: {error.strerror}.") from error
