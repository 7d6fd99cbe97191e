"""Picture files of every kind, made on the spot, and what is to be seen in them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import PIL.Image
import pillow_heif
from PIL import ImageDraw

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)


def encode(picture: PIL.Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The file of a picture, `kind` being a format's name in Pillow, or HEIF."""
    buffer = BytesIO()
    if kind == "HEIF":
        # By itself, and not as a plugin of Pillow: reading is left to the library that the program uses.
        exif = options.pop("exif", None)
        made = pillow_heif.from_pillow(picture)
        made.info["exif"] = exif.tobytes() if exif else None
        made.save(buffer, **options)
    else:
        picture.save(buffer, kind, **options)
    return buffer.getvalue()


def quarters() -> PIL.Image.Image:
    """Red, green / blue, white: each orientation of it is different."""
    picture = PIL.Image.new("RGB", (64, 48), WHITE)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 31, 23), RED)
    draw.rectangle((32, 0, 63, 23), GREEN)
    draw.rectangle((0, 24, 31, 47), BLUE)
    return picture


def corners(picture: PIL.Image.Image) -> list[object]:
    """The pixels in the middle of the four quarters: top left, top right, bottom left, bottom right."""
    width, height = picture.size
    return [picture.getpixel((width * x // 4, height * y // 4)) for y in (1, 3) for x in (1, 3)]


def near(pixel: object, expected: tuple[int, int, int], distance: int = 12) -> bool:
    """Whether a colour came through, give or take what lossy compression does to it."""
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= distance for a, b in zip(pixel, expected, strict=True))
