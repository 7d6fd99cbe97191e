"""Pictures of any shape become the encoder's square without being stretched."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from chat.model.images import PADDING, to_pixels, to_square


def test_a_wide_picture_is_padded_above_and_below() -> None:
    square = to_square(Image.new("RGB", (400, 200), "red"), 64)
    assert square.shape == (64, 64, 3)
    assert tuple(square[0, 32]) == PADDING
    assert tuple(square[32, 32]) == (255, 0, 0)


def test_a_circle_stays_round() -> None:
    mask = Image.new("L", (300, 100))
    mask.paste(255, (100, 0, 200, 100))
    square = to_square(Image.merge("RGB", (mask, mask, mask)), 96)
    white = np.argwhere(square[..., 0] > 200)
    height, width = np.ptp(white, axis=0)
    assert abs(int(height) - int(width)) <= 1


def test_pixels_are_channels_first_between_minus_one_and_one() -> None:
    pixels = to_pixels([np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)])
    assert pixels.shape == (2, 3, 8, 8)
    assert pixels.dtype == torch.float32
    assert float(pixels[0].max()) == -1.0
    assert float(pixels[1].min()) == 1.0
