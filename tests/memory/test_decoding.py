"""Every kind of picture a person may send, good and bad, made here and decoded for real."""

from __future__ import annotations

import hashlib
import struct
import zlib
from io import BytesIO
from typing import Any

import PIL.Image
import pytest
from PIL import ImageCms

from memory import ImageError, Store
from memory.images import DEFAULT_LIMITS, open_upright
from tests.helpers.pictures import BLUE, GREEN, RED, WHITE, corners, encode, near, quarters


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has hardly any pixels behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


# ---- pictures that are refused ------------------------------------------------------------------

PHOTO = PIL.Image.effect_noise((200, 200), 80).convert("RGB")

BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "text": (b"Dear diary, " * 50, "not a picture"),
    "pdf": (b"%PDF-1.7\n%" + bytes(200), "not a picture"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    "only the type of a HEIC": (b"\x00\x00\x00\x18ftypheic" + bytes(200), "too damaged"),
    "only a signature": (b"\x89PNG\r\n\x1a\n", "not a picture|damaged"),
    "truncated PNG": (encode(PHOTO)[:20_000], "cut short"),
    "truncated JPEG": (encode(PHOTO, "JPEG")[:5_000], "cut short"),
    "truncated WebP": (encode(PHOTO, "WEBP")[:5_000], "cut short|not a picture|damaged"),
    "truncated GIF": (encode(PHOTO.convert("P"), "GIF")[:5_000], "cut short"),
    "truncated AVIF": (encode(PHOTO, "AVIF")[:1_000], "cut short|too damaged"),
    "truncated HEIC": (encode(PHOTO, "HEIF")[:1_000], "cut short|too damaged"),
    "too few pixels": (png_header(400, 300), "cut short"),
    "no width": (png_header(0, 300), "no pixels|damaged|not a picture"),
    "30,000 × 30,000": (png_header(30_000, 30_000), "too large"),
    "95 megapixels": (png_header(9_500, 10_000), "too large"),
    "85 megapixels": (png_header(8_500, 10_000), "8500 × 10000 pixels"),
    "a long side": (png_header(30_001, 2), "30001 × 2 pixels"),
    "too many bytes": (encode(PHOTO) + bytes(DEFAULT_LIMITS.file_bytes), "at most 50 MB"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_pictures_are_refused_in_words_and_not_kept(store: Store, kind: str) -> None:
    data, words = BAD[kind]
    with pytest.raises(ImageError, match=words):
        open_upright(data)
    with pytest.raises(ImageError, match=words):
        store.images.add(data, name="bad.png")
    assert hashlib.sha256(data).hexdigest() not in store.images
    assert store.verify() == []


def test_a_huge_picture_is_refused_before_a_pixel_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: object) -> None:
        raise AssertionError("a pixel was decoded")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", decoded)
    with pytest.raises(ImageError, match="too large"):
        open_upright(png_header(8_500, 10_000))


@pytest.mark.filterwarnings("default::PIL.Image.DecompressionBombWarning")
def test_what_pillow_only_warns_of_is_refused() -> None:
    with pytest.warns(PIL.Image.DecompressionBombWarning), pytest.raises(ImageError, match="too large"):
        open_upright(png_header(9_500, 10_000))


# ---- pictures that are accepted -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("JPEG", "image/jpeg"),
        ("MPO", "image/jpeg"),
        ("AVIF", "image/avif"),
        ("HEIF", "image/heif"),
    ],
)
def test_formats(store: Store, kind: str, media_type: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(quarters(), kind, **options)
    picture = open_upright(data)
    assert (picture.mode, picture.size) == ("RGB", (64, 48))
    assert picture.info == {}
    for pixel, expected in zip(corners(picture), (RED, GREEN, BLUE, WHITE), strict=True):
        assert near(pixel, expected)
    assert store.images.add(data).media_type == media_type


def test_an_animation_shows_its_first_frame() -> None:
    frames = [PIL.Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    data = encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50, loop=0)
    picture = open_upright(data)
    assert picture.size == (20, 10)
    assert picture.getpixel((5, 5)) == RED


def test_cmyk_is_converted() -> None:
    data = encode(quarters().convert("CMYK"), "JPEG", quality=95, subsampling=0)
    assert PIL.Image.open(BytesIO(data)).mode == "CMYK"
    picture = open_upright(data)
    assert picture.mode == "RGB"
    for pixel, expected in zip(corners(picture), (RED, GREEN, BLUE, WHITE), strict=True):
        assert near(pixel, expected)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(kind: str) -> None:
    levels = [0, 257, 16_384, 32_768, 49_152, 65_535]
    picture = PIL.Image.new("I;16", (len(levels), 1))
    for x, level in enumerate(levels):
        picture.putpixel((x, 0), level)
    data = encode(picture, kind)
    assert PIL.Image.open(BytesIO(data)).mode == "I;16"
    grey = open_upright(data)
    assert grey.mode == "RGB"
    assert [grey.getpixel((x, 0)) for x in range(len(levels))] == [
        (value, value, value) for value in (0, 1, 64, 128, 191, 255)
    ]


def test_floating_point_is_stretched_to_what_can_be_seen() -> None:
    picture = PIL.Image.new("F", (3, 1))
    for x, value in enumerate((-1.0, 0.0, 1.0)):
        picture.putpixel((x, 0), value)
    grey = open_upright(encode(picture, "TIFF"))
    low, middle, high = (grey.getpixel((x, 0)) for x in range(3))
    assert (low, high) == ((0, 0, 0), WHITE)
    assert middle in {(127, 127, 127), (128, 128, 128)}


def test_a_transparent_palette_stands_on_white() -> None:
    picture = PIL.Image.new("P", (40, 20), 0)
    picture.putpalette([*RED, *BLUE, *GREEN])
    picture.paste(1, (20, 0, 40, 20))
    one_colour = open_upright(encode(picture, "PNG", transparency=0))
    assert [one_colour.getpixel((x, 10)) for x in (10, 30)] == [WHITE, BLUE]
    by_degrees = open_upright(encode(picture, "PNG", transparency=bytes([255, 128, 0])))
    left, right = (by_degrees.getpixel((x, 10)) for x in (10, 30))
    assert left == RED
    assert near(right, (127, 127, 255), 2)


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("RGBA", (255, 0, 0, 255), RED),
        ("RGBA", (255, 0, 0, 0), WHITE),
        ("RGBA", (0, 0, 0, 128), (127, 127, 127)),
        ("LA", (0, 255), (0, 0, 0)),
        ("LA", (0, 0), WHITE),
        ("LA", (0, 51), (204, 204, 204)),
        ("L", 100, (100, 100, 100)),
        ("1", 1, WHITE),
        ("1", 0, (0, 0, 0)),
    ],
)
def test_modes(mode: str, colour: Any, seen: tuple[int, int, int]) -> None:
    data = encode(PIL.Image.new(mode, (8, 8), colour))
    assert PIL.Image.open(BytesIO(data)).mode == mode
    picture = open_upright(data)
    assert picture.mode == "RGB"
    assert near(picture.getpixel((4, 4)), seen, 1)


def test_a_single_transparent_colour_stands_on_white() -> None:
    picture = open_upright(encode(quarters(), "PNG", transparency=BLUE))
    assert corners(picture) == [RED, GREEN, WHITE, WHITE]


TURNED = {
    1: [RED, GREEN, BLUE, WHITE],
    2: [GREEN, RED, WHITE, BLUE],
    3: [WHITE, BLUE, GREEN, RED],
    4: [BLUE, WHITE, RED, GREEN],
    5: [RED, BLUE, GREEN, WHITE],
    6: [BLUE, RED, WHITE, GREEN],
    7: [WHITE, GREEN, BLUE, RED],
    8: [GREEN, WHITE, RED, BLUE],
}
"""The four quarters as a viewer shows them, for each EXIF orientation of the same file."""


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_a_rotated_photo_is_upright(store: Store, orientation: int, kind: str) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    data = encode(quarters(), kind, exif=exif)
    picture = open_upright(data)
    assert picture.size == ((64, 48) if orientation < 5 else (48, 64))
    for pixel, expected in zip(corners(picture), TURNED[orientation], strict=True):
        assert near(pixel, expected)
    image = store.images.add(data)
    assert (image.width, image.height) == picture.size


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_spoil_a_good_picture() -> None:
    data = encode(quarters(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff broken")
    assert open_upright(data).size == (64, 48)


def swapped_profile() -> bytes:
    """A colour profile like sRGB in which red and blue have changed places."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = profile.replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))
    return renamed.replace(b"rXYZ", b"temp").replace(b"bXYZ", b"rXYZ").replace(b"temp", b"bXYZ")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_a_colour_profile_is_followed(kind: str) -> None:
    options = {"quality": 95} if kind in ("JPEG", "WEBP", "AVIF") else {}
    data = encode(quarters(), kind, icc_profile=swapped_profile(), **options)
    for pixel, expected in zip(corners(open_upright(data)), (BLUE, GREEN, RED, WHITE), strict=True):
        assert near(pixel, expected)


def test_a_colour_profile_is_followed_in_palettes_and_under_transparency() -> None:
    for picture in (quarters().quantize(8), quarters().convert("RGBA")):
        data = encode(picture, icc_profile=swapped_profile())
        assert PIL.Image.open(BytesIO(data)).mode == picture.mode
        for pixel, expected in zip(corners(open_upright(data)), (BLUE, GREEN, RED, WHITE), strict=True):
            assert near(pixel, expected, 2)


@pytest.mark.parametrize("profile", [b"no profile", swapped_profile()[:200]])
def test_a_damaged_colour_profile_does_not_spoil_a_good_picture(profile: bytes) -> None:
    assert corners(open_upright(encode(quarters(), icc_profile=profile))) == [RED, GREEN, BLUE, WHITE]


def test_the_profile_of_other_colours_is_not_followed() -> None:
    data = encode(
        quarters().convert("CMYK"), "JPEG", quality=95, subsampling=0, icc_profile=swapped_profile()
    )
    for pixel, expected in zip(corners(open_upright(data)), (RED, GREEN, BLUE, WHITE), strict=True):
        assert near(pixel, expected)
