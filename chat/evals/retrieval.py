"""Part R: how well an embedder finds pictures by words, and words by pictures.

Recall at k and mean average precision both ways, as is usual for retrieval (Karpathy & Fei-Fei
2015, arXiv:1412.2306); classes named in words without an example, as CLIP is measured (Radford
et al. 2021, arXiv:2103.00020); and captions with two colours swapped, which a bag of words
cannot tell apart (Yuksekgonul et al. 2023, arXiv:2210.01936). No scene here is one that training
can draw, and an eighth of its pairs of colour and shape are ones that training never shows.

Shapes: n pictures and their captions, w numbers in a vector.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chat.engines.base import Embedder
from chat.evals.items import seed, share
from chat.evals.sizes import size_of
from chat.evals.suite import to_png
from chat.training.language import a_thing, article, listed
from chat.training.questions import describe_scene
from chat.training.render import picture
from chat.training.scene import COLOURS, HELD_OUT_PAIRS, SHAPES, Scene, Thing, sample

NAMED = ("R_at_1", "R_at_5", "R_map", "zero_shot_48", "swapped")
"""Scores of this part that every run names."""

CUTS = (1, 5, 10)
"""Places among which the right one has to be."""

NEW_SHAPES = SHAPES[-4:]
"""Shapes of which training lacks two colours each."""


@dataclass(frozen=True)
class Collection:
    """Pictures as PNG bytes with a caption each, no two of them alike."""

    pictures: tuple[bytes, ...]
    captions: tuple[str, ...]


def collection(suite: str) -> Collection:
    """Scenes with their whole descriptions."""
    rng = random.Random(seed(suite, "iid", "retrieval", 0))
    found: dict[str, Scene] = {}
    while len(found) < size_of(suite).retrieval:
        scene = sample(rng, held_out=True)
        if scene.things:
            found.setdefault(describe_scene(scene), scene)
    return Collection(tuple(to_png(picture(scene)) for scene in found.values()), tuple(found))


def single_shapes(suite: str) -> tuple[tuple[bytes, ...], tuple[int, ...], tuple[str, ...]]:
    """Pictures of one of the new shapes, the class of each, and the 48 classes in words.

    Every class, a colour and a shape, has as many pictures.
    """
    rng = random.Random(seed(suite, "pairs", "zero_shot", 0))
    wanted = [(colour, shape) for shape in NEW_SHAPES for colour in COLOURS]
    each = 1 + size_of(suite).retrieval // 50
    drawn: dict[tuple[str, str], list[Scene]] = defaultdict(list)
    while any(len(drawn[pair]) < each for pair in wanted):
        scene = sample(rng, held_out=True, most=1, texts=(1.0,), pairs=True)
        if len(scene.things) == 1:
            thing = scene.things[0]
            drawn[thing.colour, thing.name].append(scene)
    scenes = [(scene, number) for number, pair in enumerate(wanted) for scene in drawn[pair][:each]]
    return (
        tuple(to_png(picture(scene)) for scene, _ in scenes),
        tuple(number for _, number in scenes),
        tuple(article(f"{colour} {shape}") for colour, shape in wanted),
    )


def swapped_pairs(suite: str) -> tuple[tuple[bytes, ...], tuple[str, ...], tuple[str, ...]]:
    """Pictures of two shapes, their captions, and the same with the two colours swapped."""
    rng = random.Random(seed(suite, "iid", "swapped", 0))
    pictures: list[bytes] = []
    right: list[str] = []
    wrong: list[str] = []
    while len(pictures) < size_of(suite).retrieval:
        scene = sample(rng, held_out=True, most=2, texts=(1.0,))
        if len(scene.things) != 2:
            continue
        one, two = scene.things
        swapped = replace(one, colour=two.colour), replace(two, colour=one.colour)
        unseen = any((thing.colour, thing.name) in HELD_OUT_PAIRS for thing in swapped)
        if one.colour == two.colour or one.name == two.name or unseen:
            continue
        pictures.append(to_png(picture(scene)))
        right.append(_said((one, two)))
        wrong.append(_said(swapped))
    return tuple(pictures), tuple(right), tuple(wrong)


def _said(things: Sequence[Thing]) -> str:
    return listed([a_thing(thing) for thing in things])


def ranks(images: NDArray[np.float32], texts: NDArray[np.float32]) -> tuple[NDArray[np.int64], ...]:
    """The place from 1 of the right one of n, by (the captions for each picture, the pictures for each
    caption); vectors (n, w), and what ties with the right one stands before it."""
    products = images @ texts.T
    own = products.diagonal()
    by_picture = (products >= own[:, None]).sum(1)
    by_caption = (products >= own[None]).sum(0)
    return by_picture, by_caption


def scores(embedder: Embedder, suite: str) -> dict[str, float | str | None]:
    """The part's scores in percent, by name. Both ways are averaged, and then each by itself: "_text" finds
    captions for a picture, "_image" pictures for a caption.

    With one right answer to each query, the average precision is one over its place.
    """
    both = collection(suite)
    places = ranks(embedder.images(both.pictures), embedder.texts(both.captions))
    found: dict[str, float | str | None] = {}
    for way, place in zip(("text", "image"), places, strict=True):
        for cut in CUTS:
            found[f"R_at_{cut}_{way}"] = share((place <= cut).tolist())
        found[f"R_map_{way}"] = 100 * float((1 / place).mean())
    for name in (*(f"R_at_{cut}" for cut in CUTS), "R_map"):
        found[name] = sum(float(found[f"{name}_{way}"] or 0) for way in ("text", "image")) / 2
    pictures, classes, labels = single_shapes(suite)
    named = (embedder.images(pictures) @ embedder.texts(labels).T).argmax(1)
    found["zero_shot_48"] = share((named == np.array(classes)).tolist())
    unseen = [(colour, shape) in HELD_OUT_PAIRS for shape in NEW_SHAPES for colour in COLOURS]
    marks = [bool(said == true) for said, true in zip(named, classes, strict=True) if unseen[true]]
    found["zero_shot_unseen"] = share(marks)
    shown, right, wrong = swapped_pairs(suite)
    seen = embedder.images(shown)
    better = (seen * embedder.texts(right)).sum(1) > (seen * embedder.texts(wrong)).sum(1)
    found["swapped"] = share(better.tolist())
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in found.items()}
