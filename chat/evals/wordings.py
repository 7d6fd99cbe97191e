"""How the suite words its questions: as training does, or as it never does.

Fields: {n} the subject, {a} the same with its article, {v} the value, {av} the value with its
article, {c} a number of subjects, {at} a place as a phrase, {r} a side as a phrase.
"""

from __future__ import annotations

YES_NO: dict[str, tuple[str, ...]] = {
    "existence": ("Is there {a}?", "Do you see {a}?", "Can you see {a}?"),
    "count": ("Are there exactly {c}?", "Do you see exactly {c}?"),
    "colour": ("Is the {n} {v}?", "Would you say the {n} is {v}?", "Is it true that the {n} is {v}?"),
    "shape": ("Is the {n} {av}?", "Would you say the {n} is {av}?"),
    "size": ("Is the {n} {v}?", "Would you say the {n} is {v}?", "Is it true that the {n} is {v}?"),
    "position": ("Is the {n} {at}?", "Do you see the {n} {at}?"),
    "relation": ("Is the {v} {r} the {n}?", "Do you see the {v} {r} the {n}?"),
    "fill": ("Is the {n} {v}?", "Would you say the {n} is {v}?", "Is it true that the {n} is {v}?"),
    "reading": ("Does it say {v}?", "Is it true that it says {v}?"),
    "scene": ("Is this {av}?", "Is it {av}?"),
    "arithmetic": ("Is the result {v}?", "Is it equal to {v}?"),
    "bar_value": ("Is the {n} {v} high?", "Is the value of the {n} {v}?"),
    "extreme": ("Is the {n} the {r}?", "Would you say the {n} is the {r}?"),
    "odd_one_out": ("Is the odd one out {at}?", "Is the different one {at}?"),
    "program": ("Does it print {v}?", "Is the output {v}?"),
}
"""Yes/no questions by family."""

OPEN: dict[str, tuple[str, ...]] = {
    "existence": ("What do you see?", "What is there?", "What can you see?"),
    "count": ("How many {p} are there?", "How many {p} do you see?", "Count the {p}."),
    "colour": ("What colour is the {n}?", "Which colour does the {n} have?"),
    "shape": ("What shape is the {n}?", "Which shape does the {n} have?"),
    "size": ("How big is the {n}?", "What size is the {n}?"),
    "position": ("Where is the {n}?", "Where do you see the {n}?"),
    "relation": ("What is {r} the {n}?", "What do you see {r} the {n}?"),
    "fill": ("How is the {n} filled?", "What fill does the {n} have?"),
    "reading": ("What does it say?", "What is written?"),
    "scene": ("What kind of picture is this?", "What is this?"),
    "arithmetic": ("What is the result?", "How much is it?", "Solve it."),
    "bar_value": ("What is the value of the {n}?", "How high is the {n}?"),
    "extreme": ("Which {b} is the {r}?", "What is the {r} {b}?"),
    "odd_one_out": ("Which one is different?", "Where is the odd one out?"),
    "program": ("What does it print?", "What is the output?"),
}
"""Open questions by family."""

FRESH_YES_NO: dict[str, tuple[str, ...]] = {
    "existence": ("Does this image contain {a}?", "Would I find {a} in there?"),
    "count": ("Does the image hold exactly {c}?", "If you counted, would you get exactly {c}?"),
    "colour": ("Does the {n} appear {v} to you?", "Was the {n} painted {v}?"),
    "shape": ("Does the {n} take the form of {av}?", "Could one call the {n} {av}?"),
    "size": ("Does the {n} appear {v} to you?", "Could one call the {n} {v}?"),
    "position": ("Does the {n} sit {at}?", "Would I find the {n} {at}?"),
    "relation": ("Does the {v} lie {r} the {n}?", "Looking at the {n}, does the {v} lie {r} it?"),
    "fill": ("Does the {n} appear {v} to you?", "Was the {n} drawn {v}?"),
    "reading": ("Does the writing spell {v}?", "Would someone reading it say {v}?"),
    "scene": ("Am I looking at {av}?", "Does this image amount to {av}?"),
    "arithmetic": ("Working it through, does one arrive at {v}?", "Would the correct solution be {v}?"),
    "bar_value": ("Does the {n} reach exactly {v}?", "Would you read {v} off for the {n}?"),
    "extreme": ("Among them all, does the {n} count as the {r}?", "Does nothing beat the {n} as the {r}?"),
    "odd_one_out": ("Does the stranger among them sit {at}?", "Would I find the misfit {at}?"),
    "program": ("Running this, would one get {v}?", "Would {v} appear once this has run?"),
}
"""Yes/no questions in words that training never uses."""

FRESH_OPEN: dict[str, tuple[str, ...]] = {
    "existence": ("What does this image contain?", "Which object did I send you?"),
    "count": ("If you counted the {p}, what would you get?", "Give me the amount of {p}."),
    "colour": ("In which colour was the {n} painted?", "The {n} was painted in which colour?"),
    "shape": ("Which form does the {n} take?", "In geometry, what would one call the {n}?"),
    "size": ("How large does the {n} appear to you?", "Judge the size of the {n}."),
    "position": ("Whereabouts does the {n} sit?", "Which spot does the {n} occupy?"),
    "relation": ("Which thing lies {r} the {n}?", "Name the thing lying {r} the {n}."),
    "fill": ("In which manner was the {n} filled in?", "Describe how the inside of the {n} was done."),
    "reading": ("Spell out the writing.", "What would someone reading it say?"),
    "scene": ("Which sort of image am I looking at?", "How would you classify this image?"),
    "arithmetic": ("Working it through, where does one arrive?", "Give me the correct solution."),
    "bar_value": ("Which number does the {n} reach?", "Read off the {n} for me."),
    "extreme": ("Among them all, which {b} counts as the {r}?", "Point me to the {r} {b} by its colour."),
    "odd_one_out": ("Whereabouts does the stranger among them sit?", "Which spot does the misfit occupy?"),
    "program": ("Running this, what would one get?", "Which output appears once this has run?"),
}  # fmt: skip
"""Open questions in words that training never uses."""

SIDES = {"left": "to the left of", "right": "to the right of", "above": "above", "below": "below"}


def wordings(family: str, *, yes_no: bool, fresh: bool) -> tuple[str, ...]:
    """The templates for a family: today's or fresh ones."""
    if fresh:
        return (FRESH_YES_NO if yes_no else FRESH_OPEN)[family]
    return (YES_NO if yes_no else OPEN)[family]
