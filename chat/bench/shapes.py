"""Models to measure: the built-in one, and larger shapes with random weights.

What a turn costs follows from the shape, not from what the weights have learnt, so
random ones do. The larger shapes read any text and say letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.apart import apart
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


@torch.no_grad()
def endless(shape: str) -> Checkpoint:
    """The same, but its replies go on to their limit, and each token is one letter of text.

    Random weights and built-in ones alike end no reply once the end's row of the tied embedding
    is next to nothing: of all the other logits, one is always larger.
    """
    found = checkpoint(shape)
    tokenizer = LetterTokenizer(found.tokenizer.model)
    found.model.decoder.embedding.weight[tokenizer.end] *= 1e-3
    return replace(found, tokenizer=tokenizer)


def engine(loaded: Checkpoint, shape: str) -> BuiltinEngine:
    """The engine to measure, with its weights as a person gets them: of eight bits on a CPU."""
    made = apart(BuiltinEngine, loaded, shape, bits=8 if _eight_bits(loaded) else None)
    made.ready()
    return made


def text_weights(loaded: Checkpoint) -> list[Tensor]:
    """What one token reads where no picture is in view: the decoder's weights without its cross-attention."""
    return [
        parameter
        for name, parameter in loaded.model.decoder.named_parameters()
        if not name.startswith(("cross.", "picture_number."))
    ]


def text_bytes(loaded: Checkpoint) -> int:
    """Bytes of these weights as the engine keeps them. Of eight bits, a matrix has a byte for each weight and
    a float32 scale for each output."""
    eight_bits = _eight_bits(loaded)
    return sum(
        weight.numel() + 4 * len(weight) if eight_bits and weight.ndim == 2 else weight.nbytes
        for weight in text_weights(loaded)
    )


def kv_bytes(model: VisionLanguageModel) -> int:
    """Bytes of keys and values of one token."""
    config = model.config.decoder
    return 2 * config.layers * config.kv_heads * config.head_dim * model.held_dtype.itemsize


def _eight_bits(loaded: Checkpoint) -> bool:
    return loaded.model.dtype == torch.float32 and loaded.model.device.type == "cpu"
