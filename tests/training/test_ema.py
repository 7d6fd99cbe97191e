"""The average of the weights: its formula, and that a checkpoint gets it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from chat.model.checkpoint import load
from chat.model.config import ModelConfig, tiny
from chat.training import recipe, vocabulary
from chat.training.ema import Ema
from chat.training.presets import Preset, Stage
from chat.training.recipe import Run


def test_it_is_the_exponential_average_with_a_warm_up() -> None:
    layer = torch.nn.Linear(1, 1)
    layer.bias.requires_grad_(False)
    torch.nn.init.zeros_(layer.weight)
    ema = Ema(layer, 0.5)
    expected = 0.0
    for step in range(40):
        torch.nn.init.constant_(layer.weight, float(step))
        ema.update(layer)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step
    weights = ema.weights(layer)
    assert float(weights["weight"]) == pytest.approx(expected)
    assert float(layer.weight.detach()) == 39, "the weights themselves are left alone"
    assert torch.equal(weights["bias"], layer.bias)


def test_it_goes_on_from_what_was_saved() -> None:
    first, second = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    ema, again = Ema(first, 0.9), Ema(second, 0.9)
    ema.update(second)
    again.load_state_dict(ema.state_dict())
    assert again.steps == 1
    assert torch.equal(again.weights(second)["weight"], ema.weights(first)["weight"])


@pytest.mark.parametrize("decay", [0.0, 1.0, -1.0])
def test_other_decays_are_refused(decay: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Ema(torch.nn.Linear(1, 1), decay)


def test_a_checkpoint_gets_the_average(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(vocabulary, "UTTERANCES", 2000)
    monkeypatch.setattr(recipe, "mixed_precision_pays", lambda device: False)
    config = tiny()
    model = ModelConfig(config.vision, replace(config.decoder, vocab=600))
    preset = Preset(model, (Stage("talk", 1, 2),), workers=0, ema=0.99)
    run = Run(preset, tmp_path, torch.device("cpu"))
    before = run.model.decoder.embedding.weight.detach().clone()
    recipe.set_rate(run.optimiser, replace(preset.stages[0], rate=0.1, warmup=1), 0, 0.0)
    run._update(run.model.decoder.embedding.weight.square().sum())
    after = run.model.decoder.embedding.weight.detach()
    run._save()
    kept = load(tmp_path / "checkpoint").model.decoder.embedding.weight
    torch.testing.assert_close(kept.bfloat16(), (0.1 * before + 0.9 * after).bfloat16(), atol=1e-3, rtol=1e-2)
    again = Run(preset, tmp_path, torch.device("cpu"))
    assert torch.equal(again.model.decoder.embedding.weight, after), "training goes on with the last weights"
    assert again.ema is not None
    assert again.ema.steps == 1
    without = Run(replace(preset, ema=0.0), tmp_path, torch.device("cpu"))
    assert without.ema is None
