"""What goes out for others to read: Markdown, HTML, OpenAI's messages, ShareGPT."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from memory import ImageError, Store, StoreError
from memory.transfer import export_html, export_markdown, export_openai, export_sharegpt, import_file
from tests.helpers.transfer import begin_talks, everything, members, png, say

EXPORTS = [export_html, export_markdown, export_openai, export_sharegpt]
TRICKY = '<script>alert(1)</script> & "quotes" <image> # no heading'


@pytest.fixture
def tricky(store: Store) -> str:
    """A conversation that tries to be more than words."""
    talk = store.create_conversation("<b>[x](y)</b>\n# z").id
    store_picture = store.images.add(png("red"), name='"><img src=x>.png')
    turn = say(store, talk, TRICKY, TRICKY, png("red"))
    assert store_picture.sha256 in store.images
    assert turn
    return talk


@pytest.mark.parametrize("export", EXPORTS)
def test_what_cannot_be_written_leaves_nothing(
    store: Store, tmp_path: Path, export: Callable[..., int]
) -> None:
    begin_talks(store)
    (tmp_path / "out").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        export(store, tmp_path / "no" / "folder" / "x")
    export(store, tmp_path / "out" / "x")
    with pytest.raises(StoreError, match="is there already"):
        export(store, tmp_path / "out" / "x")
    store.images.path(store.images.add(png("red")).sha256).unlink()
    with pytest.raises(ImageError, match="cannot be read"):
        export(store, tmp_path / "out" / "y")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x"]


@pytest.mark.parametrize("export", EXPORTS)
def test_a_store_without_conversations_can_be_exported(
    store: Store, tmp_path: Path, export: Callable[..., int]
) -> None:
    assert export(store, tmp_path / "x") == 0
    assert (tmp_path / "x").exists()


@pytest.mark.parametrize("export", EXPORTS)
def test_where_a_picture_was_taken_stays_here(
    store: Store, tmp_path: Path, export: Callable[..., int]
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, "JPEG", exif=exif)
    assert b"Secret Camera" in buffer.getvalue()
    say(store, store.create_conversation().id, "look", "yes", buffer.getvalue())
    export(store, tmp_path / "x")
    files = [path for path in (tmp_path / "x", *(tmp_path / "x").rglob("*")) if path.is_file()]
    data = b"".join(path.read_bytes() for path in files)
    urls = re.findall(rb"data:image/jpeg;base64,([\w+/=]+)", data)
    assert b"\xff\xd8\xff" in data or urls
    assert b"Secret Camera" not in data + b"".join(map(base64.b64decode, urls))


def test_markdown_reads_as_it_was_said(store: Store, tmp_path: Path) -> None:
    talk, _ = begin_talks(store)
    assert export_markdown(store, tmp_path / "md", [talk]) == 1
    (document,) = (tmp_path / "md").glob("*.md")
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d holiday {talk[:8]}\.md", document.name)
    text = document.read_text("utf-8")
    assert text.startswith("# Holiday ☀\n")
    said = ["look 你好", "a red square", "and this?", "blue, what's more"]
    assert [line for line in text.splitlines() if line in said] == said
    assert text.count("## You") == 2
    assert text.count("## Reply, echo") == 2
    links = re.findall(r"!\[(.*?)\]\((.*?)\)", text)
    assert [label for label, _ in links] == [r"\#1 1.png", r"\#2 1.png", r"\#3 2.png"]
    pictures = [(tmp_path / "md" / path).read_bytes() for _, path in links]
    assert [Image.open(io.BytesIO(data)).getpixel((0, 0)) for data in pictures] == [
        *((255, 0, 0), (0, 0, 255), (255, 0, 0)),
    ]


def test_markdown_in_an_archive_is_the_same(store: Store, tmp_path: Path) -> None:
    begin_talks(store)
    export_markdown(store, tmp_path / "md")
    export_markdown(store, tmp_path / "md.ZIP")
    folder = {
        path.relative_to(tmp_path / "md").as_posix(): path.read_bytes()
        for path in (tmp_path / "md").rglob("*")
        if path.is_file()
    }
    assert members(tmp_path / "md.ZIP") == folder


def test_a_title_is_no_markup_in_markdown(store: Store, tricky: str, tmp_path: Path) -> None:
    export_markdown(store, tmp_path / "md", [tricky])
    (document,) = (tmp_path / "md").glob("*.md")
    assert document.read_text("utf-8").splitlines()[0] == r"# \<b\>\[x\]\(y\)\</b\> \# z"


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and the words in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of this kind."""
        return [attributes for name, attributes in self.elements if name == tag]


def test_a_page_needs_nothing_else_and_runs_nothing(store: Store, tricky: str, tmp_path: Path) -> None:
    export_html(store, tmp_path / "x.html", [tricky])
    page = Page((tmp_path / "x.html").read_text("utf-8"))
    assert {name for name, _ in page.elements} <= set(
        "html head meta title style body main h1 h2 time article figure img figcaption p".split()
    )
    assert page.words.count(TRICKY) == 2
    (policy,) = (
        meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    )
    assert str(policy).startswith("default-src 'none'; img-src data:")
    (image,) = page.all("img")
    assert image["alt"] == "#1 1.png"
    data = base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(data)).size == (16, 12)
    assert "prefers-color-scheme: dark" in "".join(page.words)


def test_openai_messages_come_back(store: Store, other: Store, tmp_path: Path) -> None:
    talk, _ = begin_talks(store)
    assert export_openai(store, tmp_path / "x.json") == 2
    written = json.loads((tmp_path / "x.json").read_text("utf-8"))
    assert [entry["title"] for entry in written] == ["Holiday ☀", "Holiday ☀"]
    (entry,) = (entry for entry in written if entry["id"] == talk)
    assert entry["messages"][1] == {"role": "assistant", "content": "a red square"}
    kinds = [part["type"] for part in entry["messages"][2]["content"]]
    assert kinds == ["image_url", "image_url", "text"]
    first, second = import_file(other, tmp_path / "x.json"), import_file(other, tmp_path / "x.json")
    assert (len(first.new), len(second.unchanged)) == (2, 2)
    said = {tuple(message.text for message in other.messages(identity)) for identity in first.new}
    assert said == {tuple(message.text for message in store.messages(c.id)) for c in store.conversations()}
    assert len(everything(other)["images"]) == 2
    assert other.verify() == []


def test_sharegpt_counts_its_pictures(store: Store, tricky: str, tmp_path: Path) -> None:
    talk, _ = begin_talks(store)
    export_sharegpt(store, tmp_path / "x")
    entries = {entry["id"]: entry for entry in json.loads((tmp_path / "x/conversations.json").read_bytes())}
    assert entries[talk]["conversations"][0] == {"from": "human", "value": "<image>\nlook 你好"}
    assert entries[talk]["conversations"][1] == {"from": "gpt", "value": "a red square"}
    for entry in entries.values():
        placeholders = sum(turn["value"].count("<image>") for turn in entry["conversations"])
        assert placeholders == len(entry.get("images", []))
        assert all((tmp_path / "x" / path).is_file() for path in entry.get("images", []))
    assert len(entries[tricky]["images"]) == 1
