"""Families about what was told or agreed: false premises, questions before any picture, a standing rule."""

from __future__ import annotations

from dataclasses import replace

from chat.evals.families.draft import BOTH, HISTORY, NOTHING, Draft, noun_phrase, shapes
from chat.evals.families.pair import Pair, Twins, rivals_in, some
from chat.evals.families.references import Start, two_names
from chat.evals.families.values import attribute_values, count_values, value
from chat.evals.families.wordings import OK
from chat.training.language import counted, plural
from chat.training.questions import attribute_of
from chat.training.scene import Scene, Thing
from chat.training.smalltalk import NO_PICTURE
from chat.training.talk import Spec

FACTS: dict[str, tuple[str, ...]] = {
    "favourite animal": ("dog", "cat", "horse", "lion", "owl", "fox", "whale", "tiger", "bear", "rabbit"),
    "favourite food": ("pizza", "rice", "soup", "cake", "pasta", "bread", "cheese", "sushi", "salad"),
    "home town": ("Paris", "Rome", "Oslo", "Cairo", "Lima", "Delhi", "Tokyo", "Berlin", "Madrid", "Boston"),
    "favourite number": tuple(str(number) for number in range(13, 60)),
}
"""What people tell about themselves, and the values it may take."""

GREETINGS = ("Hello!", "Hi there!")


def fact_values(what: str, true: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(values, rivals) of an ask for a fact told."""
    return (true,), tuple(other for other in FACTS[what] if other != true)


def recall(d: Draft, what: str, true: str | None, at: int, *, last: bool = False) -> None:
    """Ask a fact back: `true`, or None if it was never told."""
    if true is None:
        answer = f"You have not told me your {what}."
        d.put("recall", answer, (), kind="abstain", refers=at, needs=HISTORY, last=last, w=what)
        return
    values, rivals = fact_values(what, true)
    d.put("recall", f"Your {what} is {true}.", values, rivals, refers=at, needs=HISTORY, last=last, w=what)


def false_premise(pair: Pair) -> Twins:
    """A name never given, a fact never told; one of the twins was given or told it."""
    attribute, wanted = pair.wanted()
    names = two_names(pair)
    facts = pair.rng.sample(sorted(FACTS), 3)
    known_first = bool(pair.number % 2)

    def compose(draft: Start, scene: Scene) -> Twins:
        one, two = rivals_in(scene, pair.rng, attribute, wanted)
        first = _premise(draft(scene), attribute, names, facts, (one, two), known=known_first)
        second = _premise(draft(scene), attribute, names, facts, (one, two), known=not known_first)
        return first, second

    return pair.write(compose)


def _premise(
    d: Draft,
    attribute: str,
    names: tuple[str, str],
    facts: list[str],
    things: tuple[Thing, Thing],
    *,
    known: bool,
) -> Draft:
    """names[0] is asked for in the end, and known in one twin; facts[0] was told where it is not."""
    one, two = things
    name = names[0] if known else names[1]
    d.show(0)
    d.anchor(one, (attribute,))
    naming = d.name(name)
    d.filler()
    what = facts[1] if known else facts[0]
    true = d.rng.choice(FACTS[what])
    telling = d.told(what, true)
    d.anchor(two)
    d.pad()
    recall(d, facts[2], None, telling)
    recall(d, facts[0], None if known else true, telling)
    d.small()
    if known:
        d.attribute(one, attribute, name, refers=naming, last=True)
    else:
        answer = f"I don't know who {names[0]} is."
        d.put(attribute, answer, (), kind="abstain", refers=naming, needs=HISTORY, last=True, n=names[0])
    return d


def no_picture(pair: Pair) -> Twins:
    """Questions asked before there is a picture, to be answered later; the twins asked another first."""
    attribute, wanted = pair.wanted()
    told = pair.rng.choice(sorted(FACTS))
    true = pair.rng.choice(FACTS[told])

    def compose(draft: Start, scene: Scene) -> Twins:
        one, two = rivals_in(scene, pair.rng, attribute, wanted)
        third = some([thing for thing in shapes(scene) if thing not in (one, two)], pair.rng, 1)[0]
        kind = pair.rng.choice(sorted({thing.name for thing in shapes(scene)}))
        thing = one if pair.number % 3 else two
        first = _before(draft(scene), attribute, (one, third), kind, (told, true))
        if pair.number % 3:
            return first, _before(draft(scene), attribute, (two, third), kind, (told, true))
        return first, _before(draft(scene), "", (thing, third), kind, (told, true))

    return pair.write(compose)


def _before(d: Draft, attribute: str, things: tuple[Thing, Thing], kind: str, fact: tuple[str, str]) -> Draft:
    """The first question is for the attribute of things[0], or, without one, how many of a kind there are."""
    one, third = things
    d.small(GREETINGS)
    if attribute:
        words = f"the {noun_phrase(d.describe(one, (attribute,)))}"
        first = d.put(attribute, NO_PICTURE, (), kind="abstain", needs=NOTHING, n=words)
    else:
        first = d.put("count", NO_PICTURE, (), kind="abstain", needs=NOTHING, p=plural(kind))
    asked = d.open(third)
    words = f"the {noun_phrase(d.describe(third, (asked,)))}"
    second = d.put(asked, NO_PICTURE, (), kind="abstain", needs=NOTHING, n=words)
    telling = d.told(*fact)
    d.show(0)
    values, rivals = attribute_values(asked, value(third, asked))
    answer = attribute_of(third, asked)
    d.put("again", answer, values, rivals, refers=second, needs=BOTH, w="second")
    d.filler((kind,))
    d.pad(lambda: d.filler((kind,)) if d.turn % 2 and len(d.spent) < 9 else d.small())
    recall(d, *fact, telling)
    d.small()
    if attribute:
        values, rivals = attribute_values(attribute, value(one, attribute))
        answer = attribute_of(one, attribute)
    else:
        number = len(Spec(kind=kind).among(d.scene.things))
        (values, rivals), answer = count_values(number), counted(number, kind)
    d.put("again", answer, values, rivals, refers=first, needs=BOTH, last=True, w="first")
    return d


def format_rule(pair: Pair) -> Twins:
    """One word in small letters, or capital letters; the twins set the rules in the other order."""
    attribute, wanted = pair.wanted(("colour", "shape", "size", "fill"))
    orders = (("rule_word", "rule_upper"), ("rule_upper", "rule_word"))

    def compose(draft: Start, scene: Scene) -> Twins:
        last, second = rivals_in(scene, pair.rng, attribute, wanted)
        third = some([thing for thing in shapes(scene) if thing not in (last, second)], pair.rng, 1)[0]
        first, other = orders if pair.number % 2 else orders[::-1]
        return (
            _ruled(draft(scene), attribute, (third, second, last), first),
            _ruled(draft(scene), attribute, (third, second, last), other),
        )

    return pair.write(compose)


def _ruled(d: Draft, attribute: str, things: tuple[Thing, Thing, Thing], rules: tuple[str, str]) -> Draft:
    third, second, last = things
    d.show(0)
    d.anchor(third)
    at = _set(d, rules[0])
    under(d, second, (attribute, "place"), at)
    d.filler()
    _refer_back(d, at)
    d.form = ""
    d.put("rule_off", "OK.", (OK,), needs=NOTHING)
    d.filler()
    d.pad()
    at = _set(d, rules[1])
    d.filler()
    _refer_back(d, at)
    d.filler()
    _refer_back(d, at)
    spec = d.describe(last, (attribute,))
    d.attribute(last, attribute, f"the {noun_phrase(spec)}", refers=at, last=True)
    return d


def _set(d: Draft, rule: str) -> int:
    """Announce a rule; it holds from the next ask on."""
    at = d.put(rule, "OK.", (OK,), needs=NOTHING)
    d.form = "word" if rule == "rule_word" else "upper"
    return at


def under(d: Draft, thing: Thing, keep: tuple[str, ...], at: int) -> None:
    """A question whose answer must keep the rule set at a turn."""
    name = d.open(thing, keep)
    spec = d.describe(thing, (*keep, name))
    d.attribute(thing, name, f"the {noun_phrase(spec)}", refers=at)


def _refer_back(d: Draft, at: int) -> None:
    """Make the last ask one that needs the rule set at a turn."""
    d.asks[-1] = replace(d.asks[-1], refers_to=at, needs=BOTH, family=d.family)
