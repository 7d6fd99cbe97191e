"""The picture encoder: a convolutional stem, then ViT blocks, then image tokens.

A hybrid ViT (Dosovitskiy et al. 2021, arXiv:2010.11929; early convolutions: Xiao et
al. 2021, arXiv:2106.14881). Pictures are encoded independently of each other and of
the text, so that the result depends on pixels and weights alone and can be kept.

Where a pretrained network is built in, its features join the tokens under the blocks, and
its object tags follow them (`chat.model.photo`).

Shapes: n pictures, p image tokens a picture (row-major from the top left, then the tags),
d channels.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chat.model.config import VisionConfig
from chat.model.layers import SwiGLU, attend, merge_heads, split_heads
from chat.model.photo import Pretrained, Seen


def sincos_positions(grid: int, width: int) -> Tensor:
    """Fixed 2-D sine-cosine positions (grid², width): half the channels for the row, half for the column."""
    quarter = width // 4
    frequencies = 100.0 ** (-torch.arange(quarter, dtype=torch.float32) / quarter)
    angles = torch.arange(grid, dtype=torch.float32)[:, None] * frequencies
    waves = torch.cat((angles.sin(), angles.cos()), dim=1)
    rows = waves[:, None].expand(grid, grid, -1)
    columns = waves[None].expand(grid, grid, -1)
    return torch.cat((rows, columns), dim=-1).reshape(grid * grid, width)


class StemStage(nn.Module):
    """Shrink the picture by `stride`, then refine it: an overlapping strided convolution and a
    residual 3×3 one."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.shrink = nn.Conv2d(
            inputs, outputs, 2 * stride - 1, stride=stride, padding=stride - 1, bias=False
        )
        self.shrink_norm = nn.GroupNorm(1, outputs)
        self.refine = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.refine_norm = nn.GroupNorm(1, outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.shrink_norm(self.shrink(x)))
        refined: Tensor = x + F.gelu(self.refine_norm(self.refine(x)))
        return refined


class EncoderBlock(nn.Module):
    """Pre-norm self-attention among one picture's tokens, then SwiGLU: (n, p, d) → (n, p, d)."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm = nn.RMSNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)
        self.ffn_norm = nn.RMSNorm(config.width)
        self.ffn = SwiGLU(config.width, config.ffn)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            split_heads(part, self.heads) for part in self.qkv(self.norm(x)).chunk(3, dim=-1)
        )
        x = x + self.out(merge_heads(attend(query, key, value)))
        out: Tensor = x + self.ffn(self.ffn_norm(x))
        return out


class VisionEncoder(nn.Module):
    """Pixels (n, 3, H, W) in [-1, 1] → image tokens (n, p, d)."""

    positions: Tensor

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        channels = (3, *config.stem)
        self.stem = nn.ModuleList(
            StemStage(inputs, outputs, stride=4 if stage == 0 else 2)
            for stage, (inputs, outputs) in enumerate(pairwise(channels))
        )
        self.project = nn.Linear(config.stem[-1], config.width, bias=False)
        self.register_buffer("positions", sincos_positions(config.grid, config.width), persistent=False)
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width)
        # What the decoder reads carries its place once more: where something stands is
        # otherwise washed out by the blocks, and "top left" is answered near chance.
        self.place = nn.Parameter(sincos_positions(config.grid, config.width))
        self.photo = Pretrained(config.grid, config.width) if config.pretrained else None

    def forward(self, pixels: Tensor, seen: Seen | None = None) -> Tensor:
        """seen: what the pretrained part said of these pictures, if that is known already."""
        x = pixels if self.photo is None else F.avg_pool2d(pixels, 2)
        x = x.contiguous(memory_format=torch.channels_last)
        for stage in self.stem:
            x = stage(x)
        x = self.project(x.flatten(2).transpose(1, 2)) + self.positions
        if self.photo is not None:
            seen = seen or self.photo.look(pixels)
            x = x + self.photo.project(seen.features)
        for block in self.blocks:
            x = block(x)
        tokens: Tensor = self.norm(x) + self.place
        if self.photo is not None and seen is not None:
            tokens = torch.cat((tokens, self.photo.tokens(seen, self.place)), dim=1)
        return tokens
