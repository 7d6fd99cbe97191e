"""The shifts under which a suite is asked again, each reported as a drop from "iid".

"iid" has new scenes of the kind that training has. The others change one thing: which pairs of
colour and shape there are, how questions are worded, how many things stand in a picture, how it
is drawn, how long dialogues are, which families meet in one. "wordings" and "renderer" ask about
the very scenes of "iid", so that nothing else differs.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFilter

from chat.errors import ConfigError
from chat.evals.items import seed
from chat.evals.suite import to_png
from chat.training.render import picture
from chat.training.scene import HELD_OUT_PAIRS, Scene, Thing, sample

SPLITS = (
    "iid",
    "pairs",
    "wordings",
    "objects",
    "renderer",
    "longer10",
    "longer20",
    "longer30",
    "families",
)
"""Every split; the last four are of dialogues alone."""

OF_PICTURES = SPLITS[:5]
OF_DIALOGUES = SPLITS[5:]

MOST_TRAINED = 6
"""Things in the fullest scene that training draws; more belong to the split "objects"."""


def unseen(thing: Thing) -> bool:
    """Whether a thing is of a colour and a shape that training never shows together."""
    return (thing.colour, thing.name) in HELD_OUT_PAIRS


def has_unseen_pair(scene: Scene) -> bool:
    """Whether any of a scene's things is of an unseen pair."""
    return any(unseen(thing) for thing in scene.things)


def trainable(scene: Scene) -> bool:
    """Whether training could draw a scene; no suite may hold one."""
    return not scene.held_out and len(scene.things) <= MOST_TRAINED and not has_unseen_pair(scene)


def sample_scene(rng: random.Random, split: str) -> Scene:
    """A scene for a split that training cannot draw. Raises ConfigError for an unknown split."""
    check_split(split)
    while True:
        if split == "objects":
            scene = _crowded(rng)
            if len(scene.things) > MOST_TRAINED:
                return scene
        elif split == "pairs":
            scene = sample(rng, pairs=True)
            if has_unseen_pair(scene):
                return scene
        else:
            return sample(rng, held_out=True)


def _crowded(rng: random.Random) -> Scene:
    """A scene with the things of several others that do not touch."""
    base = sample(rng)
    things = list(base.things)
    for _ in range(40):
        other = sample(rng, texts=(1.0,))
        if (other.width, other.height) != (base.width, base.height):
            continue
        for thing in other.things:
            free = all(thing.place != each.place and not _touch(thing, each) for each in things)
            if free and len(things) < 9 and _visible(thing, base):
                things.append(thing)
        if len(things) > MOST_TRAINED and rng.random() < 0.4:
            break
    return replace(base, things=tuple(sorted(things, key=lambda thing: thing.place)))


def _touch(a: Thing, b: Thing) -> bool:
    gap = 3
    return abs(a.x - b.x) < (a.width + b.width) / 2 + gap and abs(a.y - b.y) < (a.height + b.height) / 2 + gap


def _visible(thing: Thing, scene: Scene) -> bool:
    """Whether its shade is far from both of the background's, weighted as the eye weights them."""
    return all(
        sum(weight * (a - b) ** 2 for weight, a, b in zip((2, 4, 3), thing.rgb, other, strict=True)) > 45_000
        for other in (scene.background.first, scene.background.second)
    )


def draw_scene(scene: Scene, split: str) -> bytes:
    """The scene as the PNG file that a person would send, in the split's way of drawing."""
    drawn = picture(scene)
    return to_png(weathered(drawn, int(scene.digest[:12], 16)) if split == "renderer" else drawn)


def weathered(image: Pillow.Image, chance: int) -> Pillow.Image:
    """The picture as if drawn by hand on rough paper and photographed.

    Edges wander by up to two pixels, the paper has a grain, the sensor noise, the file JPEG blocks:
    nothing of which the training renderer does to a thing. chance seeds it all.
    """
    noise = np.random.default_rng(chance)
    wide, high = image.size
    columns, rows = wide // 8, high // 8
    shift = noise.uniform(-2, 2, (rows + 1, columns + 1, 2))
    shift[[0, -1]] = shift[:, [0, -1]] = 0  # nothing lies beyond the edge
    mesh = []
    for row in range(rows):
        for column in range(columns):
            corners = ((row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1))
            quad = [
                coordinate
                for r, c in corners
                for coordinate in (c * 8 + float(shift[r, c, 0]), r * 8 + float(shift[r, c, 1]))
            ]
            mesh.append(((column * 8, row * 8, column * 8 + 8, row * 8 + 8), tuple(quad)))
    bent = image.transform(image.size, Pillow.Transform.MESH, mesh, Pillow.Resampling.BILINEAR)
    grain = Pillow.fromarray(noise.integers(0, 256, (high, wide), np.uint8).astype(np.uint8))
    soft = np.asarray(grain.filter(ImageFilter.GaussianBlur(1.5)), np.float64)[..., None]
    values = np.asarray(bent, np.float64) * (1 + (soft - 128) / 250) + noise.normal(0, 6, (high, wide, 3))
    file = io.BytesIO()
    Pillow.fromarray(values.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=75)
    return Pillow.open(file).convert("RGB")


def check_split(split: str) -> None:
    """Raise ConfigError, naming the splits there are, unless this is one."""
    if split not in SPLITS:
        raise ConfigError(f"There is no split {split!r}. Use one of: {', '.join(SPLITS)}.")


def base_split(split: str) -> str:
    """The split whose scenes and questions this one uses: its own, or iid's."""
    return "iid" if split in ("wordings", "renderer") else split


@cache
def _scene_at(suite: str, split: str, index: int) -> Scene:
    return sample_scene(random.Random(seed(suite, split, "scene", index)), split)


POOLS = {"smoke": 300, "std": 1600, "full": 4000}
"""Scenes that a suite's picture questions choose from; drawn when looked at."""


def scenes(suite: str, split: str, start: int) -> Iterator[Scene]:
    """The pool of a suite and split once round, from a place in it that the asker chooses.

    Drawing a scene that training cannot draw takes long, so families look through shared scenes
    instead of drawing theirs; what an item becomes depends on its own seed and nothing else.
    """
    for offset in range(POOLS[suite]):
        yield _scene_at(suite, base_split(split), (start + offset) % POOLS[suite])
