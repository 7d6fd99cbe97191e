"""G: captions of scenes that training cannot draw, scored by the usual metrics and by what they state."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from chat.evals.caption_facts import fact_scores
from chat.evals.caption_metrics import caption_scores
from chat.evals.items import Ask, Item, seed
from chat.evals.sizes import Size
from chat.evals.splits import draw_scene, scenes
from chat.training.questions import describe_scene
from chat.training.scene import Scene

QUESTION = "Describe the picture."

FRESH_QUESTIONS = (
    "Put this picture into words.",
    "Write a caption that leaves nothing out.",
    "Give me an account of this image.",
)
"""For the split "wordings": training never asks so."""


def items(suite: str, split: str, size: Size) -> Iterator[Item]:
    """A picture and the request to describe it, `size.captions` times; no two scenes are alike.

    Raises ConfigError for an unknown split.
    """
    for index, scene in enumerate(islice(_distinct(scenes(suite, split, 0)), size.captions)):
        rng = random.Random(seed(suite, split, "caption", index))
        question = rng.choice(FRESH_QUESTIONS) if split == "wordings" else QUESTION
        ask = Ask(question, describe_scene(scene), "caption", "caption", pictures=(0,))
        yield Item("G", "caption", split, index, (ask,), (draw_scene(scene, split),), (scene,))


def _distinct(scenes: Iterator[Scene]) -> Iterator[Scene]:
    seen: set[str] = set()
    for scene in scenes:
        if scene.digest not in seen:
            seen.add(scene.digest)
            yield scene


def scores(items: Sequence[Item], replies: Sequence[str]) -> dict[str, float]:
    """bleu4, rouge_l, meteor, fact_precision, fact_recall and fact_f1 in percent, cider_d 0 to 10.

    The reference is the one full description in reading order. Raises ConfigError where the
    libraries that compute the metrics are not installed, ValueError for no items at all.
    """
    described = [scene for item in items for scene in item.facts if isinstance(scene, Scene)]
    metrics = caption_scores(replies, [[item.asks[0].answer] for item in items])
    return metrics | fact_scores(replies, described)
