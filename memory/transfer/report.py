"""What an import did."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    """Ids of conversations by what became of them, and how much came in that was not there before.

    `new` were not here. `continued` were, and had gone on elsewhere: what was said there follows.
    `unchanged` had all of it. `branched` had gone on differently here; the way they went elsewhere is
    a conversation of its own, among `branches`. `notes` say in words what could not be brought.
    """

    new: list[str] = field(default_factory=list)
    continued: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    branched: list[str] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)
    messages: int = 0
    turns: int = 0
    pictures: int = 0
    facts: int = 0
    notes: list[str] = field(default_factory=list)
