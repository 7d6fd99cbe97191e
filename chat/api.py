"""The Python API: one conversation as an object."""

from __future__ import annotations

import builtins
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from chat.config import default_database
from chat.conversation import DialogueManager
from chat.engines import load
from chat.engines.base import Engine, Sampling
from chat.pictures import ImageSource
from chat.reply import Reply
from memory import Conversation, Store
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
    "cuda", `dtype` "auto", "float32" or "bfloat16", `threads` a number of CPU threads.
    `sampling` None takes the persona's.

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
    ) -> None:
        store = _open(database)
        try:
            engine = _engine(model, device, dtype, threads)
            manager = DialogueManager(store, engine, sampling=sampling)
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
    ) -> Self:
        """Go on with a stored conversation, in the persona it was begun with.

        Raises UnknownConversation if the database holds no such conversation; otherwise as `Chat(…)`.
        """
        store = _open(database)
        try:
            # Asked before the model is loaded, so that a wrong id does not cost seconds.
            conversation = store.conversation(conversation_id)
            engine = _engine(model, device, dtype, threads)
            manager = DialogueManager(store, engine, sampling=sampling)
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

    def send(self, text: str, images: Sequence[ImageSource] = ()) -> Reply:
        """Send a message and return the reply to it, under way: iterate it, or ask for its `text`.

        `images` takes paths, bytes of picture files, PIL images, and pictures of earlier
        messages. The message is on disk when this returns. If the chat's last reply is
        still being written, this waits for it first.

        Raises MessageError for a message that is empty or too long, ImageError for a
        picture that cannot be used; nothing is stored then.
        """
        with self._sending:
            if reply := self._manager.reply(self._id):
                reply.wait()
            return self._manager.send(self._id, text, images)

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
