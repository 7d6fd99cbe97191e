"""A saved state in parts is the same state; a run in pieces is the same run."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from chat.errors import CheckpointError
from chat.model.config import DecoderConfig, ModelConfig, VisionConfig
from chat.training import recipe, states, vocabulary
from chat.training.presets import PRESETS, Preset
from chat.training.recipe import Run

CPU = torch.device("cpu")


def some(seed: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(50_000, generator=generator) for name in "ab"}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def test_parts_are_within_the_limit_and_read_back(tmp_path: Path) -> None:
    assert not states.exists(tmp_path)
    for seed in (1, 2, 3):
        states.write(tmp_path, some(seed), 0.1)
        parts = sorted(path for path in tmp_path.iterdir() if path.suffix[1:].isdigit())
        assert len(parts) == 5, "400 kB of numbers and a little more; those of the state before are gone"
        assert all(path.stat().st_size <= 100_000 for path in parts)
        assert same(states.read(tmp_path, CPU), some(seed))


def test_one_file_takes_the_place_of_parts_and_back(tmp_path: Path) -> None:
    states.write(tmp_path, some(1), 0.1)
    states.write(tmp_path, some(2))
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]
    assert same(states.read(tmp_path, CPU), some(2))
    states.write(tmp_path, some(3), 0.1)
    assert not (tmp_path / "state.pt").exists()
    assert same(states.read(tmp_path, CPU), some(3))


def test_a_write_that_breaks_off_leaves_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states.write(tmp_path, some(1), 0.1)

    def broken(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", broken)
    with pytest.raises(OSError, match="no space"):
        states.write(tmp_path, some(2), 0.1)
    assert same(states.read(tmp_path, CPU), some(1))


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    states.write(tmp_path, some(1), 0.1)
    (tmp_path / "state.a.003").unlink()
    with pytest.raises(CheckpointError, match=r"state\.a\.003 is not there whole"):
        states.read(tmp_path, CPU)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Preset:
    """The recipe of `small` with a very small model, and no bank, for which packages would be needed, nor the
    stage that has a test of its own."""
    monkeypatch.setattr(vocabulary, "UTTERANCES", 2000)
    monkeypatch.setattr(recipe, "mixed_precision_pays", lambda device: False)
    model = ModelConfig(
        VisionConfig(stem=(8, 8, 16), width=16, layers=1, heads=2, ffn=16),
        DecoderConfig(vocab=600, width=16, layers=1, heads=2, kv_heads=1, ffn=16, cross_ffn=16, context=512),
    )
    preset = PRESETS["small"]
    stages = tuple(replace(stage, batch=2, minutes=0.005) for stage in preset.stages if not stage.contrast)
    return replace(preset, model=model, stages=stages, bank=0, workers=0)


@dataclass
class OneStep(Run):
    """A run whose piece is over after one step, whatever the clock says."""

    def train(self) -> None:
        self._first = (self.progress.stage, self.progress.step)
        super().train()

    def _over(self) -> bool:
        return (self.progress.stage, self.progress.step) != self._first


def test_a_run_in_pieces_goes_on_at_the_next_step(small: Preset, tmp_path: Path) -> None:
    at = ("ground", 0)
    stages = [stage.name for stage in small.stages]
    seen = []
    while at[0] != recipe.DONE:
        run = OneStep(small, tmp_path, CPU, part_mb=0.05, samples=0)
        assert (run.progress.stage, run.progress.step) == at
        run.train()
        following = (run.progress.stage, run.progress.step)
        assert following == (at[0], at[1] + 1) or following[1] == 0
        seen.append(at[0])
        at = following
    assert list(dict.fromkeys(seen)) == stages
    assert run.ema is not None
    assert run.ema.steps == len(seen)
    assert (tmp_path / "checkpoint" / "model.safetensors").exists()
    assert len(list(tmp_path.glob("state.?.???"))) > 1


def test_a_piece_of_no_length_saves_and_stops(small: Preset, tmp_path: Path) -> None:
    run = Run(small, tmp_path, CPU, piece=0.0)
    run.train()
    assert not run.done
    assert (run.progress.stage, run.progress.step) == ("ground", 0)
    assert states.exists(tmp_path)
