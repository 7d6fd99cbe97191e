"""The panel at the side: what it shows of the conversations there are. Pure functions, as in `view.py`."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from html import escape

from memory import Conversation, ConversationHit, Excerpt, Hit

UNTITLED = "Untitled"

PAGE = 100
"""How many conversations the list shows at first, and how many more each time it is asked to."""

HEAD = """<p class="brand">Vis-à-Vis</p><a class="new" href="/">New chat</a>
<form class="find" role="search">
<input type="search" placeholder="Search" aria-label="Search all conversations" maxlength="1000">
<label><input type="checkbox"> With a picture</label>
</form>
<template class="menu"><div class="menu">
<button class="pin"></button><button class="archive"></button>
<button class="rename">Rename</button><button class="tag">Tags</button>
<button class="note">Note</button>
<p>Save as</p>
<a data-form="html" download>Web page</a><a data-form="markdown" download>Markdown</a>
<a data-form="bundle" download title="Everything there is, for another Vis-à-Vis">Bundle</a>
<button class="delete">Delete</button>
</div></template>
<template class="naming"><form class="naming">
<input maxlength="200" aria-label="New name"><button type="submit">Save</button>
</form></template>
<template class="tagging"><form class="tagging">
<input maxlength="1000" aria-label="Tags" placeholder="Tags, with commas between">
<button type="submit">Save</button>
</form></template>
<template class="noting"><form class="noting">
<textarea maxlength="20000" rows="4" aria-label="Note" placeholder="A note of your own"></textarea>
<div><button class="no" type="button">Cancel</button><button type="submit">Save</button></div>
</form></template>
<template class="sure"><div class="sure"><span>Delete this conversation?</span>
<button class="yes">Delete</button><button class="no">Keep</button></div></template>"""
"""What stays the same: new chat, the search, and what the page's script unfolds under a conversation."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which conversations the list shows: the first `count` in use or put away, all or those with a tag."""

    tag: str | None = None
    archived: bool = False
    count: int = PAGE


@dataclass(frozen=True, slots=True)
class Listing:
    """The conversations of a choice, and what else there is: more of them, tags, some that were put away."""

    conversations: Sequence[Conversation]
    has_more: bool = False
    tags: Collection[str] = ()
    has_archived: bool = False
    choice: Choice = Choice()


def side_panel(listing: Listing, opened: Conversation | None, engine: str) -> str:
    """The conversations as given, how others can be chosen, and the model in use, as HTML.

    `opened` is the conversation to mark as open, None for a new chat, listed or not. The page's script
    reads it back from `data-open` and keeps the address and the window's title in step; and from
    `data-choice` what is shown, to ask again where the person has chosen otherwise.
    """
    open_id, title = (opened.id, opened.title) if opened else ("", "")
    items = "".join(_list_item(each, each.id == open_id) for each in listing.conversations)
    if not items:
        anything = listing.has_archived or listing.choice != Choice()
        empty = "There are none." if anything else "Conversations are kept here as soon as you say something."
        items = f'<li class="none">{empty}</li>'
    if listing.has_more:
        items += '<li class="rest"><button type="button" class="show-more">Show more</button></li>'
    return (
        f'<div class="panel" data-open="{escape(open_id)}" data-title="{escape(title)}"'
        f' data-choice="{escape(json.dumps(asdict(listing.choice), ensure_ascii=False))}">'
        f'{_filters(listing)}<nav aria-label="Conversations"><ol>{items}</ol></nav>'
        f'<p class="engine">Model: {escape(engine)}</p></div>'
    )


def results(query: str, titled: Sequence[ConversationHit], hits: Sequence[Hit], limit: int) -> str:
    """What was found, as HTML: conversations by what they are called, then messages; "" for an empty query.

    `limit` is how many messages are found at most.
    """
    if not query.strip():
        return ""
    items = [
        _result(each.conversation, "", _marked(each.also) if each.also else "", _marked(each.title))
        for each in titled
    ]
    items += [_result(hit.conversation, hit.message_id, _marked(hit.excerpt)) for hit in hits]
    if not items:
        summary = f"Nothing found for “{escape(query.strip())}”."
    elif len(hits) == limit:
        summary = f"The {limit} best of many"
    else:
        summary = f"{len(items)} found"
    return (
        f'<section class="results" aria-label="Found"><p role="status">{summary}</p>'
        f"<ol>{''.join(items)}</ol></section>"
    )


def _result(conversation: Conversation, message_id: str, snippet: str, title: str = "") -> str:
    """A result with a snippet as HTML, and the title as HTML where it is not to be shown as it is."""
    said = f"<span>{snippet}</span>" if snippet else ""
    return (
        f'<li data-id="{escape(conversation.id)}" data-message="{escape(message_id)}">'
        f'<a href="/?c={escape(conversation.id)}"><b>{title or _title(conversation)}</b>{said}</a></li>'
    )


def _marked(excerpt: Excerpt) -> str:
    """An excerpt with what was searched for marked in it."""
    pieces, end = [], 0
    for start, stop in excerpt.found:
        pieces += [escape(excerpt.text[end:start]), f"<mark>{escape(excerpt.text[start:stop])}</mark>"]
        end = stop
    return "".join([*pieces, escape(excerpt.text[end:])])


def _filters(listing: Listing) -> str:
    """A button for every tag in use, and one for what was put away; "" if there is neither."""
    chosen = listing.choice.tag
    buttons = [
        f'<button aria-pressed="{_is(tag == chosen)}" data-tag="{escape(tag)}">{escape(tag)}</button>'
        for tag in listing.tags
    ]
    if listing.has_archived:
        pressed = _is(listing.choice.archived)
        buttons.append(f'<button class="put-away" aria-pressed="{pressed}">Archived</button>')
    return (
        f'<div class="filters" role="group" aria-label="Show only">{"".join(buttons)}</div>'
        if buttons
        else ""
    )


def _is(pressed: bool) -> str:
    return "true" if pressed else "false"


def _list_item(conversation: Conversation, is_open: bool) -> str:
    """One conversation: its link, its marks, and the button that unfolds what can be done with it."""
    identity, title = escape(conversation.id), _title(conversation)
    current = ' aria-current="page"' if is_open else ""
    marks = (
        '<span class="pinned" role="img" aria-label="Pinned" title="Pinned"></span>'
        if conversation.pinned
        else ""
    )
    tags = f'<p class="tags">{escape(", ".join(conversation.tags))}</p>' if conversation.tags else ""
    archived = " data-archived" if conversation.archived else ""
    note = f' data-note="{escape(conversation.notes)}"' if conversation.notes else ""
    if conversation.notes:
        marks += '<span class="noted" role="img" aria-label="Has a note" title="Has a note"></span>'
    return (
        f'<li data-id="{identity}" data-title="{escape(conversation.title)}"'
        f' data-tags="{escape(json.dumps(conversation.tags, ensure_ascii=False))}"{note}{archived}{current}>'
        f'<div class="row"><a href="/?c={identity}" title="{title}"{current}>{title}</a>{marks}'
        f'<button class="more" aria-label="More for {title}" aria-expanded="false" title="More"></button>'
        f"</div>{tags}</li>"
    )


def _title(conversation: Conversation) -> str:
    return escape(conversation.title or UNTITLED)
