"""One engine, one database, and several conversations, managers and processes that use them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from chat.conversation import DialogueManager
from chat.engines import Delta, EchoEngine, Request
from chat.errors import (
    BusyError,
)
from memory import Store
from prompts import assistant, user
from tests.helpers.gate import Gate

ROOT = Path(__file__).resolve().parents[2]

Pictures = Callable[..., bytes]


# ---- one engine, several conversations, managers, processes ---------------------------------


def test_while_a_reply_is_written_its_conversation_is_busy_and_others_are_not(
    gated: DialogueManager, gate: Gate, picture: Pictures
) -> None:
    busy, free = gated.create(), gated.create()
    reply = gated.send(busy.id, "a")
    with pytest.raises(BusyError, match="wait for it or stop it"):
        gated.send(busy.id, "b", [picture()])
    with pytest.raises(BusyError, match="wait for it or stop it"):
        gated.answer(busy.id)
    other = gated.send(free.id, "c")
    gate.open()
    assert (reply.text, other.text) == ("You said: a", "You said: c")
    assert [message.text for message in gated.store.messages(busy.id)] == ["a", "You said: a"]


def test_managers_that_share_an_engine_take_turns(store: Store) -> None:
    class Alone(EchoEngine):
        """Notices a second request before the first has ended."""

        inside = 0

        def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
            self.inside += 1
            assert self.inside == 1
            yield from super().generate(request, cancelled)
            self.inside -= 1

    engine = Alone()
    managers = [DialogueManager(store, engine) for _ in range(3)]
    replies = [
        manager.send(manager.create().id, f"{number} " + "word " * 50)
        for manager in managers
        for number in range(4)
    ]
    assert [reply.finish_reason for reply in replies] == ["stop"] * 12
    for manager in managers:
        manager.close()


def test_two_managers_on_one_conversation_both_append(manager: DialogueManager) -> None:
    talk = manager.create()
    manager.send(talk.id, "one").wait()
    with Store.open(manager.store.path) as store:
        other = DialogueManager(store, EchoEngine())
        assert other.send(talk.id, "two").text == "You said: two"
        other.close()
    manager.send(talk.id, "three").wait()
    assert [message.text for message in manager.store.messages(talk.id)] == [
        *("one", "You said: one", "two", "You said: two", "three", "You said: three")
    ]


def test_a_reply_being_written_elsewhere_is_waited_for(
    gated: DialogueManager, gate: Gate, picture: Pictures
) -> None:
    talk = gated.create()
    reply = gated.send(talk.id, "one")
    gate.wait_for(1)
    with Store.open(gated.store.path) as store:
        other = DialogueManager(store, EchoEngine())
        with pytest.raises(BusyError, match="Another program is writing a reply here"):
            other.send(talk.id, "two", [picture()])
        with pytest.raises(BusyError, match="Another program is writing a reply here"):
            other.answer(talk.id)
        assert hashlib.sha256(picture()).hexdigest() not in store.images
        gate.open()
        assert reply.text == "You said: one"
        assert other.send(talk.id, "two").text == "You said: two"
        other.close()
    said = [message.text for message in gated.store.messages(talk.id)]
    assert said == ["one", "You said: one", "two", "You said: two"]
    assert gated.store.verify() == []


def test_a_reply_cut_off_elsewhere_holds_nobody_up(manager: DialogueManager, tmp_path: Path) -> None:
    talk = manager.create()
    script = f"""
import os
from memory import Store
from prompts import user
store = Store.open({str(manager.store.path)!r})
store.begin_turn({talk.id!r}, user("one"), engine="echo", fingerprint="echo-1", sampling={{}})
os._exit(9)
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == 9, killed.stderr
    assert manager.store.turns(talk.id)[0].status == "running"
    assert manager.answer(talk.id).text == "You said: one"
    assert [turn.reason for turn in manager.store.turns(talk.id)] == ["interrupted", "stop"]


def test_a_process_killed_in_mid_reply_loses_no_message(tmp_path: Path, manager: DialogueManager) -> None:
    talk = manager.create()
    script = f"""
import os
from chat import generation
from chat.conversation import DialogueManager
from chat.engines import EchoEngine
from memory import Store
passed = []
def gate():
    passed.append(1)
    if len(passed) == 4:
        os._exit(9)
generation.FLUSH_SECONDS = 0.0
manager = DialogueManager(Store.open({str(manager.store.path)!r}), EchoEngine(gate=gate))
manager.send({talk.id!r}, "a b c").wait()
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == 9, killed.stderr
    with Store.open(manager.store.path) as store:
        assert store.messages(talk.id) == [user("a b c"), assistant("You said: a")]
        (turn,) = store.turns(talk.id)
        assert (turn.status, turn.reason) == ("done", "interrupted")
