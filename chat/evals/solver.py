"""A symbolic answerer that reads the questions and looks at the facts of the scenes.

With pictures and history it is right about every ask, or the suite has a fault: a question that
its words do not settle, or a wrong gold answer. Denied the one or the other it answers what it
still can and guesses the rest as well as it may, and so gives the ceiling that a model without
them may not pass.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from chat.evals.families.grammar import Query, Reference, understand
from chat.evals.families.values import value
from chat.evals.families.wordings import SMALL
from chat.evals.items import Ask, Item, right, share
from chat.training.scene import Scene, Thing
from chat.training.talk import Spec

CANNOT = "I cannot tell."
"""What it says where it should abstain."""
ATTRIBUTES = ("colour", "shape", "size", "place", "fill")
QUESTIONS = (*ATTRIBUTES, "count", "exist", "verify")
"""Questions that stand by themselves, and so may be asked again."""

Seen = tuple[int, Thing]


class UnsettledError(Exception):
    """The words mean nothing definite without what has been said or shown before."""


@dataclass
class Mind:
    """What it keeps of a dialogue: what was shown, said about, counted, named, told and agreed."""

    scenes: list[Scene] = field(default_factory=list)
    focus: Seen | None = None
    talked: list[Seen] = field(default_factory=list)
    last: Query | None = None
    number: int | None = None
    numbers: list[int] = field(default_factory=list)
    group: Spec | None = None
    names: dict[str, Seen | None] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    questions: list[Query] = field(default_factory=list)
    rule: str = ""
    blind: bool = False
    """Whether pictures are denied: it knows that they were shown, but not what they show."""

    def hear(self, question: str, shown: Sequence[Scene]) -> str:
        """The answer to a question with new pictures, which the mind keeps in turn.

        Raises UnsettledError where the answer is not to be had.
        """
        self.scenes += shown
        said = self._answer(understand(question), question)
        return said.upper() if self.rule == "rule_upper" else said

    def _answer(self, query: Query, question: str) -> str:
        intent = query.intent
        if intent in QUESTIONS:
            self.questions.append(query)
        if query.back is not None:
            self.focus = self._find(query.back)
        if intent in ("rule_word", "rule_upper", "rule_off"):
            self.rule = ""
            said, self.rule = "ok", intent
            return said
        if intent == "naming":
            self.names[query.word] = self.focus
            return f"ok, {query.word}"
        if intent == "tell":
            self.told[query.word] = query.told
            return "ok"
        if intent == "recall":
            return self.told.get(query.word, CANNOT)
        if intent == "":
            if question not in SMALL:
                raise UnsettledError(f"not understood: {question}")
            return SMALL[question][1].split("|")[0]
        if intent == "together":
            if len(self.numbers) < 2:
                raise UnsettledError("no two numbers")
            return str(sum(self.numbers[-2:]))
        if not self.scenes:
            return CANNOT
        return self._look(query)

    def _look(self, query: Query) -> str:
        """The answer to a question about pictures."""
        if query.intent in ATTRIBUTES:
            return self._attribute(query)
        if query.intent in ("count", "exist", "and_count", "and_ones"):
            return self._count(query)
        if query.intent in ("of_them", "all_of_them", "any_of_them"):
            return self._of_them(query)
        if query.intent == "again":
            index = {"first": 0, "second": 1}[query.word]
            if index >= len(self.questions):
                raise UnsettledError("no such question")
            return self._look(self.questions[index])
        if query.intent in ("other_too", "correct", "choose"):
            return self._same_of_another(query)
        if self.group is None:
            raise UnsettledError("nothing was counted")
        before, now = (self._among(self.group, index) for index in (-2, -1))
        if query.intent == "more_here":
            return "yes" if len(now) > len(before) else "no"
        return str(len(now if query.intent == "same_here" else before))

    def _among(self, spec: Spec, index: int = -1) -> tuple[Thing, ...]:
        if self.blind or len(self.scenes) < abs(index):
            raise UnsettledError("the picture is not at hand")
        return spec.among(self.scenes[index].things)

    def _attribute(self, query: Query) -> str:
        if query.reference is None:
            raise UnsettledError("no reference")
        if query.reference.kind == "name" and query.reference.name not in self.names:
            return CANNOT
        self.last, self.focus = query, None if query.reference.kind == "spec" else self.focus
        if query.reference.kind == "spec":
            found = self._among(query.reference.spec)
            if len(found) != 1:
                return CANNOT
        self.focus = self._find(query.reference)
        if query.reference.kind == "spec" and self.focus not in self.talked:
            self.talked.append(self.focus)
        return value(self.focus[1], query.intent)

    def _find(self, reference: Reference) -> Seen:
        """The one thing that is meant."""
        kind, latest = reference.kind, len(self.scenes) - 1
        if kind == "name" and (named := self.names.get(reference.name)) is not None:
            return named
        if kind == "asked" and reference.order < len(self.talked):
            return self.talked[reference.order]
        if kind == "it" and self.focus is not None:
            return self.focus
        found: list[Seen] = []
        if kind == "discussed":
            found = [seen for seen in self.talked if reference.spec.fits(seen[1])]
        elif kind == "other" and self.focus is not None:
            like = reference.spec if reference.spec.kind else Spec(kind=self.focus[1].name)
            found = [(latest, each) for each in self._among(like) if each != self.focus[1]]
        elif kind == "spec":
            found = [(latest, each) for each in self._among(reference.spec)]
        if len(found) != 1:
            raise UnsettledError(f"{len(found)} things could be meant")
        return found[0]

    def _same_of_another(self, query: Query) -> str:
        """The question before, of the other thing or of the one that is meant."""
        if self.last is None or query.spec is None or self.last.reference is None:
            raise UnsettledError("no question to ask again")
        if query.intent == "other_too":
            reference = Reference("other", query.spec)
        else:
            described = query.spec
            kind = self.last.reference.spec.kind
            parts = (kind, described.colour, described.size, described.fill, described.place)
            reference = Reference("spec", Spec(*parts))
        self.focus = self._find(reference)
        return value(self.focus[1], self.last.intent)

    def _count(self, query: Query) -> str:
        spec = query.spec
        if query.intent == "and_ones":
            if self.group is None or query.value is None:
                raise UnsettledError("nothing was counted")
            base = self.group
            qualities = {"kind": base.kind, "colour": base.colour, "size": base.size, "fill": base.fill}
            spec = Spec(**{**qualities, query.value[0]: query.value[1]})
        if spec is None or (query.intent == "and_count" and self.last is None and self.group is None):
            raise UnsettledError("nothing was counted")
        if query.intent in ("count", "and_count"):
            self.group = spec
        number = len(self._among(spec))
        if query.intent == "exist":
            return "yes" if number else "no"
        self.numbers.append(number)
        return str(number)

    def _of_them(self, query: Query) -> str:
        if self.group is None or query.value is None:
            raise UnsettledError("nothing was counted")
        things = self._among(self.group)
        number = sum(value(thing, query.value[0]) == query.value[1] for thing in things)
        if query.intent == "of_them":
            return str(number)
        return "yes" if number == len(things) or (number and query.intent == "any_of_them") else "no"


Key = tuple[str, str, str, bool]
"""What a guess may depend on: intent, kind of reference, standing rule, whether a picture was shown."""


@dataclass(frozen=True)
class Attempt:
    """An ask, what the solver says to it, and, where that is a guess, what the guess went by."""

    item: int
    turn: int
    ask: Ask
    reply: str
    guessed: Key | None = None


def solve(items: Sequence[Item], *, pictures: bool = True, history: bool = True) -> list[Attempt]:
    """The solver's reply to every ask, in order; history is gold where there is any.

    Without pictures it knows that they were shown and no more. Without history it is asked each question
    alone, with the pictures shown so far. Guesses go by the right answers of the suite itself: the
    most frequent under the same key, or what most of the things in sight have, whichever is
    right more often; that is what an answerer could know at best.
    """
    first = [_attempt(items, number, turn, pictures, history) for number, turn in _turns(items)]
    answers: dict[Key, Counter[str]] = defaultdict(Counter)
    for attempt in first:
        if attempt.guessed is not None:
            answers[attempt.guessed][_gold(attempt.ask)] += 1
    constant = {key: counter.most_common(1)[0][0] for key, counter in answers.items()}
    by_key: dict[Key, list[Attempt]] = defaultdict(list)
    for attempt in first:
        if attempt.guessed is not None:
            by_key[attempt.guessed].append(attempt)
    likely = {
        key
        for key, group in by_key.items()
        if sum(right(each.ask, each.reply) for each in group)
        > sum(right(each.ask, constant[key]) for each in group)
    }
    return [
        attempt
        if attempt.guessed is None or attempt.guessed in likely
        else Attempt(attempt.item, attempt.turn, attempt.ask, constant[attempt.guessed], attempt.guessed)
        for attempt in first
    ]


def ceiling(items: Sequence[Item], *, pictures: bool = True, history: bool = True) -> dict[str, float]:
    """Percent right by family of asks, and "all": of the asks that need what is denied, or of all asks."""
    marks: dict[str, list[bool]] = defaultdict(list)
    for attempt in solve(items, pictures=pictures, history=history):
        needs = attempt.ask.needs
        if (pictures or "picture" in needs) and (history or "history" in needs):
            for name in (attempt.ask.family, "all"):
                marks[name].append(right(attempt.ask, attempt.reply))
    return {name: share(marks[name]) for name in sorted(marks)}


def _turns(items: Sequence[Item]) -> list[tuple[int, int]]:
    return [(number, turn) for number, item in enumerate(items) for turn in range(len(item.asks))]


def _attempt(items: Sequence[Item], number: int, turn: int, pictures: bool, history: bool) -> Attempt:
    item = items[number]
    ask = item.asks[turn]
    scenes = [scene for scene in item.facts if isinstance(scene, Scene)]
    mind = Mind(blind=not pictures)
    shown: list[Scene] = []
    for past in item.asks[:turn]:
        new = [scenes[index] for index in past.pictures]
        shown += new
        if history:
            try:
                mind.hear(past.question, new)
            except UnsettledError:
                continue
    shown += [scenes[index] for index in ask.pictures]
    query = understand(ask.question)
    form = ask.form if history else ""
    key = (query.intent, query.reference.kind if query.reference else "", form, bool(shown))
    now = shown if not history else [scenes[index] for index in ask.pictures]
    try:
        reply = mind.hear(ask.question, now)
    except UnsettledError:
        return Attempt(number, turn, ask, _in_sight(query, shown if pictures else []), key)
    # Without history "never told" cannot be told from "not at hand", so that is a guess too.
    lost = not history and "history" in ask.needs
    return Attempt(number, turn, ask, reply, key if lost else None)


def _gold(ask: Ask) -> str:
    """A reply that is right, in few words."""
    said = CANNOT if ask.kind == "abstain" else ask.values[0].split("|")[0]
    return said.upper() if ask.form == "upper" else said


def _in_sight(query: Query, shown: Sequence[Scene]) -> str:
    """What most of the things in the latest picture have that could be meant; "" for no idea."""
    if not shown or query.intent not in ATTRIBUTES:
        return ""
    kind = query.reference.spec.kind if query.reference else ""
    things = [thing for thing in shown[-1].things if thing.kind == "shape" and kind in ("", thing.name)]
    counted = Counter(value(thing, query.intent) for thing in things)
    return counted.most_common(1)[0][0] if counted else ""
