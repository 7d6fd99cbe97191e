"""How the dialogue suites word things: one table that the families write with and the solver reads with.

Slots: {n} a thing ("the red star", "it", "Mia"), {o} one of several ("the red one"), {p} a plural
("red stars"), {a} the same in the singular ("a red star"), {v} a value ("red", "at the top"),
{w} what is told ("favourite colour"), {x} what it is told to be, {name} a name, {k} a shape.
"""

from __future__ import annotations

from chat.training.smalltalk import ABOUT, GREETING

Table = dict[str, tuple[str, ...]]

WORDINGS: Table = {
    "colour": ("What colour is {n}?", "Which colour does {n} have?", "What is the colour of {n}?"),
    "shape": ("What shape is {n}?", "Which shape does {n} have?", "What is the shape of {n}?"),
    "size": ("How big is {n}?", "What size is {n}?", "How large is {n}?"),
    "place": ("Where is {n}?", "Where do you see {n}?", "Where can I find {n}?"),
    "fill": ("Is {n} solid, outlined or striped?", "How is {n} filled?"),
    "verify": ("Is {n} {v}?", "Would you say {n} is {v}?", "Is it true that {n} is {v}?"),
    "count": ("How many {p} are there?", "How many {p} do you see?", "How many {p} can you count?"),
    "exist": ("Is there {a}?", "Do you see {a}?", "Can you see {a}?"),
    "of_them": ("How many of them are {v}?", "How many of those are {v}?"),
    "all_of_them": ("Are all of them {v}?", "Are they all {v}?"),
    "any_of_them": ("Are any of them {v}?", "Is any of them {v}?"),
    "other_too": ("And the other {k}?", "What about the other {k}?"),
    "correct": ("No, {o}.", "No, I mean {o}.", "I meant {o}, sorry."),
    "choose": ("I mean {o}.", "{o}.", "{o}, please."),
    "naming": ("Call it {name}.", "Let's call it {name}.", "Please call it {name}."),
    "tell": ("My {w} is {x}.", "Remember that my {w} is {x}.", "By the way, my {w} is {x}."),
    "recall": ("What is my {w}?", "Do you remember my {w}?", "What's my {w}?"),
    "and_count": ("And {p}?", "What about {p}?", "And how about {p}?"),
    "and_ones": ("And {v} ones?", "And how many {v} ones?"),
    "together": ("How many is that together?", "And how many is that in all?"),
    "same_here": ("And in this one?", "What about this picture?", "And in this picture?"),
    "same_before": ("And in the picture before?", "And in the previous picture?"),
    "more_here": (
        "Are there more of them in this picture than in the picture before?",
        "Does this picture have more of them than the picture before?",
    ),
    "again": ("Now answer my {w} question.", "Now you can answer my {w} question.",
              "And the answer to my {w} question?"),
    "rule_word": ("From now on answer with one word in small letters.",
                  "Please answer with a single word in small letters from now on."),
    "rule_upper": ("From now on answer in capital letters.",
                   "Please answer in capital letters from now on."),
    "rule_off": ("You may answer in whole sentences again.", "Forget that rule and answer as before."),
}  # fmt: skip
"""What is asked, and its wordings; many are those of training."""

FRESH: Table = {
    "colour": ("In what colour is {n} drawn?", "Could you name the colour that {n} has?"),
    "shape": ("Could you name the shape that {n} has?", "What geometric form is {n}?"),
    "size": ("Would you call {n} small, medium or large?", "Would {n} count as small, medium or large?"),
    "place": ("Whereabouts is {n}?", "At which spot of the picture does {n} sit?"),
    "fill": ("Is the inside of {n} solid, outlined or striped?",),
    "verify": ("Could one say that {n} is {v}?", "Am I right that {n} is {v}?"),
    "count": ("What number of {p} is there?", "Give me the number of {p}, would you?"),
    "exist": ("Would I find {a} in it?", "Does it contain {a}?"),
    "of_them": ("Of those, how many are {v}?", "What number of them is {v}?"),
    "all_of_them": ("Is every one of them {v}?",),
    "any_of_them": ("Is at least one of them {v}?",),
    "other_too": ("The same question for the other {k}, please.",),
    "correct": ("Not that, {o}.", "Wrong one: {o} was meant."),
    "choose": ("It is {o} that I have in mind.",),
    "naming": ("From here on it goes by the name of {name}.",),
    "tell": ("Keep in mind: {x} is what my {w} is.", "You should know that my {w} is {x}."),
    "recall": ("Which {w} did I say I have?", "Can you bring back my {w}?"),
    "and_count": ("The same for {p}?",),
    "and_ones": ("The same for {v} ones?",),
    "together": ("What do the two numbers add up to?",),
    "same_here": ("The same question for this one, please.",),
    "same_before": ("The same question for the one before, please.",),
    "more_here": ("Has the number of them grown from the picture before to this one?",),
    "again": ("Let us return to my {w} question: what is the answer?",),
    "rule_word": ("Let every answer from here on be one word in small letters.",),
    "rule_upper": ("Let every answer from here on be written in capitals.",),
    "rule_off": ("That rule no longer holds; answer in sentences.",),
}  # fmt: skip
"""Wordings that training never shows, for the split of unseen wordings."""

BACK = ("Back to {n}: ", "Let's go back to {n}. ")
"""What a return to a topic opens with; a question about "it" follows."""

SMALL: dict[str, tuple[str, str]] = {
    "Hello!": (GREETING, "hello|hi|hey|good"),
    "Hi there!": (GREETING, "hello|hi|hey|good"),
    "How are you?": ("I am well, thank you.", "well|good|fine|great|thank you|thanks"),
    "How are you doing?": ("I am well, thank you.", "well|good|fine|great|thank you|thanks"),
    "Thanks.": ("You are welcome.", "welcome|pleasure|glad|happy|no problem|any time|anytime"),
    "Thank you!": ("You are welcome.", "welcome|pleasure|glad|happy|no problem|any time|anytime"),
    "Great, thanks.": ("You are welcome.", "welcome|pleasure|glad|happy|no problem|any time|anytime"),
    "Who are you?": (ABOUT, "I am|I m|my name"),
    "Are you a robot?": (ABOUT, "I am|I m|yes|no"),
}  # fmt: skip
"""Small talk: what is said, a reply, and what a right reply may hold."""

OK = "ok|okay|sure|will|yes|fine|understood|got it|alright|all right|noted|nice|of course|remember"
"""What a reply to something told may hold."""
