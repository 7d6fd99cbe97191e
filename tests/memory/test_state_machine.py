"""Any course of events, beside a plain model of the tree: the store holds what was said, and finds it.

Turns, edits, other tries and going on; branches and forks; pictures, pins and rubbish; bundles out and in;
stores that are opened again, also in the middle of a reply.
"""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path as File

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
from memory.images import UNUSED_SECONDS
from memory.records import ago
from memory.transfer import export_bundle, import_bundle
from memory.tree import message_id
from memory.upkeep import collect
from prompts import Image, Message, assistant, user
from tests.helpers.plain_tree import Path, PlainTree, Said, Talk, Told, prefixes
from tests.helpers.transfer import picture_files, png

EXAMPLES, STEPS = 25, 40

COLOURS = ("red", "green", "blue")
TEXTS = ("a kite", "what's that", "红色", "kite and boat")
QUERIES = ("kite", "boat kite", "what's", "色", "nowhere")

WORDS = st.sampled_from(TEXTS)
REPLY = st.sampled_from((*TEXTS, ""))
SHOWN = st.lists(st.sampled_from(COLOURS), max_size=2, unique=True)
PICK = st.integers(0, 99)
"""Which of those there are: their number is known only when the machine runs."""

some_talk = precondition(lambda machine: machine.tree.talks)
some_message = precondition(lambda machine: machine.tree.held())


class Memory(RuleBasedStateMachine):
    """The store and the model, side by side.

    `stored` are the pictures that should be there; `orphans` says that rubbish may lie about, so that
    there may be more in the database than any conversation holds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="visavis-test-")
        self.path = File(self.folder.name) / "visavis.db"
        self.store = Store.open(self.path)
        self.tree = PlainTree()
        self.stored: set[str] = set()
        self.orphans = False
        self.exports: list[tuple[File, PlainTree]] = []
        self.files = (File(self.folder.name) / f"{number}.zip" for number in count())

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    # ---- what is said ---------------------------------------------------------------------------

    @precondition(lambda machine: len(machine.tree.talks) < 5)
    @rule()
    def begin(self) -> None:
        self.tree.begin(self.store.create_conversation().id)

    @some_talk
    @rule(pick=PICK, words=WORDS, shown=SHOWN, reply=REPLY)
    def send(self, pick: int, words: str, shown: list[str], reply: str) -> None:
        identity, talk = self.talk(pick)
        message = self.message(words, shown)
        turn = self.ask(identity, message)
        self.finish(turn, talk, (*talk.tip, said(message)), reply)

    @some_message
    @rule(pick=PICK, words=WORDS, shown=SHOWN, reply=REPLY)
    def edit(self, pick: int, words: str, shown: list[str], reply: str) -> None:
        identity, talk, path = self.place(pick, asked=True)
        message = self.message(words, shown)
        turn = self.ask(identity, message, self.ids()[path])
        self.finish(turn, talk, (*path[:-1], said(message)), reply)

    @some_message
    @rule(pick=PICK, reply=REPLY)
    def answer_again(self, pick: int, reply: str) -> None:
        identity, talk, _ = self.place(pick)
        beside = self.ids()[talk.tip] if talk.tip[-1].is_reply else None
        turn = self.answer(identity, beside)
        self.finish(turn, talk, talk.tip[:-1] if beside else talk.tip, reply)

    @some_message
    @rule(pick=PICK, words=WORDS)
    def go_on(self, pick: int, words: str) -> None:
        identity, talk, _ = self.place(pick)
        if talk.tip[-1].is_reply:
            half = self.ids()[talk.tip]
            turn = self.answer(identity, half, continues=True)
            assert (turn.continues, turn.text) == (half, talk.tip[-1].words)
            self.finish(turn, talk, talk.tip[:-1], f"{turn.text} {words}")

    @some_talk
    @rule(pick=PICK, words=WORDS, so_far=REPLY)
    def break_off(self, pick: int, words: str, so_far: str) -> None:
        identity, talk = self.talk(pick)
        message = self.message(words, [])
        turn = self.ask(identity, message)
        self.store.flush_turn(turn.id, so_far)
        self.open_again()
        self.ended(turn, talk, (*talk.tip, said(message)), so_far, "interrupted")

    # ---- branches -------------------------------------------------------------------------------

    @some_message
    @rule(pick=PICK)
    def switch(self, pick: int) -> None:
        identity, talk, path = self.place(pick)
        self.store.switch_branch(identity, self.ids()[path])
        talk.tip = talk.end(path)

    @precondition(lambda machine: len(machine.tree.talks) < 5)
    @some_message
    @rule(pick=PICK)
    def fork(self, pick: int) -> None:
        identity, talk, path = self.place(pick)
        made = self.store.fork_conversation(identity, self.ids()[path]).id
        visible = {sha256 for one in path for sha256 in one.pictures}
        self.tree.begin(made, path, talk.pins & visible)

    @some_talk
    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        identity, _ = self.talk(pick)
        gone = self.tree.talks[identity].shown()
        self.store.delete_conversation(identity)
        self.tree.delete(identity)
        self.stored -= gone - self.tree.shown()
        if self.orphans:
            # What was rubbish already may keep a picture, until it is collected.
            self.stored |= {sha256 for sha256 in gone if sha256 in self.store.images}

    # ---- pictures and rubbish -------------------------------------------------------------------

    @rule(colour=st.sampled_from(COLOURS))
    def upload(self, colour: str) -> None:
        self.message("never sent", [colour])

    @some_message
    @rule(pick=PICK)
    def pin_or_unpin(self, pick: int) -> None:
        identity, talk, _ = self.place(pick)
        for sha256 in sorted(talk.shown())[:1]:
            if sha256 in talk.pins:
                self.store.pins.remove(identity, sha256)
            else:
                self.store.pins.add(identity, sha256)
            talk.pins ^= {sha256}

    @some_talk
    @rule(pick=PICK)
    def leave_rubbish(self, pick: int) -> None:
        identity, _ = self.talk(pick)
        with self.store.connections.immediate() as database:
            database.execute("DELETE FROM conversations WHERE id = ?", (identity,))
        del self.tree.talks[identity]
        self.orphans = True

    @rule()
    def collect_rubbish(self) -> None:
        with self.store.connections.immediate() as database:
            database.execute("UPDATE images SET added_at = ?", (ago(2 * UNUSED_SECONDS),))
        collect(self.store)
        self.orphans = False
        self.stored = self.tree.shown()

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = Store.open(self.path)

    # ---- moving ---------------------------------------------------------------------------------

    @some_talk
    @precondition(lambda machine: len(machine.exports) < 3)
    @rule(pick=PICK)
    def export(self, pick: int) -> None:
        """All, or one alone, which is to arrive in an empty store as it is here."""
        ids = [self.talk(pick)[0]] if pick % 2 else list(self.tree.talks)
        file, exported = next(self.files), self.tree.copy(ids)
        assert export_bundle(self.store, file, ids) == len(ids)
        self.exports.append((file, exported))
        with Store.open(":memory:") as elsewhere:
            import_bundle(elsewhere, file)
            assert elsewhere.verify() == []
            compare(elsewhere, exported)

    @precondition(lambda machine: machine.exports)
    @rule(pick=PICK)
    def take_in(self, pick: int) -> None:
        file, coming = self.exports[pick % len(self.exports)]
        report = import_bundle(self.store, file)
        new, branches = self.tree.take_in(self.store.owner, coming, ids_of(coming))
        assert (report.new, report.branches) == (new, branches)
        self.stored |= coming.shown()

    # ---- what always holds ----------------------------------------------------------------------

    @invariant()
    def all_is_sound(self) -> None:
        assert self.store.verify() == []

    @invariant()
    def every_conversation_is_as_it_should_be(self) -> None:
        compare(self.store, self.tree)

    @invariant()
    def what_is_held_is_kept(self) -> None:
        held, files = self.tree.held(), {file[-64:] for file in picture_files(self.store)}
        with self.store.connections.snapshot() as database:
            messages = {identity for (identity,) in database.execute("SELECT id FROM messages")}
            pictures = {sha256 for (sha256,) in database.execute("SELECT sha256 FROM images")}
        assert self.tree.shown() <= self.stored == pictures == files
        if self.orphans:
            assert {self.ids()[path] for path in held} <= messages
        else:
            assert {self.ids()[path] for path in held} == messages

    @invariant()
    def what_is_held_is_found(self) -> None:
        ids, talks = self.ids(), self.tree.talks
        for query in QUERIES:
            hits = self.store.search(query, limit=10_000)
            wanted = query.split()
            expected = {path for path in ids if all(piece in path[-1].words for piece in wanted)}
            assert {hit.message_id for hit in hits} == {ids[path] for path in expected}
            assert len(hits) == len(expected)
            held = {identity: {ids[path] for path in talk.said()} for identity, talk in talks.items()}
            assert all(hit.message_id in held[hit.conversation.id] for hit in hits)

    # ---- inside ---------------------------------------------------------------------------------

    def talk(self, pick: int) -> tuple[str, Talk]:
        """One of the conversations."""
        talks = sorted(self.tree.talks.items(), key=lambda item: item[1].number)
        return talks[pick % len(talks)]

    def place(self, pick: int, *, asked: bool = False) -> tuple[str, Talk, Path]:
        """A message in a conversation; one that was `asked`, if so wanted."""
        talks = sorted(self.tree.talks.items(), key=lambda item: item[1].number)
        places = [
            (identity, talk, path)
            for identity, talk in talks
            for path in dict.fromkeys(talk.said())
            if not (asked and path[-1].is_reply)
        ]
        return places[pick % len(places)]

    def ids(self) -> dict[Path, str]:
        """The ids of all messages that there should be."""
        return ids_of(self.tree)

    def ask(self, identity: str, message: Message, beside: str | None = None) -> Turn:
        return self.store.begin_turn(
            identity, message, engine="e", fingerprint="f", sampling={}, beside=beside
        )

    def answer(self, identity: str, beside: str | None, *, continues: bool = False) -> Turn:
        return self.store.begin_answer(
            identity, engine="e", fingerprint="f", sampling={}, beside=beside, continues=continues
        )

    def message(self, words: str, shown: list[str]) -> Message:
        """A message of the person's, its pictures stored."""
        images = [self.store.images.add(png(colour)) for colour in shown]
        self.stored |= {image.sha256 for image in images}
        return user(words, images)

    def finish(self, turn: Turn, talk: Talk, asked: Path, reply: str) -> None:
        self.store.flush_turn(turn.id, reply[:1])
        self.store.finish_turn(turn.id, reply, reason="stop", usage={}, timings={})
        self.ended(turn, talk, asked, reply, "stop")

    def ended(self, turn: Turn, talk: Talk, asked: Path, reply: str, reason: str) -> None:
        """What the end of a turn does to a conversation of the model."""
        made = (*asked, Said(True, reply)) if reply else None
        talk.tip = asked
        talk.turns.append(Told(turn.id, asked, made, reason))
        talk.tip = made or talk.end(asked)


def said(message: Message) -> Said:
    """A message as the model has it."""
    return Said(message.role == "assistant", message.text, tuple(image.sha256 for image in message.images))


def ids_of(tree: PlainTree) -> dict[Path, str]:
    """The ids of all messages of a tree, derived from nothing but what was said."""
    found: dict[Path, str] = {}
    for path in sorted(tree.held(), key=len):
        last = path[-1]
        images = [Image(sha256, "image/png") for sha256 in last.pictures]
        message = assistant(last.words) if last.is_reply else user(last.words, images)
        found[path] = message_id(found.get(path[:-1]), message)
    return found


def compare(store: Store, tree: PlainTree) -> None:
    """That a store has the conversations of a tree, each with its branch, siblings, turns and pins."""
    assert {conversation.id for conversation in store.conversations()} == tree.talks.keys()
    ids = ids_of(tree)
    for identity, talk in tree.talks.items():
        history = store.history(identity)
        assert tuple(said(entry.message) for entry in history) == talk.tip
        for entry, path in zip(history, prefixes(talk.tip), strict=True):
            assert entry.message_id == ids[path]
            assert entry.siblings == tuple(ids[other] for other in talk.siblings(path))
        turns = [
            (turn.id, turn.user_message_id, turn.reply_message_id, turn.reason)
            for turn in store.turns(identity)
        ]
        assert turns == [
            (turn.id, ids[turn.asked], ids[turn.reply] if turn.reply else None, turn.reason)
            for turn in talk.turns
        ]
        assert store.pins.of(identity) == talk.pins


def test_any_course_leaves_what_was_said() -> None:
    bounds = settings(max_examples=EXAMPLES, stateful_step_count=STEPS)
    run_state_machine_as_test(Memory, settings=bounds)
