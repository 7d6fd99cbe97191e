"""The application as a whole, without a browser: whose page it is, and which doors are closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

import ui
from chat import DialogueManager
from chat.engines import EchoEngine
from memory import Store
from ui.middleware import rewrite


@pytest.fixture(scope="module")
def manager() -> Iterator[DialogueManager]:
    with Store.open(":memory:") as store:
        manager = DialogueManager(store, EchoEngine())
        yield manager
        manager.close()


@pytest.fixture(scope="module")
def client(manager: DialogueManager) -> Iterator[TestClient]:
    with TestClient(ui.build(manager)) as client:
        yield client


def test_the_page_is_ours_and_names_no_place_elsewhere(client: TestClient) -> None:
    page = client.get("/", headers={"accept-encoding": "gzip, br"})
    assert page.status_code == 200
    assert "<title>Vis-à-Vis</title>" in page.text
    # Everything before the script with the framework's settings, which shows and fetches nothing.
    head = page.text.partition("<script>")[0]
    assert "</style>" in head
    assert "gradio" not in head.lower()
    assert "http" not in head
    assert "manifest.json" not in page.text
    assert "fonts.g" not in page.text


def test_the_page_may_load_nothing_from_elsewhere(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy


def test_rewriting_leaves_the_rest_of_the_page_alone() -> None:
    page = '<html><head><meta charset="utf-8" /><meta property="og:title"\n content="X" /></head><p>og:</p>'
    assert rewrite(page).endswith('<meta charset="utf-8" /></head><p>og:</p>')


def test_a_picture_of_the_store_is_served(
    client: TestClient, manager: DialogueManager, picture: Callable[..., bytes]
) -> None:
    data = picture()
    sha256 = manager.store.images.add(data).sha256
    assert client.get(f"/pictures/{sha256}").content == data


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://127.0.0.1:1/",
        "/gradio_api/file=https://example.org/picture.png",
        "/gradio_api/proxy=https://example.org/",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/runs",
        "/gradio_api/vibe-code/",
        "/monitoring",
        "/login",
        "/manifest.json",
        "/favicon.ico",
        "/docs",
        "/openapi.json",
    ],
)
def test_what_the_page_does_not_use_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 404
    assert answer.text == "There is nothing here.\n"


def test_files_of_the_machine_are_not_served(client: TestClient, manager: DialogueManager) -> None:
    for path in ("/etc/passwd", str(manager.store.path), __file__):
        assert client.get(f"/gradio_api/file={path}").status_code in (403, 404)


def test_the_icon_is_ours(client: TestClient) -> None:
    assert client.get("/favicon.svg").headers["content-type"].startswith("image/svg+xml")
