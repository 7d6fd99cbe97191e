"""Pictures and conversations over HTTP: those of the store, and nothing else."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from memory import Store
from tests.helpers.pictures import encode
from ui import routes


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open(":memory:") as store:
        yield store


@pytest.fixture
def client(store: Store) -> TestClient:
    app = FastAPI()
    app.include_router(routes.pictures(store.images))
    return TestClient(app)


def test_a_picture_with_nothing_private_in_it_comes_back_byte_for_byte(
    client: TestClient, store: Store, picture: Callable[..., bytes]
) -> None:
    data = picture("red", (64, 48))
    sha256 = store.images.add(data, name="scene.png").sha256
    answer = client.get(f"/pictures/{sha256}")
    assert answer.content == data
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("form", "media_type"),
    [
        *(("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")),
        # What browsers do not all show.
        *(("TIFF", "image/png"), ("AVIF", "image/jpeg"), ("HEIF", "image/jpeg")),
    ],
)
def test_the_content_type_is_that_of_the_picture_served(
    client: TestClient, store: Store, form: str, media_type: str
) -> None:
    sha256 = store.images.add(encode(Image.new("RGB", (8, 8), "red"), form)).sha256
    answer = client.get(f"/pictures/{sha256}")
    assert answer.headers["content-type"] == media_type
    assert Image.open(io.BytesIO(answer.content)).get_format_mimetype() == media_type


def test_where_a_photo_was_taken_is_not_served(client: TestClient, store: Store) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET camera"
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 30.5), 29: "SECRET day"})
    data = encode(Image.new("RGB", (700, 700), "red"), "JPEG", exif=exif, comment=b"SECRET")
    assert data.count(b"SECRET") == 3
    sha256 = store.images.add(data).sha256
    for place in ("pictures", "thumbnails"):
        assert b"SECRET" not in client.get(f"/{place}/{sha256}").content


def test_a_thumbnail_is_small_and_a_picture_of_the_type_it_says(
    client: TestClient, store: Store, picture: Callable[..., bytes]
) -> None:
    sha256 = store.images.add(picture("blue", (2000, 1000))).sha256
    answer = client.get(f"/thumbnails/{sha256}")
    shown = Image.open(io.BytesIO(answer.content))
    assert shown.size == (routes.THUMBNAIL_SIDE, routes.THUMBNAIL_SIDE // 2)
    assert answer.headers["content-type"] == shown.get_format_mimetype()
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("place", ["pictures", "thumbnails"])
def test_only_what_is_in_the_store_is_served(client: TestClient, place: str) -> None:
    assert client.get(f"/{place}/{'0' * 64}").status_code == 404


@pytest.mark.parametrize("place", ["pictures", "thumbnails"])
@pytest.mark.parametrize("name", ["visavis.db", "..%2f..%2fetc%2fpasswd", "A" * 64, "0" * 63])
def test_what_is_no_sha256_is_refused(client: TestClient, place: str, name: str) -> None:
    assert client.get(f"/{place}/{name}").status_code in (404, 422)


@pytest.fixture
def files(store: Store) -> TestClient:
    app = FastAPI()
    app.include_router(routes.exports(store))
    return TestClient(app)


@pytest.mark.parametrize(
    ("form", "name"),
    [("html", "red cars.html"), ("markdown", "red cars.zip"), ("bundle", "red cars.bundle.zip")],
)
def test_a_conversation_is_given_as_a_file_and_nothing_stays_behind(
    files: TestClient, store: Store, form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    conversation = store.create_conversation("red/cars")
    answer = files.get(f"/exports/{conversation.id}/{form}")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert quote(name) in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.startswith(b"<!" if form == "html" else b"PK")
    assert list(tmp_path.iterdir()) == []


def test_a_conversation_or_form_that_is_not_there_is_refused(files: TestClient, store: Store) -> None:
    assert files.get("/exports/gone/html").status_code == 404
    assert files.get(f"/exports/{store.create_conversation().id}/exe").status_code == 422


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("", "conversation"),
        ("../..", "conversation"),
        ('a\\b:c*"?\n<d>', "a b c d"),
        ("日本 🙂", "日本 🙂"),
        ("x" * 300, "x" * 80),
    ],
)
def test_a_title_becomes_a_file_name_anywhere(title: str, name: str) -> None:
    assert routes.file_name(title) == name
