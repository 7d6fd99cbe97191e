"""What of a picture may leave the machine: its pixels, and not where, when and with what it was taken.

Cameras write the place, the time, the owner's name and the camera's number into a file, and phones put
whole second pictures and films behind the first. JPEG, PNG, WebP and GIF are taken apart and put together
again from the pieces that a viewer needs, so that no pixel changes; what else is in them, and whatever
stands behind their end, is left out. Other formats are written anew.

Sources: JPEG, ITU-T T.81 annex B; JFIF 1.02; PNG, third edition, and its eXIf chunk; the WebP container,
RFC 9649; GIF89a.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO

import PIL.Image

from memory.decoding import DEFAULT_LIMITS, decode, open_file
from memory.errors import ImageError

_ORIENTATION = 0x0112
_QUALITY = 95
_LOSSY = {"image/jpeg", "image/webp", "image/avif", "image/heif"}
"""What was compressed with loss already: as PNG it would take ten times the room."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
)

# The end of a scan: a marker that is neither a stuffed 0xFF, nor a restart, nor filling.
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JPEG_PIXELS = {*range(0xC0, 0xD0), *range(0xDA, 0xE0)}
"""Markers of frames, tables and scans."""

_PNG_PIXELS = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"mDCV"),
    *(b"cLLI", b"sBIT", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT"),
}
_WEBP_PIXELS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_HAS_EXIF, _WEBP_HAS_XMP = 0x08, 0x04
_GIF_REPEATS = {b"NETSCAPE2.0", b"ANIMEXTS1.0"}


class _UnexpectedError(Exception):
    """A file that viewers forgive its faults, but that cannot be taken apart by the book."""


def shareable(data: bytes) -> bytes:
    """The file of a picture, without anything but the picture: PNG, JPEG, GIF or WebP.

    Pixels, animation, colour profile and orientation stay exactly as they are in a PNG, JPEG,
    GIF or WebP. AVIF and HEIC become JPEG, BMP and TIFF become PNG, as `open_upright` shows
    them. Raises ImageError for what is no sound picture.
    """
    try:
        match media_type_of(data):
            case "image/jpeg":
                return _jpeg(data)
            case "image/png":
                return _png(data)
            case "image/webp":
                return _webp(data)
            case "image/gif":
                return _gif(data)
    except (ImageError, IndexError, _UnexpectedError):
        pass
    return _anew(data)


def media_type_of(data: bytes) -> str:
    """The media type of a file that `shareable` or `ImageStore.thumbnail` made, by its first bytes.

    Raises ImageError for other formats.
    """
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    raise ImageError("This is neither a PNG, a JPEG, a GIF nor a WebP file; save the picture as one of them.")


def _anew(data: bytes) -> bytes:
    """As shown, in a file of our own making."""
    picture, media_type = decode(data, DEFAULT_LIMITS)
    buffer = BytesIO()
    if media_type in _LOSSY:
        picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    else:
        picture.save(buffer, "PNG")
    return buffer.getvalue()


def _jpeg(data: bytes) -> bytes:
    kept = bytearray(b"\xff\xd8")
    if exif := _orientation_only(data):
        kept += _jpeg_segment(0xE1, exif)
    at = 2
    while True:
        if data[at] != 0xFF:
            raise _UnexpectedError
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker == 0xD9:
            return bytes(kept + b"\xff\xd9")
        length = int.from_bytes(_exactly(data, at, 2))
        payload = _exactly(data, at + 2, length - 2)
        at += length
        if marker == 0xE0 and payload.startswith(b"JFIF\0"):
            # Its last two bytes are the size of a thumbnail that may follow: none.
            kept += _jpeg_segment(marker, payload[:12] + b"\0\0")
        elif (
            marker in _JPEG_PIXELS
            or (marker == 0xE2 and payload.startswith(b"ICC_PROFILE\0"))
            or (marker == 0xEE and payload.startswith(b"Adobe"))
        ):
            kept += _jpeg_segment(marker, payload)
        if marker == 0xDA:
            end = _SCAN_END.search(data, at)
            if end is None:
                raise _UnexpectedError
            kept += data[at : end.start()]
            at = end.start()


def _jpeg_segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2) + payload


def _png(data: bytes) -> bytes:
    kept = bytearray(data[:8])
    exif = _orientation_only(data)
    at = 8
    while True:
        length = int.from_bytes(_exactly(data, at, 4))
        chunk = _exactly(data, at, length + 12)
        kind = chunk[4:8]
        if kind == b"IDAT" and exif:
            # Before the first of them, as PNG asks of every note about the picture.
            kept += _png_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
            exif = b""
        if kind in _PNG_PIXELS:
            kept += chunk
        if kind == b"IEND":
            return bytes(kept)
        at += length + 12


def _png_chunk(kind: bytes, payload: bytes) -> bytes:
    check = zlib.crc32(kind + payload)
    return len(payload).to_bytes(4) + kind + payload + check.to_bytes(4)


def _webp(data: bytes) -> bytes:
    exif = _orientation_only(data).removeprefix(b"Exif\0\0")
    whole = _exactly(data, 8, int.from_bytes(data[4:8], "little"))
    kept = bytearray(b"WEBP")
    for kind, payload in _webp_chunks(whole[4:]):
        if kind == b"VP8X":
            flags = payload[0] & ~(_WEBP_HAS_EXIF | _WEBP_HAS_XMP) | (_WEBP_HAS_EXIF if exif else 0)
            payload = bytes([flags]) + payload[1:]
        elif kind == b"ANMF":
            inner = (_webp_chunk(*each) for each in _webp_chunks(payload[16:]) if each[0] in _WEBP_PIXELS)
            payload = payload[:16] + b"".join(inner)
        if kind in _WEBP_PIXELS:
            kept += _webp_chunk(kind, payload)
    if exif:
        kept += _webp_chunk(b"EXIF", exif)
    return b"RIFF" + len(kept).to_bytes(4, "little") + kept


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        length = int.from_bytes(_exactly(data, at + 4, 4), "little")
        yield data[at : at + 4], _exactly(data, at + 8, length)
        at += 8 + length + length % 2


def _webp_chunk(kind: bytes, payload: bytes) -> bytes:
    return kind + len(payload).to_bytes(4, "little") + payload + bytes(len(payload) % 2)


def _gif(data: bytes) -> bytes:
    at = 13 + _gif_colours(data[10])
    kept = bytearray(_exactly(data, 0, at))
    while True:
        start, kind = at, data[at]
        if kind == 0x3B:
            return bytes(kept + b"\x3b")
        if kind == 0x2C:
            at = _gif_blocks_end(data, start + 11 + _gif_colours(data[start + 9]))
            is_picture = True
        elif kind == 0x21:
            at = _gif_blocks_end(data, start + 2)
            # How long a frame is shown, and how often all of them are.
            is_picture = data[start + 1] == 0xF9 or (
                data[start + 1] == 0xFF and data[start + 3 : start + 14] in _GIF_REPEATS
            )
        else:
            raise _UnexpectedError
        if is_picture:
            kept += data[start:at]


def _gif_colours(flags: int) -> int:
    """The bytes of the colour table that a descriptor's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_blocks_end(data: bytes, at: int) -> int:
    """Where a run of sub-blocks ends, which begins at `at`."""
    while data[at]:
        at += 1 + data[at]
    return at + 1


def _orientation_only(data: bytes) -> bytes:
    """An EXIF block that says nothing but how to turn the picture; empty if it stands upright."""
    with open_file(data, DEFAULT_LIMITS) as picture:
        try:
            orientation = picture.getexif().get(_ORIENTATION)
        except Exception:
            # What cannot be read is not followed when the picture is shown either.
            return b""
    if orientation not in range(2, 9):
        return b""
    exif = PIL.Image.Exif()
    exif[_ORIENTATION] = orientation
    return exif.tobytes()


def _exactly(data: bytes, at: int, length: int) -> bytes:
    """That many bytes from there. Raises _UnexpectedError if there are fewer."""
    found = data[at : at + length]
    if length < 0 or len(found) != length:
        raise _UnexpectedError
    return found
