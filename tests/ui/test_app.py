"""The application as a whole, without a browser: whose page it is, and which doors are closed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

import ui
from chat import DialogueManager
from chat.engines import EchoEngine
from memory import Store
from ui.middleware import names_other_server, rewrite


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


def test_the_message_box_takes_every_kind_of_file_that_is_read(client: TestClient) -> None:
    components = client.get("/config").json()["components"]
    [kinds] = [each["props"]["file_types"] for each in components if each["type"] == "multimodaltextbox"]
    assert {"image", ".heic", ".heif", ".avif", ".pdf", ".mp4", ".mov", ".webm", ".mkv", ".avi"} <= set(kinds)


@pytest.mark.parametrize("address", ["http://192.0.2.1/x.png", "https://cats.example/x.png"])
def test_the_framework_fetches_no_file_for_whoever_asks(
    client: TestClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looked_up(*_: object, **__: object) -> None:
        raise AssertionError("a host was looked up")

    events = [each for each in client.get("/config").json()["dependencies"] if each["inputs"]]
    assert events
    file = {"path": address, "meta": {"_type": "gradio.FileData"}}
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    for event in events:
        data = [{"text": "Look", "files": [file]} for _ in event["inputs"]]
        asked = {"data": data, "fn_index": event["id"], "session_hash": "somebody"}
        answer = client.post("/gradio_api/queue/join", json=asked)
        assert (answer.status_code, "not fetched" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("event", "names"),
    [
        (
            b'{"data": [{"files": [{"path": "/tmp/visavis/a.png", "url": "http://127.0.0.1:7860/a.png"}]}]}',
            False,
        ),
        (b'{"data": ["http://a.example", {"text": "http://a.example"}]}', False),
        (b'{"data": [[{"x": [{"path": "\\u0068ttp://a.example"}]}]]}', True),
        (b'{"path": " HTTPS://a.example"}', True),
        (b"no JSON", False),
        (b"[" * 100_000, False),
    ],
)
def test_a_file_elsewhere_is_found_wherever_an_event_hides_it(event: bytes, names: bool) -> None:
    assert names_other_server(event) is names


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
