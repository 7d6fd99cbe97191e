"""Decode any picture a person may send into upright RGB, or say why not. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import cast

import PIL.Image
from PIL import ImageOps, UnidentifiedImageError

from memory.errors import ImageError

MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further pictures behind it, as many phones write
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}
"""The formats that are read, by Pillow's names. Only these: some others start outside programs."""

READABLE = "PNG, JPEG, GIF, WebP, BMP, TIFF and AVIF"

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_WHITE = (255, 255, 255, 255)
_SIXTEEN_TO_EIGHT_BITS = [round(value / 257) for value in range(65_536)]


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What is accepted at most: bytes of the file, pixels in all, and pixels along one side.

    The limit on pixels stays below the count at which Pillow begins to warn of decompression
    bombs (89 million), so that whatever it warns of is refused.
    """

    file_bytes: int = 50_000_000
    pixels: int = 80_000_000
    side: int = 30_000


DEFAULT_LIMITS = ImageLimits()


def open_upright(data: bytes) -> PIL.Image.Image:
    """The picture in a file's bytes as it is meant to be seen, in mode RGB.

    Its first frame, turned as its EXIF orientation says, transparent parts on white, 16 bits a
    channel scaled to 8. Raises ImageError if it is not a picture, does not decode to its end,
    or is over a limit.
    """
    return decode(data, DEFAULT_LIMITS)[0]


def decode(data: bytes, limits: ImageLimits) -> tuple[PIL.Image.Image, str]:
    """The picture like `open_upright`, and the media type of the file."""
    if not data:
        raise ImageError("The file is empty. Choose one with a picture in it.")
    if len(data) > limits.file_bytes:
        raise ImageError(
            f"The file has {len(data) / 1e6:.0f} MB; at most {limits.file_bytes / 1e6:.0f} MB can be sent. "
            "Make the picture smaller."
        )
    # Pillow's readers let through whatever their parsing trips over in a damaged file, from
    # struct.error to SyntaxError, so everything that they raise means the same here.
    try:
        picture = PIL.Image.open(BytesIO(data), formats=_formats())
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise ImageError(
            f"The picture is too large: at most {_megapixels(limits)}. Scale it down."
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(_not_a_picture(data)) from error
    except Exception as error:
        raise ImageError(f"The picture is damaged and cannot be opened ({error}). Save it anew.") from error
    with picture:
        # Before a single pixel is decoded: the header says how large it will become.
        _check_size(picture.size, limits)
        media_type = MEDIA_TYPES[picture.format or ""]
        try:
            picture.load()
            return _to_rgb(_upright(picture)), media_type
        except Exception as error:
            raise ImageError(
                f"The picture is damaged or cut short and cannot be shown whole ({error}). Save it anew."
            ) from error


@cache
def _formats() -> tuple[str, ...]:
    """Those of our formats that this build of Pillow can read."""
    PIL.Image.init()
    return tuple(name for name in MEDIA_TYPES if name in PIL.Image.OPEN)


def _check_size(size: tuple[int, int], limits: ImageLimits) -> None:
    width, height = size
    if min(size) < 1:
        raise ImageError("The picture has no pixels. Choose another file.")
    if width * height > limits.pixels or max(size) > limits.side:
        raise ImageError(
            f"The picture is too large: {width} × {height} pixels; at most {_megapixels(limits)} and "
            f"{limits.side} along a side. Scale it down."
        )


def _megapixels(limits: ImageLimits) -> str:
    return f"{limits.pixels / 1e6:.0f} megapixels"


def _not_a_picture(data: bytes) -> str:
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return (
            "HEIC pictures cannot be read yet. Export it as JPEG; an iPhone takes new photos so after "
            "Settings, Camera, Formats, Most Compatible."
        )
    return f"This is not a picture, or its beginning is damaged. {READABLE} can be read."


def _upright(picture: PIL.Image.Image) -> PIL.Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:
        # The pixels are whole; only the note about them is not, and then nothing is known to turn.
        return picture


def _to_rgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    if picture.mode.startswith("I"):
        # convert("L") would clip at 255 and leave almost everything white. A transparent grey is
        # given in 16 bits too: in 8 it would make its neighbours transparent, so it is left opaque.
        picture.info.pop("transparency", None)
        picture = picture.convert("I").point(_SIXTEEN_TO_EIGHT_BITS, "L")
    elif picture.mode == "F":
        low, high = cast(tuple[float, float], picture.getextrema())
        scale = 255 / (high - low) if high > low else 1.0
        picture = picture.point(lambda value: value * scale - low * scale).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, _WHITE), picture).convert("RGB")
    return picture.convert("RGB")
