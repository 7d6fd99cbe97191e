"""Which messages go into a prompt when not all of them fit. Pure: no store, no engine, no clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import count as count_from
from itertools import pairwise

from chat.engines.base import Limits
from chat.errors import MessageError
from prompts import Image, Message

FRAME_TOKENS = 2
"""What a prompt takes besides its messages: the begin token, and the role token the reply opens with."""


KEEP = 0.75
"""How full a prompt still is, at most, when turns have been dropped for want of tokens."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What goes into the prompt and what was left out, both oldest first.

    `dropped_at` are the places of the dropped among the messages given. `numbers` are those
    of the pictures that stay: their numbers in the conversation, whatever was dropped
    before them, so that "#3" is one picture for the person and the model; but counted
    from 1, as a model is trained, where one is past the highest number the model knows.
    `renumbered` says how many are not those of the conversation.
    """

    messages: tuple[Message, ...]
    dropped: tuple[Message, ...]
    dropped_at: tuple[int, ...]
    numbers: tuple[int, ...]
    renumbered: int


def fit(
    messages: Sequence[Message],
    count: Callable[[Message], int],
    limits: Limits,
    reserve: int,
    pinned: Collection[str] = (),
) -> Fitted:
    """Choose the part of a conversation that goes to an engine.

    `messages` may open with a system message and must contain a user message; `count`
    says how many tokens one message takes; `reserve` tokens are kept free for the reply;
    `pinned` holds the sha256 of each picture that has to stay.

    The system message, the turns that show a pinned picture and the newest turn (the last
    user message and what follows it) always stay. Older turns stay as long as tokens and
    pictures fit, and go whole, oldest first: a reply without its question, or a question
    about a picture that is gone, would mislead the model. But for what is pinned, what is
    kept is therefore always a run up to the end.

    A prompt that goes on differently has to be computed anew from there. So when tokens run
    out, turns go until the prompt is at most KEEP full, and the next ones find room without
    dropping more. What is dropped depends on the conversation and its pins alone, not on what
    was asked before: the same turns were dropped when the earlier messages were answered.

    Raises MessageError if what must stay does not fit, or if there is no user message.
    """
    start = 1 if messages and messages[0].role == "system" else 0
    turns = [_Turn.of(messages, places, count, pinned) for places in _turns(messages, start)]
    if not turns or not any(messages[at].role == "user" for at in turns[-1].places):
        raise MessageError("There is nothing to answer yet: write a message first.")
    room = limits.context_tokens - reserve - FRAME_TOKENS - sum(map(count, messages[:start]))
    kept = _choose(turns, room, limits.images)
    tokens, images = sum(turn.tokens for turn in kept), sum(turn.images for turn in kept)
    if tokens > room or images > limits.images:
        if turns[-1].tokens > room or turns[-1].images > limits.images:
            raise MessageError(_too_long(turns[-1], room, limits))
        pins = [number for number, image in _pictures(messages, kept[:-1]) if image.sha256 in pinned]
        raise MessageError(_too_much_pinned(pins, kept, room, limits))
    stay = [*range(start), *(at for turn in kept for at in turn.places)]
    dropped_at = sorted(set(range(len(messages))).difference(stay))
    own = [number for number, _ in _pictures(messages, kept)]
    is_past = limits.picture_numbers is not None and max(own, default=0) > limits.picture_numbers
    numbers = range(1, len(own) + 1) if is_past else own
    return Fitted(
        tuple(messages[at] for at in stay),
        tuple(messages[at] for at in dropped_at),
        tuple(dropped_at),
        tuple(numbers),
        sum(mine != theirs for mine, theirs in zip(own, numbers, strict=True)),
    )


@dataclass(frozen=True, slots=True)
class _Turn:
    """The places of a turn's messages, and what it takes: tokens in all and for its question, pictures."""

    places: range
    tokens: int
    question_tokens: int
    images: int
    pinned: bool

    @classmethod
    def of(
        cls,
        messages: Sequence[Message],
        places: range,
        count: Callable[[Message], int],
        pinned: Collection[str],
    ) -> _Turn:
        counts = [count(messages[at]) for at in places]
        images = [image for at in places for image in messages[at].images]
        is_pinned = any(image.sha256 in pinned for image in images)
        return cls(places, sum(counts), counts[0], len(images), is_pinned)


def _turns(messages: Sequence[Message], start: int) -> list[range]:
    """Split before each user message; whatever precedes the first one is a turn of its own."""
    cuts = [at for at in range(start + 1, len(messages)) if messages[at].role == "user"]
    return [range(first, end) for first, end in pairwise([start, *cuts, len(messages)]) if first < end]


def _choose(turns: Sequence[_Turn], room: int, most_images: int) -> list[_Turn]:
    """The turns that stay when one after the other came: the pinned, and a run up to the end."""
    first, tokens, images = 0, 0, 0
    for newest, turn in enumerate(turns):
        # An earlier turn was asked without its reply.
        asked = turn.tokens if newest == len(turns) - 1 else turn.question_tokens
        if tokens + asked > room or images + turn.images > most_images:
            goal = KEEP * room if tokens + asked > room else room
            while first < newest and (tokens + asked > goal or images + turn.images > most_images):
                if not turns[first].pinned:
                    tokens -= turns[first].tokens
                    images -= turns[first].images
                first += 1
        tokens += turn.tokens
        images += turn.images
    return [turn for at, turn in enumerate(turns) if turn.pinned or at >= first]


def _pictures(messages: Sequence[Message], kept: Sequence[_Turn]) -> list[tuple[int, Image]]:
    """The pictures in these turns, each with its number in the conversation."""
    stays = {at for turn in kept for at in turn.places}
    numbers = count_from(1)
    return [
        (number, image)
        for at, message in enumerate(messages)
        for image, number in zip(message.images, numbers, strict=False)
        if at in stays
    ]


def _too_long(newest: _Turn, room: int, limits: Limits) -> str:
    """Say by how much the newest turn is over, and what to do."""
    if newest.images > limits.images:
        return (
            f"The message has {newest.images} pictures and this model can look at {limits.images} at once; "
            "send fewer, in several messages."
        )
    return (
        f"The message takes {newest.tokens} tokens and this model has room for {max(room, 0)}; "
        "shorten it or send it in several messages."
    )


def _too_much_pinned(numbers: Sequence[int], kept: Sequence[_Turn], room: int, limits: Limits) -> str:
    """Say what is pinned, by how much it is over together with the newest turn, and what to do."""
    *pins, newest = kept
    named = ", ".join(f"#{number}" for number in numbers)
    images = sum(turn.images for turn in pins)
    if images + newest.images > limits.images:
        return (
            f"The messages of pinned pictures show {images} pictures and this one {newest.images}; this "
            f"model can look at {limits.images} at once. Unpin one or more of {named}, or send fewer."
        )
    return (
        f"The messages of pinned pictures take {sum(turn.tokens for turn in pins)} tokens and this one "
        f"{newest.tokens}; this model has room for {room}. Unpin one or more of {named}, or shorten the "
        "message."
    )
