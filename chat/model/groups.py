"""Conversations of different lengths and pictures side by side, each with a cache of its own.

What a batch shares is the weights: its tokens go through every linear layer together,
which reads the weights once for all of them. Attention is looked up row by row, each in
its own keys and values, so rows join and leave between steps without a copy.

Shapes: b rows, one new token each; h heads, g key/value heads, e channels a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from chat.model.cache import KVCache, PictureView


class CacheGroup:
    """Caches of one row each as the rows of a batch that gets one new token a row."""

    def __init__(self, caches: Sequence[KVCache]) -> None:
        self._caches = caches

    @property
    def lengths(self) -> Tensor:
        """Positions held by each row, (b,)."""
        return torch.cat([cache.lengths for cache in self._caches])

    def prepare(self, slots: Tensor) -> None:
        """Make room; no mask is needed, because a row's one token may look at all of its row.

        Raises ValueError for more than one token a row.
        """
        if slots.shape[1] != 1:
            raise ValueError("Conversations side by side take one token at a time.")
        for cache in self._caches:
            cache.reserve(cache.longest + 1)

    def attend(
        self, layer: int, slots: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
    ) -> Tensor:
        """As KVCache.attend, row by row."""
        rows = zip(self._caches, *map(rows_of, (slots, query, key, value)), strict=True)
        return torch.cat([cache.attend(layer, *row, mask) for cache, *row in rows])

    def advance(self, counts: Tensor) -> None:
        """Count the new tokens, counts (b,)."""
        for cache, count in zip(self._caches, rows_of(counts), strict=True):
            cache.advance(count)


@dataclass(frozen=True)
class PictureGroup:
    """The pictures of each row of a batch, None where a row has none; every row sees all of its own."""

    views: Sequence[PictureView | None]

    def masks(self, slots: Tensor) -> tuple[None, Tensor | None]:
        """No mask, and who sees anything, (b, 1, 1), None if all do."""
        if all(self.views):
            return None, None
        seen = torch.tensor([view is not None for view in self.views], device=slots.device)
        return None, seen[:, None, None]

    def attend(self, index: int, query: Tensor, mask: Tensor | None) -> Tensor:
        """As PictureView.attend, row by row; zeros for a row without pictures."""
        return torch.cat(
            [
                torch.zeros_like(row) if view is None else view.attend(index, row, mask)
                for view, row in zip(self.views, rows_of(query), strict=True)
            ]
        )


def rows_of(batch: Tensor) -> tuple[Tensor, ...]:
    """The rows of a batch (b, …), each (1, …)."""
    return torch.split(batch, 1)
