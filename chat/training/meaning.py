"""Saying what a question means before its answer: "Zolo, the star at the top, is red."

A question that means something by what was said long ago takes two steps: find what was said, then look at
the picture for it. Said first, what was found stands right before the answer, which is then no harder than
that to a plain question (the steps of a chain of thought: Wei et al. 2022, arXiv:2201.11903).
"""

from __future__ import annotations

from chat.training.language import NUMBERS, PLACE_PHRASES, capital, plural, said
from chat.training.scene import PLACES, Thing
from chat.training.talk import Focus, Spec, Talk, has

LEFT_OUT = 0.25
"""How often it is left out, as a share of how often places are before numbers. A decoder that finds both
often says neither."""

AS_ASKED = 0.3
"""How often a name is given to "it" and not to what "it" means, so that either is understood later."""


def subject(talk: Talk, thing: Thing, attribute: str, words: str) -> str:
    """What the answer about an attribute speaks of: "The star at the top", by the words it was first asked
    by; "It" where they are unknown or all of the answer, or it is to be said at once."""
    return "It" if _told(talk, thing, attribute, words) else f"The {words}"


def called(talk: Talk, name: str, thing: Thing, attribute: str, words: str) -> str:
    """The same of a thing with a given name: "Zolo, the star at the top,"."""
    return name if _told(talk, thing, attribute, words) else f"{name}, the {words},"


def given(talk: Talk, name: str, words: str) -> str:
    """What is said to a name: to what it was given, for the person to see and to be found later."""
    what = "it" if not words or talk.rng.random() < AS_ASKED else f"the {words}"
    return f"OK, I will call {what} {name}."


def other_one(talk: Talk, thing: Thing, attribute: str) -> str:
    """The other of two, by its place: "The other one, on the left,"."""
    if attribute == "place" or not has(thing, "place") or _at_once(talk):
        return "The other one"
    return f"The other one, {PLACE_PHRASES[PLACES[thing.place]]},"


def as_for(talk: Talk, noun: str, where: str, answer: str) -> str:
    """A count that goes on from another: "As for stars here, there are no stars." """
    return answer if _at_once(talk) else f"As for {plural(noun)}{where and ' '}{where}, {said(answer)}"


def of_the(talk: Talk, focus: Focus, answer: str) -> str:
    """What is said of several: "Of the stars, one of them is red." """
    return answer if not focus.noun or _at_once(talk) else f"Of the {plural(focus.noun)}, {said(answer)}"


def together(talk: Talk, first: int, second: int) -> str:
    """Two counts and their sum: "One and two, that is 3 together." """
    answer = f"That is {first + second} together."
    if _at_once(talk):
        return answer
    one, two = (NUMBERS[number] if number else "none" for number in (first, second))
    return f"{capital(one)} and {two}, {said(answer)}"


def words_for(talk: Talk, scene: int, thing: Thing) -> str:
    """The words by which a thing was asked about last, or else its name; empty if others have that too."""
    for each in reversed(talk.asked):
        if each.scene == scene and each.thing is thing:
            return each.words
    kind = "" if thing.hedge else thing.kind if thing.is_text else thing.name
    return kind if kind and len(Spec(kind=kind).among(talk.scenes[scene].things)) == 1 else ""


def _told(talk: Talk, thing: Thing, attribute: str, words: str) -> bool:
    """Whether the answer is said without them: they would be all of it ("Zolo, the star, is a star.")."""
    return not words or (attribute == "shape" and thing.name in words) or _at_once(talk)


def _at_once(talk: Talk) -> bool:
    return bool(talk.rule) or talk.rng.random() < LEFT_OUT * talk.at_once
