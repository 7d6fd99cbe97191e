"""From the history to what the page shows: pure functions, no framework, no store.

A message becomes a `Bubble`, the plain dictionary that the chat log takes. What a person
typed is shown as typed: it is escaped into one line of HTML, so that neither Markdown nor
the framework's tidying of text can touch it. Replies are Markdown, as models write it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import count
from typing import Literal, NotRequired, TypedDict

from memory import Conversation, Entry, Turn
from prompts import Image

UNTITLED = "Untitled"

WAITING = '<span class="writing"><i></i><i></i><i></i></span>'
"""Stands where a reply will be until its first word is there."""

LEFT_OUT = "From here on, the beginning of this conversation no longer fits the model and is left out."

_SHOWN_SIDE = 320
"""Longest side of a picture in the log, in CSS pixels; it is never shown larger than it is."""


class Option(TypedDict):
    """A button under the last message."""

    label: str
    value: str


class Bubble(TypedDict):
    """One message as the chat log takes it: blocks of HTML or Markdown, one below the other."""

    role: Literal["user", "assistant"]
    content: list[str]
    options: NotRequired[list[Option]]


def bubbles(entries: Sequence[Entry], partial: str | None = None) -> list[Bubble]:
    """The whole conversation as shown, without system messages.

    `partial` is the text so far of a reply under way, or None if there is none. It is
    ignored if the history already ends with a reply: that one was just finished.
    """
    spoken = [entry for entry in entries if entry.message.role != "system"]
    unanswered = bool(spoken) and spoken[-1].message.role == "user"
    awaited = spoken[-1] if unanswered and partial is not None else None
    first_short = next((entry for entry in spoken if entry.turn is not None and entry.turn.dropped), None)
    numbers = count(1)
    shown: list[Bubble] = []
    for entry in spoken:
        remarks = [] if entry is awaited else _remarks(entry, is_first_short=entry is first_short)
        shown += _said(entry, remarks, numbers)
    if awaited:
        shown.append(Bubble(role="assistant", content=[partial or WAITING]))
    elif unanswered and shown[-1]["role"] == "assistant":
        shown[-1]["options"] = [Option(label="Try again", value="answer")]
    return shown


def side_panel(conversations: Iterable[Conversation], open_id: str, engine: str) -> str:
    """The panel at the side as HTML: new chat, the conversations as given, the model in use.

    `open_id` is the conversation to mark as open, "" for a new chat. The page's script
    reads it back from `data-open` and keeps the address and the window's title in step.
    """
    listed = list(conversations)
    title = next((each.title for each in listed if each.id == open_id), "")
    items = "".join(_list_item(each, each.id == open_id) for each in listed)
    if not items:
        items = '<li class="none">Conversations are kept here as soon as you say something.</li>'
    return (
        f'<div class="panel" data-open="{escape(open_id)}" data-title="{escape(title)}">'
        '<p class="brand">Vis-à-Vis</p><a class="new" href="/">New chat</a>'
        f'<nav aria-label="Conversations"><ol>{items}</ol></nav>'
        f'<p class="engine">Model: {escape(engine)}</p></div>'
    )


def ending(turn: Turn) -> str | None:
    """What to say under a reply that did not end by itself, or in place of one; None if all is well."""
    match turn.reason:
        case "cancelled":
            return "Stopped." if turn.text else "Stopped before the first word."
        case "interrupted":
            return "Interrupted: the program ended while this was being written."
        case "length":
            return "Cut off: this is as long as a reply may be."
        case "error":
            return f"Failed: {turn.error or 'the model gave no reason.'}"
    return None


def literal(text: str) -> str:
    """`text` as HTML that shows it character for character, on one line of source.

    A line break would let Markdown begin again after a blank line, and the log strips
    common indentation; so breaks and tabs are written as character references.
    """
    tidy = text.replace("\r\n", "\n").replace("\r", "\n")
    return escape(tidy).replace("\n", "&#10;").replace("\t", "&#9;")


def _remarks(entry: Entry, is_first_short: bool) -> list[str]:
    """Notes under a message on how its turn went; what is left out of the prompt is told once."""
    turn = entry.turn
    if turn is None or turn.status != "done":
        return []
    end = ending(turn)
    return [*([end] if end else []), *([LEFT_OUT] if is_first_short else [])]


def _said(entry: Entry, remarks: Sequence[str], numbers: count[int]) -> list[Bubble]:
    """One message and the remarks on it, which under a user's message stand where its reply would."""
    message = entry.message
    aside = [f'<div class="note">{literal(" ".join(remarks))}</div>'] if remarks else []
    if message.role == "assistant":
        return [Bubble(role="assistant", content=[message.text, *aside])]
    content = [_pictures(message.images, numbers)] if message.images else []
    if message.text:
        content.append(f'<div class="said">{literal(message.text)}</div>')
    asked = Bubble(role="user", content=content)
    return [asked, Bubble(role="assistant", content=aside)] if aside else [asked]


def _pictures(images: Iterable[Image], numbers: count[int]) -> str:
    figures = "".join(_figure(image, next(numbers)) for image in images)
    return f'<div class="pictures">{figures}</div>'


def _figure(image: Image, number: int) -> str:
    """A picture with its number, the thumbnail linking to the original."""
    name = escape(image.name or "")
    alt = f"Picture #{number}: {name}" if name else f"Picture #{number}"
    caption = f"<b>#{number}</b> {name}" if name else f"<b>#{number}</b>"
    return (
        f'<figure><a href="/pictures/{image.sha256}" target="_blank" rel="noopener">'
        f'<img src="/thumbnails/{image.sha256}" alt="{alt}"{_size(image)}></a>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _size(image: Image) -> str:
    """Attributes that keep the picture's place before it has loaded."""
    longest = max(image.width, image.height)
    if not longest:
        return ""
    scale = min(1.0, _SHOWN_SIDE / longest)
    return f' width="{max(1, round(image.width * scale))}" height="{max(1, round(image.height * scale))}"'


def _list_item(conversation: Conversation, is_open: bool) -> str:
    """One conversation: its link and buttons, the form to rename it, and the question before deleting it.

    All three are there from the start; the page's script chooses which one shows.
    """
    identity = escape(conversation.id)
    title = escape(conversation.title or UNTITLED)
    current = ' aria-current="page"' if is_open else ""
    return (
        f'<li data-id="{identity}"{current}><div class="row">'
        f'<a href="/?c={identity}" title="{title}"{current}>{title}</a>'
        f'<button class="rename" aria-label="Rename {title}" title="Rename"></button>'
        f'<button class="delete" aria-label="Delete {title}" title="Delete"></button></div>'
        f'<form><input value="{escape(conversation.title)}" maxlength="200" aria-label="New name">'
        '<button type="submit">Save</button></form>'
        '<div class="sure"><span>Delete this conversation?</span>'
        '<button class="yes">Delete</button><button class="no">Keep</button></div></li>'
    )
