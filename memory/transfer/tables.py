"""Rows as they travel: by the names of their columns, whatever columns a table has come to have.

A bundle carries every column of a table but those that mean something in one database alone, so a
migration that adds a column needs no change here.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from memory.errors import StoreError
from memory.records import Row, moment, storable_text

CACHES = {"snapshots", "conversation_labels"}
"""Tables whose rows belong to a conversation and can be computed again; they do not travel."""

HERE: Mapping[str, str | int] = {"writer": "", "process_id": 0}
"""Columns about a process of one database, and what they hold in every other."""

EXPORT_AGAIN = "Nothing was imported; export it again, or get the file once more."

_NAMESPACE = uuid.UUID("56695376-0000-5000-8000-000000000000")
_INTEGERS = range(-(2**63), 2**63)
_ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as its table declares it; `required` if a row cannot do without it."""

    name: str
    type: str
    nullable: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the columns that travel, and which of those that mean something here alone it has."""

    name: str
    columns: Mapping[str, Column]
    local: tuple[str, ...]

    @classmethod
    def of(cls, database: Database, name: str) -> Table:
        """The table as it is in `database`. Integer keys, which number rows of one file, do not travel."""
        columns, local = {}, []
        rows = database.execute(
            'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', (name,)
        ).fetchall()
        for column, kind, not_null, default, key in rows:
            if column in ("owner", *HERE):
                local.append(column)
            elif not (key and kind == "INTEGER"):
                nullable = not not_null and not key
                columns[column] = Column(column, kind, nullable, not nullable and default is None)
        return cls(name, columns, tuple(local))

    def check(self, row: object, where: str) -> Row:
        """The row itself. Raises StoreError, which names `where` it was found, if it could not stand here."""
        if not isinstance(row, dict):
            raise StoreError(f"{where} is not a row of {self.name}. {EXPORT_AGAIN}")
        if unknown := sorted(row.keys() - self.columns.keys()):
            raise StoreError(
                f"{where} has a column {unknown[0]!r} that {self.name} does not have. {EXPORT_AGAIN}"
            )
        for column in self.columns.values():
            if column.name in row:
                _check_value(column, row[column.name], where)
            elif column.required:
                raise StoreError(f"{where} lacks {column.name!r}. {EXPORT_AGAIN}")
        return row


def derived_id(*names: str) -> str:
    """An id that follows from names, so that the same thing comes in under the same id every time."""
    return uuid.uuid5(_NAMESPACE, json.dumps(names)).hex


def belonging(database: Database) -> list[str]:
    """The tables whose rows belong to one conversation, named in their column `conversation_id`."""
    found = database.execute(
        "SELECT DISTINCT tables.name FROM sqlite_master AS tables"
        " JOIN pragma_foreign_key_list(tables.name) AS link"
        " WHERE tables.type = 'table' AND link.\"table\" = 'conversations'"
        " AND link.\"from\" = 'conversation_id' ORDER BY tables.name"
    )
    return [name for (name,) in found if name not in CACHES]


def message_links(database: Database) -> list[tuple[str, str]]:
    """The tables and their columns by which messages are needed, besides the tree itself."""
    found = database.execute(
        'SELECT tables.name, link."from" FROM sqlite_master AS tables'
        " JOIN pragma_foreign_key_list(tables.name) AS link"
        " WHERE tables.type = 'table' AND tables.name NOT IN ('messages', 'message_parts')"
        " AND link.\"table\" = 'messages' AND link.\"from\" <> 'owner' ORDER BY 1, 2"
    )
    return [(table, column) for table, column in found]


def is_id(value: object) -> bool:
    """Whether this is an id as conversations and turns have them: 32 hexadecimal digits."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _check_value(column: Column, value: object, where: str) -> None:
    if value is None:
        sound = column.nullable
    elif column.type == "INTEGER":
        sound = isinstance(value, int) and not isinstance(value, bool) and value in _INTEGERS
    elif column.type == "REAL":
        sound = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        sound = isinstance(value, str) and storable_text(value) == value
        if sound and column.name.endswith("_at"):
            sound = is_time(str(value))
    if not sound:
        raise StoreError(f"{where} has a {column.name!r} that cannot be: {str(value)[:80]!r}. {EXPORT_AGAIN}")


def is_time(text: str) -> bool:
    """Whether this is a time as the store writes it, whose text sorts as time."""
    try:
        return moment(datetime.fromisoformat(text)) == text
    except (ValueError, OverflowError):
        return False
