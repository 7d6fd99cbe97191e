"""VQAv2: open questions about COCO's pictures, each with ten people's answers
(Goyal et al. 2017, arXiv:1612.00837)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from chat.evals.files.common import Answered, Layout, Sample, grouped
from chat.evals.items import normal, share
from chat.evals.vqa_metric import accuracy

QUESTIONS = "v2_OpenEnded_mscoco_val2014_questions.json"
ANNOTATIONS = "v2_mscoco_val2014_annotations.json"

LAYOUT = Layout(
    "VQAv2",
    f"""
FOLDER/
    {QUESTIONS}
    {ANNOTATIONS}
    val2014/
        COCO_val2014_000000262148.jpg
""",
)


def read(folder: Path, limit: int | None = None) -> Iterator[Sample]:
    """The first `limit` questions of the validation split. Raises LayoutError."""
    pictures = LAYOUT.need(folder, "val2014")
    asked, noted = LAYOUT.json(folder, QUESTIONS), LAYOUT.json(folder, ANNOTATIONS)
    with LAYOUT.fields(folder, ANNOTATIONS):
        notes = {note["question_id"]: note for note in noted["annotations"]}
    with LAYOUT.fields(folder, QUESTIONS):
        questions = asked["questions"][:limit]
    for row in questions:
        with LAYOUT.fields(folder, QUESTIONS):
            key, text = row["question_id"], str(row["question"])
            picture = pictures / f"COCO_val2014_{int(row['image_id']):012}.jpg"
        with LAYOUT.fields(folder, ANNOTATIONS):
            answers = tuple(str(each["answer"]) for each in notes[key]["answers"])
            group = str(notes[key]["answer_type"])
        yield Sample(str(key), group, text, answers, (LAYOUT.read(folder, picture),))


def score(answered: Sequence[Answered]) -> dict[str, float]:
    """The official accuracy in percent, over all and by type of answer.

    It asks for the bare answer. `held` is the percent of replies in which the answer that most
    people gave stands as whole words, for models that answer in sentences; no official figure.
    """
    scores = {"accuracy": _mean(answered)}
    for group, answers in grouped(answered).items():
        scores[f"accuracy_{group.replace('/', '_')}"] = _mean(answers)
    return {**scores, "held": share([_held(each) for each in answered])}


def _mean(answered: Sequence[Answered]) -> float:
    marks = [accuracy(each.reply, each.sample.answers) for each in answered]
    return 100 * sum(marks) / len(marks) if marks else 0.0


def _held(each: Answered) -> bool:
    ((commonest, _),) = Counter(each.sample.answers).most_common(1)
    return normal(commonest) in normal(each.reply)
