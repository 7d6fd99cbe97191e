"""A reply that goes on from a half one: the model reads the half as if it had just said it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from threading import Event

import pytest

from chat import Chat, Sampling
from chat.engines.base import Finish, Request
from chat.engines.builtin import BuiltinEngine
from prompts import Message, assistant, user
from tests.helpers.models import tiny_checkpoint, tiny_tokenizer

SAMPLING = Sampling(max_tokens=8)
QUESTION = user("What colour is the circle?")


def ask(engine: BuiltinEngine, messages: Sequence[Message], opening: str = "") -> tuple[str, Finish]:
    request = Request(messages, SAMPLING, lambda sha256: b"", opening=opening)
    deltas = list(engine.generate(request, Event()))
    finish = deltas[-1].finish
    assert finish is not None
    return "".join(delta.text for delta in deltas), finish


def test_the_opening_is_read_and_not_said_again() -> None:
    plain, whole = ask(BuiltinEngine(tiny_checkpoint()), [QUESTION])
    text, finish = ask(BuiltinEngine(tiny_checkpoint()), [QUESTION], "It is red")
    assert text != plain
    opening = len(tiny_tokenizer().encode("It is red"))
    assert finish.usage.prompt_tokens == whole.usage.prompt_tokens + opening
    assert finish.usage.completion_tokens > 0


def test_it_makes_no_difference_what_was_at_hand() -> None:
    engine = BuiltinEngine(tiny_checkpoint())
    half, _ = ask(engine, [QUESTION])
    ask(engine, [QUESTION, assistant(half), user("Hello there")])
    text, finish = ask(engine, [QUESTION], "Two blue")
    assert finish.usage.cached_tokens > 0
    fresh, uncached = ask(BuiltinEngine(tiny_checkpoint()), [QUESTION], "Two blue")
    assert uncached.usage.cached_tokens == 0
    assert text == fresh
    # The next turn finds the whole reply, its beginning included.
    _, following = ask(engine, [QUESTION, assistant("Two blue" + text), user("Hello there")])
    assert following.usage.cached_tokens == finish.usage.prompt_tokens + finish.usage.completion_tokens + 1


@pytest.mark.builtin
def test_what_is_cut_short_and_gone_on_with_is_what_is_said_at_once() -> None:
    with Chat(database=":memory:") as chat:
        whole = chat.send("Hello").text
    with Chat(database=":memory:", sampling=Sampling(max_tokens=3)) as chat:
        reply = chat.send("Hello")
        pieces = [reply.text]
        while reply.finish_reason == "length":
            reply = chat.continue_reply()
            pieces.append(reply.text)
    assert len(pieces) > 2
    assert pieces[-1] == whole
    assert all(longer.startswith(shorter) for shorter, longer in pairwise(pieces))
