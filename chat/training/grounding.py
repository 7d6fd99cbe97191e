"""Grounded pre-training: every image token predicts what stands in its cell.

The generator knows which thing covers each cell, so the encoder gets one lesson a
token instead of one a picture. Kept at a small weight while dialogues are learnt, it
stops the encoder from forgetting places (a dense cousin of the auxiliary detection
losses of grounded pre-training, e.g. GLIP, arXiv:2112.03857).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chat.training.render import CHARACTERS, COLOUR_NAMES, FILL_NAMES, GRID, KINDS, SIZE_NAMES, UNKNOWN, Cells

CLASSES = {
    "kinds": len(KINDS),
    "colours": len(COLOUR_NAMES),
    "sizes": len(SIZE_NAMES),
    "fills": len(FILL_NAMES),
    "centres": 2,
    "left": len(CHARACTERS),
    "right": len(CHARACTERS),
}
"""What a token predicts, and of how many; left and right are the characters in its half-cells."""

TARGETS = tuple(CLASSES)
"""Their names, in order."""

NOTHING = 0.25
"""Weight of cells in which there is nothing, which are most of them."""

NO_CHARACTER = 0.02
"""The same for the characters, which are in fewer cells still: with more, they are learnt last."""


def stack(cells: Sequence[Cells]) -> dict[str, Tensor]:
    """Targets (n, p) int64 by name, p = GRID² in row-major order like the image tokens."""

    def column(values: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(values)).flatten(1)

    targets = {name: column([getattr(cell, name) for cell in cells]) for name in list(CLASSES)[:5]}
    halves = torch.from_numpy(np.stack([cell.characters for cell in cells])).view(len(cells), GRID, GRID, 2)
    return {**targets, "left": halves[..., 0].flatten(1), "right": halves[..., 1].flatten(1)}


class Grounding(nn.Module):
    """Linear heads over image tokens; used in training only, never in a checkpoint."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.Linear(width, sum(CLASSES.values()))

    def logits(self, tokens: Tensor) -> dict[str, Tensor]:
        """Image tokens (n, p, d) → logits (n, p, classes) by name."""
        parts = self.heads(tokens).float().split(list(CLASSES.values()), dim=-1)
        return dict(zip(CLASSES, parts, strict=True))

    def forward(self, tokens: Tensor, targets: dict[str, Tensor]) -> Tensor:
        """Mean cross-entropy over cells and heads."""
        known = targets["kinds"] != UNKNOWN
        things = torch.where(targets["kinds"] == 0, NOTHING, 1.0) * known
        total = tokens.new_zeros((), dtype=torch.float32)
        for name, logits in self.logits(tokens).items():
            weights = things
            if name in ("left", "right"):
                weights = torch.where(targets[name] == 0, NO_CHARACTER, 1.0) * known
            wanted = targets[name].flatten()
            losses = F.cross_entropy(logits.flatten(0, 1), wanted, reduction="none", ignore_index=UNKNOWN)
            total = total + (losses * weights.flatten()).sum() / weights.sum().clamp(min=1.0)
        return total / len(CLASSES)

    @torch.no_grad()
    def accuracy(self, tokens: Tensor, targets: dict[str, Tensor]) -> dict[str, float]:
        """Share of cells right, among those that have something to say, by name."""
        result = {}
        for name, logits in self.logits(tokens).items():
            where = (targets[name] > 0) & (targets[name] != UNKNOWN)
            right = logits.argmax(-1)[where] == targets[name][where]
            result[name] = float(right.float().mean()) if right.numel() else 1.0
        return result
