"""Turns that mean something by what was asked before: which one, no that one, the first thing,
back to it, and more of the same counts; questions asked too early; a rule for all answers."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace

from chat.training.cards.turns import therefore
from chat.training.language import FILL_WORDS, NUMBERS, PLACE_PHRASES, SIZE_WORDS, capital, plural
from chat.training.meaning import as_for, of_the, subject, together
from chat.training.questions import ATTRIBUTES, attribute_of
from chat.training.scene import COLOURS, FILLS, PLACES, SHAPES, SIZES, Thing
from chat.training.talk import Asked, Counted, Focus, Spec, Talk, Turn, has, of_those, tally

ORDER = ("first", "second", "third")
ABOUT_ONE = ("colour", "size", "fill", "place")
"""Attributes that a reference may ask for, and by which it may tell one thing from others."""


def one_of(thing: Thing, others: tuple[Thing, ...], rng: random.Random, hide: str) -> str | None:
    """ "the green one", "the one at the top": what sets a thing apart from others; never by `hide`."""
    ways = []
    for name in ABOUT_ONE:
        value = getattr(thing, name)
        if name == hide or value == "" or any(getattr(other, name) == value for other in others):
            continue
        if name == "place":
            ways.append(f"the one {PLACE_PHRASES[PLACES[thing.place]]}")
        else:
            words = {"size": SIZE_WORDS, "fill": FILL_WORDS}.get(name, {}).get(value, (value,))
            ways.append(f"the {rng.choice(words)} one")
    return rng.choice(ways) if ways else None


def chosen(talk: Talk) -> Turn | None:
    """The person says which of several they meant."""
    if talk.pending is None or talk.pending[0] != talk.at - 1:
        return None
    rng, (_, scene, name, found) = talk.rng, talk.pending
    thing = rng.choice(found)
    words = one_of(thing, tuple(other for other in found if other is not thing), rng, name)
    if words is None or not has(thing, name):
        return None
    talk.focus = Focus(scene, (thing,), name)
    talk.asked.append(Asked(talk.at, scene, thing, name, words.removeprefix("the ")))
    wordings = ("I mean {o}.", "{o}.", "{o}, please.", "I meant {o}.", "I am asking about {o}.", "{o}")
    question = capital(rng.choice(wordings).format(o=words))
    return Turn(question, attribute_of(thing, name), "chosen")


def corrected(talk: Talk) -> Turn | None:
    """The person meant another thing than they asked about; the question stays."""
    if not talk.asked or talk.asked[-1].at != talk.at - 1:
        return None
    rng, last = talk.rng, talk.asked[-1]
    things = talk.scenes[last.scene].things
    others = [each for each in things if each is not last.thing and has(each, last.attribute)]
    if not others or last.attribute == "shape":
        return None
    thing = rng.choice(others)
    words = one_of(thing, tuple(each for each in things if each is not thing), rng, last.attribute)
    if len(Spec(kind=thing.name).among(things)) == 1 and not thing.is_text and rng.random() < 0.4:
        words = f"the {thing.name}"
    if words is None:
        return None
    talk.focus = Focus(last.scene, (thing,), last.attribute)
    talk.asked.append(Asked(talk.at, last.scene, thing, last.attribute, words.removeprefix("the ")))
    wordings = ("No, {o}.", "No, I mean {o}.", "I meant {o}, sorry.", "Sorry, I meant {o}.",
                "Not that one, {o}.", "Oh no, {o}!", "I mean {o}.", "And {o}?",
                "What about {o}?")  # fmt: skip
    return Turn(rng.choice(wordings).format(o=words), attribute_of(thing, last.attribute), "corrected")


def first_asked(talk: Talk) -> Turn | None:
    """The first, second, third or last thing that the person asked about."""
    rng = talk.rng
    by_thing: dict[int, Asked] = {}
    for each in talk.asked:
        by_thing.setdefault(id(each.thing), each)
    firsts = list(by_thing.values())
    if len(talk.asked) < 2 or talk.at - talk.asked[0].at < 2:
        return None
    number = rng.choice([0, 0, *range(min(3, len(firsts)))])
    chosen = firsts[number]
    names = [name for name in ABOUT_ONE if name != chosen.attribute and has(chosen.thing, name)]
    if chosen.thing.is_shape and chosen.attribute != "shape":
        names.append("shape")
    talk.focus = Focus(chosen.scene, (chosen.thing,), "")
    thing = rng.choice(("thing I asked about", "thing I asked you about", "object I asked about"))
    if not names or rng.random() < 0.2:
        wordings: tuple[str, ...] = ("What was the {o} {t}?", "Do you remember the {o} {t}?")
        answer = f"You asked about the {chosen.words}."
        return Turn(rng.choice(wordings).format(o=ORDER[number], t=thing), answer, "first_asked")
    name = rng.choice(names)
    question = rng.choice(ATTRIBUTES[name]).format(n=f"{ORDER[number]} {thing}")
    who = subject(talk, chosen.thing, name, chosen.words)
    return Turn(question, attribute_of(chosen.thing, name, who), "first_asked")


def back_to(talk: Talk) -> Turn | None:
    """The person returns to a thing they asked about before."""
    rng = talk.rng
    earlier = [each for each in talk.asked if each.at < talk.at - 1]
    if not earlier:
        return None
    chosen = rng.choice(earlier)
    names = [name for name in ABOUT_ONE if name != chosen.attribute and has(chosen.thing, name)]
    if not names:
        return None
    name = rng.choice(names)
    talk.focus = Focus(chosen.scene, (chosen.thing,), name)
    who = subject(talk, chosen.thing, name, chosen.words)
    opener = rng.choice(("Back to {n}: ", "Let's go back to {n}. ", "Back to {n}. ", "About {n} again: ",
                         "Let us return to {n}. ", "{n} again: "))  # fmt: skip
    ask = {
        "colour": ("What colour is it?", "What is the colour of it?", "Which colour does it have?"),
        "size": ("How big is it?", "What size is it?", "How large is it?"),
        "fill": ("Is it solid, outlined or striped?", "How is it filled?"),
        "place": ("Where is it?", "Where do you see it?", "Where can I find it?"),
    }[name]
    words = f"the {chosen.words}" + rng.choice(("", " we talked about", " from before"))
    asked = rng.choice(ask)
    asked = asked if rng.random() < 0.5 else asked[0].lower() + asked[1:]
    return Turn(capital(opener.format(n=words)) + asked, attribute_of(chosen.thing, name, who), "back_to")


def count_on(talk: Talk) -> Turn | None:
    """Another count after a count: of something else, of some of them, of both, in the picture before."""
    if not talk.counts or talk.counts[-1].at != talk.at - 1:
        return None
    ways = [_count_others, _count_some, _count_before]
    talk.rng.shuffle(ways)
    return next((made for way in ways if (made := way(talk)) is not None), None)


def counts_joined(talk: Talk) -> Turn | None:
    """The last two counts together, or beside each other if they are of two pictures."""
    if not talk.counts or talk.counts[-1].at != talk.at - 1:
        return None
    return _count_compared(talk) or _count_together(talk)


def _number(
    talk: Talk, spec: Spec, question: str, scene: int, where: str = "", family: str = "count_on"
) -> Turn:
    """where: in words, if the count before was of another picture."""
    found, noun = spec.among(talk.scenes[scene].things), spec.words()
    talk.counts.append(Counted(talk.at, scene, spec, len(found)))
    talk.focus = Focus(scene, found, "count", noun) if found else None
    answer = as_for(talk, noun, where, tally(talk, found, noun))
    return Turn(question, answer, family)


def _count_others(talk: Talk) -> Turn | None:
    rng, last = talk.rng, talk.counts[-1]
    shapes = sorted({thing.name for thing in talk.scenes[last.scene].things if thing.is_shape})
    kinds = [name for name in (shapes if shapes and rng.random() < 0.7 else SHAPES) if name != last.spec.kind]
    if not kinds or not last.spec.kind:
        return None
    spec = replace(last.spec, kind=rng.choice(kinds)) if rng.random() < 0.3 else Spec(kind=rng.choice(kinds))
    wordings = ("And {p}?", "What about {p}?", "And how about {p}?", "And how many {p}?", "How about {p}?")
    return _number(talk, spec, rng.choice(wordings).format(p=plural(spec.words())), last.scene)


def _count_some(talk: Talk) -> Turn | None:
    rng, last = talk.rng, talk.counts[-1]
    name = rng.choice(("colour", "colour", "size", "fill"))
    if getattr(last.spec, name):
        return None
    like = [getattr(thing, name) for thing in last.spec.among(talk.scenes[last.scene].things)]
    values = {"colour": sorted(COLOURS), "size": SIZES, "fill": FILLS}[name]
    value = rng.choice([each for each in like if each] if any(like) and rng.random() < 0.65 else values)
    spec = replace(last.spec, **{name: value})
    said = rng.choice({"size": SIZE_WORDS, "fill": FILL_WORDS}.get(name, {}).get(value, (value,)))
    wordings = ("And {v} ones?", "And how many {v} ones?", "What about {v} ones?", "And only {v} ones?")
    return _number(talk, spec, rng.choice(wordings).format(v=said), last.scene)


def _count_together(talk: Talk) -> Turn | None:
    if len(talk.counts) < 2 or talk.counts[-2].at != talk.at - 2:
        return None
    first, second = talk.counts[-2:]
    apart = first.scene != second.scene or (first.spec.kind and second.spec.kind not in ("", first.spec.kind))
    if not apart or first.number + second.number >= len(NUMBERS):
        return None
    wordings = ("How many is that together?", "And how many is that in all?", "How many in all?",
                "What is that together?", "And together?", "And in total?")  # fmt: skip
    answer = together(talk, first.number, second.number)
    return Turn(talk.rng.choice(wordings), answer, "count_together")


def _count_before(talk: Talk) -> Turn | None:
    last = talk.counts[-1]
    if last.scene == 0 or last.scene != talk.latest or talk.scenes[last.scene - 1].medium != "drawing":
        return None
    wordings = (
        "And in the picture before?",
        "And in the previous picture?",
        "How many in the picture before?",
    )
    if not _worth(talk, last.spec, last.scene - 1):
        return None
    question = talk.rng.choice(wordings)
    return _number(talk, last.spec, question, last.scene - 1, "in the picture before")


def _count_compared(talk: Talk) -> Turn | None:
    if len(talk.counts) < 2:
        return None
    by_scene = {each.scene: each.number for each in talk.counts if each.spec == talk.counts[-1].spec}
    here, there = by_scene.get(talk.latest), by_scene.get(talk.latest - 1)
    if here is None or there is None:
        return None
    numbers = [NUMBERS[number] if number else "none" for number in (here, there)]
    answer = therefore(here > there, f"{numbers[0]} here and {numbers[1]} there.")
    wordings = ("Are there more of them in this picture than in the picture before?",
                "Does this picture have more of them than the picture before?",
                "Are there more of them here than before?")  # fmt: skip
    return Turn(talk.rng.choice(wordings), answer, "count_compared")


def same_here(talk: Talk, index: int) -> Turn | None:
    """The count of the turn before, asked again of a new picture."""
    if not talk.counts or talk.counts[-1].at != talk.at - 1 or talk.scenes[index].medium != "drawing":
        return None
    wordings = (
        "And in this one?",
        "What about this picture?",
        "And in this picture?",
        "And here?",
        "And now?",
    )
    question, spec = talk.rng.choice(wordings), talk.counts[-1].spec
    return _number(talk, spec, question, index, "here", "same_here") if _worth(talk, spec, index) else None


def _worth(talk: Talk, spec: Spec, scene: int) -> bool:
    """Whether to ask for the same in another picture, where it is seldom: if it were always asked, the
    answer would nearly always be that there is none."""
    return bool(spec.among(talk.scenes[scene].things)) or talk.rng.random() < 0.3


def of_them(talk: Talk) -> Turn | None:
    """Whether all or any of several have a value."""
    focus, rng = talk.focus, talk.rng
    if focus is None or not 2 <= len(focus.things) <= 5 or not all(thing.is_shape for thing in focus.things):
        return None
    name = rng.choice(("colour", "size", "fill"))
    values = {"colour": sorted(COLOURS), "size": SIZES, "fill": FILLS}[name]
    value = rng.choice([getattr(thing, name) for thing in focus.things] if rng.random() < 0.7 else values)
    found = [thing for thing in focus.things if getattr(thing, name) == value]
    number = len(found)
    every = rng.random() < 0.5
    yes = number == len(focus.things) if every else number > 0
    wordings = ("Are all of them {v}?", "Are they all {v}?", "Is every one of these {v}?")
    if not every:
        wordings = ("Are any of them {v}?", "Is any of them {v}?", "Is one of them {v}?")
    answer = therefore(yes, of_the(talk, focus, of_those(talk, found, value)))
    return Turn(rng.choice(wordings).format(v=value), answer, "of_them")


def answered_later(talk: Talk) -> Turn | None:
    """A question that was asked before there was a picture, now that there is one."""
    if not talk.waiting or not talk.scenes:
        return None
    rng = talk.rng
    number = rng.randrange(min(3, len(talk.waiting)))
    wordings = ("Now answer my {w} question.", "Now you can answer my {w} question.",
                "And the answer to my {w} question?", "So what about my {w} question?",
                "Please answer my {w} question now.")  # fmt: skip
    talk.focus = None
    return Turn(rng.choice(wordings).format(w=ORDER[number]), talk.waiting[number][1], "answered_later")


def rule(talk: Talk) -> Turn | None:
    """How the person wants answers from now on, or that they no longer do."""
    rng = talk.rng
    if talk.rule:
        if rng.random() < 0.6:
            return None
        talk.rule = ""
        wordings: tuple[str, ...] = (
            "You may answer in whole sentences again.", "Forget that rule and answer as before.",
            "You can answer normally again.", "Forget that rule.",
        )  # fmt: skip
    elif rng.random() < 0.55:
        talk.rule = "word"
        wordings = (
            "From now on answer with one word in small letters.", "One word answers from now on, please.",
            "Please answer with a single word in small letters from now on.", "Just one word from now on.",
        )  # fmt: skip
    else:
        talk.rule = "upper"
        wordings = (
            "From now on answer in capital letters.", "Please answer in capital letters from now on.",
            "Use capital letters only from now on.",
        )  # fmt: skip
    return Turn(rng.choice(wordings), "OK.", "rule", needs_picture=False)


def in_form(made: Turn, form: str) -> Turn | None:
    """A turn whose answer keeps the rule; None where it cannot."""
    if form == "upper":
        return replace(made, answer=made.answer.upper())
    for pattern, group in _SHORT:
        match = re.match(pattern, made.answer)
        if match:
            word = match[group].lower()
            return replace(made, answer="none" if word == "no" and group == 2 else word)
    return None


_SHORT = (
    (r"(Yes|No)\b", 1),
    (r".*, so (yes|no)\.$", 1),
    (r"Your [\w' ]+ is (\w+)\.$", 1),
    (r".* = (\d+)\.$", 1),
    (r"(?:.* t|T)here (is|are) (\w+) ", 2),
    (r"(?:.* )?(\w+) of them (?:is|are) \w+\.$", 1),
    (r"(It|[A-Z]\w+|The other one) is (\w+)\.$", 2),
)
"""Answers that one word can stand for, and which group holds it."""

REFERENCES: dict[str, tuple[float, Callable[[Talk], Turn | None]]] = {
    "corrected": (10, corrected),
    "first_asked": (7, first_asked),
    "back_to": (5, back_to),
    "count_on": (16, count_on),
    "of_them": (8, of_them),
}
"""Follow-ups, with how often each is tried first."""
