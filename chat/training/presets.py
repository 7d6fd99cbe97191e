"""How large a model, and how long it learns what."""

from __future__ import annotations

from dataclasses import dataclass

from chat.model.config import DecoderConfig, ModelConfig, VisionConfig


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of training. Its length is a time of actual training, so that a preset fits its machine;
    the learning rates fall to zero as it passes."""

    minutes: float
    batch: int
    warmup: int = 40
    matrix_rate: float = 0.02
    other_rate: float = 2e-3


@dataclass(frozen=True, slots=True)
class Preset:
    """A whole recipe: shape, vocabulary and stages.

    own_from, own_every: from that share of the dialogue stage on, every so many steps
    the history holds the model's own answers.
    """

    model: ModelConfig
    ground: Stage
    talk: Stage
    grounding_weight: float = 0.2
    own_from: float = 0.5
    own_every: int = 40
    workers: int = 1
    seed: str = "0"


_VOCAB = 1536

PRESETS = {
    "smoke": Preset(
        model=ModelConfig(
            VisionConfig(stem=(16, 32, 48), width=48, layers=1, heads=2, ffn=96),
            DecoderConfig(vocab=1024, width=48, layers=1, heads=2, kv_heads=2, ffn=96, cross_ffn=48),
        ),
        ground=Stage(minutes=0.1, batch=8, warmup=4),
        talk=Stage(minutes=0.3, batch=8, warmup=4),
        own_from=0.3,
        own_every=10,
        workers=0,
    ),
    "nano": Preset(
        model=ModelConfig(VisionConfig(), DecoderConfig(vocab=_VOCAB)),
        ground=Stage(minutes=12, batch=64),
        talk=Stage(minutes=76, batch=64),
    ),
}
"""smoke: seconds, to see that everything runs. nano: two CPU cores, an hour and a half."""
