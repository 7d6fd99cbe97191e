"""What the text of a message may be, and the title that is made from it."""

from __future__ import annotations

from chat.errors import MessageError
from prompts import Message

MAX_CHARACTERS = 100_000
"""The longest text one message may have."""

TITLE_CHARACTERS = 48
"""The longest title made from a message."""


def check_text(text: str) -> None:
    """Raise MessageError for a text that is too long, or that cannot be stored."""
    if len(text) > MAX_CHARACTERS:
        raise MessageError(
            f"The message has {len(text):,} characters; at most {MAX_CHARACTERS:,} can be sent at once. "
            "Shorten it or send it in several messages."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MessageError(
            f"Character {error.start + 1} of the message is half a character (a lone surrogate); "
            "paste the text anew."
        ) from error


def make_title(message: Message) -> str:
    """The first words of a message on one line, or "Picture" if it has none."""
    title = " ".join(message.text.split())
    if not title:
        return "Picture"
    if len(title) <= TITLE_CHARACTERS:
        return title
    head = title[:TITLE_CHARACTERS]
    words, _, _ = head.rpartition(" ")
    return f"{words or head[:-1]}…"
