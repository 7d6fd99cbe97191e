"""What happens in the panel at the side: conversations are found, put in order, and come in from files.

Every handler acts on the store and then shows what is there; what is refused is told, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

import gradio as gr

from chat.conversation import DialogueManager
from chat.errors import VisavisError
from memory import Conversation
from memory.transfer import Report, import_file
from ui import panel

MOST_FOUND = 30
"""How many messages a search shows."""

MOST_TITLED = 5
"""How many conversations a search shows for their titles."""

IMPORT = "Import a file"
IMPORTING = "Importing…"


class Shelf:
    """The panel's events; one object serves every tab, and remembers nothing between them."""

    def __init__(self, manager: DialogueManager) -> None:
        self._store = manager.store
        self._engine = manager.engine.name

    def shown(self, open_id: str) -> str:
        """The panel as it is now, as HTML, with one conversation marked as open."""
        put_away = self._store.conversations(archived=True)
        return panel.side_panel(self._store.conversations(), put_away, open_id, self._engine)

    def rename(self, open_id: str, event: gr.EventData) -> Any:
        """Give the chosen conversation a new title."""
        title = " ".join(event.title.split())
        return self._changed("Not renamed", open_id, lambda: self._store.rename_conversation(event.id, title))

    def pin(self, open_id: str, event: gr.EventData) -> Any:
        """Put the chosen conversation before the others, or back among them, as `event.pinned` says."""
        return self._organised("Not pinned", open_id, event.id, pinned=event.pinned)

    def archive(self, open_id: str, event: gr.EventData) -> Any:
        """Put the chosen conversation away, or take it out again, as `event.archived` says."""
        return self._organised("Not archived", open_id, event.id, archived=event.archived)

    def tag(self, open_id: str, event: gr.EventData) -> Any:
        """Give the chosen conversation the tags in `event.tags`, with commas between, in place of its own."""
        tags = [tag for tag in event.tags.split(",") if tag.strip()]
        return self._organised("Not tagged", open_id, event.id, tags=tags)

    def find(self, event: gr.EventData) -> str:
        """Show what was said with these words in it, and conversations with them in their titles."""
        words, with_picture = event.words, True if event.with_picture else None
        try:
            hits = self._store.search(words, has_picture=with_picture, limit=MOST_FOUND)
        except VisavisError as error:
            tell("Not searched", error)
            hits = []
        titled = [] if with_picture else self._titled(words, {hit.conversation.id for hit in hits})
        return panel.results(words, titled, hits, MOST_FOUND)

    def take_in(self, file: str, open_id: str) -> Iterator[tuple[Any, Any]]:
        """Take in the conversations of an uploaded file; new values of the button and of the panel."""
        yield gr.update(label=IMPORTING, interactive=False), gr.skip()
        path = Path(file)
        try:
            gr.Info(
                f"<b>{escape(path.name)}.</b> {escape(came_in(import_file(self._store, path)))}", duration=30
            )
        except VisavisError as error:
            # The person knows the file by its name, not by where it was uploaded to.
            tell("Not imported", str(error).replace(str(path), path.name))
        finally:
            path.unlink(missing_ok=True)
        yield gr.update(label=IMPORT, value=None, interactive=True), self.shown(open_id)

    def _titled(self, words: str, known: Collection[str]) -> list[Conversation]:
        """Conversations with all of these words in their titles, besides the `known` ones."""
        wanted = words.casefold().split()
        everything = [*self._store.conversations(), *self._store.conversations(archived=True)]
        found = (
            each
            for each in everything
            if each.id not in known and all(word in each.title.casefold() for word in wanted)
        )
        return list(islice(found, MOST_TITLED)) if wanted else []

    def _organised(self, refusal: str, open_id: str, conversation_id: str, **changes: Any) -> Any:
        return self._changed(
            refusal, open_id, lambda: self._store.organise_conversation(conversation_id, **changes)
        )

    def _changed(self, refusal: str, open_id: str, change: Callable[[], object]) -> Any:
        try:
            change()
        except VisavisError as error:
            tell(refusal, error)
        return self.shown(open_id)


def came_in(report: Report) -> str:
    """What an import did, in words."""
    counts = {
        "new": len(report.new),
        "continued": len(report.continued),
        "there already": len(report.unchanged),
        "gone on with differently here, so kept twice": len(report.branched),
    }
    told = [f"{count} {what}" for what, count in counts.items() if count] or ["none"]
    sentences = [
        f"Conversations: {', '.join(told)}.",
        f"Messages: {report.messages}. Pictures: {report.pictures}.",
    ]
    return " ".join([*sentences, *(f"{note[:1].upper()}{note[1:]}." for note in report.notes)])


def tell(title: str, reason: object) -> None:
    """Tell the person what was refused, and why."""
    gr.Warning(f"<b>{title}.</b> {escape(str(reason))}")
