"""The built-in engine over a tiny model: caches last across turns and change no answer."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest
import torch
from PIL import Image as Pillow

from chat.engines.base import Delta, Finish, Request, Sampling
from chat.engines.builtin import BuiltinEngine
from chat.errors import ConfigError, EngineError
from chat.model.checkpoint import save
from chat.model.config import tiny
from prompts import Image, Message, assistant, user
from tests.helpers.models import tiny_checkpoint, tiny_model, tiny_tokenizer

SAMPLING = Sampling(max_tokens=12)


class Album:
    """Pictures by sha256, and which of them were read."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.read: list[str] = []

    def add(self, colour: str) -> Image:
        buffer = io.BytesIO()
        Pillow.new("RGB", (20, 30), colour).save(buffer, "PNG")
        sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
        self.data[sha256] = buffer.getvalue()
        return Image(sha256)

    def __call__(self, sha256: str) -> bytes:
        self.read.append(sha256)
        return self.data[sha256]


@pytest.fixture
def album() -> Album:
    return Album()


@pytest.fixture
def engine() -> BuiltinEngine:
    return BuiltinEngine(tiny_checkpoint())


def ask(
    engine: BuiltinEngine, album: Album, messages: Sequence[Message], sampling: Sampling = SAMPLING
) -> tuple[str, Finish]:
    deltas = list(engine.generate(Request(messages, sampling, album), Event()))
    assert [delta.finish is None for delta in deltas] == [True] * (len(deltas) - 1) + [False]
    finish = deltas[-1].finish
    assert finish is not None
    return "".join(delta.text for delta in deltas), finish


def talk(
    engine: BuiltinEngine, album: Album, questions: Sequence[Message]
) -> tuple[list[Message], list[Finish]]:
    history: list[Message] = []
    finishes = []
    for question in questions:
        history.append(question)
        text, finish = ask(engine, album, history)
        history.append(assistant(text))
        finishes.append(finish)
    return history, finishes


def test_answers_with_caches_are_those_without(engine: BuiltinEngine, album: Album) -> None:
    red, blue = album.add("red"), album.add("blue")
    # The replies are given, not the engine's own: those it goes on from in the tokens it chose,
    # which an engine that reads them as text may split otherwise (tests/equivalence has these).
    reply = assistant("It is red.")
    history = [user("Hello"), reply, user("What is it?", [red]), reply, user("And?", [blue]), reply]
    for end in (1, 3, 5):
        fresh, _ = ask(BuiltinEngine(tiny_checkpoint()), album, history[:end])
        assert ask(engine, album, history[:end])[0] == fresh


def test_a_turn_prefills_only_what_is_new(engine: BuiltinEngine, album: Album) -> None:
    _, finishes = talk(
        engine, album, [user("Hello"), user("What?", [album.add("red")]), user("Where is it?")]
    )
    first, second, third = (finish.usage for finish in finishes)
    assert first.cached_tokens == 0
    # The earlier prompt, the reply to it, and the reply's end.
    assert second.cached_tokens == first.prompt_tokens + first.completion_tokens + 1
    assert third.cached_tokens == second.prompt_tokens + second.completion_tokens + 1


def test_a_picture_is_encoded_once(engine: BuiltinEngine, album: Album) -> None:
    red = album.add("red")
    _, finishes = talk(
        engine, album, [user("What?", [red]), user("Again?", [red]), user("And?", [album.add("blue")])]
    )
    assert [finish.usage.images_encoded for finish in finishes] == [1, 0, 1]
    _, other = talk(engine, album, [user("Another conversation", [red])])
    assert other[0].usage.images_encoded == 0
    assert len(album.read) == len(set(album.read)) == 2


def test_a_changed_picture_in_the_history_is_not_taken_for_the_old_one(
    engine: BuiltinEngine, album: Album
) -> None:
    red, blue = album.add("red"), album.add("blue")
    ask(engine, album, [user("What?", [red])])
    text, _ = ask(engine, album, [user("What?", [blue])])
    assert text == ask(BuiltinEngine(tiny_checkpoint()), album, [user("What?", [blue])])[0]


def test_branches_and_interleaved_conversations_stay_exact(engine: BuiltinEngine, album: Album) -> None:
    red = album.add("red")
    trunk = [user("What?", [red]), assistant("Two blue squares.")]
    branches = [
        [*trunk, user("Where?")],
        [user("Hello")],
        [*trunk, user("Which colour?")],
        [*trunk, user("Where?")],
    ]
    for branch in branches:
        assert ask(engine, album, branch)[0] == ask(BuiltinEngine(tiny_checkpoint()), album, branch)[0]


def test_it_stops_between_tokens_and_goes_on_afterwards(engine: BuiltinEngine, album: Album) -> None:
    messages, cancelled = [user("Hello")], Event()
    whole, _ = ask(engine, album, messages)
    deltas: list[Delta] = []
    for delta in engine.generate(Request(messages, SAMPLING, album), cancelled):
        deltas.append(delta)
        cancelled.set()
    assert deltas[-1].finish is not None
    assert deltas[-1].finish.reason == "cancelled"
    assert deltas[-1].finish.usage.completion_tokens < SAMPLING.max_tokens
    assert ask(engine, album, messages)[0] == whole


def test_the_same_seed_gives_the_same_reply(engine: BuiltinEngine, album: Album) -> None:
    hot = Sampling(temperature=1.5, max_tokens=20, seed=7)
    assert ask(engine, album, [user("Hi")], hot)[0] == ask(engine, album, [user("Hi")], hot)[0]


def test_a_length_limit_is_said(engine: BuiltinEngine, album: Album) -> None:
    finish = ask(engine, album, [user("Hi")], Sampling(max_tokens=1))[1]
    assert (finish.reason, finish.usage.completion_tokens) == ("length", 1)


def test_more_than_fits_is_refused(engine: BuiltinEngine, album: Album) -> None:
    with pytest.raises(EngineError, match="shorten"):
        ask(engine, album, [user("word " * 400)])
    with pytest.raises(EngineError, match="4 pictures"):
        ask(engine, album, [user("All", [album.add("red")] * 5)])


def test_it_counts_what_the_prompt_takes(engine: BuiltinEngine, album: Album) -> None:
    messages = [user("What colour is it?", [album.add("red")]), assistant("It is red."), user("And?")]
    _, finish = ask(engine, album, messages)
    assert (
        finish.usage.prompt_tokens == sum(map(engine.count, messages)) + 2
    )  # the begin token, the reply's role


def test_it_loads_a_folder_in_a_chosen_type(tmp_path: Path, album: Album) -> None:
    save(tmp_path, tiny(), tiny_tokenizer(), tiny_model().state_dict(), dtype=torch.float32)
    said: list[str] = []
    engine = BuiltinEngine.load(tmp_path, device="cpu", dtype="bfloat16", progress=said.append)
    assert ask(engine, album, [user("Hi", [album.add("red")])])[1].usage.images_encoded == 1
    assert said
    assert engine.name == str(tmp_path)
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="CUDA"):
            BuiltinEngine.load(tmp_path, device="cuda")
