"""From the history to what the page shows: pure functions, no framework, no store.

A message becomes a `Bubble`, the plain dictionary that the chat log takes. What a person
typed is shown as typed: it is escaped into one line of HTML, so that neither Markdown nor
the framework's tidying of text can touch it. Replies are Markdown, as models write it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape
from itertools import count
from types import MappingProxyType
from typing import Literal, NotRequired, TypedDict

from memory import Entry, Turn
from prompts import Image
from ui import ledger

WAITING = '<span class="writing"><i></i><i></i><i></i></span>'
"""Stands where a reply will be until its first word is there."""

LEFT_OUT = (
    "From here on, the beginning of this conversation no longer fits the model and is left out, "
    "pinned pictures aside."
)

RENUMBERED = (
    "From here on, the pictures' numbers are higher than this model knows, "
    "so it counts those it still sees anew, from 1."
)

ANSWER = "answer"
"""The option to have a message answered that got no reply."""

CONTINUE = "continue"
"""The option to go on with a reply that was cut short."""

CUT_SHORT = ("cancelled", "interrupted", "length", "error")
"""Why a reply may have ended that can be gone on with."""

_SHOWN_SIDE = 320
"""Longest side of a picture in the log, in CSS pixels; it is never shown larger than it is."""


class Option(TypedDict):
    """A button under the last message; its value is one of ANSWER and CONTINUE."""

    label: str
    value: str


class Bubble(TypedDict):
    """One message as the chat log takes it: blocks of HTML or Markdown, one below the other."""

    role: Literal["user", "assistant"]
    content: list[str]
    options: NotRequired[list[Option]]


def bubbles(
    entries: Sequence[Entry],
    partial: str | None = None,
    pins: Collection[str] = (),
    facts: Mapping[str, str] = MappingProxyType({}),
    *,
    finds: bool = False,
) -> list[Bubble]:
    """The whole conversation as shown, without system messages.

    `partial` is the text so far of a reply under way, or None if there is none. It is
    ignored if the history already ends with a reply: that one was just finished. `pins`
    holds the sha256 of each pinned picture, `facts` the texts of what is remembered, by id. `finds`
    is whether pictures like one can be found.
    """
    spoken = [entry for entry in entries if entry.message.role != "system"]
    unanswered = bool(spoken) and spoken[-1].message.role == "user"
    awaited = spoken[-1] if unanswered and partial is not None else None
    numbers = count(1)
    untold = [LEFT_OUT, RENUMBERED]
    shown: list[Bubble] = []
    for entry in spoken:
        remarks = [] if entry is awaited else _remarks(entry, untold)
        untold = [notice for notice in untold if notice not in remarks]
        figures = [
            _figure(image, next(numbers), image.sha256 in pins, finds) for image in entry.message.images
        ]
        told = ledger.told(entry.turn.facts, facts) if entry.turn else ""
        shown += _said(entry, remarks, figures, told, _acts(entry, is_last=entry is spoken[-1]))
    if awaited:
        shown.append(Bubble(role="assistant", content=[partial or WAITING]))
    elif spoken and shown[-1]["role"] == "assistant":
        if unanswered:
            shown[-1]["options"] = [Option(label="Try again", value=ANSWER)]
        elif spoken[-1].turn and spoken[-1].turn.reason in CUT_SHORT:
            shown[-1]["options"] = [Option(label="Continue", value=CONTINUE)]
    return shown


def _acts(entry: Entry, *, is_last: bool) -> str:
    """What can be done with a message, as a row of buttons; the page's script passes their presses on.

    The log leaves a button its name, the deed, and its value, the id of the message that it is done to.
    """
    if entry.message.role == "user":
        buttons = _act("copy", entry.message_id, "Copy this message") if entry.message.text else ""
        buttons += _act("edit", entry.message_id, "Edit this message")
    else:
        buttons = _act("copy", entry.message_id, "Copy this reply")
        buttons += _act("again", entry.message_id, "Have this reply made again") if is_last else ""
        buttons += _act("fork", entry.message_id, "Continue from here in a new conversation")
    return f'<div class="acts" id="message-{entry.message_id}">{buttons}{_versions(entry)}</div>'


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


def _remarks(entry: Entry, untold: Sequence[str]) -> list[str]:
    """Notes under a message on how its turn went; what holds "from here on" is told once."""
    turn = entry.turn
    if turn is None or turn.status != "done":
        return []
    holds = {LEFT_OUT: bool(turn.dropped), RENUMBERED: bool(turn.usage.get("images_renumbered"))}
    end = ending(turn)
    return [*([end] if end else []), *(notice for notice in untold if holds[notice])]


def _said(
    entry: Entry, remarks: Sequence[str], figures: Sequence[str], told: str, deeds: str
) -> list[Bubble]:
    """One message and the remarks on it, which under a user's message stand where its reply would.

    `figures` are its pictures, `told` the facts that were told for it, `deeds` the buttons below it, as HTML.
    """
    message = entry.message
    aside = [f'<div class="note">{literal(" ".join(remarks))}</div>'] if remarks else []
    if message.role == "assistant":
        return [Bubble(role="assistant", content=[message.text, *aside, *([told] if told else []), deeds])]
    content = [f'<div class="pictures">{"".join(figures)}</div>'] if figures else []
    if message.text:
        content.append(f'<div class="said">{literal(message.text)}</div>')
    asked = Bubble(role="user", content=[*content, deeds])
    return [asked, Bubble(role="assistant", content=aside)] if aside else [asked]


def _versions(entry: Entry) -> str:
    """Which of the versions of a message this is, and the ways to the others; "" if there is only one."""
    count = len(entry.siblings)
    if count < 2:
        return ""
    place = entry.siblings.index(entry.message_id)
    earlier = _act("earlier", entry.siblings[place - 1], "Earlier version", disabled=place == 0)
    later = _act("later", entry.siblings[(place + 1) % count], "Later version", disabled=place == count - 1)
    return f'<span class="versions">{earlier}{place + 1} / {count}{later}</span>'


def _act(deed: str, message_id: str, title: str, *, disabled: bool = False) -> str:
    off = " disabled" if disabled else ""
    return (
        f'<button type="button" class="act" name="{deed}" value="{message_id}" title="{title}"{off}></button>'
    )


def _figure(image: Image, number: int, is_pinned: bool, finds: bool) -> str:
    """A picture with its number and what can be done with it, the thumbnail linking to the original."""
    name = escape(image.name or "")
    alt = f"Picture #{number}: {name}" if name else f"Picture #{number}"
    caption = f"<b>#{number}</b> {name}" if name else f"<b>#{number}</b>"
    like = f' <button type="button" class="like" title="Pictures like #{number}"></button>' if finds else ""
    return (
        f'<figure><a href="/pictures/{image.sha256}" target="_blank" rel="noopener">'
        f'<img src="/thumbnails/{image.sha256}" alt="{alt}"{_size(image)}></a>'
        f"<figcaption>{caption} {_pin(number, is_pinned)}{like}</figcaption></figure>"
    )


def _pin(number: int, is_pinned: bool) -> str:
    """The button that pins a picture or lets it go; the page's script passes its presses on.

    The log takes ARIA and data attributes away, so the title is also its name, and its class its state.
    """
    if is_pinned:
        return f'<button type="button" class="pin pinned" title="Unpin picture #{number}"></button>'
    title = f"Pin picture #{number}: the model keeps it in view, however long this conversation grows"
    return f'<button type="button" class="pin" title="{title}"></button>'


def _size(image: Image) -> str:
    """Attributes that keep the picture's place before it has loaded."""
    longest = max(image.width, image.height)
    if not longest:
        return ""
    scale = min(1.0, _SHOWN_SIDE / longest)
    return f' width="{max(1, round(image.width * scale))}" height="{max(1, round(image.height * scale))}"'
