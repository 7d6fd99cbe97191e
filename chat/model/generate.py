"""Prefill and decode: the loops around the model, free of any engine.

Shapes: s new tokens of one row; b rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from chat.model.cache import KVCache, PictureView
from chat.model.groups import CacheGroup, PictureGroup
from chat.model.vlm import VisionLanguageModel

SEGMENT = 256
"""The most tokens of one call: bounds what attention over a long prompt takes in memory, and how long others
wait for their next token meanwhile."""

SHORT = 64
"""Tokens below which a segment is not worth a call of its own: each call reads all weights, which takes as
long as the arithmetic of some fifty tokens."""


def prefill(
    model: VisionLanguageModel,
    ids: Sequence[int],
    numbers: Sequence[int],
    pictures: PictureView | None,
    cache: KVCache,
) -> Tensor:
    """Run new tokens (s,) into the cache of one row; logits (vocab,) after the last of them."""
    *_, logits = prefill_steps(model, ids, numbers, pictures, cache)
    return logits


@torch.inference_mode()
def prefill_steps(
    model: VisionLanguageModel,
    ids: Sequence[int],
    numbers: Sequence[int],
    pictures: PictureView | None,
    cache: KVCache,
) -> Iterator[Tensor]:
    """The same, step by step: logits (vocab,) after each segment.

    Within a segment all tokens see the same pictures, so that cross-attention needs no
    mask, and text before the first picture skips it; a few tokens before a picture, such as
    those that open its message, are run with it, behind a mask. Raises ValueError if there
    are none.
    """
    if not ids:
        raise ValueError("There is no token to run.")
    at = cache.longest
    for start, end, seen in segments(pictures, at, at + len(ids)):
        hidden = model.decoder(
            torch.tensor([ids[start - at : end - at]], device=model.device),
            torch.tensor([numbers[start - at : end - at]], device=model.device),
            pictures=seen,
            cache=cache,
        )
        yield model.decoder.logits(hidden[0, -1])


def segments(
    pictures: PictureView | None, start: int, end: int
) -> Iterator[tuple[int, int, PictureView | None]]:
    """Split positions start to end of one row every SEGMENT, and where a picture comes into view unless
    either side would be short: (start, end, the pictures that this segment sees)."""
    arrivals = [] if pictures is None else pictures.visible_from[0].tolist()
    while start < end:
        last = min(start + SEGMENT, end)
        last = next((at for at in arrivals if start + SHORT <= at <= last - SHORT), last)
        seen = sum(at < last for at in arrivals)
        view = None if pictures is None else pictures.first(seen)
        if view is not None and any(start < at < last for at in arrivals):
            view = replace(view, everywhere=False)
        yield start, last, view
        start = last


@torch.inference_mode()
def step(
    model: VisionLanguageModel,
    tokens: Sequence[int],
    pictures: Sequence[PictureView | None],
    caches: Sequence[KVCache],
) -> Tensor:
    """One more token for each of b rows with caches of their own; logits (b, vocab) after it.

    The pictures are those that all later tokens of the row see (`PictureView.first`).
    """
    ids = torch.tensor(tokens, device=model.device)[:, None]
    if len(tokens) == 1:
        hidden = model.decoder(ids, torch.zeros_like(ids), pictures=pictures[0], cache=caches[0])
    else:
        hidden = model.decoder(
            ids,
            torch.zeros_like(ids),
            pictures=PictureGroup(pictures) if any(pictures) else None,
            cache=CacheGroup(caches),
        )
    return model.decoder.logits(hidden[:, -1])
