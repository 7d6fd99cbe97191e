"""How fast replies come: when each token was handed to the reader.

A reply's own time is that between its first token and its last, as its reader sees it: reading the prompt
comes before, putting the session away after. So a rate counts the model's steps, the choice of tokens, and
the way to the reader's thread.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from threading import Event

from chat.bench.conversation import words
from chat.engines.base import Finish, Request, Sampling, Spent, Usage
from chat.engines.builtin import BuiltinEngine
from chat.evals.items import as_image
from chat.evals.suite import to_png
from chat.training.render import picture
from chat.training.scene import sample
from prompts import Message, assistant, user


@dataclass(frozen=True)
class Pace:
    """One reply: when each token came, in seconds of `time.perf_counter`; what the engine says of it."""

    times: tuple[float, ...]
    usage: Usage
    spent: Spent

    @property
    def seconds(self) -> float:
        """From the first token to the last."""
        return self.times[-1] - self.times[0]

    @property
    def tokens_per_s(self) -> float:
        """The steps after the first token, over the time they took."""
        return (len(self.times) - 1) / self.seconds

    @property
    def gaps(self) -> list[float]:
        """Seconds from each token to the next."""
        return [later - earlier for earlier, later in pairwise(self.times)]


def listen(engine: BuiltinEngine, request: Request) -> Pace:
    """One reply of an endless model, token by token. Raises RuntimeError if it ends early."""
    times, finish = [], Finish("error")
    for delta in engine.generate(request, Event()):
        if delta.finish is not None:
            finish = delta.finish
        else:
            times.append(time.perf_counter())
    wanted = request.sampling.max_tokens
    if not len(times) == finish.usage.completion_tokens == wanted:
        raise RuntimeError(
            f"The reply has {len(times)} tokens and should have {wanted}: measure an endless model."
        )
    return Pace(tuple(times), finish.usage, finish.spent)


def conversation(
    engine: BuiltinEngine, tokens: int, reply: int, pictures: int = 0, seed: str = ""
) -> Request:
    """A request whose prompt has about so many tokens, its pictures shown at the beginning; greedy.

    Its last message is short, so that asking again finds all but that at hand.
    """
    data = [to_png(picture(sample(Random(f"pace/{seed}/{number}")))) for number in range(pictures)]
    album = {as_image(each).sha256: each for each in data}
    last = user("And?")
    rest = tokens - engine.count(last) - engine.count(assistant(".")) - pictures
    before: list[Message] = []
    if rest > engine.count(user("red")):
        shown = [as_image(each) for each in data]
        before = [user(words(rest, f"pace/{seed}", engine.count), shown), assistant(".")]
    return Request((*before, last), Sampling(max_tokens=reply), album.__getitem__)
