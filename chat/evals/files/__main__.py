"""Score a model on a published benchmark's files: `python -m chat.evals.files --kind mme --folder DIR`.

Nothing is downloaded: the files have to lie as they are published. The last line is flat JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar

from tqdm import tqdm

from chat.errors import VisavisError
from chat.evals.engines import add_engine, open_engine
from chat.evals.files import coco, mme, pope, visdial, vlmeval, vqa
from chat.evals.files.common import Answered, LayoutError, Sample, ask
from chat.evals.likelihood import scorer_for

T = TypeVar("T")


class Benchmark(Protocol):
    """What each module of this package offers."""

    def read(self, folder: Path, limit: int | None = None) -> Iterator[Sample]:
        """Its questions."""

    def score(self, answered: Sequence[Answered]) -> dict[str, float]:
        """Its figures by name."""


BENCHMARKS: dict[str, Benchmark] = {"mme": mme, "pope": pope, "vqa": vqa, "coco": coco, "vlmeval": vlmeval}
"""Those that are answered in words; visdial is ranked by likelihood instead."""


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chat.evals.files", description=__doc__)
    parser.add_argument("--kind", required=True, choices=(*BENCHMARKS, "visdial"))
    parser.add_argument("--folder", required=True, type=Path, help="where the files are")
    add_engine(parser)
    parser.add_argument(
        "--limit",
        type=int,
        help="at most so many pictures of a task (mme), questions of a file (pope), dialogues (visdial), "
        "questions (vqa), pictures (coco) or rows (vlmeval)",
    )
    parser.add_argument("--append", default="", help="words to put after each question")
    parser.add_argument("--save", type=Path, help="write every answer to this JSONL file")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run what the command line asks for. Exits with the error's words where files are missing or wrong."""
    args = arguments().parse_args(argv)
    if args.limit is not None and args.limit < 1:
        raise SystemExit(f"--limit {args.limit} leaves no questions; give at least 1.")
    try:
        questions, scores = _visdial(args) if args.kind == "visdial" else _answered(args)
    except VisavisError as error:
        raise SystemExit(str(error)) from error
    for name, value in scores.items():
        print(f"{name:>28} {value:8.2f}")
    rounded = {f"{args.kind}_{name}": round(value, 2) for name, value in scores.items()}
    print(json.dumps({"kind": args.kind, "engine": args.engine, "questions": questions, **rounded}))


def _answered(args: argparse.Namespace) -> tuple[int, dict[str, float]]:
    benchmark = BENCHMARKS[args.kind]
    samples = _begun(benchmark.read(args.folder, args.limit), args.folder)
    engine = open_engine(args)
    answers = list(tqdm(ask(engine, samples, args.append), desc=args.kind))
    if args.save:
        lines = ({**vars(each.sample), "pictures": None, "reply": each.reply} for each in answers)
        args.save.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return len(answers), benchmark.score(answers)


def _visdial(args: argparse.Namespace) -> tuple[int, dict[str, float]]:
    rounds = _begun(visdial.read(args.folder, args.limit), args.folder)
    engine = open_engine(args)
    answers = list(tqdm(visdial.rank(scorer_for(engine), rounds), desc=args.kind))
    if args.save:
        args.save.write_text("".join(json.dumps(vars(each)) + "\n" for each in answers), "utf-8")
    return len(answers), visdial.score(answers)


def _begun(samples: Iterator[T], folder: Path) -> Iterable[T]:
    """The same, the first already read: a wrong layout shows before a model is loaded."""
    first = next(samples, None)
    if first is None:
        raise LayoutError(f"{folder} has the files of the benchmark, but no question is in them.")
    return chain([first], samples)


if __name__ == "__main__":
    main()
