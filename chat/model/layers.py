"""Blocks that the encoder and the decoder share.

Shapes: b rows, s query positions, t key positions, d channels, h heads, e channels a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SwiGLU(nn.Module):
    """Gated feed-forward (Shazeer 2020, arXiv:2002.05202): (…, d) → (…, d)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.up(x).chunk(2, dim=-1)
        out: Tensor = self.down(F.silu(gate) * value)
        return out


def rotary_tables(
    positions: Tensor, head_dim: int, theta: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Cosines and sines for positions (b, s), each (b, 1, s, e/2), for a model of `dtype`.

    Rotary position embedding (Su et al. 2021, arXiv:2104.09864), halves layout. Angles
    are computed in float64 and kept in float32 at least: in bfloat16, positions past a
    few hundred would run together.
    """
    exponents = torch.arange(0, head_dim, 2, dtype=torch.float64, device=positions.device) / head_dim
    angles = positions[:, None, :, None].double() * theta**-exponents
    kept = torch.promote_types(dtype, torch.float32)
    return angles.cos().to(kept), angles.sin().to(kept)


def rotate(x: Tensor, tables: tuple[Tensor, Tensor]) -> Tensor:
    """Turn the heads (b, h, s, e) by their positions' angles; keeps x's dtype."""
    cos, sin = tables
    first, second = x.to(cos.dtype).chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1).to(x.dtype)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(b, s, h·e) → (b, h, s, e)."""
    b, s, width = x.shape
    return x.view(b, s, heads, width // heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(b, h, s, e) → (b, s, h·e)."""
    b, h, s, e = x.shape
    return x.transpose(1, 2).reshape(b, s, h * e)


def attend(
    query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None = None, causal: bool = False
) -> Tensor:
    """Scaled dot-product attention with grouped keys: (b, h, s, e) over (b, g, t, e), h a multiple of g.

    `mask` is true where a query may look, and broadcasts to (b, h, s, t).
    """
    return F.scaled_dot_product_attention(
        query,
        key.to(query.dtype),
        value.to(query.dtype),
        attn_mask=mask,
        is_causal=causal,
        enable_gqa=query.shape[1] != key.shape[1],
    )
