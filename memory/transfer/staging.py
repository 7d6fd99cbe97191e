"""What comes in waits here: checked and complete, before any of it is in the store.

Rows are gathered in a database of their own, pictures are written aside. `commit` then brings all
of it in in one transaction, which takes as long as copying rows does. Whatever goes wrong before its
end leaves the store as it was.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import suppress
from pathlib import Path

from memory import tree
from memory.db import explain
from memory.errors import StoreError
from memory.facts import one_line
from memory.images import StagedImage
from memory.records import Row
from memory.store import Store
from memory.transfer.arrival import Arrival
from memory.transfer.report import Report
from memory.transfer.tables import EXPORT_AGAIN, HERE, Table, belonging, derived_id, is_id
from memory.transfer.targets import explained
from memory.words import spaced_text
from prompts import Image, Message, Part, Text

MESSAGE_COLUMNS = ("owner", "id", "parent", "depth", "role", "created_at")
PART_COLUMNS = (
    *("owner", "message_id", "position", "text", "spaced_text", "image_sha256", "media_type", "name"),
)

_JSON_COLUMNS = {"sampling": dict, "usage": dict, "timings": dict, "dropped": list, "facts": list}


class Staging:
    """The waiting room of one import into `store`; a context manager that leaves nothing behind.

    `picture`, `message`, `conversation` and `belongs` refer to what came before them, in this order.
    All raise StoreError for what could not stand in the store.
    """

    def __init__(self, store: Store) -> None:
        self.report = Report()
        with store.connections.snapshot() as database:
            names = ("conversations", "facts", *belonging(database))
            self.tables = {name: Table.of(database, name) for name in names}
        self._store = store
        self._pictures: dict[str, StagedImage] = {}
        self._ids: dict[str, str] = {}  # of conversations: as they came, and as they will be here
        # Of each table, the columns that its rows have.
        self._columns = {"messages": MESSAGE_COLUMNS, "message_parts": PART_COLUMNS}
        with explained(Path(tempfile.gettempdir())):
            self._folder = tempfile.TemporaryDirectory(prefix="visavis-import-")
        self._file = Path(self._folder.name) / "staged.db"
        self._rows = sqlite3.connect(self._file, isolation_level=None)
        # It is thrown away if anything happens to it.
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("PRAGMA synchronous = OFF")
        self._rows.execute("BEGIN")
        self._rows.execute(f"CREATE TABLE messages ({', '.join(MESSAGE_COLUMNS)}, PRIMARY KEY (id))")
        self._rows.execute(f"CREATE TABLE message_parts ({', '.join(PART_COLUMNS)})")

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        for staged in self._pictures.values():
            self._store.images.discard(staged)
        self._rows.close()
        self._folder.cleanup()
        # Such as a full disk; what the store's own database cannot do has been explained already.
        if isinstance(error, sqlite3.Error):
            raise explain(error, self._file) from error

    def picture(self, data: bytes, name: str | None = None) -> Image:
        """A picture's file. Raises ImageError if it is none."""
        staged = self._store.images.stage(data, name=name)
        stored = staged.stored
        if stored.sha256 in self._pictures:
            self._store.images.discard(staged)
        else:
            self._pictures[stored.sha256] = staged
        return Image(stored.sha256, stored.media_type, stored.width, stored.height, tree.storable_name(name))

    def message(self, parent: str | None, message: Message, created_at: str) -> str:
        """A message that answers one that came before, or None; its id."""
        depth = 0
        if parent is not None:
            row = self._rows.execute("SELECT depth FROM messages WHERE id = ?", (parent,)).fetchone()
            if row is None:
                raise StoreError(f"A message answers {parent}, which does not come before it. {EXPORT_AGAIN}")
            depth = row[0] + 1
        for image in message.images:
            if image.sha256 not in self._pictures:
                raise StoreError(f"A message shows picture {image.sha256}, which is missing. {EXPORT_AGAIN}")
        identity, owner = tree.message_id(parent, message), self._store.owner
        inserted = self._rows.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (owner, identity, parent, depth, message.role, created_at),
        ).rowcount
        if inserted:
            self._rows.executemany(
                "INSERT INTO message_parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (owner, identity, position, *_part_values(part))
                    for position, part in enumerate(message.parts)
                ],
            )
        return identity

    def conversation(self, row: Row) -> None:
        """A row of conversations, without the owner. An id that another owner has is replaced."""
        identity, tip = row["id"], row.get("tip")
        if not is_id(identity) or identity in self._ids:
            raise StoreError(f"{identity!r} is not the id of one conversation. {EXPORT_AGAIN}")
        if tip is not None and self._role(tip) is None:
            raise StoreError(f"The newest message of conversation {identity} is missing. {EXPORT_AGAIN}")
        is_free = not self._is_anothers("conversations", identity)
        self._ids[identity] = identity if is_free else derived_id(self._store.owner, identity)
        self._insert("conversations", {**row, "id": self._ids[identity]})

    def belongs(self, table: str, row: Row) -> None:
        """A row of a table that belongs to conversations, such as turns."""
        identity = row.get("conversation_id")
        if identity not in self._ids:
            raise StoreError(
                f"A row of {table} is about conversation {identity!r}, which is missing. {EXPORT_AGAIN}"
            )
        if table == "turns":
            self._check_turn(row)
        here = self._ids[identity]
        values = {**row, "conversation_id": here}
        if is_id(row.get("id")) and (here != identity or self._is_anothers(table, row["id"])):
            values["id"] = derived_id(self._store.owner, row["id"])
        self._insert(table, values)

    def fact(self, row: Row) -> None:
        """A row of facts, without the owner. An id that another owner has is replaced."""
        identity = row["id"]
        if not is_id(identity) or one_line(row["text"]) != row["text"]:
            raise StoreError(f"{identity!r} is not a fact as they are kept, on one line. {EXPORT_AGAIN}")
        with self._store.connections.snapshot() as database:
            found = database.execute("SELECT owner FROM facts WHERE id = ?", (identity,)).fetchone()
        is_free = found is None or found[0] == self._store.owner
        self._insert("facts", {**row, "id": identity if is_free else derived_id(self._store.owner, identity)})

    def commit(self) -> Report:
        """Bring everything in, or nothing; the report of it."""
        self._rows.execute("COMMIT")
        database = self._store.connections.database()
        database.execute("ATTACH ? AS staged", (str(self._file),))
        placed = [sha256 for sha256, staged in self._pictures.items() if staged.file is not None]
        try:
            with self._store.connections.immediate() as database:
                try:
                    before = database.execute("SELECT count(*) FROM images").fetchone()[0]
                    for staged in self._pictures.values():
                        self._store.images.accept(database, staged)
                    after = database.execute("SELECT count(*) FROM images").fetchone()[0]
                    self.report.pictures = after - before
                    Arrival(database, self._store.owner, self._columns, self.report).bring()
                except sqlite3.IntegrityError as error:
                    raise StoreError(
                        f"What was to come in contradicts itself ({error}). {EXPORT_AGAIN}"
                    ) from error
        except BaseException:
            # Those with a row stay: somebody else may have sent them meanwhile.
            self._store.images.remove_files(placed)
            raise
        finally:
            # A store that was closed meanwhile has let go of it already.
            with suppress(sqlite3.Error):
                database.execute("DETACH staged")
        return self.report

    def _is_anothers(self, table: str, identity: str) -> bool:
        """Whether a row with this id is another owner's."""
        with self._store.connections.snapshot() as database:
            query = f"SELECT 1 FROM {table} WHERE id = ? AND owner <> ?"
            return database.execute(query, (identity, self._store.owner)).fetchone() is not None

    def _role(self, identity: object) -> str | None:
        row = self._rows.execute("SELECT role FROM messages WHERE id = ?", (identity,)).fetchone()
        return None if row is None else str(row[0])

    def _check_turn(self, row: Row) -> None:
        where = f"Turn {row['id']!r}"
        if not is_id(row["id"]):
            raise StoreError(f"{where} does not have an id as turns have it. {EXPORT_AGAIN}")
        if row["status"] != "done" or not isinstance(row.get("reason"), str):
            raise StoreError(f"{where} has not ended; only turns that have can be imported. {EXPORT_AGAIN}")
        for column, kind in _JSON_COLUMNS.items():
            try:
                # A bundle of before there were facts has none.
                value = json.loads(row.get(column, "[]") if column == "facts" else row[column])
            except (ValueError, RecursionError):
                value = None
            if not isinstance(value, kind):
                raise StoreError(f"{where} has {column!r} that is no JSON {kind.__name__}. {EXPORT_AGAIN}")
        reply = row.get("reply_message_id")
        if self._role(row["user_message_id"]) != "user" or (reply and self._role(reply) != "assistant"):
            raise StoreError(f"{where} does not lead from a question to a reply. {EXPORT_AGAIN}")

    def _insert(self, table: str, row: Row) -> None:
        here = {"owner": self._store.owner, **HERE}
        values = {**row, **{name: here[name] for name in self.tables[table].local}}
        if table not in self._columns:
            self._columns[table] = tuple(values)
            self._rows.execute(f"CREATE TABLE {table} ({', '.join(values)})")
        if values.keys() != set(self._columns[table]):
            raise StoreError(f"The rows of {table} do not all have the same columns. {EXPORT_AGAIN}")
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        self._rows.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", values)


def _part_values(part: Part) -> tuple[str | None, ...]:
    if isinstance(part, Text):
        return part.text, spaced_text(part.text), None, None, None
    return None, None, part.sha256, part.media_type, part.name
