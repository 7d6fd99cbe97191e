"""Having the loops compiled by a process of its own: `python -m chat.model.packed.build 8`.

Compiling takes ten to twenty seconds the first time on a machine, holds up other threads meanwhile, and
cannot be broken off, so that a program that is told to end would have to wait for it. Numba keeps what it
compiles on disk, whichever process did it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from chat.model.config import DecoderConfig, ModelConfig, VisionConfig
from chat.model.packed.decoder import PackedDecoder
from chat.model.packed.kept import HERE, mark
from chat.model.packed.packing import pack
from chat.model.packed.step import run
from chat.model.vlm import VisionLanguageModel

SMALL = ModelConfig(
    VisionConfig(image_size=16, stem=(8, 16), width=16, layers=1, heads=2, ffn=32),
    DecoderConfig(vocab=64, width=64, layers=1, heads=2, kv_heads=1, ffn=64, cross_ffn=64),
)
"""Any model will do: what is compiled depends on the bits alone."""

_children: list[subprocess.Popen[bytes]] = []
"""Those that were not waited for. They are let finish: the next start finds what they leave."""


def compiled_elsewhere(bits: int, stop: threading.Event) -> bool:
    """Wait until another process has compiled the loops, if they are not on disk yet; False if `stop` was
    set, or the program began to end, before that."""
    if _mark(bits).exists():
        return True
    child = subprocess.Popen(
        [sys.executable, "-m", "chat.model.packed.build", str(bits)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), *sys.path])},
        start_new_session=True,  # Ctrl-C in a terminal is not meant for it
    )
    _children.append(child)
    while child.poll() is None:
        if stop.wait(0.1) or not threading.main_thread().is_alive():
            return False
    _children.remove(child)
    return True


def main(bits: int) -> None:
    """Compile, and leave a mark that says so."""
    model = VisionLanguageModel(SMALL).eval().requires_grad_(False)
    PackedDecoder(model, pack(model, bits)).compile()
    _mark(bits).touch()


def _mark(bits: int) -> Path:
    """A file that says that the loops for so many bits are on disk."""
    return mark(Path(run.stats.cache_path), bits)


if __name__ == "__main__":
    main(int(sys.argv[1]))
