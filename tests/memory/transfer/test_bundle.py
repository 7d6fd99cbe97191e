"""Bundles: what comes out goes in again, all of it, once, and beside what went on meanwhile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memory import ImageError, Store, StoreError, UnknownConversation
from memory.transfer import export_bundle, import_bundle
from memory.transfer.staging import MESSAGE_COLUMNS, PART_COLUMNS
from prompts import user
from tests.helpers.bundles import forged
from tests.helpers.transfer import begin_talks, everything, members, picture_files, png, say


def test_everything_comes_back(store: Store, other: Store, tmp_path: Path) -> None:
    talk, fork = begin_talks(store)
    assert export_bundle(store, tmp_path / "all.zip") == 2
    report = import_bundle(other, tmp_path / "all.zip")
    assert everything(other) == everything(store)
    assert (set(report.new), report.continued, report.unchanged) == ({talk, fork}, [], [])
    assert (report.messages, report.turns, report.pictures, report.facts) == (5, 3, 2, 2)
    assert other.verify() == []
    assert [image.name for message in other.messages(talk) for image in message.images] == [
        *("1.png", "1.png", "2.png"),
    ]
    assert [hit.message_id for hit in other.search("你好")] == [store.history(talk)[0].message_id]


def test_what_comes_back_can_be_talked_on(store: Store, other: Store, tmp_path: Path) -> None:
    talk, _ = begin_talks(store)
    export_bundle(store, tmp_path / "all.zip")
    import_bundle(other, tmp_path / "all.zip")
    say(other, talk, "more", "yes")
    assert other.messages(talk)[-1].text == "yes"
    assert other.turns(talk)[-1].user_message_id != other.turns(talk)[0].user_message_id


def test_importing_twice_adds_nothing(store: Store, other: Store, tmp_path: Path) -> None:
    talk, fork = begin_talks(store)
    export_bundle(store, tmp_path / "all.zip")
    import_bundle(other, tmp_path / "all.zip")
    before = everything(other)
    for target in (other, store):
        report = import_bundle(target, tmp_path / "all.zip")
        assert (report.new, set(report.unchanged)) == ([], {talk, fork})
        assert (report.messages, report.turns, report.pictures, report.facts) == (0, 0, 0, 0)
    assert everything(other) == before


def test_facts_come_with_everything_and_not_with_a_single_conversation(
    store: Store, other: Store, tmp_path: Path
) -> None:
    talk, fork = begin_talks(store)
    export_bundle(store, tmp_path / "both.zip", [talk, fork])
    assert "facts.jsonl" not in members(tmp_path / "both.zip")
    export_bundle(store, tmp_path / "all.zip")
    known = other.facts.add("I like the sea ☀")
    changed = store.facts.edit(store.facts.list()[1].id, text="Be very brief")
    assert import_bundle(other, tmp_path / "both.zip").facts == 0
    assert import_bundle(other, tmp_path / "all.zip").facts == 1
    assert {fact.text for fact in other.facts.list()} == {known.text, "Be brief"}
    assert import_bundle(store, tmp_path / "all.zip").facts == 0
    assert changed in store.facts.list(), "what a person said otherwise here stays so"
    with Store.open(store.path, owner="bob") as bob:
        assert [import_bundle(bob, tmp_path / "all.zip").facts for _ in range(2)] == [2, 0]
        assert [fact.text for fact in bob.facts.list()] == ["I like the sea ☀", "Be brief"]
    assert changed in store.facts.list()


def test_a_bundle_of_before_there_were_facts_comes_in(store: Store, other: Store, tmp_path: Path) -> None:
    talk, _ = begin_talks(store)
    export_bundle(store, tmp_path / "all.zip")
    content = members(tmp_path / "all.zip")
    turns = [json.loads(line) for line in content["turns.jsonl"].splitlines()]
    older = b"".join(
        json.dumps({name: value for name, value in turn.items() if name != "facts"}).encode() + b"\n"
        for turn in turns
    )
    changes = {"facts.jsonl": None, "turns.jsonl": older}
    import_bundle(other, forged(content, tmp_path / "older.zip", changes))
    assert [turn.facts for turn in other.turns(talk)] == [(), ()]
    assert other.facts.list() == ()


def test_one_conversation_takes_only_what_belongs_to_it(store: Store, other: Store, tmp_path: Path) -> None:
    _, fork = begin_talks(store)
    assert export_bundle(store, tmp_path / "one.zip", [fork]) == 1
    import_bundle(other, tmp_path / "one.zip")
    assert [conversation.id for conversation in other.conversations()] == [fork]
    assert other.messages(fork) == store.messages(fork)
    with pytest.raises(UnknownConversation):
        export_bundle(store, tmp_path / "none.zip", ["nowhere"])
    assert not (tmp_path / "none.zip").exists()


def test_another_owner_of_one_database_gets_ids_of_their_own(store: Store, tmp_path: Path) -> None:
    talk, _ = begin_talks(store)
    export_bundle(store, tmp_path / "all.zip")
    before = everything(store)
    with Store.open(store.path, owner="bob") as bob:
        first, second = (import_bundle(bob, tmp_path / "all.zip") for _ in range(2))
        assert (len(first.new), len(second.unchanged)) == (2, 2)
        (copy,) = (c for c in bob.conversations() if c.title == "Holiday ☀" and c.notes == "keep")
        assert copy.id != talk
        assert bob.messages(copy.id) == store.messages(talk)
        assert bob.verify() == []
    assert everything(store) == before


def test_what_went_on_elsewhere_follows(store: Store, other: Store, tmp_path: Path) -> None:
    talk = store.create_conversation("talk").id
    say(store, talk, "one", "first")
    export_bundle(store, tmp_path / "early.zip")
    import_bundle(other, tmp_path / "early.zip")
    other.rename_conversation(talk, "mine")
    say(store, talk, "two", "second")
    export_bundle(store, tmp_path / "late.zip")
    report = import_bundle(other, tmp_path / "late.zip")
    assert (report.continued, report.messages, report.turns) == ([talk], 2, 1)
    assert other.messages(talk) == store.messages(talk)
    assert other.conversation(talk).title == "mine"
    assert other.conversation(talk).updated_at == store.conversation(talk).updated_at
    assert import_bundle(other, tmp_path / "early.zip").unchanged == [talk]
    assert other.messages(talk) == store.messages(talk)


def test_two_courses_are_both_kept(store: Store, other: Store, tmp_path: Path) -> None:
    talk = store.create_conversation("talk").id
    say(store, talk, "one", "first")
    export_bundle(store, tmp_path / "early.zip")
    import_bundle(other, tmp_path / "early.zip")
    say(store, talk, "here", "there")
    say(other, talk, "hither", "thither")
    export_bundle(store, tmp_path / "late.zip")
    report = import_bundle(other, tmp_path / "late.zip")
    assert (report.branched, len(report.branches)) == ([talk], 1)
    assert [message.text for message in other.messages(talk)][-1] == "thither"
    assert other.messages(report.branches[0]) == store.messages(talk)
    assert [turn.text for turn in other.turns(talk)] == ["first", "thither", "there"]
    again = import_bundle(other, tmp_path / "late.zip")
    assert (again.unchanged, again.branches, other.verify()) == ([talk], [], [])


def test_a_reply_being_written_is_left_out_and_its_question_is_in(
    store: Store, other: Store, tmp_path: Path
) -> None:
    talk = store.create_conversation("talk").id
    turn = store.begin_turn(talk, user("why?"), engine="echo", fingerprint="f", sampling={})
    store.flush_turn(turn.id, "becau")
    export_bundle(store, tmp_path / "early.zip")
    import_bundle(other, tmp_path / "early.zip")
    assert ([message.text for message in other.messages(talk)], other.turns(talk)) == (["why?"], [])
    store.finish_turn(turn.id, "because", reason="stop", usage={}, timings={})
    export_bundle(store, tmp_path / "late.zip")
    assert import_bundle(other, tmp_path / "late.zip").continued == [talk]
    assert [message.text for message in other.messages(talk)] == ["why?", "because"]


def test_an_older_bundle_takes_todays_defaults(store: Store, other: Store, tmp_path: Path) -> None:
    talk = store.create_conversation("talk").id
    say(store, talk, "one", "first")
    export_bundle(store, tmp_path / "now.zip")
    content = members(tmp_path / "now.zip")
    row = json.loads(content["conversations.jsonl"])
    assert {"pinned", "archived", "notes"} <= row.keys()
    # Rows as they were before anything could be arranged.
    old = {name: value for name, value in row.items() if name not in ("pinned", "archived", "notes")}
    path = forged(content, tmp_path / "old.zip", {"conversations.jsonl": json.dumps(old).encode() + b"\n"})
    import_bundle(other, path)
    conversation = other.conversation(talk)
    assert (conversation.pinned, conversation.archived, conversation.notes) == (False, False, "")


def test_the_original_pictures_are_inside_as_they_are(store: Store, tmp_path: Path) -> None:
    begin_talks(store)
    export_bundle(store, tmp_path / "all.zip")
    content = members(tmp_path / "all.zip")
    pictures = {data for name, data in content.items() if name.startswith("pictures/")}
    assert pictures == {png("red"), png("blue")}
    assert b'"local"' not in b"".join(content.values())


def test_every_column_of_a_message_is_carried(store: Store) -> None:
    with store.connections.snapshot() as database:
        assert set(database["messages"].columns_dict) == set(MESSAGE_COLUMNS)
        assert set(database["message_parts"].columns_dict) == {"id", *PART_COLUMNS}


def test_a_file_that_is_there_is_not_replaced(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "all.zip"
    target.write_text("precious")
    with pytest.raises(StoreError, match="is there already"):
        export_bundle(store, target)
    assert target.read_text() == "precious"


def test_a_missing_picture_stops_the_export_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    begin_talks(store)
    store.images.path(store.images.add(png("red")).sha256).unlink()
    (tmp_path / "out").mkdir()
    with pytest.raises(ImageError, match="cannot be read"):
        export_bundle(store, tmp_path / "out" / "all.zip")
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_is_left_aside_after_an_import(store: Store, other: Store, tmp_path: Path) -> None:
    begin_talks(store)
    export_bundle(store, tmp_path / "all.zip")
    import_bundle(other, tmp_path / "all.zip")
    assert {name.rpartition("/")[2] for name in picture_files(other)} == {
        image["sha256"] for image in everything(other)["images"]
    }
