"""Questions about a bar chart."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations

from chat.training.cards.scene import HIGHEST, Bar, BarChart
from chat.training.cards.turns import CardTurn, Family, FollowUp, near, other_colour, say, therefore
from chat.training.language import NUMBERS, article, capital, counted, listed

_VALUE = (
    "How tall is the {c} bar?", "What is the value of the {c} bar?", "What value does the {c} bar have?",
    "How high is the {c} bar?", "Which number does the {c} bar reach?", "Read off the {c} bar.",
    "How much is the {c} bar?", "Where does the {c} bar end?", "What does the {c} bar stand for?",
    "The {c} bar: how much is it?",
)  # fmt: skip
_EXTREMES = {
    "tallest": (
        "Which bar is the tallest?", "What colour is the tallest bar?", "Which bar is the highest?",
        "Which colour has the largest value?", "Which one is the tallest?", "Name the tallest bar.",
        "Which bar has the highest value?", "Which bar is the largest?", "Which bar has the most?",
    ),
    "shortest": (
        "Which bar is the shortest?", "What colour is the shortest bar?", "Which bar is the lowest?",
        "Which colour has the smallest value?", "Which one is the shortest?", "Name the shortest bar.",
        "Which bar has the lowest value?", "Which bar is the smallest?", "Which bar has the least?",
    ),
}  # fmt: skip


def describe(card: BarChart) -> str:
    """How many bars, and their colours from left to right."""
    colours = [bar.colour for bar in card.bars]
    if len(colours) == 1:
        return f"I see a bar chart with one {colours[0]} bar."
    return f"I see a bar chart with {NUMBERS[len(colours)]} bars: {listed(colours)}."


def at(bar: Bar) -> str:
    """ "the red bar is at 5.", to begin or to go on with."""
    return f"the {bar.colour} bar is at {bar.value}."


def extreme(card: BarChart, name: str) -> Bar | None:
    """The tallest or the shortest bar; None where several share the value, or there is one bar alone."""
    ordered = sorted(card.bars, key=lambda bar: bar.value, reverse=name == "tallest")
    if len(ordered) < 2 or ordered[0].value == ordered[1].value:
        return None
    return ordered[0]


def plain_sum(bars: Sequence[Bar]) -> str:
    """ "5 + 3 = 8."."""
    return f"{' + '.join(str(bar.value) for bar in bars)} = {sum(bar.value for bar in bars)}."


def value(card: BarChart, rng: random.Random) -> CardTurn:
    """The value of one bar."""
    bar = rng.choice(card.bars)
    return say(rng, _VALUE, capital(at(bar)), "bar_value", [bar.colour], c=bar.colour)


def superlative(card: BarChart, rng: random.Random) -> CardTurn | None:
    """Which bar is the tallest or the shortest."""
    name = rng.choice(("tallest", "shortest"))
    bar = extreme(card, name)
    if bar is None:
        return None
    return say(rng, _EXTREMES[name], f"The {bar.colour} bar is the {name}.", f"bar_{name}", [bar.colour])


def superlative_verify(card: BarChart, rng: random.Random) -> CardTurn | None:
    """Whether a bar is the tallest or the shortest."""
    name, yes = rng.choice(("tallest", "shortest")), rng.random() < 0.5
    bar = extreme(card, name)
    if bar is None:
        return None
    asked = bar if yes else rng.choice([each for each in card.bars if each != bar])
    wordings = (
        "Is the {c} bar the {x}?", "Is the {c} one the {x}?", "Is {c} the {x}?", "Is the {x} bar {c}?",
        "Is the {c} bar the {x} of all?", "Would you say the {c} bar is the {x}?",
    )  # fmt: skip
    answer = therefore(yes, f"the {bar.colour} bar is the {name}.")
    return say(rng, wordings, answer, f"bar_{name}_verify", [bar.colour], c=asked.colour, x=name)


def taller(card: BarChart, rng: random.Random) -> CardTurn | None:
    """Whether one bar is taller, or shorter, than another."""
    yes, name = rng.random() < 0.5, rng.choice(("taller", "shorter"))
    pairs = [
        (a, b)
        for a, b in permutations(card.bars, 2)
        if (a.value > b.value if name == "taller" else a.value < b.value) == yes
    ]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    wordings = (
        "Is the {a} bar {x} than the {b} bar?", "Is the {a} bar {x} than the {b} one?",
        "Is {a} {x} than {b}?",
        "Is the {a} one {x} than the {b} one?", "Would you say {a} is {x} than {b}?",
        "Compare {a} and {b}: is {a} {x}?",
    )  # fmt: skip
    reason = f"the {a.colour} bar is at {a.value} and the {b.colour} bar at {b.value}."
    if a.value == b.value:
        reason = f"both are at {a.value}."
    words = {"a": a.colour, "b": b.colour, "x": name}
    return say(rng, wordings, therefore(yes, reason), "bar_taller", [a.colour, b.colour], **words)


def verify(card: BarChart, rng: random.Random) -> CardTurn:
    """Whether a bar has a value."""
    bar, yes = rng.choice(card.bars), rng.random() < 0.5
    asked = bar.value if yes else near(rng, bar.value, 1)
    wordings = (
        "Is the {c} bar at {n}?", "Is the {c} bar exactly at {n}?", "Is the value of the {c} bar {n}?",
        "Is the {c} bar {n} high?", "Does the {c} bar end at {n}?", "Is {n} the value of the {c} bar?",
    )  # fmt: skip
    return say(rng, wordings, therefore(yes, at(bar)), "bar_verify", [bar.colour], c=bar.colour, n=asked)


def count(card: BarChart, rng: random.Random) -> CardTurn:
    """How many bars there are."""
    wordings = (
        "How many bars are there?", "How many bars do you see?", "Count the bars.", "How many bars?",
        "How many bars does the chart have?", "What is the number of bars?", "How many bars can you see?",
    )  # fmt: skip
    colours = [bar.colour for bar in card.bars]
    return say(rng, wordings, counted(len(card.bars), "bar"), "bar_count", colours)


def above(card: BarChart, rng: random.Random) -> CardTurn:
    """How many bars are higher than a value."""
    bound = rng.randint(1, HIGHEST - 1)
    found = sum(bar.value > bound for bar in card.bars)
    wordings = (
        "How many bars are higher than {n}?", "How many bars are taller than {n}?",
        "How many bars are above {n}?", "How many bars end above {n}?", "How many of the bars are over {n}?",
        "Count the bars above {n}.",
    )  # fmt: skip
    subject = (
        "No bar is" if not found else "One bar is" if found == 1 else f"{capital(NUMBERS[found])} bars are"
    )
    return say(rng, wordings, f"{subject} higher than {bound}.", "bar_above", n=bound)


def colours(card: BarChart, rng: random.Random) -> CardTurn:
    """All colours from left to right."""
    wordings = (
        "What colours are the bars?", "Which colours do the bars have?", "Name the colours of the bars.",
        "Which bars are there?", "List the bars.", "What are the colours of the bars?",
    )  # fmt: skip
    names = [bar.colour for bar in card.bars]
    answer = f"From left to right: {listed(names)}." if len(names) > 1 else f"There is one {names[0]} bar."
    return say(rng, wordings, answer, "bar_colours", names)


def order(card: BarChart, rng: random.Random) -> CardTurn | None:
    """Which bar stands at an end."""
    if len(card.bars) < 2:
        return None
    side = rng.choice(("left", "right"))
    bar = card.bars[0 if side == "left" else -1]
    wordings = (
        "Which bar is on the far {s}?", "What colour is the bar on the far {s}?",
        "Which bar is furthest {s}?",
        "Which bar stands at the {s} end?", "What is the colour of the {s}most bar?", "Name the {s}most bar.",
    )  # fmt: skip
    answer = f"The {bar.colour} bar is on the far {side}."
    return say(rng, wordings, answer, "bar_order", [bar.colour], s=side)


def with_value(card: BarChart, rng: random.Random) -> CardTurn | None:
    """Which bar has a value."""
    values = [bar.value for bar in card.bars]
    alone = [bar for bar in card.bars if values.count(bar.value) == 1]
    if not alone:
        return None
    bar = rng.choice(alone)
    wordings = (
        "Which bar is at {n}?", "Which bar has the value {n}?", "What colour is the bar at {n}?",
        "Which colour is at {n}?", "Which bar ends at {n}?", "Which one is {n} high?",
    )  # fmt: skip
    return say(rng, wordings, capital(at(bar)), "bar_with_value", [bar.colour], n=bar.value)


def together(card: BarChart, rng: random.Random) -> CardTurn | None:
    """The sum of two bars."""
    if len(card.bars) < 2:
        return None
    a, b = rng.sample(card.bars, 2)
    wordings = (
        "How much are {a} and {b} together?", "What is the sum of the {a} and the {b} bar?",
        "Add the {a} bar and the {b} bar.", "How much do {a} and {b} make together?",
        "What do the {a} and the {b} bar come to together?", "How much is {a} plus {b}?",
    )  # fmt: skip
    pair = [a.colour, b.colour]
    return say(rng, wordings, plain_sum((a, b)), "bar_sum", pair, a=a.colour, b=b.colour)


def difference(card: BarChart, rng: random.Random) -> CardTurn | None:
    """How far apart two bars are."""
    if len(card.bars) < 2:
        return None
    b, a = sorted(rng.sample(card.bars, 2), key=lambda bar: bar.value)
    wordings = (
        "What is the difference between {a} and {b}?", "By how much do {a} and {b} differ?",
        "How far apart are the {a} and the {b} bar?", "How much taller is {a} than {b}?",
        "How much higher is the {a} bar than the {b} one?", "Take the {b} bar from the {a} bar.",
    )  # fmt: skip
    # Of two equal bars neither is taller.
    fitting = wordings if a.value > b.value else wordings[:3]
    answer = f"{a.value} - {b.value} = {a.value - b.value}."
    return say(rng, fitting, answer, "bar_difference", [a.colour, b.colour], a=a.colour, b=b.colour)


def exist(card: BarChart, rng: random.Random) -> CardTurn:
    """Whether there is a bar of a colour."""
    yes = rng.random() < 0.5
    present = [bar.colour for bar in card.bars]
    colour = rng.choice(present) if yes else other_colour(rng, present)
    wordings = (
        "Is there {a} bar?", "Do you see {a} bar?", "Does the chart have {a} bar?", "Can you see {a} bar?",
        "Is one of the bars {c}?", "Is any bar {c}?",
    )  # fmt: skip
    answer = f"Yes, there is {article(colour)} bar." if yes else f"No, there is no {colour} bar."
    return say(rng, wordings, answer, "bar_exist", [colour] if yes else (), a=article(colour), c=colour)


def missing(card: BarChart, rng: random.Random) -> CardTurn:
    """The value of a bar that is not there."""
    colour = other_colour(rng, [bar.colour for bar in card.bars])
    wordings = (*_VALUE, "Is the {c} bar the tallest?", "Is the {c} bar taller than the {o} one?")
    answer = f"There is no {colour} bar in the chart."
    return say(rng, wordings, answer, "bar_missing", c=colour, o=rng.choice(card.bars).colour)


def then_other(card: BarChart, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The value of another bar, or of one that is not there."""
    if before.family not in ("bar_value", "bar_missing", "bar_other") or before.question.startswith("Is "):
        return None
    wordings = (
        "And the {c} one?", "And {c}?", "What about the {c} bar?", "And the {c} bar?", "What about {c}?",
        "And how tall is the {c} one?",
    )  # fmt: skip
    left = [bar for bar in card.bars if bar.colour not in before.about]
    if not left or rng.random() < 0.12:
        colour = other_colour(rng, [bar.colour for bar in card.bars])
        return say(
            rng, wordings, f"There is no {colour} bar in the chart.", "bar_missing", before.about, c=colour
        )
    bar = rng.choice(left)
    about = [*before.about, bar.colour]
    return say(rng, wordings, capital(at(bar)), "bar_other", about, c=bar.colour)


def then_height(card: BarChart, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The value of the bar that was just named."""
    families = (
        "bar_tallest",
        "bar_shortest",
        "bar_tallest_verify",
        "bar_shortest_verify",
        "bar_order",
        "bar_exist",
    )
    if before.family not in families or len(before.about) != 1:
        return None
    bar = next(bar for bar in card.bars if bar.colour == before.about[0])
    wordings = (
        "How tall is it?", "And how tall is it?", "What is its value?", "And its value?", "How high is it?",
        "How much is it?", "And how much is that?",
    )  # fmt: skip
    return say(rng, wordings, capital(at(bar)), "bar_it", [bar.colour])


def then_extreme(card: BarChart, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The tallest or shortest, after the other or after all were spoken of."""
    if before.family in ("bar_tallest", "bar_shortest"):
        name = "shortest" if before.family == "bar_tallest" else "tallest"
    elif before.family in ("bar_count", "bar_colours", "bar_describe"):
        name = rng.choice(("tallest", "shortest"))
    else:
        return None
    bar = extreme(card, name)
    if bar is None:
        return None
    size = {"tallest": "largest", "shortest": "smallest"}[name]
    wordings = (
        "And the {x}?", "Which is the {y}?", "And which one is the {x}?", "And which is the {y}?",
        "Which of them is the {x}?", "And the {y} one?",
    )  # fmt: skip
    answer = f"The {bar.colour} bar is the {name}."
    return say(rng, wordings, answer, f"bar_{name}", [bar.colour], x=name, y=size)


def then_all(card: BarChart, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The sum of the bars that were just spoken of."""
    families = ("bar_count", "bar_colours", "bar_describe", "bar_other", "bar_taller", "bar_difference")
    if before.family not in families or len(before.about) < 2:
        return None
    bars = [next(bar for bar in card.bars if bar.colour == colour) for colour in before.about]
    wordings = (
        "How much is that in all?", "And how much are they together?", "What do they come to together?",
        "And together?", "How much is that together?", "Add them up.", "What is the sum of them?",
    )  # fmt: skip
    return say(rng, wordings, plain_sum(bars), "bar_sum", before.about)


FAMILIES: dict[str, tuple[float, Family]] = {
    "value": (20, value),
    "superlative": (14, superlative),
    "superlative_verify": (8, superlative_verify),
    "taller": (10, taller),
    "verify": (6, verify),
    "count": (6, count),
    "above": (5, above),
    "colours": (4, colours),
    "order": (4, order),
    "with_value": (6, with_value),
    "together": (9, together),
    "difference": (8, difference),
    "exist": (6, exist),
    "missing": (6, missing),
}
FOLLOW_UPS: dict[str, tuple[float, FollowUp]] = {
    "other": (3, then_other),
    "height": (3, then_height),
    "extreme": (2, then_extreme),
    "all": (2, then_all),
}
