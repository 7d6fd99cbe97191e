"""Train the built-in model: `python -m chat.training --preset nano --folder runs/nano`.

The same command again goes on where a stopped run was. The checkpoint is in the
folder's `checkpoint/`; give it to `launch.py --model`, or install it with `--install`.
`python -m chat.training finetune --help` tells how to go on with one's own pictures.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import torch

from chat.model.checkpoint import BUILTIN, FILES
from chat.training import finetune
from chat.training.ablations import ABLATIONS
from chat.training.presets import PRESETS
from chat.training.recipe import Run


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chat.training", description=__doc__)
    parser.add_argument(
        "--preset", choices=sorted(PRESETS), default="nano", help="size and length of the run"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/nano"), help="where the run lives (resumes if it exists)"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=None, help="CPU threads (default: all cores)")
    parser.add_argument(
        "--minutes",
        type=stage_minutes,
        action="append",
        default=[],
        metavar="STAGE=N",
        help="how long a stage is to take, instead of the preset's time; may be given for each; 0 skips it",
    )
    parser.add_argument(
        "--start", type=Path, metavar="FOLDER", help="begin a new run with the weights of this checkpoint"
    )
    parser.add_argument(
        "--compile",
        action="store_true",
        help="fuse the decoder's steps with torch.compile: a minute to begin with, then faster; "
        "needs a C++ compiler",
    )
    parser.add_argument(
        "--piece",
        type=float,
        metavar="MINUTES",
        help="stop after that long with everything saved; the same command goes on",
    )
    parser.add_argument(
        "--part-mb", type=float, metavar="N", help="save the state in files of at most N megabytes"
    )
    parser.add_argument(
        "--samples",
        type=float,
        default=10.0,
        metavar="MINUTES",
        help="time between sheets of sample answers in the folder's samples/; 0 for none (default: 10)",
    )
    parser.add_argument(
        "--ablate",
        choices=sorted(ABLATIONS),
        default="",
        help="keep this from the model, to train a control that `chat.evals run` reports beside the real one",
    )
    parser.add_argument(
        "--install", action="store_true", help="afterwards, make the checkpoint the built-in one"
    )
    return parser


def stage_minutes(text: str) -> tuple[str, float]:
    """ "talk=30" as a stage's name and its minutes."""
    name, _, minutes = text.partition("=")
    known = {stage.name for preset in PRESETS.values() for stage in preset.stages}
    try:
        if name in known:
            return name, float(minutes)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not STAGE=MINUTES with one of {', '.join(sorted(known))}")


def main() -> None:
    """Run what the command line asks for."""
    if sys.argv[1:2] == ["finetune"]:
        sys.exit(finetune.main(sys.argv[2:]))
    args = arguments().parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    preset = PRESETS[args.preset]
    minutes = dict(args.minutes)
    stages = (replace(stage, minutes=minutes.get(stage.name, stage.minutes)) for stage in preset.stages)
    preset = replace(preset, stages=tuple(stages))
    run = Run(
        preset,
        args.folder,
        torch.device(args.device),
        args.start,
        args.compile,
        piece=args.piece,
        part_mb=args.part_mb,
        samples=args.samples,
        ablated=args.ablate,
    )
    run.train()
    if not run.done:
        print(f"Stopped in the stage {run.progress.stage!r}: the same command goes on.")
    elif args.install:
        BUILTIN.mkdir(exist_ok=True)
        for name in FILES:
            shutil.copyfile(args.folder / "checkpoint" / name, BUILTIN / name)
        print(f"The built-in model is now the one of {args.folder}.")


if __name__ == "__main__":
    main()
