"""CIDEr-D: how much a caption says what people agree to say (Vedantam et al. 2015, arXiv:1411.5726).

In the formula, g_n(c) is the vector of a sentence's n-grams, each with how often it occurs
times the logarithm of how few pictures it is said of. As in the authors' program, which published
figures come from, the counts in it are not divided by the sentence's length.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

Words = Sequence[str]
Vector = dict[tuple[str, ...], float]

LONGEST = 4
"""n-grams of 1 to so many words."""

SIGMA = 6.0
"""Words by which lengths may differ at little cost."""


def cider_d(candidates: Sequence[Words], references: Sequence[Sequence[Words]]) -> list[float]:
    """The score of each picture's candidate against its references, 0 to 10; papers print it times 100.

    How rare an n-gram is, is counted over the references of all pictures: a single picture scores 0.
    Raises ValueError unless there is at least one reference for each candidate.
    """
    if len(candidates) != len(references) or not all(references):
        raise ValueError("Every candidate needs references.")
    said_of = Counter(
        ngram for several in references for ngram in {each for words in several for each in _ngrams(words)}
    )
    scores = []
    for candidate, several in zip(candidates, references, strict=True):
        total = 0.0
        for reference in several:
            penalty = math.exp(-((len(candidate) - len(reference)) ** 2) / (2 * SIGMA**2))
            for n in range(1, LONGEST + 1):
                ours = _weighted(candidate, n, said_of, len(references))
                theirs = _weighted(reference, n, said_of, len(references))
                total += penalty * _clipped_cosine(ours, theirs)
        scores.append(10 * total / (LONGEST * len(several)))
    return scores


def _ngrams(words: Words, n: int | None = None) -> list[tuple[str, ...]]:
    """All n-grams, or those of one length, as often as they occur."""
    lengths = range(1, LONGEST + 1) if n is None else (n,)
    return [tuple(words[at : at + size]) for size in lengths for at in range(len(words) - size + 1)]


def _weighted(words: Words, n: int, said_of: Counter[tuple[str, ...]], pictures: int) -> Vector:
    """The vector g_n; an n-gram that no reference has weighs as if one had."""
    counts = Counter(_ngrams(words, n))
    return {
        ngram: count * (math.log(pictures) - math.log(max(1, said_of[ngram])))
        for ngram, count in counts.items()
    }


def _clipped_cosine(ours: Vector, theirs: Vector) -> float:
    """The cosine, but saying a thing more often than the reference does earns nothing."""
    norm = math.hypot(*ours.values()) * math.hypot(*theirs.values())
    product = sum(
        min(weight, theirs.get(ngram, 0.0)) * theirs.get(ngram, 0.0) for ngram, weight in ours.items()
    )
    return product / norm if norm else 0.0
