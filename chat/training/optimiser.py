"""AdamW in groups, its rate over a stage, and the type that a device multiplies fastest."""

from __future__ import annotations

import time

import torch
from torch import nn

from chat.model.vlm import VisionLanguageModel
from chat.training.grounding import Grounding
from chat.training.presets import Stage

GATE_SCALE = 20.0
"""How much faster the cross-attention gates learn than other scalars and vectors."""

ENCODER_SCALE = 0.4
"""How much slower the encoder learns from dialogues, so that what grounding taught it lasts."""


def mixed_precision_pays(device: torch.device) -> bool:
    """Whether bfloat16 products are faster than float32 ones here: on some processors they are not."""
    if device.type != "cpu":
        return True

    def seconds(dtype: torch.dtype) -> float:
        a, b = torch.randn(4096, 512).to(dtype), torch.randn(512, 512).to(dtype)
        times = []
        for _ in range(12):
            began = time.perf_counter()
            a @ b
            times.append(time.perf_counter() - began)
        return min(times)

    return seconds(torch.bfloat16) < seconds(torch.float32)


def make_optimiser(model: VisionLanguageModel, grounding: Grounding) -> torch.optim.Optimizer:
    """AdamW in three groups, whose rates `set_rate` sets.

    The gates get a rate of their own: they start at zero, and at the rate of the others
    it takes them hundreds of steps to open, in which the decoder learns to do without
    looking.
    """
    groups: dict[str, list[nn.Parameter]] = {"encoder": [], "decoder": [], "gates": []}
    groups["encoder"] += grounding.parameters()
    for name, parameter in model.named_parameters():
        # The contrast heads have a stage of their own.
        if not parameter.requires_grad or name.startswith("contrast."):
            continue
        # What the tags mean is learnt like words, from nothing.
        seeing = name.startswith("vision") and not name.startswith("vision.photo")
        groups["gates" if name.endswith("gate") else "encoder" if seeing else "decoder"].append(parameter)
    return torch.optim.AdamW(
        [{"params": parameters, "part": part} for part, parameters in groups.items()],
        betas=(0.9, 0.98),
        weight_decay=0.0,
    )


def set_rate(optimiser: torch.optim.Optimizer, stage: Stage, step: int, done: float) -> None:
    """Warm up over the first steps, hold, and fall to zero over the last `stage.fall` of the time."""
    share = min(1.0, (step + 1) / stage.warmup)
    if stage.fall:
        share *= min(1.0, max(0.0, 1.0 - done) / stage.fall)
    scales = {"encoder": 1.0, "decoder": 1.0, "gates": GATE_SCALE, "heads": 1.0}
    if stage.dialogues is not None:
        scales["encoder"] = ENCODER_SCALE
    for group in optimiser.param_groups:
        group["lr"] = stage.rate * share * scales[group["part"]]
