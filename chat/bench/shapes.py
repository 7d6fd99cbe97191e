"""Models to measure: the built-in one, and larger shapes with random weights.

What a turn costs follows from the shape, not from what the weights have learnt, so
random ones do. The larger shapes read any text and say letters.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from chat.model.checkpoint import BUILTIN, TOKENIZER, Checkpoint, load
from chat.model.config import DecoderConfig, ModelConfig, VisionConfig
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel

EYES = VisionConfig(image_size=224, stem=(96, 192, 384), width=384, layers=6, heads=6, ffn=1024)
"""The encoder of both."""

SHAPES = {
    "135m": ModelConfig(
        EYES,
        DecoderConfig(
            vocab=49152,
            width=576,
            layers=30,
            heads=9,
            kv_heads=3,
            ffn=1536,
            cross_every=5,
            cross_ffn=576,
            context=4096,
            images=8,
        ),
    ),
    "270m": ModelConfig(
        EYES,
        DecoderConfig(
            vocab=32768,
            width=1024,
            layers=16,
            heads=16,
            kv_heads=4,
            ffn=2816,
            cross_every=4,
            cross_ffn=1024,
            context=4096,
            images=8,
        ),
    ),
}
"""135m: the decoder of SmolLM-135M with six cross-attention blocks. 270m: wider and less deep."""


class LetterTokenizer(Tokenizer):
    """The built-in tokenizer for a larger vocabulary: reads as it does, says one letter a token."""

    def decode(self, ids: Sequence[int]) -> str:
        """One letter for each id."""
        return "".join(chr(ord("a") + token % 26) for token in ids)


def checkpoint(shape: str, dtype: torch.dtype = torch.float32) -> Checkpoint:
    """The built-in model, or a shape with random weights, the same ones every time."""
    if shape == "builtin":
        return load(dtype=dtype)
    torch.manual_seed(0)
    model = VisionLanguageModel(SHAPES[shape]).requires_grad_(False).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("gate"):
            parameter.fill_(0.5)
    tokenizer = LetterTokenizer((BUILTIN / TOKENIZER).read_bytes())
    return Checkpoint(model.to(dtype), tokenizer, f"random-{shape}")
