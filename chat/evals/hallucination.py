"""H: whether a model claims to see what is not there, after POPE (Li et al. 2023, "Evaluating Object
Hallucination in Large Vision-Language Models").

Each picture has a question about something that is there and one about something that is not,
chosen in one of three ways: at random; among what pictures hold most often; or made of a colour
and a shape that both are there, though not together. Scored by F1 of "yes" and the share of yes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial

from chat.evals.claims import Claim, claims, holds
from chat.evals.items import Item
from chat.evals.perception import asked, scene_facts
from chat.evals.sizes import Size
from chat.evals.splits import POOLS, check_split, draw_scene, sample_scene, scenes, unseen
from chat.evals.twins import Sheet, Twins, World
from chat.training.scene import Scene, Thing
from chat.training.scene import sample as sample_trained
from chat.training.talk import Spec

WAYS = ("random", "popular", "swapped")
"""How what is not there is chosen."""

POPULAR = 24
"""So many descriptions count as popular."""


def items(suite: str, split: str, size: Size) -> Iterator[Item]:
    """H's items: for each way, pictures with two questions."""
    check_split(split)
    for way in WAYS:
        if way == "swapped" and split in ("pairs", "objects"):
            continue  # Two shifts at once would say nothing of either.
        sheet: Sheet[Scene, Claim] = Sheet(
            suite,
            split,
            "H",
            way,
            partial(asked, fresh=split == "wordings"),
            partial(draw_scene, split=split),
            scene_facts,
        )
        pairs = size.hallucination // 2
        if way == "swapped":
            yield from sheet.yes_no_of(swapped_twins(sheet.rng(way, pair)) for pair in range(pairs))
        else:
            yield from sheet.yes_no(_world(suite, split, way), pairs)


def _world(suite: str, split: str, way: str) -> World[Scene, Claim]:
    def there(scene: Scene) -> list[Claim]:
        found = [claim for claim in claims("existence", scene) if claim.subject.colour]
        if split == "pairs":
            found = [claim for claim in found if any(map(unseen, claim.subject.among(scene.things)))]
        if way == "popular":
            found = [Claim("existence", spec) for spec in popular() if spec.among(scene.things)]
        return found

    return World(lambda rng: scenes(suite, split, rng.randrange(POOLS[suite])), there, holds)


@cache
def popular() -> tuple[Spec, ...]:
    """What the pictures of training hold most often, the most frequent first."""
    rng = random.Random("popular")
    held: Counter[Spec] = Counter()
    for _ in range(1500):
        things = sample_trained(rng).things
        held.update({Spec(kind=thing.kind if thing.is_text else thing.name) for thing in things})
        held.update({Spec(colour=thing.colour) for thing in things})
        held.update({Spec(size=thing.size) for thing in things if thing.size})
        held.update({Spec(fill=thing.fill) for thing in things if thing.fill})
    ranked = sorted(held, key=lambda spec: (-held[spec], repr(spec)))
    return tuple(ranked[:POPULAR])


def swapped_twins(rng: random.Random) -> Twins[Scene, Claim]:
    """A scene, and the same one with the colours of two of its shapes exchanged."""
    while True:
        first = sample_scene(rng, "iid")
        shapes = [thing for thing in first.things if thing.is_shape]
        if len(shapes) < 2:
            continue
        one, two = rng.sample(shapes, 2)
        if one.name == two.name or one.colour == two.colour:
            continue
        second = _exchanged(first, one, two)
        if not second.held_out or any(map(unseen, second.things)):
            continue
        said, other = _described(one), _described(two)
        crossed = _described(replace(one, colour=two.colour)), _described(replace(two, colour=one.colour))
        # Each must be true of one of the scenes and false of the other.
        for true in (said, other):
            for false in crossed:
                if not holds(true, second) and not holds(false, first):
                    return Twins(first, true, second, false)


def _exchanged(scene: Scene, one: Thing, two: Thing) -> Scene:
    traded = {
        id(one): replace(one, colour=two.colour, rgb=two.rgb),
        id(two): replace(two, colour=one.colour, rgb=one.rgb),
    }
    return replace(scene, things=tuple(traded.get(id(thing), thing) for thing in scene.things))


def _described(thing: Thing) -> Claim:
    return Claim("existence", Spec(colour=thing.colour, kind=thing.name))
