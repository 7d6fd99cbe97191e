"""Run a benchmark: `python -m chat.bench reply`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from chat.bench.reply import measure
from chat.engines.builtin import BuiltinEngine


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chat.bench", description=__doc__)
    parser.add_argument(
        "benchmark", choices=["reply"], help="reply: time to the first token, tokens a second"
    )
    parser.add_argument("--model", type=Path, help="a checkpoint's folder (default: the built-in model)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--repeats", type=int, default=15, help="conversations to take the median of")
    return parser


def main() -> None:
    """Run what the command line asks for."""
    args = arguments().parse_args()
    engine = BuiltinEngine.load(args.model, device=args.device, dtype=args.dtype, threads=args.threads)
    decoder = engine.decoder_bytes
    print(f"Each token reads the decoder's weights once: {decoder / 1e6:.1f} MB.")
    measure(engine, 2)  # the first runs pay for what libraries set up once
    values = measure(engine, args.repeats)
    implied = decoder * values["tokens_per_s"] / 1e9
    print(f"{values['tokens_per_s']:.0f} tokens a second move {implied:.1f} GB of weights a second.")
    print(
        json.dumps(
            {**{name: round(value, 4) for name, value in values.items()}, "threads": torch.get_num_threads()}
        )
    )


if __name__ == "__main__":
    main()
