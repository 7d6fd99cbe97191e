"""Tiny models with fixed random weights, for numeric tests."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import torch

from chat.model.checkpoint import Checkpoint
from chat.model.config import tiny
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel

TEXTS = [
    "What colour is the circle?",
    "It is red.",
    "Hello there, what do you see?",
    "Two blue squares.",
] * 20


@cache
def tiny_tokenizer() -> Tokenizer:
    """A tokenizer of the tiny model's vocabulary."""
    return Tokenizer.train(TEXTS, tiny().decoder.vocab)


def tiny_model(
    dtype: torch.dtype = torch.float32, *, gate: float = 0.8, seed: int = 0
) -> VisionLanguageModel:
    """The tiny model with weights large enough that every part of it matters; gates as given."""
    torch.manual_seed(seed)
    model = VisionLanguageModel(tiny())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("gate"):
                parameter.fill_(gate)
            elif parameter.ndim == 2:
                parameter.normal_(std=0.25)
    return model.to(dtype).eval().requires_grad_(False)


def tiny_checkpoint(*, gate: float = 0.8, seed: int = 0) -> Checkpoint:
    """The tiny model as an engine takes it."""
    return Checkpoint(tiny_model(gate=gate, seed=seed), tiny_tokenizer(), f"tiny-{seed}")


def random_pixels(count: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> torch.Tensor:
    """Pictures of noise: (count, 3, H, W) in [-1, 1]."""
    size = tiny().vision.image_size
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(count, 3, size, size, generator=generator) * 2 - 1).to(dtype)


def random_ids(length: int, rng: random.Random) -> list[int]:
    """Token ids past the special ones."""
    return [rng.randrange(8, tiny().decoder.vocab) for _ in range(length)]


BUILTIN_WEIGHTS = Path(__file__).parents[2] / "chat" / "model" / "weights" / "model.safetensors"
