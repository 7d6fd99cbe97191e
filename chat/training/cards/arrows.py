"""Questions about an arrow."""

from __future__ import annotations

import random

from chat.training.cards.scene import ARROW_COLOURS, DIRECTIONS, Arrow
from chat.training.cards.turns import CardTurn, Family, FollowUp, say, therefore, yes_no
from chat.training.language import PLACE_PHRASES, article
from chat.training.scene import PLACES
from chat.training.talk import ask_place

OPPOSITE = {"left": "right", "right": "left", "up": "down", "down": "up"}
_WHERE = (
    "Where does it point?", "Which way does it point?", "Which direction does the arrow point in?",
    "Where does the arrow point?", "What direction is the arrow?", "Which way is the arrow pointing?",
    "Which way should I go?", "Follow the arrow: which way?",
)  # fmt: skip
_WHERE_COLOURED = (
    "Where does the {c} arrow point?", "Which way does the {c} arrow point?",
    "Which way is the {c} arrow pointing?", "What direction is the {c} arrow?",
    "Tell me where the {c} arrow points.", "In which direction does the {c} arrow point?",
)  # fmt: skip


def describe(card: Arrow) -> str:
    """Its colour, place and direction."""
    return (
        f"I see {article(card.colour)} arrow {PLACE_PHRASES[PLACES[card.place]]}. It points {card.direction}."
    )


def direction(card: Arrow, rng: random.Random) -> CardTurn:
    """Where it points."""
    wordings = (*_WHERE, *_WHERE_COLOURED)
    return say(rng, wordings, f"It points {card.direction}.", "arrow_direction", c=card.colour)


def verify(card: Arrow, rng: random.Random) -> CardTurn:
    """Whether it points somewhere."""
    yes = rng.random() < 0.5
    asked = card.direction if yes else rng.choice([each for each in DIRECTIONS if each != card.direction])
    wordings = (
        "Does it point {d}?", "Is it pointing {d}?", "Does the arrow point {d}?",
        "Is the arrow pointing {d}?",
        "Should I go {d}?", "Is the arrow heading {d}?", "Is {d} the way it points?",
    )  # fmt: skip
    return say(rng, wordings, therefore(yes, f"it points {card.direction}."), "arrow_verify", d=asked)


def either(card: Arrow, rng: random.Random) -> CardTurn:
    """Which of two directions it points in."""
    pair = [card.direction, rng.choice([each for each in DIRECTIONS if each != card.direction])]
    rng.shuffle(pair)
    wordings = (
        "Does it point {a} or {b}?", "Is it pointing {a} or {b}?", "{c} or {b}?", "Is that {a} or {b}?",
        "Does the arrow point {a} or {b}?", "Should I go {a} or {b}?",
    )  # fmt: skip
    words = {"a": pair[0], "b": pair[1], "c": pair[0].capitalize()}
    return say(rng, wordings, f"It points {card.direction}.", "arrow_direction", **words)


def colour(card: Arrow, rng: random.Random) -> CardTurn:
    """Its colour."""
    wordings = (
        "What colour is the arrow?", "Which colour does the arrow have?", "What colour is it?",
        "What is the colour of the arrow?", "What is its colour?", "Name the colour of the arrow.",
    )  # fmt: skip
    return say(rng, wordings, f"It is {card.colour}.", "arrow_colour")


def colour_verify(card: Arrow, rng: random.Random) -> CardTurn:
    """Whether it has a colour."""
    yes = rng.random() < 0.5
    asked = card.colour if yes else rng.choice([each for each in ARROW_COLOURS if each != card.colour])
    wordings = (
        "Is the arrow {c}?", "Is it {c}?", "Is it {a} arrow?", "Is this {a} arrow?", "Is its colour {c}?",
        "Would you call the arrow {c}?",
    )  # fmt: skip
    answer = yes_no(yes, f"it is {card.colour}.")
    return say(rng, wordings, answer, "arrow_colour_verify", c=asked, a=article(asked))


def place(card: Arrow, rng: random.Random) -> CardTurn:
    """Where it stands."""
    wordings = (
        "Where is the arrow?", "Where do you see the arrow?", "What is the position of the arrow?",
        "In which part of the picture is the arrow?", "Where can I find the arrow?", "Locate the arrow.",
    )  # fmt: skip
    return say(rng, wordings, f"It is {PLACE_PHRASES[PLACES[card.place]]}.", "arrow_place")


def place_verify(card: Arrow, rng: random.Random) -> CardTurn:
    """Whether it stands somewhere."""
    yes, truth = rng.random() < 0.5, PLACES[card.place]
    asked = truth if yes else rng.choice([each for each in PLACES if each != truth])
    wordings = (
        "Is the arrow {p}?", "Is it {p}?", "Do you see the arrow {p}?", "Can I find the arrow {p}?",
        "Is the arrow to be seen {p}?", "Does the arrow stand {p}?",
    )  # fmt: skip
    answer = yes_no(yes, f"it is {PLACE_PHRASES[truth]}.")
    return say(rng, wordings, answer, "arrow_place_verify", p=ask_place(asked, rng))


def count(card: Arrow, rng: random.Random) -> CardTurn:
    """How many there are."""
    wordings = (
        "How many arrows are there?", "How many arrows do you see?", "Count the arrows.",
        "How many arrows can you see?", "How many arrows?", "What is the number of arrows?",
    )  # fmt: skip
    return say(rng, wordings, "There is one arrow.", "arrow_count")


def missing(card: Arrow, rng: random.Random) -> CardTurn:
    """The direction of an arrow that is not there."""
    other = rng.choice([each for each in ARROW_COLOURS if each != card.colour])
    answer = f"There is no {other} arrow in the picture."
    return say(rng, _WHERE_COLOURED, answer, "arrow_missing", c=other)


def then_where(card: Arrow, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """Its direction, after something else about it."""
    if before.family not in ("arrow_colour", "arrow_place", "arrow_count", "arrow_colour_verify"):
        return None
    wordings = (
        "And where does it point?", "And which way does it point?", "And the direction?",
        "And its direction?",
        "Which way does it point?", "And where is it pointing?",
    )  # fmt: skip
    return say(rng, wordings, f"It points {card.direction}.", "arrow_follow")


def then_turn(card: Arrow, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """Where it would point if it were turned round."""
    if before.family not in ("arrow_direction", "arrow_follow", "arrow_verify", "arrow_describe"):
        return None
    wordings = (
        "And if I turn it around?", "And upside down?", "What if you turn it round?",
        "What is the opposite way?",
        "And if I turn the picture by half a turn?", "Which way is the opposite direction?",
    )  # fmt: skip
    turned = OPPOSITE[card.direction]
    asked = rng.choice(wordings)
    if "opposite" in asked:
        return CardTurn(asked, f"The opposite of {card.direction} is {turned}.", "arrow_turn")
    return CardTurn(asked, f"Then it points {turned}.", "arrow_turn")


FAMILIES: dict[str, tuple[float, Family]] = {
    "direction": (26, direction),
    "verify": (12, verify),
    "either": (6, either),
    "colour": (8, colour),
    "colour_verify": (4, colour_verify),
    "place": (7, place),
    "place_verify": (4, place_verify),
    "count": (2, count),
    "missing": (8, missing),
}
FOLLOW_UPS: dict[str, tuple[float, FollowUp]] = {"where": (4, then_where), "turn": (2, then_turn)}
