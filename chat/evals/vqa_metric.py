"""The accuracy of VQAv2: how far a short answer agrees with those of ten people.

Written from the published description of the evaluation (visualqa.org/evaluation.html; Antol
et al. 2015, arXiv:1505.00468; Goyal et al. 2017, arXiv:1612.00837): lower case, no articles,
number words as digits, apostrophes put into contractions, punctuation as blanks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBERS = {
    "none": "0",
    **{
        word: str(value)
        for value, word in enumerate("zero one two three four five six seven eight nine ten".split())
    },
}

ARTICLES = frozenset(("a", "an", "the"))

_NEGATED = """ain are ca could did does do had has have is might must need ought should was were
    wo would""".split()
_ENDED = {
    "'ve": "could i might must should they we who would you".split(),
    "'re": "they you what".split(),
    "'s": "he she that there what where who how when why let".split(),
    "'d": "they you who it".split(),
    "'ll": "they you it that what who".split(),
}
CONTRACTIONS = {
    whole.replace("'", ""): whole
    for whole in (
        *(f"{word.removesuffix('n')}n't" for word in _NEGATED),
        *(word + end for end, words in _ENDED.items() for word in words),
        *("i'm", "y'all", "o'clock", "ma'am"),
    )
}
"""Contractions by how they are written without the apostrophe, where that is no other word (as "well" is)."""

_PUNCTUATION = re.compile(r"[;/\[\]\"{}()=+\\_\-><@`,?!]")


def normalise(answer: str) -> str:
    """An answer in the form in which answers are compared."""
    answer = re.sub(r"(?<=\d),(?=\d)", "", answer.lower())
    answer = _PUNCTUATION.sub(" ", answer)
    # A full stop stays as a decimal point alone.
    answer = re.sub(r"\.(?!\d)", "", answer)
    words = (NUMBERS.get(word, word) for word in answer.split())
    return " ".join(CONTRACTIONS.get(word, word) for word in words if word not in ARTICLES)


def accuracy(answer: str, humans: Sequence[str]) -> float:
    """How right an answer is, 0 to 1: as many as three of the others say it, on average over leaving
    out each person in turn. 0 without any human answer."""
    said = normalise(answer)
    agreeing = [normalise(human) == said for human in humans]
    marks = [min(1.0, (sum(agreeing) - own) / 3) for own in agreeing]
    return sum(marks) / len(marks) if marks else 0.0
