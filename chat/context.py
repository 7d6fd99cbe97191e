"""Which messages go into a prompt when not all of them fit. Pure: no store, no engine, no clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.engines.base import Limits
from chat.errors import MessageError
from prompts import Message

FRAME_TOKENS = 2
"""What a prompt takes besides its messages: the begin token, and the role token the reply opens with."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What goes into the prompt and what was left out, both oldest first."""

    messages: tuple[Message, ...]
    dropped: tuple[Message, ...]


def fit(messages: Sequence[Message], count: Callable[[Message], int], limits: Limits, reserve: int) -> Fitted:
    """Choose the longest recent part of a conversation that fits an engine.

    `messages` may open with a system message and must contain a user message; `count`
    says how many tokens one message takes; `reserve` tokens are kept free for the reply.

    The system message and the newest turn (the last user message and what follows it)
    always stay. Older turns stay as long as tokens and pictures fit, and go whole, oldest
    first: a reply without its question, or a question about a picture that is gone, would
    mislead the model. What is kept is therefore always a run up to the end.

    Raises MessageError if what must stay does not fit, or if there is no user message.
    """
    system = tuple(messages[:1]) if messages and messages[0].role == "system" else ()
    turns = _turns(messages[len(system) :])
    if not any(message.role == "user" for message in (turns[-1] if turns else ())):
        raise MessageError("There is nothing to answer yet: write a message first.")

    room = limits.context_tokens - reserve - FRAME_TOKENS - sum(map(count, system))
    kept: list[Message] = []
    tokens = images = 0
    for turn in reversed(turns):
        tokens += sum(map(count, turn))
        images += sum(len(message.images) for message in turn)
        if tokens > room or images > limits.images:
            break
        kept[:0] = turn
    if not kept:
        raise MessageError(_too_long(tokens, room, images, limits))
    dropped = messages[len(system) : len(messages) - len(kept)]
    return Fitted((*system, *kept), tuple(dropped))


def _turns(messages: Sequence[Message]) -> list[list[Message]]:
    """Split before each user message; whatever precedes the first one is a turn of its own."""
    turns: list[list[Message]] = []
    for message in messages:
        if message.role == "user" or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def _too_long(tokens: int, room: int, images: int, limits: Limits) -> str:
    """Say by how much the newest turn is over, and what to do."""
    if images > limits.images:
        return (
            f"The message has {images} pictures and this model can look at {limits.images} at once; "
            "send fewer, in several messages."
        )
    return (
        f"The message takes {tokens} tokens and this model has room for {max(room, 0)}; "
        "shorten it or send it in several messages."
    )
