"""Run a benchmark, such as `python -m chat.bench turns --model 135m`; the last line is flat JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from chat.bench import batch, decode, reply, resume, store, turns
from chat.bench.machine import matmul_gflops
from chat.bench.shapes import SHAPES
from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.apart import apart

REPEATS = {"reply": 15, "turns": 5, "resume": 5, "decode": 7, "batch": 3, "store": 25}

LARGE: dict[str, Callable[[str, int], Mapping[str, float | None]]] = {
    "turns": turns.measure,
    "resume": resume.measure,
    "decode": decode.measure,
    "batch": batch.measure,
}
"""What also measures the larger shapes: (shape, repeats) → figures, None for a peer that is not there."""


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chat.bench", description=__doc__)
    parser.add_argument(
        "benchmark",
        choices=sorted(REPEATS),
        help="reply: time to the first token, tokens a second. turns: turn 20 beside turn 1. "
        "resume: a turn after the process was killed, beside one where it was not. "
        "decode: tokens a second beside the memory's roof and other programs. "
        "batch: sixteen conversations at once beside one. "
        "store: opening, listing, searching and appending among a million messages",
    )
    parser.add_argument(
        "--model",
        default="builtin",
        help=f"builtin; for reply also a checkpoint's folder, otherwise {' or '.join(SHAPES)}: "
        "larger models with random weights",
    )
    parser.add_argument("--device", default="auto", help="for reply")
    parser.add_argument("--dtype", default="auto", help="for reply")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--repeats", type=int, help="conversations or rounds to take the median of")
    parser.add_argument("--messages", type=int, default=1_000_000, help="for store (default: %(default)s)")
    parser.add_argument(
        "--folder", type=Path, help="for store: where its database is made, or lies already from another run"
    )
    return parser


def main() -> None:
    """Run what the command line asks for."""
    parser = arguments()
    args = parser.parse_args()
    repeats = args.repeats or REPEATS[args.benchmark]
    if args.benchmark == "store":
        _print(store.measure(args.messages, repeats, args.folder), benchmark="store")
        return
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.benchmark != "reply" and args.model not in ("builtin", *SHAPES):
        parser.error(f"{args.benchmark} measures builtin, {' or '.join(SHAPES)}, not {args.model!r}")
    print(f"{torch.get_num_threads()} threads, {apart(matmul_gflops):.0f} GFLOP/s in float32 products.")
    values = (
        _reply(args, repeats) if args.benchmark == "reply" else LARGE[args.benchmark](args.model, repeats)
    )
    _print(values, benchmark=args.benchmark, model=args.model, threads=torch.get_num_threads())


def _print(values: Mapping[str, float | None], **about: str | int) -> None:
    """The figures on one line."""
    rounded = {name: value if value is None else round(value, 4) for name, value in values.items()}
    print(json.dumps({**about, **rounded}))


def _reply(args: argparse.Namespace, repeats: int) -> dict[str, float]:
    folder = None if args.model == "builtin" else Path(args.model)
    engine = BuiltinEngine.load(folder, device=args.device, dtype=args.dtype)
    engine.ready()
    print(f"Each token reads the decoder's weights once: {engine.decoder_bytes / 1e6:.1f} MB.")
    reply.measure(engine, 2)  # the first runs pay for what libraries set up once
    values = reply.measure(engine, repeats)
    implied = engine.decoder_bytes * values["tokens_per_s"] / 1e9
    print(f"{values['tokens_per_s']:.0f} tokens a second move {implied:.1f} GB of weights a second.")
    return values


if __name__ == "__main__":
    main()
