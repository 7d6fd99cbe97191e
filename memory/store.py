"""The store: everything that was said, behind one door."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from memory import conversations, history, schema, search, tree, turns
from memory.db import Connections
from memory.embeddings import EmbeddingStore
from memory.errors import StoreError
from memory.facts import FactStore
from memory.images import ImageStore
from memory.labels import LabelStore
from memory.pins import PinStore
from memory.records import Conversation, Entry, Turn
from memory.search import Filters, Hit
from memory.snapshots import SnapshotStore
from memory.turns import Ending, Provenance
from memory.writer import Writer
from prompts import Message


class Store:
    """Conversations, messages, pictures, turns and snapshots of one owner in one database.

    May be used from many threads, and the same database by many processes. Open one with
    `Store.open`; it is a context manager that closes itself.
    """

    def __init__(
        self,
        connections: Connections,
        images: ImageStore,
        snapshots: SnapshotStore,
        writer: Writer,
        owner: str,
        temporary: Path | None = None,
    ) -> None:
        self.path = connections.path
        self.images = images
        self.snapshots = snapshots
        self.pins = PinStore(connections, owner)
        self.facts = FactStore(connections, owner)
        self.embeddings = EmbeddingStore(connections, owner)
        self.labels = LabelStore(connections, owner)
        self.owner = owner
        self._connections = connections
        self._writer = writer
        # Also when nobody closes it: at the latest when the interpreter ends.
        self._remove_temporary = (
            weakref.finalize(self, shutil.rmtree, temporary, ignore_errors=True) if temporary else None
        )

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, owner: str = "local") -> Store:
        """Open the database at `path`, creating it and its folder if need be, and recover lost turns.

        ":memory:" is a private temporary folder that `close` removes. Raises StoreError if the
        file is not a database, is another program's or a newer version's, or cannot be written;
        it is then left as it was.
        """
        temporary = None
        if os.fspath(path) == ":memory:":
            temporary = Path(tempfile.mkdtemp(prefix="visavis-"))
            path = temporary / "visavis.db"
        path = _absolute(Path(path))
        connections = Connections(path)
        try:
            schema.prepare(connections)
            # Beside the file, under its name: "chats.db" has "chats.pictures", "chats.writers", …
            stem = path.name.removesuffix(".db")
            images = ImageStore(connections, path.with_name(f"{stem}.pictures"))
            snapshots = SnapshotStore(connections, path.with_name(f"{stem}.snapshots"))
            writer = Writer(path.with_name(f"{stem}.writers"))
            store = cls(connections, images, snapshots, writer, owner, temporary)
            writer.sweep()
            store.recover()
        except BaseException:
            connections.close()
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)
            raise
        return store

    @property
    def connections(self) -> Connections:
        """The way to the database itself, for those modules of `memory` that work on whole tables."""
        return self._connections

    def close(self) -> None:
        """Close the database. Turns this store left running are interrupted; closing twice does nothing."""
        self._connections.close()
        self._writer.release()
        if self._remove_temporary is not None:
            self._remove_temporary()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- conversations --------------------------------------------------------------------------

    def create_conversation(self, title: str = "", persona: str = "plain") -> Conversation:
        """Start a conversation without messages."""
        with self._connections.immediate() as database:
            return conversations.create(database, self.owner, title, persona)

    def conversations(
        self, *, archived: bool = False, tag: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[Conversation]:
        """The conversations, or those put away: pinned ones first, then the most recently updated.

        All of them, or `limit` after the first `offset`; only those with a tag, if one is given.
        """
        with self._connections.snapshot() as database:
            return conversations.listed(
                database, self.owner, archived=archived, tag=tag, limit=limit, offset=offset
            )

    def conversation(self, conversation_id: str) -> Conversation:
        """One conversation. Raises UnknownConversation."""
        with self._connections.snapshot() as database:
            return conversations.get(database, self.owner, conversation_id)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; its place in the list stays. Raises UnknownConversation."""
        with self._connections.immediate() as database:
            conversations.rename(database, self.owner, conversation_id, title)

    def organise_conversation(
        self,
        conversation_id: str,
        *,
        pinned: bool | None = None,
        archived: bool | None = None,
        notes: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> Conversation:
        """Pin it, put it away, write notes about it, give it tags in place of those it had.

        What is None stays. Case and spare blanks in tags do not count. Raises UnknownConversation,
        and StoreError for a tag that is empty or longer than 64 characters.
        """
        with self._connections.immediate() as database:
            return conversations.organise(
                database,
                self.owner,
                conversation_id,
                pinned=pinned,
                archived=archived,
                notes=notes,
                tags=tags,
            )

    def tags(self) -> dict[str, int]:
        """Every tag in use and how many conversations have it, in the order of the alphabet."""
        with self._connections.snapshot() as database:
            return conversations.tags(database, self.owner)

    def switch_branch(self, conversation_id: str, message_id: str) -> Conversation:
        """Show the branch through a message, such as one of the siblings in the history, to its newest end.

        Raises UnknownConversation, and StoreError if the message is none of this conversation's,
        or a reply is being written in it.
        """
        with self._connections.immediate() as database:
            self._free_tip(database, conversation_id)
            return conversations.switch(database, self.owner, conversation_id, message_id)

    def fork_conversation(self, conversation_id: str, message_id: str) -> Conversation:
        """A new conversation that shares this one's messages up to one of them; nothing is copied.

        Raises UnknownConversation, and StoreError if the message is none of this conversation's.
        """
        with self._connections.immediate() as database:
            return conversations.fork(database, self.owner, conversation_id, message_id)

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation with those of its messages, pictures and snapshots that no other one has.

        A turn still running in it can then neither be flushed nor finished (StoreError).
        Raises UnknownConversation.
        """
        with self._connections.immediate() as database:
            pictures = conversations.delete(database, self.owner, conversation_id)
            unused = self.images.forget_unused(database, pictures)
            unused_parts = self.snapshots.forget_unused(database)
        self.images.remove_files(unused)
        self.snapshots.remove_files(unused_parts)

    # ---- finding --------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        conversation_id: str | None = None,
        has_picture: bool | None = None,
        persona: str | None = None,
        engine: str | None = None,
        limit: int = 20,
    ) -> list[Hit]:
        """Messages with all words of a query in them, the best ones first, `limit` at most.

        Any text will do as a query; what stands in double quotes is searched for as a phrase. What
        else has to be true of a message is told at `Filters`. Raises UnknownConversation.
        """
        filters = Filters(since, until, conversation_id, has_picture, persona, engine)
        with self._connections.snapshot() as database:
            return search.find(database, self.owner, query, filters, limit)

    # ---- history --------------------------------------------------------------------------------

    def messages(self, conversation_id: str) -> list[Message]:
        """What was said, from the first message to the newest. Raises UnknownConversation."""
        with self._connections.snapshot() as database:
            conversation = conversations.get(database, self.owner, conversation_id)
            return [node.message for node in tree.branch(database, self.owner, conversation.tip)]

    def history(self, conversation_id: str) -> list[Entry]:
        """What was said, with when, its siblings, and the turns that made the replies.

        Raises UnknownConversation.
        """
        with self._connections.snapshot() as database:
            conversation = conversations.get(database, self.owner, conversation_id)
            return history.of_branch(database, self.owner, conversation)

    # ---- turns ----------------------------------------------------------------------------------

    def begin_turn(
        self,
        conversation_id: str,
        message: Message,
        *,
        engine: str,
        fingerprint: str,
        sampling: Mapping[str, object],
        facts: Sequence[str] = (),
        beside: str | None = None,
    ) -> Turn:
        """Store the user's message and open the turn that will answer it; on disk when this returns.

        It follows the tip, or stands beside another of the user's messages, whose edit it is.
        `facts` are the ids of those that the prompt tells.
        Raises UnknownConversation, ImageError for a picture that is not stored, and StoreError if
        a reply is still being written in this conversation, here or in another process, or there is
        no message of the user's to stand beside. A turn whose process is gone is recovered first.
        """
        if message.role != "user":
            raise StoreError(f"A turn begins with a user's message, not one by {message.role}.")
        provenance = Provenance(engine, fingerprint, sampling, facts)
        writer_id = self._hold_writer()
        with self._connections.immediate() as database:
            parent = self._free_tip(database, conversation_id)
            if beside is not None:
                parent = conversations.asked_after(database, self.owner, conversation_id, beside)
            user_message_id = tree.append(database, self.owner, parent, message)
            return turns.begin(
                database, self.owner, writer_id, (conversation_id, user_message_id), provenance
            )

    def begin_answer(
        self,
        conversation_id: str,
        *,
        engine: str,
        fingerprint: str,
        sampling: Mapping[str, object],
        facts: Sequence[str] = (),
        beside: str | None = None,
        continues: bool = False,
    ) -> Turn:
        """Open another turn on the user's message that is the tip, such as after an error.

        Or, with the tip's id as `beside`, on the one that this reply answered: the turn makes it
        again, or, if it `continues` it, begins with its text. Raises UnknownConversation, and
        StoreError if the newest message is not the one or the other, or a reply is being written.
        """
        provenance = Provenance(engine, fingerprint, sampling, facts)
        writer_id = self._hold_writer()
        with self._connections.immediate() as database:
            tip = self._free_tip(database, conversation_id)
            asked, reply = turns.answerable(database, self.owner, tip, beside)
            place = (conversation_id, asked)
            half = reply if continues else None
            return turns.begin(database, self.owner, writer_id, place, provenance, half)

    def flush_turn(self, turn_id: str, text: str) -> None:
        """Keep the reply as far as it has come. Raises StoreError unless the turn is running."""
        with self._connections.immediate() as database:
            turns.flush(database, self.owner, turn_id, text)

    def finish_turn(
        self,
        turn_id: str,
        text: str,
        *,
        reason: str,
        usage: Mapping[str, object],
        timings: Mapping[str, object],
        dropped: Sequence[str] = (),
        error: str | None = None,
    ) -> Turn:
        """Close a turn; its whole text, unless empty, becomes the reply and the conversation's tip.

        `timings` are seconds. Raises StoreError unless the turn is running.
        """
        ending = Ending(text, reason, usage, timings, dropped, error)
        with self._connections.immediate() as database:
            return turns.finish(database, self.owner, turn_id, ending)

    def turns(self, conversation_id: str) -> list[Turn]:
        """The turns of a conversation, in the order they began. Raises UnknownConversation."""
        with self._connections.snapshot() as database:
            conversations.get(database, self.owner, conversation_id)
            return turns.listed(database, self.owner, conversation_id)

    def is_answering(self, conversation_id: str) -> bool:
        """Whether a turn is running in a conversation, be its process alive or gone. Raises
        UnknownConversation."""
        with self._connections.snapshot() as database:
            conversations.get(database, self.owner, conversation_id)
            return turns.writing_process(database, conversation_id) is not None

    def recover(self) -> list[Turn]:
        """Close the turns whose process is gone: the text they had becomes the reply, "interrupted".

        `Store.open` calls it. Returns the turns it closed.
        """
        with self._connections.immediate() as database:
            return turns.recover(database, self.owner, self._writer)

    # ---- health ---------------------------------------------------------------------------------

    def verify(self) -> list[str]:
        """Check the whole database, every owner's: what is wrong, in words; nothing if it is sound.

        Derives every message's id again and reads every picture's file.
        """
        found: list[str] = []
        try:
            with self._connections.snapshot() as database:
                for (answer,) in database.execute("PRAGMA integrity_check"):
                    if answer != "ok":
                        found.append(f"The file is damaged: {answer}.")
                for table, row, parent, _ in database.execute("PRAGMA foreign_key_check"):
                    found.append(f"Row {row} of {table} refers to something in {parent} that is not there.")
                found += tree.problems(database)
                found += search.problems(database)
                found += self.images.problems(database)
        except StoreError as error:
            if not isinstance(error.__cause__, sqlite3.Error):
                raise
            found.append(str(error))
        return found

    # ---- inside ---------------------------------------------------------------------------------

    def _hold_writer(self) -> str:
        self._connections.database()  # so that a closed store says so before anything is locked
        return self._writer.hold()

    def _free_tip(self, database: Database, conversation_id: str) -> str | None:
        """The tip of a conversation in which no reply is under way."""
        conversations.get(database, self.owner, conversation_id)
        turns.recover(database, self.owner, self._writer, conversation_id)
        turns.refuse_running(database, conversation_id)
        return conversations.get(database, self.owner, conversation_id).tip


def _absolute(path: Path) -> Path:
    """The real path of the database, its folder created. Raises StoreError if neither can be."""
    try:
        path = path.expanduser().resolve()
        if path.is_dir():
            raise StoreError(
                f"{path} is a folder. Give the path of the database file, such as {path / 'visavis.db'}."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(
            f"The folder of the database {path} cannot be created ({error}). Choose another place for it."
        ) from error
    return path
