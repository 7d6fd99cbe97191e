"""The full-text indexes as they lie in the file: that words of what was deleted do not stay there.

FTS5 only marks what was deleted, and its words stay in older segments of the index until those are merged
(https://www.sqlite.org/fts5.html, "optimize"). From SQLite 3.42 on it could take them out at once
("secure-delete"), but an older SQLite can no longer search an index that was once changed so, and a
database is to open wherever it is taken.
"""

from __future__ import annotations

from sqlite_utils import Database


def names(database: Database) -> list[str]:
    """The full-text indexes of a database."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING fts5%' ORDER BY name"
    return [name for (name,) in database.execute(query)]


def merge(database: Database) -> None:
    """Within a transaction: make one segment of each index, without the words of what was deleted."""
    for name in names(database):
        database.execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")


def compact(database: Database) -> None:
    """Outside of a transaction: write the file anew, without the free space that deleted words may stand in.

    Also the log beside it, unless somebody is reading just now; then a later checkpoint does. While
    this runs others can read, but not write.
    """
    # Always: that no page is free does not say that none has words of what was deleted between its rows.
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
