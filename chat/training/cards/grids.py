"""Questions about a grid with an odd one out."""

from __future__ import annotations

import random

from chat.training.cards.scene import ITEMS, Grid, Item
from chat.training.cards.turns import CardTurn, Family, FollowUp, other_colour, say, therefore
from chat.training.language import NUMBERS, PLACE_PHRASES, article, capital, counted, plural
from chat.training.talk import ask_place

_ODD = (
    "Which one is different?", "Which is the odd one out?", "Find the odd one out.",
    "Which one does not fit?",
    "Where is the odd one?", "Which shape differs from the others?", "Which one is not like the others?",
    "Where is the one that differs?", "Which one does not belong?",
)  # fmt: skip
_WHY = (
    "Why?", "And why?", "How is it different?", "What is different about it?", "How so?", "Why that one?",
    "In what way does it differ?",
)  # fmt: skip


def named(item: Item) -> str:
    """ "red star"."""
    return f"{item.colour} {item.shape}"


def numbered(number: int, item: Item) -> str:
    """ "one red star", "eight blue circles"."""
    return f"{NUMBERS[number]} {named(item) if number == 1 else plural(named(item))}"


def where(card: Grid) -> str:
    """The odd one's place as a phrase."""
    return PLACE_PHRASES[card.place(card.cell)]


def describe(card: Grid) -> str:
    """How many shapes of either kind."""
    total = card.rows * card.columns
    return f"I see {NUMBERS[total]} shapes: {numbered(total - 1, card.common)} and {numbered(1, card.odd)}."


def reason(card: Grid) -> str:
    """ "It is red, the others are blue."."""
    if card.by_shape:
        return f"It is {article(card.odd.shape)}, the others are {plural(card.common.shape)}."
    return f"It is {card.odd.colour}, the others are {card.common.colour}."


def odd(card: Grid, rng: random.Random) -> CardTurn:
    """Where the odd one is."""
    return say(rng, _ODD, f"The one {where(card)}.", "grid_odd")


def odd_verify(card: Grid, rng: random.Random) -> CardTurn:
    """Whether the one at a place is the odd one."""
    yes = rng.random() < 0.5
    cells = [cell for cell in range(card.rows * card.columns) if cell != card.cell]
    asked = card.place(card.cell if yes else rng.choice(cells))
    wordings = (
        "Is the one {p} the odd one out?", "Is the odd one {p}?", "Is the one {p} different?",
        "Does the one {p} differ from the others?", "Is the shape {p} the odd one?",
        "Is the one {p} not like the others?",
    )  # fmt: skip
    answer = therefore(yes, f"the odd one is {where(card)}.")
    return say(rng, wordings, answer, "grid_odd_verify", p=ask_place(asked, rng))


def what(card: Grid, rng: random.Random) -> CardTurn:
    """What the odd one is."""
    wordings = (
        "What is the odd one?", "What is the one that is different?", "What is the odd one out?",
        "Describe the odd one.", "What does the odd one look like?", "Tell me what the odd one is.",
    )  # fmt: skip
    return say(rng, wordings, f"It is {article(named(card.odd))}.", "grid_what")


def others(card: Grid, rng: random.Random) -> CardTurn:
    """What all but the odd one are."""
    wordings = (
        "What are the others?", "What are most of the shapes?", "What are all but one?", "What are the rest?",
        "Apart from the odd one, what are they?", "What are the other shapes?",
    )  # fmt: skip
    answer = f"The others are {plural(named(card.common))}."
    return say(rng, wordings, answer, "grid_others")


def same(card: Grid, rng: random.Random) -> CardTurn:
    """Whether all agree in colour, or in shape."""
    yes = rng.random() < 0.5
    if card.by_shape == yes:
        wordings = (
            "Do all have the same colour?", "Are they all of one colour?", "Are all shapes the same colour?",
            "Do all the shapes have one colour?", "Is the colour the same everywhere?",
            "Are all in one colour?",
        )  # fmt: skip
        answer = f"Yes, they are all {card.common.colour}." if yes else f"No, one is {card.odd.colour}."
    else:
        wordings = (
            "Do all have the same shape?", "Are they all of one shape?", "Are they all {s}?",
            "Is every one {a}?",
            "Is the shape the same everywhere?", "Do all of them have one shape?",
        )  # fmt: skip
        shapes = plural(card.common.shape)
        answer = f"Yes, they are all {shapes}." if yes else f"No, one is {article(card.odd.shape)}."
    common = card.common.shape
    return say(rng, wordings, answer, "grid_same", s=plural(common), a=article(common))


def by(card: Grid, rng: random.Random) -> CardTurn:
    """Whether the odd one differs by its colour or its shape."""
    wordings = (
        "Does the odd one differ in colour or in shape?", "Is the colour or the shape different?",
        "What differs, the colour or the shape?", "Is it the colour or the shape that differs?",
        "In what does the odd one differ?", "What sets the odd one apart, colour or shape?",
    )  # fmt: skip
    return say(rng, wordings, f"Its {'shape' if card.by_shape else 'colour'} is different.", "grid_by")


def count(card: Grid, rng: random.Random) -> CardTurn:
    """How many shapes there are, of all kinds or of one."""
    total = card.rows * card.columns
    shape = rng.choice([shape for shape in ITEMS if shape not in (card.common.shape, card.odd.shape)])
    number, noun = rng.choice(
        (
            (total, "shape"),
            (total - 1, named(card.common)),
            (1, named(card.odd)),
            (0, f"{card.common.colour} {shape}"),
        )
    )
    wordings = (
        "How many {n} are there?", "How many {n} do you see?", "Count the {n}.", "How many {n}?",
        "How many {n} can you see?", "What is the number of {n}?", "How many {n} can you count?",
    )  # fmt: skip
    return say(rng, wordings, counted(number, noun), "grid_count", n=plural(noun))


def size(card: Grid, rng: random.Random) -> CardTurn:
    """How many rows or columns it has."""
    rows = rng.random() < 0.5
    noun = "rows" if rows else "columns"
    wordings = (
        "How many {n} are there?", "How many {n} does the grid have?", "Count the {n}.", "How many {n}?",
        "How many {n} do you see?", "What is the number of {n}?",
    )  # fmt: skip
    return say(
        rng,
        wordings,
        f"There are {NUMBERS[card.rows if rows else card.columns]} {noun}.",
        "grid_size",
        n=noun,
    )


def at_place(card: Grid, rng: random.Random) -> CardTurn:
    """What stands in a cell: the odd one half the time."""
    cell = card.cell if rng.random() < 0.5 else rng.randrange(card.rows * card.columns)
    item = card.odd if cell == card.cell else card.common
    wordings = (
        "What is {p}?", "What do you see {p}?", "Which shape is {p}?", "Tell me what is {p}.",
        "What stands {p}?", "Name the shape {p}.",
    )  # fmt: skip
    answer = f"{capital(article(named(item)))}."
    return say(rng, wordings, answer, "grid_at_place", p=ask_place(card.place(cell), rng))


def which_place(card: Grid, rng: random.Random) -> CardTurn:
    """Where the odd one is, by its name; or where something is that is not there."""
    colour = other_colour(rng, (card.common.colour, card.odd.colour))
    there = rng.random() < 0.5
    noun = named(card.odd) if there else f"{colour} {rng.choice((card.common, card.odd)).shape}"
    wordings = (
        "Where is the {n}?", "Where do you see the {n}?", "What is the position of the {n}?",
        "Where can I find the {n}?", "Locate the {n}.", "In which part of the grid is the {n}?",
    )  # fmt: skip
    answer = f"It is {where(card)}." if there else f"There is no {noun} in the grid."
    return say(rng, wordings, answer, "grid_place" if there else "grid_missing", n=noun)


def then_why(card: Grid, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """What makes the odd one odd."""
    if before.family not in ("grid_odd", "grid_odd_verify", "grid_follow"):
        return None
    return say(rng, _WHY, reason(card), "grid_why")


def then_where(card: Grid, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """Where the odd one is, after something else about it."""
    if before.family not in ("grid_what", "grid_by"):
        return None
    wordings = ("Where is it?", "And where is it?", "Which one is it?", "And where?", "Where do you see it?",
                "What is its position?")  # fmt: skip
    return say(rng, wordings, f"The one {where(card)}.", "grid_follow")


def then_odd(card: Grid, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The odd one, after all were spoken of."""
    if before.family not in ("grid_describe", "grid_same", "grid_others"):
        return None
    wordings = ("And which one is different?", "Which one is it?", "Where is that one?",
                "And where is the odd one?",
                "So which one does not fit?", "And the odd one, where is it?")  # fmt: skip
    fitting = wordings if before.family == "grid_describe" else (wordings[0], *wordings[3:])
    return say(rng, fitting, f"The one {where(card)}.", "grid_follow")


def then_others(card: Grid, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """What the others are, after the odd one."""
    if before.family not in ("grid_what", "grid_odd"):
        return None
    wordings = ("And the others?", "And what are the others?", "What about the others?", "And the rest?",
                "And what are the rest?", "And all the other ones?")  # fmt: skip
    return say(rng, wordings, f"The others are {plural(named(card.common))}.", "grid_others")


FAMILIES: dict[str, tuple[float, Family]] = {
    "odd": (26, odd),
    "odd_verify": (8, odd_verify),
    "what": (9, what),
    "others": (6, others),
    "same": (8, same),
    "by": (6, by),
    "count": (9, count),
    "size": (3, size),
    "at_place": (8, at_place),
    "which_place": (10, which_place),
}
FOLLOW_UPS: dict[str, tuple[float, FollowUp]] = {
    "why": (6, then_why),
    "where": (2, then_where),
    "odd": (2, then_odd),
    "others": (2, then_others),
}
