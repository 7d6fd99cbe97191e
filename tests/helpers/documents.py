"""PDFs and videos, made on the spot."""

from __future__ import annotations

import struct
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import PIL.Image
from av.video.stream import VideoStream

COLOURS = [(255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)]
"""What the pages of `pdf` and the seconds of `clip` show, over and over."""


def pdf(pages: int, size: tuple[int, int] = (60, 80)) -> bytes:
    """A PDF whose pages are filled with COLOURS."""
    sheets = [PIL.Image.new("RGB", size, COLOURS[number % 4]) for number in range(pages)]
    buffer = BytesIO()
    sheets[0].save(buffer, "PDF", save_all=True, append_images=sheets[1:])
    return buffer.getvalue()


def clip(seconds: float, kind: str = "mp4", codec: str = "mpeg4", *, streamed: bool = False) -> bytes:
    """A video of five frames a second, 64 × 48, COLOURS changing by the second, its top left corner black.

    `streamed` writes it as a browser records: without going back to note how long it has become.
    """
    buffer = BytesIO()
    options = {"live": "1"} if streamed else {}
    with av.open(buffer, "w", format=kind, options=options) as container:
        stream = container.add_stream(codec, rate=Fraction(5))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(round(seconds * 5)):
            pixels = np.full((48, 64, 3), COLOURS[number // 5 % 4], np.uint8)
            pixels[:16, :16] = 0
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return buffer.getvalue()


def turned(mp4: bytes) -> bytes:
    """The same video as a phone records it upright: to be shown a quarter turn clockwise."""
    at = mp4.index(b"tkhd") + 44
    one = 1 << 16
    matrix = struct.pack(">9i", 0, one, 0, -one, 0, 0, 48 * one, 0, 1 << 30)
    return mp4[:at] + matrix + mp4[at + len(matrix) :]
