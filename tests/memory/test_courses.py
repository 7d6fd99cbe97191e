"""Any course of turns, edits, other tries, forks, switches and deletions, beside a plain model of the tree.

In the model a message is the path of all words up to it, so that what is the same in the store is
equal here, and a conversation is the list of what was said in it. A reply ends in "!".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from memory import Store, Turn
from memory.tree import message_id
from prompts import assistant, user

Path = tuple[str, ...]
WORDS = st.sampled_from(["red", "红色"])
REPLIES = WORDS | st.just("")
PROVENANCE = {"engine": "e", "fingerprint": "f"}


def prefixes(path: Path) -> list[Path]:
    """A message and all before it, the first one first."""
    return [path[: length + 1] for length in range(len(path))]


@dataclass
class Talk:
    """A conversation: what is shown, where it was forked, and its turns (question, reply or None)."""

    shown: Path = ()
    fork: Path = ()
    turns: list[tuple[Path, Path | None]] = field(default_factory=list)

    def said(self) -> list[Path]:
        """All that it holds, in order; again where it was said again."""
        of_turns = [path for turn in self.turns for path in turn if path is not None]
        past = {*prefixes(self.fork), *prefixes(self.shown)} - {*of_turns}
        return [*sorted(past, key=len), *of_turns]

    def siblings(self, path: Path) -> list[Path]:
        return list(dict.fromkeys(other for other in self.said() if other[:-1] == path[:-1]))

    def end(self, path: Path) -> Path:
        """The end, below a message, that was last said."""
        said = self.said()
        below = [other for other in said if other[: len(path)] == path]
        ends = [end for end in below if not any(other[:-1] == end for other in below)]
        return max(ends, key=lambda end: len(said) - said[::-1].index(end))


class Courses(RuleBasedStateMachine):
    """The store and the model, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.open(":memory:")
        self.model: dict[str, Talk] = {}

    def teardown(self) -> None:
        assert self.store.verify() == []
        self.store.close()

    @precondition(lambda self: len(self.model) < 2)
    @rule()
    def begin(self) -> None:
        self.model[self.store.create_conversation().id] = Talk()

    @precondition(lambda self: self.model)
    @rule(data=st.data(), words=WORDS, reply=REPLIES)
    def send(self, data: st.DataObject, words: str, reply: str) -> None:
        identity, talk = self.draw(data)
        turn = self.store.begin_turn(identity, user(words), sampling={}, **PROVENANCE)
        self.finish(turn, talk, (*talk.shown, words), reply)

    @precondition(lambda self: any(talk.turns for talk in self.model.values()))
    @rule(data=st.data(), words=WORDS, reply=REPLIES)
    def edit(self, data: st.DataObject, words: str, reply: str) -> None:
        identity, talk = self.draw(data, lambda talk: bool(talk.turns))
        path = data.draw(st.sampled_from([question for question, _ in talk.turns]))
        before = self.ids(talk)[path]
        turn = self.store.begin_turn(identity, user(words), sampling={}, beside=before, **PROVENANCE)
        self.finish(turn, talk, (*path[:-1], words), reply)

    @precondition(lambda self: any(talk.shown for talk in self.model.values()))
    @rule(data=st.data(), reply=REPLIES)
    def answer_again(self, data: st.DataObject, reply: str) -> None:
        identity, talk = self.draw(data, lambda talk: bool(talk.shown))
        tip = self.store.conversation(identity).tip
        is_reply = talk.shown[-1].endswith("!")
        turn = self.store.begin_answer(
            identity, engine="e", fingerprint="f", sampling={}, beside=tip if is_reply else None
        )
        self.finish(turn, talk, talk.shown[:-1] if is_reply else talk.shown, reply)

    @precondition(lambda self: any(talk.shown for talk in self.model.values()))
    @rule(data=st.data())
    def switch(self, data: st.DataObject) -> None:
        identity, talk = self.draw(data, lambda talk: bool(talk.shown))
        path = data.draw(st.sampled_from(talk.said()))
        self.store.switch_branch(identity, self.ids(talk)[path])
        talk.shown = talk.end(path)

    @precondition(lambda self: len(self.model) < 4 and any(talk.shown for talk in self.model.values()))
    @rule(data=st.data())
    def fork(self, data: st.DataObject) -> None:
        identity, talk = self.draw(data, lambda talk: bool(talk.shown))
        path = data.draw(st.sampled_from(talk.said()))
        made = self.store.fork_conversation(identity, self.ids(talk)[path])
        self.model[made.id] = Talk(path, path)

    @precondition(lambda self: len(self.model) > 1)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        identity, talk = self.draw(data)
        self.store.delete_conversation(identity)
        del self.model[identity]
        left = talk.turns
        for heir in self.model.values():
            if {reply for _, reply in left}.isdisjoint(prefixes(heir.fork)):
                continue
            past = [*prefixes(heir.fork), *prefixes(heir.shown)]
            heir.turns = [*(turn for turn in left if turn[1] in past), *heir.turns]
            left = [turn for turn in left if turn[1] not in past]

    @invariant()
    def every_conversation_is_as_it_should_be(self) -> None:
        for identity, talk in self.model.items():
            entries = self.store.history(identity)
            assert tuple(entry.message.text for entry in entries) == talk.shown
            ids = self.ids(talk)
            for entry, path in zip(entries, prefixes(talk.shown), strict=True):
                assert entry.siblings == tuple(ids[other] for other in talk.siblings(path))
            assert len(self.store.turns(identity)) == len(talk.turns)

    @invariant()
    def what_is_held_is_kept_and_found_and_nothing_else(self) -> None:
        held = {path for talk in self.model.values() for path in talk.said()}
        with self.store.connections.snapshot() as database:
            assert database.execute("SELECT count(*) FROM messages").fetchone() == (len(held),)
        for words in ("red", "色"):
            found = self.store.search(words, limit=1000)
            assert len(found) == sum(words in path[-1] for path in held)
            assert {hit.conversation.id for hit in found} <= self.model.keys()

    def draw(self, data: st.DataObject, fits: Callable[[Talk], bool] = lambda talk: True) -> tuple[str, Talk]:
        """One of the conversations."""
        chosen = [(identity, talk) for identity, talk in self.model.items() if fits(talk)]
        return chosen[data.draw(st.integers(0, len(chosen) - 1))]

    def finish(self, turn: Turn, talk: Talk, question: Path, reply: str) -> None:
        self.store.finish_turn(turn.id, reply and f"{reply}!", reason="stop", usage={}, timings={})
        made = (*question, f"{reply}!") if reply else None
        talk.shown = question
        talk.turns.append((question, made))
        talk.shown = made or talk.end(question)

    def ids(self, talk: Talk) -> dict[Path, str]:
        """The ids of all messages of a conversation, derived from nothing but what was said."""
        found: dict[Path, str] = {}
        for path in sorted(talk.said(), key=len):
            message = assistant(path[-1]) if path[-1].endswith("!") else user(path[-1])
            found[path] = message_id(found.get(path[:-1]), message)
        return found


def test_any_course_ends_as_it_should() -> None:
    run_state_machine_as_test(Courses, settings=settings(max_examples=25, stateful_step_count=30))
