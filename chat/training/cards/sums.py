"""Questions about a calculation."""

from __future__ import annotations

import random
import re

from chat.training.cards.scene import Expression, Sum
from chat.training.cards.turns import CardTurn, Family, FollowUp, near, say, therefore

_RESULT = (
    "What is the result?", "How much is it?", "Solve it.", "What does it come to?", "Work it out.",
    "What is the answer?", "Can you solve this?", "Calculate it.", "How much is that?", "What does it make?",
)  # fmt: skip
_SIGNS = {"+": "a plus", "-": "a minus", "x": "a multiplication"}


def describe(card: Sum) -> str:
    """The calculation as it stands there, unsolved."""
    return f"I see the calculation {card.expression.text}."


def solved(expression: Expression) -> str:
    """ "3 + 4 = 7", without a full stop."""
    return f"{expression.text} = {expression.value()}"


def result(card: Sum, rng: random.Random) -> CardTurn:
    """What it comes to."""
    return say(rng, _RESULT, f"{solved(card.expression)}.", "sum_result")


def read(card: Sum, rng: random.Random) -> CardTurn:
    """What is written."""
    wordings = (
        "What does it say?", "What is written there?", "Read it.", "Read it to me.",
        "Which calculation is it?", "What is the calculation?", "Read the calculation.", "Can you read it?",
        "What stands there?",
    )  # fmt: skip
    return say(rng, wordings, f"It says {card.expression.text}.", "sum_read")


def verify(card: Sum, rng: random.Random) -> CardTurn:
    """Whether it comes to a number."""
    truth, yes = int(card.expression.value()), rng.random() < 0.5
    wordings = (
        "Is the result {n}?", "Is it {n}?", "Does it make {n}?", "Is {n} the right answer?",
        "Does it come to {n}?", "I say it is {n}. Is that right?", "Is {n} correct?", "Is the answer {n}?",
    )  # fmt: skip
    answer = therefore(yes, f"{solved(card.expression)}.")
    return say(rng, wordings, answer, "sum_verify", n=truth if yes else near(rng, truth))


def more(card: Sum, rng: random.Random) -> CardTurn:
    """Whether it comes to more, or less, than a number."""
    truth, yes = int(card.expression.value()), rng.random() < 0.5
    # Nothing asked is below none: only "no" is left for "more", and "yes" for "less", where it is 0.
    upwards = not yes if truth == 0 else rng.random() < 0.5
    near_by = range(max(0 if upwards else 1, truth - 4), truth + 5)
    bounds = [bound for bound in near_by if (truth > bound if upwards else truth < bound) == yes]
    wordings = (
        "Is the result {m} than {n}?", "Is it {m} than {n}?", "Does it make {m} than {n}?",
        "Does it come to {m} than {n}?", "Is the answer {m} than {n}?", "Is that {m} than {n}?",
    )  # fmt: skip
    answer = therefore(yes, f"{solved(card.expression)}.")
    return say(rng, wordings, answer, "sum_more", m="more" if upwards else "less", n=rng.choice(bounds))


def number(card: Sum, rng: random.Random) -> CardTurn:
    """The first or the second number."""
    first = rng.random() < 0.5
    wordings = (
        "What is the {o} number?", "Which number comes {o}?", "What is the number on the {s}?",
        "Which number is on the {s}?", "Read the {o} number.", "Tell me the {o} number.",
        "The {o} number is what?",
    )  # fmt: skip
    value = card.expression.left if first else card.expression.right
    order, side = ("first", "left") if first else ("second", "right")
    return say(rng, wordings, f"The {order} number is {value}.", "sum_number", o=order, s=side)


def sign(card: Sum, rng: random.Random) -> CardTurn:
    """Which sign stands between."""
    wordings = (
        "Is it plus, minus or times?", "Which sign is it?", "What sign is between the numbers?",
        "What is the operation?", "Which operation is it?", "Do I add, subtract or multiply?",
        "Is that a plus, a minus or a multiplication?",
    )  # fmt: skip
    return say(rng, wordings, f"It is {_SIGNS[card.expression.sign]}.", "sum_sign")


def then_solve(card: Sum, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The result, after the calculation was read."""
    if before.family not in ("sum_read", "sum_describe", "sum_sign", "sum_number"):
        return None
    wordings = (
        "And how much is that?", "So what is the result?", "And what does it come to?",
        "What is that?", "So how much is it?", "And the result?", "And the answer?",
    )  # fmt: skip
    return say(rng, wordings, f"{solved(card.expression)}.", "sum_follow")


def then_add(card: Sum, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """One more step from the result that was just given."""
    if before.family not in ("sum_result", "sum_follow", "sum_verify"):
        return None
    reached = re.findall(r"= (\d+)", before.answer)[-1]
    step = rng.randint(1, 5)
    wordings = (
        "And plus {n}?", "And if you add {n}?", "Add {n} to that.", "And {n} more?", "Now add {n}.",
        "What is that plus {n}?", "And with {n} more?",
    )  # fmt: skip
    return say(rng, wordings, f"{solved(Expression(reached, '+', str(step)))}.", "sum_step", n=step)


def then_change(card: Sum, rng: random.Random, before: CardTurn) -> CardTurn | None:
    """The same with another first number."""
    old = card.expression
    if before.family not in ("sum_result", "sum_follow", "sum_verify", "sum_read"):
        return None
    low, high = (int(old.right) if old.sign == "-" else 0), (5 if old.sign == "x" else 9)
    numbers = [number for number in range(low, high + 1) if str(number) != old.left]
    if not numbers:
        return None
    new = rng.choice(numbers)
    wordings = (
        "What if the first number were {n}?", "And if the first number were {n}?",
        "And with {n} as the first number?", "And if it began with {n}?",
        "What would it be with {n} in front?", "Now take {n} as the first number.",
    )  # fmt: skip
    return say(rng, wordings, f"{solved(Expression(str(new), old.sign, old.right))}.", "sum_change", n=new)


FAMILIES: dict[str, tuple[float, Family]] = {
    "result": (30, result),
    "read": (12, read),
    "verify": (12, verify),
    "more": (6, more),
    "number": (5, number),
    "sign": (5, sign),
}
FOLLOW_UPS: dict[str, tuple[float, FollowUp]] = {
    "solve": (4, then_solve),
    "add": (2, then_add),
    "change": (1, then_change),
}
