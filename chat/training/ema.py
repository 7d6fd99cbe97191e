"""An exponential moving average of the weights: smoother than the last step's, and often better.

Polyak & Juditsky 1992 averaged all steps alike; the exponential form with a decay that
warms up, min(decay, (1 + t) / (10 + t)), is that of TensorFlow's ExponentialMovingAverage,
so that the first steps, far from where training goes, are soon forgotten.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Ema:
    """The averages, in float32, of the parameters that learn; `steps` counts updates."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        """Begins with the weights as they are. Raises ValueError unless 0 < decay < 1."""
        if not 0 < decay < 1:
            raise ValueError(f"The decay of averaged weights must lie between 0 and 1, and {decay} does not.")
        self.decay, self.steps = decay, 0
        self._averages = {
            name: parameter.detach().float().clone()
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        }

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the weights after a step of the optimiser."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        present = dict(model.named_parameters())
        averages = list(self._averages.values())
        weights = [present[name].detach().float() for name in self._averages]
        torch._foreach_lerp_(averages, weights, 1 - decay)

    def weights(self, model: nn.Module) -> dict[str, Tensor]:
        """The model's state, with averages where there are some."""
        return {**model.state_dict(), **self._averages}

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {"steps": self.steps, "averages": self._averages}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved average; what it does not know keeps the weights it has."""
        self.steps = int(state["steps"])
        for name, average in self._averages.items():
            if name in state["averages"]:
                average.copy_(state["averages"][name])
