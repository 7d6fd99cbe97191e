"""Questions about a small program."""

from __future__ import annotations

import random

from chat.training.cards.scene import Expression, Program
from chat.training.cards.turns import CardTurn, Family, FollowUp, near, say, therefore
from chat.training.language import NUMBERS, plural
from chat.training.scene import WORDS

_OUTPUT = (
    "What does it print?", "What is the output?", "What does the program print?", "Run it.",
    "What will it print?", "What does this code print?", "What would Python print?",
    "Which output does it give?",
    "What comes out?", "What is printed?",
)  # fmt: skip


def describe(card: Program) -> str:
    """The program, line by line."""
    if len(card.lines) == 1:
        return f"I see a small program: {card.lines[0]}."
    return f"I see a small program: {card.lines[0]}, then {card.lines[1]}."


def output(card: Program, rng: random.Random) -> CardTurn:
    """What it prints."""
    return say(rng, _OUTPUT, f"It prints {card.output}.", "program_output")


def read(card: Program, rng: random.Random) -> CardTurn:
    """The lines as they stand there."""
    wordings = (
        "What does it say?", "Read the code.", "Read the program.", "What is written there?",
        "What does the code say?", "What is the program?", "Can you read the code?", "Read it to me.",
    )  # fmt: skip
    return say(rng, wordings, f"It says {', then '.join(card.lines)}.", "program_read")


def verify(card: Program, rng: random.Random) -> CardTurn:
    """Whether it prints something."""
    yes, asked = rng.random() < 0.5, card.output
    if not yes and asked.isdigit():
        asked = str(near(rng, int(asked)))
    elif not yes:
        asked = {"True": "False", "False": "True"}.get(asked) or rng.choice(
            [word.upper() for word in WORDS if len(word) <= 3 and word.upper() != asked]
        )
    wordings = (
        "Does it print {n}?", "Is the output {n}?", "Will it print {n}?", "Is {n} what it prints?",
        "Does the program print {n}?", "Is {n} the output?", "Does {n} come out?",
    )  # fmt: skip
    return say(rng, wordings, therefore(yes, f"it prints {card.output}."), "program_verify", n=asked)


def lines(card: Program, rng: random.Random) -> CardTurn:
    """How many lines it has."""
    wordings = (
        "How many lines are there?", "How many lines does it have?", "Count the lines.",
        "How many lines of code are there?", "How long is the program?", "How many lines do you see?",
        "How many lines is that?",
    )  # fmt: skip
    count = len(card.lines)
    noun = "line" if count == 1 else plural("line")
    return say(rng, wordings, f"It has {NUMBERS[count]} {noun}.", "program_lines")


def variable(card: Program, rng: random.Random) -> CardTurn:
    """What a name stands for, also one that the program does not have."""
    names = [name for name in ("x", "y", "a", "b", "n") if name != card.name]
    asked = card.name if card.name and rng.random() < 0.85 else rng.choice(names)
    wordings = (
        "What is {v}?", "What is the value of {v}?", "Which value does {v} have?", "What does {v} stand for?",
        "What is in {v}?", "What value has {v}?", "How much is {v}?",
    )  # fmt: skip
    if asked != card.name:
        return say(rng, wordings, f"There is no {asked} in the program.", "program_missing", v=asked)
    return say(rng, wordings, f"{asked} is {card.assigned.value()}.", "program_variable", v=asked)


def language(card: Program, rng: random.Random) -> CardTurn:
    """Which language it is written in."""
    wordings = (
        "Which language is it?", "What programming language is this?", "Which language is it written in?",
        "What language is the code in?", "In which language is that?",
        "Which programming language do you see?",
    )  # fmt: skip
    return say(rng, wordings, "It is Python.", "program_language")


def then_run(card: Program, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The output, after the program was read."""
    if before.family not in ("program_read", "program_describe", "program_variable", "program_lines"):
        return None
    wordings = (
        "And what does it print?", "So what is the output?", "And the output?", "And what comes out?",
        "So what does it print?", "And when I run it?", "And what is printed?",
    )  # fmt: skip
    return say(rng, wordings, f"It prints {card.output}.", "program_follow")


def then_change(card: Program, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """What it would print if the variable had another value."""
    printed = card.printed
    if not card.name or card.assigned.sign or not printed.sign or before.family == "program_missing":
        return None
    numbers = [
        str(number)
        for number in range(6 if printed.sign == "*" else 10)
        if str(number) != card.assigned.text and int(printed.value({card.name: str(number)})) >= 0
    ]
    if not numbers:
        return None
    new = rng.choice(numbers)
    wordings = (
        "And if {v} were {n}?", "What if {v} were {n}?", "And with {v} = {n}?",
        "What would it print if {v} were {n}?",
        "Suppose {v} is {n}. What does it print then?", "Now take {n} for {v}.",
    )  # fmt: skip
    answer = f"Then it would print {printed.value({card.name: new})}."
    return say(rng, wordings, answer, "program_change", v=card.name, n=new)


def then_why(card: Program, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """How the number that it prints comes about."""
    if before.family not in ("program_output", "program_follow", "program_verify"):
        return None
    wordings = (
        "Why?", "How so?", "Why is that?", "How do you know?", "Why does it print that?", "How come?",
    )  # fmt: skip
    known = card.assigned.value() if card.name else ""
    # The sign of the whole calculation, wherever it stands, over plain numbers.
    whole = card.printed if card.printed.sign else card.assigned
    if not whole.sign:
        return None
    plain = Expression(
        *(known if part == card.name and part else part for part in (whole.left, whole.sign, whole.right))
    )
    if plain.sign in "<>":
        answer = f"{plain.text} is {plain.value().lower()}."
    else:
        answer = f"{plain.text} is {plain.value()}."
    return say(rng, wordings, answer, "program_why")


FAMILIES: dict[str, tuple[float, Family]] = {
    "output": (30, output),
    "read": (12, read),
    "verify": (14, verify),
    "lines": (5, lines),
    "variable": (9, variable),
    "language": (2, language),
}
FOLLOW_UPS: dict[str, tuple[float, FollowUp]] = {
    "run": (4, then_run),
    "change": (2, then_change),
    "why": (2, then_why),
}
