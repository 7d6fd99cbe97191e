"""Choosing the next token."""

from __future__ import annotations

import torch
from torch import Tensor


def choose(
    logits: Tensor, *, temperature: float = 0.0, top_p: float = 1.0, generator: torch.Generator | None = None
) -> int:
    """A token id from logits (vocab,).

    temperature 0 is greedy. top_p keeps the fewest most likely tokens whose
    probabilities reach it (nucleus sampling, Holtzman et al. 2020, arXiv:1904.09751).
    """
    if temperature <= 0.0:
        return int(logits.argmax())
    probabilities = (logits.float() / temperature).softmax(dim=-1).cpu()
    if top_p < 1.0:
        ordered, order = probabilities.sort(descending=True)
        reached_before = ordered.cumsum(0) - ordered
        probabilities = torch.zeros_like(probabilities).scatter(0, order, ordered * (reached_before < top_p))
    return int(torch.multinomial(probabilities, 1, generator=generator))
