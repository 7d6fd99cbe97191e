"""Vectors of pictures: kept with their picture, found by their owner, and nearest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlite_utils import Database

from memory import FoundPicture, Store, conversations, tree
from memory.schema import migrations
from memory.upkeep import collect
from prompts import assistant, user
from tests.memory.conftest import Say

Pictures = Callable[..., bytes]

MODEL, OTHER = "f0", "f1"
EAST, NORTH, NORTH_EAST = ((1.0, 0.0), (0.0, 1.0), (0.6, 0.8))


def towards(direction: tuple[float, ...]) -> NDArray[np.float32]:
    return np.asarray(direction, np.float32)


def show(
    store: Store, say: Say, data: bytes, *, name: str | None = None, words: str = "look"
) -> tuple[str, str]:
    """A conversation that shows one picture: its id, and the picture's sha256."""
    image = store.images.add(data, name=name)
    conversation = store.create_conversation()
    say(store, conversation.id, words, "I see", [image])
    return conversation.id, image.sha256


def hashes(found: list[FoundPicture]) -> list[str]:
    return [each.sha256 for each in found]


def test_the_nearest_come_first_with_where_they_were_shown(store: Store, say: Say, picture: Pictures) -> None:
    talks = [show(store, say, picture(colour), name=f"{colour}.png") for colour in ("red", "green", "blue")]
    directions = zip(talks, (EAST, NORTH, NORTH_EAST), strict=True)
    store.embeddings.put(MODEL, {sha256: towards(direction) for (_, sha256), direction in directions})
    found = store.embeddings.nearest(MODEL, towards(EAST), 2)
    assert hashes(found) == [talks[0][1], talks[2][1]]
    assert [each.score for each in found] == pytest.approx([1.0, 0.6])
    first = store.history(talks[0][0])[0]
    assert (found[0].conversation.id, found[0].message_id) == (talks[0][0], first.message_id)
    assert (found[0].created_at, found[0].name) == (first.created_at, "red.png")
    assert store.embeddings.nearest(MODEL, towards(EAST), 0) == []
    assert len(store.embeddings.nearest(MODEL, towards(EAST), 99)) == 3


def test_what_is_below_its_least_score_is_not_found(store: Store, say: Say, picture: Pictures) -> None:
    kept = {show(store, say, picture(colour))[1]: colour for colour in ("red", "green", "blue")}
    vectors = dict(zip(kept, map(towards, (EAST, NORTH, NORTH_EAST)), strict=True))
    store.embeddings.put(MODEL, vectors)

    def least(known: NDArray[np.float32]) -> NDArray[np.float32]:
        # Of each picture its own: the one that is nearest asks for more than it gets.
        return np.where(known[:, 0] == 1, np.float32(1.5), np.float32(0.5)).astype(np.float32)

    found = store.embeddings.nearest(MODEL, towards(EAST), 9, least=least)
    assert [kept[sha256] for sha256 in hashes(found)] == ["blue"]


def test_what_lacks_a_vector_is_told_newest_first(store: Store, say: Say, picture: Pictures) -> None:
    red, green, blue = (show(store, say, picture(colour))[1] for colour in ("red", "green", "blue"))
    store.images.add(picture("white"))  # in no message
    assert store.embeddings.lacking(MODEL) == [blue, green, red]
    store.embeddings.put(MODEL, {green: towards(EAST)})
    assert store.embeddings.lacking(MODEL) == [blue, red]
    assert store.embeddings.lacking(OTHER) == [blue, green, red]
    show(store, say, picture("red"), words="again")
    assert store.embeddings.lacking(MODEL) == [red, blue]


def test_each_model_has_vectors_of_its_own(store: Store, say: Say, picture: Pictures) -> None:
    _, sha256 = show(store, say, picture())
    store.embeddings.put(MODEL, {sha256: towards(EAST)})
    store.embeddings.put(OTHER, {sha256: towards((0.0, 0.0, 1.0))})
    for _ in range(2):
        assert store.embeddings.vectors(MODEL).vectors.tolist() == [[1.0, 0.0]]
        assert store.embeddings.vectors(OTHER).vectors.tolist() == [[0.0, 0.0, 1.0]]
    assert store.embeddings.vectors("none").hashes == ()
    with pytest.raises(ValueError, match="mismatch"):
        store.embeddings.nearest(OTHER, towards(EAST), 1)


def test_vectors_are_kept_bit_by_bit_and_are_nobodys_to_change(
    store: Store, say: Say, picture: Pictures
) -> None:
    _, sha256 = show(store, say, picture())
    vector = np.random.default_rng(0).normal(size=128).astype(np.float32)
    vector /= np.linalg.norm(vector)
    store.embeddings.put(MODEL, {sha256: vector})
    store.embeddings.put(MODEL, {sha256: -vector})  # there already
    with Store.open(store.path) as other:
        known = other.embeddings.vectors(MODEL)
        assert known.hashes == (sha256,)
        assert known.vectors.dtype == np.float32
        assert known.vectors[0].tobytes() == vector.tobytes()
        with pytest.raises(ValueError, match="read-only"):
            known.vectors[0, 0] = 1


@pytest.mark.parametrize("vector", [(0.5, 0.5), (np.nan, 1.0), (np.inf, 0.0), (), ((1.0, 0.0),)])
def test_what_is_no_unit_vector_is_refused(
    store: Store, say: Say, picture: Pictures, vector: tuple[float, ...]
) -> None:
    _, sha256 = show(store, say, picture())
    with pytest.raises(ValueError, match="length 1"):
        store.embeddings.put(MODEL, {sha256: towards(vector)})
    with pytest.raises(ValueError, match="length 1"):
        store.embeddings.nearest(MODEL, towards(vector), 1)
    assert store.embeddings.lacking(MODEL) == [sha256]


def test_vectors_come_and_go_with_their_pictures(store: Store, say: Say, picture: Pictures) -> None:
    first, second = show(store, say, picture("red")), show(store, say, picture("green"))
    store.embeddings.put(MODEL, {first[1]: towards(EAST), second[1]: towards(NORTH), "0" * 64: towards(EAST)})
    assert set(store.embeddings.vectors(MODEL).hashes) == {first[1], second[1]}
    store.delete_conversation(first[0])
    assert hashes(store.embeddings.nearest(MODEL, towards(EAST), 9)) == [second[1]]
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT count(*) FROM picture_embeddings").fetchone() == (1,)
    third = show(store, say, picture("red"))
    assert store.embeddings.lacking(MODEL) == [third[1]]
    store.embeddings.put(MODEL, {third[1]: towards(EAST)})
    assert hashes(store.embeddings.nearest(MODEL, towards(EAST), 9)) == [third[1], second[1]]
    assert store.verify() == []


def test_a_picture_is_found_where_it_was_last_shown(store: Store, say: Say, picture: Pictures) -> None:
    first, second = (show(store, say, picture(), words=words, name=words) for words in ("one", "two"))
    store.embeddings.put(MODEL, {first[1]: towards(EAST)})
    (found,) = store.embeddings.nearest(MODEL, towards(EAST), 9)
    assert (found.conversation.id, found.name) == (second[0], "two")
    fork = store.fork_conversation(first[0], store.history(first[0])[0].message_id)
    for talk in (first[0], second[0]):
        store.delete_conversation(talk)
    (found,) = store.embeddings.nearest(MODEL, towards(EAST), 9)
    assert (found.conversation.id, found.name) == (fork.id, "one")


def test_a_picture_that_no_conversation_holds_any_more_is_passed_over(
    store: Store, say: Say, picture: Pictures
) -> None:
    talk, sha256 = show(store, say, picture("red"))
    _, shown = show(store, say, picture("green"))
    store.embeddings.put(MODEL, {sha256: towards(EAST), shown: towards(NORTH)})
    with store.connections.immediate() as database:
        # What an earlier version, or a process that died, may leave for `gc`.
        database.execute("DELETE FROM conversations WHERE id = ?", (talk,))
    assert hashes(store.embeddings.nearest(MODEL, towards(EAST), 1)) == [shown]
    with store.connections.immediate() as database:
        database.execute("UPDATE images SET added_at = '2000'")
    assert collect(store).pictures == 1
    assert store.embeddings.vectors(MODEL).hashes == (shown,)


def test_owners_share_a_vector_and_nothing_else(store: Store, say: Say, picture: Pictures) -> None:
    _, sha256 = show(store, say, picture())
    store.embeddings.put(MODEL, {sha256: towards(EAST)})
    with Store.open(store.path, owner="somebody else") as other:
        assert other.embeddings.vectors(MODEL).hashes == ()
        assert other.embeddings.nearest(MODEL, towards(EAST), 9) == []
        talk, same = show(other, say, picture(), name="mine")
        assert same == sha256
        assert other.embeddings.lacking(MODEL) == []
        (found,) = other.embeddings.nearest(MODEL, towards(EAST), 9)
        assert (found.conversation.id, found.name) == (talk, "mine")


def test_an_older_database_takes_vectors(tmp_path: Path, say: Say, picture: Pictures) -> None:
    path = tmp_path / "visavis.db"
    with closing(Database(path)) as database:
        migrations.apply(database, stop_before="m007_picture_embeddings")
        assert "picture_embeddings" not in database.table_names()
    with Store.open(path) as store:
        _, sha256 = show(store, say, picture())
        store.embeddings.put(MODEL, {sha256: towards(EAST)})
        assert store.embeddings.lacking(MODEL) == []
        assert store.verify() == []


def test_the_owners_pictures_are_read_from_an_index(store: Store) -> None:
    seen: list[str] = []
    connection = store.connections.database().conn
    assert connection is not None
    connection.set_trace_callback(seen.append)
    store.embeddings.vectors(MODEL)
    store.embeddings.lacking(MODEL)
    connection.set_trace_callback(None)
    queries = [sql for sql in seen if "message_parts" in sql]
    assert len(queries) == 2
    for sql in queries:
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert "message_parts_with_picture" in plan
        assert "SCAN message_parts" not in plan
        assert "SCAN known" not in plan


def test_a_picture_in_a_reply_is_found_too(store: Store, picture: Pictures) -> None:
    """As other programs' exports have them."""
    image = store.images.add(picture(), name="drawn.png")
    with store.connections.immediate() as database:
        asked = tree.append(database, store.owner, None, user("draw"))
        tip = tree.append(database, store.owner, asked, assistant("here"))
        talk = conversations.create(database, store.owner, "drawing", "plain", tip)
        database.execute(
            "INSERT INTO message_parts (owner, message_id, position, image_sha256, media_type, name)"
            " VALUES ('local', ?, 1, ?, 'image/png', 'drawn.png')",
            (tip, image.sha256),
        )
    store.embeddings.put(MODEL, {image.sha256: towards(EAST)})
    (found,) = store.embeddings.nearest(MODEL, towards(EAST), 9)
    assert (found.conversation.id, found.message_id, found.name) == (talk.id, tip, "drawn.png")
