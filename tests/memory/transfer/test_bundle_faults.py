"""Bundles that are damaged or made with ill intent: refused in clear words, and the store is as it was."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from memory import Store, StoreError
from memory.transfer import archive, export_bundle, import_bundle
from memory.transfer.arrival import Arrival
from memory.transfer.staging import Staging
from tests.helpers.bundles import changed_row, forged
from tests.helpers.transfer import begin_talks, everything, members, picture_files, png

Content = Mapping[str, bytes]
Changes = Mapping[str, bytes | None]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound bundle."""
    folder = tmp_path_factory.mktemp("bundle")
    with Store.open(folder / "visavis.db") as store:
        begin_talks(store)
        export_bundle(store, folder / "all.zip")
    return folder / "all.zip"


def refused(other: Store, path: Path, words: str) -> None:
    """Check that an import is refused in these words and leaves no trace."""
    before, files = everything(other), picture_files(other)
    with pytest.raises(StoreError, match=words):
        import_bundle(other, path)
    assert (everything(other), picture_files(other)) == (before, files)


def in_row(table: str, index: int = 0, **changes: Any) -> Callable[[Content], Changes]:
    """A change of some fields of one row."""
    name = f"{table}.jsonl"
    return lambda content: {name: changed_row(content[name], changes, index)}


def first_picture(content: Content) -> str:
    """The name of a picture's member."""
    return next(name for name in content if name.startswith("pictures/"))


FORGERIES: list[tuple[Callable[[Content], Changes], str]] = [
    (in_row("messages", parts=[{"text": "something else"}]), "does not match its id"),
    (in_row("messages", role="assistant"), "does not match its id"),
    (in_row("messages", role="tool"), "lacks what belongs to a message"),
    (in_row("messages", parts=[{"text": 7}]), "neither words nor a picture"),
    (in_row("messages", parts=[{"text": "\ud800"}]), "neither words nor a picture"),
    (in_row("messages", parts=[{"text": "x", "image": "y"}]), "neither words nor a picture"),
    (in_row("messages", parts=[{"image": "0" * 64, "media_type": "image/png", "name": None}]), "missing"),
    (in_row("messages", parts=None), "lacks what belongs to a message"),
    (in_row("messages", created_at="yesterday"), "lacks what belongs to a message"),
    (in_row("messages", parent="f" * 64), "does not come before it"),
    (in_row("conversations", id="../../etc"), "is not the id"),
    (in_row("conversations", tip="f" * 64), "newest message"),
    (in_row("conversations", title=None), "title"),
    (in_row("conversations", title=5), "title"),
    (in_row("conversations", title=...), "lacks 'title'"),
    (in_row("conversations", pinned=2**70), "pinned"),
    (in_row("conversations", pinned=True), "pinned"),
    (in_row("conversations", updated_at="2026-01-01"), "updated_at"),
    (in_row("conversations", owner="eve"), "'owner'"),
    (in_row("conversations", surprise=1), "'surprise'"),
    (in_row("turns", sampling="{"), "sampling"),
    (in_row("turns", usage="[]"), "usage"),
    (in_row("turns", dropped="[" * 100_000), "dropped"),
    (in_row("turns", facts="7"), "facts"),
    (in_row("facts", text="one\n- two"), "on one line"),
    (in_row("facts", text=""), "nothing to remember"),
    (in_row("facts", id="x"), "is not a fact"),
    (in_row("facts", persona=None), "'persona'"),
    (in_row("turns", status="running"), "has not ended"),
    (in_row("turns", id="x"), "does not have an id"),
    (in_row("turns", writer="../../x"), "'writer'"),
    (in_row("turns", user_message_id="f" * 64), "from a question to a reply"),
    (in_row("turns", reply_message_id="f" * 64), "from a question to a reply"),
    (in_row("turns", conversation_id="f" * 32), "which is missing"),
    (lambda content: {"turns.jsonl": content["turns.jsonl"].replace(b'r": 2', b'r": 1')}, "itself"),
    (in_row("forks", message_id="f" * 64), "contradicts itself"),
    (lambda content: {"messages.jsonl": content["messages.jsonl"] + b"{\n"}, "is not JSON"),
    (lambda content: {"messages.jsonl": b"[" * 200_000 + b"\n"}, "is not JSON"),
    (lambda content: {"messages.jsonl": b"\xff\xfe\n"}, "is not JSON"),
    (lambda content: {"messages.jsonl": None}, "no 'messages.jsonl'"),
    (
        lambda content: {"conversations.jsonl": content["conversations.jsonl"] * 2},
        "the id of one conversation",
    ),
    (lambda content: {"snapshots.jsonl": b"{}\n"}, "nothing is known"),
    (lambda content: {"images.jsonl": b"{}\n"}, "nothing is known"),
    (lambda content: {first_picture(content): None}, "which is missing"),
    (lambda content: {first_picture(content): png("green")}, "not what was exported"),
]


@pytest.mark.parametrize(("forge", "words"), FORGERIES)
def test_a_forged_bundle_is_refused(
    other: Store, bundle: Path, tmp_path: Path, forge: Callable[[Content], Changes], words: str
) -> None:
    content = members(bundle)
    path = forged(content, tmp_path / "forged.zip", forge(content))
    refused(other, path, words)
    assert other.conversations() == []


def test_a_file_that_is_no_picture_is_refused(other: Store, bundle: Path, tmp_path: Path) -> None:
    data = b"no picture"
    name = f"pictures/{hashlib.sha256(data).hexdigest()}"
    refused(other, forged(members(bundle), tmp_path / "forged.zip", {name: data}), "not a picture")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "something"}, "not a bundle"),
        ({"version": 2}, "newer version"),
        ({"migrations": ["m001_conversations", "m999_later"]}, "newer version"),
        ({"migrations": [[]]}, "newer version"),
        ({"members": {}}, "manifest lists"),
        ({"members": []}, "lacks what belongs"),
        ({"members": {"turns.jsonl": {}}}, "lacks what belongs"),
        ({"members": {"turns.jsonl": {"sha256": 1}}}, "lacks what belongs"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(
    other: Store, bundle: Path, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    content = members(bundle)
    content["manifest.json"] = json.dumps(json.loads(content["manifest.json"]) | changes).encode()
    refused(other, zipped(content, tmp_path / "changed.zip"), words)


def zipped(content: Content, path: Path) -> Path:
    """An archive of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in content.items():
            target.writestr(name, data)
    return path


def test_a_changed_member_is_told_by_its_hash(other: Store, bundle: Path, tmp_path: Path) -> None:
    content = members(bundle)
    content["conversations.jsonl"] = content["conversations.jsonl"].replace(b"Holiday", b"Hollidy")
    refused(other, zipped(content, tmp_path / "changed.zip"), "not what was exported")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jsonl",
        "/etc/passwd",
        "pictures/../../evil",
        "C:\\evil",
        "pictures/" + "A" * 64,
        "note.txt",
        "a/",
    ],
)
def test_a_name_that_does_not_belong_is_refused(
    other: Store, bundle: Path, tmp_path: Path, name: str
) -> None:
    refused(other, zipped({**members(bundle), name: b"x"}, tmp_path / "changed.zip"), "does not belong there")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(other: Store, bundle: Path, tmp_path: Path) -> None:
    path = zipped(members(bundle), tmp_path / "changed.zip")
    with zipfile.ZipFile(path, "a") as target:
        target.writestr("turns.jsonl", b"")
    refused(other, path, "twice")


def test_a_bomb_is_not_unpacked(
    other: Store, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FREE_BYTES", 1_000_000)
    bomb = zipped({**members(bundle), "messages.jsonl": bytes(5_000_000)}, tmp_path / "bomb.zip")
    refused(other, bomb, "would grow from")


def test_too_many_members_are_refused(other: Store, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    refused(other, bundle, "at most 3 are read")


def test_what_is_no_archive_is_refused(other: Store, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    refused(other, path, "There is no file")
    path.write_bytes(b"PK\x03\x04 and so on")
    refused(other, path, "cannot be read")
    path.write_bytes(b"")
    refused(other, path, "cannot be read")


def test_a_failure_at_the_very_end_leaves_nothing(
    other: Store, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring = Arrival.bring

    def fail(self: Arrival) -> None:
        bring(self)
        raise sqlite3.OperationalError("the disk went away")

    with monkeypatch.context() as patch:
        patch.setattr(Arrival, "bring", fail)
        refused(other, bundle, "the disk went away")
    import_bundle(other, bundle)
    assert (len(other.conversations()), other.verify()) == (2, [])


def test_a_full_disk_leaves_nothing(other: Store, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = Staging.message

    def fail(self: Staging, *arguments: Any) -> str:
        self._rows.execute("PRAGMA max_page_count = 1")
        self._rows.execute("CREATE TABLE more AS SELECT zeroblob(1000000)")
        return message(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Staging, "message", fail)
        refused(other, bundle, "disk that holds .* is full")


def test_damage_anywhere_is_refused_or_harmless(other: Store, bundle: Path, tmp_path: Path) -> None:
    """Many bundles with bytes changed, cut out or cut off: all or nothing comes in."""
    original, chance, path = bundle.read_bytes(), random.Random(5), tmp_path / "damaged.zip"
    empty = everything(other)
    outcomes = set()
    for _ in range(150):
        data = bytearray(original)
        for _ in range(chance.choice([1, 1, 4])):
            place = chance.randrange(len(data))
            match chance.randrange(3):
                case 0:
                    data[place] ^= 1 << chance.randrange(8)
                case 1:
                    del data[place : place + chance.randrange(1, 40)]
                case _:
                    data[place:place] = chance.randbytes(chance.randrange(1, 20))
        path.write_bytes(data[: chance.randrange(len(data))] if chance.random() < 0.1 else data)
        try:
            import_bundle(other, path)
        except StoreError:
            outcomes.add("refused")
            assert everything(other) == empty
        else:
            outcomes.add("harmless")
            for conversation in other.conversations():
                other.delete_conversation(conversation.id)
            for fact in other.facts.list():
                other.facts.delete(fact.id)
            assert everything(other) == empty
    assert "refused" in outcomes
    assert picture_files(other) == set()
