"""Heads that put pictures and texts into one space, to find the ones by the others.

Both give vectors of unit length whose product says how well they go together (CLIP, Radford
et al. 2021, arXiv:2103.00020). Both stand on weights that are locked while the heads learn:
the encoder's image tokens (as in LiT, Zhai et al. 2022, arXiv:2111.07991) and the decoder's
token embeddings. Image tokens are gathered by attention pooling (Zhai et al. 2022,
arXiv:2106.04560). A feed-forward before it mixes each token's channels, because a mean of
colours and a mean of shapes do not say which colour went with which shape.

Shapes: n pictures or texts, p image tokens a picture, d channels, s positions, w numbers in a
vector, h heads, e channels a head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chat.model.config import ContrastConfig, ModelConfig
from chat.model.layers import SwiGLU, attend, merge_heads, rotary_tables, rotate, split_heads
from chat.model.tokenizer import Tokenizer

SHARPEST = 100.0
"""The highest that products are multiplied by before the softmax: above, training became unstable in CLIP."""

LONGEST = 128
"""Tokens of a text that are read; no caption in training is longer."""


class AttentionPool(nn.Module):
    """A learnt query gathers image tokens: (n, p, d) → (n, w)."""

    def __init__(self, width: int, config: ContrastConfig) -> None:
        super().__init__()
        self.heads = config.pool_heads
        self.ffn_norm = nn.RMSNorm(width)
        self.ffn = SwiGLU(width, config.pool_ffn)
        self.norm = nn.RMSNorm(width)
        self.query = nn.Parameter(torch.randn(width))
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.key_norm = nn.RMSNorm(width // config.pool_heads)
        self.project = nn.Linear(width, config.width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = self.norm(tokens + self.ffn(self.ffn_norm(tokens)))
        key, value = (split_heads(part, self.heads) for part in self.key_value(tokens).chunk(2, dim=-1))
        query = split_heads(self.query.expand(len(tokens), 1, -1), self.heads)
        out: Tensor = self.project(merge_heads(attend(query.to(key.dtype), self.key_norm(key), value))[:, 0])
        return out


class TextBlock(nn.Module):
    """Self-attention in both directions, then SwiGLU, both pre-norm and residual: (n, s, d) → (n, s, d)."""

    def __init__(self, width: int, config: ContrastConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm = nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.query_norm = nn.RMSNorm(width // config.heads)
        self.key_norm = nn.RMSNorm(width // config.heads)
        self.out = nn.Linear(width, width, bias=False)
        self.ffn_norm = nn.RMSNorm(width)
        self.ffn = SwiGLU(width, config.ffn)

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor], real: Tensor) -> Tensor:
        """real (n, 1, 1, s): which positions hold a token."""
        query, key, value = (
            split_heads(part, self.heads) for part in self.qkv(self.norm(x)).chunk(3, dim=-1)
        )
        query, key = rotate(self.query_norm(query), rotary), rotate(self.key_norm(key), rotary)
        x = x + self.out(merge_heads(attend(query, key, value, mask=real)))
        out: Tensor = x + self.ffn(self.ffn_norm(x))
        return out


class ContrastHeads(nn.Module):
    """Image tokens and token embeddings → vectors (n, w) of unit length, float32, in one space.

    `taught` counts the steps that the heads have learnt for: at 0 their vectors mean nothing.
    """

    taught: Tensor

    def __init__(self, model: ModelConfig, config: ContrastConfig) -> None:
        super().__init__()
        width = model.decoder.width
        self.config = config
        self.head_dim, self.theta = width // config.heads, model.decoder.rope_theta
        self.pool = AttentionPool(model.vision.width, config)
        self.blocks = nn.ModuleList(TextBlock(width, config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(width)
        self.project = nn.Linear(width, config.width, bias=False)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.register_buffer("taught", torch.zeros((), dtype=torch.long))

    @property
    def scale(self) -> Tensor:
        """What products are multiplied by before the softmax: one over CLIP's temperature."""
        return self.log_scale.float().exp().clamp(max=SHARPEST)

    def images(self, tokens: Tensor) -> Tensor:
        """Image tokens (n, p, d), as the encoder gives them."""
        return F.normalize(self.pool(tokens).float(), dim=-1)

    def texts(self, embedded: Tensor, counts: Tensor) -> Tensor:
        """Token embeddings (n, s, d), normalised as the decoder does, of which counts (n,) ≥ 1 are real."""
        n, s, _ = embedded.shape
        places = torch.arange(s, device=embedded.device).expand(n, s)
        real = places < counts[:, None]
        rotary = rotary_tables(places, self.head_dim, self.theta, self.norm.weight.dtype)
        x = embedded
        for block in self.blocks:
            x = block(x, rotary, real[:, None, None])
        x = self.norm(x) * real[..., None]
        mean = x.sum(1) / counts[:, None].to(x.dtype)
        return F.normalize(self.project(mean).float(), dim=-1)


def spelt(tokenizer: Tokenizer, text: str) -> list[int]:
    """A text's token ids, at least one and at most LONGEST, so that one thing said is said one way.

    Small letters, single spaces, a space before the first word as before any other, nothing at
    the end of a sentence; then the end token.
    """
    words = " ".join(text.lower().split()).rstrip(".?!")
    return [*tokenizer.encode(f" {words}")[: LONGEST - 1], tokenizer.end]


def padded(rows: Sequence[Sequence[int]], filler: int) -> tuple[Tensor, Tensor]:
    """Rows of token ids as one tensor (n, s), padded on the right, and how many of each are real (n,)."""
    counts = [len(row) for row in rows]
    length = max(counts, default=1)
    ids = torch.tensor([[*row, *[filler] * (length - len(row))] for row in rows], dtype=torch.long)
    return ids.view(len(rows), length), torch.tensor(counts, dtype=torch.long)
