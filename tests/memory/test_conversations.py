"""Keeping conversations in order: pins, the archive, tags, notes, and the list of them all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from memory import Store, StoreError, UnknownConversation
from tests.memory.conftest import Say


def titles(store: Store, **filters: object) -> list[str]:
    return [c.title for c in store.conversations(**filters)]  # type: ignore[arg-type]


def test_a_new_conversation_is_neither_pinned_nor_put_away(store: Store) -> None:
    made = store.create_conversation("one")
    assert (made.pinned, made.archived, made.notes, made.tags) == (False, False, "", ())


def test_pinned_ones_come_first(store: Store, say: Say) -> None:
    one, two, three = (store.create_conversation(title) for title in ("one", "two", "three"))
    assert store.organise_conversation(one.id, pinned=True).pinned
    assert titles(store) == ["one", "three", "two"]
    store.organise_conversation(two.id, pinned=True)
    assert titles(store) == ["two", "one", "three"]
    say(store, one.id, "hello", "hi")
    assert titles(store) == ["one", "two", "three"]
    assert store.conversation(three.id).updated_at == three.updated_at
    store.organise_conversation(one.id, pinned=False)
    assert titles(store) == ["two", "one", "three"]


def test_what_is_put_away_is_in_a_list_of_its_own(store: Store) -> None:
    one, two = store.create_conversation("one"), store.create_conversation("two")
    store.organise_conversation(one.id, archived=True)
    assert (titles(store), titles(store, archived=True)) == (["two"], ["one"])
    store.organise_conversation(two.id, archived=True, pinned=True)
    store.organise_conversation(one.id, archived=False)
    assert (titles(store), titles(store, archived=True)) == (["one"], ["two"])


def test_tags_are_tidied_counted_and_replaced(store: Store) -> None:
    one, two = store.create_conversation("one"), store.create_conversation("two")
    tagged = store.organise_conversation(one.id, tags=["  Red  Cars ", "red cars", "ÄRGER", "ärger"])
    assert tagged.tags == ("red cars", "ärger")
    store.organise_conversation(two.id, tags=["red cars"])
    assert store.tags() == {"red cars": 2, "ärger": 1}
    assert titles(store, tag="RED cars") == ["two", "one"]
    assert titles(store, tag="ärger") == ["one"]
    assert titles(store, tag="absent") == []
    store.organise_conversation(one.id, notes="untouched tags")
    assert store.conversation(one.id).tags == tagged.tags
    store.organise_conversation(one.id, tags=[])
    assert (store.conversation(one.id).tags, store.tags()) == ((), {"red cars": 1})
    store.delete_conversation(two.id)
    assert store.tags() == {}


@pytest.mark.parametrize("tag", ["", "  ", "x" * 65])
def test_a_tag_that_cannot_be_changes_nothing(store: Store, tag: str) -> None:
    one = store.organise_conversation(store.create_conversation("one").id, tags=["kept"])
    with pytest.raises(StoreError, match="1 to 64 characters"):
        store.organise_conversation(one.id, pinned=True, tags=["new", tag])
    assert store.conversation(one.id) == one


def test_notes_are_kept(store: Store) -> None:
    one = store.create_conversation("one")
    store.organise_conversation(one.id, notes="half \ud83d a smile")
    assert store.organise_conversation(one.id, pinned=True).notes == "half \ufffd a smile"
    assert store.organise_conversation(one.id, notes="").notes == ""


def test_the_list_can_be_read_page_by_page(store: Store) -> None:
    for number in range(7):
        store.create_conversation(str(number))
    pages = [titles(store, limit=3, offset=start) for start in range(0, 9, 3)]
    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert titles(store, limit=0) == []


def test_an_unknown_conversation_cannot_be_organised(store: Store) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.organise_conversation("nowhere", pinned=True),
        lambda: store.switch_branch("nowhere", "x"),
        lambda: store.fork_conversation("nowhere", "x"),
    ]
    for call in calls:
        with pytest.raises(UnknownConversation, match="'nowhere'"):
            call()
