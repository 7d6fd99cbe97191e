"""What happens when a person does something on the page.

The history in the store is the truth: every handler acts on it through the dialogue
manager and then shows what is there now. What the program refuses is told in the error's
own words, and the page is left as it was, so that nothing typed or attached is lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import gradio as gr

from chat.conversation import DialogueManager
from chat.engines.base import Sampling
from chat.errors import UnknownConversation, VisavisError
from chat.fetching import is_url
from chat.pictures import DOCUMENT_ENDINGS
from chat.reply import Reply
from ui import view
from ui.facts import heard
from ui.shelf import Shelf, tell

REFRESH_SECONDS = 0.05
"""Between two updates of a reply under way: every one re-sends a difference of the whole log."""

AGAIN = Sampling(temperature=0.7)
"""How a reply is made again: by the likeliest words, as usual, a model would only say the same."""

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
        self._shelf = Shelf(manager)

    def open(self, conversation_id: str) -> Screen:
        """Show a conversation, or a new chat if there is none of this id (any more)."""
        try:
            return self._screen(conversation_id)
        except UnknownConversation as error:
            tell("Not opened", error)
            return self._screen(NEW)

    def open_chosen(self, event: gr.EventData) -> Screen:
        """The person chose a conversation, or New chat, or a message that was found, in the side panel."""
        if event.message:
            self._turn_to(event.id, event.message)
        return self.open(event.id)

    def send(self, typed: Typed, conversation_id: str) -> Screen:
        """Accept a message, with a receipt for it; a refused one stays in the box."""
        try:
            reply = self._accept(typed["text"], typed["files"], conversation_id)
        except VisavisError as error:
            tell("Not sent", error)
            return UNCHANGED._replace(receipt=NOTHING_ACCEPTED)
        self._tell_taken(typed["files"], reply.conversation_id)
        _forget_uploads(typed["files"])
        receipt = json.dumps({"text": typed["text"], "files": len(typed["files"]), **heard(reply)})
        return self._screen(reply.conversation_id)._replace(receipt=receipt)

    def take_up(self, conversation_id: str, event: gr.SelectData) -> Screen:
        """Go on with a last reply that was cut short, or reply to a last message that got no reply."""
        if event.value == view.CONTINUE:
            go_on = partial(self._manager.continue_reply, conversation_id)
            return self._done("Cannot continue", conversation_id, go_on)
        return self._done("Cannot try again", conversation_id, partial(self._manager.answer, conversation_id))

    def edit(self, conversation_id: str, event: gr.EventData) -> Screen:
        """Say one of the person's messages otherwise; its pictures stay with it."""
        edit = partial(self._manager.edit, conversation_id, event.id, event.text)
        return self._done("Not edited", conversation_id, edit)

    def again(self, conversation_id: str) -> Screen:
        """Have the last reply made once more; the one there was stays beside it."""
        again = partial(self._manager.regenerate, conversation_id, sampling=AGAIN)
        return self._done("Not made again", conversation_id, again)

    def switch(self, conversation_id: str, event: gr.EventData) -> Screen:
        """Show another version of a message, and what followed it."""
        switch = partial(self._manager.switch, conversation_id, event.id)
        return self._done("Not switched", conversation_id, switch)

    def fork(self, conversation_id: str, event: gr.EventData) -> Screen:
        """Open a new conversation that shares this one's messages up to the chosen one."""
        try:
            return self._screen(self._manager.fork(conversation_id, event.id).id)
        except VisavisError as error:
            tell("Not forked", error)
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

    def pin(self, conversation_id: str, event: gr.EventData) -> Screen:
        """Pin the chosen picture of the open conversation, or let it go, as `event.pinned` says."""
        change = self._manager.pin if event.pinned else self._manager.unpin
        refusal = "Not pinned" if event.pinned else "Not unpinned"
        return self._done(refusal, conversation_id, partial(change, conversation_id, event.sha256))

    def delete(self, conversation_id: str, event: gr.EventData) -> Screen:
        """Delete the chosen conversation; if it was the open one, a new chat follows it."""
        try:
            self._manager.delete(event.id)
        except VisavisError as error:
            tell("Not deleted", error)
        return self.open(NEW if event.id == conversation_id else conversation_id)

    def _done(self, refusal: str, conversation_id: str, deed: Callable[[], object]) -> Screen:
        """Do something to the open conversation and show it; what is refused is told, and changes nothing."""
        try:
            deed()
            return self._screen(conversation_id)
        except VisavisError as error:
            tell(refusal, error)
            return UNCHANGED

    def _turn_to(self, conversation_id: str, message_id: str) -> None:
        """Have a conversation show a message that it may hold on another branch."""
        try:
            if all(entry.message_id != message_id for entry in self._store.history(conversation_id)):
                self._manager.switch(conversation_id, message_id)
        except VisavisError as error:
            tell("Not shown", error)

    def _accept(self, text: str, files: Sequence[str], conversation_id: str) -> Reply:
        """Send; the reply, under way, in a conversation that is created for a first message."""
        images: Sequence[str] = files
        if self._manager.allow_urls:
            text, addresses = take_addresses(text)
            images = [*files, *addresses]
        if conversation_id != NEW:
            return self._manager.send(conversation_id, text, images)
        created = self._manager.create()
        try:
            return self._manager.send(created.id, text, images)
        except VisavisError:
            self._manager.delete(created.id)
            raise

    def _tell_taken(self, files: Sequence[str], conversation_id: str) -> None:
        """Say how many pictures a PDF or a video has become, which may be fewer than are in it."""
        documents = [file for file in map(Path, files) if file.suffix.lower() in DOCUMENT_ENDINGS]
        if not documents:
            return
        asked = [message for message in self._store.messages(conversation_id) if message.role == "user"]
        names = [image.name or "" for image in asked[-1].images] if asked else []
        for file in documents:
            count = sum(name.startswith(f"{file.name}, ") for name in names)
            gr.Info(f"{escape(file.name)}: {count} {'picture was' if count == 1 else 'pictures were'} taken.")

    def _growing(self, conversation_id: str) -> Iterator[Screen]:
        reply = self._manager.reply(conversation_id)
        if reply is None:
            return
        entries, facts = self._store.history(conversation_id), self._facts()
        shown, finds = None, self._manager.finder.available
        while not reply.wait(REFRESH_SECONDS):
            text = reply.text_so_far
            if text != shown:
                shown = text
                # Pictures are pinned while a reply is being written, too.
                pins = self._manager.pins(conversation_id)
                log = view.bubbles(entries, text, pins, facts, finds=finds)
                yield UNCHANGED._replace(log=log, box=_box(busy=True))

    def _screen(self, conversation_id: str) -> Screen:
        """Everything as it is now, with what stands in the box left alone."""
        # Asked for before the history, so that a reply that ends in between is seen at least once.
        reply = self._manager.reply(conversation_id) if conversation_id else None
        entries = self._store.history(conversation_id) if conversation_id else []
        pins = self._manager.pins(conversation_id)
        finds = self._manager.finder.available
        partial = reply.text_so_far if reply else None
        log = view.bubbles(entries, partial, pins, self._facts(), finds=finds)
        return UNCHANGED._replace(
            conversation_id=conversation_id,
            side=self._shelf.shown(conversation_id),
            log=log,
            box=_box(busy=reply is not None),
        )

    def _facts(self) -> dict[str, str]:
        """What is remembered, by id."""
        return {fact.id: fact.text for fact in self._store.facts.list()}


def take_addresses(text: str) -> tuple[str, list[str]]:
    """A message without the lines that are nothing but an address on the web, and these."""
    words, addresses = [], []
    for line in text.splitlines(keepends=True):
        address = line.strip()
        if is_url(address) and len(address.split()) == 1:
            addresses.append(address)
        else:
            words.append(line)
    return ("".join(words).strip("\n") if addresses else text), addresses


def _box(*, busy: bool) -> dict[str, Any]:
    """The message box: Send, or Stop while a reply is under way. What is in it is the person's."""
    update: dict[str, Any] = gr.update(submit_btn=not busy, stop_btn=busy)
    return update


def _forget_uploads(files: Sequence[str]) -> None:
    """The store has its own copy; an upload left lying could be read by whoever knows its address."""
    for file in files:
        Path(file).unlink(missing_ok=True)
