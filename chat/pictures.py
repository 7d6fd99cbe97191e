"""Pictures as people hand them over, turned into stored ones.

Paths, bytes, PIL images, addresses on the web where they are allowed; and documents, which give
several: the pages of a PDF, moments of a video.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import PIL.Image
from PIL import ImageOps

from chat.errors import ImageError, MessageError
from chat.fetching import fetch, is_url
from memory import ImageStore
from memory.decoding import as_seen
from memory.images import DEFAULT_LIMITS, open_upright
from memory.pdf import MAX_PAGES, draw_pages, is_pdf
from memory.video import MAX_FRAMES, clock, container_of, take_frames
from prompts import Image

ImageSource = str | os.PathLike[str] | bytes | PIL.Image.Image | Image
"""A path, the bytes of a file, a PIL image, a picture that is stored already, or, where addresses are
allowed, a string that begins with http:// or https://. A file may be a picture, a PDF or a video."""

DOCUMENT_ENDINGS = (".pdf", ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")
"""What files that give several pictures are usually called; what they are is told by their bytes."""

DOCUMENT_BYTES = 200_000_000
"""The largest PDF or video, in bytes."""

_HEAD_BYTES = 16
"""Enough of a file to tell what it is."""


@dataclass(frozen=True, slots=True)
class NewPicture:
    """The bytes of a picture file that nobody has checked yet, and what the file was called."""

    data: bytes
    name: str | None = None

    @property
    def image(self) -> Image:
        """The value the picture will have in a message: enough to count tokens before it is stored."""
        return Image(hashlib.sha256(self.data).hexdigest(), name=self.name)


def read_pictures(
    sources: Sequence[ImageSource], *, at_most: int = 100, allow_urls: bool = False
) -> list[Image | NewPicture]:
    """Fetch the bytes of each source; stored pictures pass through, documents become several.

    `at_most` is how many pictures the engine sees at once. A document gives as many as there is
    room for beside the other sources, and their names say which: "report.pdf, page 3", with
    "of 120" if not all of its pages are there; "clip.mp4, 0:12".

    Raises MessageError for more than `at_most` sources, and ImageError for what cannot be read,
    an address unless `allow_urls`, and a single source given in place of a list. Whether bytes
    are a picture is for `store_pictures` to find.
    """
    if isinstance(sources, str | bytes | os.PathLike | PIL.Image.Image | Image):
        raise ImageError("The pictures have to be a list, also when there is one: images=[picture].")
    if len(sources) > at_most:
        # Before any of them is read.
        raise MessageError(
            f"The message has {len(sources)} pictures and this model can look at {at_most} at once; "
            "send fewer, in several messages."
        )
    found: list[Image | NewPicture] = []
    for number, source in enumerate(sources, 1):
        one = _read(source, allow_urls)
        others = len(found) + len(sources) - number
        found += [one] if isinstance(one, Image) else _opened(one, at_most - others)
    return found


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


def _opened(new: NewPicture, room: int) -> list[NewPicture]:
    """What a file gives: itself, or `room` pictures at most of what is in it."""
    try:
        if is_pdf(new.data):
            pages, total = draw_pages(new.data, min(room, MAX_PAGES))
            whole = f" of {total}" if len(pages) < total else ""
            return [
                NewPicture(page, f"{new.name or 'PDF'}, page {number}{whole}")
                for number, page in enumerate(pages, 1)
            ]
        if container_of(new.data):
            frames = take_frames(new.data, min(room, MAX_FRAMES))
            return [NewPicture(frame, f"{new.name or 'Video'}, {clock(time)}") for time, frame in frames]
    except ImageError as error:
        raise ImageError(f"{new.name}: {error}" if new.name else str(error)) from error
    return [new]


def _read(source: ImageSource, allow_urls: bool) -> Image | NewPicture:
    match source:
        case Image():
            return source
        case bytes():
            return NewPicture(source)
        case PIL.Image.Image():
            return NewPicture(_encode(source))
        case str() if is_url(source):
            if not allow_urls:
                raise ImageError(
                    f"{source[:200]} is an address, and fetching from the web is off. Allow it with "
                    "Chat(allow_urls=True) or launch.py --allow-urls, or save the picture and give its path."
                )
            return NewPicture(*fetch(source))
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
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            is_document = is_pdf(head) or container_of(head)
            most = DOCUMENT_BYTES if is_document else DEFAULT_LIMITS.file_bytes
            if (size := os.fstat(file.fileno()).st_size) > most:
                raise ImageError(
                    f"{path} has {size / 1e6:.0f} MB; at most {most / 1e6:.0f} MB can be "
                    f"sent. {'Send a part of it' if is_document else 'Make the picture smaller'}."
                )
            return NewPicture(head + file.read(), path.name)
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
            upright = as_seen(upright)
        buffer = io.BytesIO()
        upright.save(buffer, "PNG")
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError(f"The PIL image cannot be saved as PNG ({error}); give a sound picture.") from error
    return buffer.getvalue()
