"""The dialogue manager: every conversation of one store, spoken with one engine."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from threading import Condition
from weakref import WeakSet

from chat.context import fit
from chat.engines.base import Engine, Sampling
from chat.errors import BusyError, ConfigError, EngineError, MessageError, StoreError
from chat.generation import Generation
from chat.pictures import ImageSource, NewPicture, read_pictures, store_pictures
from chat.reply import Reply
from memory import Conversation, Store, Turn
from prompts import Message, personas, system, user

__all__ = ["DialogueManager", "ImageSource", "Reply"]

log = logging.getLogger(__name__)

MAX_CHARACTERS = 100_000
"""The longest text one message may have."""

WAITING = 64
"""Replies that may wait for an engine that is busy with others."""

TITLE_CHARACTERS = 48
"""The longest title made from a message."""


class DialogueManager:
    """Sends messages, and has them answered; safe to use from many threads.

    Conversations are independent of each other, but within one a message waits for the
    reply before it: what comes too early is refused with BusyError. Of different
    conversations, as many replies are made at once as the engine serves; others wait in
    line, and when WAITING of them do, BusyError says so.

    `sampling` None takes each conversation's persona's temperature, and Sampling's
    defaults for the rest. Raises ConfigError for a sampling the engine cannot serve.
    """

    def __init__(self, store: Store, engine: Engine, *, sampling: Sampling | None = None) -> None:
        room, max_tokens = engine.limits.context_tokens, (sampling or Sampling()).max_tokens
        if not 1 <= max_tokens < room:
            raise ConfigError(
                f"max_tokens is {max_tokens}: this model holds {room} tokens of prompt and reply "
                "together; choose a number from 1 to well below that."
            )
        self.store = store
        self.engine = engine
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

    def create(self, title: str = "", persona: str = "plain") -> Conversation:
        """Begin a conversation; without a title it takes one from its first message.

        Raises PromptError, naming those there are, for an unknown persona.
        """
        personas.load(persona)
        return self.store.create_conversation(title, persona)

    def send(self, conversation_id: str, text: str, images: Sequence[ImageSource] = ()) -> Reply:
        """Store a message and have it answered; the message is on disk when this returns.

        `images` takes paths, bytes, PIL images and pictures stored already; they stand
        before the text. Everything is checked first, and a refused message leaves no trace.

        Raises MessageError (nothing in it, too long, too many pictures), ImageError,
        UnknownConversation, BusyError (the conversation's last reply is still under way,
        here or in another process, or too many others wait), StoreError, and EngineError
        after `close`.
        """
        check_text(text)
        with self._claim(conversation_id):
            conversation = self.store.conversation(conversation_id)
            self._save_last(conversation_id)
            pictures = read_pictures(images)
            if not pictures and not text.strip():
                raise MessageError("The message is empty: write something or add a picture.")
            draft = [part.image if isinstance(part, NewPicture) else part for part in pictures]
            prefix, sampling = self._voice(conversation)
            self._check_fits(prefix, user(text, draft), sampling)
            self._check_not_answered_elsewhere(conversation_id)
            message = user(text, store_pictures(pictures, self.store.images))
            turn = self.store.begin_turn(
                conversation_id,
                message,
                engine=self.engine.name,
                fingerprint=self.engine.fingerprint,
                sampling=asdict(sampling),
            )
            reply = self._start(turn, prefix, sampling)
        if not conversation.title:
            self._name(conversation_id, make_title(message))
        return reply

    def answer(self, conversation_id: str) -> Reply:
        """Have the last message answered that has no reply: after a crash, an error, a stop without text.

        Raises MessageError if the last message is not the person's, or is too long for
        this engine; otherwise as `send`.
        """
        with self._claim(conversation_id):
            conversation = self.store.conversation(conversation_id)
            self._save_last(conversation_id)
            messages = self.store.messages(conversation_id)
            if not messages or messages[-1].role != "user":
                raise MessageError("There is nothing to answer: the last word is not yours. Write a message.")
            prefix, sampling = self._voice(conversation)
            self._check_fits(prefix, messages[-1], sampling)
            self._check_not_answered_elsewhere(conversation_id)
            turn = self.store.begin_answer(
                conversation_id,
                engine=self.engine.name,
                fingerprint=self.engine.fingerprint,
                sampling=asdict(sampling),
            )
            return self._start(turn, prefix, sampling)

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

    def _save_last(self, conversation_id: str) -> None:
        """Save the reply before, if the store did not take it at its end. Raises StoreError."""
        if unsaved := self._unsaved.get(conversation_id):
            unsaved.save()
            self._unsaved.pop(conversation_id, None)

    def _check_not_answered_elsewhere(self, conversation_id: str) -> None:
        """Raise BusyError if another living process is writing a reply here.

        The store would refuse the turn too, but only after the pictures had been stored.
        """
        if self._is_running(conversation_id):
            self.store.recover()
            if self._is_running(conversation_id):
                raise BusyError("Another program is writing a reply here; wait for it, or stop it there.")

    def _is_running(self, conversation_id: str) -> bool:
        return any(turn.status == "running" for turn in self.store.turns(conversation_id))

    def _start(self, turn: Turn, prefix: tuple[Message, ...], sampling: Sampling) -> Reply:
        """Have a stored turn answered; the claim on its conversation lasts until the reply has ended."""
        generation = Generation(
            self.store,
            self.engine,
            turn,
            sampling,
            prefix=prefix,
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

    def _voice(self, conversation: Conversation) -> tuple[tuple[Message, ...], Sampling]:
        """What the persona makes of the model: its system message, if any, and the sampling."""
        persona = personas.load(conversation.persona)
        prefix = (system(persona.system),) if persona.system else ()
        return prefix, self._sampling or Sampling(temperature=persona.temperature)

    def _check_fits(self, prefix: tuple[Message, ...], message: Message, sampling: Sampling) -> None:
        """Raise MessageError if the message would not fit even with the whole history left out."""
        fit((*prefix, message), self.engine.count, self.engine.limits, sampling.max_tokens)

    def _name(self, conversation_id: str, title: str) -> None:
        try:
            self.store.rename_conversation(conversation_id, title)
        except StoreError:
            # The message is accepted and being answered; a missing title is no reason to say otherwise.
            log.warning("The conversation could not be given a title.", exc_info=True)


def check_text(text: str) -> None:
    """Raise MessageError for a text that is too long, or that cannot be stored."""
    if len(text) > MAX_CHARACTERS:
        raise MessageError(
            f"The message has {len(text):,} characters; at most {MAX_CHARACTERS:,} can be sent at once. "
            "Shorten it or send it in several messages."
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise MessageError(
            f"Character {error.start + 1} of the message is half a character (a lone surrogate); "
            "paste the text anew."
        ) from error


def make_title(message: Message) -> str:
    """The first words of a message on one line, or "Picture" if it has none."""
    title = " ".join(message.text.split())
    if not title:
        return "Picture"
    if len(title) <= TITLE_CHARACTERS:
        return title
    head = title[:TITLE_CHARACTERS]
    words, _, _ = head.rpartition(" ")
    return f"{words or head[:-1]}…"
