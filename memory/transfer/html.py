"""HTML: one file that needs nothing else, to be read in any browser.

The branch at which a conversation stands. Pictures are inside the file, everything said is escaped, there
is no script, and a content policy keeps the page from asking anybody for anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from memory.records import Conversation
from memory.store import Store
from memory.transfer.markdown import heading, label, speaker
from memory.transfer.pictures import data_url
from memory.transfer.progress import Progress, counted, silent
from memory.transfer.targets import chosen, explained, new_file
from prompts import Part, Text

_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c1d20; --page: #ffffff; --soft: #f1f2f4; --faint: #60646c; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e7ea; --page: #17181b; --soft: #24262b; --faint: #a0a4ad; }}
}}
body {{ margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 44rem; background: var(--page); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5rem; line-height: 1.3; margin: 3rem 0 0; }}
h2, time, figcaption {{ font-size: .8rem; font-weight: 600; color: var(--faint); margin: 0; }}
article {{ margin: 1rem 0; padding: .75rem 1rem; border-radius: .75rem; }}
article.user {{ background: var(--soft); }}
p {{ white-space: pre-wrap; margin: .25rem 0 0; }}
figure {{ margin: .5rem 0; }}
img {{ max-width: 100%; max-height: 32rem; border-radius: .5rem; }}
</style>
</head>
<body>
"""


def export_html(
    store: Store, target: Path, conversation_ids: Sequence[str] | None = None, *, progress: Progress = silent
) -> int:
    """Write conversations into a new HTML file, message by message; how many they are.

    Raises UnknownConversation, ImageError for a picture that cannot be read, and StoreError if the file
    exists or cannot be written.
    """
    ids = chosen(store, conversation_ids)
    title = heading(store.conversation(ids[0])) if len(ids) == 1 else "Conversations"
    with new_file(target) as stream, explained(target):
        stream.write(_HEAD.format(title=escape(title)).encode())
        for conversation_id in counted(ids, "conversations", progress, len(ids)):
            for piece in _section(store, store.conversation(conversation_id)):
                stream.write(piece.encode())
        stream.write(b"</body>\n</html>\n")
    return len(ids)


def _section(store: Store, conversation: Conversation) -> Iterator[str]:
    yield f"<main>\n<h1>{escape(heading(conversation))}</h1>\n"
    yield f"<time>{conversation.created_at[:10]}</time>\n"
    number = 0
    for entry in store.history(conversation.id):
        yield f'<article class="{entry.message.role}">\n<h2>{escape(speaker(entry))}</h2>\n'
        for part in entry.message.parts:
            number += not isinstance(part, Text)
            yield _part(store, part, number)
        yield "</article>\n"
    yield "</main>\n"


def _part(store: Store, part: Part, number: int) -> str:
    if isinstance(part, Text):
        return f"<p>{escape(part.text)}</p>\n"
    name = escape(label(number, part))
    return (
        f'<figure><img src="{data_url(store, part.sha256)}" alt="{name}">'
        f"<figcaption>{name}</figcaption></figure>\n"
    )
