"""The generated suite: the same every time, held out, balanced, in twins, and solvable."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from chat.errors import ConfigError
from chat.evals import cognition, hallucination, perception
from chat.evals.build import MANIFEST, build, digests, manifest
from chat.evals.controls import solved
from chat.evals.items import Item, right
from chat.evals.sizes import SIZES
from chat.evals.splits import SPLITS, draw_scene, sample_scene, scenes, trainable
from chat.evals.wordings import FRESH_OPEN, FRESH_YES_NO

SMOKE = SIZES["smoke"]
MAKERS = {"P": perception.items, "H": hallucination.items, "C": cognition.items}


@cache
def items(part: str, split: str = "iid") -> tuple[Item, ...]:
    return tuple(MAKERS[part]("smoke", split, SMOKE))


@pytest.mark.parametrize("part", MAKERS)
def test_it_is_the_same_every_time(part: str) -> None:
    again = list(MAKERS[part]("smoke", "iid", SMOKE))
    assert [item.digest for item in again] == [item.digest for item in items(part)]
    assert len({item.digest for item in again}) == len(again)


def test_the_committed_manifest_is_of_this_suite() -> None:
    """After a change on purpose: `python -m chat.evals manifest --write`."""
    assert json.loads(MANIFEST.read_text("utf-8")) == digests(build("smoke"))


def test_a_changed_word_or_picture_changes_the_manifest() -> None:
    first, second = items("H")[:2]
    lines = list(manifest([first, second]))
    assert re.fullmatch(r"[0-9a-f]{64}  H/iid/random/0", lines[0])
    assert lines[0][:64] != lines[1][:64]
    assert digests([first]) != digests([second])


@pytest.mark.parametrize("part", MAKERS)
@pytest.mark.parametrize("split", ["iid", "wordings"])
def test_the_solver_and_the_gold_answers_are_right(part: str, split: str) -> None:
    assert solved(items(part, split)) == 100
    wrong = [ask for item in items(part, split) for ask in item.asks if not right(ask, ask.answer)]
    assert wrong == []


@pytest.mark.parametrize("part", MAKERS)
def test_half_of_the_answers_are_yes_by_question(part: str) -> None:
    """Each question is asked of a picture where it is true and of one where it is false."""
    said = Counter(
        (item.family, ask.question, ask.values)
        for item in items(part)
        for ask in item.asks
        if ask.kind == "yes_no"
    )
    yes = Counter({(family, asked): n for (family, asked, values), n in said.items() if values == ("yes",)})
    no = Counter({(family, asked): n for (family, asked, values), n in said.items() if values == ("no",)})
    assert yes == no


@pytest.mark.parametrize("part", MAKERS)
def test_twins_ask_the_same_and_are_answered_otherwise(part: str) -> None:
    named = {(item.family, item.index): item for item in items(part)}
    twins = [item for item in items(part) if item.twin is not None]
    assert 2 * len(twins) >= len(items(part))
    for item in twins:
        assert item.twin is not None
        other = named[item.family, item.twin]
        assert [ask.question for ask in item.asks] == [ask.question for ask in other.asks]
        assert all(a.values != b.values for a, b in zip(item.asks, other.asks, strict=True))
        assert item.pictures != other.pictures


def test_a_picture_has_one_yes_and_one_no() -> None:
    for item in (*items("P"), *items("H"), *items("C")):
        if item.asks[0].kind == "yes_no":
            assert sorted(ask.values for ask in item.asks) == [("no",), ("yes",)]


def test_ten_and_four_subtasks_and_three_ways() -> None:
    def families(part: str) -> set[str]:
        return {item.family for item in items(part) if item.asks[0].kind == "yes_no"}

    assert families("P") == set(perception.SUBTASKS)
    assert len(families("P")) == 10
    assert len(families("C")) == 4
    assert families("H") == {"random", "popular", "swapped"}


@pytest.mark.parametrize("split", SPLITS)
def test_no_scene_of_a_split_could_be_trained_on(split: str) -> None:
    for number in range(3):
        assert not trainable(sample_scene(random.Random(number), split))


def test_wordings_and_renderer_keep_the_scenes_of_iid() -> None:
    for usual, fresh in zip(items("H"), items("H", "wordings"), strict=True):
        assert usual.facts == fresh.facts
        assert usual.pictures == fresh.pictures
        assert not {ask.question for ask in usual.asks} & {ask.question for ask in fresh.asks}
    scene = next(scenes("smoke", "iid", 0))
    assert draw_scene(scene, "renderer") != draw_scene(scene, "iid") == draw_scene(scene, "wordings")


def test_fresh_wordings_are_not_in_the_training_tables() -> None:
    folder = Path(perception.__file__).parent.parent / "training"
    trained = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    bare = re.sub(r"\{\w+\}", "{}", trained).lower()
    for tables in (FRESH_YES_NO, FRESH_OPEN):
        for wording in (wording for wordings in tables.values() for wording in wordings):
            assert re.sub(r"\{\w+\}", "{}", wording).lower() not in bare, wording


def test_unknown_names_are_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="smoke, std, full"):
        build("huge")
    with pytest.raises(ConfigError, match="P, H, C"):
        build("smoke", ["X"])
    with pytest.raises(ConfigError, match="iid, pairs"):
        build("smoke", ["P"], ["night"])
