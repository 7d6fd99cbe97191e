"""Moments of a video as pictures, decoded by FFmpeg through PyAV, which the extra `video` installs.

Source: PyAV's documentation of seeking, which leads to the last key frame before a time.
"""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING

from memory.decoding import DEFAULT_LIMITS
from memory.errors import ImageError

if TYPE_CHECKING:
    import PIL.Image
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

MAX_FRAMES = 8
"""Frames taken from one file at most."""

SIDE = 1600
"""The longer side of a frame in pixels at most."""

_QUALITY = 92
_BEFORE = 600
"""Frames decoded at most to get from a key frame to the moment asked for: 20 seconds, usually."""

_PICTURE_BRANDS = {
    *(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"),
    *(b"avif", b"avis", b"crx ", b"jxl "),
}
_MOVIE_BOXES = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def container_of(data: bytes) -> str | None:
    """What FFmpeg calls the container of a video, by its first bytes; None for anything else.

    MP4 and QuickTime, Matroska and WebM, and AVI are known.
    """
    if data[4:8] == b"ftyp":
        return None if data[8:12] in _PICTURE_BRANDS else "mov"
    if data[4:8] in _MOVIE_BOXES:
        return "mov"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if data.startswith(b"RIFF") and data[8:12] == b"AVI ":
        return "avi"
    return None


def take_frames(data: bytes, at_most: int = MAX_FRAMES) -> list[tuple[float, bytes]]:
    """Frames spread evenly over a video, upright, as JPEG files, each with its time in seconds.

    One for every second of a short video, never more than MAX_FRAMES. Raises ImageError for
    a file without moving pictures, one that is damaged or over a limit, and without the library.
    """
    try:
        import av
    except ImportError as error:
        raise ImageError(
            "This is a video, and what decodes it is not installed: run pip install av, "
            "or send single frames as pictures."
        ) from error
    try:
        # With its container named, so that no playlist is followed, which could name other files.
        with av.open(BytesIO(data), "r", format=container_of(data)) as container:
            if not container.streams.video:
                raise ImageError(
                    "The video is cut short, or has no moving pictures in it. Choose another file."
                )
            return _spread(container, container.streams.video[0], min(at_most, MAX_FRAMES))
    except ImageError:
        raise
    except Exception as error:
        # Damage shows as anything, from FFmpeg's own errors to a stream without a decoder.
        raise ImageError(f"The video is damaged and cannot be decoded ({error}). Save it anew.") from error


def clock(seconds: float) -> str:
    """A time as a player shows it: 0:12, 1:02:03."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _spread(container: InputContainer, stream: VideoStream, at_most: int) -> list[tuple[float, bytes]]:
    if stream.width * stream.height > DEFAULT_LIMITS.pixels:
        raise ImageError(
            f"The video is too large: {stream.width} × {stream.height} pixels; at most "
            f"{DEFAULT_LIMITS.pixels / 1e6:.0f} megapixels. Scale it down."
        )
    # What the header says need not be true.
    stream.codec_context.options = {"max_pixels": str(DEFAULT_LIMITS.pixels)}
    start, seconds = _extent(container, stream)
    count = max(1, min(at_most, ceil(seconds)))
    found: dict[float, bytes] = {}
    for number in range(count):
        frame = _frame_at(container, stream, start + seconds * (number + 0.5) / count)
        if frame is not None:
            found.setdefault(max(0.0, (frame.time or 0.0) - start), _encode(frame))
    if not found:
        raise ImageError("No frame of the video can be decoded. Save it anew.")
    return sorted(found.items())


def _extent(container: InputContainer, stream: VideoStream) -> tuple[float, float]:
    """When a video begins, and how long it is, in seconds.

    Recordings made in a browser do not say how long they are, and are read through for it.
    """
    unit = stream.time_base or 0
    start = float((stream.start_time or 0) * unit)
    if stream.duration:
        return start, float(stream.duration * unit)
    if container.duration:
        return start, container.duration / 1_000_000
    ends = (packet.pts * unit for packet in container.demux(stream) if packet.pts is not None)
    return start, max(0.0, float(max(ends, default=0)) - start)


def _frame_at(container: InputContainer, stream: VideoStream, seconds: float) -> VideoFrame | None:
    """The frame shown at a time, or the last one before it that can be reached."""
    container.seek(int(seconds * 1_000_000), backward=True)
    last = None
    for frame in islice(container.decode(stream), _BEFORE):
        if last is not None and (frame.time or 0.0) > seconds:
            break
        last = frame
    return last


def _encode(frame: VideoFrame) -> bytes:
    picture: PIL.Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    picture.thumbnail((SIDE, SIDE))
    # Phones record as they are held, and note how to turn it.
    upright = picture.rotate(frame.rotation, expand=True) if frame.rotation else picture
    buffer = BytesIO()
    upright.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
