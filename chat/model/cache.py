"""What a conversation keeps between calls of the model: text KV and the pictures in view.

Both are arguments of the model, never state of it, so that any number of
conversations share one set of weights and cannot disturb each other.

Shapes: b rows, L decoder layers, X cross-attention layers, g key/value heads, p image
tokens a picture, m pictures in view (padded over the batch), e channels a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from chat.model.buffers import zeros
from chat.model.layers import attend

NEVER = 2**31 - 1
"""`visible_from` of a padding picture: no position comes that late."""

SPARE = 256
"""Positions that a copy has room for besides what it copies: going on from it soon needs no other."""


class KVCache:
    """Self-attention keys and values of a batch of token prefixes of different lengths.

    keys, values: per layer (b, g, capacity, e); lengths (b,): valid positions of each
    row. Slots past a row's length hold leftovers, which the causal mask hides until
    they are overwritten; truncating is therefore only a matter of the lengths.
    """

    keys: list[Tensor]
    values: list[Tensor]

    def __init__(
        self, layers: int, rows: int, heads: int, head_dim: int, *, dtype: torch.dtype, device: torch.device
    ) -> None:
        self._hold(torch.empty((2, layers, rows, heads, 0, head_dim), dtype=dtype, device=device))
        self.lengths = torch.zeros(rows, dtype=torch.long, device=device)
        self.longest = 0

    @property
    def capacity(self) -> int:
        """Positions that fit before the buffers grow."""
        return self.keys[0].shape[2]

    @property
    def bytes(self) -> int:
        """Memory held, in bytes."""
        return 2 * sum(key.numel() * key.element_size() for key in self.keys)

    def reserve(self, positions: int) -> None:
        """Make room for `positions` in every row; grows by doubling, keeps what is there."""
        if positions <= self.capacity:
            return
        old = self._both
        shape = (*old.shape[:4], max(64, self.capacity * 2, positions), old.shape[5])
        grown = zeros(shape, old.dtype, old.device)
        grown[..., : self.longest, :] = old[..., : self.longest, :]
        self._hold(grown)

    def _hold(self, both: Tensor) -> None:
        # One piece of memory for all layers (2, L, b, g, capacity, e): the larger, the larger its pages.
        self._both = both
        self.keys, self.values = (list(side.unbind()) for side in both)

    def prepare(self, slots: Tensor) -> Tensor | None:
        """Make room for new tokens at slots (b, s), and say what each may look at: (b, 1, s, end), None if
        that is everything up to itself in a single row's single token."""
        end = self.longest + slots.shape[1]
        self.reserve(end)
        if slots.shape == (1, 1):
            return None
        return (torch.arange(end, device=slots.device) <= slots[..., None])[:, None]

    def attend(
        self, layer: int, slots: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
    ) -> Tensor:
        """Put keys and values (b, g, s, e) at slots (b, s); look up queries (b, h, s, e) in all there is."""
        keys, values = self.keys[layer], self.values[layer]
        start, end = self.longest, self.longest + slots.shape[1]
        if slots.shape[0] == 1:
            keys[:, :, start:end] = key
            values[:, :, start:end] = value
        else:
            rows = torch.arange(slots.shape[0], device=slots.device)[:, None]
            keys[rows, :, slots] = key.transpose(1, 2).to(keys.dtype)
            values[rows, :, slots] = value.transpose(1, 2).to(values.dtype)
        return attend(query, keys[:, :, :end], values[:, :, :end], mask=mask)

    def advance_one(self) -> None:
        """Count one token just written as part of every row."""
        self.lengths = self.lengths + 1
        self.longest += 1

    def advance(self, counts: Tensor) -> None:
        """Count the tokens just written, counts (b,), as part of each row."""
        self.lengths = self.lengths + counts
        self.longest = int(self.lengths.max())

    def copy(self, length: int) -> KVCache:
        """A cache of its own with the first `length` positions of every row."""
        layers, rows, heads, _, head_dim = self._both.shape[1:]
        twin = KVCache(layers, rows, heads, head_dim, dtype=self._both.dtype, device=self._both.device)
        twin.reserve(length + SPARE)
        twin._both[..., :length, :] = self._both[..., :length, :]
        twin.advance(self.lengths.clamp(max=length))
        return twin

    def span(self, start: int, end: int) -> Tensor:
        """Where keys and values of positions start to end of the first row stand, (2, L, g, end - start, e).

        To be filled, reserve them before and count them by `advance` after.
        """
        return self._both[:, :, 0, :, start:end]

    def read(self, start: int, end: int) -> tuple[Tensor, Tensor]:
        """Keys and values of positions start to end of the first row: (L, g, end - start, e) each, copied."""
        keys, values = self.span(start, end).clone(memory_format=torch.contiguous_format).unbind()
        return keys, values

    def truncate(self, length: int) -> None:
        """Forget everything past `length` positions in every row."""
        self.lengths = self.lengths.clamp(max=length)
        self.longest = int(self.lengths.max())


@dataclass(frozen=True)
class PictureView:
    """The pictures that a batch of rows can see, ready for every cross-attention layer.

    keys, values: per cross layer (b, g, m·p, e), with the picture's number already in
    them. visible_from (b, m): the first position that sees each picture. `everywhere`
    promises that every position that will ask sees every picture, so that no mask is needed.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    visible_from: Tensor
    everywhere: bool = False

    @property
    def tokens_per_picture(self) -> int:
        """p."""
        return self.keys[0].shape[2] // self.visible_from.shape[1]

    def first(self, pictures: int) -> PictureView | None:
        """The first so many pictures, for positions that see all of these; None for none."""
        if not pictures:
            return None
        end = pictures * self.tokens_per_picture
        return PictureView(
            tuple(key[:, :, :end] for key in self.keys),
            tuple(value[:, :, :end] for value in self.values),
            self.visible_from[:, :pictures],
            everywhere=True,
        )

    def joined(self, later: PictureView) -> PictureView:
        """These pictures and then others, for the same rows."""
        return PictureView(
            tuple(torch.cat(both, dim=2) for both in zip(self.keys, later.keys, strict=True)),
            tuple(torch.cat(both, dim=2) for both in zip(self.values, later.values, strict=True)),
            torch.cat((self.visible_from, later.visible_from), dim=1),
        )

    @property
    def bytes(self) -> int:
        """Memory held, in bytes."""
        return 2 * sum(key.numel() * key.element_size() for key in self.keys)

    def attend(self, index: int, query: Tensor, mask: Tensor | None) -> Tensor:
        """Look up queries (b, h, s, e) in the pictures, for the cross-attention layer of that index."""
        return attend(query, self.keys[index], self.values[index], mask=mask)

    def masks(self, slots: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Who sees what, for query slots (b, s).

            slot                 #1  #2      seen
            0  hello              ·   ·       0     nothing to attend: the block is skipped
            5  <|image|> (#1)     x   ·       1
            9  <|image|> (#2)     x   x       1

        Returns the attention mask (b, 1, s, m·p), true where a query may look, and
        `seen` (b, s, 1), zero where a position has no picture yet. Either is None when
        every position sees everything. A position that sees nothing gets a full mask
        row, because attention over no keys is undefined; `seen` then silences it.
        """
        if self.everywhere:
            return None, None
        visible = self.visible_from[:, None, :] <= slots[:, :, None]
        if bool(visible.all()):
            return None, None
        seen = visible.any(dim=-1, keepdim=True)
        mask = (visible | ~seen).repeat_interleave(self.tokens_per_picture, dim=-1)[:, None]
        return mask, seen


def pad_visible(rows: Sequence[Sequence[int]], device: torch.device) -> Tensor:
    """`visible_from` (b, m) of rows with different numbers of pictures; m at least 1."""
    most = max(1, *(len(row) for row in rows))
    return torch.tensor([[*row, *[NEVER] * (most - len(row))] for row in rows], device=device)
