"""The state of a generated dialogue: what was shown, what is being talked about, what was told.

Question families are functions of a Talk and a random generator that return a Turn, or
None when the scene gives no occasion for them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chat.model.classes import classes
from chat.training.cards.scene import Card
from chat.training.cards.turns import CardTurn
from chat.training.language import (
    FILL_WORDS,
    PLACE_PHRASES,
    PLACE_VARIANTS,
    SIZE_WORDS,
    at_places,
    capital,
    counted,
    counted_at,
    insert_where,
    of_them,
)
from chat.training.scene import COLOURS, FILLS, PLACES, SHAPES, SIZES, Scene, Thing


@dataclass(frozen=True, slots=True)
class Turn:
    """A question, its one right answer, and what was shown with it.

    family names the kind of question in reports; pictures are indices of scenes newly
    shown; needs_picture is false where the answer does not depend on any.
    """

    question: str
    answer: str
    family: str
    pictures: tuple[int, ...] = ()
    needs_picture: bool = True


@dataclass(frozen=True, slots=True)
class Focus:
    """What "it" (one thing) or "they" (several) now means, in which scene, what was asked of it, and the
    noun for several that were spoken of by one."""

    scene: int
    things: tuple[Thing, ...]
    asked: str = ""
    noun: str = ""


Shown = Scene | Card
"""What a picture may be of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An attribute that was asked of a thing in turn `at`, and by which words."""

    at: int
    scene: int
    thing: Thing
    attribute: str
    words: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted in turn `at`, and how many there were."""

    at: int
    scene: int
    spec: Spec
    number: int


@dataclass
class Talk:
    """A dialogue under way. `scenes` were shown so far; names maps given names to things and the words that
    these were last asked about by; emphasis multiplies the weights of families; card is the last turn about
    one of the cards, by its index.

    at: the turn that is being made. asked, counts: attributes and numbers asked for so far. pending: turn,
    scene, attribute and things of a question that fits several. waiting: questions asked before there was a
    picture, with their answers. rule: how answers are to be given, "word" or "upper". at_once: how often an
    answer is said without saying first what is meant, or where the things are that it counts.
    """

    rng: random.Random
    scenes: list[Shown] = field(default_factory=list)
    focus: Focus | None = None
    card: tuple[int, CardTurn] | None = None
    names: dict[str, tuple[int, Thing, str]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    emphasis: Mapping[str, float] = field(default_factory=dict)
    at: int = 0
    asked: list[Asked] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)
    pending: tuple[int, int, str, tuple[Thing, ...]] | None = None
    waiting: list[tuple[str, str]] = field(default_factory=list)
    rule: str = ""
    at_once: float = 0.0

    @property
    def latest(self) -> int:
        """Index of the scene that unqualified questions mean."""
        return len(self.scenes) - 1


@dataclass(frozen=True, slots=True)
class Spec:
    """A description that may or may not fit things: "large red star", "thing on the left"."""

    kind: str = ""
    colour: str = ""
    size: str = ""
    fill: str = ""
    place: str = ""

    def fits(self, thing: Thing) -> bool:
        """Whether a thing is so described; text is a "word", "letter" or "number"."""
        kind = thing.kind if thing.is_text else thing.name
        return (
            self.kind in ("", kind, thing.broader)
            and self.colour in ("", thing.colour)
            and self.size in ("", thing.size)
            and self.fill in ("", thing.fill)
            and self.place in ("", PLACES[thing.place])
        )

    def among(self, things: Sequence[Thing]) -> tuple[Thing, ...]:
        """The things it fits."""
        return tuple(thing for thing in things if self.fits(thing))

    def words(self) -> str:
        """As answers say it, place aside: "large striped red star", "red object"."""
        return " ".join(part for part in (self.size, self.fill, self.colour, self.kind or "object") if part)

    def asked(self, rng: random.Random) -> tuple[str, str]:
        """As a question may say it: (noun phrase, phrase of place or "")."""
        noun = self.kind or rng.choice(
            ("object", "thing", "object", "one" if self.colour or self.place else "item")
        )
        parts = (
            rng.choice(SIZE_WORDS[self.size]) if self.size else "",
            rng.choice(FILL_WORDS[self.fill]) if self.fill else "",
            self.colour,
            noun,
        )
        return " ".join(part for part in parts if part), ask_place(self.place, rng) if self.place else ""


def ask_place(place: str, rng: random.Random) -> str:
    """A place as a question may name it."""
    return PLACE_PHRASES[place] if rng.random() < 0.6 else rng.choice(PLACE_VARIANTS[place])


def spec_of(thing: Thing, rng: random.Random, hide: str = "") -> Spec:
    """Some description that fits a thing, never naming the attribute `hide`."""
    kind = thing.kind if thing.is_text else thing.name
    plans: list[tuple[str, ...]] = [("kind",), ("kind",), ("place",)]
    if thing.colour:
        plans += [("colour", "kind"), ("colour",)]
    if thing.is_shape:
        plans += [("size", "kind"), ("fill", "kind"), ("size", "colour", "kind"), ("size", "colour")]
    usable = [plan for plan in plans if hide not in plan]
    values = {"kind": kind, "colour": thing.colour, "size": thing.size, "fill": thing.fill}
    plan = rng.choice(usable)
    chosen = {name: values[name] for name in plan if name != "place"}
    return Spec(**chosen, place=PLACES[thing.place] if "place" in plan else "")


def pick(
    scene: Shown, rng: random.Random, hide: str = "", *, shapes_only: bool = False
) -> tuple[Thing, Spec] | None:
    """A thing that has the attribute `hide`, and a description that fits it alone without naming it."""
    things = [
        thing
        for thing in scene.things
        if (thing.is_shape or not shapes_only) and (thing.colour or hide != "colour")
    ]
    for _ in range(6):
        if not things:
            return None
        thing = rng.choice(things)
        spec = spec_of(thing, rng, hide)
        if len(spec.among(scene.things)) == 1:
            return thing, spec
    return None


STRANGERS = (
    "dog", "cat", "car", "tree", "house", "person", "bird", "flower", "boat", "horse", "man", "woman",
    "table", "chair", "cup", "book", "phone", "face", "bicycle", "train", "plane", "fish", "cow", "apple",
    "ball", "child",
)  # fmt: skip
"""Things that people often ask for."""


def has(thing: Thing, attribute: str) -> bool:
    """Whether the attribute can be asked of the thing: texts have no size, and objects no colour either."""
    if attribute in ("size", "fill"):
        return thing.is_shape
    if attribute == "place" and thing.kind == "object":
        return bool(thing.path)
    return attribute != "colour" or bool(thing.colour)


def tally(talk: Talk, found: Sequence[Thing], noun: str) -> str:
    """How many were found: where each of them is and then their number, or at times the number at once."""
    places = places_of(talk, found)
    return counted_at(places, noun) if places else counted(len(found), noun)


def of_those(talk: Talk, found: Sequence[Thing], value: str) -> str:
    """ "On the left one of them is red.": how many of those spoken of have a value."""
    words = of_them(len(found), value)
    places = places_of(talk, found)
    return f"{at_places(places)} {words}" if places else capital(words)


def places_of(talk: Talk, found: Sequence[Thing]) -> list[str]:
    """Where the things are, to be said before their number; none if it is to be said at once."""
    # The things of a photograph are spoken of without their places.
    if talk.rng.random() < talk.at_once or not all(has(each, "place") for each in found):
        return []
    return [PLACES[each.place] for each in found]


def absent_name(scene: Shown, rng: random.Random) -> str:
    """The name of something that is not in the scene, nor of the kind of anything there."""
    there = {word for thing in scene.things for word in (*thing.name.lower().split(), *thing.broader.split())}
    while True:
        if rng.random() < 0.4:
            name, broader = rng.choice(STRANGERS), ""
        else:
            each = rng.choice(classes())
            name, broader = each.name, each.broader
            if rng.random() < 0.3:
                name = broader
        if there.isdisjoint((*name.lower().split(), *broader.split(), *_OFTEN_ARE.get(name, ()))):
            return name


_OFTEN_ARE = {
    "person": ("face", "child", "man", "woman", "boy", "girl"),
    "man": ("person", "face"),
    "woman": ("person", "face"),
    "child": ("person", "face", "boy", "girl"),
    "face": ("person", "man", "woman", "boy", "girl", "animal", "bird", "cat", "dog"),
    "animal": ("dog", "cat", "bird", "fish", "insect", "snake", "lizard", "spider", "monkey", "bear"),
    "bird": ("animal",),
    "dog": ("animal",),
    "cat": ("animal",),
    "horse": ("animal",),
    "cow": ("animal",),
    "fish": ("animal",),
    "ball": ("sport",),
    "tree": ("plant", "fruit"),
    "flower": ("plant",),
    "apple": ("fruit",),
    "car": ("vehicle", "truck", "bus"),
    "boat": ("vehicle", "ship"),
    "bicycle": ("vehicle", "bike"),
    "train": ("vehicle",),
    "plane": ("vehicle", "aircraft", "airplane"),
    "house": ("building",),
    "table": ("furniture",),
    "chair": ("furniture",),
    "cup": ("mug", "container"),
}
"""What something of that name may also be called: none of it may be there when it is said to be absent."""


def absent(scene: Shown, rng: random.Random) -> Spec | None:
    """A description that fits nothing in the scene, made half the time of what is there."""
    for _ in range(8):
        if any(thing.kind == "object" for thing in scene.things) and rng.random() < 0.75:
            return Spec(kind=absent_name(scene, rng))
        colours = [thing.colour for thing in scene.things if thing.colour]
        shapes = [thing.name for thing in scene.things if thing.is_shape]
        near = rng.random() < 0.6 and bool(shapes)
        colour = rng.choice(colours if near else sorted(COLOURS))
        kind = rng.choice(shapes if near else SHAPES)
        spec = rng.choice(
            (Spec(kind=kind), Spec(colour=colour, kind=kind), Spec(colour=colour, kind=kind),
            Spec(colour=colour),
             Spec(size=rng.choice(SIZES), kind=kind), Spec(fill=rng.choice(FILLS[1:]), kind=kind))
        )  # fmt: skip
        if not spec.among(scene.things):
            return spec
    return None


Family = Callable[[Talk, int, str], Turn | None]
"""(talk, index of the scene, phrase that says which picture or "") → a turn, or None without occasion."""


def turn(talk: Talk, wordings: tuple[str, ...], where: str, answer: str, family: str, **values: str) -> Turn:
    """A turn with one of the wordings, filled in and pointed at the right picture."""
    question = talk.rng.choice(wordings).format(**values)
    place = where or talk.rng.choice(
        ("", "", "", "", "here", "in the picture", "in this picture", "in the image")
    )
    return Turn(insert_where(question, place, front=talk.rng.random() < 0.25), answer, family)
