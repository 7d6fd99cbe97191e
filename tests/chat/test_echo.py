"""The echo engine keeps the seam's contract: limits, counting, streaming, cancelling, real usage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Event

import pytest

from chat.engines import Delta, EchoEngine, Engine, Limits, Request, Sampling, Usage, close_all, load
from chat.errors import ConfigError, EngineError
from prompts import Image, Message, assistant, system, user

Pictures = Callable[..., bytes]


class Shelf:
    """Picture bytes by sha256, and a record of what was read."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.read: list[str] = []

    def add(self, data: bytes) -> Image:
        image = Image(sha256(data).hexdigest())
        self.files[image.sha256] = data
        return image

    def __call__(self, name: str) -> bytes:
        self.read.append(name)
        return self.files[name]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def run(
    engine: Engine,
    messages: Sequence[Message],
    shelf: Callable[[str], bytes],
    cancelled: Event | None = None,
    *,
    max_tokens: int = 160,
) -> list[Delta]:
    """All deltas of one request."""
    return list(
        engine.generate(Request(messages, Sampling(max_tokens=max_tokens), shelf), cancelled or Event())
    )


def text_of(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def usage_of(deltas: Sequence[Delta]) -> Usage:
    assert deltas[-1].finish is not None
    return deltas[-1].finish.usage


def test_it_says_what_it_was_told_word_by_word(shelf: Shelf) -> None:
    deltas = run(EchoEngine(), [user("hello  there,\nyou")], shelf)
    assert [delta.text for delta in deltas] == ["You", " said:", " hello", "  there,", "\nyou", ""]
    assert [delta.finish is not None for delta in deltas] == [False] * 5 + [True]
    assert deltas[-1].finish is not None
    assert deltas[-1].finish.reason == "stop"


def test_blanks_at_the_end_are_kept(shelf: Shelf) -> None:
    assert text_of(run(EchoEngine(), [user("hello \n")], shelf)) == "You said: hello \n"


def test_pictures_are_numbered_through_the_conversation(shelf: Shelf, picture: Pictures) -> None:
    engine = EchoEngine()
    red, blue, tall = (shelf.add(picture(*args)) for args in (("red", (64, 48)), ("blue",), ("red", (8, 90))))
    talk = [user("and this?", [red])]
    assert text_of(run(engine, talk, shelf)) == "You showed #1 (64 × 48). You said: and this?"
    talk += [assistant("A picture."), user("", [blue, tall])]
    assert text_of(run(engine, talk, shelf)) == "You showed #2 (32 × 32) and #3 (8 × 90)."
    talk += [assistant("Two."), user("How many pictures have you seen?")]
    assert text_of(run(engine, talk, shelf)).endswith("You have shown me 3 pictures.")


def test_asked_before_any_picture_it_has_seen_none(shelf: Shelf) -> None:
    assert text_of(run(EchoEngine(), [user("how many images?")], shelf)).endswith("shown me 0 pictures.")


def test_a_picture_is_read_and_decoded_once(shelf: Shelf, picture: Pictures) -> None:
    engine = EchoEngine()
    red = shelf.add(picture("red"))
    blue = shelf.add(picture("blue"))
    assert usage_of(run(engine, [user("1", [red, red])], shelf)).images_encoded == 1
    assert usage_of(run(engine, [user("2", [red, blue])], shelf)).images_encoded == 1
    assert usage_of(run(engine, [user("3", [blue])], shelf)).images_encoded == 0
    assert shelf.read == [red.sha256, blue.sha256]


def test_usage_counts_words_and_what_the_last_request_left(shelf: Shelf, picture: Pictures) -> None:
    engine = EchoEngine()
    talk = [user("hello you")]
    first = usage_of(run(engine, talk, shelf))
    # <|begin|> <|user|> hello you <|end|> <|assistant|>, then: You said: hello you
    assert first == Usage(prompt_tokens=6, cached_tokens=0, completion_tokens=4, images_encoded=0)
    talk += [assistant("You said: hello you"), user("and", [shelf.add(picture())])]
    second = usage_of(run(engine, talk, shelf))
    assert (second.cached_tokens, second.prompt_tokens) == (10, 10 + 6)
    assert usage_of(run(engine, [user("hello me")], shelf)).cached_tokens == 3


def test_counting_agrees_with_the_prompt(shelf: Shelf, picture: Pictures) -> None:
    engine = EchoEngine()
    talk = [
        *(system("Be kind."), user("one two", [shelf.add(picture())]), assistant("three")),
        user("four five six"),
    ]
    used = usage_of(run(engine, talk, shelf)).prompt_tokens
    # The frame: <|begin|>, and the <|assistant|> that opens the reply.
    assert used == sum(map(engine.count, talk)) + 2
    assert engine.count(talk[1]) == 5


def test_max_tokens_ends_it(shelf: Shelf) -> None:
    deltas = run(EchoEngine(), [user("a b c d e")], shelf, max_tokens=3)
    assert text_of(deltas) == "You said: a"
    assert deltas[-1].finish is not None
    assert deltas[-1].finish.reason == "length"
    assert usage_of(deltas).completion_tokens == 3


def test_as_many_tokens_as_allowed_is_no_cut(shelf: Shelf) -> None:
    deltas = run(EchoEngine(), [user("a")], shelf, max_tokens=3)
    assert deltas[-1].finish is not None
    assert deltas[-1].finish.reason == "stop"


def test_cancelling_ends_it_between_words(shelf: Shelf) -> None:
    cancelled = Event()
    stream = EchoEngine().generate(Request([user("a b c")], Sampling(), shelf), cancelled)
    said = [next(stream).text, next(stream).text]
    cancelled.set()
    (last,) = stream
    assert said == ["You", " said:"]
    assert last.finish is not None
    assert last.finish.reason == "cancelled"
    assert last.finish.usage.completion_tokens == 2


def test_the_gate_is_passed_before_every_delta(shelf: Shelf) -> None:
    passed: list[int] = []
    deltas = run(EchoEngine(gate=lambda: passed.append(1)), [user("a b")], shelf)
    assert len(passed) == len(deltas) == 5


@pytest.mark.parametrize("messages", [[], [user("a"), assistant("b")]])
def test_only_a_users_message_is_answered(shelf: Shelf, messages: list[Message]) -> None:
    with pytest.raises(EngineError, match="last one is none"):
        run(EchoEngine(), messages, shelf)


def test_two_engines_say_the_same(shelf: Shelf, picture: Pictures) -> None:
    talk = [user("how many pictures, and which?", [shelf.add(picture())])]
    assert run(EchoEngine(), talk, shelf) == run(EchoEngine(), talk, shelf)


def test_closing_forgets(shelf: Shelf, picture: Pictures) -> None:
    engine = EchoEngine()
    talk = [user("hello", [shelf.add(picture())])]
    run(engine, talk, shelf)
    engine.close()
    assert usage_of(run(engine, talk, shelf)) == Usage(6, 0, 9, 1)


def test_the_limits_can_be_set() -> None:
    assert EchoEngine(limits=Limits(20, 1)).limits == Limits(20, 1)


def test_load_gives_everyone_the_same_engine() -> None:
    engine = load("echo")
    assert isinstance(engine, EchoEngine)
    assert load("echo") is engine
    close_all()
    assert load("echo") is not engine


@pytest.mark.parametrize("model", ["", "ecco", "no/such/folder", "bad\0name"])
def test_an_unknown_model_is_named_with_the_choice(model: str) -> None:
    with pytest.raises(ConfigError, match="choose builtin or echo, or give the folder of a checkpoint"):
        load(model)


def test_an_unknown_device_is_named_with_the_choice() -> None:
    with pytest.raises(ConfigError, match="choose one of auto, cpu, cuda"):
        load("echo", device="tpu")
