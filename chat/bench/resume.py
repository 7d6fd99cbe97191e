"""What a turn costs after the process was killed, beside a warm one and one without snapshots.

What bounds it: reading the conversation's keys and values from disk, once, in place of
computing them: 2·L·g·e values a token against twice the decoder's weights in operations.
They are checked against a hash and copied to the cache, so memory is read twice and
written once; that, and the warm turn, is the least a resumed one takes.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from random import Random
from threading import Event

from chat.bench import shapes
from chat.bench.conversation import words
from chat.bench.machine import matmul_gflops, read_bandwidth
from chat.bench.turns import NEW, OLD, PICTURES_AT, TURNS, token_flops
from chat.conversation import DialogueManager
from chat.engines.base import Sampling
from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.apart import apart
from chat.model.checkpoint import Checkpoint
from chat.reply import Reply
from chat.training.render import picture
from chat.training.scene import sample
from memory import Store

READY = "ready"
DATABASE = "visavis.db"


def measure(shape: str, repeats: int) -> dict[str, float]:
    """Ratios of medians of the first token's time: resumed, warm, and computed anew.

    The process is killed once; each round finds a copy of the folder as it was left.
    """
    loaded = apart(shapes.checkpoint, shape)
    firsts: dict[str, list[float]] = {"resumed": [], "warm": [], "anew": [], "restore": []}
    with tempfile.TemporaryDirectory() as folder:
        killed(shape, folder)
        state(loaded, folder)
        for repeat in range(repeats + 1):
            replies = once(loaded, shape, folder)
            if repeat:  # the first round pays for what libraries set up once
                for name, reply in replies.items():
                    firsts[name].append(reply.timings.first_token_s)
                firsts["restore"].append(replies["resumed"].timings.restore_s)
    middle = {name: statistics.median(values) for name, values in firsts.items()}
    usage = replies["resumed"].usage
    return {
        "over_warm": middle["resumed"] / middle["warm"],
        "prefill_over_resume": middle["anew"] / middle["resumed"],
        "restored_tokens": usage.restored_tokens,
        "images_restored": usage.images_restored,
        **{f"{name}_ms": 1000 * value for name, value in middle.items()},
    }


def once(loaded: Checkpoint, shape: str, left: str) -> dict[str, Reply]:
    """A turn after a restart, one after that in the same process, and one where there are no snapshots."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(left, folder, dirs_exist_ok=True)
        engine = shapes.engine(loaded, shape)
        replies = {name: next_turn(folder, engine, name) for name in ("resumed", "warm")}
        engine.close()
        with Store.open(Path(folder) / DATABASE) as store:
            store.snapshots.clear()
        engine = shapes.engine(loaded, shape)
        replies["anew"] = next_turn(folder, engine, "anew")
        engine.close()
    return replies


def state(loaded: Checkpoint, folder: str) -> None:
    """Say what bounds the figures, before there are any."""
    with Store.open(Path(folder) / DATABASE) as store:
        size = store.snapshots.bytes
    bandwidth, roof = apart(read_bandwidth, size), apart(matmul_gflops)
    print(
        f"{size / 1e6:.0f} MB of keys and values on disk. Memory of that size is read at "
        f"{bandwidth / 1e9:.1f} GB/s: {3000 * size / bandwidth:.0f} ms to read it twice and write it once."
    )
    config = loaded.model.config.decoder
    total = min(OLD, config.context - 300)
    weights, attention = token_flops(loaded.model.decoder, config, total)
    flops = total * (weights + attention / 2)
    print(f"To compute them: {flops / 1e9:.0f} GFLOP; {flops / roof / 1e6:.0f} ms at {roof:.0f} GFLOP/s.")


def next_turn(folder: str, engine: BuiltinEngine, seed: str) -> Reply:
    """One more turn of the stored conversation, of NEW tokens."""
    with Store.open(Path(folder) / DATABASE) as store:
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


def hold(shape: str, folder: str) -> DialogueManager:
    """Twenty turns with four pictures, kept in a folder; the manager, its conversation on disk."""
    loaded = apart(shapes.checkpoint, shape)
    each = min(OLD, loaded.model.config.decoder.context - 300) // TURNS
    engine = shapes.engine(loaded, shape)
    manager = DialogueManager(
        Store.open(Path(folder) / DATABASE), engine, sampling=Sampling(max_tokens=each // 2)
    )
    conversation = manager.create()
    for number in range(1, TURNS + 1):
        shown = [picture(sample(Random(number)))] if number in PICTURES_AT else []
        manager.send(conversation.id, words(each // 2, f"resume/{number}", engine.count), shown).wait()
    manager.settle()
    return manager


if __name__ == "__main__":
    held = hold(sys.argv[1], sys.argv[2])
    print(READY, flush=True)
    Event().wait()  # to be killed
