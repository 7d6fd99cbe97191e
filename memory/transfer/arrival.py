"""The last step of an import: staged rows come into the store, beside what is there already.

Runs inside an immediate transaction of the caller's, with the staging database attached as `staged`.

A conversation that is here already is told by its id. What was said is a tree, so the two courses it
took can be compared exactly: either one goes on where the other ends, or they part somewhere, and then
both are kept. What a person arranged here (titles, tags, notes) stays as they arranged it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlite_utils import Database

from memory.transfer.report import Report
from memory.transfer.tables import derived_id

_IS_ANCESTOR = """
    WITH RECURSIVE upwards AS (
        SELECT id, parent FROM messages WHERE owner = :owner AND id = :newer
        UNION ALL
        SELECT messages.id, messages.parent FROM upwards
        JOIN messages ON messages.owner = :owner AND messages.id = upwards.parent
    )
    SELECT 1 FROM upwards WHERE id = :older
"""


_OF_NO_CONVERSATION = {"messages", "message_parts", "facts", "conversations"}
"""Staged tables without a column `conversation_id`."""

_TAKEN_OVER = """
    SELECT turns.id, turns.reply_message_id, forks.message_id FROM staged.turns AS coming
    JOIN turns ON turns.owner = :owner AND turns.id = coming.id
        AND turns.user_message_id = coming.user_message_id
        AND turns.reply_message_id = coming.reply_message_id
    JOIN forks ON forks.conversation_id = turns.conversation_id
    WHERE coming.conversation_id = :id AND turns.conversation_id <> :id
"""
"""Turns of a staged conversation that a fork has here, with their replies and where it was forked."""

_NOT_HERE = " AND id NOT IN (SELECT id FROM turns)"
"""A turn is in one conversation: one that is here already, where it was made, stays there."""


class Arrival:
    """Brings in the rows of one owner. `columns` are, for each table, those that its staged rows have."""

    def __init__(
        self, database: Database, owner: str, columns: Mapping[str, Sequence[str]], report: Report
    ) -> None:
        self._database = database
        self._owner = owner
        self._columns = columns
        self._report = report

    def bring(self) -> None:
        """Bring everything in; the report says what it was."""
        # By content, so a row that is here already is the same.
        for table in ("messages", "message_parts"):
            names = ", ".join(self._columns[table])
            added = self._database.execute(
                f"INSERT INTO {table} ({names}) SELECT {names} FROM staged.{table} WHERE true"
                " ON CONFLICT DO NOTHING"
            ).rowcount
            if table == "messages":
                self._report.messages = added
        self._bring_facts()
        if "conversations" not in self._columns:
            return
        staged = self._database.execute("SELECT id, tip FROM staged.conversations ORDER BY rowid").fetchall()
        for identity, tip in staged:
            self._conversation(identity, tip)

    def _bring_facts(self) -> None:
        """Add the facts that are not here, by id or by what they say in their scope."""
        if names := ", ".join(self._columns.get("facts", ())):
            self._report.facts = self._database.execute(
                f"INSERT INTO facts ({names}) SELECT {names} FROM staged.facts WHERE true"
                " ON CONFLICT DO NOTHING"
            ).rowcount

    def _conversation(self, identity: str, tip: str | None) -> None:
        query = "SELECT tip FROM conversations WHERE owner = ? AND id = ?"
        found = self._database.execute(query, (self._owner, identity)).fetchone()
        if "turns" in self._columns:
            self._take_back_turns(identity)
        if found is None:
            self._insert_conversation(identity, identity)
            for table in self._columns.keys() - _OF_NO_CONVERSATION:
                added = self._insert_rows(table, identity)
                if table == "turns":
                    self._report.turns += added
            self._report.new.append(identity)
            return
        turns = self._insert_turns(identity)
        self._report.turns += turns
        here = found[0]
        if tip is None or tip == here or (here is not None and self._precedes(tip, here)):
            (self._report.continued if turns else self._report.unchanged).append(identity)
        elif here is None or self._precedes(here, tip):
            self._database.execute(
                "UPDATE conversations SET tip = :tip, updated_at = max(updated_at,"
                " (SELECT updated_at FROM staged.conversations WHERE id = :id)) WHERE id = :id",
                {"tip": tip, "id": identity},
            )
            self._report.continued.append(identity)
        else:
            self._branch(identity, tip, turns)

    def _branch(self, identity: str, tip: str, turns: int) -> None:
        """Keep the other course that a conversation took, under an id by which it is found again."""
        other = derived_id(self._owner, identity, tip)
        if self._database.execute("SELECT 1 FROM conversations WHERE id = ?", (other,)).fetchone():
            (self._report.branched if turns else self._report.unchanged).append(identity)
            return
        self._insert_conversation(identity, other)
        # The turns stay with the conversation they were made in, as with any fork.
        self._database.execute(
            "INSERT INTO forks (conversation_id, owner, message_id) VALUES (?, ?, ?)",
            (other, self._owner, tip),
        )
        self._report.branched.append(identity)
        self._report.branches.append(other)

    def _insert_conversation(self, staged: str, identity: str) -> None:
        names = self._columns["conversations"]
        values = ", ".join(":identity" if name == "id" else name for name in names)
        self._database.execute(
            f"INSERT INTO conversations ({', '.join(names)})"
            f" SELECT {values} FROM staged.conversations WHERE id = :staged",
            {"identity": identity, "staged": staged},
        )

    def _insert_rows(self, table: str, identity: str) -> int:
        names = ", ".join(self._columns[table])
        return self._database.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM staged.{table} WHERE conversation_id = ?"
            f"{_NOT_HERE if table == 'turns' else ''} ORDER BY rowid",
            (identity,),
        ).rowcount

    def _take_back_turns(self, identity: str) -> None:
        """Make room for those turns that forks took over when this conversation was deleted here."""
        parameters = {"owner": self._owner, "id": identity}
        for turn_id, reply, forked_at in self._database.execute(_TAKEN_OVER, parameters).fetchall():
            if self._precedes(reply, forked_at):
                self._database.execute("DELETE FROM turns WHERE id = ?", (turn_id,))

    def _insert_turns(self, identity: str) -> int:
        """Add the turns that are not here, numbered after those that the conversation has."""
        if "turns" not in self._columns:
            return 0
        names = self._columns["turns"]
        number = (
            "(SELECT coalesce(max(number), 0) FROM turns WHERE conversation_id = :id)"
            " + row_number() OVER (ORDER BY number)"
        )
        values = ", ".join(number if name == "number" else name for name in names)
        return self._database.execute(
            f"INSERT INTO turns ({', '.join(names)}) SELECT {values} FROM staged.turns"
            f" WHERE conversation_id = :id{_NOT_HERE}",
            {"id": identity},
        ).rowcount

    def _precedes(self, older: str, newer: str) -> bool:
        """Whether one message answers, through whatever came between, the other."""
        parameters = {"owner": self._owner, "older": older, "newer": newer}
        return self._database.execute(_IS_ANCESTOR, parameters).fetchone() is not None
