"""VisDial v1.0: ten questions in a row about a picture, a hundred candidates for each answer
(Das et al. 2017, arXiv:1611.08669). They are ranked by how likely the model finds each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chat.errors import ImageError
from chat.evals.files.common import Layout, LayoutError
from chat.evals.items import as_image, share
from chat.evals.likelihood import Scorer
from prompts import Message, assistant, user

DIALOGUES = "visdial_1.0_val.json"
DENSE = "visdial_1.0_val_dense_annotations.json"
OPENING = "Describe the picture."
"""What the caption that begins each dialogue is taken as the reply to."""

LAYOUT = Layout(
    "VisDial v1.0",
    f"""
FOLDER/
    {DIALOGUES}
    {DENSE}      (optional, for NDCG)
    VisualDialog_val2018/
        VisualDialog_val2018_000000185565.jpg
""",
)


@dataclass(frozen=True)
class Round:
    """One question of a dialogue.

    history: the picture with its caption, the rounds before with their right answers, and the
    question. options: the candidates; right: the index of the right one. relevance: how well each
    option would do, 0 to 1, where people have judged it.
    """

    history: tuple[Message, ...]
    picture: bytes
    options: tuple[str, ...]
    right: int
    relevance: tuple[float, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """A round's right answer in its place from 1 among the options, and the gain where relevance is known."""

    place: int
    ndcg: float | None = None


def read(folder: Path, limit: int | None = None) -> Iterator[Round]:
    """The rounds of the first `limit` dialogues of the validation split. Raises LayoutError."""
    pictures = LAYOUT.need(folder, "VisualDialog_val2018")
    content = LAYOUT.json(folder, DIALOGUES)
    dense: dict[tuple[int, int], tuple[float, ...]] = {}
    if (folder / DENSE).exists():
        notes = LAYOUT.json(folder, DENSE)
        with LAYOUT.fields(folder, DENSE):
            for note in notes:
                relevance = tuple(map(float, note["gt_relevance"]))
                dense[note["image_id"], note["round_id"]] = relevance
    with LAYOUT.fields(folder, DIALOGUES):
        data = content["data"]
        dialogues = data["dialogs"][:limit]
    for dialogue in dialogues:
        with LAYOUT.fields(folder, DIALOGUES):
            number = int(dialogue["image_id"])
            picture = LAYOUT.read(folder, pictures / f"VisualDialog_val2018_{number:012}.jpg")
            rounds = _rounds(data, dialogue, picture, dense)
        yield from rounds


def _rounds(
    data: Any, dialogue: Any, picture: bytes, dense: dict[tuple[int, int], tuple[float, ...]]
) -> list[Round]:
    """A dialogue's rounds. Raises KeyError, IndexError and TypeError for what is missing."""
    history = [user(OPENING, [as_image(picture)]), assistant(_ended(dialogue["caption"], "."))]
    rounds = []
    for number, turn in enumerate(dialogue["dialog"], 1):
        history.append(user(_ended(data["questions"][turn["question"]], "?")))
        options = tuple(str(data["answers"][index]) for index in turn["answer_options"])
        right = int(turn["gt_index"])
        relevance = dense.get((dialogue["image_id"], number), ())
        if relevance and len(relevance) != len(options):
            raise ValueError(f"round {number} has {len(options)} options and {len(relevance)} relevances")
        rounds.append(Round(tuple(history), picture, options, right, relevance))
        history.append(assistant(options[right]))
    return rounds


def _ended(sentence: str, mark: str) -> str:
    """The sentence with its mark, which the files leave out."""
    return sentence.strip().removesuffix(mark).rstrip() + mark


def rank(scorer: Scorer, rounds: Iterable[Round]) -> Iterator[Ranked]:
    """Rank each round's options by likelihood. Raises LayoutError for a picture that cannot be decoded."""
    for each in rounds:
        pictures = {as_image(each.picture).sha256: each.picture}
        try:
            scores = [scorer.log_likelihood(each.history, pictures, option) for option in each.options]
        except ImageError as error:
            raise LayoutError(f"A picture of VisDial cannot be used: {error}") from error
        yield ranked(scores, each.right, each.relevance)


def ranked(scores: Sequence[float], right: int, relevance: Sequence[float] = ()) -> Ranked:
    """The right option's place and the NDCG of options with these scores.

    Options as good as the right one stand before it: one that cannot tell them apart comes last.
    """
    place = sum(score >= scores[right] for score in scores)
    return Ranked(place, ndcg(scores, relevance) if relevance else None)


def ndcg(scores: Sequence[float], relevance: Sequence[float]) -> float:
    """Normalised discounted cumulative gain over as many places as there are relevant options, 0 to 1.

    As VisDial's challenge defines it; 0 where none is relevant.
    """
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))
    places = sum(value > 0 for value in relevance)
    ideal = _gain(sorted(relevance, reverse=True)[:places])
    return _gain([relevance[index] for index in order[:places]]) / ideal if ideal else 0.0


def _gain(relevance: Sequence[float]) -> float:
    return sum(value / math.log2(place + 1) for place, value in enumerate(relevance, 1))


def score(answers: Sequence[Ranked]) -> dict[str, float]:
    """R@1, R@5, R@10 in percent, the mean rank, MRR and, where there is relevance, NDCG in percent."""
    places = [each.place for each in answers]
    gains = [each.ndcg for each in answers if each.ndcg is not None]
    scores = {f"r{k}": share([place <= k for place in places]) for k in (1, 5, 10)}
    if places:
        scores["mean_rank"] = sum(places) / len(places)
        scores["mrr"] = 100 * sum(1 / place for place in places) / len(places)
    if gains:
        scores["ndcg"] = 100 * sum(gains) / len(gains)
    return scores
