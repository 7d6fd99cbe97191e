"""The beginning of a turn: the pictures of a message first, then the message that shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chat.errors import ImageError
from chat.pictures import NewPicture, store_pictures
from memory import ImageStore, Turn
from prompts import Image, Message, user


def ask(
    begin: Callable[[Message], Turn], text: str, pictures: Sequence[Image | NewPicture], images: ImageStore
) -> tuple[Message, Turn]:
    """Store the pictures of a message, and `begin` a turn with it; the message and the turn.

    A picture belongs to what shows it: if the only conversation that does is deleted between the two
    steps, by another thread or process, the picture goes with it, and is stored once more. Raises
    ImageError as `store_pictures` does, and if the picture is gone again.
    """
    message = user(text, store_pictures(pictures, images))
    try:
        return message, begin(message)
    except ImageError:
        # The same bytes give the same message.
        store_pictures(pictures, images)
        return message, begin(message)
