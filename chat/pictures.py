"""Pictures as people hand them over (paths, bytes, PIL images), turned into stored ones."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
from PIL import ImageOps

from chat.errors import ImageError
from memory import ImageStore
from memory.images import DEFAULT_LIMITS, open_upright
from prompts import Image

ImageSource = str | os.PathLike[str] | bytes | PIL.Image.Image | Image
"""A path, the bytes of a picture file, a PIL image, or a picture that is stored already."""


@dataclass(frozen=True, slots=True)
class NewPicture:
    """The bytes of a picture file that nobody has checked yet, and what the file was called."""

    data: bytes
    name: str | None = None

    @property
    def image(self) -> Image:
        """The value the picture will have in a message: enough to count tokens before it is stored."""
        return Image(hashlib.sha256(self.data).hexdigest(), name=self.name)


def read_pictures(sources: Sequence[ImageSource]) -> list[Image | NewPicture]:
    """Fetch the bytes of each source; stored pictures pass through.

    Raises ImageError for what cannot be read, and for a single source given in place of
    a list. Whether the bytes are a picture is for `store_pictures` to find.
    """
    if isinstance(sources, str | bytes | os.PathLike | PIL.Image.Image | Image):
        raise ImageError("The pictures have to be a list, also when there is one: images=[picture].")
    return [_read(source) for source in sources]


def store_pictures(pictures: Sequence[Image | NewPicture], images: ImageStore) -> list[Image]:
    """Put the new pictures into the store; either all of them or, if one is bad, none.

    Raises ImageError for bytes that are no sound picture, and for a picture said to be
    stored that is not.
    """
    for picture in pictures:
        if isinstance(picture, Image):
            images.get(picture.sha256)
    if len(pictures) > 1:
        # A single one is checked by `add`, before anything is stored.
        for number, picture in enumerate(pictures, 1):
            if isinstance(picture, NewPicture):
                _check(picture, number)
    return [
        images.add(picture.data, name=picture.name) if isinstance(picture, NewPicture) else picture
        for picture in pictures
    ]


def _check(picture: NewPicture, number: int) -> None:
    """Raise ImageError, saying which of several pictures is meant, unless it decodes to its end."""
    try:
        open_upright(picture.data).close()
    except ImageError as error:
        raise ImageError(f"{picture.name or f'Picture {number} of the message'}: {error}") from error


def _read(source: ImageSource) -> Image | NewPicture:
    match source:
        case Image():
            return source
        case bytes():
            return NewPicture(source)
        case PIL.Image.Image():
            return NewPicture(_encode(source))
        case str() | os.PathLike():
            return _read_file(Path(source))
    raise ImageError(
        f"A picture has to be a path, bytes or a PIL image, not {type(source).__name__}; "
        "save it as PNG or JPEG and give the path."
    )


def _read_file(path: Path) -> NewPicture:
    path = path.expanduser()
    try:
        # A device or a pipe would never end, and reading a folder fails less clearly.
        if path.exists() and not path.is_file():
            raise ImageError(f"{path} is not a file; give the path of a picture.")
        if (size := path.stat().st_size) > DEFAULT_LIMITS.file_bytes:
            raise ImageError(
                f"{path} has {size / 1e6:.0f} MB; at most {DEFAULT_LIMITS.file_bytes / 1e6:.0f} MB can be "
                "sent. Make the picture smaller."
            )
        return NewPicture(path.read_bytes(), path.name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImageError(f"The picture {path} cannot be read ({reason}); check the path.") from error


def _encode(picture: PIL.Image.Image) -> bytes:
    """A PNG file of a PIL image as a viewer would show it: PNG readers rarely turn by EXIF."""
    if picture.width * picture.height > DEFAULT_LIMITS.pixels:
        raise ImageError(
            f"The PIL image has {picture.width} × {picture.height} pixels; at most "
            f"{DEFAULT_LIMITS.pixels / 1e6:.0f} megapixels can be sent. Scale it down."
        )
    try:
        upright = ImageOps.exif_transpose(picture)
        if upright.mode not in ("1", "L", "LA", "I;16", "P", "RGB", "RGBA"):
            upright = upright.convert("RGB")
        buffer = io.BytesIO()
        upright.save(buffer, "PNG")
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"The PIL image cannot be saved as PNG ({error}); give a sound picture.") from error
    return buffer.getvalue()
