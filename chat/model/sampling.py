"""Choosing the next token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def most_likely(logits: Tensor) -> list[int]:
    """The token that is most likely in each row of logits (m, vocab)."""
    if logits.device.type == "cpu":
        # NumPy's is some twenty times as fast as PyTorch's over a large vocabulary on a CPU.
        return [int(token) for token in logits.float().numpy().argmax(axis=-1)]
    return [int(token) for token in logits.argmax(dim=-1).tolist()]


def choose(
    logits: Tensor,
    *,
    temperature: float = 0.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    generator: torch.Generator | None = None,
) -> int:
    """A token id from logits (vocab,).

    temperature 0 is greedy. top_k keeps the k most likely tokens (0: all). top_p keeps the
    fewest most likely tokens whose probabilities reach it (nucleus sampling, Holtzman et al.
    2020, arXiv:1904.09751). min_p keeps those at least so likely as that share of the most
    likely one (Nguyen et al. 2024, arXiv:2407.01082). Each narrows what the one before left.
    """
    if temperature <= 0.0:
        return most_likely(logits[None])[0]
    logits = logits.float().cpu() / temperature
    if 0 < top_k < len(logits):
        logits = logits.masked_fill(logits < logits.topk(top_k).values[-1], -torch.inf)
    probabilities = logits.softmax(dim=-1)
    if top_p < 1.0:
        ordered, order = probabilities.sort(descending=True)
        reached_before = ordered.cumsum(0) - ordered
        probabilities = torch.zeros_like(probabilities).scatter(0, order, ordered * (reached_before < top_p))
    if min_p > 0.0:
        probabilities = probabilities * (probabilities >= min_p * probabilities.max())
    return int(torch.multinomial(probabilities, 1, generator=generator))


def discourage(logits: Tensor, seen: Sequence[int], penalty: float) -> Tensor:
    """Logits (vocab,) with those of tokens already said made less likely: divided by the penalty if
    positive, multiplied if negative (CTRL, Keskar et al. 2019, arXiv:1909.05858)."""
    if penalty == 1.0 or not seen:
        return logits
    ids = torch.tensor(sorted(set(seen)), device=logits.device)
    chosen = logits[ids]
    return logits.index_copy(0, ids, torch.where(chosen > 0, chosen / penalty, chosen * penalty))
