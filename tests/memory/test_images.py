"""The picture store: bytes once, by their hash, unaltered, and never outside its folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import PIL.Image
import pytest

from memory import ImageError, ImageStore, Store, StoreError
from memory.db import Connections
from memory.images import DEFAULT_LIMITS


def _files(store: Store) -> list[str]:
    folder = store.path.parent / "visavis.pictures"
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


def test_a_picture_is_kept_as_it_came(store: Store, picture: Callable[..., bytes]) -> None:
    data = picture("red", (30, 20))
    image = store.images.add(data, name="holiday.png")
    sha256 = hashlib.sha256(data).hexdigest()
    assert (image.sha256, image.media_type, image.width, image.height) == (sha256, "image/png", 30, 20)
    assert image.name == "holiday.png"
    assert store.images.read(sha256) == data
    assert store.images.path(sha256).read_bytes() == data
    assert _files(store) == [f"{sha256[:2]}/{sha256}"]
    stored = store.images.get(sha256)
    assert (stored.width, stored.height, stored.size, stored.media_type) == (30, 20, len(data), "image/png")
    assert sha256 in store.images
    with Store.open(store.path) as second:
        assert second.images.read(sha256) == data


def test_adding_again_stores_nothing_new(store: Store, picture: Callable[..., bytes]) -> None:
    first = store.images.add(picture(), name="a.png")
    before = store.images.get(first.sha256)
    second = store.images.add(picture(), name="b.png")
    assert first == second
    assert (first.name, second.name) == ("a.png", "b.png")
    assert store.images.get(first.sha256) == before
    assert len(_files(store)) == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/home/ada/cat.png", "cat.png"),
        ("C:\\Pictures\\cat.png", "cat.png"),
        ("../../etc/passwd", "passwd"),
        ("folder/", None),
        ("", None),
        (None, None),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("caf\udce9.png", "caf\ufffd.png"),
    ],
)
def test_a_name_is_only_a_name(
    store: Store, picture: Callable[..., bytes], given: str | None, kept: str | None
) -> None:
    assert store.images.add(picture(), name=given).name == kept


def test_what_is_refused_leaves_no_trace(store: Store) -> None:
    with pytest.raises(ImageError, match=r"^notes\.txt: This is not a picture"):
        store.images.add(b"Dear diary", name="notes.txt")
    assert _files(store) == []
    assert hashlib.sha256(b"Dear diary").hexdigest() not in store.images


@pytest.mark.parametrize("sha256", ["0" * 64, "../../../etc/passwd", "0" * 63, "", "A" * 64])
def test_an_unknown_picture_is_an_image_error(store: Store, sha256: str) -> None:
    assert sha256 not in store.images
    for ask in (store.images.read, store.images.get, store.images.path, store.images.thumbnail):
        with pytest.raises(ImageError, match="No picture"):
            ask(sha256)


def test_a_thumbnail_is_upright_small_and_cached(store: Store) -> None:
    photo = PIL.Image.new("RGB", (400, 200), "red")
    photo.paste("blue", (200, 0, 400, 200))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise to be upright
    buffer = BytesIO()
    photo.save(buffer, "JPEG", exif=exif)
    image = store.images.add(buffer.getvalue())
    assert (image.width, image.height) == (200, 400)

    small = PIL.Image.open(BytesIO(store.images.thumbnail(image.sha256, 100)))
    assert small.size == (50, 100)
    top, bottom = small.getpixel((25, 10)), small.getpixel((25, 90))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > 200 > 50 > top[2]
    assert bottom[2] > 200 > 50 > bottom[0]

    cached = store.images.path(image.sha256).with_name(f"{image.sha256}.100.jpg")
    cached.write_bytes(b"from the cache")
    assert store.images.thumbnail(image.sha256, 100) == b"from the cache"
    cached.unlink()
    assert PIL.Image.open(BytesIO(store.images.thumbnail(image.sha256, 100))).size == (50, 100)


def test_a_thumbnail_never_enlarges(store: Store, picture: Callable[..., bytes]) -> None:
    image = store.images.add(picture("red", (30, 10)))
    assert PIL.Image.open(BytesIO(store.images.thumbnail(image.sha256))).size == (30, 10)
    for side in (0, -1, 15, 2049):
        with pytest.raises(ImageError, match="16 to 2048"):
            store.images.thumbnail(image.sha256, side)


def test_limits_are_those_of_the_store(store: Store, picture: Callable[..., bytes]) -> None:
    limits = replace(DEFAULT_LIMITS, file_bytes=len(picture()) - 1)
    connections = Connections(store.path)
    images = ImageStore(connections, store.path.parent / "visavis.pictures", limits)
    with pytest.raises(ImageError, match="at most"):
        images.add(picture())
    connections.close()


def test_a_full_disk_keeps_neither_file_nor_row(
    store: Store, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            store.images.add(picture())
    assert _files(store) == []
    image = store.images.add(picture())
    assert store.images.read(image.sha256) == picture()


def test_files_abandoned_while_being_written_are_swept(store: Store, tmp_path: Path) -> None:
    incoming = tmp_path / "visavis.pictures" / "incoming"
    old, new = incoming / "old", incoming / "new"
    for file in (old, new):
        file.write_bytes(b"half a picture")
    os.utime(old, (0, 0))
    with Store.open(store.path):
        assert list(incoming.iterdir()) == [new]
