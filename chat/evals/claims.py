"""What can be said of a picture of shapes, true or false: the stuff of yes/no and open questions.

A claim says that a subject has a value. Asked whether it does, the answer is yes or no; asked
for the value, it is the value. One claim, two pictures, opposite answers: a contrast twin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

from chat.training.comparisons import APART
from chat.training.scene import PLACES, Scene, Thing
from chat.training.talk import Spec

OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}
MOST_COUNTED = 4
"""The highest count that is asked for: more of a kind are rare, and a rare value breaks the quotas."""


@dataclass(frozen=True, slots=True)
class Claim:
    """That the subject has the value, in a family's sense.

    existence: something fits the subject (value empty). count: value many do. colour, size, fill,
    position, shape: of the one that fits. relation: the one shape called value is `relation` (left,
    right, above, below) of the one that fits. reading: the only text says the value.
    """

    family: str
    subject: Spec
    value: str = ""
    relation: str = ""


def named(thing: Thing) -> Spec:
    """A shape by its name, a text by its kind."""
    return Spec(kind=thing.kind if thing.is_text else thing.name)


def relation(a: Thing, b: Thing, side: str) -> bool | None:
    """Whether a stands on that side of b; None where it is too close to say."""
    across, down = a.x - b.x, a.y - b.y
    distance = across if side in ("left", "right") else down
    if abs(distance) <= APART:
        return None
    return (distance < 0) == (side in ("left", "above"))


def holds(claim: Claim, scene: Scene) -> bool | None:
    """Whether a claim is true of a scene; None if it presupposes what is not so."""
    found = claim.subject.among(scene.things)
    if claim.family == "existence":
        return bool(found)
    if claim.family == "count":
        return len(found) == int(claim.value) if found else None
    if claim.family == "reading":
        return claim in claims("reading", scene) if claims("reading", scene) else None
    if len(found) != 1:
        return None
    if claim.family == "relation":
        others = Spec(kind=claim.value).among(scene.things)
        return relation(others[0], found[0], claim.relation) if len(others) == 1 else None
    if claim.family != "position" and not found[0].is_shape:
        return None
    return value_of(found[0], claim.family) == claim.value


def value_of(thing: Thing, family: str) -> str:
    """A thing's value in a family about one attribute."""
    if family == "position":
        return PLACES[thing.place]
    return thing.name if family == "shape" else str(getattr(thing, family))


@lru_cache(maxsize=1 << 16)
def claims(family: str, scene: Scene) -> tuple[Claim, ...]:
    """What is true of a scene and can be asked about in a family, each subject unambiguous."""
    return tuple(dict.fromkeys(_MAKERS[family](scene)))


def _existence(scene: Scene) -> Iterator[Claim]:
    for thing in scene.things:
        if thing.is_shape:
            yield Claim("existence", Spec(kind=thing.name))
            yield Claim("existence", Spec(colour=thing.colour, kind=thing.name))


def _count(scene: Scene) -> Iterator[Claim]:
    shapes = [thing for thing in scene.things if thing.is_shape]
    groups = Counter(Spec(kind=thing.name) for thing in shapes)
    groups.update(Spec(colour=thing.colour) for thing in scene.things if thing.colour)
    for subject, number in groups.items():
        if number <= MOST_COUNTED:
            yield Claim("count", subject, str(number))


def _attribute(family: str, scene: Scene) -> Iterator[Claim]:
    for thing in scene.things:
        if family != "position" and not thing.is_shape:
            continue
        subjects = [named(thing)]
        if thing.is_shape and family != "colour":
            subjects.append(Spec(colour=thing.colour, kind=thing.name))
        for subject in subjects:
            if len(subject.among(scene.things)) == 1:
                yield Claim(family, subject, value_of(thing, family))


def _shape(scene: Scene) -> Iterator[Claim]:
    for thing in scene.things:
        if thing.is_shape:
            for subject in (Spec(colour=thing.colour), Spec(place=PLACES[thing.place])):
                if len(subject.among(scene.things)) == 1:
                    yield Claim("shape", subject, thing.name)


def _relation(scene: Scene) -> Iterator[Claim]:
    alone = [thing for thing in scene.things if thing.is_shape and len(named(thing).among(scene.things)) == 1]
    for one, landmark in permutations(alone, 2):
        for side in OPPOSITE:
            if relation(one, landmark, side):
                yield Claim("relation", named(landmark), one.name, side)


def sole(claim: Claim, scene: Scene) -> bool:
    """Whether the one thing on that side is what a relation says, so that it can be asked for."""
    (landmark,) = claim.subject.among(scene.things)
    sides = [relation(thing, landmark, claim.relation) for thing in scene.things if thing is not landmark]
    return sides.count(True) == 1 and None not in sides


def _reading(scene: Scene) -> Iterator[Claim]:
    texts = [thing for thing in scene.things if thing.is_text]
    # One-letter texts are articles to whoever judges the reply, "yes" and "no" are answers.
    if len(texts) == 1 and texts[0].kind != "letter" and texts[0].name.upper() not in ("YES", "NO"):
        yield Claim("reading", Spec(), texts[0].name.upper())


_MAKERS = {
    "existence": _existence,
    "count": _count,
    "colour": lambda scene: _attribute("colour", scene),
    "shape": _shape,
    "size": lambda scene: _attribute("size", scene),
    "position": lambda scene: _attribute("position", scene),
    "relation": _relation,
    "fill": lambda scene: _attribute("fill", scene),
    "reading": _reading,
}
FAMILIES = tuple(_MAKERS)
"""The families about shapes and texts."""


def facts_of(scene: Scene) -> tuple[tuple[str, ...], ...]:
    """A scene's sayable facts, with the centre of each thing in pixels at their end."""
    return tuple((*thing.fact, f"{thing.x:.2f}", f"{thing.y:.2f}") for thing in scene.things)


def fact_of(claim: Claim) -> tuple[str, ...]:
    """A claim in plain values: family, the subject's five, value, relation."""
    subject = claim.subject
    parts = (subject.kind, subject.colour, subject.size, subject.fill, subject.place)
    return (claim.family, *parts, claim.value, claim.relation)
