"""What happens when a person does something on the page.

The history in the store is the truth: every handler acts on it through the dialogue
manager and then shows what is there now. What the program refuses is told in the error's
own words, and the page is left as it was, so that nothing typed or attached is lost.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import gradio as gr

from chat.conversation import DialogueManager
from chat.errors import UnknownConversation, VisavisError
from ui import view

REFRESH_SECONDS = 0.05
"""Between two updates of a reply under way: every one re-sends a difference of the whole log."""

NEW = ""
"""Stands for a conversation that does not exist before its first message is accepted."""


class Typed(TypedDict):
    """What the message box sends: words, and paths of uploaded files."""

    text: str
    files: list[str]


class Screen(NamedTuple):
    """New values of the page's changing parts, in the order in which the page wires them.

    `receipt` tells the page what of the message box was accepted and can go from it: the
    person may have typed on meanwhile.
    """

    conversation_id: Any
    side: Any
    log: Any
    box: Any
    receipt: Any


UNCHANGED = Screen(*(gr.skip() for _ in Screen._fields))
NOTHING_ACCEPTED = ""


class Handlers:
    """The page's events; one object serves every tab, and remembers nothing between them."""

    def __init__(self, manager: DialogueManager) -> None:
        self._manager = manager
        self._store = manager.store

    def open(self, conversation_id: str) -> Screen:
        """Show a conversation, or a new chat if there is none of this id (any more)."""
        try:
            return self._screen(conversation_id)
        except UnknownConversation as error:
            _tell("Not opened", error)
            return self._screen(NEW)

    def open_chosen(self, event: gr.EventData) -> Screen:
        """The person chose a conversation, or New chat, in the side panel."""
        return self.open(event.id)

    def send(self, typed: Typed, conversation_id: str) -> Screen:
        """Accept a message, with a receipt for it; a refused one stays in the box."""
        try:
            conversation_id = self._accept(typed["text"], typed["files"], conversation_id)
        except VisavisError as error:
            _tell("Not sent", error)
            return UNCHANGED._replace(receipt=NOTHING_ACCEPTED)
        _forget_uploads(typed["files"])
        receipt = json.dumps({"text": typed["text"], "files": len(typed["files"])})
        return self._screen(conversation_id)._replace(receipt=receipt)

    def answer(self, conversation_id: str) -> Screen:
        """Try again: reply once more to a last message that got no reply."""
        try:
            self._manager.answer(conversation_id)
            return self._screen(conversation_id)
        except VisavisError as error:
            _tell("Cannot try again", error)
            return UNCHANGED

    def stop(self, conversation_id: str) -> None:
        """End the reply under way; whoever follows it sees that it stopped."""
        self._manager.stop(conversation_id)

    def follow(self, conversation_id: str) -> Generator[Screen]:
        """Show the reply under way as it grows, from whatever is there now, and then how it ended."""
        if conversation_id == NEW:
            yield UNCHANGED
            return
        try:
            yield from self._growing(conversation_id)
            yield self._screen(conversation_id)
        except UnknownConversation:
            # Deleted in another tab while its reply was being shown here.
            yield self._screen(NEW)

    def rename(self, conversation_id: str, event: gr.EventData) -> Screen:
        """Give the chosen conversation a new title."""
        try:
            self._store.rename_conversation(event.id, " ".join(event.title.split()))
            return UNCHANGED._replace(side=self._side(conversation_id))
        except VisavisError as error:
            _tell("Not renamed", error)
            return UNCHANGED

    def delete(self, conversation_id: str, event: gr.EventData) -> Screen:
        """Delete the chosen conversation; if it was the open one, a new chat follows it."""
        try:
            self._manager.delete(event.id)
        except VisavisError as error:
            _tell("Not deleted", error)
        return self.open(NEW if event.id == conversation_id else conversation_id)

    def _accept(self, text: str, files: Sequence[str], conversation_id: str) -> str:
        """Send; the id of the conversation it went to, which is created for a first message."""
        if conversation_id != NEW:
            self._manager.send(conversation_id, text, files)
            return conversation_id
        created = self._manager.create()
        try:
            self._manager.send(created.id, text, files)
        except VisavisError:
            self._manager.delete(created.id)
            raise
        return created.id

    def _growing(self, conversation_id: str) -> Iterator[Screen]:
        reply = self._manager.reply(conversation_id)
        if reply is None:
            return
        entries = self._store.history(conversation_id)
        shown = None
        while not reply.wait(REFRESH_SECONDS):
            text = reply.text_so_far
            if text != shown:
                shown = text
                yield UNCHANGED._replace(log=view.bubbles(entries, text), box=_box(busy=True))

    def _screen(self, conversation_id: str) -> Screen:
        """Everything as it is now, with what stands in the box left alone."""
        # Asked for before the history, so that a reply that ends in between is seen at least once.
        reply = self._manager.reply(conversation_id) if conversation_id else None
        entries = self._store.history(conversation_id) if conversation_id else []
        log = view.bubbles(entries, reply.text_so_far if reply else None)
        return UNCHANGED._replace(
            conversation_id=conversation_id,
            side=self._side(conversation_id),
            log=log,
            box=_box(busy=reply is not None),
        )

    def _side(self, conversation_id: str) -> str:
        return view.side_panel(self._store.conversations(), conversation_id, self._manager.engine.name)


def _box(*, busy: bool) -> dict[str, Any]:
    """The message box: Send, or Stop while a reply is under way. What is in it is the person's."""
    update: dict[str, Any] = gr.update(submit_btn=not busy, stop_btn=busy)
    return update


def _tell(title: str, error: VisavisError) -> None:
    gr.Warning(f"<b>{title}.</b> {escape(str(error))}")


def _forget_uploads(files: Sequence[str]) -> None:
    """The store has its own copy; an upload left lying could be read by whoever knows its address."""
    for file in files:
        Path(file).unlink(missing_ok=True)
