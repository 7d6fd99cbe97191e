"""What a turn costs after the process was killed, beside a warm one and one without snapshots.

What bounds it: reading the conversation's keys and values from disk, once, in place of
computing them: 2·L·g·e values a token against twice the decoder's weights in operations.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from threading import Event

from chat.bench.conversation import words
from chat.bench.shapes import checkpoint
from chat.bench.turns import NEW, OLD, PICTURES_AT, TURNS
from chat.conversation import DialogueManager
from chat.engines.base import Sampling
from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.apart import apart
from chat.reply import Reply
from chat.training.render import picture
from chat.training.scene import sample
from memory import Store

READY = "ready"


def measure(shape: str, repeats: int) -> dict[str, float]:
    """Ratios of medians of the first token's time: resumed, warm, and computed anew."""
    loaded = apart(checkpoint, shape)
    firsts: dict[str, list[float]] = {"resumed": [], "warm": [], "anew": []}
    restored = 0
    for repeat in range(repeats + 1):
        with tempfile.TemporaryDirectory() as folder:
            killed(shape, folder)
            # The warm turn follows the resumed one in the same process.
            engine = BuiltinEngine(loaded, shape)
            replies = {name: next_turn(folder, engine, name) for name in ("resumed", "warm")}
            engine.close()
            with Store.open(Path(folder) / "visavis.db") as store:
                store.snapshots.clear()
            engine = BuiltinEngine(loaded, shape)
            replies["anew"] = next_turn(folder, engine, "anew")
            engine.close()
        restored = replies["resumed"].usage.restored_tokens
        if repeat:  # the first round pays for what libraries set up once
            for name, reply in replies.items():
                firsts[name].append(reply.timings.first_token_s)
    middle = {name: statistics.median(values) for name, values in firsts.items()}
    return {
        "over_warm": middle["resumed"] / middle["warm"],
        "prefill_over_resume": middle["anew"] / middle["resumed"],
        "restored_tokens": restored,
        **{f"{name}_ms": 1000 * value for name, value in middle.items()},
    }


def next_turn(folder: str, engine: BuiltinEngine, seed: str) -> Reply:
    """One more turn of the stored conversation, of NEW tokens."""
    with Store.open(Path(folder) / "visavis.db") as store:
        manager = DialogueManager(store, engine, sampling=Sampling(max_tokens=4))
        (conversation,) = store.conversations()
        reply = manager.send(conversation.id, words(NEW, seed, engine.count))
        reply.wait()
        manager.close()
    return reply


def killed(shape: str, folder: str) -> None:
    """Have a conversation in another process, which is then killed with SIGKILL."""
    command = [sys.executable, "-m", "chat.bench.resume", shape, folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline().strip() == READY
        process.kill()
    if not ready:
        raise RuntimeError("The process that holds the conversation ended early; its message is above.")


def hold(shape: str, folder: str) -> None:
    """Twenty turns with four pictures, kept in a folder; then wait to be killed."""
    loaded = apart(checkpoint, shape)
    each = min(OLD, loaded.model.config.decoder.context - 300) // TURNS
    engine = BuiltinEngine(loaded, shape)
    manager = DialogueManager(
        Store.open(Path(folder) / "visavis.db"), engine, sampling=Sampling(max_tokens=each // 2)
    )
    conversation = manager.create()
    for number in range(1, TURNS + 1):
        shown = [picture(sample(Random(number)))] if number in PICTURES_AT else []
        manager.send(conversation.id, words(each // 2, f"resume/{number}", engine.count), shown).wait()
    manager.settle()
    print(READY, flush=True)
    Event().wait()


if __name__ == "__main__":
    hold(sys.argv[1], sys.argv[2])
