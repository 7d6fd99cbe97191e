"""The labelled pictures are read and asked about as they lie, and only whole, unambiguous words count."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from PIL import Image as Pillow

from chat.engines.base import Delta, Finish, Limits, Request
from chat.errors import ConfigError, ImageError
from chat.evals.labelled import PHOTOGRAPHS, QUESTION, Named, accuracy, name_pictures, read, says
from prompts import Message

OPEN_LICENCES = {
    "public domain",
    "CC0-1.0",
    "CC-BY-2.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "MIT",
    "BSD-3-Clause",
    "Apache-2.0",
}


class ByColour:
    """An engine that really opens its picture and names it by the colour of its middle."""

    name = "colours"
    fingerprint = "0"
    limits = Limits(10_000, 100)
    parallel = 1
    embedder = None

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def count(self, message: Message) -> int:
        return len(message.text)

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        self.requests.append(request)
        (image,) = request.messages[-1].images
        try:
            with Pillow.open(io.BytesIO(request.read_image(image.sha256))) as picture:
                red, green, _ = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
        except OSError as error:
            raise ImageError("not a picture") from error
        yield Delta("It is a ")
        yield Delta("cherry." if red > green else "cabbage.", Finish("stop"))

    def close(self) -> None: ...


def row(file: str, name: str, **other: object) -> dict[str, object]:
    return {
        "file": file,
        "name": name,
        "accepted": [name],
        "source": "here",
        "author": "me",
        "licence": "CC0-1.0",
    } | other


def lay(folder: Path, *rows: dict[str, object]) -> Path:
    """A folder with these labels, and red pictures for cherries, green ones for all else."""
    for each in rows:
        colour = "red" if each["name"] == "cherry" else "green"
        Pillow.new("RGB", (8, 6), colour).save(folder / Path(str(each["file"])).name)
    (folder / "labels.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows), "utf-8")
    return folder


def test_each_picture_is_asked_about_by_itself(tmp_path: Path) -> None:
    engine = ByColour()
    folder = lay(tmp_path, row("a.jpg", "cherry"), row("b.png", "cabbage"), row("c.jpg", "frog"))
    named = list(name_pictures(engine, folder))
    assert [each.reply for each in named] == ["It is a cherry.", "It is a cabbage.", "It is a cabbage."]
    assert [each.right for each in named] == [True, True, False]
    assert accuracy(named) == pytest.approx(200 / 3)
    assert [len(request.messages) for request in engine.requests] == [1, 1, 1]
    assert {request.messages[0].text for request in engine.requests} == {QUESTION}
    assert [request.messages[0].images[0].media_type for request in engine.requests] == [
        "image/jpeg",
        "image/png",
        "image/jpeg",
    ]


def test_nothing_asked_is_nothing_right() -> None:
    assert accuracy([]) == 0


@pytest.mark.parametrize(
    ("reply", "accepted"),
    [
        ("It is a cat.", ["cat"]),
        ("CAT", ["cat"]),
        ("Two cats, I think.", ["cat"]),
        ("Ponies on a hill.", ["pony"]),
        ("A row of buses", ["bus"]),
        ("A ring-tailed lemur", ["ring-tailed lemur"]),
        ("A ring tailed lemur", ["ring-tailed lemur"]),
        ("the Château", ["chateau"]),
        ("the chateau", ["château"]),
        ("A polar\nbear", ["polar bear"]),
        ("a dog's head", ["dog"]),
        ("a dog’s head", ["dog"]),
        ("It is not a dog but a cat.", ["cat"]),
        ("It isn't a dog, it is a cat", ["cat"]),
        ("Not just a cat: a tabby", ["tabby"]),
        ("A dog eating a hot dog", ["dog"]),
        ("A hot dog", ["hot dog"]),
        ("a guinea pig", ["guinea pig", "pig"]),
        ("It is an orange.", ["orange"]),
        ("an orange on a table", ["orange"]),
        ("orange halves and oranges", ["orange"]),
    ],
)
def test_right(reply: str, accepted: list[str]) -> None:
    assert says(reply, accepted)


@pytest.mark.parametrize(
    ("reply", "accepted"),
    [
        ("", ["cat"]),
        ("A caterpillar.", ["cat"]),
        ("A wildcat.", ["cat"]),
        ("A cat-like animal", ["cat"]),
        ("a non-cat", ["cat"]),
        ("concatenate", ["cat"]),
        ("It is an animal.", ["cat", "kitten"]),
        ("It is not a cat.", ["cat"]),
        ("It is not a black cat.", ["cat"]),
        ("This isn't a cat", ["cat"]),
        ("I see no cats here.", ["cat"]),
        ("It is a hot dog.", ["dog"]),
        ("Hot dogs with mustard", ["dog"]),
        ("a guinea-pig", ["pig"]),
        ("a teddy bear", ["bear"]),
        ("a fire engine", ["fire hydrant", "hydrant"]),
        ("It is an orange flower.", ["orange"]),
        ("a rose dress", ["rose"]),
        ("bear, polar", ["polar bear"]),
        ("kiwi fruits", ["apple", "fruit"]),
    ],
)
def test_wrong(reply: str, accepted: list[str]) -> None:
    assert not says(reply, accepted)


BROKEN: dict[str, dict[str, object]] = {
    "no field 'licence'": {key: value for key, value in row("a.jpg", "cat").items() if key != "licence"},
    "accepted is not a list": row("a.jpg", "cat", accepted="cat"),
    "accepted is not text": row("a.jpg", "cat", accepted=["cat", 3]),
    "author is not text": row("a.jpg", "cat", author=" "),
    "is not the name of a file": row("../a.jpg", "cat"),
}


@pytest.mark.parametrize("problem", sorted(BROKEN))
def test_a_wrong_label_shows_the_tree_expected(tmp_path: Path, problem: str) -> None:
    lay(tmp_path, row("a.jpg", "cat"), BROKEN[problem])
    with pytest.raises(ConfigError, match=problem) as raised:
        read(tmp_path)
    assert "line 2 of labels.jsonl" in str(raised.value)
    assert "Expected:\nFOLDER/\n    labels.jsonl" in str(raised.value)


def test_a_folder_without_labels_shows_the_tree_expected(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigError, match=r"no labels\.jsonl(?s:.*)Expected:"):
            next(name_pictures(ByColour(), folder))


def test_labels_that_cannot_be_true(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text("\n")
    with pytest.raises(ConfigError, match="has no labels"):
        read(tmp_path)
    labels.write_bytes(b'{"file": "\xff"}')
    with pytest.raises(ConfigError, match="line 1"):
        read(tmp_path)
    lay(tmp_path, row("a.jpg", "cat"), row("a.jpg", "dog"))
    with pytest.raises(ConfigError, match=r"more than once: a\.jpg"):
        read(tmp_path)
    lay(tmp_path, row("a.jpg", "cat"), row("gone.jpg", "dog"))
    (tmp_path / "gone.jpg").unlink()
    with pytest.raises(ConfigError, match=r"not there: gone\.jpg"):
        read(tmp_path)


def test_what_is_not_a_picture_is_named(tmp_path: Path) -> None:
    lay(tmp_path, row("a.jpg", "cat"))
    (tmp_path / "a.jpg").write_text("not a picture")
    with pytest.raises(ConfigError, match=r"a\.jpg cannot be used"):
        list(name_pictures(ByColour(), tmp_path))


def test_the_photographs_are_as_described() -> None:
    labels = read(PHOTOGRAPHS)
    assert len(labels) >= 48
    assert {label.path.name for label in labels} == {path.name for path in PHOTOGRAPHS.glob("*.jpg")}
    assert sum(path.stat().st_size for path in PHOTOGRAPHS.iterdir()) < 2_000_000
    for label in labels:
        assert label.name.lower() in label.accepted
        assert label.licence in OPEN_LICENCES
        assert Named(label, f"It is {label.name}.").right
        assert not Named(label, "I do not know.").right
        with Pillow.open(label.path) as picture:
            assert picture.format == "JPEG"
            assert max(picture.size) <= 320
            assert not picture.getexif()


def test_every_photograph_has_its_line_among_the_licences() -> None:
    table = (PHOTOGRAPHS / "LICENSES.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table if line.startswith("| `")]
    assert [(cells[0].strip("`"), cells[3], cells[4]) for cells in rows] == [
        (label.path.name, label.author, label.licence) for label in read(PHOTOGRAPHS)
    ]
