"""TSV files of VLMEvalKit, the form in which some hundred benchmarks are published
(Duan et al. 2024, arXiv:2407.11691): MMBench, SEED-Bench, AI2D, HallusionBench and others."""

from __future__ import annotations

import base64
import csv
import re
import string
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chat.evals.files.common import Answered, Layout, Sample, grouped
from chat.evals.items import normal, share, yes_or_no

FIELD_LIMIT = 2**28
"""Characters of one field: pictures are in it."""

REFERENCE = 64
"""An image field of at most so many characters is the index of the row that holds the picture."""

COLUMNS = ("index", "image", "question", "answer")

LAYOUT = Layout(
    "a benchmark of VLMEvalKit",
    """
FOLDER/
    NAME.tsv                        exactly one, or give the file itself; its columns, with tabs between:
        index, image (base64), question, answer; with choices A, B, C, D; often category, hint
""",
)


def read(folder: Path, limit: int | None = None) -> Iterator[Sample]:
    """The first `limit` rows of a folder's one file, or of the file given. Raises LayoutError."""
    path = folder if folder.is_file() else _only(folder)
    csv.field_size_limit(FIELD_LIMIT)
    pictures: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise LAYOUT.error(folder, f"{path.name} has no column {', '.join(missing)}.")
        for number, row in enumerate(rows):
            if number == limit:
                return
            pictures[row["index"]] = row["image"]
            with LAYOUT.fields(folder, f"{path.name}, row {row['index']},"):
                sample = _sample(row, pictures)
            yield sample


def _only(folder: Path) -> Path:
    found = sorted(folder.glob("*.tsv"))
    if len(found) != 1:
        raise LAYOUT.error(folder, f"there are {len(found)} .tsv files.")
    return found[0]


def _sample(row: Mapping[str, str | None], pictures: Mapping[str, str]) -> Sample:
    """A row as a question, put as VLMEvalKit puts it. Raises ValueError."""
    image = str(row["image"])
    if len(image) <= REFERENCE:
        if image not in pictures:
            raise ValueError(f"its picture is that of row {image!r}, and no such row comes before it")
        image = pictures[image]
    # Several pictures stand there as a list of strings in quotes.
    encoded = re.findall(r"""['"]([^'"]+)['"]""", image) if image.startswith("[") else [image]
    data = tuple(base64.b64decode(each, validate=True) for each in encoded)
    options = tuple((letter, text) for letter in string.ascii_uppercase if (text := row.get(letter)))
    lines = [f"Hint: {row['hint']}"] if row.get("hint") else []
    lines.append(f"Question: {row['question']}" if options else str(row["question"]))
    if options:
        lines += ["Options:", *(f"{letter}. {text}" for letter, text in options)]
        lines.append("Please select the correct answer from the options above.")
    group = row.get("category") or "all"
    return Sample(str(row["index"]), group, "\n".join(lines), (str(row["answer"]).strip(),), data, options)


def chosen(reply: str, options: Sequence[tuple[str, str]]) -> str:
    """The letter that a reply chooses, "" if none or several.

    The letter itself where it stands alone or as the answer ("B", "(B) red", "The answer is B."),
    else the one option whose text the reply holds; a text within another's gives way to it.
    """
    letters = "".join(letter for letter, _ in options)
    for pattern in (rf"\W*([{letters}])(?:[.:)\]]|\s*$)", rf".*\banswer(?: is)?:?\s*\(?([{letters}])\b"):
        found = re.match(pattern, reply.strip(), re.DOTALL)
        if found:
            return found[1]
    said = normal(reply)
    held = [(letter, normal(text)) for letter, text in options if normal(text) in said]
    whole = [letter for letter, text in held if not any(text != other and text in other for _, other in held)]
    return whole[0] if len(whole) == 1 else ""


def right(sample: Sample, reply: str) -> bool:
    """Whether a reply gives the answer: by letter, by yes or no, or by its words, as the question asks."""
    (answer,) = sample.answers
    if sample.options:
        return chosen(reply, sample.options) == answer.upper()
    if answer.lower() in ("yes", "no"):
        return yes_or_no(reply) == answer.lower()
    return normal(answer) in normal(reply)


def score(answered: Sequence[Answered]) -> dict[str, float]:
    """Accuracy in percent, over all and by category."""
    scores = {"accuracy": share([right(each.sample, each.reply) for each in answered])}
    for group, answers in grouped(answered).items():
        scores[f"accuracy_{group}"] = share([right(each.sample, each.reply) for each in answers])
    return scores
