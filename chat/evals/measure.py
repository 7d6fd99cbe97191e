"""Put a model through the suite: `python -m chat.evals run --suite std --engine builtin`.

Scores perception (P, of 2,000), cognition (C, of 800), hallucination (H), captions (G), dialogues (D) and
long dialogues (L) beside their controls, and finding pictures by words (R) if the model can. The last
line is flat JSON; --report writes a folder to read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from chat.engines import Engine
from chat.evals import retrieval
from chat.evals.build import PARTS, WITHOUT_QUESTIONS, build
from chat.evals.dialogue_scores import alone, referring
from chat.evals.engines import add_engine, open_engine
from chat.evals.items import Item
from chat.evals.report import write
from chat.evals.runner import Answered, History, asked_turns, hidden, run, shuffled
from chat.evals.scores import Results, scores
from chat.evals.sizes import SIZES
from chat.evals.splits import SPLITS

DEFAULT_SPLITS = ("iid", "pairs", "longer20")
"""What a run measures unless told otherwise: new scenes, unseen pairs, longer dialogues."""

DEFAULT_PARTS = {"pairs": ("P",), "longer20": ("D",)}
"""Parts of the default run's splits that are scored; all of them in iid."""


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chat.evals run", description=__doc__)
    parser.add_argument("--suite", choices=tuple(SIZES), default="std", help="how many questions")
    add_engine(parser)
    every = ",".join((*PARTS, *WITHOUT_QUESTIONS))
    parser.add_argument("--parts", default=every, help=f"some of {every}")
    parser.add_argument(
        "--splits", default=",".join(DEFAULT_SPLITS), help=f"some of {','.join(SPLITS)}, or all"
    )
    parser.add_argument(
        "--history", choices=("own", "gold", "both"), default="both", help="whose answers dialogues hold"
    )
    parser.add_argument("--no-controls", action="store_true", help="leave out the ablations")
    for name, lacking in (("blind", "pictures"), ("forgetful", "history")):
        parser.add_argument(
            f"--{name}", metavar="FOLDER", help=f"checkpoint of a control trained with --ablate {lacking}"
        )
    parser.add_argument("--limit", type=int, help="at most so many items of each part and split")
    parser.add_argument("--report", type=Path, help="write a report into this folder")
    return parser


def main(argv: Sequence[str]) -> None:
    """Run what the command line asks for."""
    args = arguments().parse_args(argv)
    parts = args.parts.split(",")
    splits = SPLITS if args.splits == "all" else tuple(args.splits.split(","))
    items = limited(build(args.suite, parts, splits), args.limit)
    if args.splits == ",".join(DEFAULT_SPLITS):
        items = [item for item in items if item.part in DEFAULT_PARTS.get(item.split, PARTS)]
    engine = open_engine(args)
    histories: tuple[History, ...] = ("gold", "own") if args.history == "both" else (args.history,)
    results = {
        **measure(engine, items, histories, ablate=not args.no_controls),
        **trained_controls(args, items),
    }
    found = scores(results)
    if "R" in parts and engine.embedder is not None:
        found |= retrieval.scores(engine.embedder, args.suite)
    asked = sum(map(len, results.values()))
    about = f"Suite {args.suite}, engine {engine.name} ({engine.fingerprint}), {asked} questions asked."
    print(about)
    if args.report:
        write(args.report, results, found, about)
        print(f"The report is {args.report / 'report.md'}.")
    print(json.dumps({"suite": args.suite, "engine": engine.name, "questions": asked, **found}))


def limited(items: Sequence[Item], limit: int | None) -> list[Item]:
    """At most so many items of each part and split, taken evenly from its families."""
    if limit is None:
        return list(items)
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.part, item.split), []).append(item)
    kept: list[Item] = []
    for group in groups.values():
        # Twins stay together, so steps are of two.
        pairs = [group[start : start + 2] for start in range(0, len(group), 2)]
        count = min(len(pairs), max(1, limit // 2))
        kept += [item for step in range(count) for item in pairs[step * len(pairs) // count]]
    return kept


def measure(
    engine: Engine, items: Sequence[Item], histories: Sequence[History], *, ablate: bool = True
) -> Results:
    """All that is asked of an engine, by condition and split; ablations on iid alone.

    Dialogues are run once for each history, everything else once.
    """
    results: dict[tuple[str, str], list[Answered]] = {}
    for split in dict.fromkeys(item.split for item in items):
        mine = [item for item in items if item.split == split]
        singles, dialogues = (
            [item for item in mine if (item.part == "D") == in_turn] for in_turn in (False, True)
        )
        if singles:
            results["model", split] = _ask(run(engine, singles), singles, f"{split}")
        for history in histories if dialogues else ():
            said = run(engine, dialogues, history=history)
            results[history, split] = _ask(said, dialogues, f"{split}, {history} history")
    if ablate:
        results |= _ablations(engine, [item for item in items if item.split == "iid"], "gold" in histories)
    return results


def _ablations(
    engine: Engine, items: Sequence[Item], gold: bool
) -> Iterator[tuple[tuple[str, str], list[Answered]]]:
    """Without pictures, with other items' pictures, and, beside a gold history, without history."""
    pictured = _pictured(items)
    for name, pictures in (("no_pictures", hidden), ("shuffled", shuffled(pictured))):
        said = run(engine, pictured, pictures=pictures)
        if pictured:
            yield (name, "iid"), _ask(said, pictured, name)
    single = _alone(items) if gold else []
    if single:
        yield ("no_history", "iid"), _ask(run(engine, single), single, "no_history")


def trained_controls(args: argparse.Namespace, items: Sequence[Item]) -> Results:
    """What models say that were trained without pictures, or without history, asked as they were trained."""
    mine = [item for item in items if item.split == "iid"]
    found: dict[tuple[str, str], list[Answered]] = {}
    if args.blind:
        pictured = _pictured(mine)
        said = run(open_engine(args, args.blind), pictured, pictures=hidden)
        found["blind", "iid"] = _ask(said, pictured, "trained without pictures")
    if args.forgetful:
        single = _alone(mine)
        said = run(open_engine(args, args.forgetful), single)
        found["forgetful", "iid"] = _ask(said, single, "trained without history")
    return found


def _pictured(items: Sequence[Item]) -> list[Item]:
    """The items that whoever is denied the pictures is asked."""
    return [item for item in items if item.part in ("P", "H", "C", "D")]


def _alone(items: Sequence[Item]) -> list[Item]:
    """The asks that need the history, each without it."""
    return [alone(item, turn) for item in items if item.part == "D" for turn in referring(item)]


def _ask(said: Iterator[Answered], items: Sequence[Item], what: str) -> list[Answered]:
    return list(tqdm(said, total=sum(len(asked_turns(item)) for item in items), desc=what))
