"""Killed at any moment, the program has lost nothing that it accepted, and says which reply was cut.

VISAVIS_KILLS=300 kills so many processes, instead of the few that there is time for in the suite.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from chat import DialogueManager
from chat.engines import EchoEngine
from memory import Store
from tests.helpers.mortal import DEAD
from tests.memory.conftest import Child, stream_of

KILLS = int(os.environ.get("VISAVIS_KILLS", "60"))
LINES, SECONDS = 30, 0.01
"""A process dies so many lines after its birth at most, and within so long after the last of these."""

TURNS = """
    SELECT turns.id, turns.conversation_id, turns.reason, asked.text, reply.text, (
        SELECT count(*) FROM message_parts AS shown WHERE shown.owner = turns.owner
            AND shown.message_id = turns.user_message_id AND shown.image_sha256 IS NOT NULL)
    FROM turns
    JOIN message_parts AS asked ON asked.owner = turns.owner
        AND asked.message_id = turns.user_message_id AND asked.text IS NOT NULL
    LEFT JOIN message_parts AS reply ON reply.owner = turns.owner
        AND reply.message_id = turns.reply_message_id
"""


class Ledger:
    """What processes have said that they did, before they died."""

    def __init__(self) -> None:
        self.accepted: dict[str, tuple[str, int]] = {}
        self.finished: set[str] = set()
        self.words = 0
        self._conversations: dict[str, set[str]] = {}

    def read(self, lines: list[str]) -> None:
        """The lines of one life. `words` are those that were certainly on disk of its last reply."""
        gates = 0
        for line in lines:
            match line.split(maxsplit=4):
                case ["accepted", turn, conversation, pictures, words]:
                    self.accepted[turn] = (words, int(pictures))
                    self._conversations.setdefault(conversation, set()).add(turn)
                case ["word"]:
                    gates += 1
                case ["finished", turn]:
                    self.finished.add(turn)
                    gates = 0
                case ["deleting", conversation]:
                    for turn in self._conversations.pop(conversation, set()):
                        self.accepted.pop(turn, None)
        self.words = max(0, gates - 1)


def life(process: subprocess.Popen[str], path: Path, seed: int) -> list[str]:
    """What a process said between its birth and its death at a random moment."""
    chance = random.Random(seed)
    print(seed, path, file=stream_of(process.stdin), flush=True)
    process_id = int(stream_of(process.stdout).readline())
    lines: list[str] = []
    wanted = chance.randrange(LINES)
    while not lines or lines[-1] != DEAD:
        if len(lines) == wanted:
            # Anywhere between two lines, too: in the middle of a transaction, or of a file.
            time.sleep(chance.uniform(0, SECONDS))
            os.kill(process_id, signal.SIGKILL)
        line = stream_of(process.stdout).readline().rstrip("\n")
        assert line, "the process that has the children is gone"
        assert line != DEAD or len(lines) >= wanted, f"it died by itself, after {lines}"
        lines.append(line)
    return lines


def check(store: Store, ledger: Ledger) -> None:
    """That a database holds, after a death, all that was accepted and all that was finished."""
    assert store.verify() == []
    found = turns(store)
    for turn, accepted in ledger.accepted.items():
        _, reason, asked, reply, pictures = found[turn]
        assert (asked, pictures) == accepted
        assert reason in ("stop", "interrupted")
        if turn in ledger.finished:
            assert (reason, reply[-len(asked) :]) == ("stop", asked)


def go_on(store: Store, turn: str, words: int) -> str:
    """Have a cut reply gone on with, of which so many words were on disk; what there was of it."""
    conversation, _, asked, half, _ = turns(store)[turn]
    assert len((half or "").split()) >= words
    manager = DialogueManager(store, EchoEngine())
    if half:
        reply = manager.continue_reply(conversation)
    elif store.messages(conversation)[-1].role == "user":
        reply = manager.answer(conversation)
    else:
        # It was another try, and the reply that there was stands as before.
        reply = manager.regenerate(conversation)
    assert reply.text.startswith(half or "You s")
    assert reply.text.endswith(f"You said: {asked}")
    # An engine that is given an opening that is not its own says all of its answer after it.
    assert reply.text.count("You said") == 1
    manager.close()
    return "some words" if half else "no word"


def turns(store: Store) -> dict[str, tuple[str, str, str, str, int]]:
    """Of each turn: its conversation, why it ended, what was asked, the reply, how many pictures."""
    with store.connections.snapshot() as database:
        return {row[0]: row[1:] for row in database.execute(TURNS)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked and killed")
def test_nothing_accepted_is_lost_and_the_half_reply_goes_on(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "visavis.db"
    mortal, ledger, known = child("from tests.helpers.mortal import main; main()"), Ledger(), set[str]()
    moments = Counter[str]()
    for seed in range(KILLS):
        ledger.read(life(mortal, path, seed))
        with Store.open(path) as store:
            check(store, ledger)
            cut = {turn for turn, row in turns(store).items() if row[1] == "interrupted"} - known
            assert len(cut) <= 1
            known |= cut
            moments.update(go_on(store, turn, ledger.words) for turn in cut)
    print(f"{KILLS} deaths cut off {moments['some words']} replies and {moments['no word']} before a word.")
    assert moments.keys() == {"some words", "no word"}
