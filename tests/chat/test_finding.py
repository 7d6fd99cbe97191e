"""Finding pictures by words and by other pictures, and how they come to be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

import numpy as np
import pytest

from chat import Chat, DialogueManager
from chat.engines import EchoEngine
from chat.errors import EngineError, ImageError, MessageError, StoreError
from chat.finding import ANY_WORDS, CLEAR, NEAR, least_scores
from memory import FoundPicture, Store
from tests.helpers.colours import COLOURS, ColourEmbedder, ColourEngine
from tests.helpers.gate import Gate

Pictures = Callable[..., bytes]
PATIENCE = 60.0


@pytest.fixture
def engine(gate: Gate) -> ColourEngine:
    return ColourEngine(gate=gate)


@pytest.fixture
def seeing(store: Store, engine: ColourEngine, gate: Gate) -> Iterator[DialogueManager]:
    """A manager whose engine can search pictures."""
    manager = DialogueManager(store, engine)
    yield manager
    gate.open()
    manager.close()


def show(manager: DialogueManager, data: bytes, name: str = "") -> str:
    """A conversation in which a picture was shown, answered and read; its id."""
    images = [manager.store.images.add(data, name=name)]
    talk = manager.create().id
    assert manager.send(talk, "look", images).wait(PATIENCE)
    manager.finder.settle()
    return talk


def names(found: list[FoundPicture]) -> list[str | None]:
    return [each.name for each in found]


# ---- what is found --------------------------------------------------------------------------


def test_pictures_are_found_by_words_the_best_first(
    seeing: DialogueManager, gate: Gate, picture: Pictures
) -> None:
    gate.open()
    colours = ("red", "crimson", "orange", "green", "gray")
    talks = {colour: show(seeing, picture(colour), colour) for colour in colours}
    found = seeing.finder.find_pictures("Something RED please")
    # Orange is somewhat red too, but red ones are there.
    assert names(found) == ["red", "crimson"]
    assert found[0].conversation.id == talks["red"]
    assert found[0].score > found[1].score
    assert names(seeing.finder.find_pictures("red", limit=1)) == ["red"]


@pytest.mark.parametrize("words", ["blue", "xyzzy", "what is it", "", "  \n"])
def test_words_that_describe_none_find_none(
    seeing: DialogueManager, gate: Gate, picture: Pictures, words: str
) -> None:
    gate.open()
    for colour in ("red", "yellow", "gray"):
        show(seeing, picture(colour), colour)
    assert seeing.finder.find_pictures(words) == []


def test_a_single_picture_is_found_by_what_describes_it_alone(
    seeing: DialogueManager, gate: Gate, picture: Pictures
) -> None:
    gate.open()
    show(seeing, picture("red"), "red")
    found = {colour: names(seeing.finder.find_pictures(colour)) for colour in COLOURS}
    assert found["red"] == ["red"]
    assert found["blue"] == found["green"] == []


def test_all_are_found_where_all_match(seeing: DialogueManager, gate: Gate, picture: Pictures) -> None:
    gate.open()
    for side in range(20, 30):
        show(seeing, picture("red", (side, side)), str(side))
    assert len(seeing.finder.find_pictures("red")) == 10


def test_words_have_to_fit_a_picture_better_than_other_words_do() -> None:
    pictures = np.asarray([[1.0, 0.0], [0.0, 1.0]], np.float32)
    others = np.asarray([[0.0, 1.0], [0.6, 0.8], [-0.6, 0.8]], np.float32)
    spread = np.std([0.0, 0.6, -0.6])
    means, spreads = np.asarray([0.0, np.mean([1, 0.8, 0.8])]), np.asarray([spread, np.std([1, 0.8, 0.8])])
    nowhere = np.asarray([0.0, -1.0], np.float32)
    assert least_scores(pictures, others, nowhere) == pytest.approx(means + CLEAR * spreads)
    # What fits the first picture very well leaves out what fits the second only somewhat.
    best = 10 * spread
    well = np.asarray([best, 0.0], np.float32)
    assert least_scores(pictures, others, well) == pytest.approx(means + (10 - NEAR) * spreads)
    assert least_scores(pictures[:0], others, well).shape == (0,)


def test_other_words_are_many_and_different() -> None:
    assert len(ANY_WORDS) == len(set(ANY_WORDS)) > 30
    # A phrase can be CLEAR of the others only if there are enough of them, even if it is one of them.
    assert np.sqrt(len(ANY_WORDS) - 1) > 2 * CLEAR


def test_pictures_like_another_are_all_others_the_likest_first(
    seeing: DialogueManager, gate: Gate, picture: Pictures
) -> None:
    gate.open()
    for colour in ("blue", "red", "orange"):
        show(seeing, picture(colour), colour)
    red = seeing.finder.find_pictures("red", limit=1)[0].sha256
    assert names(seeing.finder.pictures_like(red)) == ["orange", "blue"]
    assert names(seeing.finder.pictures_like(red, limit=1)) == ["orange"]
    unsent = seeing.store.images.add(picture("navy"))
    assert names(seeing.finder.pictures_like(unsent.sha256, limit=1)) == ["blue"]
    with pytest.raises(ImageError, match="No picture"):
        seeing.finder.pictures_like("0" * 64)


def test_a_model_that_cannot_says_so(manager: DialogueManager) -> None:
    assert not manager.finder.available
    for search in (manager.finder.find_pictures, manager.finder.pictures_like):
        with pytest.raises(EngineError, match=r"This model cannot search pictures\."):
            search("red")


def test_an_engine_from_before_there_were_embedders_works(store: Store) -> None:
    class Old:
        def __init__(self) -> None:
            self._echo = EchoEngine()

        def __getattr__(self, name: str) -> object:
            if name == "embedder":
                raise AttributeError(name)
            return getattr(self._echo, name)

    manager = DialogueManager(store, Old())  # type: ignore[arg-type]
    assert not manager.finder.available
    assert manager.send(manager.create().id, "hello").text == "You said: hello"
    manager.close()


def test_a_script_finds_pictures(picture: Pictures) -> None:
    with Chat(ColourEngine(), database=":memory:") as chat:
        chat.send("look", [picture("red")]).wait()
        chat.send("look", [picture("orange"), picture("blue")]).wait()
        chat._manager.finder.settle()
        red, orange, blue = [image.sha256 for message in chat.messages for image in message.images]
        assert [each.sha256 for each in chat.find_pictures("blue")] == [blue]
        assert [each.sha256 for each in chat.pictures_like(1)] == [orange, blue]
        assert [each.sha256 for each in chat.pictures_like(blue, limit=2)] == [red, orange]
        with pytest.raises(MessageError, match="no picture #4"):
            chat.pictures_like(4)


# ---- how they come to be found --------------------------------------------------------------


def test_pictures_wait_until_no_reply_is_being_made(
    seeing: DialogueManager, engine: ColourEngine, gate: Gate, picture: Pictures
) -> None:
    talk = seeing.create().id
    reply = seeing.send(talk, "look", [picture("red")])
    gate.wait_for(1)
    for _ in range(3):
        seeing.finder.wake()
        seeing.finder.settle()
    assert engine.colours.read == 0
    assert seeing.finder.find_pictures("red") == []
    gate.open()
    assert reply.wait(PATIENCE)
    seeing.finder.settle()
    assert engine.colours.read == 1
    assert len(seeing.finder.find_pictures("red")) == 1


def test_a_picture_is_read_once_and_what_was_there_before_is_read_at_the_start(
    manager: DialogueManager, store: Store, picture: Pictures
) -> None:
    for colour in ("red", "green"):
        show(manager, picture(colour), colour)
    manager.close()
    for expected in (2, 0):
        engine = ColourEngine()
        later = DialogueManager(store, engine)
        later.finder.settle()
        assert engine.colours.read == expected
        assert names(later.finder.find_pictures("green")) == ["green"]
        later.close()


@pytest.mark.parametrize("failure", [ValueError("odd"), ImageError("bad"), MemoryError()])
def test_a_picture_that_cannot_be_read_keeps_no_other_from_it(
    store: Store, picture: Pictures, failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[Exception] = []

    def before() -> None:
        if failures:
            raise failures.pop()

    engine = ColourEngine(before=before)
    manager = DialogueManager(store, engine)
    show(manager, picture("red"), "red")
    failures.append(failure)
    show(manager, picture("green"), "green")
    show(manager, picture("blue"), "blue")
    assert [names(manager.finder.find_pictures(each)) for each in ("red", "green", "blue")] == [
        ["red"],
        [],
        ["blue"],
    ]
    assert engine.colours.read == 2
    assert [record.message for record in caplog.records] == [
        f"Picture {store.embeddings.lacking('colours-1')[0]} will not be found: {failure}"
    ]
    manager.close()


def test_a_picture_whose_file_is_lost_is_passed_over(
    seeing: DialogueManager, gate: Gate, picture: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    images = seeing.store.images
    talk = seeing.create().id
    reply = seeing.send(talk, "look", [picture("red"), picture("green")])
    red = seeing.store.messages(talk)[0].images[0].sha256
    path = images.path(red)
    gate.wait_for(1)
    path.write_bytes(b"")
    gate.open()
    assert reply.wait(PATIENCE)
    seeing.finder.settle()
    assert "altered on disk" in caplog.text
    assert len(seeing.finder.find_pictures("green")) == 1
    assert seeing.finder.find_pictures("red") == []


def test_closing_leaves_the_rest_for_another_time(
    manager: DialogueManager, store: Store, picture: Pictures
) -> None:
    for colour in ("red", "green", "blue"):
        show(manager, picture(colour), colour)
    manager.close()
    reading, go_on = Event(), Event()

    def before() -> None:
        reading.set()
        assert go_on.wait(PATIENCE)

    engine = ColourEngine(before=before)
    later = DialogueManager(store, engine)
    assert reading.wait(PATIENCE)
    # Closing waits for the picture in hand, so something else has to let it go on.
    finder, closed = later.finder, Event()
    wait_for = finder._thread
    assert wait_for is not None
    shut_down = wait_for.shutdown

    def shutdown(*, cancel_futures: bool) -> None:
        go_on.set()
        shut_down(cancel_futures=cancel_futures)
        closed.set()

    wait_for.shutdown = shutdown  # type: ignore[method-assign, assignment]
    later.close()
    assert closed.is_set()
    assert engine.colours.read == 1
    assert len(store.embeddings.lacking("colours-1")) == 2
    later.close()
    finder.wake()
    finder.settle()
    assert len(finder.find_pictures("red") + finder.find_pictures("blue")) == 1, "newest first"


def test_a_store_that_fails_is_told_and_tried_again(
    seeing: DialogueManager,
    gate: Gate,
    picture: Pictures,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise StoreError("The disk is full.")

    gate.open()
    with monkeypatch.context() as patch:
        patch.setattr(seeing.store.embeddings, "put", full)
        show(seeing, picture("red"), "red")
    assert "The disk is full." in caplog.text
    assert seeing.finder.find_pictures("red") == []
    seeing.finder.wake()
    seeing.finder.settle()
    assert names(seeing.finder.find_pictures("red")) == ["red"]


def test_a_model_that_fails_while_searching_is_told(
    seeing: DialogueManager, engine: ColourEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(ColourEmbedder, "texts", broken)
    with pytest.raises(EngineError, match="out of memory"):
        seeing.finder.find_pictures("red")
