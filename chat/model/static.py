"""Decoding steps of fixed shape, as a GPU wants them: recorded once, replayed without a word from Python.

Several conversations, of any length and pictures, stand in rows of buffers that never
move. A step computes all rows of a power of two, over positions up to a power of two, and
masks what is not there; so a handful of shapes is compiled (torch.compile, with CUDA
graphs on a GPU), and no step waits for the device. A row is copied in when its reply
begins, and what is new in it is copied back to the conversation's cache when it leaves.

Shapes: r rows, one new token each; g key/value heads, e channels a head, c positions,
v image tokens, X cross-attention layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from chat.model.cache import KVCache, PictureView
from chat.model.layers import attend
from chat.model.vlm import VisionLanguageModel

LEAST = 256
"""Positions, and image tokens, of the smallest shape."""

Compile = Callable[[Callable[..., Tensor]], Callable[..., Tensor]]


@dataclass
class Standing:
    """Whose conversation stands in a row: positions from `start` to `end` are not in its cache yet."""

    cache: KVCache
    start: int
    end: int
    view: PictureView | None = None


@dataclass(frozen=True)
class StaticCache:
    """The rows' keys and values, per layer (r, g, c, e), as the decoder takes a cache; lengths (r,)."""

    keys: Sequence[Tensor]
    values: Sequence[Tensor]
    lengths: Tensor

    def prepare(self, slots: Tensor) -> Tensor:
        """What each row's token at slots (r, 1) may look at: (r, 1, 1, c)."""
        return (torch.arange(self.keys[0].shape[2], device=slots.device) <= slots)[:, None, None]

    def attend(
        self, layer: int, slots: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
    ) -> Tensor:
        """As KVCache.attend, for one token a row."""
        keys, values = self.keys[layer], self.values[layer]
        rows = torch.arange(slots.shape[0], device=slots.device)
        keys[rows, :, slots[:, 0]] = key[:, :, 0]
        values[rows, :, slots[:, 0]] = value[:, :, 0]
        return attend(query, keys, values, mask=mask)

    def advance(self, counts: Tensor) -> None:
        """The lengths are given anew at every step."""


@dataclass(frozen=True)
class StaticPictures:
    """The rows' pictures, per cross layer (r, g, v, e); seen (r,): how many image tokens each row sees."""

    keys: Sequence[Tensor]
    values: Sequence[Tensor]
    seen: Tensor

    def masks(self, slots: Tensor) -> tuple[Tensor, Tensor]:
        """As PictureView.masks: (r, 1, 1, v) and (r, 1, 1)."""
        some = self.seen[:, None] > 0
        visible = torch.arange(self.keys[0].shape[2], device=slots.device) < self.seen[:, None]
        return (visible | ~some)[:, None, None], some[:, None]

    def attend(self, index: int, query: Tensor, mask: Tensor | None) -> Tensor:
        """As PictureView.attend."""
        return attend(query, self.keys[index], self.values[index], mask=mask)


class StaticSteps:
    """Steps of a model for at most `rows` conversations side by side.

    `compile` makes a step fast; by default torch.compile, which records CUDA graphs on a GPU.
    """

    def __init__(self, model: VisionLanguageModel, rows: int, compile: Compile | None = None) -> None:
        config = model.config.decoder
        self._model, self._rows, self._context = model, rows, config.context
        self._image_tokens = config.images * model.config.vision.tokens
        heads, e = config.kv_heads, config.head_dim
        self._texts = self._buffer(config.layers, heads, config.context, e)
        self._views = self._buffer(len(config.cross_layers), heads, self._image_tokens, e)
        self._standing: dict[int, Standing] = {}
        self._step = (compile or _compiled)(self._forward)

    def _buffer(self, layers: int, heads: int, positions: int, e: int) -> Tensor:
        """(2, layers, rows, heads, positions, e), at an address that compiled steps may rely on."""
        shape = (2, layers, self._rows, heads, positions, e)
        buffer = torch.zeros(shape, dtype=self._model.dtype, device=self._model.device)
        torch._dynamo.mark_static_address(buffer)
        return buffer

    @torch.inference_mode()
    def __call__(
        self, tokens: Sequence[int], pictures: Sequence[PictureView | None], caches: Sequence[KVCache]
    ) -> Tensor:
        """As `chat.model.generate.step`: logits (m, vocab), for m ≤ rows. Raises ValueError for more."""
        m = len(tokens)
        if m > self._rows:
            raise ValueError(f"{m} conversations are more than the {self._rows} that fit side by side.")
        for row, (cache, view) in enumerate(zip(caches, pictures, strict=True)):
            self._place(row, cache, view)
        lengths = [cache.longest for cache in caches]
        seen = [0 if view is None else view.keys[0].shape[2] for view in pictures]
        rows = min(_power(m, 1), self._rows)
        positions = min(_power(max(lengths) + 1, LEAST), self._context)
        image_tokens = min(_power(max(seen), LEAST), self._image_tokens) if any(seen) else 0
        spare = [0] * (rows - m)
        numbers = torch.tensor([[*tokens, *spare], [*lengths, *spare], [*seen, *spare]])
        try:
            logits = self._step(numbers.to(self._model.device, non_blocking=True), positions, image_tokens)
        except BaseException:
            # Nobody's reply goes on: what stands in the rows must not come back over what is put there next.
            self._standing.clear()
            raise
        for row, cache in enumerate(caches):
            cache.reserve(cache.longest + 1)
            cache.advance_one()
            self._standing[row].end = cache.longest
        # A copy: the next step writes over what this one returned.
        return logits[:m].clone()

    @torch.inference_mode()
    def leave(self, cache: KVCache) -> None:
        """Bring a conversation's cache up to date: due before anything but a step is done with it."""
        for row in [row for row, standing in self._standing.items() if standing.cache is cache]:
            self._take_back(row)

    def _place(self, row: int, cache: KVCache, view: PictureView | None) -> None:
        """Have a conversation stand in a row: nothing to do if it is the one that was there a step ago."""
        standing = self._standing.get(row)
        if standing is None or standing.cache is not cache or standing.end != cache.longest:
            self.leave(cache)
            if row in self._standing:
                self._take_back(row)
            standing = self._standing[row] = Standing(cache, cache.longest, cache.longest)
            self._texts[:, :, row, :, : cache.longest] = cache.span(0, cache.longest)
        if view is not None and standing.view is not view:
            for buffer, shown in zip(self._views, (view.keys, view.values), strict=True):
                for layer, part in enumerate(shown):
                    buffer[layer, row, :, : part.shape[2]] = part[0]
            standing.view = view

    def _take_back(self, row: int) -> None:
        standing = self._standing.pop(row)
        # The cache may have been cut: what it no longer counts is not due.
        start, end = standing.start, min(standing.end, standing.cache.longest)
        if start < end:
            standing.cache.span(start, end).copy_(self._texts[:, :, row, :, start:end])

    def _forward(self, numbers: Tensor, positions: int, image_tokens: int) -> Tensor:
        """numbers (3, r): tokens, lengths, image tokens seen; logits (r, vocab)."""
        ids, lengths, seen = numbers
        r = len(ids)
        texts, views = self._texts[:, :, :r, :, :positions], self._views[:, :, :r, :, :image_tokens]
        pictures = StaticPictures(views[0].unbind(), views[1].unbind(), seen) if image_tokens else None
        hidden = self._model.decoder(
            ids[:, None],
            torch.zeros_like(ids)[:, None],
            pictures=pictures,
            cache=StaticCache(texts[0].unbind(), texts[1].unbind(), lengths),
        )
        return self._model.decoder.logits(hidden[:, -1])


def _compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return torch.compile(function, mode="reduce-overhead", fullgraph=True, dynamic=False)


def _power(number: int, least: int) -> int:
    """The least power of two times `least` that is not below the number."""
    while least < number:
        least *= 2
    return least
