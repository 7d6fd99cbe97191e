"""A long conversation to measure: turns of a wanted number of tokens, some with a picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Event

from chat.engines.base import Request, Sampling, Spent, Usage
from chat.engines.builtin import BuiltinEngine
from chat.evals.suite import as_image, to_png
from chat.training.render import picture
from chat.training.scene import sample
from memory import SnapshotStore
from prompts import Message, assistant, user


@dataclass(frozen=True)
class Turn:
    """One measured turn: seconds to the first token, and what the engine says of it."""

    first_s: float
    usage: Usage
    spent: Spent


@dataclass
class Talk:
    """A conversation with an engine, its turns measured one by one."""

    engine: BuiltinEngine
    seed: str = "0"
    snapshots: SnapshotStore | None = None
    conversation_id: str = ""
    history: list[Message] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)

    def turn(self, tokens: int, *, reply: int = 1, with_picture: bool = False) -> Turn:
        """Ask something of about `tokens` tokens, and let the model say `reply` tokens."""
        number = len(self.history) // 2
        images = []
        if with_picture:
            data = to_png(picture(sample(Random(f"bench/{self.seed}/{number}"))))
            images.append(as_image(data))
            self.pictures[images[0].sha256] = data
        self.history.append(user(words(tokens, f"{self.seed}/{number}", self.engine.count), images))
        request = Request(
            tuple(self.history),
            Sampling(max_tokens=reply),
            self.pictures.__getitem__,
            self.snapshots,
            self.conversation_id,
        )
        began = time.perf_counter()
        first, said = 0.0, ""
        for delta in self.engine.generate(request, Event()):
            first = first or time.perf_counter() - began
            said += delta.text
            if delta.finish is not None:
                measured = Turn(first, delta.finish.usage, delta.finish.spent)
        self.history.append(assistant(said or "."))
        return measured


def words(tokens: int, seed: str, count: Callable[[Message], int]) -> str:
    """Words that make a message of about so many tokens, never the same ones twice."""
    rng, text = Random(seed), ""
    while count(user(text)) < tokens:
        text += rng.choice(("red ", "circle ", "what ", "left ", "two ", "is ", "the ", "blue ", "where "))
    return text
