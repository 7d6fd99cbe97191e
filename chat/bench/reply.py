"""How soon a reply begins and how fast it comes, as a person meets it.

What bounds it: at one token a step the decoder reads every weight once, so a step
cannot take less than the decoder's bytes over the memory's bandwidth (or the cache's,
where the weights fit in it). The first token waits for the pictures' encoding and the
prefill of the new tokens, both bounded by arithmetic.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from threading import Event

from chat.engines.base import Finish, Request, Sampling, Spent, Usage
from chat.engines.builtin import BuiltinEngine
from chat.evals.items import as_image
from chat.evals.suite import to_png
from chat.training.render import picture
from chat.training.scene import sample
from prompts import Message, assistant, user


@dataclass(frozen=True)
class Measured:
    """One reply: seconds to the first token, and to the end; what the engine says of it."""

    first_s: float
    total_s: float
    usage: Usage
    spent: Spent


def ask(
    engine: BuiltinEngine,
    messages: Sequence[Message],
    pictures: dict[str, bytes],
    sampling: Sampling | None = None,
) -> tuple[str, Measured]:
    """One reply, greedy unless told otherwise, timed at its first text and its end."""
    request = Request(tuple(messages), sampling or Sampling(), pictures.__getitem__)
    began = time.perf_counter()
    first, text, finish = 0.0, "", Finish("error")
    for delta in engine.generate(request, Event()):
        first = first or time.perf_counter() - began
        text += delta.text
        finish = delta.finish or finish
    return text, Measured(first, time.perf_counter() - began, finish.usage, finish.spent)


def measure(engine: BuiltinEngine, repeats: int) -> dict[str, float]:
    """Medians over conversations: greet, show a new picture and have it described, ask on.

    `tokens_per_s` is of the descriptions, the longest replies there are.
    """
    turns: dict[str, list[Measured]] = {"text": [], "picture": [], "follow": []}
    for number in range(repeats):
        data = to_png(picture(sample(Random(f"bench/{number}"), held_out=True)))
        questions = {
            "text": user("Hello!"),
            "picture": user("Describe the picture.", [as_image(data)]),
            "follow": user("How many objects are there?"),
        }
        history: list[Message] = []
        for name, question in questions.items():
            history.append(question)
            said, measured = ask(engine, history, {as_image(data).sha256: data})
            history.append(assistant(said))
            turns[name].append(measured)
    long = [each for each in turns["picture"] if each.usage.completion_tokens > 10]
    rates = [(each.usage.completion_tokens - 1) / (each.total_s - each.first_s) for each in long]
    medians = {
        f"first_token_{name}_s": statistics.median(each.first_s for each in turns[name]) for name in turns
    }
    return {
        **medians,
        "tokens_per_s": statistics.median(rates) if rates else 0.0,
        "cached_tokens_follow": statistics.median(each.usage.cached_tokens for each in turns["follow"]),
    }
