"""Decode any picture a person may send into upright RGB, or say why not. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import cast

import PIL.Image
from PIL import ImageCms, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

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
    "HEIF": "image/heif",
}
"""The formats that are read, by Pillow's names. Only these: some others start outside programs."""

READABLE = "PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF and HEIC"

_WHITE = (255, 255, 255, 255)
_SRGB = ImageCms.createProfile("sRGB")
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

    Its first frame, turned as its EXIF orientation says, in the colours of sRGB whatever
    profile it carries, transparent parts on white, 16 bits a channel scaled to 8. It brings
    nothing else along: no EXIF, no comment, no profile. Raises ImageError if it is not a
    picture, does not decode to its end, or is over a limit.
    """
    return decode(data, DEFAULT_LIMITS)[0]


def decode(data: bytes, limits: ImageLimits) -> tuple[PIL.Image.Image, str]:
    """The picture like `open_upright`, and the media type of the file."""
    with open_file(data, limits) as picture:
        media_type = MEDIA_TYPES[picture.format or ""]
        try:
            picture.load()
            return as_seen(picture), media_type
        except Exception as error:
            raise ImageError(
                f"The picture is damaged or cut short and cannot be shown whole ({error}). Save it anew."
            ) from error


def open_file(data: bytes, limits: ImageLimits) -> PIL.Image.Image:
    """A file's picture with its header read and found within the limits, and no pixel decoded yet.

    Raises ImageError. What is done with it may raise anything, if the rest is damaged.
    """
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
        raise ImageError(
            f"This is not a picture, or it is too damaged to be recognised. {READABLE} can be read."
        ) from error
    except Exception as error:
        raise ImageError(f"The picture is damaged and cannot be opened ({error}). Save it anew.") from error
    try:
        _check_size(picture.size, limits)
    except ImageError:
        picture.close()
        raise
    return picture


def as_seen(picture: PIL.Image.Image) -> PIL.Image.Image:
    """An open picture as `open_upright` gives it. Raises whatever Pillow raises for one that is damaged."""
    seen = _to_rgb(_upright(picture))
    seen.info.clear()
    return seen


@cache
def _formats() -> tuple[str, ...]:
    """Those of our formats that this build of Pillow can read."""
    PIL.Image.init()
    # What lies beside the picture is never looked at, so it is not read either.
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
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
        picture = _in_srgb(picture.convert("RGBA"))
        return PIL.Image.alpha_composite(PIL.Image.new("RGBA", picture.size, _WHITE), picture).convert("RGB")
    if picture.mode == "P":
        picture = picture.convert("RGB")
    return _in_srgb(picture).convert("RGB")


def _in_srgb(picture: PIL.Image.Image) -> PIL.Image.Image:
    """The picture with its colours translated from the ICC profile that it carries, if it is a sound one."""
    profile = picture.info.get("icc_profile")
    if not profile:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        # What nearly every profile says, and then there is nothing to translate.
        if "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(picture, source, _SRGB, outputMode=mode) or picture
    except Exception:
        # The pixels are whole; the note about their colours is damaged, or belongs to other ones.
        return picture
