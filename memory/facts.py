"""Facts: what a person has asked to be remembered beyond one conversation, theirs to change and delete."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from memory.db import Connections
from memory.errors import StoreError
from memory.records import Row, now, storable_text
from prompts import personas

FACT_CHARACTERS = 500
"""The longest fact: each is told to the model in every conversation."""

EVERY_PERSONA = ""
"""The scope of a fact that holds whichever persona speaks."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to remember, on one line.

    It holds for one `persona`, or for all where that is EVERY_PERSONA. `message_id` is the message
    that asked for it, None if it was written down otherwise; it may be gone since. Times are UTC,
    ISO 8601.
    """

    id: str
    text: str
    persona: str
    message_id: str | None
    created_at: str
    updated_at: str

    @classmethod
    def from_row(cls, row: Row) -> Fact:
        """The value of a row of facts."""
        return cls(
            id=row["id"],
            text=row["text"],
            persona=row["persona"],
            message_id=row["message_id"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
        )


class FactStore:
    """One owner's facts; may be used from many threads. They belong to no conversation and outlive all."""

    def __init__(self, connections: Connections, owner: str) -> None:
        self._connections = connections
        self._owner = owner

    def list(self, persona: str | None = None) -> tuple[Fact, ...]:
        """All facts, or those that hold for a persona, in the order they were added."""
        scope, values = "", [self._owner]
        if persona is not None:
            scope, values = " AND persona IN (?, ?)", [self._owner, EVERY_PERSONA, persona]
        with self._connections.snapshot() as database:
            rows = database.query(
                f"SELECT * FROM facts WHERE owner = ?{scope} ORDER BY created_at, rowid", values
            )
            return tuple(map(Fact.from_row, rows))

    def add(self, text: str, *, persona: str = EVERY_PERSONA, message_id: str | None = None) -> Fact:
        """Remember a fact; one that is known already in this scope is returned as it is.

        Line breaks and spare blanks in it do not count. Raises StoreError if it is empty or longer
        than FACT_CHARACTERS, PromptError for an unknown persona.
        """
        text, persona = one_line(text), _scope(persona)
        identity, moment = uuid.uuid4().hex, now()
        with self._connections.immediate() as database:
            database.execute(
                "INSERT INTO facts (id, owner, persona, text, message_id, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, persona, text) DO NOTHING",
                (identity, self._owner, persona, text, message_id, moment, moment),
            )
            return self._one(database, persona=persona, text=text)

    def edit(self, fact_id: str, *, text: str | None = None, persona: str | None = None) -> Fact:
        """Say a fact otherwise, or have it hold for another persona or for all. What is None stays.

        Raises StoreError if there is no such fact, or another one says just this; and as `add`.
        """
        text = None if text is None else one_line(text)
        persona = None if persona is None else _scope(persona)
        with self._connections.immediate() as database:
            before = self._one(database, id=fact_id)
            text, persona = text or before.text, before.persona if persona is None else persona
            if (text, persona) == (before.text, before.persona):
                return before
            taken = {"owner": self._owner, "persona": persona, "text": text}
            if database.table("facts").count_where(
                "owner = :owner AND persona = :persona AND text = :text", taken
            ):
                raise StoreError(f"{text!r} is remembered already; delete one of the two.")
            database.execute(
                "UPDATE facts SET text = ?, persona = ?, updated_at = ? WHERE owner = ? AND id = ?",
                (text, persona, now(), self._owner, fact_id),
            )
            return self._one(database, id=fact_id)

    def delete(self, fact_id: str) -> Fact:
        """Forget a fact; what it was. Raises StoreError if there is no such fact."""
        with self._connections.immediate() as database:
            fact = self._one(database, id=fact_id)
            database.execute("DELETE FROM facts WHERE owner = ? AND id = ?", (self._owner, fact_id))
            return fact

    def _one(self, database: Database, **values: Any) -> Fact:
        """The owner's fact that has these values in its columns."""
        where = " AND ".join(f"{column} = :{column}" for column in values)
        query = f"SELECT * FROM facts WHERE owner = :owner AND {where}"
        for row in list(database.query(query, {"owner": self._owner, **values})):
            return Fact.from_row(row)
        raise StoreError(f"There is no fact {values.get('id')!r}. It may have been deleted; list them anew.")


def one_line(text: str) -> str:
    """A fact's text as it is kept: on one line, so that it is one line of a prompt, too.

    Raises StoreError if it is empty or longer than FACT_CHARACTERS.
    """
    line = " ".join(storable_text(text).split())
    if not line:
        raise StoreError('There is nothing to remember: say it in words, such as "I am colour-blind".')
    if len(line) > FACT_CHARACTERS:
        raise StoreError(
            f"This fact has {len(line):,} characters and may have {FACT_CHARACTERS}; "
            "shorten it, or write it down as several."
        )
    return line


def _scope(persona: str) -> str:
    if persona != EVERY_PERSONA:
        personas.load(persona)
    return persona
