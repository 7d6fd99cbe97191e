"""How large a model, and how long it learns what."""

from __future__ import annotations

import os
from dataclasses import dataclass

from chat.model.config import ContrastConfig, DecoderConfig, ModelConfig, VisionConfig
from chat.training.dialogues import Curriculum


@dataclass(frozen=True, slots=True)
class Others:
    """Dialogues beside a stage's own, how many to a batch, and whether the encoder learns from them too."""

    dialogues: Curriculum
    batch: int
    encoder: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of training.

    Its length is a time of actual training, so that a preset fits its machine. `fall` is
    the last share of it, over which the learning rate falls to zero. `dialogues` is what
    it learns from: None for pictures alone (grounding). own_from, own_every: from that
    share of the stage on, every so many steps the history holds the model's own answers.
    The encoder learns from every `encoder_every`-th step, 0 for none, because its steps cost
    as much as the decoder's and it has grounding behind it. `also`: other dialogues that take
    turns with the stage's own; half of the batches are theirs.
    `contrast`: it teaches the heads that find pictures by words and nothing else, a batch being
    of pictures with a caption each.
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
    also: tuple[Others, ...] = ()
    contrast: bool = False


@dataclass(frozen=True, slots=True)
class Preset:
    """A whole recipe: shape, vocabulary and stages; `bank` pictures are drawn ahead, 0 draws each anew.

    ema: decay of the average of the weights that goes into the checkpoint, 0 for the last weights.
    """

    model: ModelConfig
    stages: tuple[Stage, ...]
    bank: int = 0
    grounding_weight: float = 0.2
    workers: int = 1
    seed: str = "0"
    ema: float = 0.0


KINDS = {"shapes": 35.0, "objects": 20.0, "photographs": 33.0, "cards": 12.0}
"""How often a picture of a bank shows what."""

EASY = Curriculum(turns=(3, 6), pictures=(4, 80, 16), most=3, kinds=KINDS)
"""Few things in a picture, so that the decoder soon finds out where to look."""

NAMING = Curriculum(
    turns=(1, 2),
    pictures=(0, 100),
    most=4,
    emphasis={"what": 4.0, "describe": 1.5},
    kinds={"photographs": 62.0, "objects": 28.0, "shapes": 10.0},
)
"""A question or two about one picture, most of them for the name of what it shows. In whole dialogues the
decoder did not find the tags in half an hour; on these alone it read them within minutes."""

LOOKING = Curriculum(
    at_once=0.1,
    turns=(2, 4),
    pictures=(0, 100),
    emphasis={
        "count": 5.0,
        "count_verify": 9.0,
        "ambiguous": 5.0,
        "relation": 12.0,
        "beside": 6.0,
        "shape_verify": 3.0,
        "read_verify": 12.0,
        "read": 2.0,
        "describe": 0.4,
        "caption": 0.2,
        "tell": 0.1,
        "small": 0.1,
        "scope": 0.1,
        "none": 0.1,
        "sums": 0.3,
        "across": 0.3,
        "card_odd": 2.0,
        "card_odd_verify": 4.0,
        "card_verify": 3.0,
        "card_superlative_verify": 2.5,
        "card_result": 1.5,
        "card_output": 1.5,
    },
    kinds={"cards": 45.0, "shapes": 45.0, "objects": 10.0},
)
"""A few questions about one picture, most of them of the kinds that whole dialogues teach too seldom:
numbers, sides, whether something is so, and cards."""

CHECKING = Curriculum(
    turns=(1, 2),
    pictures=(0, 100),
    most=5,
    emphasis={
        **dict.fromkeys(
            ("describe", "caption", "tell", "small", "scope", "none", "sums", "across", "follow"), 0.02
        ),
        **dict.fromkeys(
            ("count", "colour", "shape", "size", "place", "fill", "at_place", "read", "missing"), 0.05
        ),
        **dict.fromkeys(("exist", "compare", "beside", "ambiguous"), 0.05),
        "count_verify": 6.0,
        "relation": 10.0,
        "read_verify": 16.0,
        "shape_verify": 2.0,
        "verify": 1.0,
        **dict.fromkeys(("card_verify", "card_odd_verify", "card_superlative_verify", "card_larger"), 30.0),
    },
    kinds={"cards": 40.0, "shapes": 60.0},
)
"""Whether something is so, and little else: comparing what was read with what was asked is learnt late."""

COUNTING = Curriculum(
    at_once=0.1,
    turns=(2, 4),
    pictures=(0, 100),
    emphasis={
        **dict.fromkeys(("describe", "caption", "tell", "small", "scope", "none", "sums", "quoted"), 0.05),
        "count": 6.0,
        "count_verify": 6.0,
        "exist": 1.5,
        "ambiguous": 5.0,
        "follow": 1.5,
        "count_on": 3.0,
        "those": 4.0,
        "of_them": 3.0,
        "it": 0.3,
    },
    kinds={"shapes": 92.0, "objects": 8.0},
    fewest=4,
)
"""How many there are, in pictures of several things: elsewhere it is mostly one."""

REMEMBERING = Curriculum(
    at_once=0.2,
    turns=(6, 8),
    pictures=(15, 80, 5),
    emphasis={
        "tell": 3.5,
        "small": 1.2,
        "scope": 0.4,
        "none": 2.0,
        "follow": 2.0,
        "recall": 3.0,
        "rule": 10.0,
        "naming": 6.0,
        "named": 12.0,
        "stranger": 5.0,
        "colour": 2.0,
        "size": 2.0,
        "fill": 2.0,
        "first_asked": 14.0,
        "back_to": 4.0,
        "other": 5.0,
        "those": 4.0,
        "count_on": 2.0,
        "it": 0.5,
        "ambiguous": 2.0,
        "count": 1.5,
        "describe": 0.5,
        "caption": 0.3,
    },
    kinds={"shapes": 85.0, "objects": 15.0},
)
"""What was told, named, agreed or asked first, and needed later."""

RECITING = Curriculum(
    at_once=0.2,
    turns=(8, 16),
    pictures=(70, 30),
    emphasis={
        "tell": 7.0,
        "sums": 8.0,
        "quoted": 20.0,
        "scope": 0.3,
        "small": 0.3,
        "none": 0.3,
        "recall": 2.5,
        "recall_verify": 7.0,
        "rule": 10.0,
    },
    kinds=KINDS,
)
"""Words, mostly alone: what was told or never told, sums, texts compared, rules for the answers. Copying a
name, adding and comparing are learnt here for a fraction of what a picture costs."""

SEVERAL = Curriculum(
    at_once=0.2,
    pictures=(4, 44, 38, 9, 3, 1, 1),
    emphasis={
        "ambiguous": 2.0,
        "count": 2.2,
        "count_on": 3.0,
        "count_verify": 1.5,
        "those": 3.0,
        "follow": 1.4,
        "first_asked": 7.0,
        "of_them": 2.0,
        "named": 7.0,
        "recall": 1.5,
        "rule": 6.0,
        "stranger": 2.0,
        "back_to": 1.5,
        "verify": 1.3,
        "relation": 2.5,
        "beside": 2.0,
        "compare": 1.6,
        "other": 3.0,
        "caption": 0.7,
    },
    kinds=KINDS,
)
"""More pictures in a dialogue than people send, because telling them apart is learnt slowly, and more of the
questions that are."""


def _beside(*batches: int) -> tuple[Others, ...]:
    """The dialogues beside whole ones, so many of each to a batch; from looking, the encoder learns too."""
    kinds = (LOOKING, CHECKING, RECITING, REMEMBERING, NAMING, COUNTING)
    return tuple(
        Others(kind, batch, encoder=kind is LOOKING) for kind, batch in zip(kinds, batches, strict=True)
    )


PRESETS = {
    "smoke": Preset(
        model=ModelConfig(
            VisionConfig(stem=(16, 32, 48), width=48, layers=1, heads=2, ffn=96),
            DecoderConfig(vocab=1024, width=48, layers=1, heads=2, kv_heads=2, ffn=96, cross_ffn=48),
            ContrastConfig(width=32, layers=1, heads=2, ffn=96, pool_heads=2, pool_ffn=48),
        ),
        stages=(
            Stage("ground", minutes=0.1, batch=8, warmup=4),
            Stage("easy", minutes=0.1, batch=8, warmup=4, fall=0.0, dialogues=EASY),
            Stage("talk", minutes=0.2, batch=8, warmup=4, dialogues=Curriculum(), own_from=0.3, own_every=10),
            Stage("contrast", minutes=0.1, batch=32, warmup=4, contrast=True),
        ),
        workers=0,
    ),
    "nano": Preset(
        model=ModelConfig(
            VisionConfig(image_size=256, pretrained="efficientnet-lite0"),
            DecoderConfig(vocab=3072, layers=6),
            ContrastConfig(),
        ),
        bank=28_000,
        stages=(
            Stage("ground", minutes=30, batch=32),
            Stage("easy", minutes=10, batch=16, fall=0.0, dialogues=EASY),
            Stage("name", minutes=12, batch=64, fall=0.0, dialogues=NAMING, encoder_every=0),
            Stage(
                "talk",
                minutes=110,
                batch=16,
                dialogues=SEVERAL,
                own_from=0.5,
                own_every=40,
                encoder_every=2,
                also=_beside(32, 56, 24, 20, 40, 32),
            ),
            Stage("contrast", minutes=8, batch=256, contrast=True),
        ),
    ),
    "small": Preset(
        model=ModelConfig(
            VisionConfig(
                image_size=256, width=384, layers=6, heads=6, ffn=1152, pretrained="efficientnet-lite0"
            ),
            DecoderConfig(vocab=4096, width=384, layers=8, heads=6, kv_heads=6, ffn=1024, cross_ffn=384),
            ContrastConfig(heads=6, ffn=768, pool_ffn=384),
        ),
        bank=32_000,
        stages=(
            Stage("ground", minutes=4, batch=128, warmup=200),
            Stage("easy", minutes=2, batch=128, warmup=200, fall=0.0, dialogues=EASY),
            Stage("name", minutes=2, batch=512, warmup=100, fall=0.0, dialogues=NAMING, encoder_every=0),
            Stage(
                "talk",
                minutes=11,
                batch=128,
                warmup=200,
                dialogues=SEVERAL,
                own_from=0.5,
                own_every=40,
                also=_beside(256, 448, 192, 160, 384, 256),
            ),
            Stage("contrast", minutes=2, batch=512, warmup=100, contrast=True),
        ),
        workers=max(1, (os.cpu_count() or 2) - 1),
        ema=0.999,
    ),
}
"""smoke: seconds, to see that everything runs. nano: two CPU cores, two and a half hours. small: one GPU and
a dozen cores or more, 20 to 25 minutes with the drawing of its bank."""
