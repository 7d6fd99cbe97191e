"""The engine that is measured, as every command of the evaluation takes it."""

from __future__ import annotations

import argparse

from chat.config import Settings
from chat.engines import Engine, load


def add_engine(parser: argparse.ArgumentParser, name: str = "--engine") -> None:
    """The options that choose an engine; the first may go by another name, and is kept as `engine`."""
    parser.add_argument(
        name, dest="engine", default=Settings().model, help="builtin, echo, or a checkpoint's folder"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--threads", type=int)


def open_engine(args: argparse.Namespace, name: str = "") -> Engine:
    """The engine that was chosen, or another by its name, with the same options. Raises what
    `chat.engines.load` raises."""
    wanted = name or args.engine
    return load(wanted, device=args.device, dtype=args.dtype, threads=args.threads, progress=print)
