"""Run a benchmark, such as `python -m chat.bench turns --model 135m`; the last line is flat JSON."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from chat.bench import reply, resume, turns
from chat.bench.shapes import SHAPES
from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.apart import apart

REPEATS = {"reply": 15, "turns": 3, "resume": 2}


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chat.bench", description=__doc__)
    parser.add_argument(
        "benchmark",
        choices=sorted(REPEATS),
        help="reply: time to the first token, tokens a second. turns: turn 20 beside turn 1. "
        "resume: a turn after the process was killed, beside one where it was not",
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
    parser.add_argument("--repeats", type=int, help="conversations to take the median of")
    return parser


def main() -> None:
    """Run what the command line asks for."""
    parser = arguments()
    args = parser.parse_args()
    repeats = args.repeats or REPEATS[args.benchmark]
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.benchmark != "reply" and args.model not in ("builtin", *SHAPES):
        parser.error(f"{args.benchmark} measures builtin, {' or '.join(SHAPES)}, not {args.model!r}")
    print(f"{torch.get_num_threads()} threads, {apart(matmul_gflops):.0f} GFLOP/s in float32 products.")
    if args.benchmark == "reply":
        values = _reply(args, repeats)
    elif args.benchmark == "turns":
        values = turns.measure(args.model, repeats)
    else:
        values = resume.measure(args.model, repeats)
    rounded = {name: round(value, 4) for name, value in values.items()}
    print(
        json.dumps(
            {"benchmark": args.benchmark, "model": args.model, **rounded, "threads": torch.get_num_threads()}
        )
    )


def _reply(args: argparse.Namespace, repeats: int) -> dict[str, float]:
    folder = None if args.model == "builtin" else Path(args.model)
    engine = BuiltinEngine.load(folder, device=args.device, dtype=args.dtype)
    print(f"Each token reads the decoder's weights once: {engine.decoder_bytes / 1e6:.1f} MB.")
    reply.measure(engine, 2)  # the first runs pay for what libraries set up once
    values = reply.measure(engine, repeats)
    implied = engine.decoder_bytes * values["tokens_per_s"] / 1e9
    print(f"{values['tokens_per_s']:.0f} tokens a second move {implied:.1f} GB of weights a second.")
    return values


def matmul_gflops() -> float:
    """What this machine does now, in 10⁹ operations a second: the roof of encoding and prefill on a CPU."""
    a = torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(10):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return 2 * 1024**3 / best / 1e9


if __name__ == "__main__":
    main()
