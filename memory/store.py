"""The store: everything that was said, behind one door."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlite_utils import Database

from memory import schema, tree, turns
from memory.db import Connections
from memory.errors import StoreError, UnknownConversation
from memory.images import ImageStore
from memory.records import Conversation, Entry, Turn, now, storable_text
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
        identity, moment = uuid.uuid4().hex, now()
        with self._connections.immediate() as database:
            database.execute(
                "INSERT INTO conversations (id, owner, title, persona, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (identity, self.owner, storable_text(title), persona, moment, moment),
            )
            return self._conversation(database, identity)

    def conversations(self) -> list[Conversation]:
        """All conversations, most recently updated first."""
        with self._connections.snapshot() as database:
            rows = database.query(
                "SELECT * FROM conversations WHERE owner = ? ORDER BY updated_at DESC, rowid DESC",
                (self.owner,),
            )
            return [Conversation.from_row(row) for row in rows]

    def conversation(self, conversation_id: str) -> Conversation:
        """One conversation. Raises UnknownConversation."""
        with self._connections.snapshot() as database:
            return self._conversation(database, conversation_id)

    def rename_conversation(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title; its place in the list stays. Raises UnknownConversation."""
        with self._connections.immediate() as database:
            self._conversation(database, conversation_id)
            database.execute(
                "UPDATE conversations SET title = ? WHERE id = ?", (storable_text(title), conversation_id)
            )

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete a conversation with those of its messages, pictures and snapshots that no other one has.

        A turn still running in it can then neither be flushed nor finished (StoreError).
        Raises UnknownConversation.
        """
        with self._connections.immediate() as database:
            conversation = self._conversation(database, conversation_id)
            ends = {conversation.tip}
            for turn in turns.listed(database, self.owner, conversation_id):
                ends |= {turn.user_message_id, turn.reply_message_id}
            database.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))
            pictures = tree.prune(database, self.owner, [end for end in ends if end is not None])
            unused = self.images.forget_unused(database, pictures)
            unused_parts = self.snapshots.forget_unused(database)
        self.images.remove_files(unused)
        self.snapshots.remove_files(unused_parts)

    # ---- history --------------------------------------------------------------------------------

    def messages(self, conversation_id: str) -> list[Message]:
        """What was said, from the first message to the newest. Raises UnknownConversation."""
        with self._connections.snapshot() as database:
            conversation = self._conversation(database, conversation_id)
            return [node.message for node in tree.branch(database, self.owner, conversation.tip)]

    def history(self, conversation_id: str) -> list[Entry]:
        """What was said, with when, and with the turns that made the replies. Raises UnknownConversation."""
        with self._connections.snapshot() as database:
            conversation = self._conversation(database, conversation_id)
            nodes = tree.branch(database, self.owner, conversation.tip)
            of_messages = turns.of_messages(
                database, self.owner, conversation_id, [node.id for node in nodes]
            )
        return [_entry(node, of_messages.get(node.id, [])) for node in nodes]

    # ---- turns ----------------------------------------------------------------------------------

    def begin_turn(
        self,
        conversation_id: str,
        message: Message,
        *,
        engine: str,
        fingerprint: str,
        sampling: Mapping[str, object],
    ) -> Turn:
        """Store the user's message and open the turn that will answer it; on disk when this returns.

        Raises UnknownConversation, ImageError for a picture that is not stored, and StoreError if
        a reply is still being written in this conversation, here or in another process. A turn
        whose process is gone is recovered first.
        """
        if message.role != "user":
            raise StoreError(f"A turn begins with a user's message, not one by {message.role}.")
        provenance = Provenance(engine, fingerprint, sampling)
        writer_id = self._hold_writer()
        with self._connections.immediate() as database:
            tip = self._free_tip(database, conversation_id)
            user_message_id = tree.append(database, self.owner, tip, message)
            return turns.begin(
                database, self.owner, writer_id, (conversation_id, user_message_id), provenance
            )

    def begin_answer(
        self, conversation_id: str, *, engine: str, fingerprint: str, sampling: Mapping[str, object]
    ) -> Turn:
        """Open another turn on the user's message that is the tip, such as after an error.

        Raises UnknownConversation, and StoreError if the newest message is not a user's or a
        reply to it is still being written.
        """
        provenance = Provenance(engine, fingerprint, sampling)
        writer_id = self._hold_writer()
        with self._connections.immediate() as database:
            tip = self._free_tip(database, conversation_id)
            if tip is None or tree.role(database, self.owner, tip) != "user":
                raise StoreError("There is nothing to answer: the newest message is not a user's. Send one.")
            return turns.begin(database, self.owner, writer_id, (conversation_id, tip), provenance)

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
            self._conversation(database, conversation_id)
            return turns.listed(database, self.owner, conversation_id)

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
                found += self.images.problems(database)
        except StoreError as error:
            if not isinstance(error.__cause__, sqlite3.Error):
                raise
            found.append(str(error))
        return found

    # ---- inside ---------------------------------------------------------------------------------

    def _conversation(self, database: Database, conversation_id: str) -> Conversation:
        query = "SELECT * FROM conversations WHERE owner = ? AND id = ?"
        for row in list(database.query(query, (self.owner, conversation_id))):
            return Conversation.from_row(row)
        raise UnknownConversation(
            f"There is no conversation {conversation_id!r}. It may have been deleted, or be in another "
            "database."
        )

    def _hold_writer(self) -> str:
        self._connections.database()  # so that a closed store says so before anything is locked
        return self._writer.hold()

    def _free_tip(self, database: Database, conversation_id: str) -> str | None:
        """The tip of a conversation in which no reply is under way."""
        self._conversation(database, conversation_id)
        turns.recover(database, self.owner, self._writer, conversation_id)
        turns.refuse_running(database, conversation_id)
        return self._conversation(database, conversation_id).tip


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


def _entry(node: tree.Node, of_message: Sequence[Turn]) -> Entry:
    """A message's place in the history, given the turns that began or ended with it, oldest first."""
    if not of_message:
        return Entry(node.id, node.message, node.created_at, None)
    last = of_message[-1]
    if node.message.role == "assistant":
        return Entry(node.id, node.message, last.finished_at or node.created_at, last)
    ended_without_reply = last.status == "done" and last.reply_message_id is None
    # The first turn, not the last: answering again does not change when it was said.
    return Entry(node.id, node.message, of_message[0].created_at, last if ended_without_reply else None)
