"""Exports of ChatGPT and Claude, and OpenAI's messages, as they come in."""

from __future__ import annotations

import base64
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from memory import Store, StoreError
from memory.transfer import import_file
from memory.transfer.foreign import time_of
from tests.helpers.exports import chatgpt_conversation, chatgpt_message, claude_conversation
from tests.helpers.transfer import everything, png


def written(folder: Path, value: object, name: str = "conversations.json") -> Path:
    """A JSON file."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(value), "utf-8")
    return folder / name


def test_a_chatgpt_tree_comes_in_with_its_branches(store: Store, tmp_path: Path) -> None:
    folder = written(tmp_path / "export", [chatgpt_conversation()]).parent
    (folder / "file-RED1-sea.png").write_bytes(png("red"))
    report = import_file(store, folder)
    (talk,) = report.new
    conversation = store.conversation(talk)
    assert (conversation.title, conversation.created_at) == ("Boats", "2024-03-05T20:00:00.000000+00:00")
    assert [message.text for message in store.messages(talk)] == [
        *("What is this?", "A boat.\n\nIt is red.", "Sure?", "Yes, quite."),
    ]
    (image,) = store.messages(talk)[0].images
    assert (image.name, store.images.read(image.sha256)) == ("sea.png", png("red"))
    turns = [(turn.engine, turn.text) for turn in store.turns(talk)]
    assert turns == [
        ("chatgpt/gpt-4o", "A boat.\n\nIt is red."),
        ("chatgpt/gpt-4o", "Yes."),
        ("chatgpt/o1", "Yes, quite."),
    ]
    assert report.notes == ["left out: 1 system messages"]
    assert store.verify() == []


def test_the_forms_of_a_chatgpt_export_are_one(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "export", [chatgpt_conversation()])
    (path.parent / "file-RED1-sea.png").write_bytes(png("red"))
    (talk,) = import_file(store, path).new
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(path, "conversations-000.json")
        archive.write(path.parent / "file-RED1-sea.png", "file-RED1-sea.png")
        archive.writestr("user.json", "{}")
    before = everything(store)
    for source in (path.parent, tmp_path / "export.zip"):
        assert import_file(store, source).unchanged == [talk]
    assert everything(store) == before


def test_a_later_chatgpt_export_continues(store: Store, tmp_path: Path) -> None:
    value = chatgpt_conversation()
    (talk,) = import_file(store, written(tmp_path / "a", [value])).new
    value["mapping"]["q3"] = {"parent": "a2b", "message": chatgpt_message("user", "Thanks")}
    value["mapping"]["a3"] = {"parent": "q3", "message": chatgpt_message("assistant", "Gladly")}
    value["current_node"] = "a3"
    assert import_file(store, written(tmp_path / "b", [value])).continued == [talk]
    assert [message.text for message in store.messages(talk)][-2:] == ["Thanks", "Gladly"]
    assert len(store.turns(talk)) == 4


def test_a_picture_that_is_not_in_the_export_is_told(store: Store, tmp_path: Path) -> None:
    report = import_file(store, written(tmp_path / "export", [chatgpt_conversation()]))
    assert "left out: 1 pictures that the export does not contain" in report.notes
    assert store.messages(report.new[0])[0].text == "[picture: sea.png]\n\nWhat is this?"
    broken = written(tmp_path / "broken", [chatgpt_conversation()])
    (broken.parent / "file-RED1-sea.png").write_bytes(b"no picture")
    assert "left out: 1 pictures that cannot be read" in import_file(store, broken).notes


def test_a_picture_that_was_made_is_named_in_the_reply(store: Store, tmp_path: Path) -> None:
    value = chatgpt_conversation()
    drawn = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00ab?x=1"}
    message = chatgpt_message("tool", drawn) | {"author": {"role": "tool", "name": "dalle"}}
    value["mapping"]["a2b"]["message"]["content"]["parts"] = ["Here."]
    value["mapping"]["drawn"] = {"parent": "a2b", "message": message}
    value["current_node"] = "drawn"
    report = import_file(store, written(tmp_path / "export", [value]))
    assert store.messages(report.new[0])[-1].text == "Here.\n\n[picture: file_00ab]"
    assert any("pictures in replies" in note for note in report.notes)


def test_claude_messages_come_in_a_row(store: Store, tmp_path: Path) -> None:
    (talk,) = import_file(store, written(tmp_path / "export", [claude_conversation()])).new
    assert store.conversation(talk).title == "Plans"
    assert [message.text for message in store.messages(talk)] == [
        *("Read this\n\nthe pasted text", "Done.", "[picture: map.png]\n\nAnd this?", "A map."),
    ]
    assert [turn.engine for turn in store.turns(talk)] == ["claude", "claude"]
    assert store.history(talk)[0].created_at == "2025-05-01T10:00:00.000000+00:00"


def test_claude_branches_come_in_as_such(store: Store, tmp_path: Path) -> None:
    value = claude_conversation()
    parents = ["00000000-0000-4000-8000-000000000000", "m0", "m1", "m2"]
    for message, parent in zip(value["chat_messages"], parents, strict=True):
        message["parent_message_uuid"] = parent
    other = {"uuid": "m4", "sender": "assistant", "text": "A plan.", "parent_message_uuid": "m2"}
    value["chat_messages"].append(other)
    value["current_leaf_message_uuid"] = "m3"
    folder = written(tmp_path / "export", [value]).parent
    (folder / "map.png").write_bytes(png("green"))
    (talk,) = import_file(store, folder).new
    assert store.messages(talk)[-1].text == "A map."
    assert [image.name for image in store.messages(talk)[2].images] == ["map.png"]
    assert sorted(turn.text for turn in store.turns(talk)) == ["A map.", "A plan.", "Done."]


URL = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Compare"},
            {
                "type": "image_url",
                "image_url": {"url": URL},
            },
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        ],
    },
    {"role": "assistant", "content": None, "tool_calls": []},
    {"role": "tool", "content": "42"},
    {"role": "assistant", "content": "Alike."},
]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(MESSAGES),
        json.dumps({"messages": MESSAGES}, indent=2),
        json.dumps([{"messages": MESSAGES}]),
        json.dumps({"messages": MESSAGES}) + "\n",
    ],
)
def test_openai_messages_come_in_whatever_is_around_them(store: Store, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    report = import_file(store, tmp_path / "x.json")
    question, answer = store.messages(report.new[0])
    assert question.text == "Compare[picture: https://example.com/a.png]"
    assert len(question.images) == 1
    assert answer.text == "Alike."
    assert len(report.notes) == 2


def test_many_conversations_on_lines(store: Store, tmp_path: Path) -> None:
    lines = [{"messages": [{"role": "user", "content": f"number {n}"}]} for n in range(50)]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert len(import_file(store, tmp_path / "x.jsonl").new) == 50
    assert len(store.conversations()) == 50


FAULTS: list[tuple[object, str]] = [
    ({"a": 1}, "none of the forms"),
    ([], "none of the forms"),
    ([{"mapping": 5}], "not an object"),
    ([{"mapping": {}}, {}], "no 'mapping'"),
    ([{"mapping": {"a": {"parent": "b"}, "b": {"parent": "a"}}}], "in a circle"),
    ([{"mapping": {"a": 5}}], "not an object"),
    ([{"chat_messages": 5}], "not a list"),
    ([{"chat_messages": [5]}], "not an object"),
    ([{"chat_messages": [{"uuid": "a"}, {"uuid": "a"}]}], "is there twice"),
    ([{"messages": {}}], "not a list"),
    ([{"messages": [{}]}], "no 'role'"),
]


@pytest.mark.parametrize(("value", "words"), FAULTS)
def test_what_makes_no_sense_is_refused(store: Store, tmp_path: Path, value: object, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        import_file(store, written(tmp_path / "export", value))
    assert store.conversations() == []


@pytest.mark.parametrize(
    "data", [b"", b"[", b"[{}", b"[1 2]", b"[]x", b"\xff", b"[" * 100_000, b'{"a": NaN}', b"PK\x03\x04", b"x"]
)
def test_what_is_no_json_is_refused(store: Store, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "conversations.json").write_bytes(data)
    with pytest.raises(StoreError):
        import_file(store, tmp_path / "conversations.json")


def test_a_form_or_a_file_that_is_not_there_is_named(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, kind, words in [
        (tmp_path / "x.json", None, "There is no file"),
        (tmp_path / "empty", None, "has no conversations.json"),
        (tmp_path / "empty", "word", "There is no form 'word'"),
    ]:
        with pytest.raises(StoreError, match=words):
            import_file(store, path, kind)


ODD: list[object] = [None, "", "soon", 1e300, float("nan"), True, [], {}]


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (1709668800.25, "2024-03-05T20:00:00.250000+00:00"),
        ("2024-03-05T20:00:00Z", "2024-03-05T20:00:00.000000+00:00"),
        ("2024-03-05T21:00:00+01:00", "2024-03-05T20:00:00.000000+00:00"),
        ("2024-03-05T20:00:00", "2024-03-05T20:00:00.000000+00:00"),
        *((value, None) for value in ODD),
    ],
)
def test_times_are_read_as_they_come(value: object, time: str | None) -> None:
    assert time_of(value) == time
