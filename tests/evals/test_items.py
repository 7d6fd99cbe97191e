"""How replies are judged, and what an item's digest covers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.evals.items import Ask, Item, normal, right, seed, share, yes_or_no
from chat.evals.values import KINDS, rivals, value


def open_ask(kind: str, name: str) -> Ask:
    return Ask("?", "", kind, "open", (value(name),), rivals(kind, name))


@pytest.mark.parametrize(
    ("kind", "name", "reply", "expected"),
    [
        ("colour", "red", "It is red.", True),
        ("colour", "red", "It is red or blue.", False),
        ("colour", "red", "It is reddish.", False),
        ("colour", "gray", "It is Grey!", True),
        ("count", "3", "There are three stars.", True),
        ("count", "3", "There are 4 stars.", False),
        ("position", "top left", "In the upper-left corner.", True),
        ("position", "top left", "At the top.", False),
        ("position", "top", "At the top, in the middle.", True),
        ("position", "top", "At the top left.", False),
        ("position", "left", "On the left side.", True),
        ("position", "centre", "In the center.", True),
        ("shape", "ring", "It is a ring, not a circle.", False),
        ("size", "large", "It is big.", True),
        ("fill", "outlined", "It is hollow.", True),
    ],
)
def test_a_reply_holds_the_value_and_no_rival(kind: str, name: str, reply: str, expected: bool) -> None:
    assert right(open_ask(kind, name), reply) is expected


@pytest.mark.parametrize("kind", ["colour", "shape", "size", "fill", "position", "count"])
def test_no_value_is_its_own_rival(kind: str) -> None:
    for name in KINDS[kind]:
        for synonym in value(name).split("|"):
            assert right(open_ask(kind, name), f"It is {synonym}."), (name, synonym)


def test_yes_no_goes_by_the_first_word() -> None:
    ask = Ask("?", "Yes.", "colour", "yes_no", ("yes",))
    assert right(ask, " Yes, it is.")
    assert right(ask, "yeah")
    assert not right(ask, "No, yes.")
    assert not right(ask, "Yesterday.")
    assert yes_or_no("It is.") == ""


def test_abstaining_takes_saying_so() -> None:
    ask = Ask("?", "", "missing", "abstain")
    assert right(ask, "There is no star in the picture.")
    assert right(ask, "Which one do you mean?")
    assert not right(ask, "It is red.")


def test_captions_are_never_wrong() -> None:
    assert right(Ask("?", "", "caption", "caption"), "")


def test_numbers_and_spelling_are_made_one() -> None:
    assert normal("Two COLOR-ful, grey  centers") == " 2 colour-ful gray centres "


def test_the_digest_covers_words_and_pictures() -> None:
    item = Item("P", "colour", "iid", 0, (open_ask("colour", "red"),), (b"one",))
    others = [
        replace(item, pictures=(b"two",)),
        replace(item, asks=(open_ask("colour", "blue"),)),
        replace(item, index=1),
        replace(item, split="pairs"),
    ]
    assert len({each.digest for each in (item, *others)}) == 5
    assert replace(item).digest == item.digest


def test_seeds_differ_by_every_name() -> None:
    names = [("smoke", "iid", "a", 0), ("std", "iid", "a", 0), ("smoke", "pairs", "a", 0)]
    names += [("smoke", "iid", "b", 0), ("smoke", "iid", "a", 1)]
    assert len({seed(*name) for name in names}) == 5


def test_the_share_of_nothing_is_nothing() -> None:
    assert share([]) == 0
    assert share([True, False, True, True]) == 75


def test_yes_no_may_follow_from_what_was_worked_out() -> None:
    ask = Ask("?", "It says CAT, so yes.", "reading", "yes_no", ("yes",))
    assert right(ask, "It says CAT, so yes.")
    assert right(ask, "There are so many, so YES!")
    assert not right(ask, "It says COW, so no.")
    assert not right(ask, "It says SO YES, or does it?")
