"""The usual metrics of captions: BLEU-4, ROUGE-L, METEOR and CIDEr-D.

Sentences are compared as lower-case words without punctuation, as COCO's evaluation does
(Chen et al. 2015, arXiv:1504.00325); its tokeniser differs in small things, so figures are
near to those published and not the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.errors import ConfigError
from chat.evals.cider import cider_d


def words_of(sentence: str) -> list[str]:
    """Lower-case words, digits and words with an apostrophe within, in order."""
    return re.findall(r"\w+(?:['’]\w+)*", sentence.lower())


def caption_scores(captions: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """All four against each caption's references: bleu4, rouge_l, meteor in percent, cider_d 0 to 10.

    Raises ConfigError where the libraries that compute them are not installed, ValueError unless
    there is a reference for every caption and at least one caption.
    """
    if not captions or len(captions) != len(references) or not all(references):
        raise ValueError("Every caption needs references, and there has to be a caption.")
    said = [words_of(caption) for caption in captions]
    right = [[words_of(sentence) for sentence in several] for several in references]
    cider = cider_d(said, right)
    try:
        return {
            "bleu4": bleu4(said, right),
            "rouge_l": _mean([rouge_l(one, several) for one, several in zip(said, right, strict=True)]),
            "meteor": _mean([meteor(one, several) for one, several in zip(said, right, strict=True)]),
            "cider_d": sum(cider) / len(cider),
        }
    except ImportError as error:
        raise ConfigError(
            f"Captions are scored with sacrebleu, rouge-score and nltk, and {error.name} is not installed: "
            "run pip install sacrebleu rouge-score nltk."
        ) from error


def bleu4(said: Sequence[Sequence[str]], right: Sequence[Sequence[Sequence[str]]]) -> float:
    """BLEU-4 over all sentences together, in percent (Papineni et al. 2002; by sacrebleu, Post 2018)."""
    from sacrebleu.metrics.bleu import BLEU

    most = max(map(len, right))
    # It wants as many references for each sentence: one that comes again changes nothing.
    streams = [
        [" ".join(several[place if place < len(several) else 0]) for several in right]
        for place in range(most)
    ]
    return float(BLEU(tokenize="none").corpus_score([" ".join(words) for words in said], streams).score)


def rouge_l(said: Sequence[str], right: Sequence[Sequence[str]]) -> float:
    """ROUGE-L's F1 with the reference that fits best, 0 to 1 (Lin 2004; by rouge-score)."""
    from rouge_score.rouge_scorer import RougeScorer

    scores = RougeScorer(["rougeL"]).score_multi([" ".join(words) for words in right], " ".join(said))
    return float(scores["rougeL"].fmeasure)


class NoSynonyms:
    """In the place of WordNet, which nltk would have to download: no word has a synonym."""

    def synsets(self, word: str) -> list[object]:
        """None."""
        return []


def meteor(said: Sequence[str], right: Sequence[Sequence[str]]) -> float:
    """METEOR with the reference that fits best, 0 to 1 (Lavie & Agarwal 2007; by nltk).

    Words match exactly or by their stems, not as synonyms: figures are somewhat below those with WordNet,
    and the same on every machine.
    """
    from nltk.translate.meteor_score import meteor_score

    return float(meteor_score(right, said, wordnet=NoSynonyms()))


def _mean(values: Sequence[float]) -> float:
    """In percent."""
    return 100 * sum(values) / len(values)
