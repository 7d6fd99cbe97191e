"""Questions about a pie chart."""

from __future__ import annotations

import random
from itertools import permutations

from chat.training.cards.scene import PieChart
from chat.training.cards.turns import CardTurn, Family, FollowUp, other_colour, say, therefore
from chat.training.language import NUMBERS, ORDINALS, article, counted, listed

_EXTREMES = {
    "largest": (
        "Which slice is the largest?", "What colour is the largest slice?", "Which slice is the biggest?",
        "Which colour has the largest share?", "Which part is the largest?", "Name the largest slice.",
        "Which colour takes up the most?", "Which one is the biggest?",
    ),
    "smallest": (
        "Which slice is the smallest?", "What colour is the smallest slice?", "Which slice is the thinnest?",
        "Which colour has the smallest share?", "Which part is the smallest?", "Name the smallest slice.",
        "Which colour takes up the least?", "Which one is the smallest?",
    ),
}  # fmt: skip
_SIZE = (
    "How big is the {c} slice?", "How large is the {c} slice?", "What is the size of the {c} slice?",
    "How big is the {c} part?", "How does the {c} slice compare with the others?",
    "Which rank does the {c} slice have by size?",
)  # fmt: skip
HALF, CLEAR = 50, 8
"""In percent: a share within CLEAR of HALF is not clearly more or less than a half."""


def describe(card: PieChart) -> str:
    """How many slices, and their colours from the largest to the smallest."""
    colours = [part.colour for part in card.ranked]
    if len(colours) == 1:
        return f"I see a pie chart with one {colours[0]} slice."
    return f"I see a pie chart with {NUMBERS[len(colours)]} slices: {listed(colours)}."


def superlative(card: PieChart, rng: random.Random) -> CardTurn | None:
    """Which slice is the largest or the smallest."""
    if len(card.slices) < 2:
        return None
    name = rng.choice(("largest", "smallest"))
    colour = card.ranked[0 if name == "largest" else -1].colour
    return say(rng, _EXTREMES[name], f"The {colour} slice is the {name}.", f"pie_{name}", [colour])


def superlative_verify(card: PieChart, rng: random.Random) -> CardTurn | None:
    """Whether a slice is the largest or the smallest."""
    if len(card.slices) < 2:
        return None
    name, yes = rng.choice(("largest", "smallest")), rng.random() < 0.5
    first, *others = card.ranked if name == "largest" else reversed(card.ranked)
    asked = first if yes else rng.choice(others)
    wordings = (
        "Is the {c} slice the {x}?", "Is the {c} one the {x}?", "Is {c} the {x} slice?",
        "Is the {x} slice {c}?",
        "Is the {c} slice the {x} of all?", "Would you say the {c} slice is the {x}?",
    )  # fmt: skip
    answer = therefore(yes, f"the {first.colour} slice is the {name}.")
    return say(rng, wordings, answer, f"pie_{name}_verify", [first.colour], c=asked.colour, x=name)


def rank(card: PieChart, rng: random.Random) -> CardTurn | None:
    """How big a slice is among the others."""
    if len(card.slices) < 2:
        return None
    index = rng.randrange(len(card.slices))
    name = (
        "smallest" if index == len(card.slices) - 1 else f"{ORDINALS[index]} largest" if index else "largest"
    )
    colour = card.ranked[index].colour
    return say(rng, _SIZE, f"The {colour} slice is the {name}.", "pie_rank", [colour], c=colour)


def larger(card: PieChart, rng: random.Random) -> CardTurn | None:
    """Whether one slice is larger, or smaller, than another."""
    if len(card.slices) < 2:
        return None
    yes, name = rng.random() < 0.5, rng.choice(("larger", "smaller"))
    pairs = [
        (a, b) for a, b in permutations(card.slices, 2) if (a.share > b.share) == (yes == (name == "larger"))
    ]
    a, b = rng.choice(pairs)
    wordings = (
        "Is the {a} slice {x} than the {b} slice?", "Is the {a} slice {x} than the {b} one?",
        "Is {a} {x} than {b}?", "Is the {a} one {x} than the {b} one?", "Would you say {a} is {x} than {b}?",
        "Compare {a} and {b}: is {a} {x}?",
    )  # fmt: skip
    big = a if a.share > b.share else b
    answer = therefore(yes, f"the {big.colour} slice is the larger one.")
    return say(rng, wordings, answer, "pie_larger", a=a.colour, b=b.colour, x=name)


def half(card: PieChart, rng: random.Random) -> CardTurn | None:
    """Whether a slice is clearly more than a half."""
    first, *others = card.ranked
    if abs(first.share - HALF) < CLEAR:
        return None
    # Of most pies one slice is more than a half; of the rest only "no" can be said, so they are asked less.
    if first.share > HALF:
        part = first if rng.random() < 0.55 or not others else rng.choice(others)
    elif rng.random() < 0.5:
        part = rng.choice((first, *others))
    else:
        return None
    yes = part.share > HALF
    wordings = (
        "Is the {c} slice more than half of the pie?", "Is {c} more than a half?",
        "Is the {c} slice over a half?",
        "Does the {c} slice take up more than half?", "Is more than half of the pie {c}?",
        "Is the {c} part more than 50%?",
    )  # fmt: skip
    answer = therefore(yes, f"the {part.colour} slice is {'more' if yes else 'less'} than half of the pie.")
    return say(rng, wordings, answer, "pie_half", [part.colour], c=part.colour)


def count(card: PieChart, rng: random.Random) -> CardTurn:
    """How many slices there are."""
    wordings = (
        "How many slices are there?", "How many slices do you see?", "Count the slices.", "How many slices?",
        "How many slices does the pie have?", "How many parts does the pie have?",
        "What is the number of slices?",
    )  # fmt: skip
    return say(rng, wordings, counted(len(card.slices), "slice"), "pie_count")


def colours(card: PieChart, rng: random.Random) -> CardTurn:
    """All colours, the largest first."""
    wordings = (
        "What colours are the slices, the largest first?", "List the slices from large to small.",
        "Name the colours, largest first.", "Sort the slices by size.", "Which slices are there, by size?",
        "Order the slices from the largest to the smallest.",
    )  # fmt: skip
    names = [part.colour for part in card.ranked]
    answer = f"From large to small: {listed(names)}." if len(names) > 1 else f"There is one {names[0]} slice."
    return say(rng, wordings, answer, "pie_colours")


def exist(card: PieChart, rng: random.Random) -> CardTurn:
    """Whether there is a slice of a colour."""
    yes = rng.random() < 0.5
    present = [part.colour for part in card.slices]
    colour = rng.choice(present) if yes else other_colour(rng, present)
    wordings = (
        "Is there {a} slice?", "Do you see {a} slice?", "Does the pie have {a} slice?",
        "Can you see {a} slice?",
        "Is one of the slices {c}?", "Is any slice {c}?",
    )  # fmt: skip
    answer = f"Yes, there is {article(colour)} slice." if yes else f"No, there is no {colour} slice."
    return say(rng, wordings, answer, "pie_exist", a=article(colour), c=colour)


def missing(card: PieChart, rng: random.Random) -> CardTurn:
    """Something about a slice that is not there."""
    present = [part.colour for part in card.slices]
    colour = other_colour(rng, present)
    wordings = (
        *_SIZE,
        "Is the {c} slice the largest?", "Is the {c} slice larger than the {o} one?",
        "Is the {c} slice more than a half?", "Is the {c} slice the smallest?",
    )  # fmt: skip
    answer = f"There is no {colour} slice in the chart."
    return say(rng, wordings, answer, "pie_missing", c=colour, o=rng.choice(present))


def then_extreme(card: PieChart, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The largest or the smallest, after the other or after all were spoken of."""
    if before.family in ("pie_largest", "pie_smallest"):
        name = "smallest" if before.family == "pie_largest" else "largest"
    elif before.family in ("pie_count", "pie_describe"):
        name = rng.choice(("largest", "smallest"))
    else:
        return None
    if len(card.slices) < 2:
        return None
    colour = card.ranked[0 if name == "largest" else -1].colour
    wordings = (
        "And the {x}?", "Which is the {x}?", "And which one is the {x}?", "And which is the {x}?",
        "Which of them is the {x}?", "And the {x} one?",
    )  # fmt: skip
    return say(rng, wordings, f"The {colour} slice is the {name}.", f"pie_{name}", [colour], x=name)


def then_half(card: PieChart, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """Whether the slice just named is more than a half."""
    if before.family not in ("pie_largest", "pie_largest_verify"):
        return None
    part = card.ranked[0]
    if abs(part.share - HALF) < CLEAR:
        return None
    yes = part.share > HALF
    wordings = (
        "Is it more than a half?", "And is it more than half of the pie?", "Is that more than a half?",
        "Does it take up more than half?", "Is it over a half?", "Is it more than 50%?",
    )  # fmt: skip
    answer = therefore(yes, f"the {part.colour} slice is {'more' if yes else 'less'} than half of the pie.")
    return say(rng, wordings, answer, "pie_it", [part.colour])


FAMILIES: dict[str, tuple[float, Family]] = {
    "superlative": (24, superlative),
    "superlative_verify": (12, superlative_verify),
    "rank": (8, rank),
    "larger": (12, larger),
    "half": (8, half),
    "count": (10, count),
    "colours": (6, colours),
    "exist": (12, exist),
    "missing": (8, missing),
}
FOLLOW_UPS: dict[str, tuple[float, FollowUp]] = {"extreme": (3, then_extreme), "half": (2, then_half)}
