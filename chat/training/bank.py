"""Pictures drawn ahead, with what the pretrained network says of them.

That network never changes, so each picture goes through it once, not each time it comes up
in a dialogue: on a processor without a GPU it would cost as much as the rest of a step. The
questions about a picture are new each time.

Arrays on disk, one row a picture: squares (SCALE·SIDE, SCALE·SIDE, 3) bytes; grounding cells
(names, GRID²) bytes; and the fields of `chat.model.photo.Seen` in half precision.
"""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from chat.model.checkpoint import write_whole
from chat.model.classes import classes
from chat.model.config import TAGS
from chat.model.efficientnet import CLASSES, FEATURES
from chat.model.images import to_pixels
from chat.model.photo import WHOLE, Pretrained, Seen
from chat.training.drawing import draw
from chat.training.grounding import TARGETS, stack
from chat.training.objects import subject, unspoken
from chat.training.render import GRID, SCALE, SIDE
from chat.training.scene import Scene
from chat.training.tags import Tags, best_kind, speak_for
from chat.training.talk import Shown

Painter = Callable[[random.Random], Shown]

CHUNK = 32
"""Pictures that go through the network together."""

ROWS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "squares": (np.uint8, (SIDE * SCALE, SIDE * SCALE, 3)),
    "cells": (np.uint8, (len(TARGETS), GRID * GRID)),
    "features": (np.float16, (GRID * GRID, FEATURES)),
    "tags": (np.int16, (TAGS,)),
    "confidence": (np.float16, (TAGS,)),
    "places": (np.float16, (TAGS, GRID * GRID)),
}


class _Drawn(Dataset[tuple[list[Shown], NDArray[np.uint8], dict[str, Tensor]]]):
    """Chunks of scenes with their squares and cells, drawn in worker processes."""

    def __init__(self, seed: str, painter: Painter) -> None:
        self.seed, self.painter = seed, painter

    def __getitem__(self, chunk: int) -> tuple[list[Shown], NDArray[np.uint8], dict[str, Tensor]]:
        rng = random.Random(f"bank/{self.seed}/{chunk}")
        scenes = [self.painter(rng) for _ in range(CHUNK)]
        squares, cells = zip(*map(draw, scenes), strict=True)
        return scenes, np.stack(squares), stack(cells)


class Bank:
    """The pictures of a folder, as far as they are drawn: read only, and cheap to open in every process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __len__(self) -> int:
        """How many pictures are drawn."""
        path = self.folder / "count.json"
        return int(json.loads(path.read_text("utf-8"))["count"]) if path.exists() else 0

    @cached_property
    def scenes(self) -> list[Shown]:
        """Their scenes, by row."""
        scenes: list[Shown] = []
        for chunk in range(len(self) // CHUNK):
            scenes += pickle.loads((self.folder / "scenes" / f"{chunk}.pickle").read_bytes())
        return scenes

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {id(scene): row for row, scene in enumerate(self.scenes)}

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            name: np.memmap(self.folder / f"{name}.bin", dtype, "r").reshape(-1, *shape)
            for name, (dtype, shape) in ROWS.items()
        }

    def row(self, scene: Shown) -> int:
        """The row of a scene that came from this bank; KeyError for any other."""
        return self._rows[id(scene)]

    def pictures(self, rows: Sequence[int]) -> tuple[Tensor, dict[str, Tensor], Seen]:
        """Squares (n, H, W, 3), grounding targets (n, p) by name, and what the network sees."""
        index = np.asarray(rows, np.int64)
        read = {name: torch.from_numpy(array[index]) for name, array in self._arrays.items()}
        cells = read["cells"].long()
        targets = {name: cells[:, at] for at, name in enumerate(TARGETS)}
        seen = Seen(
            read["features"].float(), read["tags"].long(), read["confidence"].float(), read["places"].float()
        )
        return read["squares"], targets, seen

    def fill(self, count: int, seed: str, painter: Painter, network: Pretrained, workers: int = 1) -> None:
        """Draw until there are `count` pictures; goes on where a stopped run was."""
        (self.folder / "scenes").mkdir(parents=True, exist_ok=True)
        first, last = len(self) // CHUNK, -(-count // CHUNK)
        loader = DataLoader(
            _Drawn(seed, painter),
            sampler=range(first, last),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=4 if workers else None,
        )
        for chunk, (scenes, squares, cells) in enumerate(
            tqdm(loader, initial=first, total=last, desc="pictures", unit="chunk"), first
        ):
            seen = network.look(to_pixels(squares))
            scenes = [resolved(scene, row, seen, network.kind_of) for row, scene in enumerate(scenes)]
            seen = pretended(seen, [scene.tags for scene in scenes], network.kind_of)
            self._write(chunk, scenes, squares, cells, seen)

    def _write(
        self,
        chunk: int,
        scenes: list[Shown],
        squares: NDArray[np.uint8],
        cells: dict[str, Tensor],
        seen: Seen,
    ) -> None:
        """One chunk; the count is moved on last, so that a half-written chunk is written again."""
        values = {
            "squares": squares,
            "cells": torch.stack([cells[name] for name in TARGETS], 1).numpy(),
            **{name: value.numpy() for name, value in vars(seen).items()},
        }
        for name, (dtype, shape) in ROWS.items():
            rows = np.ascontiguousarray(values[name], dtype).reshape(-1, *shape)
            with (self.folder / f"{name}.bin").open("r+b" if chunk else "wb") as file:
                file.seek(chunk * rows.nbytes)
                file.write(rows.tobytes())
        (self.folder / "scenes" / f"{chunk}.pickle").write_bytes(pickle.dumps(scenes))
        write_whole(self.folder / "count.json", json.dumps({"count": (chunk + 1) * CHUNK}).encode())


def resolved(scene: Shown, row: int, seen: Seen, kind_of: Tensor) -> Shown:
    """A photograph is said to be what the network's own tags allow to say: one of which nothing is said
    yet, and one whose thing has a name that they do not speak for."""
    if not isinstance(scene, Scene) or scene.medium != "photograph" or scene.tags is not None:
        return scene
    *tags, (kind, likely) = zip(
        seen.tags[row, : WHOLE + 1].tolist(), seen.confidence[row, : WHOLE + 1].tolist(), strict=True
    )
    kinds = (classes()[int((kind_of == kind - CLASSES).nonzero()[0, 0])].broader, likely)
    canvas = (scene.width, scene.height)
    if unspoken(scene):
        return replace(scene, things=(subject(tuple(tags), canvas=canvas, kinds=kinds),))
    (thing,) = scene.things
    if speak_for(thing.name, thing.broader, tags, kinds):
        return scene
    return replace(scene, things=(subject(tuple(tags), thing, canvas, kinds),))


def pretended(seen: Seen, tags: Sequence[Tags | None], kind_of: Tensor) -> Seen:
    """What is seen, with made-up tags in the place of the network's own where there are some."""
    classes, confidence = seen.tags.clone(), seen.confidence.clone()
    for row, made in enumerate(tags):
        if made is None:
            continue
        rng = random.Random(repr(made))
        kind, likely = best_kind(made, lambda index: int(kind_of[index]))
        said = [*made[:WHOLE], (CLASSES + kind, min(1.0, likely))]
        while len(said) < TAGS:
            index, probability = made[0] if rng.random() < 0.7 else rng.choice(made[1:])
            said.append((index, min(0.99, probability * rng.uniform(0.4, 1.2))))
        classes[row] = torch.tensor([index for index, _ in said])
        confidence[row] = torch.tensor([probability for _, probability in said])
    return Seen(seen.features, classes, confidence, seen.places)


def shelves(scenes: Sequence[Shown]) -> Iterator[tuple[str, list[Shown]]]:
    """The scenes by what they are of: shapes, objects, photographs, cards."""
    found: dict[str, list[Shown]] = {"shapes": [], "objects": [], "photographs": [], "cards": []}
    for scene in scenes:
        objects = any(thing.kind == "object" for thing in scene.things)
        plain = "objects" if objects else "shapes"
        name = {"photograph": "photographs", "card": "cards"}.get(scene.medium, plain)
        found[name].append(scene)
    yield from found.items()
