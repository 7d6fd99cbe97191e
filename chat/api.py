"""The Python API: one conversation as an object."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from chat.config import default_database
from chat.conversation import DialogueManager
from chat.engines import load
from chat.engines.base import Engine, Sampling
from chat.errors import MessageError
from chat.finding import MOST
from chat.pictures import ImageSource
from chat.reply import Reply
from memory import EVERY_PERSONA, Conversation, Entry, Fact, FoundPicture, Hit, Store
from prompts import Message


class Chat:
    """A conversation with a model that sees, kept in a database.

        chat = Chat()
        reply = chat.send("What is in this picture?", images=["scene.png"])
        for delta in reply:
            print(delta.text, end="")

    `model` is "builtin", "echo", the folder of a checkpoint, or an Engine; a named model is
    loaded once a process, however many chats use it. `database` is a path, ":memory:" for
    one that is gone on `close`, or None for the person's own. `device` is "auto", "cpu" or
    "cuda", `dtype` "auto", "float32", "bfloat16", "int8" or "int4", `threads` a number of CPU threads.
    `sampling` None takes the persona's. `allow_urls` lets `send` take pictures by their
    address on the web; nothing is ever fetched otherwise.

    `Chat(…)` begins a conversation and `Chat.resume` goes on with one. Close it, or use
    it in a `with` block: that stops a reply under way and keeps what it has said.

    Raises ConfigError for a setting that cannot be, PromptError for an unknown persona,
    StoreError if the database cannot be used, EngineError if the model cannot be loaded.
    """

    def __init__(
        self,
        model: str | Engine = "builtin",
        *,
        database: str | os.PathLike[str] | None = None,
        persona: str = "plain",
        title: str = "",
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        sampling: Sampling | None = None,
        allow_urls: bool = False,
    ) -> None:
        store = _open(database)
        try:
            engine = _engine(model, device, dtype, threads)
            manager = DialogueManager(store, engine, sampling=sampling, allow_urls=allow_urls)
            conversation = manager.create(title, persona)
        except BaseException:
            store.close()
            raise
        self._take_up(manager, conversation.id)

    @classmethod
    def resume(
        cls,
        conversation_id: str,
        *,
        model: str | Engine = "builtin",
        database: str | os.PathLike[str] | None = None,
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        sampling: Sampling | None = None,
        allow_urls: bool = False,
    ) -> Self:
        """Go on with a stored conversation, in the persona it was begun with.

        Raises UnknownConversation if the database holds no such conversation; otherwise as `Chat(…)`.
        """
        store = _open(database)
        try:
            # Asked before the model is loaded, so that a wrong id does not cost seconds.
            conversation = store.conversation(conversation_id)
            engine = _engine(model, device, dtype, threads)
            manager = DialogueManager(store, engine, sampling=sampling, allow_urls=allow_urls)
        except BaseException:
            store.close()
            raise
        chat = cls.__new__(cls)
        chat._take_up(manager, conversation.id)
        return chat

    @classmethod
    def list(cls, database: str | os.PathLike[str] | None = None) -> builtins.list[Conversation]:
        """The conversations of a database, most recently updated first."""
        with _open(database) as store:
            return store.conversations()

    @classmethod
    def search(cls, query: str, database: str | os.PathLike[str] | None = None) -> builtins.list[Hit]:
        """The messages of a database with all words of a query in them, the best ones first."""
        with _open(database) as store:
            return store.search(query)

    def _take_up(self, manager: DialogueManager, conversation_id: str) -> None:
        self._manager = manager
        self._id = conversation_id
        self._sending = Lock()

    def __repr__(self) -> str:
        return f"<Chat {self._id} with {self._manager.engine.name}>"

    @property
    def id(self) -> str:
        """What `Chat.resume` takes."""
        return self._id

    @property
    def messages(self) -> builtins.list[Message]:
        """The conversation as stored, oldest first; a reply appears in it once it has ended."""
        return self._manager.store.messages(self._id)

    @property
    def history(self) -> builtins.list[Entry]:
        """The messages with their ids, when they were said, and what else was said in their place."""
        return self._manager.store.history(self._id)

    def send(self, text: str, images: Sequence[ImageSource] = ()) -> Reply:
        """Send a message and return the reply to it, under way: iterate it, or ask for its `text`.

        `images` takes paths, bytes of picture files, PIL images, pictures of earlier messages,
        and with `allow_urls` addresses that begin with http:// or https://. A PDF gives its
        pages, a video frames spread over it, as many as the model can see at once, with names
        such as "report.pdf, page 3" and "clip.mp4, 0:12". The message is on disk when this
        returns. If the chat's last reply is still being written, this waits for it first.

        Raises MessageError for a message that is empty or too long, ImageError for a
        picture that cannot be used; nothing is stored then.
        """
        with self._after_last():
            return self._manager.send(self._id, text, images)

    def edit(self, message_id: str, text: str, images: Sequence[ImageSource] | None = None) -> Reply:
        """Say one of your messages otherwise and have that answered; `images` None keeps its pictures.

        What was there stays as another branch. Waits and raises as `send` does.
        """
        with self._after_last():
            return self._manager.edit(self._id, message_id, text, images)

    def regenerate(self, *, sampling: Sampling | None = None) -> Reply:
        """Have your last message answered once more; the reply there was stays beside the new one.

        Raises MessageError if the last word is no reply; waits like `send`.
        """
        with self._after_last():
            return self._manager.regenerate(self._id, sampling=sampling)

    def continue_reply(self) -> Reply:
        """Have a reply gone on with that was stopped, interrupted or cut off; its text begins the new one.

        Raises MessageError if the last word is no reply, or a complete one; waits like `send`.
        """
        with self._after_last():
            return self._manager.continue_reply(self._id)

    def switch(self, message_id: str) -> None:
        """Go to the branch through a message, such as one of the `siblings` of an entry in the history.

        Raises StoreError if the message is none of this conversation's; waits like `send`.
        """
        with self._after_last():
            self._manager.switch(self._id, message_id)

    def fork(self, message_id: str) -> Conversation:
        """Another conversation, for `Chat.resume`, that shares this one's messages up to one of them.

        Raises StoreError if the message is none of this conversation's.
        """
        return self._manager.fork(self._id, message_id)

    def pin(self, number: int) -> None:
        """Keep a picture in view however long the conversation grows, by its number: 1 for the first shown.

        Raises MessageError if there is no picture of that number.
        """
        self._manager.pin(self._id, self._picture(number))

    def unpin(self, number: int) -> None:
        """Let a picture be left out again, with its turn, when it no longer fits. Raises as `pin`."""
        self._manager.unpin(self._id, self._picture(number))

    @property
    def pins(self) -> builtins.list[int]:
        """The numbers of the pinned pictures, in order."""
        pins = self._manager.pins(self._id)
        return [number for number, sha256 in enumerate(self._pictures(), 1) if sha256 in pins]

    @property
    def facts(self) -> builtins.list[Fact]:
        """What is remembered beyond this conversation and holds in it, oldest first."""
        store = self._manager.store
        return builtins.list(store.facts.list(store.conversation(self._id).persona))

    def remember(self, text: str, *, persona: str = EVERY_PERSONA) -> Fact:
        """Keep a fact for every conversation, with one persona if it is named; from the next message on.

        A model that follows instructions is told it, the built-in one is not. A message that asks for
        it ("remember that I am colour-blind") does the same, and its reply says so in `remembered`.
        Raises StoreError for a fact that is empty or too long, PromptError for an unknown persona.
        """
        return self._manager.store.facts.add(text, persona=persona)

    def forget(self, fact_id: str) -> None:
        """Delete a fact, by the `id` that `facts` and `Reply.remembered` give. Raises StoreError."""
        self._manager.store.facts.delete(fact_id)

    def find_pictures(self, text: str, limit: int = MOST) -> builtins.list[FoundPicture]:
        """The pictures of all conversations that a text describes, the best ones first.

        They can be found a moment after they were shown. Raises EngineError for a model that cannot
        search pictures.
        """
        return self._manager.finder.find_pictures(text, limit)

    def pictures_like(self, picture: int | str, limit: int = MOST) -> builtins.list[FoundPicture]:
        """The pictures of all conversations most like one of this one's, by its number, or of any, by its
        sha256.

        Raises MessageError if there is no picture of that number, ImageError for one that is not stored,
        EngineError as `find_pictures`.
        """
        sha256 = self._picture(picture) if isinstance(picture, int) else picture
        return self._manager.finder.pictures_like(sha256, limit)

    def _pictures(self) -> builtins.list[str]:
        """The sha256 of each picture, in the order of their numbers."""
        return [image.sha256 for message in self.messages for image in message.images]

    def _picture(self, number: int) -> str:
        pictures = self._pictures()
        if not 1 <= number <= len(pictures):
            raise MessageError(
                f"There is no picture #{number} in this conversation, which shows {len(pictures)}; "
                "they are numbered from 1."
            )
        return pictures[number - 1]

    @contextmanager
    def _after_last(self) -> Iterator[None]:
        """One call at a time, each once the reply before has ended."""
        with self._sending:
            if reply := self._manager.reply(self._id):
                reply.wait()
            yield

    def close(self) -> None:
        """Stop the reply under way, keeping what it has said, and close the database.

        The model stays loaded for other chats; an Engine that was passed in stays open.
        """
        self._manager.close()
        self._manager.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _open(database: str | os.PathLike[str] | None) -> Store:
    return Store.open(default_database() if database is None else _expand(database))


def _expand(database: str | os.PathLike[str]) -> str | Path:
    """The path with `~` resolved, which a script has no shell to do for."""
    return database if database == ":memory:" else Path(database).expanduser()


def _engine(model: str | Engine, device: str, dtype: str, threads: int | None) -> Engine:
    if isinstance(model, str):
        return load(model, device=device, dtype=dtype, threads=threads)
    return model
