"""Captions: the items, what a caption states, and metrics against values worked out by hand."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable
from itertools import islice

import pytest

from chat.errors import ConfigError
from chat.evals import captions
from chat.evals.caption_facts import Claim, claims, fact_scores, place_in, truth
from chat.evals.caption_metrics import bleu4, caption_scores, meteor, rouge_l, words_of
from chat.evals.cider import cider_d
from chat.evals.items import Item
from chat.evals.sizes import SIZES
from chat.evals.splits import SPLITS, trainable
from chat.training.language import PLACE_PHRASES, PLACE_VARIANTS
from chat.training.questions import describe, describe_scene
from chat.training.scene import Background, Scene, Thing, sample
from chat.training.talk import Talk

SMOKE = SIZES["smoke"]


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return list(captions.items("smoke", "iid", SMOKE))


# ---- the items ------------------------------------------------------------------------------


def test_items_are_the_same_every_time_and_all_different(items: list[Item]) -> None:
    again = list(captions.items("smoke", "iid", SMOKE))
    assert [item.digest for item in items] == [item.digest for item in again]
    assert len({item.digest for item in items}) == SMOKE.captions


@pytest.mark.parametrize("split", SPLITS[:5])
def test_no_scene_could_be_trained_on(split: str) -> None:
    scenes = [item.facts[0] for item in islice(captions.items("smoke", split, SMOKE), 2)]
    assert len(scenes) == 2
    assert all(isinstance(scene, Scene) and not trainable(scene) for scene in scenes)


def test_fresh_questions_are_never_asked_in_training() -> None:
    rng = random.Random(0)
    asked = {describe(Talk(rng, [sample(rng)]), 0, "").question for _ in range(1000)}
    assert captions.QUESTION in asked
    assert asked.isdisjoint(captions.FRESH_QUESTIONS)
    fresh = {item.asks[0].question for item in captions.items("smoke", "wordings", SMOKE)}
    assert fresh <= set(captions.FRESH_QUESTIONS)


def test_the_right_caption_scores_all_there_is(items: list[Item]) -> None:
    scores = captions.scores(items, [item.asks[0].answer for item in items])
    for name in ("bleu4", "rouge_l", "fact_precision", "fact_recall", "fact_f1"):
        assert scores[name] == pytest.approx(100), name
    # Its penalty for fragments never quite vanishes.
    assert 98 < scores["meteor"] < 100
    assert 5 < scores["cider_d"] <= 10


def test_another_pictures_caption_scores_less(items: list[Item]) -> None:
    right = [item.asks[0].answer for item in items]
    scores = captions.scores(items, [*right[1:], right[0]])
    assert scores["fact_f1"] < 60
    assert scores["cider_d"] < 3


# ---- facts ----------------------------------------------------------------------------------


def test_a_full_description_states_every_fact() -> None:
    rng = random.Random(7)
    for _ in range(300):
        scene = sample(rng)
        assert claims(describe_scene(scene)) == truth(scene), describe_scene(scene)


@pytest.mark.parametrize(
    ("caption", "stated"),
    [
        ("A red star.", [("star", "red", "")]),
        ("The star is red and stands at the top.", [("star", "red", "top")]),
        ("At the top, a star. On the left, a moon.", [("star", "", "top"), ("moon", "", "left")]),
        (
            "On the left is a blue circle, on the right a star.",
            [("circle", "blue", "left"), ("star", "", "right")],
        ),
        ("Two grey crosses in the middle", [("cross", "gray", "centre")] * 2),
        ("a small black plus in the upper right corner", [("cross", "black", "top right")]),
        ('It says "Moon" at the bottom.', [("MOON", "", "bottom")]),
        ("the word LEFT on the right", [("LEFT", "", "right")]),
        ("I see the letter Q in the center and the number 7.", [("Q", "", "centre"), ("7", "", "")]),
        ("A black and white heart", [("heart", "white", "")]),
        ("Nothing but a dog.", []),
        ("a starry sky", []),
    ],
)
def test_what_a_caption_states(caption: str, stated: list[tuple[str, str, str]]) -> None:
    assert claims(caption) == [Claim(*each) for each in stated]


@pytest.mark.parametrize(
    ("phrase", "place"),
    [
        *((phrase, place) for place, phrase in PLACE_PHRASES.items()),
        *((phrase, place) for place, phrases in PLACE_VARIANTS.items() for phrase in phrases),
    ],
)
def test_every_way_to_name_a_place_is_understood(phrase: str, place: str) -> None:
    assert place_in(phrase.replace("center", "centre").replace("middle", "centre")) == place


def scene_of(*wanted: tuple[str, str, int]) -> Scene:
    """A scene of shapes with these names, colours and places."""
    things = tuple(
        Thing("shape", name, colour, "small", "solid", place, 9.0, 9.0, 9.0, 9.0, (0, 0, 0))
        for name, colour, place in wanted
    )
    return Scene(128, 128, Background("plain", (255, 255, 255), (255, 255, 255), 0), things)


@pytest.mark.parametrize(
    ("caption", "precision", "recall"),
    [
        ("a red star on the left and a blue star on the right", 100, 100),
        # That there are stars, one of each colour and on each side, is right; which stands where is not.
        ("a blue star on the left and a red star on the right", 75, 75),
        ("two stars", 100, 25),
        # Of the first star its place is wrong, so two of its four facts.
        ("a red star at the top and a blue star on the right", 75, 75),
        ("a red star on the left, a blue star on the right and a pink moon", 80, 100),
        ("nothing", 0, 0),
    ],
)
def test_facts_are_counted(caption: str, precision: float, recall: float) -> None:
    scene = scene_of(("star", "red", 3), ("star", "blue", 5))
    scores = fact_scores([caption], [scene])
    assert scores["fact_precision"] == pytest.approx(precision)
    assert scores["fact_recall"] == pytest.approx(recall)
    mean = 2 * precision * recall / (precision + recall) if precision else 0
    assert scores["fact_f1"] == pytest.approx(mean)


# ---- metrics --------------------------------------------------------------------------------


def test_words_are_bare() -> None:
    assert words_of("A dog's ball, on-top of 2!") == ["a", "dog's", "ball", "on", "top", "of", "2"]


def test_bleu_by_hand() -> None:
    # 5 of 6 words, 4 of 5 pairs, 3 of 4 triples, 2 of 3 quadruples; as long as the reference.
    said, right = "a b c d e x".split(), "a b c d e f".split()
    expected = 100 * (5 / 6 * 4 / 5 * 3 / 4 * 2 / 3) ** 0.25
    assert bleu4([said], [[right]]) == pytest.approx(expected)
    # A second reference for another sentence only must not count for this one.
    assert bleu4([said, right], [[right], [right, said]]) > expected


def test_rouge_by_hand() -> None:
    # The longest common subsequence of 4 and 3 words has 2: precision 1/2, recall 2/3.
    assert rouge_l("a x b y".split(), ["a b z".split()]) == pytest.approx(
        2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3)
    )
    assert rouge_l(["b"], [["a"], ["b"]]) == 1


def test_meteor_by_hand() -> None:
    # "walking" and "walks" share a stem: 2 of 2 and of 4 words in one chunk.
    precision, recall = 2 / 2, 2 / 4
    mean = precision * recall / (0.9 * precision + 0.1 * recall)
    said, right = ["walking", "dogs"], ["walks", "dog", "in", "parks"]
    assert meteor(said, [right]) == pytest.approx(mean * (1 - 0.5 * (1 / 2) ** 3))
    # No synonyms are known.
    assert meteor(["automobile"], [["car"]]) == 0


def test_cider_by_hand() -> None:
    references = [["a b".split()], ["a c".split()]]
    # "a" is said of every picture and weighs nothing; "b" and "a b" are right; no triple is there.
    assert cider_d([["a", "b"], ["x", "y"]], references) == pytest.approx([10 * (1 + 1) / 4, 0])
    # "b" twice: the second is clipped to one half; of two pairs one is right; one word too long.
    expected = 10 * (1 / 2 + 1 / math.sqrt(2)) / 4 * math.exp(-1 / 72)
    assert cider_d([["a", "b", "b"], []], references) == pytest.approx([expected, 0])
    # Two references: their mean.
    twice = [["a b".split(), "d e".split()], ["a c".split()]]
    assert cider_d([["a", "b"], []], twice)[0] == pytest.approx(5 / 2)


@pytest.mark.parametrize("references", [[], [[]]])
def test_every_caption_needs_a_reference(references: list[list[list[str]]]) -> None:
    with pytest.raises(ValueError, match="needs references"):
        cider_d([["a"]], references)
    with pytest.raises(ValueError, match="needs references"):
        caption_scores(["a"], [[" ".join(words) for words in several] for several in references])


@pytest.mark.parametrize(
    "library", ["sacrebleu.metrics.bleu", "rouge_score.rouge_scorer", "nltk.translate.meteor_score"]
)
def test_a_missing_library_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=f"{library.partition('.')[0]}.*not installed"):
        caption_scores(["a"], [["a"]])


@pytest.mark.parametrize("metric", [bleu4, caption_scores])
def test_an_empty_caption_scores_nothing(metric: Callable[..., object]) -> None:
    if metric is bleu4:
        assert bleu4([[]], [[["a"]]]) == 0
    else:
        assert set(caption_scores([""], [["a b"]]).values()) == {0.0}
