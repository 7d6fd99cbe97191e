"""The dialogue parts: families, twins, quotas, gold answers, scores, and no overlap with training."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chat.errors import ConfigError
from chat.evals import dialogue, long
from chat.evals import dialogue_scores as scores
from chat.evals.dialogue_scores import Played
from chat.evals.families import FAMILIES, Pair
from chat.evals.families.draft import DOMAINS
from chat.evals.families.wordings import FRESH, WORDINGS
from chat.evals.items import Ask, Item, normal, right
from chat.evals.sizes import SIZES, Size
from chat.evals.solver import ceiling, solve
from chat.training import comparisons, followups, language, questions, smalltalk, talk
from chat.training.dialogues import sample_dialogue
from chat.training.scene import Scene

SIZE: Size = replace(SIZES["smoke"], dialogues=4, long=4)


@pytest.fixture(scope="module")
def items() -> list[Item]:
    return list(dialogue.items("std", "iid", SIZE))


@pytest.fixture(scope="module")
def longs() -> list[Item]:
    return list(long.items("std", "iid", SIZE))


def perfect(items: list[Item]) -> list[Played]:
    return [Played(item, tuple(ask.answer for ask in item.asks)) for item in items]


def test_every_family_has_its_dialogues(items: list[Item]) -> None:
    assert Counter(item.family for item in items) == dict.fromkeys(FAMILIES, 4)
    for item in items:
        assert 8 <= len(item.asks) <= 10, item.family
        referring = [ask for ask in item.asks if "history" in ask.needs]
        assert len(referring) >= 3, item.family
        assert all(ask.refers_to is not None and ask.family == item.family for ask in referring)
        assert len(item.pictures) == len(item.facts) > 0
        shown = [index for ask in item.asks for index in ask.pictures]
        assert shown == list(range(len(item.pictures)))


def test_the_suite_is_the_same_every_time(items: list[Item]) -> None:
    again = dialogue.items("std", "iid", replace(SIZE, dialogues=2))
    assert [item.digest for item in again] == [item.digest for item in items if item.index < 2]


def test_twins_end_in_the_same_question_with_another_answer(items: list[Item], longs: list[Item]) -> None:
    places = {(item.part, item.family, item.index): item for item in (*items, *longs)}
    for item in (*items, *longs):
        assert item.twin is not None
        twin = places[item.part, item.family, item.twin]
        one, two = item.asks[-1], twin.asks[-1]
        assert item.pictures == twin.pictures
        assert one.question == two.question
        assert not (right(one, two.answer) and right(two, one.answer)), (item.family, one.question)
        assert [ask.question for ask in item.asks] != [ask.question for ask in twin.asks]


def test_an_odd_number_leaves_the_last_without_a_twin() -> None:
    made = list(dialogue.items("smoke", "iid", replace(SIZE, dialogues=1)))
    assert [item.twin for item in made] == [None] * len(FAMILIES)


@pytest.mark.parametrize("split", ["iid", "wordings", "pairs", "objects", "longer20", "families"])
def test_the_solver_is_right_about_everything(split: str) -> None:
    made = list(dialogue.items("std", split, replace(SIZE, dialogues=2)))
    for attempt in solve(made):
        assert attempt.guessed is None
        assert right(attempt.ask, attempt.reply), (made[attempt.item].family, attempt)
        assert right(attempt.ask, attempt.ask.answer), attempt.ask


def test_the_solver_is_right_about_long_dialogues(longs: list[Item]) -> None:
    assert ceiling(longs)["all"] == 100
    assert all(right(ask, ask.answer) for item in longs for ask in item.asks)


def test_pictures_and_history_are_needed(items: list[Item]) -> None:
    blind, forgetful = ceiling(items, pictures=False), ceiling(items, history=False)
    for family in FAMILIES:
        assert forgetful[family] <= 75, family
        assert blind[family] <= 85, family
    assert max(blind["all"], forgetful["all"]) < 60


def test_last_answers_are_spread_evenly() -> None:
    pairs = [Pair("std", "iid", "it", number) for number in range(60)]
    wanted = Counter(pair.wanted() for pair in pairs)
    for attribute, domain in DOMAINS.items():
        counts = [wanted[attribute, value] for value in domain]
        assert max(counts) - min(counts) <= 1


def test_other_wordings_ask_the_same(items: list[Item]) -> None:
    fresh = list(dialogue.items("std", "wordings", replace(SIZE, dialogues=2)))
    known = [item for item in items if item.index < 2]
    for one, two in zip(known, fresh, strict=True):
        assert one.facts == two.facts
        assert [ask.answer for ask in one.asks] == [ask.answer for ask in two.asks]
        assert [ask.question for ask in one.asks] != [ask.question for ask in two.asks]


def strings(value: object) -> Iterator[str]:
    """Every string inside a module's tables and functions."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from strings(key)
            yield from strings(each)
    elif isinstance(value, tuple | list | frozenset):
        for each in value:
            yield from strings(each)
    elif hasattr(value, "__code__"):
        yield from strings(value.__code__.co_consts)


def bare(wording: str) -> str:
    """A wording without its slots, as `normal` writes it."""
    for slot in "nopavwxk":
        wording = wording.replace(f"{{{slot}}}", "_")
    return normal(wording.replace("{name}", "_"))


def test_fresh_wordings_are_not_those_of_training() -> None:
    modules = (questions, followups, comparisons, talk, language, smalltalk)
    trained = {bare(text) for module in modules for value in vars(module).values() for text in strings(value)}
    assert bare("What colour is the {n}?") in trained
    assert set(FRESH) == set(WORDINGS)
    for wordings in FRESH.values():
        for wording in wordings:
            assert bare(wording) not in trained, wording
            assert bare(wording.replace("{n}", "the {n}")) not in trained, wording


def test_nothing_is_shared_with_training(items: list[Item], longs: list[Item]) -> None:
    scenes, asked = set(), set()
    for number in range(2000):
        trained = sample_dialogue(random.Random(f"train/0/{number}"))
        scenes |= {scene.digest for scene in trained.scenes}
        history: tuple[str, ...] = ()
        for turn in trained.turns:
            history += (*(trained.scenes[index].digest for index in turn.pictures), turn.question)
            asked.add(history)
    assert len(scenes) > 1000
    for item in (*items, *longs):
        drawn = [scene for scene in item.facts if isinstance(scene, Scene)]
        assert not scenes & {scene.digest for scene in drawn}
        history, pictured = (), False
        for ask in item.asks:
            history += (*(drawn[index].digest for index in ask.pictures), ask.question)
            pictured = pictured or bool(ask.pictures)
            assert not (pictured and history in asked)


def test_long_dialogues_keep_their_distance(longs: list[Item]) -> None:
    distances: Counter[int] = Counter()
    for item in longs:
        last = item.asks[-1]
        assert last.refers_to is not None
        distance = len(item.asks) - 1 - last.refers_to
        distances[distance] += 1
        between = item.asks[last.refers_to + 1 : -1]
        if item.asks[-1].question.startswith(("What is my", "Do you remember my", "What's my")):
            said = " ".join(normal(ask.question + " " + ask.answer) for ask in between)
            assert normal(last.values[0]) not in said
    assert distances == dict.fromkeys(long.DISTANCES, 4)
    told = sum(item.asks[-1].needs == {"history"} for item in longs)
    assert told == len(longs) / 2


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ConfigError):
        list(dialogue.items("std", "nonsense", SIZE))


# ---- scores -----------------------------------------------------------------------------------


def ask(question: str, value: str, *, kind: str = "open", refers: int | None = None) -> Ask:
    values = (value,) if value else ()
    needs = frozenset({"picture"} if refers is None else {"picture", "history"})
    return Ask(question, value, "it", kind, values, (), (), refers, needs)  # type: ignore[arg-type]


THREE = Item("D", "it", "iid", 0, (ask("a", "red"), ask("b", "blue", refers=0), ask("c", "", kind="abstain")))


def test_by_turn_distance_and_first_failure() -> None:
    played = [
        Played(THREE, ("red", "blue", "There is no star.")),
        Played(THREE, ("red", "green", "There is no star.")),
        Played(THREE, ("blue", "blue", "There is no star.")),
    ]
    assert scores.by_turn(played)["turn 02"][0] == pytest.approx(200 / 3)
    for found, name in ((scores.by_distance(played), "distance 01"), (scores.by_family(played), "it")):
        assert list(found) == [name]
        assert found[name][0] == pytest.approx(200 / 3)
        assert found[name][1] == 3
    assert scores.whole_dialogues(played) == pytest.approx(100 / 3)
    assert scores.first_failure(played) == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert scores.accuracy(played) == pytest.approx(700 / 9)


def test_abstention_counts_declining_where_it_is_due() -> None:
    played = [
        Played(THREE, ("red", "blue", "There is no star.")),
        Played(THREE, ("I cannot tell.", "blue", "It is red.")),
    ]
    found = scores.abstention(played)
    assert found["precision"] == found["recall"] == found["f1"] == 50
    assert found["false_refusal"] == 25


@pytest.mark.parametrize(
    ("kind", "value", "reply", "abstains"),
    [
        ("yes_no", "yes", "No, there is no star.", False),
        ("yes_no", "yes", "I cannot tell.", True),
        ("open", "2", "There are no stars.", False),
        ("open", "2", "I see no picture yet.", True),
        ("open", "red", "There is no star.", True),
        ("abstain", "", "No, there is no star.", True),
    ],
)
def test_a_wrong_no_is_no_refusal(kind: str, value: str, reply: str, abstains: bool) -> None:
    assert scores.abstains(ask("?", value, kind=kind), reply) is abstains


def test_history_gain_compares_the_same_asks() -> None:
    played = [Played(THREE, ("red", "blue", ""))]
    lone = scores.alone(THREE, 1)
    assert lone.asks[0].question == "b"
    assert scores.history_gain(played, [Played(lone, ("green",))]) == 100
    with pytest.raises(ValueError, match="without history"):
        scores.history_gain(played, [Played(scores.alone(THREE, 0), ("red",))])


def test_an_ask_alone_shows_the_pictures_seen_by_then(items: list[Item]) -> None:
    item = next(item for item in items if item.family == "earlier_picture")
    assert scores.alone(item, len(item.asks) - 1).asks[0].pictures == (0, 1)


def test_gold_answers_score_in_full(items: list[Item]) -> None:
    played = perfect(items)
    assert scores.accuracy(played) == scores.whole_dialogues(played) == 100
    assert scores.first_failure(played) == 1
    assert scores.abstention(played) == {"precision": 100, "recall": 100, "f1": 100, "false_refusal": 0}


def test_a_reply_for_every_ask() -> None:
    with pytest.raises(ValueError, match="2 replies to 3 asks"):
        Played(THREE, ("red", "blue"))
