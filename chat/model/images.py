"""From a decoded picture to the encoder's pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps
from torch import Tensor

PADDING = (127, 127, 127)
"""Fills what a picture's shape leaves of the square: mid-grey, zero after scaling."""

PREPROCESSING = "letterbox-bicubic-grey-1"
"""Names these steps in a model's fingerprint; change it when they change."""


def to_square(image: Pillow.Image, size: int) -> NDArray[np.uint8]:
    """Fit an upright RGB picture into a square without stretching it: (size, size, 3) bytes."""
    if image.size != (size, size):
        image = ImageOps.pad(image, (size, size), method=Pillow.Resampling.BICUBIC, color=PADDING)
    return np.asarray(image, dtype=np.uint8)


def to_pixels(squares: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Squares (n of (H, W, 3)) → float32 pixels (n, 3, H, W) in [-1, 1]."""
    return as_pixels(torch.from_numpy(np.stack(squares)))


def as_pixels(squares: Tensor) -> Tensor:
    """Squares (n, H, W, 3) of bytes, on any device → float32 pixels (n, 3, H, W) in [-1, 1]."""
    return squares.permute(0, 3, 1, 2).float() / 127.5 - 1.0
