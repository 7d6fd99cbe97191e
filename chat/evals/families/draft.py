"""A dialogue being written: its scenes, its asks, and what has been given away so far.

A family writes two drafts at once, its contrast twins: the same pictures and the same last
question after another history. What an ask is about is never given away before it by an
earlier question or answer, so that the picture is needed too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from chat.evals.families.values import attribute_values, count_values, value
from chat.evals.families.wordings import OK, SMALL, Table
from chat.evals.items import Ask, Kind
from chat.training.language import PLACE_PHRASES, article, counted, plural, said
from chat.training.questions import attribute_of
from chat.training.scene import COLOURS, FILLS, PLACES, SHAPES, SIZES, Scene, Thing
from chat.training.talk import Spec

T = TypeVar("T")
Need = Literal["picture", "history"]
BOTH: frozenset[Need] = frozenset({"picture", "history"})
HISTORY: frozenset[Need] = frozenset({"history"})
PICTURE: frozenset[Need] = frozenset({"picture"})
NOTHING: frozenset[Need] = frozenset()

ATTRIBUTES = ("colour", "place", "size", "shape", "fill")
DOMAINS: dict[str, tuple[str, ...]] = {
    "colour": tuple(COLOURS),
    "place": PLACES,
    "size": SIZES,
    "shape": SHAPES,
    "fill": FILLS,
}
_PLANS = (("kind",), ("colour", "kind"), ("size", "kind"), ("fill", "kind"), ("place",), ("kind", "place"),
          ("colour",), ("size", "colour"))  # fmt: skip


class NoOccasionError(Exception):
    """The scene does not offer what the family needs here; another is tried."""


@dataclass
class Draft:
    """One dialogue under way.

    chances chooses wordings and nothing else, so that a split with other wordings asks the same. last
    picks the wording of the last question, the same in both twins. extra: how many turns `pad` adds.
    known: what was given away of each thing. spent: shapes that plain questions were about.
    """

    rng: random.Random
    scenes: tuple[Scene, ...]
    family: str
    table: Table
    chances: random.Random = field(default_factory=random.Random)
    last: int = 0
    extra: int = 0
    asks: list[Ask] = field(default_factory=list)
    known: dict[tuple[int, Thing], set[str]] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    now: int = 0
    form: Literal["", "word", "upper"] = ""
    shown: tuple[int, ...] = ()

    @property
    def scene(self) -> Scene:
        """The scene that is being talked about."""
        return self.scenes[self.now]

    @property
    def turn(self) -> int:
        """The turn that the next ask will be."""
        return len(self.asks)

    def show(self, index: int) -> None:
        """Show a picture with the next ask and talk about it from there on."""
        self.shown, self.now = (index,), index

    def put(
        self,
        intent: str,
        answer: str,
        values: tuple[str, ...],
        rivals: tuple[str, ...] = (),
        *,
        kind: Kind = "open",
        refers: int | None = None,
        needs: frozenset[Need] = PICTURE,
        last: bool = False,
        opener: str = "",
        **slots: str,
    ) -> int:
        """Append an ask worded from the table; its turn."""
        wordings = self.table[intent]
        wording = wordings[self.last % len(wordings)] if last else self.chances.choice(wordings)
        question = wording.format(**slots)
        question = opener + question if opener else question[0].upper() + question[1:]
        return self.add(question, answer, values, rivals, kind=kind, refers=refers, needs=needs)

    def add(
        self,
        question: str,
        answer: str,
        values: tuple[str, ...],
        rivals: tuple[str, ...] = (),
        *,
        kind: Kind = "open",
        refers: int | None = None,
        needs: frozenset[Need] = PICTURE,
    ) -> int:
        """Append an ask with its own words; its turn."""
        family = self.family if "history" in needs else "plain"
        form = self.form
        if form:
            answer = (
                answer.upper() if form == "upper" else (values[0].split("|")[0] if values else answer).lower()
            )
        shown, self.shown = self.shown, ()
        self.asks.append(Ask(question, answer, family, kind, values, rivals, shown, refers, needs, form))
        return self.turn - 1

    # ---- things ----

    def gone(self, thing: Thing) -> set[str]:
        """The attributes of a thing of the current scene that the dialogue has given away."""
        return self.known.setdefault((self.now, thing), set())

    def describe(self, thing: Thing, keep: Iterable[str], plans: Iterable[tuple[str, ...]] = _PLANS) -> Spec:
        """A description that fits a thing alone and names no attribute in `keep`.

        It gives away as little more as it can. Raises NoOccasionError if there is none.
        """
        gone, found = self.gone(thing), []
        for plan in plans:
            named = {"shape" if part == "kind" else part for part in plan}
            spec = spec_of(thing, plan)
            if not named & set(keep) and spec.among(self.scene.things) == (thing,):
                found.append((len(named - gone), self.rng.random(), named, spec))
        if not found:
            raise NoOccasionError
        _, _, named, spec = min(found, key=lambda each: each[:2])
        gone |= named
        return spec

    def anchor(self, thing: Thing, keep: Iterable[str] = (), ask: str = "") -> int:
        """Ask about a thing by a description of it; the attribute is `ask`, or any that is still open."""
        spec = self.describe(thing, (*keep, ask))
        return self.attribute(thing, ask or self.open(thing, keep), f"the {noun_phrase(spec)}")

    def open(self, thing: Thing, keep: Iterable[str] = ()) -> str:
        """An attribute that was not given away and is not to be kept. Raises NoOccasionError if none is."""
        kept = set(keep)
        if kept & {"colour", "fill"}:  # an answer about the shape tells them too: "a striped red star"
            kept.add("shape")
        free = [name for name in ATTRIBUTES if name not in self.gone(thing) and name not in kept]
        if not free:
            raise NoOccasionError
        return self.rng.choice(free)

    def attribute(
        self,
        thing: Thing,
        name: str,
        words: str,
        *,
        refers: int | None = None,
        last: bool = False,
        opener: str = "",
    ) -> int:
        """Ask an attribute of a thing, which goes by `words`. Raises NoOccasionError if it was given away."""
        if name in self.gone(thing):
            raise NoOccasionError
        self.gone(thing).update(("shape", "colour", "fill") if name == "shape" else (name,))
        values, rivals = attribute_values(name, value(thing, name))
        answer = attribute_of(thing, name, words if words[0].isupper() else "It")
        needs = PICTURE if refers is None else BOTH
        return self.put(
            name, answer, values, rivals, refers=refers, needs=needs, last=last, opener=opener, n=words
        )

    # ---- what any family may throw in ----

    def count(self, spec: Spec) -> int:
        """Ask how many things fit a description."""
        return self.number("count", len(spec.among(self.scene.things)), noun(spec), p=plural(noun(spec)))

    def number(
        self,
        intent: str,
        number: int,
        what: str,
        *,
        refers: int | None = None,
        needs: frozenset[Need] | None = None,
        last: bool = False,
        parts: tuple[int, ...] = (),
        **slots: str,
    ) -> int:
        """Ask for a number of something; parts: the numbers it is the sum of, which a reply may say too."""
        values, rivals = count_values(number)
        rivals = tuple(rival for rival in rivals if rival not in map(str, parts))
        wanted = needs or (PICTURE if refers is None else BOTH)
        answer = counted(number, what) if what else f"That is {number} together."
        return self.put(
            intent, answer, values, rivals,
            kind="open", refers=refers, needs=wanted, last=last, opener="", **slots,
        )  # fmt: skip

    def filler(self, avoid: Iterable[str] = ()) -> int:
        """A plain question on the picture that changes what nothing refers to: is there one, or how many."""
        free = [kind for kind in SHAPES if kind not in self.spent and kind not in set(avoid)]
        there = [kind for kind in free if Spec(kind=kind).among(self.scene.things)]
        kind = self.rng.choice(there if there and self.rng.random() < 0.5 else free)
        self.spent.add(kind)
        found = len(Spec(kind=kind).among(self.scene.things))
        answer = f"Yes, {said(counted(found, kind))}" if found else f"No, there is no {kind}."
        return self.put("exist", answer, ("yes" if found else "no",), kind="yes_no", a=article(kind))

    def small(self, only: tuple[str, ...] = tuple(SMALL)) -> int:
        """Small talk."""
        question = self.rng.choice(only)
        answer, values = SMALL[question]
        return self.add(question, answer, (values,), needs=NOTHING)

    def told(self, what: str, it_is: str) -> int:
        """The person tells a fact about themselves."""
        return self.put("tell", "OK, I will remember that.", (OK,), needs=NOTHING, w=what, x=it_is)

    def name(self, name: str) -> int:
        """The person gives what was just asked about a name."""
        return self.put("naming", f"OK, I will call it {name}.", (f"{name}|{OK}",), needs=NOTHING, name=name)

    def pad(self, fill: Callable[[], int] | None = None) -> None:
        """As many turns more as the split wants, of plain questions or what `fill` adds."""
        for index in range(self.extra):
            if fill:
                fill()
            elif index % 3 == 2:
                self.small()
            else:
                self.spent -= set() if len(self.spent) < len(SHAPES) - 3 else set(SHAPES)
                self.filler()


def spec_of(thing: Thing, plan: Iterable[str]) -> Spec:
    """What a description of the thing by these attributes is; "kind" is its shape."""
    got = {"kind": thing.name, "place": PLACES[thing.place]}
    return Spec(**{part: got.get(part) or str(getattr(thing, part)) for part in plan})


def noun(spec: Spec) -> str:
    """A description without place and article: "large red star", "object"."""
    return spec.words()


def noun_phrase(spec: Spec) -> str:
    """A description with its place: "star at the top"."""
    return f"{noun(spec)} {PLACE_PHRASES[spec.place]}" if spec.place else noun(spec)


def shapes(scene: Scene) -> list[Thing]:
    """The things that have a shape, a colour, a size and a fill."""
    return [thing for thing in scene.things if thing.kind == "shape"]
