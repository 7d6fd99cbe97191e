"""What happens in the panel at the side: conversations are found, put in order, and come in from files.

Every handler acts on the store and then shows what is there; what is refused is told, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from chat.conversation import DialogueManager
from chat.errors import VisavisError
from memory import Conversation, FoundPicture, UnknownConversation
from memory.transfer import Report, import_file
from ui import gallery, panel
from ui.panel import Choice, Listing

MOST_FOUND = 30
"""How many messages a search shows."""

MOST_TITLED = 5
"""How many conversations a search shows for what they are called."""

MOST_DESCRIBED = 8
"""How many pictures a search shows: two rows."""

IMPORT = "Import a file"
IMPORTING = "Importing…"


class Shelf:
    """The panel's events; one object serves every tab, and remembers nothing between them."""

    def __init__(self, manager: DialogueManager) -> None:
        self._store = manager.store
        self._engine = manager.engine.name
        self._finder = manager.finder

    def shown(self, open_id: str, choice: Choice = Choice()) -> str:  # noqa: B008 - frozen
        """The panel as it is now, as HTML, with one conversation marked as open."""
        found = self._store.conversations(archived=choice.archived, tag=choice.tag, limit=choice.count + 1)
        listing = Listing(
            found[: choice.count],
            has_more=len(found) > choice.count,
            tags=tuple(self._store.tags()),
            has_archived=bool(self._store.conversations(archived=True, limit=1)),
            choice=choice,
        )
        return panel.side_panel(listing, self._opened(open_id), self._engine)

    def choose(self, open_id: str, event: gr.EventData) -> str:
        """The panel with what the person has chosen: `event.tag`, `event.archived`, `event.count`."""
        count = max(panel.PAGE, int(event.count))
        return self.shown(open_id, Choice(event.tag or None, bool(event.archived), count))

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

    def note(self, open_id: str, event: gr.EventData) -> Any:
        """Write `event.note` down about the chosen conversation, in place of what was noted."""
        return self._organised("Not noted", open_id, event.id, notes=event.note.strip())

    def find(self, event: gr.EventData) -> str:
        """Show the pictures that these words describe, what was said with them in it, and conversations
        that are called so."""
        words, with_picture = event.words, True if event.with_picture else None
        try:
            hits = self._store.search(words, has_picture=with_picture, limit=MOST_FOUND)
        except VisavisError as error:
            tell("Not searched", error)
            hits = []
        titled = [] if with_picture else self._store.labels.find(words, limit=MOST_TITLED, beside=hits)
        pictures = gallery.described(self._described(words))
        messages = panel.results(words, titled, hits, MOST_FOUND) if titled or hits or not pictures else ""
        return pictures + messages

    def like(self, event: gr.EventData) -> str:
        """Show the pictures most like the chosen one."""
        try:
            return gallery.alike(self._finder.pictures_like(event.sha256))
        except VisavisError as error:
            tell("Not searched", error)
            return ""

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
            # Pictures may have come in.
            self._finder.wake()
        yield gr.update(label=IMPORT, value=None, interactive=True), self.shown(open_id)

    def _described(self, words: str) -> list[FoundPicture]:
        """The pictures that words describe; none if the model cannot tell."""
        if not self._finder.available:
            return []
        try:
            # Quotation marks are the search's own.
            return self._finder.find_pictures(words.replace('"', " "), MOST_DESCRIBED)
        except VisavisError as error:
            tell("Pictures not searched", error)
            return []

    def _opened(self, open_id: str) -> Conversation | None:
        try:
            return self._store.conversation(open_id) if open_id else None
        except UnknownConversation:
            # Deleted in another tab.
            return None

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
