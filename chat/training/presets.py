"""How large a model, and how long it learns what."""

from __future__ import annotations

from dataclasses import dataclass

from chat.model.config import DecoderConfig, ModelConfig, VisionConfig
from chat.training.dialogues import Curriculum


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of training.

    Its length is a time of actual training, so that a preset fits its machine; the
    learning rate falls to zero as it passes. `dialogues` is what it learns from: None for
    pictures alone (grounding). own_from, own_every: from that share of the stage on,
    every so many steps the history holds the model's own answers.
    """

    name: str
    minutes: float
    batch: int
    rate: float = 1e-3
    warmup: int = 50
    dialogues: Curriculum | None = None
    own_from: float = 1.0
    own_every: int = 60


@dataclass(frozen=True, slots=True)
class Preset:
    """A whole recipe: shape, vocabulary and stages."""

    model: ModelConfig
    stages: tuple[Stage, ...]
    grounding_weight: float = 0.2
    workers: int = 1
    seed: str = "0"


SHORT = Curriculum(turns=(1, 3), pictures=(0.04, 0.96), most=3)
"""Few things, few turns: many pictures a second, and soon an idea of where to look."""

PRESETS = {
    "smoke": Preset(
        model=ModelConfig(
            VisionConfig(stem=(16, 32, 48), width=48, layers=1, heads=2, ffn=96),
            DecoderConfig(vocab=1024, width=48, layers=1, heads=2, kv_heads=2, ffn=96, cross_ffn=48),
        ),
        stages=(
            Stage("ground", minutes=0.1, batch=8, warmup=4),
            Stage("short", minutes=0.1, batch=8, warmup=4, dialogues=SHORT),
            Stage("talk", minutes=0.2, batch=8, warmup=4, dialogues=Curriculum(), own_from=0.3, own_every=10),
        ),
        workers=0,
    ),
    "nano": Preset(
        model=ModelConfig(VisionConfig(), DecoderConfig(vocab=1536)),
        stages=(
            Stage("ground", minutes=20, batch=32),
            Stage("short", minutes=15, batch=16, dialogues=SHORT),
            Stage("talk", minutes=60, batch=16, dialogues=Curriculum(), own_from=0.5),
        ),
    ),
}
"""smoke: seconds, to see that everything runs. nano: two CPU cores, an hour and a half."""
