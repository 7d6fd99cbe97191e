"""Finding conversations by what they are called, whatever has become of their names since."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from memory import ConversationHit, Store
from memory.schema import migrations
from memory.transfer import export_bundle, import_file
from tests.memory.conftest import Say
from tests.memory.test_migrations import MOMENT


@pytest.fixture
def trip(store: Store) -> str:
    """A conversation with a title, tags and notes; its id."""
    talk = store.create_conversation("Holiday in Rome 🏖").id
    store.create_conversation("Another one")
    store.organise_conversation(talk, tags=["sea", "海边"], notes="Ask about the\nhotel 酒店 again")
    return talk


def titles(hits: list[ConversationHit]) -> list[str]:
    return [hit.conversation.title for hit in hits]


def is_exact(store: Store) -> bool:
    """Whether the index has what the tables have, as SQLite and `verify` see it."""
    with store.connections.immediate() as database:
        database.execute(
            "INSERT INTO conversation_words (conversation_words, rank) VALUES ('integrity-check', 1)"
        )
    return store.verify() == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rome", True),
        ("ROME holiday", True),
        ("holi", True),
        ('"in rome"', True),
        ("🏖", True),
        ("sea rome hotel", True),
        ("边", True),
        ("酒店", True),
        ("店酒", False),
        ("ome", False),
        ("rome mountains", False),
        *(("", False), ("*", False), ('"', False), ("\0", False)),
    ],
)
def test_all_words_are_found_wherever_they_stand(store: Store, trip: str, query: str, found: bool) -> None:
    assert [hit.conversation.id for hit in store.labels.find(query)] == [trip] * found


def test_where_the_words_stand_is_told(store: Store, trip: str) -> None:
    (hit,) = store.labels.find("rome HOTEL")
    assert hit.conversation == store.conversation(trip)
    assert [hit.title.text[start:end] for start, end in hit.title.found] == ["Rome"]
    assert hit.also is not None
    assert hit.also.text == "Ask about the hotel 酒店 again"
    assert [hit.also.text[start:end] for start, end in hit.also.found] == ["hotel"]
    (hit,) = store.labels.find("海")
    assert hit.also is not None
    assert (hit.title.found, hit.also.text) == ((), "sea, 海边")
    (hit,) = store.labels.find("holiday")
    assert hit.also is None


def test_a_title_counts_most_and_whole_words_come_first(store: Store) -> None:
    noted, tagged, longer, named = (
        store.create_conversation(title).id for title in ("one", "two", "Seaside", "Sea")
    )
    store.organise_conversation(noted, notes="sea")
    store.organise_conversation(tagged, tags=["sea"], archived=True)
    assert [hit.conversation.id for hit in store.labels.find("sea")] == [named, tagged, noted, longer]
    assert titles(store.labels.find("sea", limit=1)) == ["Sea"]


CHANGES: dict[str, tuple[Callable[[Store, str], object], str, str]] = {
    "rename": (lambda store, talk: store.rename_conversation(talk, "Naples 那不勒斯"), "rome", "naples 勒"),
    "notes": (lambda store, talk: store.organise_conversation(talk, notes="breakfast 早"), "酒店", "早"),
    "no notes": (lambda store, talk: store.organise_conversation(talk, notes=""), "hotel", "rome sea"),
    "tags": (lambda store, talk: store.organise_conversation(talk, tags=["sun ☀"]), "海", "sun ☀"),
    "no tags": (lambda store, talk: store.organise_conversation(talk, tags=[]), "sea", "hotel"),
    "pin": (lambda store, talk: store.organise_conversation(talk, pinned=True), "sun", "rome"),
    "delete": (lambda store, talk: store.delete_conversation(talk), "rome", ""),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_after_every_change_it_is_found_as_it_is_now(store: Store, trip: str, name: str) -> None:
    change, gone, there = CHANGES[name]
    change(store, trip)
    assert store.labels.find(gone) == []
    assert [hit.conversation.id for hit in store.labels.find(there)] == [trip] * bool(there)
    assert is_exact(store)


def test_what_is_deleted_by_hand_or_undone_leaves_nothing_wrong(store: Store, trip: str) -> None:
    with store.connections.immediate() as database:
        database.execute("DELETE FROM conversations WHERE id = ?", (trip,))
    assert store.labels.find("rome") == []
    assert is_exact(store)
    other = store.create_conversation("Kept").id

    def rename_half_way() -> None:
        with store.connections.immediate() as database:
            database.execute("UPDATE conversations SET title = 'Lost' WHERE id = ?", (other,))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rename_half_way()
    assert titles(store.labels.find("kept")) == ["Kept"]
    assert store.labels.find("lost") == []
    assert is_exact(store)


def test_what_comes_in_by_a_bundle_is_found(store: Store, trip: str, say: Say, tmp_path: Path) -> None:
    say(store, trip, "hello", "hi")
    export_bundle(store, tmp_path / "all.zip")
    with Store.open(tmp_path / "other" / "visavis.db") as other:
        import_file(other, tmp_path / "all.zip")
        assert titles(other.labels.find("rome 海 hotel")) == ["Holiday in Rome 🏖"]
        assert is_exact(other)


@pytest.mark.parametrize(
    "change",
    [
        *("UPDATE conversation_labels SET tags = 'x'", "UPDATE conversation_labels SET title = 'x'"),
        *("UPDATE conversation_labels SET spaced_text = NULL", "DELETE FROM conversation_labels"),
    ],
)
def test_a_conversation_that_cannot_be_found_is_reported(store: Store, trip: str, change: str) -> None:
    assert store.verify() == []
    with store.connections.immediate() as database:
        database.execute(f"{change} WHERE conversation_id = ?", (trip,))
    (problem,) = store.verify()
    assert f"Conversation {trip} cannot be found" in problem


def test_what_an_older_database_calls_its_conversations_is_found(tmp_path: Path) -> None:
    path = tmp_path / "visavis.db"
    with closing(Database(path)) as old:
        migrations.apply(old, stop_before="m008_labels")
        for identity, title, notes in (("c0", "Rome", "酒店"), ("c1", "Naples", "")):
            old.table("conversations").insert(
                {
                    **{"id": identity, "owner": "local", "title": title, "persona": "plain", "notes": notes},
                    **{"created_at": MOMENT, "updated_at": MOMENT},
                }
            )
        for tag in ("sun", "sea"):
            old.table("conversation_tags").insert({"owner": "local", "conversation_id": "c0", "tag": tag})
    with Store.open(path) as store:
        assert titles(store.labels.find("rome 酒 sun sea")) == ["Rome"]
        assert titles(store.labels.find("naples")) == ["Naples"]
        assert is_exact(store)
        store.rename_conversation("c1", "Rome")
        assert len(store.labels.find("rome")) == 2
        assert is_exact(store)
