"""Every ImageNet class has plain words, and each stands at the index the stem gives it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import FrozenInstanceError, astuple
from importlib import resources

import pytest

from chat.model.classes import PictureClass, broader_words, classes

LONGEST_NAME = 24
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")

# Spread over the whole range, so that a row put in or left out moves at least one of them.
ANCHORS = [
    (0, "tench", "fish"),
    (1, "goldfish", "fish"),
    (2, "great white shark", "shark"),
    (19, "chickadee", "bird"),
    (24, "great grey owl", "bird"),
    (63, "cobra", "snake"),
    (76, "tarantula", "spider"),
    (130, "flamingo", "bird"),
    (151, "Chihuahua", "dog"),
    (207, "golden retriever", "dog"),
    (281, "tabby cat", "cat"),
    (292, "tiger", "big cat"),
    (340, "zebra", "animal"),
    (388, "panda", "bear"),
    (404, "passenger plane", "aircraft"),
    (468, "taxi", "car"),
    (483, "castle", "building"),
    (517, "crane", "machine"),
    (579, "grand piano", "musical instrument"),
    (587, "hammer", "tool"),
    (620, "laptop", "computer"),
    (703, "park bench", "furniture"),
    (779, "school bus", "bus"),
    (817, "sports car", "car"),
    (888, "viaduct", "bridge"),
    (950, "orange", "fruit"),
    (953, "pineapple", "fruit"),
    (963, "pizza", "food"),
    (967, "espresso", "coffee"),
    (975, "lakeshore", "landscape"),
    (983, "scuba diver", "person"),
    (999, "toilet paper", "household item"),
]


def test_a_thousand_classes_stand_in_order() -> None:
    assert [entry.index for entry in classes()] == list(range(1000))


@pytest.mark.parametrize(("index", "name", "broader"), ANCHORS)
def test_a_known_class_has_its_words(index: int, name: str, broader: str) -> None:
    assert classes()[index] == PictureClass(index, name, broader)


def test_names_are_one_to_three_plain_words() -> None:
    for entry in classes():
        words = entry.name.split(" ")
        assert len(words) <= 3, entry
        assert all(WORD.fullmatch(word) for word in words), entry
        assert len(entry.name) <= LONGEST_NAME, entry
        assert not re.match(r"(a|an|the) ", entry.name), entry


def test_broader_words_are_one_or_two_plain_words_in_lower_case() -> None:
    for word in broader_words():
        assert re.fullmatch(r"[a-z]+( [a-z]+)?", word), word


def test_no_two_classes_share_a_name() -> None:
    counts = Counter(entry.name.lower() for entry in classes())
    assert [name for name, count in counts.items() if count > 1] == []


def test_a_broader_word_says_something_else() -> None:
    assert [entry for entry in classes() if entry.name.lower() == entry.broader] == []


@pytest.mark.parametrize(
    ("broader", "first", "last"),
    # The runs in which the challenge's order keeps whole families together.
    [("bird", 80, 100), ("bird", 127, 146), ("dog", 151, 268), ("cat", 281, 285), ("monkey", 370, 382)],
)
def test_a_family_shares_one_broader_word(broader: str, first: int, last: int) -> None:
    assert {entry.broader for entry in classes()[first : last + 1]} == {broader}


def test_broader_words_are_sorted_and_few_enough_to_learn() -> None:
    assert list(broader_words()) == sorted({entry.broader for entry in classes()})
    assert 60 <= len(broader_words()) <= 110


def test_the_file_has_a_header_and_three_full_columns() -> None:
    data = (resources.files("chat.model.classes") / "imagenet.tsv").read_bytes()
    header, *rows = data.decode("ascii").splitlines()
    assert header == "index\tname\tbroader"
    assert [tuple(row.split("\t")) for row in rows] == [
        tuple(map(str, astuple(entry))) for entry in classes()
    ]
    assert all(field and field == field.strip() for row in rows for field in row.split("\t"))


def test_a_class_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        classes()[0].name = "trout"  # type: ignore[misc]
