"""MME: fourteen tasks of yes/no questions, two a picture (Fu et al. 2023, arXiv:2306.13394)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from chat.evals.files.common import Answered, Layout, Sample, grouped
from chat.evals.items import share, yes_or_no

PERCEPTION = (
    "existence", "count", "position", "color", "posters", "celebrity", "scene", "landmark", "artwork", "OCR",
)  # fmt: skip
COGNITION = ("commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning")
PICTURES = (".jpg", ".jpeg", ".png")

LAYOUT = Layout(
    "MME",
    """
FOLDER/
    existence/                      at least one of the fourteen tasks
        000000006040.jpg            a picture,
        000000006040.txt            and its lines: question<tab>Yes or No
    artwork/                        or, within a task:
        images/0001.jpg
        questions_answers_YN/0001.txt
""",
)


def read(folder: Path, limit: int | None = None) -> Iterator[Sample]:
    """The questions of every task that is there, of at most `limit` pictures each. Raises LayoutError."""
    tasks = [folder / name for name in (*PERCEPTION, *COGNITION) if (folder / name).is_dir()]
    if not tasks:
        raise LAYOUT.error(folder, "there is no folder of any task.")
    for task in tasks:
        apart = (task / "questions_answers_YN").is_dir()
        texts = sorted((task / "questions_answers_YN" if apart else task).glob("*.txt"))
        if not texts:
            raise LAYOUT.error(folder, f"{task.name} has no .txt file of questions.")
        for text in texts[:limit]:
            stem = (task / "images" if apart else task) / text.stem
            picture = next(
                (path for end in PICTURES if (path := stem.with_name(stem.name + end)).exists()), None
            )
            if picture is None:
                raise LAYOUT.error(folder, f"{stem} has no picture ({', '.join(PICTURES)}).")
            data = LAYOUT.read(folder, picture)
            for question, answer in _lines(folder, text):
                yield Sample(f"{task.name}/{text.stem}", task.name, question, (answer,), (data,))


def _lines(folder: Path, path: Path) -> Iterator[tuple[str, str]]:
    """The questions of a picture, each with "yes" or "no"."""
    for line in LAYOUT.read(folder, path).decode("utf-8-sig", "replace").splitlines():
        if line.strip():
            question, _, answer = line.strip().rpartition("\t")
            if not question or answer.strip().lower() not in ("yes", "no"):
                raise LAYOUT.error(folder, f"{path} has a line without a tab and Yes or No: {line!r}.")
            yield question.strip(), answer.strip().lower()


def score(answered: Sequence[Answered]) -> dict[str, float]:
    """Each task: percent right plus percent of pictures with all right, so 200 at most; and their sums.

    A reply that begins with neither yes nor no is wrong; `unclear` is the percent of those.
    """
    scores: dict[str, float] = {}
    for task, answers in grouped(answered).items():
        pictures: dict[str, list[bool]] = {}
        for each in answers:
            right = yes_or_no(each.reply) == each.sample.answers[0]
            pictures.setdefault(each.sample.key, []).append(right)
        every = [right for rights in pictures.values() for right in rights]
        scores[task] = share(every) + share([all(rights) for rights in pictures.values()])
    return {
        "perception": sum(scores.get(task, 0.0) for task in PERCEPTION),
        "cognition": sum(scores.get(task, 0.0) for task in COGNITION),
        **scores,
        "unclear": share([not yes_or_no(each.reply) for each in answered]),
    }
