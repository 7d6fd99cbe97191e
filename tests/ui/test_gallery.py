"""Finding pictures at the side, without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio import EventData

from chat import DialogueManager
from chat.errors import EngineError
from memory import Conversation, FoundPicture, Store
from memory.transfer import export_bundle
from tests.helpers.colours import ColourEmbedder, ColourEngine
from tests.helpers.gate import Gate
from tests.helpers.markup import Reader
from ui import gallery, view
from ui.handlers import Handlers
from ui.shelf import MOST_DESCRIBED, Shelf

Pictures = Callable[..., bytes]


@pytest.fixture
def seeing() -> Iterator[DialogueManager]:
    """A manager whose engine can search pictures."""
    with Store.open(":memory:") as store:
        manager = DialogueManager(store, ColourEngine())
        yield manager
        manager.close()


def show(manager: DialogueManager, data: bytes, name: str, words: str = "look") -> str:
    """A conversation that shows a picture, which can be found already; its id."""
    talk = manager.create().id
    assert manager.send(talk, words, [manager.store.images.add(data, name=name)]).wait(60)
    manager.finder.settle()
    return talk


def event(**data: object) -> Any:
    """What the page tells of a press."""
    return EventData(None, data)


def find(manager: DialogueManager, words: str) -> Reader:
    return Reader(Shelf(manager).find(event(words=words, with_picture=False)))


def shown(reader: Reader) -> list[str]:
    return [image["alt"] or "" for image in reader.all("img")]


def test_a_search_shows_the_pictures_that_its_words_describe_above_the_messages(
    seeing: DialogueManager, picture: Pictures
) -> None:
    talk = show(seeing, picture("red"), "first.png", "my car")
    show(seeing, picture("green"), "second.png", "a red word")
    found = find(seeing, '"red"')
    assert shown(found) == ["first.png, in “my car”"]
    assert found.text.index("1 picture") < found.text.index("2 found")
    (item, *_) = found.all("li")
    asked = seeing.store.history(talk)[0].message_id
    assert (item["data-id"], item["data-message"]) == (talk, asked)
    assert found.all("img")[0]["src"] == f"/thumbnails/{seeing.store.messages(talk)[0].images[0].sha256}"


def test_only_what_there_is_is_told_of(seeing: DialogueManager, picture: Pictures) -> None:
    show(seeing, picture("red"), "first.png", "my car")
    assert find(seeing, "red").text == "1 picture"
    assert find(seeing, "car").text.startswith("2 found")
    assert find(seeing, "blue").text == "Nothing found for “blue”."
    assert find(seeing, " ").text == ""
    for side in range(40, 40 + MOST_DESCRIBED):
        show(seeing, picture("red", (side, side)), "more.png")
    assert find(seeing, "red").text == f"{MOST_DESCRIBED} pictures"


def test_pictures_like_one_are_shown_with_a_way_back(seeing: DialogueManager, picture: Pictures) -> None:
    talk = show(seeing, picture("red"), "red.png")
    sha256 = seeing.store.messages(talk)[0].images[0].sha256
    shelf = Shelf(seeing)
    assert Reader(shelf.like(event(sha256=sha256))).text == "There are no other pictures yet.Close"
    for colour in ("blue", "orange"):
        show(seeing, picture(colour), f"{colour}.png")
    alike = Reader(shelf.like(event(sha256=sha256)))
    assert shown(alike) == ["orange.png, in “look”", "blue.png, in “look”"]
    assert alike.all("button")[0]["class"] == "back"


def test_what_is_refused_is_told(
    seeing: DialogueManager, picture: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(seeing, picture("red"), "red.png", "something red")
    with pytest.warns(UserWarning, match=r"<b>Not searched\.</b> No picture"):
        assert Shelf(seeing).like(event(sha256="0" * 64)) == ""

    def broken(*_: object) -> None:
        raise EngineError("The model is <tired>.")

    monkeypatch.setattr(ColourEmbedder, "texts", broken)
    with pytest.warns(UserWarning, match=r"<b>Pictures not searched\.</b> The model is &lt;tired&gt;\."):
        assert find(seeing, "red").text.startswith("2 found")


def test_without_an_embedder_nothing_of_it_is_shown(
    manager: DialogueManager, gate: Gate, picture: Pictures
) -> None:
    gate.open()
    talk = show(manager, picture("red"), "red.png", "red")
    found = find(manager, "red")
    assert found.text.startswith("2 found")
    assert shown(found) == []
    assert "like" not in str(Handlers(manager).open(talk).log)


def test_a_picture_in_the_log_can_be_asked_for_its_like(seeing: DialogueManager, picture: Pictures) -> None:
    talk = show(seeing, picture("red"), "red.png")
    entries = seeing.store.history(talk)
    assert Handlers(seeing).open(talk).log == view.bubbles(entries, finds=True)
    buttons = Reader(view.bubbles(entries, finds=True)[0]["content"][0]).all("button")
    assert [button["title"] for button in buttons if button["class"] == "like"] == ["Pictures like #1"]


def test_names_are_shown_as_they_are() -> None:
    conversation = Conversation('i"d', '<b>"title"</b>', "plain", None, "", "")
    found = FoundPicture("0" * 64, 1.0, conversation, "m", "", '<script>"&.png')
    for html in (gallery.described([found]), gallery.alike([found])):
        reader = Reader(html)
        assert shown(reader) == ['<script>"&.png, in “<b>"title"</b>”']
        assert reader.all("li")[0]["data-id"] == 'i"d'
        assert reader.all("b") == reader.all("script") == []
    assert gallery.described([]) == ""


def test_pictures_that_come_in_from_a_file_are_found(
    seeing: DialogueManager, picture: Pictures, tmp_path: Path
) -> None:
    talk = show(seeing, picture("red"), "red.png")
    upload = tmp_path / "talks.zip"
    export_bundle(seeing.store, upload)
    seeing.delete(talk)
    seeing.finder.settle()
    assert find(seeing, "red").text.startswith("Nothing found")
    list(Shelf(seeing).take_in(str(upload), ""))
    seeing.finder.settle()
    assert shown(find(seeing, "red")) == ["red.png, in “look”"]
