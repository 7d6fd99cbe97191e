"""Picture numbers in the built-in engine: those of the conversation, and caches that know them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from chat import Chat, Sampling
from chat.engines.base import Request, Usage
from chat.engines.builtin import BuiltinEngine
from chat.errors import EngineError
from prompts import Image, Message, assistant, user
from tests.helpers.models import tiny_checkpoint

SHORT = Sampling(max_tokens=5)
COLOURS = ("red", "green", "blue", "yellow", "black")

Pictures = Callable[..., bytes]


@pytest.fixture
def engine() -> Iterator[BuiltinEngine]:
    engine = BuiltinEngine(tiny_checkpoint())
    yield engine
    engine.close()


@pytest.fixture
def chat(engine: BuiltinEngine, tmp_path: Path) -> Iterator[Chat]:
    with Chat(engine, database=tmp_path / "chats.db", sampling=SHORT) as chat:
        yield chat


def numbers(engine: BuiltinEngine) -> list[int]:
    """The picture numbers that the last prompt was run with."""
    return [picture.number for picture in engine._reader.sessions.latest.pictures]


def test_the_third_picture_is_number_three_after_the_first_was_left_out(
    chat: Chat, engine: BuiltinEngine, picture: Pictures
) -> None:
    for colour, words in zip(COLOURS[:3], (30, 2, 25), strict=True):
        reply = chat.send("word " * words, [picture(colour)])
        reply.wait()
    assert reply.usage.dropped_tokens > 0
    assert (numbers(engine), reply.usage.images_renumbered) == ([2, 3], 0)
    known = reply.usage.prompt_tokens
    after = chat.send("And #3?").usage
    assert numbers(engine) == [2, 3]
    assert after.cached_tokens >= known, "left out once, paid for once"


def test_a_pinned_picture_keeps_number_and_cache_while_others_go(
    chat: Chat, engine: BuiltinEngine, picture: Pictures
) -> None:
    first = chat.send("What is it?", [picture("red")]).usage
    chat.pin(1)
    for colour in COLOURS[1:4]:
        reply = chat.send("word " * 25, [picture(colour)])
        reply.wait()
    assert reply.usage.dropped_tokens > 0
    assert numbers(engine) == [1, 4]
    # The system message, the pinned turn and the reply to it; the rest has moved, and is computed once.
    assert reply.usage.cached_tokens == first.prompt_tokens + first.completion_tokens + 1
    assert chat.send("And now?").usage.cached_tokens >= reply.usage.prompt_tokens


def test_numbers_the_model_does_not_know_are_counted_anew_and_reported(
    chat: Chat, engine: BuiltinEngine, picture: Pictures
) -> None:
    for colour in COLOURS:
        reply = chat.send(colour, [picture(colour)])
        reply.wait()
    assert numbers(engine) == [1, 2, 3, 4]
    assert reply.usage.images_renumbered == 4
    assert reply.usage.images_encoded == 1, "a picture's own keys and values do not depend on its number"


# ---- the engine seam ------------------------------------------------------------------------


def usage(engine: BuiltinEngine, messages: list[Message], data: bytes, given: tuple[int, ...]) -> Usage:
    request = Request(messages, SHORT, lambda _: data, numbers=given)
    *_, last = engine.generate(request, Event())
    assert last.finish is not None
    return last.finish.usage


def test_a_cache_of_other_numbers_is_not_taken(engine: BuiltinEngine, picture: Pictures) -> None:
    talk = [user("What?", [Image("a" * 64)]), assistant("It is red."), user("And?")]
    one = usage(engine, talk, picture(), (1,))
    assert usage(engine, talk, picture(), (2,)).cached_tokens == 0
    assert usage(engine, talk, picture(), (2,)).cached_tokens > 0
    assert usage(engine, talk, picture(), ()).cached_tokens > 0, "without numbers they count from 1"
    assert one.cached_tokens == 0


def test_a_number_past_the_table_is_refused(engine: BuiltinEngine, picture: Pictures) -> None:
    with pytest.raises(EngineError, match="numbers up to 4, not 5"):
        usage(engine, [user("What?", [Image("a" * 64)])], picture(), (5,))


@pytest.mark.parametrize("given", [(1,), (2, 1), (1, 1), (0, 1), (1, 2, 3)])
def test_numbers_have_to_rise_from_one_up_one_for_each_picture(given: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="2 pictures cannot have the numbers"):
        Request([user("", [Image("a" * 64), Image("b" * 64)])], SHORT, lambda _: b"", numbers=given)
