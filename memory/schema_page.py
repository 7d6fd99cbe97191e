"""The page that explains the tables to whoever opens the file with another program: docs/schema.md.

Taken from a database that the migrations have just made, with the comments in its CREATE statements,
so that it cannot tell anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

from sqlite_utils import Database

from memory import schema

_REMARKS = "What the shape is for:"

# Neither SQLite's own tables, nor those of the migrations and of the full-text indexes.
_TABLES = """
    SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'
        AND name NOT GLOB '_*' AND name NOT GLOB '*_words_*' ORDER BY name
"""
_COLUMNS = "SELECT * FROM pragma_table_info(?)"
_LINKS = 'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)'
_INDEXES = (
    "SELECT name, sql FROM sqlite_master"
    " WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY name"
)


def page() -> str:
    """All tables with their columns and indexes, in Markdown."""
    with Database(memory=True) as database:
        schema.migrations.apply(database)
        tables = database.execute(_TABLES).fetchall()
        return "\n".join([_opening(), *(_table(database, name, sql) for name, sql in tables)])


def _opening() -> str:
    drawing, _, remarks = (schema.__doc__ or "").partition("\n\n")[2].partition(_REMARKS)
    return (
        "# Schema\n\n"
        "The tables of a database, as `python -m memory schema` writes them down. Any program that reads\n"
        "SQLite opens the file, and none but this one should write to it. The pictures lie in a folder\n"
        f"beside it, by their sha256.\n\n```\n{dedent(drawing).strip()}\n```\n\n{_REMARKS}{remarks}"
    )


def _table(database: Database, name: str, sql: str) -> str:
    lines = [f"## {name}", ""]
    if about := re.match(r"\s*CREATE TABLE \w+ \(\s*--\s*(.*)", sql):
        lines += [f"{about[1][0].upper()}{about[1][1:]}.", ""]
    if indexed := re.search(r"USING fts5.*content = '(\w+)'", sql, re.DOTALL):
        lines += [f"The full-text index of `{indexed[1]}`, by its `id`; triggers keep it.", ""]
    lines += ["| Column | Type | Meaning |", "|---|---|---|", *_columns(database, name, sql)]
    indexes = database.execute(_INDEXES, (name,)).fetchall()
    if indexes:
        lines += ["", *(f"- `{index}` {made.partition(f' ON {name} ')[2]}" for index, made in indexes)]
    return "\n".join([*lines, ""])


def _columns(database: Database, table: str, sql: str) -> Iterator[str]:
    comments = _comments(sql)
    # Of the pairs (owner, …) the second one tells where a link leads.
    links = {column: f"→ {other}.{key}" for column, other, key in database.execute(_LINKS, (table,))}
    for _, column, kind, not_null, _, key in database.execute(_COLUMNS, (table,)):
        meaning = "; ".join(filter(None, (comments.get(column), column != "owner" and links.get(column))))
        optional = "" if not_null or key or not kind else ", or NULL"
        yield f"| {f'**{column}**' if key else column} | {kind}{optional} | {meaning} |"


def _comments(sql: str) -> dict[str, str]:
    """What the statement says of its columns: after them on their line, or beside those added later."""
    found = {match[1]: match[2].strip() for match in re.finditer(r"(?m)^\s+(\w+) .*?--(.*)$", sql)}
    for match in re.finditer(r"(?s), (\w+) [A-Z][^,/]*/\*(.*?)\*/", sql):
        found[match[1]] = " ".join(match[2].split())
    return found
