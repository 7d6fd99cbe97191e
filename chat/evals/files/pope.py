"""POPE: does the model see what is not there? (Li et al. 2023, arXiv:2305.10355)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from chat.evals.files.common import Answered, Layout, Sample, grouped
from chat.evals.items import share, yes_or_no

NEGATIVES = ("random", "popular", "adversarial")
"""How the things that are asked for and are not there were chosen."""

LAYOUT = Layout(
    "POPE",
    """
FOLDER/
    coco_pope_random.json           at least one of the three; a line each:
    coco_pope_popular.json          {"image": "COCO_val2014_….jpg", "text": "Is there a …?", "label": "yes"}
    coco_pope_adversarial.json
    val2014/                        or images/
        COCO_val2014_000000310196.jpg
""",
)


def read(folder: Path, limit: int | None = None) -> Iterator[Sample]:
    """At most `limit` questions of each file that is there. Raises LayoutError."""
    names = [name for name in NEGATIVES if (folder / f"coco_pope_{name}.json").is_file()]
    if not names:
        raise LAYOUT.error(folder, "there is none of the three files of questions.")
    pictures = LAYOUT.need(folder, "val2014", "images")
    for name in names:
        file = f"coco_pope_{name}.json"
        lines = LAYOUT.read(folder, folder / file).decode("utf-8", "replace").splitlines()
        for line in [line for line in lines if line.strip()][:limit]:
            with LAYOUT.fields(folder, file):
                row = json.loads(line)
                image, text, label = str(row["image"]), str(row["text"]), row["label"]
                if label not in ("yes", "no"):
                    raise ValueError(f"the label is {label!r}")
            yield Sample(image, name, text, (label,), (LAYOUT.read(folder, pictures / image),))


def said_yes(reply: str) -> bool:
    """As POPE's authors count: the first sentence has no "no" or "not"; whatever else it says is a yes."""
    first = re.split(r"\.", reply.lower(), maxsplit=1)[0]
    return not re.search(r"\b(no|not)\b", first)


def score(answered: Sequence[Answered]) -> dict[str, float]:
    """For each way of choosing: accuracy, precision, recall, F1 of "yes" and share of yes, in percent.

    `f1` is the mean over them, `unclear` the percent of replies that begin with neither yes nor no.
    """
    scores: dict[str, float] = {}
    groups = grouped(answered)
    for name, answers in groups.items():
        pairs = [(said_yes(each.reply), each.sample.answers[0] == "yes") for each in answers]
        precision = share([truth for said, truth in pairs if said])
        recall = share([said for said, truth in pairs if truth])
        scores |= {
            f"{name}_accuracy": share([said == truth for said, truth in pairs]),
            f"{name}_precision": precision,
            f"{name}_recall": recall,
            f"{name}_f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            f"{name}_yes_ratio": share([said for said, _ in pairs]),
        }
    mean = sum(scores[f"{name}_f1"] for name in groups) / max(1, len(groups))
    return {"f1": mean, **scores, "unclear": share([not yes_or_no(each.reply) for each in answered])}
