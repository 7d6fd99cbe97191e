"""Pictures that were found, as the panel at the side shows them. Pure functions, as in `view.py`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from memory import FoundPicture


def described(pictures: Sequence[FoundPicture]) -> str:
    """Those that the words of a search describe, as HTML; "" if there are none."""
    if not pictures:
        return ""
    count = f"{len(pictures)} {'picture' if len(pictures) == 1 else 'pictures'}"
    return _section("Matching pictures", "", f'<p role="status">{count}</p>', pictures)


def alike(pictures: Sequence[FoundPicture]) -> str:
    """Those like the one that was chosen, as HTML, with a button that goes back to the list."""
    told = "Pictures like this one" if pictures else "There are no other pictures yet."
    head = f'<p role="status">{told}</p><button type="button" class="back">Close</button>'
    # The page's script moves the focus here.
    return _section("Pictures like this one", ' tabindex="-1"', head, pictures)


def _section(name: str, attributes: str, head: str, pictures: Sequence[FoundPicture]) -> str:
    items = f"<ol>{''.join(map(_item, pictures))}</ol>" if pictures else ""
    return f'<section class="results gallery" aria-label="{name}"{attributes}>{head}{items}</section>'


def _item(picture: FoundPicture) -> str:
    """One picture, linking to the message that shows it, which the page's script opens."""
    conversation = picture.conversation
    where = f"in “{conversation.title}”" if conversation.title else "in an untitled conversation"
    told = escape(f"{picture.name or 'Picture'}, {where}")
    return (
        f'<li data-id="{escape(conversation.id)}" data-message="{escape(picture.message_id)}">'
        f'<a href="/?c={escape(conversation.id)}" title="{told}">'
        f'<img src="/thumbnails/{picture.sha256}" alt="{told}" loading="lazy"></a></li>'
    )
