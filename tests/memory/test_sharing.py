"""What may leave the machine: every pixel, and nothing of where and with what a picture was taken."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import PIL.Image
import pytest
from PIL import ImageCms, PngImagePlugin

from memory import ImageError, Store
from memory.images import open_upright
from memory.sharing import media_type_of, shareable
from tests.helpers.pictures import corners, encode, near, quarters

SECRET = b"SECRET"
"""Stands in every field that must not be passed on."""

XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET</x:xmpmeta>"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int = 6) -> PIL.Image.Exif:
    """What a camera writes: its name and number, the time, the place, and how it was held."""
    made = PIL.Image.Exif()
    made[0x0112] = orientation
    made[0x010F] = made[0x0110] = "SECRET camera"
    made[0x0132] = "2026:01:01 SECRET"
    made.get_ifd(0x8769)[0xA431] = "SECRET number"
    made.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 30.5), 29: "SECRET day"})
    return made


def noted(kind: str, orientation: int = 6, picture: PIL.Image.Image | None = None) -> bytes:
    """A picture file with secrets in every place that its format has for them."""
    options: dict[str, Any] = {"exif": exif(orientation), "icc_profile": PROFILE}
    if kind in ("JPEG", "MPO"):
        options |= {"comment": SECRET, "xmp": XMP, "quality": 90}
    elif kind == "PNG":
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Author", "SECRET")
        notes.add_itxt("Place", "SECRET", zip=False)
        notes.add(b"prVt", SECRET)
        options["pnginfo"] = notes
    elif kind in ("WEBP", "AVIF"):
        options["xmp"] = XMP
    elif kind == "GIF":
        options = {"comment": SECRET}
    elif kind == "TIFF":
        options["description"] = SECRET.decode()
    elif kind == "HEIF":
        options = {"exif": exif(orientation), "quality": 90}
    return encode(picture or quarters(), kind, **options)


KINDS = ["JPEG", "MPO", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF"]
LOSSLESS = ["JPEG", "MPO", "PNG", "WEBP", "GIF"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_private_is_in_what_is_shared(kind: str) -> None:
    data = noted(kind) + b"a film of the moment before, SECRET"
    assert data.count(SECRET) > 1, "there is something to hide"
    shared = shareable(data)
    assert SECRET not in shared
    with PIL.Image.open(BytesIO(shared)) as picture:
        assert dict(picture.getexif()) in ({}, {0x0112: 6})
        assert not {"xmp", "comment", "photoshop", "Author", "Place"} & set(picture.info)


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_profile_and_orientation_are_unchanged(kind: str, orientation: int) -> None:
    data = noted(kind, orientation)
    shared = shareable(data)
    assert media_type_of(shared) == f"image/{kind.lower().replace('mpo', 'jpeg')}"
    assert open_upright(shared).tobytes() == open_upright(data).tobytes()
    with PIL.Image.open(BytesIO(data)) as before, PIL.Image.open(BytesIO(shared)) as after:
        assert after.size == before.size
        assert after.info.get("icc_profile") == before.info.get("icc_profile")


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("TIFF", "image/png"), ("BMP", "image/png"), ("AVIF", "image/jpeg"), ("HEIF", "image/jpeg")],
)
def test_formats_that_are_written_anew_look_the_same(kind: str, media_type: str) -> None:
    data = noted(kind)
    shared = shareable(data)
    assert media_type_of(shared) == media_type
    seen, meant = open_upright(shared), open_upright(data)
    assert seen.size == meant.size
    for pixel, expected in zip(corners(seen), corners(meant), strict=True):
        assert isinstance(expected, tuple)
        assert near(pixel, expected)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_keeps_its_pixels(mode: str) -> None:
    data = noted("PNG", picture=PIL.Image.linear_gradient("L").convert("RGB").convert(mode))
    with PIL.Image.open(BytesIO(data)) as before, PIL.Image.open(BytesIO(shareable(data))) as after:
        assert (after.mode, after.tobytes()) == (before.mode, before.tobytes())


@pytest.mark.parametrize("options", [{"progressive": True}, {"restart_marker_rows": 1}, {"optimize": True}])
def test_every_kind_of_jpeg_keeps_its_pixels(options: dict[str, Any]) -> None:
    noise = PIL.Image.effect_noise((200, 120), 90).convert("RGB")
    for picture in (noise, noise.convert("L"), noise.convert("CMYK")):
        data = encode(picture, "JPEG", comment=SECRET, **options)
        shared = shareable(data)
        assert SECRET not in shared
        assert open_upright(shared).tobytes() == open_upright(data).tobytes()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_goes_on_moving(kind: str) -> None:
    frames = [PIL.Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    options = {"comment": SECRET} if kind == "GIF" else {"exif": exif()}
    data = encode(
        frames[0], kind, save_all=True, append_images=frames[1:], duration=[50, 60, 70], loop=3, **options
    )
    shared = shareable(data)
    assert SECRET not in shared
    with PIL.Image.open(BytesIO(data)) as before, PIL.Image.open(BytesIO(shared)) as after:
        assert getattr(after, "n_frames", 1) == 3
        assert after.info["loop"] == before.info["loop"]
        for number in range(3):
            before.seek(number)
            after.seek(number)
            assert after.convert("RGB").tobytes() == before.convert("RGB").tobytes()
            assert after.info["duration"] == before.info["duration"]


def test_the_second_picture_behind_a_jpeg_is_left_out() -> None:
    """Phones put further views, depths and brightnesses there, each with EXIF of its own."""
    second = PIL.Image.new("RGB", (32, 32), "blue")
    data = encode(quarters(), "MPO", save_all=True, append_images=[second])
    assert data.count(b"\xff\xd8\xff") == 2
    shared = shareable(data)
    assert shared.count(b"\xff\xd8\xff") == 1
    assert b"MPF\0" not in shared
    assert open_upright(shared).tobytes() == open_upright(data).tobytes()


def test_a_thumbnail_within_a_jpeg_is_left_out() -> None:
    """A viewer's small picture may show what was cut away from the large one."""
    data = encode(quarters(), "JPEG")
    assert data[2:4] == b"\xff\xe0"
    jfif = data[6:18] + bytes((2, 1)) + b"SECRET"
    extended = data[:2] + b"\xff\xe0" + struct.pack(">H", len(jfif) + 2) + jfif + data[20:]
    assert open_upright(extended).size == (64, 48)
    assert SECRET not in shareable(extended)
    assert open_upright(shareable(extended)).tobytes() == open_upright(data).tobytes()


def test_notes_within_the_frames_of_a_webp_are_left_out() -> None:
    frames = [PIL.Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    at = data.index(b"ANMF")
    length = struct.unpack_from("<I", data, at + 4)[0]
    end = at + 8 + length
    note = b"NOTE" + struct.pack("<I", len(SECRET)) + SECRET
    frame = b"ANMF" + struct.pack("<I", length + len(note)) + data[at + 8 : end] + note
    planted = data[:4] + struct.pack("<I", len(data) - 8 + len(note)) + data[8:at] + frame + data[end:]
    assert open_upright(planted).getpixel((8, 8)) == (255, 0, 0)
    shared = shareable(planted)
    assert SECRET not in shared
    assert open_upright(shared).tobytes() == open_upright(planted).tobytes()


def test_a_file_that_is_only_nearly_in_order_is_written_anew() -> None:
    """Rubbish between the segments of a JPEG, or no end mark behind a GIF: readers do without order."""
    jpeg, gif = noted("JPEG"), noted("GIF")
    tables = jpeg.index(b"\xff\xdb")
    for data, media_type in (
        (jpeg[:tables] + b"SECRET" + jpeg[tables:], "image/jpeg"),
        (gif[:-1], "image/png"),
    ):
        shared = shareable(data)
        assert SECRET not in shared
        assert media_type_of(shared) == media_type
        for pixel, expected in zip(corners(open_upright(shared)), corners(open_upright(data)), strict=True):
            assert isinstance(expected, tuple)
            assert near(pixel, expected)


def test_a_png_with_wrong_lengths_is_refused_as_when_it_is_read() -> None:
    with pytest.raises(ImageError, match="cut short"):
        shareable(encode(quarters())[:-30])


def test_what_is_no_picture_is_not_shared() -> None:
    with pytest.raises(ImageError, match="not a picture"):
        shareable(b"Dear diary")
    with pytest.raises(ImageError, match="save the picture as one of them"):
        media_type_of(b"Dear diary")


def test_the_store_keeps_the_original_and_shares_the_rest(store: Store) -> None:
    data = noted("JPEG")
    image = store.images.add(data)
    assert store.images.read(image.sha256) == data
    shared = store.images.shareable(image.sha256)
    assert SECRET not in shared
    assert SECRET not in store.images.thumbnail(image.sha256)
    with pytest.raises(ImageError, match="No picture"):
        store.images.shareable("0" * 64)


def test_the_orientation_block_of_a_png_is_a_sound_chunk() -> None:
    shared = shareable(noted("PNG", 8))
    at = shared.index(b"eXIf")
    length = struct.unpack_from(">I", shared, at - 4)[0]
    assert at < shared.index(b"IDAT")
    assert struct.unpack_from(">I", shared, at + 4 + length)[0] == zlib.crc32(shared[at : at + 4 + length])
