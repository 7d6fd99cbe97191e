"""Families about several things: those, counts that follow counts, an earlier picture and a new one."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import permutations

from chat.evals.families.draft import BOTH, DOMAINS, HISTORY, Draft, NoOccasionError, noun, shapes
from chat.evals.families.pair import Pair, Twins, some
from chat.evals.families.references import Start, aside
from chat.evals.families.values import phrase_of, value
from chat.training.cards.turns import therefore
from chat.training.language import NUMBERS, capital, of_them, plural
from chat.training.scene import Scene, Thing
from chat.training.talk import Spec

Group = tuple[Spec, tuple[Thing, ...]]


def groups(scene: Scene, rng: random.Random, without: str) -> list[Group]:
    """Descriptions that fit two things or more, all of them shapes; none names the attribute `without`."""
    specs = {
        Spec(**{part: str(getattr(thing, "name" if part == "kind" else part))})
        for thing in shapes(scene)
        for part in ("kind", "colour", "size", "fill")
        if part != without
    }
    found = [(spec, spec.among(scene.things)) for spec in sorted(specs, key=repr)]
    usable = [each for each in found if len(each[1]) > 1 and all(thing.kind == "shape" for thing in each[1])]
    rng.shuffle(usable)
    return usable


def quality(spec: Spec, attribute: str, wanted: str) -> Spec:
    """The description with a value more."""
    return replace(spec, **{attribute: wanted})


def having(group: Group, attribute: str, wanted: str) -> int:
    """How many of a group have a value."""
    return sum(value(thing, attribute) == wanted for thing in group[1])


def those(pair: Pair) -> Twins:
    """ "How many of them are red?"; the twins counted something else before."""
    attribute, wanted = pair.wanted(("colour", "fill", "size"))

    def compose(draft: Start, scene: Scene) -> Twins:
        found = groups(scene, pair.rng, attribute)
        for one, two in permutations(found, 2):
            counts = having(one, attribute, wanted), having(two, attribute, wanted)
            if counts[0] != counts[1] and counts[0] == min(pair.number % 3, 2):
                phrase = phrase_of(attribute, wanted)
                return (
                    _those(draft(scene), attribute, phrase, (two, one)),
                    _those(draft(scene), attribute, phrase, (one, two)),
                )
        raise NoOccasionError

    return pair.write(compose)


def _those(d: Draft, attribute: str, phrase: str, order: tuple[Group, Group]) -> Draft:
    before, last = order
    asked = {spec.kind for spec, _ in order}
    d.show(0)
    d.filler(asked)
    d.pad()
    at = d.count(before[0])
    if d.rng.random() < 0.5:
        _of_them(d, before, attribute, at)
    else:
        _all_or_any(d, before, attribute, "all_of_them", at)
    d.filler(asked)
    d.small()
    at = d.count(last[0])
    _all_or_any(d, last, attribute, "any_of_them", at)
    d.small()
    number = sum(phrase_of(attribute, value(thing, attribute)) == phrase for thing in last[1])
    _number_of_them(d, number, phrase, at, last=True)
    return d


def _other_attribute(d: Draft, group: Group, keep: str) -> tuple[str, str]:
    """An attribute and a value to ask a group about: the value is one of theirs half the time."""
    spec = group[0]
    free = [name for name in ("colour", "size", "fill") if name != keep and not getattr(spec, name)]
    name = d.rng.choice(free)
    if d.rng.random() < 0.5:
        return name, value(d.rng.choice(group[1]), name)
    return name, d.rng.choice(DOMAINS[name])


def _number_of_them(d: Draft, number: int, phrase: str, at: int, *, last: bool = False) -> None:
    answer = capital(of_them(number, phrase))
    rivals = tuple(str(other) for other in range(13) if other != number)
    values = ("0|no|none" if number == 0 else str(number),)
    d.put("of_them", answer, values, rivals, refers=at, needs=BOTH, last=last, v=phrase)


def _of_them(d: Draft, group: Group, keep: str, at: int) -> None:
    name, wanted = _other_attribute(d, group, keep)
    _number_of_them(d, having(group, name, wanted), phrase_of(name, wanted), at)


def _all_or_any(d: Draft, group: Group, keep: str, intent: str, at: int) -> None:
    name, wanted = _other_attribute(d, group, keep)
    number = having(group, name, wanted)
    yes = number == len(group[1]) if intent == "all_of_them" else number > 0
    answer = f"{'Yes' if yes else 'No'}, {NUMBERS[number] if number else 'none'} of them."
    d.put(intent, answer, ("yes" if yes else "no",), kind="yes_no", refers=at, needs=BOTH, v=wanted)


def kinds_of(scene: Scene) -> list[str]:
    """The shapes there are, each once."""
    return sorted({thing.name for thing in shapes(scene)})


def count_followups(pair: Pair) -> Twins:
    """ "And red ones?" after a count; the twins counted another shape before."""
    attribute, wanted = pair.wanted(("colour", "size", "fill"))
    most = pair.number % 3

    def compose(draft: Start, scene: Scene) -> Twins:
        kinds = some(kinds_of(scene), pair.rng, 3)
        numbers = [len(quality(Spec(kind=kind), attribute, wanted).among(scene.things)) for kind in kinds[:2]]
        if numbers[0] == numbers[1] or numbers[0] != min(most, 1 + pair.rng.randrange(2)):
            raise NoOccasionError
        one = _follow(draft(scene), kinds[1], kinds[0], kinds[2], (attribute, wanted))
        two = _follow(draft(scene), kinds[0], kinds[1], kinds[2], (attribute, wanted))
        return one, two

    return pair.write(compose)


def _follow(d: Draft, before: str, last: str, third: str, ones: tuple[str, str]) -> Draft:
    things = d.scene.things
    one, two = (Spec(kind=kind) for kind in (third, before))
    d.show(0)
    d.filler((before, last, third))
    d.pad()
    at = d.count(one)
    numbers = len(one.among(things)), len(two.among(things))
    d.number("and_count", numbers[1], before, refers=at, p=plural(before))
    d.number("together", sum(numbers), "", refers=at, needs=HISTORY, parts=numbers)
    d.small()
    name, wanted = ones
    other = d.rng.choice([each for each in ("colour", "size", "fill") if each != name])
    at = d.count(Spec(kind=third)) if d.rng.random() < 0.5 else d.count(Spec())
    like = d.rng.choice(shapes(d.scene))
    base = third if "object" not in d.asks[at].answer else ""
    spec = quality(Spec(kind=base), other, value(like, other))
    d.number("and_ones", len(spec.among(things)), noun(spec), refers=at, v=value(like, other))
    d.filler((before, last, third))
    at = d.count(Spec(kind=last))
    spec = quality(Spec(kind=last), name, wanted)
    d.number("and_ones", len(spec.among(things)), noun(spec), refers=at, last=True, v=wanted)
    return d


def earlier_picture(pair: Pair) -> Twins:
    """ "And in the picture before?", "more of them than before?"; the twins counted another shape."""

    def compose(draft: Start, scene: Scene) -> Twins:
        later = next(pair.pool())
        kinds = some(sorted({*kinds_of(scene), *kinds_of(later)}), pair.rng, 3)
        numbers = [len(Spec(kind=kind).among(scene.things)) for kind in kinds]
        third = some(shapes(scene), pair.rng, 1)[0]
        if numbers[0] == numbers[1] or numbers[0] != pair.number % 3:
            raise NoOccasionError
        return (
            _earlier(draft(scene, later), kinds[0], kinds[2], third, set(kinds)),
            _earlier(draft(scene, later), kinds[1], kinds[2], third, set(kinds)),
        )

    return pair.write(compose)


def _earlier(d: Draft, last: str, other: str, third: Thing, kinds: set[str]) -> Draft:
    first, second = d.scenes
    d.show(0)
    aside(d, third)
    d.pad(d.small)
    spec = Spec(kind=other)
    at = d.count(spec)
    before, now = (len(spec.among(scene.things)) for scene in (first, second))
    d.show(1)
    d.number("same_here", now, other, refers=at)
    more = now > before
    here, there = (NUMBERS[number] if number else "none" for number in (now, before))
    answer = therefore(more, f"{here} here and {there} there.")
    d.put("more_here", answer, ("yes" if more else "no",), kind="yes_no", refers=at, needs=BOTH)
    d.small()
    d.filler(kinds)
    at = d.count(Spec(kind=last))
    number = len(Spec(kind=last).among(first.things))
    d.number("same_before", number, last, refers=at, last=True)
    return d
