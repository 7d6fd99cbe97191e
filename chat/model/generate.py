"""Prefill and decode one conversation: the loop around the model, free of any engine.

Shapes: s new tokens; one row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from chat.model.cache import KVCache, PictureView
from chat.model.sampling import choose
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel


@torch.inference_mode()
def prefill(
    model: VisionLanguageModel,
    ids: Sequence[int],
    numbers: Sequence[int],
    pictures: PictureView | None,
    cache: KVCache,
) -> Tensor:
    """Run new tokens (s,) into the cache of one row; logits (vocab,) after the last of them."""
    hidden = model.decoder(
        torch.tensor([ids], device=model.device),
        torch.tensor([numbers], device=model.device),
        pictures=pictures,
        cache=cache,
    )
    return model.decoder.logits(hidden[0, -1])


@torch.inference_mode()
def decode(
    model: VisionLanguageModel,
    tokenizer: Tokenizer,
    logits: Tensor,
    pictures: PictureView | None,
    cache: KVCache,
    *,
    temperature: float = 0.0,
    top_p: float = 1.0,
    seed: int | None = None,
) -> Iterator[int]:
    """Token ids of a reply, one by one, without end: the caller stops at the end token or sooner.

    A token goes into the cache when the next one is asked for, so the last one taken
    (the end token, say) is not in it. Special tokens other than the end are never chosen.
    """
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    barred = [token for token in tokenizer.special.values() if token != tokenizer.end]
    while True:
        logits = logits.clone()
        logits[barred] = -torch.inf
        token = choose(logits, temperature=temperature, top_p=top_p, generator=generator)
        yield token
        logits = prefill(model, [token], [0], pictures, cache)
