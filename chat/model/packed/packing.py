"""Weights as bytes, in the order in which a step reads them.

Each output's weights are divided by one scale and rounded to -127 … 127: symmetric
weight-only quantisation, as LLM.int8() does for its regular features (Dettmers et al.
2022, arXiv:2208.07339). With four bits, -7 … 7, each GROUP of inputs has a scale of its
own, as in GPTQ (Frantar et al. 2022, arXiv:2210.17323), but values are rounded to the
nearest. They lie in panels of LANES outputs, within a panel two inputs after two inputs, so that
one vector holds the same two inputs' weights of neighbouring outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from chat.model.decoder import CrossAttentionBlock, Decoder, SelfAttentionBlock
from chat.model.packed.layout import FIELDS, GROUP, HELD, LANES, Weights
from chat.model.vlm import VisionLanguageModel


def quantise(weight: Tensor, bits: int = 8, group: int | None = None) -> tuple[Tensor, Tensor]:
    """A matrix (outputs, inputs) as whole numbers of so many bits, and the scales (outputs, groups) of each
    output's groups of inputs; one group without `group`, which has to divide the inputs."""
    most = 2 ** (bits - 1) - 1
    groups = weight.view(len(weight), -1, group or weight.shape[1])
    scale = groups.abs().amax(dim=2).clamp(min=torch.finfo(torch.float32).tiny) / most
    return (groups / scale[:, :, None]).round().to(torch.int8).view_as(weight), scale


def restored(values: Tensor, scale: Tensor) -> Tensor:
    """What values (outputs, inputs) with scales (outputs, groups) stand for."""
    return (values.view(*scale.shape, -1) * scale[:, :, None]).view(values.shape)


@torch.inference_mode()
def pack(model: VisionLanguageModel, bits: int) -> Weights:
    """A model's decoder in eight or four bits; its linear layers and embedding take on the values packed, and
    it keeps keys and values in HELD from here on.

    Raises ValueError for a model that is not float32 on a CPU, and for four bits where the inputs of a
    layer are not a multiple of GROUP.
    """
    if model.dtype != torch.float32 or model.device.type != "cpu":
        raise ValueError(
            f"Weights of {bits} bits need a float32 model on the CPU, not a "
            f"{str(model.dtype).removeprefix('torch.')} one on {model.device.type}."
        )
    model.kv_dtype = HELD
    return Packer(bits).pack(model.decoder)


class Packer:
    """Puts a decoder's weights behind one another, in the order in which a step reads them."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._matrices: list[Tensor] = []
        self._floats: list[Tensor] = []
        self._bytes = self._count = 0

    def pack(self, decoder: Decoder) -> Weights:
        """All of it."""
        blocks = [self._block(block) for block in decoder.blocks if isinstance(block, SelfAttentionBlock)]
        crosses = [block for block in decoder.cross if isinstance(block, CrossAttentionBlock)]
        cross = [self._block(block) for block in crosses]
        gates = [[block.gate.tanh().item(), block.ffn_gate.tanh().item()] for block in crosses]
        # Each token's row counts by itself there: it keeps eight bits.
        head = _packed(decoder.embedding.weight, 8)
        ends = [
            self._vector(_scales(head[1])),
            self._vector(decoder.norm.weight),
            self._vector(decoder.embedding_norm.weight),
        ]
        return Weights(
            _joined(self._matrices),
            _joined([_panels(head[0], 8)]),
            torch.cat(self._floats).numpy(),
            np.array(blocks, np.int64),
            np.array(cross, np.int64).reshape(-1, FIELDS),
            np.array(gates, np.float32).reshape(-1, 2),
            decoder.embedding.weight.numpy(),
            np.array(ends, np.int64),
        )

    def _block(self, block: SelfAttentionBlock | CrossAttentionBlock) -> list[int]:
        """The columns of `Weights.blocks`. Of a cross-attention block, keys and values come with pictures."""
        inward, inward_scale = _packed(block.query.weight, self._bits)
        if isinstance(block, SelfAttentionBlock):
            values, scale = _packed(block.key_value.weight, self._bits)
            inward, inward_scale = torch.cat((inward, values)), torch.cat((inward_scale, scale))
        up, up_scale = _packed(block.ffn.up.weight, self._bits)
        return [
            *self._matrix([(inward, inward_scale)]),
            *self._matrix([_packed(block.out.weight, self._bits)]),
            # Panels of gates and of values take turns.
            *self._matrix(list(zip(up.chunk(2), up_scale.chunk(2), strict=True))),
            *self._matrix([_packed(block.ffn.down.weight, self._bits)]),
            self._vector(block.norm.weight),
            self._vector(block.query_norm.weight),
            self._vector(block.key_norm.weight),
            self._vector(block.ffn_norm.weight),
        ]

    def _matrix(self, parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[int, int]:
        """Where the panels of matrices of one size begin, taking turns, and their scales."""
        panels = torch.stack([_panels(values, self._bits) for values, _ in parts], dim=1)
        at = self._bytes, self._vector(torch.stack([_scales(scale) for _, scale in parts], dim=1))
        self._matrices.append(panels)
        self._bytes += panels.numel()
        return at

    def _vector(self, values: Tensor) -> int:
        at = self._count
        self._floats.append(values.flatten())
        self._count += values.numel()
        return at


def _packed(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """A matrix as `quantise` gives it; it takes on the values that these stand for."""
    if bits == 4 and weight.shape[1] % GROUP:
        raise ValueError(
            f"Weights of four bits need layers whose inputs are a multiple of {GROUP}, not {weight.shape[1]}."
        )
    values, scale = quantise(weight, bits, GROUP if bits == 4 else None)
    weight.copy_(restored(values, scale))
    return values, scale


def _panels(values: Tensor, bits: int) -> Tensor:
    """Values (outputs, inputs) as panels (n, inputs / 2, LANES, 2), of four bits (n, inputs / 2, LANES),
    padded with zeros."""
    values = nn.functional.pad(values, (0, values.shape[1] % 2, 0, -len(values) % LANES))
    panels = values.view(-1, LANES, values.shape[1] // 2, 2).transpose(1, 2)
    if bits == 8:
        return panels
    halves = (panels + 8).view(torch.uint8)
    return halves[..., 0] | halves[..., 1] << 4


def _scales(scale: Tensor) -> Tensor:
    """The scales (outputs, groups) of a matrix's panels: (n, groups, LANES)."""
    scale = nn.functional.pad(scale, (0, 0, 0, -len(scale) % LANES))
    return scale.view(-1, LANES, scale.shape[1]).mT


def _joined(matrices: Sequence[Tensor]) -> np.ndarray[Any, Any]:
    # NumPy asks for large pages of memory, which are read some 10 % faster; PyTorch does not.
    return np.concatenate([matrix.flatten().numpy() for matrix in matrices])
