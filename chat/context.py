"""Which messages go into a prompt when not all of them fit. Pure: no store, no engine, no clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.engines.base import Limits
from chat.errors import MessageError
from prompts import Message

FRAME_TOKENS = 2
"""What a prompt takes besides its messages: the begin token, and the role token the reply opens with."""


KEEP = 0.75
"""How full a prompt still is, at most, when turns have been dropped for want of tokens."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What goes into the prompt and what was left out, both oldest first."""

    messages: tuple[Message, ...]
    dropped: tuple[Message, ...]


def fit(messages: Sequence[Message], count: Callable[[Message], int], limits: Limits, reserve: int) -> Fitted:
    """Choose the recent part of a conversation that goes to an engine.

    `messages` may open with a system message and must contain a user message; `count`
    says how many tokens one message takes; `reserve` tokens are kept free for the reply.

    The system message and the newest turn (the last user message and what follows it)
    always stay. Older turns stay as long as tokens and pictures fit, and go whole, oldest
    first: a reply without its question, or a question about a picture that is gone, would
    mislead the model. What is kept is therefore always a run up to the end.

    A prompt that begins elsewhere has to be computed anew. So when tokens run out, turns go
    until the prompt is at most KEEP full, and the next ones find room without dropping
    more. Where a prompt begins depends on the conversation alone, not on what was asked
    before: the same turns were dropped when the earlier messages were answered.

    Raises MessageError if what must stay does not fit, or if there is no user message.
    """
    system = tuple(messages[:1]) if messages and messages[0].role == "system" else ()
    turns = _turns(messages[len(system) :])
    if not any(message.role == "user" for message in (turns[-1] if turns else ())):
        raise MessageError("There is nothing to answer yet: write a message first.")

    room = limits.context_tokens - reserve - FRAME_TOKENS - sum(map(count, system))
    sizes = [_Size.of(turn, count) for turn in turns]
    first, tokens, images = 0, 0, 0
    for newest, size in enumerate(sizes):
        # An earlier turn was asked without its reply.
        asked = size.tokens if newest == len(turns) - 1 else size.question_tokens
        if tokens + asked > room or images + size.images > limits.images:
            goal = KEEP * room if tokens + asked > room else room
            while first < newest and (tokens + asked > goal or images + size.images > limits.images):
                tokens -= sizes[first].tokens
                images -= sizes[first].images
                first += 1
        tokens += size.tokens
        images += size.images
    if tokens > room or images > limits.images:
        raise MessageError(_too_long(tokens, room, images, limits))
    kept = [message for turn in turns[first:] for message in turn]
    dropped = messages[len(system) : len(messages) - len(kept)]
    return Fitted((*system, *kept), tuple(dropped))


@dataclass(frozen=True, slots=True)
class _Size:
    """What a turn takes: in all, and its question alone."""

    tokens: int
    question_tokens: int
    images: int

    @classmethod
    def of(cls, turn: Sequence[Message], count: Callable[[Message], int]) -> _Size:
        counts = [count(message) for message in turn]
        return cls(sum(counts), counts[0], sum(len(message.images) for message in turn))


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
