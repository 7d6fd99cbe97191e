"""P: what is seen, after MME (Fu et al. 2023, "MME: A Comprehensive Evaluation Benchmark").

Ten subtasks; each picture has two yes/no questions, of which one is yes and one is no, and a
subtask scores accuracy plus accuracy of both, 200 in all. Beside them, open questions on the
same subtasks with uniform quotas of values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random

from chat.evals import scene_kinds
from chat.evals.claims import (
    FAMILIES,
    MOST_COUNTED,
    OPPOSITE,
    Claim,
    claims,
    fact_of,
    facts_of,
    holds,
    sole,
    value_of,
)
from chat.evals.items import Ask, Item
from chat.evals.sizes import Size
from chat.evals.splits import POOLS, check_split, draw_scene, scenes, unseen
from chat.evals.twins import Sheet, World
from chat.evals.values import rivals, value
from chat.evals.wordings import SIDES, wordings
from chat.training.cards.turns import therefore, yes_no
from chat.training.language import NUMBERS, PLACE_PHRASES, a_thing, article, capital, counted, plural
from chat.training.questions import describe_scene
from chat.training.scene import COLOURS, FILLS, PLACES, SHAPES, SIZES, Scene
from chat.training.talk import Spec

SUBTASKS = (*FAMILIES, "scene")
"""The ten subtasks of P."""

QUOTAS: dict[str, tuple[str, ...]] = {
    "existence": SHAPES,
    "count": tuple(str(number) for number in range(1, MOST_COUNTED + 1)),
    "colour": tuple(COLOURS),
    "shape": SHAPES,
    "size": SIZES,
    "position": PLACES,
    "relation": SHAPES,
    "fill": FILLS,
    "reading": (),
}
"""Values of open questions, each asked for as often as every other; none: as they come."""

OF_PAIRS = ("existence", "colour", "shape")
"""Subtasks in which the pair of a colour and a shape is what must be seen."""


def items(suite: str, split: str, size: Size) -> Iterator[Item]:
    """P's items: for each subtask, pictures with two yes/no questions, then open ones."""
    check_split(split)
    for family in OF_PAIRS if split == "pairs" else FAMILIES:
        yield from sheet(suite, split, family, yes_no=True).yes_no(
            world(suite, split, family), size.perception // 2
        )
        # Fuller scenes hold no lone thing, and nearly never one thing alone on a side of another.
        if split != "objects" or family not in ("existence", "relation"):
            yield from sheet(suite, split, family, yes_no=False).open(
                open_world(suite, split, family), size.perception_open // 2, _quota(family, split)
            )
    if split not in ("pairs", "objects"):
        yield from scene_kinds.items(suite, split, size)


def world(suite: str, split: str, family: str) -> World[Scene, Claim]:
    """The scenes of a split and what is true of them in a family."""
    return World(partial(_scenes, suite, split), lambda scene: _true(split, family, scene), holds)


def _scenes(suite: str, split: str, rng: Random) -> Iterator[Scene]:
    return scenes(suite, split, rng.randrange(POOLS[suite]))


def _true(split: str, family: str, scene: Scene) -> list[Claim]:
    found = claims(family, scene)
    if split != "pairs":
        return list(found)
    if family == "existence":
        found = tuple(claim for claim in found if claim.subject.colour)
    return [claim for claim in found if any(unseen(thing) for thing in claim.subject.among(scene.things))]


def open_world(suite: str, split: str, family: str) -> World[Scene, Claim]:
    """The same for open questions: only what can be asked for without doubt."""

    def askable(scene: Scene) -> Sequence[Claim]:
        found = _true(split, family, scene)
        if family == "relation":
            return [claim for claim in found if sole(claim, scene)]
        if family == "existence":
            alone = len(scene.things) == 1 and found
            return [Claim("existence", Spec(), scene.things[0].name)] if alone else []
        return found

    return World(partial(_scenes, suite, split), askable, holds)


def _quota(family: str, split: str) -> list[tuple[str, ...]]:
    # The pairs have their own few colours and shapes.
    return [] if split == "pairs" or not QUOTAS[family] else [QUOTAS[family]]


def sheet(suite: str, split: str, family: str, *, yes_no: bool) -> Sheet[Scene, Claim]:
    """How a subtask's claims become questions."""
    asking = partial(asked if yes_no else asked_openly, fresh=split == "wordings")
    name = family if yes_no else f"{family}_open"
    return Sheet(suite, split, "P", name, asking, partial(draw_scene, split=split), scene_facts)


def scene_facts(scene: Scene, asked: Sequence[Claim]) -> tuple[object, ...]:
    """What the symbolic solver is given: the scene's facts and the claims asked about."""
    return (facts_of(scene), tuple(fact_of(claim) for claim in asked))


def subject_words(subject: Spec) -> str:
    """A subject as a question names it, its place after it."""
    at = f" {PLACE_PHRASES[subject.place]}" if subject.place else ""
    return subject.words() + at


def asked(claim: Claim, scene: Scene, rng: Random, *, fresh: bool) -> Ask:
    """The yes/no question about a claim and its answer for a scene."""
    noun, shown = subject_words(claim.subject), claim.value
    number = int(claim.value) if claim.family == "count" else 0
    many = f"{NUMBERS[number]} {noun if number == 1 else plural(noun)}"
    question = rng.choice(wordings(claim.family, yes_no=True, fresh=fresh)).format(
        n=noun,
        a=article(noun),
        v=shown,
        av=article(shown) if shown else "",
        c=many,
        at=PLACE_PHRASES.get(shown, ""),
        r=SIDES.get(claim.relation, ""),
    )
    true = bool(holds(claim, scene))
    word = "yes" if true else "no"
    truth = _truth(claim, scene, true)
    worked_out = claim.family in ("count", "relation", "reading")
    return Ask(
        question,
        (therefore if worked_out else yes_no)(true, truth),
        claim.family,
        "yes_no",
        (word,),
        pictures=(0,),
    )


def _truth(claim: Claim, scene: Scene, true: bool) -> str:
    """What is so, as the rest of the answer to a yes/no question."""
    noun, found = claim.subject.words(), claim.subject.among(scene.things)
    if claim.family == "existence":
        told = counted(len(found), noun)
        return told[0].lower() + told[1:] if true else f"there is no {noun}."
    if claim.family == "count":
        told = counted(len(found), noun)
        return told[0].lower() + told[1:]
    if claim.family == "relation":
        side = claim.relation if true else OPPOSITE[claim.relation]
        return f"the {claim.value} is {SIDES[side]} the {noun}."
    if claim.family == "reading":
        # Claims are of scenes with one text; a scene where it is false may have others.
        return f"it says {claims('reading', scene)[0].value}."
    told = value_of(found[0], claim.family)
    if claim.family == "shape":
        told = article(told)
    return f"it is {PLACE_PHRASES.get(told, told)}."


def asked_openly(claim: Claim, scene: Scene, rng: Random, *, fresh: bool) -> Ask:
    """The open question for a claim's value."""
    noun = subject_words(claim.subject)
    question = rng.choice(wordings(claim.family, yes_no=False, fresh=fresh)).format(
        n=noun, p=plural(noun), r=SIDES.get(claim.relation, "")
    )
    kind = {"existence": "shape", "relation": "shape"}.get(claim.family, claim.family)
    other = () if kind == "reading" else rivals(kind, claim.value)
    if claim.family == "relation":
        # "The star is to the left of the circle" names the landmark, and is right.
        other = tuple(each for each in other if each != value(claim.subject.kind))
    return Ask(
        question,
        _open_answer(claim, scene),
        f"{claim.family}_open",
        "open",
        (value(claim.value),),
        other,
        (0,),
    )


def _open_answer(claim: Claim, scene: Scene) -> str:
    if claim.family == "existence":
        return describe_scene(scene)
    if claim.family == "count":
        return counted(int(claim.value), claim.subject.words())
    if claim.family == "reading":
        return f"It says {claim.value}."
    if claim.family == "relation":
        (thing,) = Spec(kind=claim.value).among(scene.things)
        return f"{capital(a_thing(thing))}."
    told = article(claim.value) if claim.family == "shape" else claim.value
    return f"It is {PLACE_PHRASES.get(told, told)}."
