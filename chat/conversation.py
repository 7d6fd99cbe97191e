"""The dialogue manager: every conversation of one store, spoken with one engine."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from threading import Condition
from weakref import WeakSet

from chat.asking import ask
from chat.engines.base import Engine, Sampling
from chat.errors import BusyError, ConfigError, EngineError, MessageError, StoreError
from chat.finding import Finder
from chat.generation import Generation, check_fits, reply_tokens
from chat.pictures import ImageSource, NewPicture, read_pictures
from chat.remembering import Heard, hear
from chat.reply import Reply
from chat.texts import check_text, make_title
from chat.voice import Voice, speak
from memory import Conversation, Entry, Store, Turn
from prompts import Message, personas, user

__all__ = ["DialogueManager", "ImageSource", "Reply"]

log = logging.getLogger(__name__)

WAITING = 64
"""Replies that may wait for an engine that is busy with others."""


class DialogueManager:
    """Sends messages, and has them answered; safe to use from many threads.

    Conversations are independent of each other, but within one a message waits for the
    reply before it: what comes too early is refused with BusyError. Of different
    conversations, as many replies are made at once as the engine serves; others wait in
    line, and when WAITING of them do, BusyError says so.

    `sampling` None takes each conversation's persona's temperature, and Sampling's
    defaults for the rest. `allow_urls` lets pictures be given by their address on the web.
    Raises ConfigError for a sampling the engine cannot serve.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        *,
        sampling: Sampling | None = None,
        allow_urls: bool = False,
    ) -> None:
        room, max_tokens = engine.limits.context_tokens, (sampling or Sampling()).max_tokens
        if not 1 <= max_tokens < room:
            raise ConfigError(
                f"max_tokens is {max_tokens}: this model holds {room} tokens of prompt and reply "
                "together; choose a number from 1 to well below that."
            )
        self.store = store
        self.engine = engine
        self.allow_urls = allow_urls
        self._sampling = sampling
        # The conversations that take no message now: with their reply, or None while
        # a message is being checked and stored.
        self._busy: dict[str, Generation | None] = {}
        # Replies that have ended but that the store did not take, on a full disk, say.
        self._unsaved: dict[str, Generation] = {}
        # Replies whose engine may still be putting things away.
        self._working: WeakSet[Generation] = WeakSet()
        self._changed = Condition()
        self._closed = False
        self.finder = Finder(store, engine, busy=lambda: bool(self._busy))

    def create(self, title: str = "", persona: str = "plain") -> Conversation:
        """Begin a conversation; without a title it takes one from its first message.

        Raises PromptError, naming those there are, for an unknown persona.
        """
        personas.load(persona)
        return self.store.create_conversation(title, persona)

    def send(self, conversation_id: str, text: str, images: Sequence[ImageSource] = ()) -> Reply:
        """Store a message and have it answered; the message is on disk when this returns.

        `images` takes paths, bytes, PIL images and pictures stored already, and where they are
        allowed addresses on the web; a PDF gives its pages, a video some frames. They stand
        before the text. Everything is checked first, and a refused message leaves no trace. What it
        asks to be remembered or forgotten (see `chat/remembering.py`) the reply tells.

        Raises MessageError (nothing in it, too long, too many pictures), ImageError,
        UnknownConversation, BusyError (the conversation's last reply is still under way,
        here or in another process, or too many others wait), StoreError, and EngineError
        after `close`.
        """
        check_text(text)
        with self._ready(conversation_id) as conversation:
            message, reply = self._ask(conversation, text, images)
        if not conversation.title:
            self._name(conversation_id, make_title(message))
        return reply

    def edit(
        self, conversation_id: str, message_id: str, text: str, images: Sequence[ImageSource] | None = None
    ) -> Reply:
        """Say one of the person's messages otherwise, and have that answered.

        `images` None keeps its pictures. The message as it was, and all that came after it, stay as
        another branch: see `switch`. Raises MessageError if there is no such message of the
        person's; otherwise as `send`.
        """
        check_text(text)
        with self._ready(conversation_id) as conversation:
            before = self._entry(conversation_id, message_id)
            if before.message.role != "user":
                raise MessageError("Only your own messages can be edited; a reply can be made again.")
            kept = before.message.images if images is None else images
            _, reply = self._ask(conversation, text, kept, beside=message_id)
            return reply

    def answer(self, conversation_id: str) -> Reply:
        """Have the last message answered that has no reply: after a crash, an error, a stop without text.

        Raises MessageError if the last message is not the person's, or is too long for
        this engine; otherwise as `send`.
        """
        with self._ready(conversation_id) as conversation:
            history = self.store.history(conversation_id)
            if not history or history[-1].message.role != "user":
                raise MessageError("There is nothing to answer: the last word is not yours. Write a message.")
            return self._answer(conversation, history[-1])

    def regenerate(self, conversation_id: str, *, sampling: Sampling | None = None) -> Reply:
        """Have the last message answered once more; the reply there was stays, as a sibling of the new one.

        With a temperature of 0 a model says the same again, and then there is still only one:
        `sampling`, for this reply alone, can raise it. Raises MessageError if the last word is
        no reply; otherwise as `send`.
        """
        with self._ready(conversation_id) as conversation:
            asked, last = self._last_reply(conversation_id)
            return self._answer(conversation, asked, beside=last, sampling=sampling)

    def continue_reply(self, conversation_id: str) -> Reply:
        """Have the last reply gone on with, which was stopped, interrupted or cut off.

        The new reply begins with the text of the half one, which stays as its sibling. Raises
        MessageError if the last word is no reply, or a complete one; otherwise as `send`.
        """
        with self._ready(conversation_id) as conversation:
            asked, last = self._last_reply(conversation_id)
            if last.turn is None or last.turn.reason == "stop":
                raise MessageError("The last reply is complete. Write a message, or have it made again.")
            return self._answer(conversation, asked, beside=last, continues=True)

    def fork(self, conversation_id: str, message_id: str) -> Conversation:
        """A new conversation that shares this one's messages up to one of them; nothing is copied.

        Raises UnknownConversation, and StoreError if the message is none of this conversation's.
        """
        return self.store.fork_conversation(conversation_id, message_id)

    def switch(self, conversation_id: str, message_id: str) -> Conversation:
        """Show the branch through a message, such as a sibling of one in the history, to its newest end.

        Raises UnknownConversation, StoreError if the message is none of this conversation's, and
        BusyError while a reply is under way.
        """
        with self._ready(conversation_id):
            self._check_not_answered_elsewhere(conversation_id)
            switched = self.store.switch_branch(conversation_id, message_id)
        self._release(conversation_id)
        return switched

    def pin(self, conversation_id: str, sha256: str) -> None:
        """Keep a picture in view: from the next message on, the turns that show it are not left out.

        Raises MessageError if the conversation does not show it, UnknownConversation.
        """
        messages = self.store.messages(conversation_id)
        if not any(image.sha256 == sha256 for message in messages for image in message.images):
            raise MessageError("Only a picture that this conversation shows can be pinned. Send it first.")
        self.store.pins.add(conversation_id, sha256)

    def unpin(self, conversation_id: str, sha256: str) -> None:
        """Let a picture's turns be left out again when they no longer fit. Raises UnknownConversation."""
        self.store.pins.remove(conversation_id, sha256)

    def pins(self, conversation_id: str) -> frozenset[str]:
        """The sha256 of each pinned picture."""
        return self.store.pins.of(conversation_id)

    def reply(self, conversation_id: str) -> Reply | None:
        """The reply under way in a conversation, if there is one."""
        with self._changed:
            generation = self._busy.get(conversation_id)
        return generation.reply if generation else None

    def stop(self, conversation_id: str) -> bool:
        """Ask the reply under way to stop, keeping what it has said; True if there was one."""
        reply = self.reply(conversation_id)
        if reply is None:
            return False
        reply.stop()
        return True

    def delete(self, conversation_id: str) -> None:
        """Delete a conversation, once the reply under way in it has been stopped.

        Raises UnknownConversation, BusyError if a message is being stored at this moment.
        """
        if reply := self.reply(conversation_id):
            reply.stop()
            reply.wait()
        with self._claim(conversation_id):
            self.store.delete_conversation(conversation_id)
            self._unsaved.pop(conversation_id, None)
            self._release(conversation_id)

    def settle(self) -> None:
        """Wait until the replies under way have ended, and the engine has put away what it keeps of them."""
        with self._changed:
            working = list(self._working)
        for generation in working:
            generation.wait_put_away()

    def close(self) -> None:
        """Stop all replies and wait until they are stored as far as they got. Store and engine stay open."""
        with self._changed:
            self._closed = True
            running = [generation.reply for generation in self._busy.values() if generation]
        self.finder.close()
        for reply in running:
            reply.stop()
        for reply in running:
            reply.wait()
        self.settle()
        with self._changed:
            self._changed.wait_for(lambda: not self._busy)
            unsaved = list(self._unsaved.values())
            self._unsaved.clear()
        for generation in unsaved:
            # What fails again is recovered, as far as it was flushed, when the store is next opened.
            with suppress(StoreError):
                generation.save()

    def _ask(
        self,
        conversation: Conversation,
        text: str,
        images: Sequence[ImageSource],
        beside: str | None = None,
    ) -> tuple[Message, Reply]:
        """Check and store a message, after the last or `beside` another, and begin the reply to it."""
        seen = self.engine.limits.images
        pictures = read_pictures(images, at_most=seen, allow_urls=self.allow_urls)
        if not pictures and not text.strip():
            raise MessageError("The message is empty: write something or add a picture.")
        draft = [part.image if isinstance(part, NewPicture) else part for part in pictures]
        voice = speak(self.store, self.engine, conversation.persona, self._sampling)
        room = reply_tokens(self.engine, voice.sampling)
        check_fits(self.store, self.engine, room, conversation.id, voice.prefix, user(text, draft), beside)
        self._check_not_answered_elsewhere(conversation.id)
        begin = partial(
            self.store.begin_turn,
            conversation.id,
            engine=self.engine.name,
            fingerprint=self.engine.fingerprint,
            sampling=asdict(voice.sampling),
            facts=voice.facts,
            beside=beside,
        )
        message, turn = ask(begin, text, pictures, self.store.images)
        heard = hear(self.store.facts, text, conversation.persona, turn.user_message_id)
        return message, self._start(turn, voice, heard)

    def _answer(
        self,
        conversation: Conversation,
        asked: Entry,
        *,
        beside: Entry | None = None,
        continues: bool = False,
        sampling: Sampling | None = None,
    ) -> Reply:
        """Begin a reply to the last message: the first, or another `beside` the last one, or on from it."""
        voice = speak(self.store, self.engine, conversation.persona, self._sampling)
        voice = replace(voice, sampling=sampling or voice.sampling)
        opening = beside.message.text if beside and continues else ""
        room, told = reply_tokens(self.engine, voice.sampling, opening), voice.prefix
        check_fits(self.store, self.engine, room, conversation.id, told, asked.message, asked.message_id)
        self._check_not_answered_elsewhere(conversation.id)
        turn = self.store.begin_answer(
            conversation.id,
            engine=self.engine.name,
            fingerprint=self.engine.fingerprint,
            sampling=asdict(voice.sampling),
            facts=voice.facts,
            beside=beside.message_id if beside else None,
            continues=continues,
        )
        return self._start(turn, voice)

    def _entry(self, conversation_id: str, message_id: str) -> Entry:
        """A message of the branch that is shown. Raises MessageError."""
        for entry in self.store.history(conversation_id):
            if entry.message_id == message_id:
                return entry
        raise MessageError(f"There is no message {message_id!r} in this conversation as it is shown now.")

    def _last_reply(self, conversation_id: str) -> tuple[Entry, Entry]:
        """The person's last message and the reply to it. Raises MessageError if they are not the end."""
        end = self.store.history(conversation_id)[-2:]
        if [entry.message.role for entry in end] != ["user", "assistant"]:
            raise MessageError("The last word is no reply. Write a message, or have the last one answered.")
        return end[0], end[1]

    @contextmanager
    def _ready(self, conversation_id: str) -> Iterator[Conversation]:
        """Claim a conversation, with all that was said in it in the store."""
        with self._claim(conversation_id):
            conversation = self.store.conversation(conversation_id)
            self._save_last(conversation_id)
            yield conversation

    @contextmanager
    def _claim(self, conversation_id: str) -> Iterator[None]:
        """Hold a conversation against other messages; kept after the block, released if it raises."""
        with self._changed:
            if self._closed:
                raise EngineError("This chat has been closed; open it again to go on.")
            if conversation_id in self._busy:
                raise BusyError("The last reply is still being written; wait for it or stop it.")
            if len(self._busy) >= self.engine.parallel + WAITING:
                raise BusyError(
                    f"{len(self._busy)} other conversations are being answered or wait for it; "
                    "send your message again in a moment."
                )
            self._busy[conversation_id] = None
        try:
            yield
        except BaseException:
            # An interrupt may strike after the start; then the reply's own end releases.
            if self.reply(conversation_id) is None:
                self._release(conversation_id)
            raise

    def _release(self, conversation_id: str, *, saved: bool = True) -> None:
        """Let a conversation take messages again."""
        with self._changed:
            generation = self._busy.pop(conversation_id, None)
            if generation and not saved:
                self._unsaved[conversation_id] = generation
            self._changed.notify_all()
        self.finder.wake()

    def _save_last(self, conversation_id: str) -> None:
        """Save the reply before, if the store did not take it at its end. Raises StoreError."""
        if unsaved := self._unsaved.get(conversation_id):
            unsaved.save()
            self._unsaved.pop(conversation_id, None)

    def _check_not_answered_elsewhere(self, conversation_id: str) -> None:
        """Raise BusyError if another living process is writing a reply here.

        The store would refuse the turn too, but only after the pictures had been stored.
        """
        if self.store.is_answering(conversation_id):
            self.store.recover()
            if self.store.is_answering(conversation_id):
                raise BusyError("Another program is writing a reply here; wait for it, or stop it there.")

    def _start(self, turn: Turn, voice: Voice, heard: Heard = Heard()) -> Reply:  # noqa: B008 - frozen
        """Have a stored turn answered; the claim on its conversation lasts until the reply has ended."""
        generation = Generation(
            self.store,
            self.engine,
            turn,
            voice.sampling,
            prefix=voice.prefix,
            heard=heard,
            on_end=lambda saved: self._release(turn.conversation_id, saved=saved),
        )
        with self._changed:
            self._busy[turn.conversation_id] = generation
            self._working.add(generation)
            closed = self._closed
        generation.start()
        if closed:
            generation.reply.stop()
        return generation.reply

    def _name(self, conversation_id: str, title: str) -> None:
        try:
            self.store.rename_conversation(conversation_id, title)
        except StoreError:
            # The message is accepted and being answered; a missing title is no reason to say otherwise.
            log.warning("The conversation could not be given a title.", exc_info=True)
