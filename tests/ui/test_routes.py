"""Pictures over HTTP: those of the store, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from memory import Store
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


def test_the_original_comes_back_byte_for_byte(
    client: TestClient, store: Store, picture: Callable[..., bytes]
) -> None:
    data = picture("red", (64, 48))
    sha256 = store.images.add(data, name="scene.png").sha256
    answer = client.get(f"/pictures/{sha256}")
    assert answer.content == data
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_content_type_is_the_picture_s_own(client: TestClient, store: Store, form: str) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, form)
    sha256 = store.images.add(buffer.getvalue()).sha256
    assert client.get(f"/pictures/{sha256}").headers["content-type"] == f"image/{form.lower()}"


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
