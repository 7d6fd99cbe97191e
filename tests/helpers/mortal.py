"""A process that talks, to be killed. Libraries are imported once, so that a death costs little.

Started by `main`, it reads lines "seed database", and for each a child of its own goes to work there.
What the child does it says on stdout, each line written at once and whole:

    <process id>
    accepted <turn> <conversation> <number of pictures> <words>      `send` has returned
    word                                                             all words before this one are flushed
    finished <turn>                                                  the reply has ended
    deleting <conversation>                                          its turns may go from now on

and, when the child is gone, the process itself: dead
"""

from __future__ import annotations

import io
import os
import random
import signal
import sys
import traceback

import PIL.Image

from chat import DialogueManager, Reply, generation
from chat.engines import EchoEngine
from memory import Store
from memory.upkeep import collect
from prompts import Message

DEAD = "dead"
CONVERSATIONS = 3
ACTS = ("send", "send", "send", "edit", "again", "fork", "delete", "collect")


def main() -> None:
    """Have children work for each line of stdin, one after another."""
    # At every word, so that there is something to lose at any moment.
    generation.FLUSH_SECONDS = 0.0
    while line := sys.stdin.readline():
        seed, path = line.split(maxsplit=1)
        child = os.fork()
        if not child:
            _work(path.strip(), seed)
        os.waitpid(child, 0)
        _say(DEAD)


def _work(path: str, seed: str) -> None:
    """Go on until killed."""
    try:
        _say(str(os.getpid()))
        talker = Talker(path, seed)
        while True:
            talker.go_on()
    except BaseException:
        traceback.print_exc()
    finally:
        # Not `sys.exit`: nothing of the process that it was forked from is its to tidy up.
        os.kill(os.getpid(), signal.SIGKILL)


def _say(*words: str) -> None:
    os.write(1, f"{' '.join(words)}\n".encode())


class Talker:
    """Does one thing after another in a database; `seed` says which."""

    def __init__(self, path: str, seed: str) -> None:
        self._random = random.Random(seed)
        self._seed = seed
        self._messages = 0
        self._store = Store.open(path)
        self._manager = DialogueManager(self._store, EchoEngine(gate=lambda: _say("word")))

    def go_on(self) -> None:
        """Send, mostly; otherwise edit, make again, fork, delete or collect."""
        talks = [conversation.id for conversation in self._store.conversations()]
        while len(talks) < CONVERSATIONS:
            talks.append(self._manager.create().id)
        talk = self._random.choice(talks)
        history = self._store.history(talk)
        match self._random.choice(ACTS):
            case "edit" if history:
                asked = self._random.choice([one for one in history if one.message.role == "user"])
                words = self._words()
                reply = self._manager.edit(talk, asked.message_id, words)
                self._follow(reply, words, len(asked.message.images))
            case "again" if history and history[-1].message.role == "assistant":
                self._follow(self._manager.regenerate(talk), *_content(history[-2].message))
            case "fork" if history and len(talks) < 2 * CONVERSATIONS:
                self._manager.fork(talk, self._random.choice(history).message_id)
            case "delete" if len(talks) > CONVERSATIONS:
                _say("deleting", talk)
                self._manager.delete(talk)
            case "collect":
                collect(self._store)
            case _:
                words, pictures = self._words(), [self._picture() for _ in range(self._random.randrange(3))]
                self._follow(self._manager.send(talk, words, pictures), words, len(pictures))

    def _follow(self, reply: Reply, words: str, pictures: int) -> None:
        """Tell of a reply, whose question has been accepted, and wait for its end."""
        _say("accepted", reply.turn_id, reply.conversation_id, str(pictures), words)
        _ = reply.text
        _say("finished", reply.turn_id)

    def _words(self) -> str:
        self._messages += 1
        return f"{self._seed}/{self._messages} what do you see here"

    def _picture(self) -> bytes:
        """A picture that nobody has seen."""
        buffer = io.BytesIO()
        colour = tuple(self._random.randrange(256) for _ in range(3))
        PIL.Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
        return buffer.getvalue()


def _content(message: Message) -> tuple[str, int]:
    return message.text, len(message.images)
