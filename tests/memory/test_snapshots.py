"""The snapshot store: parts once, by their key; the furthest prefix; what a save replaces; what goes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from memory import Store
from memory.db import Connections
from memory.schema import migrations
from tests.helpers.snapshots import (
    DATA,
    FIRST,
    OTHER,
    SECOND,
    THIRD,
    WEIGHTS,
    A,
    B,
    C,
    D,
    capped,
    digest,
    files_in,
    names,
    part_file,
    save,
)

# ---- finding and reading --------------------------------------------------------------------


def test_what_was_saved_is_found_and_read_after_reopening(store: Store, talk: str) -> None:
    with Store.open(store.path) as second:
        for snapshots in (store.snapshots, second.snapshots):
            found = snapshots.find(WEIGHTS, [FIRST, THIRD])
            assert found is not None
            assert (found.tokens, found.parts) == (30, (A, B))
            assert [snapshots.read(key) for key in found.parts] == [DATA[A], DATA[B]]
            assert snapshots.bytes == len(DATA[A]) + len(DATA[B])
    assert files_in(store) == names(A, B)


def test_the_furthest_mark_asked_for_decides(store: Store, talk: str) -> None:
    other = store.create_conversation()
    save(store.snapshots, other.id, {FIRST: 10, OTHER: 15}, [A, C])
    for marks, tokens, parts in (
        ([SECOND, FIRST], 20, (A, B)),
        ([FIRST, OTHER], 15, (A, C)),
        ([digest("unknown"), SECOND], 20, (A, B)),
    ):
        found = store.snapshots.find(WEIGHTS, marks)
        assert found is not None
        assert (found.tokens, found.parts) == (tokens, parts)
    assert store.snapshots.find(WEIGHTS, [digest("unknown")]) is None
    assert store.snapshots.find(WEIGHTS, []) is None
    assert store.snapshots.find("other weights", [FIRST]) is None


def test_a_part_may_come_twice_in_a_snapshot(store: Store) -> None:
    conversation = store.create_conversation()
    save(store.snapshots, conversation.id, {FIRST: 10}, [A, B, A])
    found = store.snapshots.find(WEIGHTS, [FIRST])
    assert found is not None
    assert found.parts == (A, B, A)
    assert store.snapshots.bytes == len(DATA[A]) + len(DATA[B])


def test_missing_are_those_not_stored(store: Store, talk: str) -> None:
    assert store.snapshots.missing([A, C, B, D]) == {C, D}
    assert store.snapshots.missing([]) == set()


@pytest.mark.parametrize("key", ["../../../etc/passwd", "0" * 63, "A" * 64, "", f"{'0' * 64}\n"])
def test_a_key_cannot_leave_the_folder(store: Store, talk: str, key: str) -> None:
    before = files_in(store)
    for ask in (
        lambda: store.snapshots.read(key),
        lambda: store.snapshots.missing([A, key]),
        lambda: store.snapshots.save(talk, WEIGHTS, [(FIRST, 1)], [A, key], {key: b"outside"}),
        lambda: store.snapshots.save(talk, WEIGHTS, [(FIRST, 1)], [A, key], {}),
    ):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            ask()
    assert files_in(store) == before


def test_a_snapshot_needs_a_mark(store: Store, talk: str) -> None:
    with pytest.raises(ValueError, match="without marks"):
        store.snapshots.save(talk, WEIGHTS, [], [A], {})


@pytest.mark.skipif(os.name != "posix", reason="file permissions mean something else here")
def test_parts_are_as_private_as_pictures(store: Store, talk: str, picture: Callable[..., bytes]) -> None:
    image = store.images.path(store.images.add(picture()).sha256)
    part = part_file(store, A)
    for one, other in ((image, part), (image.parent, part.parent), (image.parent.parent, part.parent.parent)):
        assert one.stat().st_mode == other.stat().st_mode


# ---- what a save replaces -------------------------------------------------------------------


def test_a_later_snapshot_of_the_branch_replaces_the_earlier(store: Store, talk: str) -> None:
    earlier = store.snapshots.find(WEIGHTS, [FIRST])
    save(store.snapshots, talk, {FIRST: 10, SECOND: 20, THIRD: 30, OTHER: 40}, [A, C])
    later = store.snapshots.find(WEIGHTS, [FIRST])
    assert earlier is not None
    assert later is not None
    assert later.parts == (A, C)
    assert files_in(store) == names(A, C)
    # The earlier one's number is not given to another.
    store.snapshots.forget(earlier.id)
    assert store.snapshots.find(WEIGHTS, [FIRST]) == later


def test_another_branch_of_the_conversation_stays(store: Store, talk: str) -> None:
    save(store.snapshots, talk, {FIRST: 10, OTHER: 20}, [A, C])
    for mark, parts in ((THIRD, (A, B)), (OTHER, (A, C))):
        found = store.snapshots.find(WEIGHTS, [mark])
        assert found is not None
        assert found.parts == parts


def test_new_weights_replace_only_the_conversations_own_snapshots(store: Store, talk: str) -> None:
    other = store.create_conversation()
    save(store.snapshots, other.id, {OTHER: 5}, [C])
    save(store.snapshots, talk, {SECOND: 20}, [D], fingerprint="f1")
    assert store.snapshots.find(WEIGHTS, [FIRST, SECOND, THIRD]) is None
    assert store.snapshots.find(WEIGHTS, [OTHER]) is not None
    assert store.snapshots.find("f1", [SECOND]) is not None
    assert files_in(store) == names(C, D)


# ---- what goes ------------------------------------------------------------------------------


def test_a_shared_part_goes_with_the_last_conversation(store: Store, talk: str) -> None:
    other = store.create_conversation()
    save(store.snapshots, other.id, {FIRST: 10, OTHER: 15}, [A, C])
    store.delete_conversation(talk)
    assert files_in(store) == names(A, C)
    assert store.snapshots.read(A) == DATA[A]
    assert store.snapshots.read(B) is None
    assert store.snapshots.find(WEIGHTS, [SECOND]) is None
    store.delete_conversation(other.id)
    assert files_in(store) == set()
    assert store.snapshots.bytes == 0


def test_the_least_recently_used_goes_first(store: Store) -> None:
    size = len(DATA[A])
    with capped(store, 2 * size) as snapshots:
        for mark, key in ((FIRST, A), (SECOND, B)):
            save(snapshots, store.create_conversation().id, {mark: 1}, [key])
        assert snapshots.find(WEIGHTS, [FIRST]) is not None
        save(snapshots, store.create_conversation().id, {THIRD: 1}, [C])
        assert snapshots.find(WEIGHTS, [SECOND]) is None
        assert snapshots.bytes == 2 * size
        assert files_in(store) == names(A, C)
        save(snapshots, store.create_conversation().id, {OTHER: 1}, [D])
        assert files_in(store) == names(C, D)


def test_eviction_spares_what_a_newer_snapshot_shares(store: Store) -> None:
    with capped(store, 3 * len(DATA[A])) as snapshots:
        for mark, parts in ((FIRST, [A, B]), (SECOND, [A, C]), (THIRD, [D])):
            save(snapshots, store.create_conversation().id, {mark: 1}, parts)
        assert snapshots.find(WEIGHTS, [FIRST]) is None
        assert snapshots.find(WEIGHTS, [SECOND]) is not None
        assert files_in(store) == names(A, C, D)


def test_a_snapshot_over_the_cap_is_not_kept_and_removes_nothing(store: Store, talk: str) -> None:
    with capped(store, 3 * len(DATA[A]) - 1) as snapshots:
        save(snapshots, talk, {FIRST: 10, SECOND: 20, THIRD: 30, OTHER: 40}, [A, B, C])
    assert store.snapshots.find(WEIGHTS, [OTHER]) is None
    assert store.snapshots.find(WEIGHTS, [THIRD]) is not None
    assert files_in(store) == names(A, B)


def test_a_part_that_was_evicted_meanwhile(store: Store, talk: str) -> None:
    store.snapshots.save(talk, WEIGHTS, [(OTHER, 40)], [A, C, D], {C: DATA[C]})
    assert store.snapshots.find(WEIGHTS, [OTHER]) is None
    assert files_in(store) == names(A, B)


def test_clear_removes_everything(store: Store, talk: str) -> None:
    store.snapshots.clear()
    assert store.snapshots.find(WEIGHTS, [FIRST]) is None
    assert store.snapshots.bytes == 0
    assert files_in(store) == set()
    assert store.verify() == []


# ---- the tables -----------------------------------------------------------------------------


def test_parts_known_by_another_hash_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "visavis.db"
    connections = Connections(path)
    with connections.immediate() as database:
        migrations.apply(database, stop_before="m005_blake3_of_parts")
        database.execute("INSERT INTO parts (key, sha256, size) VALUES (?, ?, 3)", (A, digest("old")))
        database.execute(
            "INSERT INTO conversations (id, owner, title, persona, created_at, updated_at)"
            " VALUES ('c1', 'local', 'old', 'plain', '2026-01-01', '2026-01-02')"
        )
        database.execute(
            "INSERT INTO snapshots (id, conversation_id, fingerprint, used) VALUES (1, 'c1', 'f0', 1)"
        )
        database.execute("INSERT INTO snapshot_marks (snapshot_id, mark, tokens) VALUES (1, ?, 10)", (FIRST,))
        database.execute("INSERT INTO snapshot_parts (snapshot_id, position, key) VALUES (1, 0, ?)", (A,))
    connections.close()
    old = tmp_path / "visavis.snapshots" / A[:2] / f"{A}.part"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")

    with Store.open(path) as store:
        assert store.snapshots.find(WEIGHTS, [FIRST]) is None
        assert not old.exists()
        save(store.snapshots, "c1", {FIRST: 10}, [A])
        assert store.snapshots.read(A) == DATA[A]
