"""From dialogues and scenes to batches of tensors, generated while training runs.

Every batch follows from (seed, stage, number), so a resumed run goes on with exactly
the batches that an uninterrupted one would have seen.

Shapes: b dialogues, s positions, n pictures in the batch, m the most pictures of one
dialogue, p image tokens a picture.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from chat.model.cache import pad_visible
from chat.model.images import as_pixels
from chat.model.photo import Seen
from chat.model.tokenizer import Prompt, Tokenizer
from chat.model.vision import VisionEncoder
from chat.training.ablations import ABLATIONS
from chat.training.bank import Bank, pretended, shelves
from chat.training.dialogues import Curriculum, Dialogue, SceneSource, sample_dialogue
from chat.training.drawing import draw
from chat.training.grounding import stack
from chat.training.scene import Scene, sample
from chat.training.talk import Shown
from prompts import render

POOL = 12
"""Batches generated together, so that dialogues of like length and pictures share a batch."""


@dataclass
class Batch:
    """Tensors of one step; ids, trained, verdicts (where yes or no is said), numbers, positions are (b, s).

    squares (n, H, W, 3) bytes; cells: grounding targets (n, p) by name; index (b, m) into
    the squares, ordinals (b, m), visible_from (b, m), NEVER where a row has fewer. seen: what
    the pretrained network says of the pictures, where a bank holds it. kind: 0 for a stage's own
    dialogues, and so on for those beside them.
    """

    squares: Tensor
    seen: Seen | None
    cells: dict[str, Tensor]
    ids: Tensor
    trained: Tensor
    verdicts: Tensor
    numbers: Tensor
    positions: Tensor
    index: Tensor
    visible_from: Tensor
    dialogues: list[Dialogue]
    kind: int = 0

    def ordinals(self) -> Tensor:
        """Picture numbers from 0, (b, m)."""
        return torch.arange(self.index.shape[1]).expand_as(self.index)


def pixels_for(vision: VisionEncoder, squares: Tensor) -> Tensor:
    """Squares (n, H, W, 3) of bytes as drawn → pixels (n, 3, S, S) in [-1, 1], where the encoder is and of
    the side S that it reads, a whole fraction of theirs."""
    # Bytes go to the device, a quarter of what the pixels would be.
    pixels = as_pixels(squares.to(vision.project.weight.device))
    factor = pixels.shape[-1] // vision.config.image_size
    return F.avg_pool2d(pixels, factor) if factor > 1 else pixels


def seen_in(vision: VisionEncoder, batch: Batch, pixels: Tensor) -> Seen | None:
    """What the pretrained network says of a batch's pictures, or is made out to: the bank's word, or that of
    a look at them now; None for an encoder without one."""
    if vision.photo is None or batch.seen is not None:
        return batch.seen
    tags = [scene.tags for dialogue in batch.dialogues for scene in dialogue.scenes] or [None]
    return pretended(vision.photo.look(pixels), tags, vision.photo.kind_of)


def numbered(counts: Sequence[int]) -> Tensor:
    """Which of a batch's pictures stand where, (b, m): each row's follow on those of the row before."""
    index = torch.zeros(len(counts), max([1, *counts]), dtype=torch.long)
    first = 0
    for row, count in enumerate(counts):
        index[row, :count] = torch.arange(first, first + count)
        first += count
    return index


def encode(tokenizer: Tokenizer, dialogue: Dialogue, answers: Mapping[int, str] | None = None) -> Prompt:
    """A dialogue as training tokens. Answers put in by the caller are context, and are learnt from
    only where they are right."""
    prompt = tokenizer.encode_spans(render(dialogue.messages(answers)))
    if not answers:
        return prompt
    starts = [at for at, token in enumerate(prompt.ids) if token == tokenizer.special["<|assistant|>"]]
    for turn, answer in answers.items():
        if answer != dialogue.turns[turn].answer:
            stop = starts[turn + 1] if turn + 1 < len(starts) else len(prompt.ids)
            prompt.trained[starts[turn] : stop] = [False] * (stop - starts[turn])
    return prompt


def collate(
    tokenizer: Tokenizer,
    dialogues: Sequence[Dialogue],
    prompts: Sequence[Prompt],
    positions: Sequence[Sequence[int]],
    bank: Bank | None = None,
) -> Batch:
    """Pad a batch on the right; one dummy picture where a batch has none."""
    scenes = [scene for dialogue in dialogues for scene in dialogue.scenes]
    squares, cells, seen = _pictures(scenes, bank)
    return Batch(
        squares=squares,
        seen=seen,
        cells=cells,
        index=numbered([len(dialogue.scenes) for dialogue in dialogues]),
        dialogues=list(dialogues),
        **_text(tokenizer, prompts, positions),
    )


def retold(tokenizer: Tokenizer, batch: Batch, prompts: Sequence[Prompt]) -> Batch:
    """The batch with other words about the same pictures, at their plain positions."""
    return replace(batch, **_text(tokenizer, prompts, [range(len(prompt.ids)) for prompt in prompts]))


def _text(
    tokenizer: Tokenizer, prompts: Sequence[Prompt], positions: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """The fields of a batch that follow from its prompts."""
    length = max(len(prompt.ids) for prompt in prompts)
    ids = _padded([prompt.ids for prompt in prompts], length, tokenizer.pad)
    return {
        "ids": ids,
        "verdicts": verdicts_in(ids, tokenizer),
        "trained": _padded([prompt.trained for prompt in prompts], length, 0).bool(),
        "numbers": _padded([prompt.numbers for prompt in prompts], length, 0),
        "positions": _padded(positions, length, 0),
        "visible_from": pad_visible([prompt.visible_from for prompt in prompts], torch.device("cpu")),
    }


def verdicts_in(ids: Tensor, tokenizer: Tokenizer) -> Tensor:
    """Where ids (b, s) say yes or no: as an answer's first word, or after "so"."""
    first = torch.tensor([tokenizer.encode(word)[0] for word in ("Yes", "No")])
    after = torch.zeros_like(ids, dtype=torch.bool)
    after[:, 1:] = ids[:, :-1] == tokenizer.encode(" so")[-1]
    return torch.isin(ids, first) | after


def _padded(rows: Sequence[Sequence[int]], length: int, filler: int) -> Tensor:
    return torch.tensor([[*row, *[filler] * (length - len(row))] for row in rows], dtype=torch.long)


def _pictures(scenes: Sequence[Shown], bank: Bank | None) -> tuple[Tensor, dict[str, Tensor], Seen | None]:
    """Squares (n, H, W, 3) and cells (n, p): the bank's, or drawn now."""
    if bank is not None:
        return bank.pictures([bank.row(scene) for scene in scenes] or [0])
    empty = Scene(128, 128, sample(random.Random(0)).background, ())
    squares, cells = zip(*map(draw, scenes or [empty]), strict=True)
    return torch.from_numpy(np.stack(squares)), stack(cells), None


def stretched(prompt: Prompt, end: int, context: int, rng: random.Random) -> list[int]:
    """Rotary positions with gaps between messages, up to `context`.

    Positional skip-wise training (PoSE, Zhu et al. 2023, arXiv:2309.10400): the model
    meets distances of long conversations without paying for their tokens.
    """
    positions = list(range(len(prompt.ids)))
    spare = context - len(positions)
    breaks = [at for at, token in enumerate(prompt.ids) if token == end]
    if spare <= 0 or not breaks or rng.random() < 0.85:
        return positions
    gaps = sorted(rng.sample(breaks, min(len(breaks), rng.randint(1, 3))))
    for gap in gaps:
        jump = rng.randint(0, spare // len(gaps))
        positions[gap:] = [position + jump for position in positions[gap:]]
    return positions


class Dialogues(Dataset[list[Batch]]):
    """Pools of dialogue batches; `seed` names the run and stage, `context` is the decoder's. With a bank,
    the dialogues are about its pictures. `ablated` names what is kept from the model, one of ABLATIONS."""

    def __init__(
        self,
        tokenizer: bytes,
        like: Curriculum,
        size: int,
        seed: str,
        context: int,
        bank: Path | None = None,
        also: Sequence[tuple[Curriculum, int]] = (),
        ablated: str = "",
    ) -> None:
        self.tokenizer_model, self.kinds, self.ablated = tokenizer, [(like, size), *also], ablated
        self.seed, self.context, self.folder = seed, context, bank
        self._tokenizer: Tokenizer | None = None
        self._bank: Bank | None = None

    def __getitem__(self, pool: int) -> list[Batch]:
        self._tokenizer = tokenizer = self._tokenizer or Tokenizer(self.tokenizer_model)
        if self.folder is not None and self._bank is None:
            self._bank = Bank(self.folder)
            self.kinds = [
                (replace(like, scenes=from_bank(self._bank, like.kinds, like.fewest)), size)
                for like, size in self.kinds
            ]
        rng = random.Random(f"train/{self.seed}/{pool}")
        batches: list[Batch] = []
        for kind, count in enumerate(shares(len(self.kinds))):
            like, size = self.kinds[kind]
            made = self._batches(rng, tokenizer, like, size, count)
            batches += [replace(batch, kind=kind) for batch in made]
        rng.shuffle(batches)
        return batches

    def _batches(
        self, rng: random.Random, tokenizer: Tokenizer, like: Curriculum, size: int, count: int
    ) -> list[Batch]:
        """So many batches of dialogues of one kind, each of dialogues of like length."""
        rows = []
        for _ in range(size * count):
            dialogue = sample_dialogue(rng, like)
            if self.ablated:
                dialogue = ABLATIONS[self.ablated](dialogue, rng)
            prompt = encode(tokenizer, dialogue)
            rows.append((dialogue, prompt, stretched(prompt, tokenizer.end, self.context, rng)))
        rows.sort(key=lambda row: (len(row[0].scenes), len(row[1].ids)))
        batches = []
        for start in range(0, len(rows), size):
            dialogues, prompts, positions = zip(*rows[start : start + size], strict=True)
            batches.append(collate(tokenizer, dialogues, prompts, positions, self._bank))
        return batches


def shares(kinds: int) -> list[int]:
    """How many of a pool's batches are of each kind of dialogues: half of the first, if there are others,
    which get the rest as evenly as it goes."""
    if kinds == 1:
        return [POOL]
    rest = POOL - POOL // 2
    return [POOL // 2, *(rest // (kinds - 1) + (at < rest % (kinds - 1)) for at in range(kinds - 1))]


def from_bank(bank: Bank, kinds: Mapping[str, float], fewest: int = 0) -> SceneSource:
    """Scenes of a bank: kinds are the weights of shapes, objects, photographs and cards; those of shapes have
    no fewer things."""
    places = {
        name: [
            scene
            for scene in found
            if not scene.held_out and (name != "shapes" or len(scene.things) >= fewest)
        ]
        for name, found in shelves(bank.scenes)
    }
    few = {name: [scene for scene in found if len(scene.things) <= 3] for name, found in places.items()}
    names = [name for name, found in places.items() if found and kinds.get(name)]
    weights = [kinds[name] for name in names]

    def pick(rng: random.Random, held_out: bool, most: int) -> Shown:
        name = rng.choices(names, weights)[0]
        return rng.choice((few[name] if most <= 3 else []) or places[name])

    return pick


LETTERED = (20.0, 40.0, 20.0, 20.0)
"""Texts in the scenes of grounded pre-training: more than in dialogues, because reading is learnt last."""


class Scenes(Dataset[list[tuple[Tensor, dict[str, Tensor]]]]):
    """Pools of picture batches for grounded pre-training: squares (n, H, W, 3) and cells (n, p)."""

    def __init__(self, size: int, seed: str) -> None:
        self.size, self.seed = size, seed

    def __getitem__(self, pool: int) -> list[tuple[Tensor, dict[str, Tensor]]]:
        rng = random.Random(f"train/{self.seed}/{pool}")
        batches = []
        for _ in range(POOL):
            scenes = [sample(rng, texts=LETTERED) for _ in range(self.size)]
            squares, cells = zip(*map(draw, scenes), strict=True)
            batches.append((torch.from_numpy(np.stack(squares)), stack(cells)))
        return batches


def stream(dataset: Dataset, step: int, workers: int) -> Iterator:  # type: ignore[type-arg]
    """The dataset's batches from batch `step` on, without end, made in worker processes."""
    pool, skip = divmod(step, POOL)
    loader = DataLoader(
        dataset,
        sampler=range(pool, 2**31),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=3 if workers else None,
        worker_init_fn=_yield_to_training,
    )
    for batches in loader:
        yield from batches[skip:]
        skip = 0


def _yield_to_training(_: int) -> None:
    torch.set_num_threads(1)
    os.nice(5)
