"""Serving, and ending in the middle of a reply."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

from chat import DialogueManager
from chat.engines import Delta, EchoEngine, Finish, Request
from memory import Store
from tests.helpers.served import PATIENCE, served


class Storyteller(EchoEngine):
    """Begins, and goes on until it is stopped."""

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        yield Delta("Once upon a time")
        assert cancelled.wait(PATIENCE)
        yield Delta("", Finish("cancelled"))


def test_a_server_told_to_end_stops_its_replies_and_keeps_them() -> None:
    with Store.open(":memory:") as store:
        manager = DialogueManager(store, Storyteller())
        conversation = manager.create()
        with served(manager):
            reply = manager.send(conversation.id, "Tell me a story")
            assert next(iter(reply)).text == "Once upon a time"
        assert reply.done
        last = store.history(conversation.id)[-1]
        assert last.message.text == "Once upon a time"
        assert last.turn is not None
        assert last.turn.reason == "cancelled"
