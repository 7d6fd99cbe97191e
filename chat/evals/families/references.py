"""Families that refer to one thing: it, the other one, the first thing asked about, a correction,
a given name, a return to a topic."""

from __future__ import annotations

from collections.abc import Callable

from chat.evals.families.draft import BOTH, Draft, NoOccasionError, noun_phrase, shapes, spec_of
from chat.evals.families.pair import Pair, Twins, rivals_in, some, two_alike
from chat.evals.families.values import attribute_values, phrase_of, value
from chat.evals.families.wordings import BACK
from chat.training.followups import given_name
from chat.training.language import NUMBERS, plural
from chat.training.questions import attribute_of
from chat.training.scene import Scene, Thing
from chat.training.talk import Spec

Start = Callable[..., Draft]
OF_ALIKE = ("colour", "place", "size", "fill")
"""What may differ between two things of one shape."""


def it(pair: Pair) -> Twins:
    """ "It" means the thing asked about last; the twins asked about another thing last."""
    attribute, wanted = pair.wanted()

    def compose(draft: Start, scene: Scene) -> Twins:
        one, two = rivals_in(scene, pair.rng, attribute, wanted)
        third = some([thing for thing in shapes(scene) if thing not in (one, two)], pair.rng, 1)[0]
        return _it(draft(scene), attribute, third, two, one), _it(draft(scene), attribute, third, one, two)

    return pair.write(compose)


def _it(d: Draft, attribute: str, third: Thing, before: Thing, last: Thing) -> Draft:
    d.show(0)
    d.filler()
    d.pad()
    aside(d, third)
    aside(d, before, (attribute,))
    d.filler()
    at = d.anchor(last, (attribute,))
    d.attribute(last, d.open(last, (attribute,)), "it", refers=at)
    d.small()
    d.attribute(last, attribute, "it", refers=at, last=True)
    return d


def aside(d: Draft, thing: Thing, keep: tuple[str, ...] = ()) -> None:
    """A question about a thing, and another about "it"."""
    at = d.anchor(thing, keep)
    d.attribute(thing, d.open(thing, keep), "it", refers=at)


def other(pair: Pair) -> Twins:
    """ "The other star" is the one of two that is not talked about; the twins began with the other."""
    attribute, wanted = pair.wanted(OF_ALIKE)

    def compose(draft: Start, scene: Scene) -> Twins:
        one, two = two_alike(scene, pair.rng, attribute, wanted)
        third = some([thing for thing in shapes(scene) if thing not in (one, two)], pair.rng, 1)[0]
        return _other(draft(scene), attribute, third, two, one), _other(
            draft(scene), attribute, third, one, two
        )

    return pair.write(compose)


def _other(d: Draft, attribute: str, third: Thing, start: Thing, last: Thing) -> Draft:
    d.show(0)
    d.filler((start.name,))
    d.pad()
    aside(d, third)
    words = f"the other {start.name}"
    d.gone(start).add("shape")
    d.gone(last).add("shape")
    at = d.anchor(start, (attribute,), open_to_both(d, start, last, attribute))
    repeated = next(name for name in OF_ALIKE if d.asks[at].values == attribute_of_values(name, start))
    values, rivals = attribute_values(repeated, value(last, repeated))
    if repeated in d.gone(last):
        raise NoOccasionError
    d.gone(last).add(repeated)
    answer = attribute_of(last, repeated, "The other one")
    d.put("other_too", answer, values, rivals, refers=at, needs=BOTH, k=start.name)
    d.small()
    d.attribute(start, d.open(start, (attribute, "shape")), words, refers=d.turn - 2)
    d.filler((start.name,))
    d.attribute(last, attribute, words, refers=d.turn - 2, last=True)
    return d


def attribute_of_values(name: str, thing: Thing) -> tuple[str, ...]:
    """The values of an ask for an attribute of a thing."""
    return attribute_values(name, value(thing, name))[0]


def open_to_both(d: Draft, one: Thing, two: Thing, keep: str) -> str:
    """An attribute that was given away of neither. Raises NoOccasionError if none is left."""
    free = [name for name in OF_ALIKE if name != keep and name not in d.gone(one) | d.gone(two)]
    if not free:
        raise NoOccasionError
    return d.rng.choice(free)


def first_thing(pair: Pair) -> Twins:
    """ "The first thing I asked about"; the twins asked in the other order."""
    attribute, wanted = pair.wanted()

    def compose(draft: Start, scene: Scene) -> Twins:
        one, two = rivals_in(scene, pair.rng, attribute, wanted)
        third = some([thing for thing in shapes(scene) if thing not in (one, two)], pair.rng, 1)[0]
        return _first(draft(scene), attribute, third, one, two), _first(
            draft(scene), attribute, third, two, one
        )

    return pair.write(compose)


def _first(d: Draft, attribute: str, third: Thing, one: Thing, two: Thing) -> Draft:
    d.show(0)
    first = d.anchor(one, (attribute,))
    d.small()
    second = d.anchor(two, (attribute,))
    d.filler()
    d.pad()
    d.attribute(one, d.open(one, (attribute,)), "the first thing I asked about", refers=first)
    d.anchor(third)
    d.attribute(two, d.open(two, (attribute,)), "the second thing I asked about", refers=second)
    d.filler()
    d.attribute(one, attribute, "the first thing I asked about", refers=first, last=True)
    return d


def correction(pair: Pair) -> Twins:
    """ "No, I mean the red one": the question before, of another thing; the twins asked something else."""
    distinct, wanted = pair.wanted(OF_ALIKE)

    def compose(draft: Start, scene: Scene) -> Twins:
        right, wrong = two_alike(scene, pair.rng, distinct, wanted)
        third = some([thing for thing in shapes(scene) if thing not in (right, wrong)], pair.rng, 1)[0]
        free = [name for name in OF_ALIKE if name != distinct]
        asked, other_asked, between = pair.rng.sample(free, 3)
        drafts = (draft(scene), draft(scene))
        for d, last in zip(drafts, (asked, other_asked), strict=True):
            _correct(d, (distinct, last, between), third, wrong, right, {asked, other_asked})
        return drafts

    return pair.write(compose)


def one_words(thing: Thing, attribute: str) -> str:
    """ "the red one", "the one at the top"."""
    phrase = phrase_of(attribute, value(thing, attribute))
    return f"the one {phrase}" if attribute == "place" else f"the {phrase} one"


def _correct(
    d: Draft, asked: tuple[str, str, str], third: Thing, wrong: Thing, right: Thing, keep: set[str]
) -> None:
    distinct, last, between = asked
    d.show(0)
    d.filler((wrong.name,))
    d.pad()
    aside(d, third)
    alike = Spec(kind=wrong.name)
    d.gone(wrong).add("shape")
    number = len(alike.among(d.scene.things))
    which = f"There are {NUMBERS[number]} {plural(wrong.name)}. Which one do you mean?"
    at = d.put(between, which, (), kind="abstain", n=f"the {wrong.name}")
    _resolved(d, "choose", wrong, between, distinct, at)
    d.small()
    d.filler((wrong.name,))
    d.gone(wrong).update(("shape", distinct))
    d.gone(right).update(("shape", distinct))
    spec = spec_of(wrong, ("place", "kind") if distinct == "place" else (distinct, "kind"))
    if spec.among(d.scene.things) != (wrong,):
        raise NoOccasionError
    at = d.attribute(wrong, last, f"the {noun_phrase(spec)}")
    _resolved(d, "correct", right, last, distinct, at, final=True)


def _resolved(
    d: Draft, intent: str, thing: Thing, asked: str, distinct: str, at: int, *, final: bool = False
) -> None:
    """The thing meant, named by what sets it apart from its like; the answer is to the question before."""
    d.gone(thing).update((asked, distinct))
    values, rivals = attribute_values(asked, value(thing, asked))
    answer = attribute_of(thing, asked)
    d.put(intent, answer, values, rivals, refers=at, needs=BOTH, last=final, o=one_words(thing, distinct))


def named(pair: Pair) -> Twins:
    """Names that the person gave; the twins gave them the other way round."""
    attribute, wanted = pair.wanted()
    names = two_names(pair)

    def compose(draft: Start, scene: Scene) -> Twins:
        one, two = rivals_in(scene, pair.rng, attribute, wanted)
        return _named(draft(scene), attribute, names, one, two, one), _named(
            draft(scene), attribute, names, two, one, one
        )

    return pair.write(compose)


def two_names(pair: Pair) -> tuple[str, str]:
    """Two different names."""
    first = second = given_name(pair.rng)
    while second == first:
        second = given_name(pair.rng)
    return first, second


def _named(d: Draft, attribute: str, names: tuple[str, str], one: Thing, two: Thing, start: Thing) -> Draft:
    """`one` gets the first name, whichever of the two is spoken of first."""
    given = {one: names[0], two: names[1]}
    at = {}
    d.show(0)
    d.filler()
    for thing in (start, two if start is one else one):
        d.anchor(thing, (attribute,))
        at[thing] = d.name(given[thing])
    d.filler()
    d.pad()
    d.attribute(one, d.open(one, (attribute,)), names[0], refers=at[one])
    d.attribute(two, d.open(two, (attribute,)), names[1], refers=at[two])
    d.small()
    d.attribute(one, attribute, names[0], refers=at[one], last=True)
    return d


def returning(pair: Pair) -> Twins:
    """ "Back to the star we talked about", of two stars; the twins talked about the other."""
    attribute, wanted = pair.wanted(OF_ALIKE)

    def compose(draft: Start, scene: Scene) -> Twins:
        one, two = two_alike(scene, pair.rng, attribute, wanted)
        third = some([thing for thing in shapes(scene) if thing not in (one, two)], pair.rng, 1)[0]
        return _return(draft(scene), attribute, third, one), _return(draft(scene), attribute, third, two)

    return pair.write(compose)


def _return(d: Draft, attribute: str, third: Thing, one: Thing) -> Draft:
    back = BACK[d.last % len(BACK)].format(n=f"the {one.name} we talked about")
    d.show(0)
    d.filler((one.name,))
    d.gone(one).add("shape")
    at = d.anchor(one, (attribute,))
    d.pad()
    start = d.anchor(third)
    d.small()
    d.attribute(third, d.open(third), "it", refers=start)
    d.attribute(one, d.open(one, (attribute, "shape")), "it", refers=at, opener=back)
    d.filler((one.name,))
    d.small()
    d.attribute(one, attribute, "it", refers=at, last=True, opener=back)
    return d
