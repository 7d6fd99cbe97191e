"""Two thousand damaged pictures of every format: each is refused in words, or whole after all."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import PIL.Image
import pytest

from memory import ImageError, ImageStore, Store
from memory.db import Connections
from memory.decoding import DEFAULT_LIMITS
from memory.sharing import shareable
from tests.helpers.pictures import encode, quarters

EXIF = PIL.Image.Exif()
EXIF[0x0112] = 6
EXIF[0x010F] = "A camera"

FILES = {
    "PNG": encode(quarters(), "PNG", exif=EXIF),
    "palette PNG": encode(quarters().quantize(8), "PNG", transparency=0),
    "16-bit PNG": encode(quarters().convert("L").convert("I;16"), "PNG"),
    "JPEG": encode(quarters(), "JPEG", exif=EXIF, comment=b"words"),
    "progressive CMYK JPEG": encode(quarters().convert("CMYK"), "JPEG", progressive=True),
    "GIF": encode(quarters(), "GIF", save_all=True, append_images=[PIL.Image.new("RGB", (64, 48))]),
    "WebP": encode(quarters(), "WEBP", exif=EXIF),
    "lossless WebP": encode(quarters().convert("RGBA"), "WEBP", lossless=True),
    "BMP": encode(quarters(), "BMP"),
    "TIFF": encode(quarters(), "TIFF", exif=EXIF),
    "compressed TIFF": encode(quarters(), "TIFF", compression="tiff_lzw"),
    "AVIF": encode(quarters(), "AVIF", exif=EXIF),
    "HEIC": encode(quarters(), "HEIF", exif=EXIF),
}
EACH = -(-2_000 // len(FILES))

LIMITS = replace(DEFAULT_LIMITS, pixels=4_000_000)
"""Lower than in use, for the test's own sake: much damage makes a header claim more pixels."""

Damage = Callable[[bytearray, random.Random], None]


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 20)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def overwrite(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    for at in range(start, min(start + chance.randint(1, 40), len(data))):
        data[at] = chance.choice((0, 0xFF, chance.randrange(256)))


def claim(data: bytearray, chance: random.Random) -> None:
    """Put extremes where headers keep their sizes, counts and offsets."""
    at = chance.randrange(min(200, len(data) - 4))
    data[at : at + 4] = chance.choice(
        (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\xff\xff")
    )


def repeat(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.randint(1, 200)] * chance.randint(1, 5)


def lose(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.randint(1, 100)]


def graft(data: bytearray, chance: random.Random) -> None:
    """Two files in one, as those that are to pass for something else."""
    other = chance.choice([*FILES.values(), b"<script>alert(1)</script>", b"%PDF-1.7", b"PK\x03\x04"])
    if chance.random() < 0.5:
        data += other
    else:
        data[chance.randrange(len(data)) :] = other


DAMAGE: list[Damage] = [cut, flip, overwrite, claim, repeat, lose, graft]


def damaged(kind: str, number: int) -> bytes:
    """A file damaged in a way of its own, the same in every run."""
    chance = random.Random(f"{kind} {number}")
    data = bytearray(FILES[kind])
    DAMAGE[number % len(DAMAGE)](data, chance)
    return bytes(data)


# What Pillow only warns of is for the log; it must not decide what is accepted.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FILES)
def test_damaged_pictures_are_refused_in_words_or_kept_whole(store: Store, kind: str) -> None:
    folder = store.path.parent / "visavis.pictures"
    connections = Connections(store.path)
    images = ImageStore(connections, folder, LIMITS)
    kept: set[str] = set()
    refusals: list[str] = []
    for number in range(EACH):
        data = damaged(kind, number)
        try:
            image = images.add(data)
        except ImageError as error:
            refusals.append(str(error))
            continue
        kept.add(image.sha256)
        assert 0 < image.width * image.height <= LIMITS.pixels
        with PIL.Image.open(BytesIO(shareable(data))) as shared:
            shared.load()
    connections.close()
    assert 0 < len(refusals) < EACH
    # A sentence that says what is wrong, and one that says what to do.
    assert [words for words in refusals if words.count(". ") < 1 or not words.endswith(".")] == []
    assert {file.name for file in folder.rglob("*") if file.is_file()} == kept
    assert store.verify() == []
