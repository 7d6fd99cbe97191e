"""Score a model on held-out dialogues of training's kind: `python -m chat.evals quick --questions 1000`.

Prints accuracy by family and by turn, with the model's own answers in the history,
beside three controls; the last line is flat JSON.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from chat.engines import Engine
from chat.evals.engines import add_engine, open_engine
from chat.evals.harness import (
    Answer,
    Change,
    accuracy,
    by,
    hidden,
    most_frequent,
    run,
    swapped,
    whole_dialogues,
)
from chat.evals.suite import Item, build, overlap


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chat.evals quick", description=__doc__)
    parser.add_argument("--questions", type=int, default=1000, help="at least so many questions")
    add_engine(parser, "--model")
    parser.add_argument(
        "--history", choices=("own", "gold"), default="own", help="whose answers the history holds"
    )
    parser.add_argument("--no-controls", action="store_true", help="score the model alone")
    parser.add_argument("--failures", type=int, default=10, help="wrong answers to print")
    parser.add_argument("--save", type=Path, help="write every answer to this JSONL file")
    return parser


def main(argv: Sequence[str]) -> None:
    """Run what the command line asks for."""
    args = arguments().parse_args(argv)
    items = build(args.questions)
    engine = open_engine(args)
    answers = _ask(engine, items, "model", own=args.history == "own")
    results: dict[str, object] = {
        "questions": len(answers),
        "accuracy": round(accuracy(answers), 1),
        "needs_picture": round(accuracy([answer for answer in answers if answer.needs_picture]), 1),
        "whole_dialogues": round(whole_dialogues(answers), 1),
        "history": args.history,
    }
    checked = overlap(items)
    results["overlap"] = checked.trainable_scenes
    print(
        f"\nOverlap with training: {checked.trainable_scenes} scenes; {checked.with_picture} questions have "
        f"a held-out picture in view, {checked.before_any_picture} are asked before any picture."
    )
    controls: dict[str, Sequence[Answer]] = {}
    if not args.no_controls:
        controls = {
            "most frequent": most_frequent(items),
            "no picture": _ask(engine, items, "no picture", change=hidden),
            "another picture": _ask(engine, items, "another picture", change=swapped(items)),
        }
        results |= {name.replace(" ", "_"): round(accuracy(said), 1) for name, said in controls.items()}
    _table("family", lambda answer: answer.family, answers, controls)
    _table("turn", lambda answer: f"turn {answer.turn + 1}", answers, controls)
    for answer in [answer for answer in answers if not answer.right][: args.failures]:
        print(f"  {answer.family}: {answer.question!r} → {answer.given!r}, not {answer.expected!r}")
    if args.save:
        lines = (json.dumps({**vars(answer), "right": answer.right}) for answer in answers)
        args.save.write_text("".join(line + "\n" for line in lines), "utf-8")
    print(json.dumps(results))


def _ask(
    engine: Engine, items: list[Item], what: str, *, own: bool = True, change: Change | None = None
) -> list[Answer]:
    total = sum(len(item.dialogue.turns) for item in items)
    return list(tqdm(run(engine, items, own_history=own, change=change), total=total, desc=what))


def _table(
    title: str,
    key: Callable[[Answer], str],
    answers: Sequence[Answer],
    controls: Mapping[str, Sequence[Answer]],
) -> None:
    """Accuracy in percent by a key, a column for the model and one for each control."""
    columns = {"model": answers, **controls}
    scores = [by(said, key) for said in columns.values()]
    print(f"\n{title:>20} {'questions':>10} " + " ".join(f"{name:>16}" for name in columns))
    for name, (_, number) in scores[0].items():
        print(f"{name:>20} {number:>10} " + " ".join(f"{score[name][0]:>16.1f}" for score in scores))
    print(
        f"{'all':>20} {len(answers):>10} " + " ".join(f"{accuracy(said):>16.1f}" for said in columns.values())
    )
