"""The message tree: ids are what was said, and what goes in comes out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory import ImageError, Store
from memory.tree import message_id
from prompts import Image, Message, Role, Text, assistant, system, user

SHA = hashlib.sha256(b"a picture").hexdigest()
OTHER_SHA = hashlib.sha256(b"another picture").hexdigest()
PROVENANCE = {"engine": "echo", "fingerprint": "f0"}

texts = st.text(max_size=20).map(Text)
images = st.builds(
    Image,
    st.sampled_from([SHA, OTHER_SHA]),
    st.sampled_from(["image/png", "image/jpeg"]),
    st.integers(0, 9),
    st.integers(0, 9),
    st.none() | st.text(max_size=5),
)
roles: st.SearchStrategy[Role] = st.sampled_from(("system", "user", "assistant"))
messages = st.builds(Message, roles, st.lists(texts | images, max_size=4).map(tuple))
parents = st.none() | st.sampled_from([SHA, OTHER_SHA])


@given(parents, messages, parents, messages)
def test_two_messages_have_one_id_exactly_if_they_say_the_same_to_the_same(
    parent: str | None, message: Message, other_parent: str | None, other: Message
) -> None:
    # Message equality leaves out the name and size of pictures, as identity does.
    same = parent == other_parent and message == other
    assert (message_id(parent, message) == message_id(other_parent, other)) == same


@given(parents, messages)
def test_an_id_depends_on_nothing_but_content(parent: str | None, message: Message) -> None:
    copy = Message(message.role, tuple(message.parts))
    assert message_id(parent, message) == message_id(parent, copy)


def test_the_id_is_the_hash_of_the_documented_json() -> None:
    message = Message("user", (Image(SHA, "image/gif", 4, 3, "cat.gif"), Text("Wie schön?")))
    document = {
        "parent": OTHER_SHA,
        "role": "user",
        "parts": [{"image": SHA, "media_type": "image/gif"}, {"text": "Wie schön?"}],
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert message_id(OTHER_SHA, message) == hashlib.sha256(canonical).hexdigest()


@pytest.mark.parametrize(
    "different",
    [
        user("hi "),
        system("hi"),
        assistant("hi"),
        user("hi", [Image(SHA)]),
        Message("user", (Text("h"), Text("i"))),
    ],
)
def test_anything_said_otherwise_is_another_message(different: Message) -> None:
    assert message_id(None, different) != message_id(None, user("hi"))


@pytest.fixture(scope="module")
def shared_store() -> Iterator[Store]:
    with Store.open(":memory:") as store:
        yield store


@given(st.lists(st.lists(texts, max_size=3).map(tuple), min_size=1, max_size=3))
@settings(deadline=None, max_examples=40)
def test_what_was_said_comes_back_unchanged(shared_store: Store, said: list[tuple[Text, ...]]) -> None:
    conversation = shared_store.create_conversation()
    for parts in said:
        turn = shared_store.begin_turn(conversation.id, Message("user", parts), sampling={}, **PROVENANCE)
        shared_store.finish_turn(turn.id, "", reason="stop", usage={}, timings={})
    assert shared_store.messages(conversation.id) == [Message("user", parts) for parts in said]
    ids = [entry.message_id for entry in shared_store.history(conversation.id)]
    parents = [None, *ids[:-1]]
    assert ids == [
        message_id(parent, Message("user", parts)) for parent, parts in zip(parents, said, strict=True)
    ]
    assert shared_store.verify() == []


def test_characters_that_no_encoding_can_write_are_replaced(store: Store) -> None:
    conversation = store.create_conversation(title="t\ud800")
    turn = store.begin_turn(conversation.id, user("half \ud83d a smile"), sampling={}, **PROVENANCE)
    store.finish_turn(turn.id, "cut \udc00", reason="error", usage={}, timings={}, error="bad \udc00")
    assert [message.text for message in store.messages(conversation.id)] == [
        "half \ufffd a smile",
        "cut \ufffd",
    ]
    assert store.conversation(conversation.id).title == "t\ufffd"
    assert store.turns(conversation.id)[0].error == "bad \ufffd"
    assert store.verify() == []


def test_a_picture_that_is_not_stored_cannot_be_shown(store: Store) -> None:
    conversation = store.create_conversation()
    with pytest.raises(ImageError, match="Add its bytes"):
        store.begin_turn(conversation.id, user("look", [Image(SHA)]), sampling={}, **PROVENANCE)
    assert store.messages(conversation.id) == []
    assert store.turns(conversation.id) == []
    assert store.conversation(conversation.id).tip is None
