"""Saying things in English: names, counts, places, lists, and the roughness of real typing."""

from __future__ import annotations

import random
from collections.abc import Sequence

from chat.training.scene import PLACES, Thing

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")

PLACE_PHRASES = dict(
    zip(
        PLACES,
        (
            "at the top left", "at the top", "at the top right",
            "on the left", "in the centre", "on the right",
            "at the bottom left", "at the bottom", "at the bottom right",
        ),
        strict=True,
    )
)  # fmt: skip
"""How answers name a place."""

PLACE_VARIANTS = {
    "top left": ("in the top left corner", "in the upper left", "at top left"),
    "top": ("at the top in the middle", "at the top centre", "at the top"),
    "top right": ("in the top right corner", "in the upper right", "at top right"),
    "left": ("on the left side", "at the left", "to the left"),
    "centre": ("in the middle", "at the centre", "in the center"),
    "right": ("on the right side", "at the right", "to the right"),
    "bottom left": ("in the bottom left corner", "in the lower left", "at bottom left"),
    "bottom": ("at the bottom in the middle", "at the bottom centre", "at the bottom"),
    "bottom right": ("in the bottom right corner", "in the lower right", "at bottom right"),
}
"""How questions may also name it."""

FILL_WORDS = {
    "solid": ("solid", "filled", "filled in"),
    "outlined": ("outlined", "hollow", "empty"),
    "striped": ("striped", "stripy"),
}
SIZE_WORDS = {"small": ("small", "little", "tiny"), "medium": ("medium",), "large": ("large", "big", "huge")}


PLURALS = frozenset(
    """scissors sunglasses glasses goggles jeans trousers shorts trunks binoculars tongs pliers pyjamas
    pajamas panpipes chimes stones bars
    headphones maracas bagpipes clothes grapes cherries chopsticks stairs fireworks weights skis""".split()
)
"""Names of things that English speaks of as several."""

MASS = frozenset(
    """clothing kitchenware furniture stationery hardware food bread armour equipment gear cloth coffee
    shellfish hay corn velvet wool mail broccoli guacamole pasta dough paper popcorn spaghetti rice tea
    lightning water milk bacon butter honey wine beer money""".split()
)
"""Names of things that are not counted."""

_IRREGULAR = {
    "fish": "fish", "sheep": "sheep", "deer": "deer", "aircraft": "aircraft", "squid": "squid",
    "mouse": "mice", "goose": "geese", "ox": "oxen", "person": "people", "man": "men", "woman": "women",
    "child": "children", "wolf": "wolves", "leaf": "leaves", "knife": "knives", "shelf": "shelves",
    "loaf": "loaves", "foot": "feet", "tooth": "teeth", "cactus": "cacti", "clothing": "clothing",
    "furniture": "furniture", "food": "food", "fruit": "fruit", "bread": "bread", "moose": "moose",
    "bison": "bison", "salmon": "salmon", "trout": "trout", "shrimp": "shrimp",
}  # fmt: skip
_AS_Y = ("uni", "use", "uku", "euro", "one", "uten")


def article(words: str) -> str:
    """ "a" or "an" before the words; neither where they name several, as "scissors" does."""
    if words in MASS or words.split()[-1] in PLURALS | MASS:
        return words
    vowel = words[0].lower() in "aeiou" and not words.lower().startswith(_AS_Y)
    return ("an " if vowel or words.startswith("hour") else "a ") + words


def plural(noun: str) -> str:
    """The noun for several."""
    *before, last = noun.split(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith(("s", "x", "ch", "sh", "z")):
        last = last if last in PLURALS else last + "es"
    elif last.endswith("y") and last[-2:-1] not in "aeiou":
        last = last[:-1] + "ies"
    else:
        last += "s"
    return " ".join((*before, last))


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def phrase(thing: Thing) -> str:
    """A thing as answers name it, without an article for text: "red star", "word CAT"."""
    if thing.is_text:
        return f"{thing.kind} {thing.name.upper()}"
    if not thing.is_shape:
        return thing.name
    fill = "" if thing.fill == "solid" else thing.fill + " "
    return f"{fill}{thing.colour} {thing.name}"


def a_thing(thing: Thing) -> str:
    """A thing with its article: "a red star", "the word CAT"."""
    return f"the {phrase(thing)}" if thing.is_text else article(phrase(thing))


def capital(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str) -> str:
    """ "There are two circles." and its kin."""
    if number == 1:
        return f"There is one {noun}."
    return f"There are {NUMBERS[number]} {plural(noun)}."


def counted_at(places: Sequence[str], noun: str) -> str:
    """ "At the top and on the left there are two circles.": where each is, in turn, and then how many.

    Attention averages what it looks at, so that a number said at once is often one too small or too
    large; said after the places, it is a matter of counting words (chain of thought: Wei et al. 2022,
    arXiv:2201.11903). places: of PLACES, one for each.
    """
    return f"{at_places(places)} {said(counted(len(places), noun))}"


def of_them(number: int, value: str) -> str:
    """ "one of them is red.", to stand in a sentence."""
    return f"{NUMBERS[number] if number else 'none'} of them {'is' if number == 1 else 'are'} {value}."


def at_places(places: Sequence[str]) -> str:
    """ "At the top and on the left"."""
    return capital(listed([PLACE_PHRASES[place] for place in places]))


def said(sentence: str) -> str:
    """A sentence's words in the middle of another: with a small first letter."""
    return sentence[:1].lower() + sentence[1:]


def insert_where(question: str, where: str, *, front: bool = False) -> str:
    """A question with a phrase of place: before its last mark, or in front."""
    if not where:
        return question
    if front:
        return f"{capital(where)}, {question[0].lower()}{question[1:]}"
    end = question[-1] if question[-1] in "?.!" else ""
    return f"{question[: len(question) - len(end)]} {where}{end}"


_OPENERS = ("please, ", "hey, ", "so, ", "ok, ", "and ", "now, ", "can you tell me: ", "tell me, ", "well, ")
_KEYS = "abcdefghijklmnopqrstuvwxyz"


def rough(question: str, rng: random.Random) -> str:
    """A question as people type it: spelling of either shore, any case, a missing mark, a slip."""
    if rng.random() < 0.45:
        question = question.replace("colour", "color").replace("Colour", "Color").replace("centre", "center")
    if rng.random() < 0.4:
        question = question.replace("gray", "grey")
    if rng.random() < 0.07 and question[0].isalpha():
        question = capital(rng.choice(_OPENERS) + question[0].lower() + question[1:])
    if rng.random() < 0.05:
        question = insert_where(question, "please")
    if rng.random() < 0.2:
        question = question.lower()
    elif rng.random() < 0.02:
        question = question.upper()
    if rng.random() < 0.15:
        question = question.rstrip("?.!") or question
    if rng.random() < 0.03:
        question = _slip(question, rng)
    return question


def _slip(text: str, rng: random.Random) -> str:
    """One small typing error inside a longer word."""
    spots = [index for index in range(2, len(text) - 2) if text[index - 2 : index + 2].isalpha()]
    if not spots:
        return text
    at = rng.choice(spots)
    kind = rng.randrange(3)
    if kind == 0:  # two keys in the wrong order
        return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]
    return text[:at] + ("" if kind == 1 else rng.choice(_KEYS)) + text[at + (kind == 1) :]
