"""A message with a picture, while the only conversation that shows the picture is being deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chat.conversation import DialogueManager
from chat.errors import ImageError
from memory import Turn
from tests.helpers.gate import Gate

Pictures = Callable[..., bytes]


class Deleting:
    """`begin_turn` of a store, before which, so many times, a conversation is deleted."""

    def __init__(self, manager: DialogueManager, doomed: list[str]) -> None:
        self._manager, self._begin = manager, manager.store.begin_turn
        self.doomed = doomed
        self.calls = 0

    def __call__(self, *given: Any, **named: Any) -> Turn:
        self.calls += 1
        if self.doomed:
            self._manager.store.delete_conversation(self.doomed.pop())
        return self._begin(*given, **named)


@pytest.fixture
def shown(manager: DialogueManager, gate: Gate, picture: Pictures) -> str:
    """A conversation, the only one, that shows the red picture; its id."""
    gate.open()
    talk = manager.create().id
    assert manager.send(talk, "look", [picture("red")]).wait(60)
    return talk


def test_a_picture_that_was_deleted_in_between_is_stored_again(
    manager: DialogueManager, shown: str, picture: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleting = Deleting(manager, [shown])
    monkeypatch.setattr(manager.store, "begin_turn", deleting)
    talk = manager.create().id
    reply = manager.send(talk, "look again", [picture("blue"), picture("red")])
    assert reply.wait(60)
    assert deleting.calls == 2
    asked, answered = manager.store.messages(talk)
    assert [manager.store.images.read(image.sha256) for image in asked.images] == [
        picture("blue"),
        picture("red"),
    ]
    assert "#2" in answered.text
    assert len(manager.store.turns(talk)) == 1
    assert manager.store.verify() == []


def test_a_picture_that_is_gone_again_is_told_and_the_conversation_is_free(
    manager: DialogueManager, shown: str, picture: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = manager.create().id
    begin = manager.store.begin_turn

    def forget_first(*given: Any, **named: Any) -> Turn:
        with manager.store.connections.immediate() as database:
            database.execute(
                "DELETE FROM images WHERE NOT EXISTS"
                " (SELECT 1 FROM message_parts WHERE image_sha256 = images.sha256)"
            )
        return begin(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(manager.store, "begin_turn", forget_first)
        with pytest.raises(ImageError, match="is stored"):
            manager.send(talk, "green", [picture("green")])
    assert manager.store.messages(talk) == []
    assert manager.send(talk, "green", [picture("green")]).wait(60)


def test_a_picture_known_by_its_name_alone_cannot_be_stored_again(
    manager: DialogueManager, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = manager.store.messages(shown)[0].images[0]
    talk = manager.create().id
    deleting = Deleting(manager, [shown])
    monkeypatch.setattr(manager.store, "begin_turn", deleting)
    with pytest.raises(ImageError, match=f"No picture {image.sha256}"):
        manager.send(talk, "look again", [image])
    assert deleting.calls == 1
    assert manager.store.messages(talk) == []
