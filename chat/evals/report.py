"""A folder to read: `report.md` with tables, PNGs of failures, and every answer in `results.jsonl`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from chat.evals.dialogue_scores import by_distance, by_family, by_turn
from chat.evals.items import share
from chat.evals.runner import IN_TURN, Answered
from chat.evals.scores import BLIND, FORGETFUL, NAMED, Results, Scores, marks, mme, of, played

FAILURES = 3
"""Failures shown of each family."""


def write(folder: Path, results: Results, found: Scores, about: str) -> None:
    """Write the report into a folder, which is made if need be. about: what was measured, in a line."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "results.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines(results))
    text = "\n".join([f"# Evaluation\n\n{about}\n", *_sections(results, found, folder)])
    (folder / "report.md").write_text(text, "utf-8")


def lines(results: Results) -> Iterator[dict[str, object]]:
    """One flat object for each answer."""
    for (condition, split), answered in results.items():
        for each in answered:
            yield {
                "condition": condition,
                "split": split,
                "part": each.item.part,
                "family": each.item.family,
                "index": each.item.index,
                "turn": each.turn,
                "ask": each.ask.family,
                "kind": each.ask.kind,
                "distance": each.distance,
                "question": each.ask.question,
                "expected": each.ask.answer,
                "given": each.given,
                "right": each.right,
            }


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; numbers with one decimal, nothing for None."""
    shown = [[_cell(value) for value in row] for row in rows]
    ruled = [list(head), ["---", *["---:"] * (len(head) - 1)], *shown]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled) + "\n"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _sections(results: Results, found: Scores, folder: Path) -> Iterator[str]:
    named = [(name, found[name]) for name in NAMED if found.get(name) is not None]
    yield "## Scores\n\n" + table(("score", "value"), named)
    yield _controls(found)
    model = results.get(("model", "iid"), ())
    for part, title in (("P", "Perception"), ("C", "Cognition")):
        subtasks = mme(of(model, part))
        if subtasks:
            marked = [(name, *pair, sum(pair)) for name, pair in subtasks.items()]
            yield f"## {title}: two yes/no questions a picture\n\n" + table(
                ("subtask", "accuracy", "both right", "of 200"), marked
            )
    singles = [each for part in ("P", "C", "H") for each in of(model, part)]
    if singles:
        rows = _grouped(singles, lambda each: f"{each.item.part} {each.ask.family} {each.ask.kind}")
        yield "## Single questions by family\n\n" + table(("family", "accuracy", "questions"), rows)
    for whose in ("gold", "own"):
        yield from _dialogues(of(results.get((whose, "iid"), ()), "D"), whose)
    far = of(model, "L")
    if far:
        rows = _grouped(far, lambda each: f"{each.distance:>2}")
        yield "## Long dialogues by distance\n\n" + table(("turns back", "accuracy", "questions"), rows)
    splits = [(key, said) for key, said in results.items() if key[1] != "iid"]
    if splits:
        rows = [
            (f"{split}, {condition}", share(marks(said)), len(said)) for (condition, split), said in splits
        ]
        yield "## Splits\n\n" + table(("split", "accuracy", "questions"), rows)
    yield _failures(results, folder)


def _grouped(answered: Sequence[Answered], key: Callable[[Answered], str]) -> list[tuple[str, float, int]]:
    groups: dict[str, list[bool]] = defaultdict(list)
    for each in answered:
        groups[key(each)].append(each.right)
    return [(name, share(groups[name]), len(groups[name])) for name in sorted(groups)]


def _dialogues(answered: Sequence[Answered], whose: str) -> Iterator[str]:
    if not answered:
        return
    whole = played(answered)
    history = "the right answers" if whose == "gold" else "its own answers"
    for title, group in (
        ("by family, questions that need the history", by_family),
        ("by turn", by_turn),
        ("by distance of what is referred to", by_distance),
    ):
        rows = [(name, *values) for name, values in group(whole).items()]
        yield f"## Dialogues with {history} in the history, {title}\n\n" + table(
            ("", "accuracy", "questions"), rows
        )


def _controls(found: Scores) -> str:
    """A row for each kind of question: the model, its controls, its ablations with their gates."""
    names = ("random", "majority", "repeat_last", *BLIND, *FORGETFUL)
    rows = []
    for part, score in (
        ("P", "P_accuracy"),
        ("P_open", "P_open_accuracy"),
        ("H", "H_accuracy"),
        ("C", "C_accuracy"),
        ("C_open", "C_open_accuracy"),
        ("D", "D_gold"),
    ):
        if found.get(score) is None:
            continue
        cells = []
        for name in names:
            value, gate = found.get(f"{part}_{name}"), found.get(f"{part}_{name}_gate")
            highest = found.get(f"{part}_{name}_ceiling")
            cells.append(_cell(value) + (f" ≤ {_cell(highest)}: {gate}" if gate else ""))
        rows.append((part, found[score], *cells))
    heads = (
        *("part", "model", "random", "majority", "repeat last", "no picture", "wrong picture"),
        *("trained without pictures", "no history", "trained without history"),
    )
    return (
        "## Controls, accuracy in percent\n\n"
        "An ablation may pass its ceiling by three points at most, or the questions give answers away.\n\n"
        + table(heads, rows)
    )


def _failures(results: Results, folder: Path) -> str:
    """Pictures with question, expected and given answer, and the turns before in a dialogue."""
    groups: dict[str, list[tuple[str, Answered]]] = defaultdict(list)
    for (condition, split), answered in results.items():
        if condition in ("model", "own") or (condition == "gold" and ("own", split) not in results):
            for each in answered:
                if not each.right:
                    groups[f"{each.item.part} {each.item.family}, {split}"].append((condition, each))
    parts = ["## Failures\n"]
    for name in sorted(groups):
        parts.append(f"### {name}\n")
        parts += [_failure(each, folder) for _, each in islice(groups[name], FAILURES)]
    return "\n".join(parts)


def _failure(each: Answered, folder: Path) -> str:
    item = each.item
    first = 0 if item.part in IN_TURN else each.turn
    shown = [number for ask in item.asks[first : each.turn + 1] for number in ask.pictures]
    images = []
    for number in shown:
        name = f"{item.part}-{item.split}-{item.family}-{item.index}-{number}.png".replace(" ", "_")
        (folder / name).write_bytes(item.pictures[number])
        images.append(f"![{name}]({name})")
    before = [f"> {ask.question} — {ask.answer}  " for ask in item.asks[first : each.turn]]
    given = each.given.strip() or "(nothing)"
    said = f"**{each.ask.question}**  \nexpected: {each.ask.answer}  \ngiven: {given}\n"
    return "\n".join([" ".join(images), "", *before, *([""] if before else []), said])
