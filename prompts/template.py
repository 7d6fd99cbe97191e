"""Render messages into spans: the one place that knows what a prompt looks like.

    <|begin|> <|user|> <|image|> What is this? <|end|> <|assistant|> A red circle. <|end|>

Training takes the loss mask from the same spans that chat feeds to the model, so the
two cannot disagree (the idea is nanochat's `render_conversation`). A rendering of a
conversation is a prefix of the rendering of the same conversation with more messages:
that is what lets a KV cache last across turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prompts.errors import PromptError
from prompts.messages import Image, Message, Text
from prompts.special import ASSISTANT, BEGIN, END, IMAGE, ROLE_TOKENS

SpanKind = Literal["text", "special", "image"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the prompt: words to tokenize, one special token, or one picture's slot.

    `trained` says whether the model learns to produce it (replies and their end).
    `image` is set on image spans alone, whose text is the image token.
    """

    kind: SpanKind
    text: str
    trained: bool = False
    image: Image | None = None


def render(messages: Sequence[Message], *, reply: bool = False) -> list[Span]:
    """The spans of a conversation; with `reply`, left open where the assistant speaks next.

    Raises PromptError for a system message anywhere but first, and for pictures
    outside a user's message.
    """
    spans = [Span("special", BEGIN)]
    for index, message in enumerate(messages):
        if message.role == "system" and index:
            raise PromptError("A system message has to be the first message of a conversation.")
        spans += render_message(message)
    if reply:
        spans.append(Span("special", ASSISTANT))
    return spans


def render_message(message: Message) -> list[Span]:
    """The spans of one message, from its role token to its end token."""
    trained = message.role == "assistant"
    spans = [Span("special", ROLE_TOKENS[message.role])]
    for part in message.parts:
        if isinstance(part, Text):
            spans.append(Span("text", part.text, trained))
        elif message.role == "user":
            spans.append(Span("image", IMAGE, image=part))
        else:
            raise PromptError(f"Only a user's message can carry pictures, not one by {message.role}.")
    spans.append(Span("special", END, trained))
    return spans
