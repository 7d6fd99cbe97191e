"""The panel at the side: what it shows of the conversations there are. Pure functions, as in `view.py`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from memory import Conversation, Excerpt, Hit

UNTITLED = "Untitled"

HEAD = """<p class="brand">Vis-à-Vis</p><a class="new" href="/">New chat</a>
<form class="find" role="search">
<input type="search" placeholder="Search" aria-label="Search all conversations" maxlength="1000">
<label><input type="checkbox"> With a picture</label>
</form>
<template class="menu"><div class="menu">
<button class="pin"></button><button class="archive"></button>
<button class="rename">Rename</button><button class="tag">Tags</button>
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
<template class="sure"><div class="sure"><span>Delete this conversation?</span>
<button class="yes">Delete</button><button class="no">Keep</button></div></template>"""
"""What stays the same: new chat, the search, and what the page's script unfolds under a conversation."""


def side_panel(
    conversations: Sequence[Conversation], archived: Sequence[Conversation], open_id: str, engine: str
) -> str:
    """The conversations as given, those put away hidden after them, and the model in use, as HTML.

    `open_id` is the conversation to mark as open, "" for a new chat. The page's script
    reads it back from `data-open` and keeps the address and the window's title in step; it also
    chooses which of the conversations show, by their tags and by whether they are put away.
    """
    listed = [*conversations, *archived]
    title = next((each.title for each in listed if each.id == open_id), "")
    items = "".join(_list_item(each, each.id == open_id) for each in listed)
    empty = "There are none." if listed else "Conversations are kept here as soon as you say something."
    hidden = " hidden" if conversations else ""
    return (
        f'<div class="panel" data-open="{escape(open_id)}" data-title="{escape(title)}">'
        f'{_filters(listed)}<nav aria-label="Conversations"><ol>{items}<li class="none"{hidden}>{empty}</li>'
        f'</ol></nav><p class="engine">Model: {escape(engine)}</p></div>'
    )


def results(query: str, titled: Sequence[Conversation], hits: Sequence[Hit], limit: int) -> str:
    """What was found, as HTML: conversations by their titles, then messages; "" for an empty query.

    `limit` is how many messages are found at most.
    """
    if not query.strip():
        return ""
    items = [_result(each, "", "") for each in titled]
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


def _result(conversation: Conversation, message_id: str, snippet: str) -> str:
    said = f"<span>{snippet}</span>" if snippet else ""
    return (
        f'<li data-id="{escape(conversation.id)}" data-message="{escape(message_id)}">'
        f'<a href="/?c={escape(conversation.id)}"><b>{_title(conversation)}</b>{said}</a></li>'
    )


def _marked(excerpt: Excerpt) -> str:
    """An excerpt with what was searched for marked in it."""
    pieces, end = [], 0
    for start, stop in excerpt.found:
        pieces += [escape(excerpt.text[end:start]), f"<mark>{escape(excerpt.text[start:stop])}</mark>"]
        end = stop
    return "".join([*pieces, escape(excerpt.text[end:])])


def _filters(conversations: Sequence[Conversation]) -> str:
    """A button for every tag in use, and one for what was put away; "" if there is neither."""
    tags = sorted({tag for each in conversations for tag in each.tags})
    buttons = [
        f'<button aria-pressed="false" data-tag="{escape(tag)}">{escape(tag)}</button>' for tag in tags
    ]
    if any(each.archived for each in conversations):
        buttons.append('<button class="put-away" aria-pressed="false">Archived</button>')
    return (
        f'<div class="filters" role="group" aria-label="Show only">{"".join(buttons)}</div>'
        if buttons
        else ""
    )


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
    archived = " data-archived hidden" if conversation.archived else ""
    return (
        f'<li data-id="{identity}" data-title="{escape(conversation.title)}"'
        f' data-tags="{escape(json.dumps(conversation.tags, ensure_ascii=False))}"{archived}{current}>'
        f'<div class="row"><a href="/?c={identity}" title="{title}"{current}>{title}</a>{marks}'
        f'<button class="more" aria-label="More for {title}" aria-expanded="false" title="More"></button>'
        f"</div>{tags}</li>"
    )


def _title(conversation: Conversation) -> str:
    return escape(conversation.title or UNTITLED)
