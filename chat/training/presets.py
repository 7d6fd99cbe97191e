"""How large a model, and how long it learns what."""

from __future__ import annotations

from dataclasses import dataclass

from chat.model.config import DecoderConfig, ModelConfig, VisionConfig
from chat.training.dialogues import Curriculum


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of training.

    Its length is a time of actual training, so that a preset fits its machine. `fall` is
    the last share of it, over which the learning rate falls to zero. `dialogues` is what
    it learns from: None for pictures alone (grounding). own_from, own_every: from that
    share of the stage on, every so many steps the history holds the model's own answers.
    The encoder learns from every `encoder_every`-th batch, because its steps cost as much
    as the decoder's and it has grounding behind it.
    """

    name: str
    minutes: float
    batch: int
    rate: float = 1e-3
    warmup: int = 50
    fall: float = 0.6
    dialogues: Curriculum | None = None
    own_from: float = 1.0
    own_every: int = 60
    encoder_every: int = 1


@dataclass(frozen=True, slots=True)
class Preset:
    """A whole recipe: shape, vocabulary and stages; `bank` pictures are drawn ahead, 0 draws each anew."""

    model: ModelConfig
    stages: tuple[Stage, ...]
    bank: int = 0
    grounding_weight: float = 0.2
    workers: int = 1
    seed: str = "0"


KINDS = {"shapes": 43.0, "objects": 22.0, "photographs": 22.0, "cards": 13.0}
"""How often a picture of a bank shows what."""

EASY = Curriculum(turns=(3, 6), pictures=(4, 80, 16), most=3, kinds=KINDS)
"""Few things in a picture, so that the decoder soon finds out where to look."""

SEVERAL = Curriculum(
    pictures=(4, 44, 38, 9, 3, 1, 1),
    emphasis={
        "ambiguous": 3.0,
        "count": 1.5,
        "named": 2.0,
        "verify": 1.3,
        "relation": 2.5,
        "compare": 1.6,
        "other": 2.0,
    },
    kinds=KINDS,
)
"""More pictures in a dialogue than people send, because telling them apart is learnt slowly, and more of the
questions that are."""

PRESETS = {
    "smoke": Preset(
        model=ModelConfig(
            VisionConfig(stem=(16, 32, 48), width=48, layers=1, heads=2, ffn=96),
            DecoderConfig(vocab=1024, width=48, layers=1, heads=2, kv_heads=2, ffn=96, cross_ffn=48),
        ),
        stages=(
            Stage("ground", minutes=0.1, batch=8, warmup=4),
            Stage("easy", minutes=0.1, batch=8, warmup=4, fall=0.0, dialogues=EASY),
            Stage("talk", minutes=0.2, batch=8, warmup=4, dialogues=Curriculum(), own_from=0.3, own_every=10),
        ),
        workers=0,
    ),
    "nano": Preset(
        model=ModelConfig(
            VisionConfig(image_size=256, pretrained="efficientnet-lite0"), DecoderConfig(vocab=3072, layers=6)
        ),
        bank=16_000,
        stages=(
            Stage("ground", minutes=30, batch=32),
            Stage("easy", minutes=10, batch=16, fall=0.0, dialogues=EASY),
            Stage(
                "talk", minutes=110, batch=16, dialogues=SEVERAL, own_from=0.5, own_every=40, encoder_every=2
            ),
        ),
    ),
}
"""smoke: seconds, to see that everything runs. nano: two CPU cores, two and a half hours."""
