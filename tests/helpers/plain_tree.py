"""What the store should hold, in plain Python: conversations over paths of what was said.

A message is the path of all that was said up to it, so that what is one row in the store is equal
here; a conversation is a tip, where it was forked, and its turns.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from memory.transfer.tables import derived_id


@dataclass(frozen=True, slots=True)
class Said:
    """A message without its place: whether it is a reply, its words, and its pictures' sha256."""

    is_reply: bool
    words: str
    pictures: tuple[str, ...] = ()


Path = tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A turn: its id, what was asked, the reply to it if there was one, and why that ended."""

    id: str
    asked: Path
    reply: Path | None
    reason: str


def prefixes(path: Path) -> list[Path]:
    """A message and all before it, the first one first."""
    return [path[: length + 1] for length in range(len(path))]


@dataclass(slots=True)
class Talk:
    """A conversation. `number` counts those of a tree; `fork` is None unless it began as a branch."""

    number: int
    tip: Path = ()
    fork: Path | None = None
    turns: list[Told] = field(default_factory=list)
    pins: set[str] = field(default_factory=set)

    def past(self) -> set[Path]:
        """What lies before its tip and before where it was forked."""
        return {*prefixes(self.fork or ()), *prefixes(self.tip)}

    def said(self) -> list[Path]:
        """All that it holds, in order; again where it was said again."""
        of_turns = [path for turn in self.turns for path in (turn.asked, turn.reply) if path is not None]
        return [*sorted(self.past() - {*of_turns}, key=len), *of_turns]

    def siblings(self, path: Path) -> list[Path]:
        """What was said in a message's place, as it was first said."""
        return list(dict.fromkeys(other for other in self.said() if other[:-1] == path[:-1]))

    def end(self, path: Path) -> Path:
        """The end, below a message, that was last said."""
        said = self.said()
        below = [other for other in said if other[: len(path)] == path]
        ends = [end for end in below if not any(other[:-1] == end for other in below)]
        return max(ends, key=lambda end: len(said) - said[::-1].index(end))

    def shown(self) -> set[str]:
        """The pictures in all that it holds."""
        return {sha256 for path in self.said() for sha256 in path[-1].pictures}


class PlainTree:
    """All conversations of one owner, by their ids, forks in the order they were made."""

    def __init__(self) -> None:
        self.talks: dict[str, Talk] = {}
        self._numbers = 0

    def begin(self, identity: str, at: Path | None = None, pins: set[str] | None = None) -> Talk:
        """A new conversation, forked if `at` a message."""
        self._numbers += 1
        self.talks[identity] = Talk(self._numbers, at or (), at, pins=pins or set())
        return self.talks[identity]

    def held(self) -> set[Path]:
        """Every message that a conversation holds."""
        return {path for talk in self.talks.values() for path in talk.said()}

    def shown(self) -> set[str]:
        """The pictures in them."""
        return {sha256 for talk in self.talks.values() for sha256 in talk.shown()}

    def delete(self, identity: str) -> None:
        """Take a conversation away; turns whose replies a fork shows go over to it, to the oldest first."""
        left = self.talks.pop(identity).turns
        replies = {turn.reply for turn in left if turn.reply}
        for heir in self.talks.values():
            if heir.fork and not replies.isdisjoint(prefixes(heir.fork)):
                past = heir.past()
                heir.turns = [*(turn for turn in left if turn.reply in past), *heir.turns]
                left = [turn for turn in left if turn.reply not in past]

    def copy(self, ids: list[str]) -> PlainTree:
        """Some of the conversations as they are now."""
        copied = PlainTree()
        copied.talks = {identity: deepcopy(self.talks[identity]) for identity in ids}
        return copied

    def take_in(self, owner: str, coming: PlainTree, ids: Mapping[Path, str]) -> tuple[list[str], list[str]]:
        """Import conversations; which ids were new, and those of the branches that were made.

        `ids` are those of messages, from which a branch's own follows.
        """
        new, branches = [], []
        for identity, theirs in sorted(coming.talks.items()):
            self._take_back(identity, theirs)
            here = self.talks.get(identity)
            known = {turn.id for talk in self.talks.values() for turn in talk.turns}
            turns = [turn for turn in theirs.turns if turn.id not in known]
            if here is None:
                made = self.begin(identity)
                made.tip, made.fork, made.turns, made.pins = theirs.tip, theirs.fork, turns, {*theirs.pins}
                new.append(identity)
                continue
            here.turns += turns
            if here.tip in ((), *prefixes(theirs.tip)):
                here.tip = theirs.tip
            elif theirs.tip not in ((), *prefixes(here.tip)):
                other = derived_id(owner, identity, ids[theirs.tip])
                if other not in self.talks:
                    self.begin(other, theirs.tip)
                    branches.append(other)
        return new, branches

    def _take_back(self, identity: str, theirs: Talk) -> None:
        """What forks took over when a conversation was deleted is its own again."""
        coming = {turn.id for turn in theirs.turns}
        for other, talk in self.talks.items():
            past = prefixes(talk.fork or ())
            talk.turns = [
                turn
                for turn in talk.turns
                if other == identity or turn.id not in coming or turn.reply not in past
            ]
