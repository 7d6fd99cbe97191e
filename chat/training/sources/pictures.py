"""Loading the catalogue's pictures: cut-outs trimmed to what shows, backgrounds cropped at random."""

from __future__ import annotations

import io
import random
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, ImageOps

from chat.training.sources.cutout import Cutout
from chat.training.sources.emoji import FONT

# The font holds its pictures as bitmaps of this one size.
EMOJI_SIZE = 109
# Fainter than this is the soft edge of a shadow, which is not part of what the thing's box should hold.
FAINT = 16


@lru_cache(maxsize=1)
def _emoji_font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), EMOJI_SIZE)


def _emoji(points: str) -> Image.Image:
    text = "".join(chr(int(point, 16)) for point in points.split("-"))
    canvas = Image.new("RGBA", (192, 192))
    ImageDraw.Draw(canvas).text((20, 20), text, font=_emoji_font(), embedded_color=True)
    return canvas


def _vector(path: str, longest: int) -> Image.Image:
    # Without a resolution, a size in points or centimetres counts as nothing and is refused.
    # Only training draws these, and only it installs what draws them.
    try:
        import resvg_py
    except ModuleNotFoundError as error:
        raise OSError(f"Drawing {path} needs resvg: pip install 'visavis[train]'.") from error

    drawn = resvg_py.svg_to_bytes(svg_path=path, width=2 * longest, dpi=96)
    return Image.open(io.BytesIO(drawn)).convert("RGBA")


def _trim(picture: Image.Image) -> Image.Image:
    box = picture.getchannel("A").point(lambda alpha: 255 if alpha >= FAINT else 0).getbbox()
    return picture.crop(box) if box else picture


@lru_cache(maxsize=4096)
def load_cutout(cutout: Cutout, longest: int) -> Image.Image:
    """The cut-out as RGBA, trimmed to its bounding box, its longer side `longest` pixels.

    The picture is shared between callers: copy it before drawing on it.

    Raises:
        OSError: the file is gone or cannot be read.
    """
    if cutout.path.startswith("emoji:"):
        picture = _emoji(cutout.path.removeprefix("emoji:"))
    elif cutout.path.endswith(".svg"):
        picture = _vector(cutout.path, longest)
    else:
        with Image.open(cutout.path) as opened:
            picture = opened.convert("RGBA")
    picture = _trim(picture)
    scale = longest / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    # Premultiplied, or the colour hidden under transparent pixels would bleed into the edges.
    return picture.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA")


@lru_cache(maxsize=64)
def _background(path: str) -> Image.Image:
    with Image.open(path) as opened:
        # Photographs of many megapixels are decoded small: a crop is never shown at full size.
        opened.draft("RGB", (1024, 1024))
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    picture.thumbnail((1024, 1024), Image.Resampling.LANCZOS)
    return picture


def load_background(path: str, size: tuple[int, int], rng: random.Random) -> Image.Image:
    """A random crop of the photograph at `path` with the proportions of `size`, resized to (width, height).

    Raises:
        OSError: the file is gone or cannot be read.
    """
    picture = _background(path)
    width, height = size
    largest = min(picture.width / width, picture.height / height)
    # From the whole picture down to a third of it: near and far views of the same place.
    scale = largest * rng.uniform(0.35, 1.0)
    across, down = width * scale, height * scale
    left, top = rng.uniform(0, picture.width - across), rng.uniform(0, picture.height - down)
    box = (left, top, left + across, top + down)
    return picture.resize(size, Image.Resampling.LANCZOS, box=box)
