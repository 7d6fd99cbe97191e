"""A checkpoint comes back as it was saved, and a bad one is refused in words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from chat.errors import CheckpointError
from chat.model.checkpoint import CONFIG, TOKENIZER, WEIGHTS, load, save
from chat.model.config import ModelConfig, tiny
from tests.helpers.models import tiny_model, tiny_tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path, tiny(), tiny_tokenizer(), tiny_model().state_dict(), dtype=torch.float32)
    return tmp_path


def test_weights_config_and_tokenizer_come_back(folder: Path) -> None:
    checkpoint = load(folder)
    assert checkpoint.model.config == tiny()
    assert checkpoint.tokenizer.model == tiny_tokenizer().model
    saved = tiny_model().state_dict()
    for name, tensor in checkpoint.model.state_dict().items():
        torch.testing.assert_close(tensor, saved[name], atol=0, rtol=0)


def test_it_loads_in_the_type_asked_for(folder: Path) -> None:
    assert load(folder, dtype=torch.bfloat16).model.dtype == torch.bfloat16


def test_the_fingerprint_names_the_weights(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    twin, other = tmp_path_factory.mktemp("twin"), tmp_path_factory.mktemp("other")
    save(twin, tiny(), tiny_tokenizer(), tiny_model().state_dict(), dtype=torch.float32)
    save(other, tiny(), tiny_tokenizer(), tiny_model(seed=1).state_dict(), dtype=torch.float32)
    assert load(folder).fingerprint == load(twin).fingerprint
    assert load(folder).fingerprint != load(other).fingerprint


def truncate(folder: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])


def future(folder: Path) -> None:
    values = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**values, "format": 99}))


def wider(folder: Path) -> None:
    values = json.loads((folder / CONFIG).read_text())
    values["decoder"]["width"] *= 2
    (folder / CONFIG).write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / WEIGHTS).unlink(), "has no model.safetensors"),
        (truncate, "does not hold this model's weights"),
        (wider, "does not hold this model's weights"),
        (future, "layout 99"),
        (lambda folder: (folder / CONFIG).write_text("{"), "is not JSON"),
        (lambda folder: (folder / CONFIG).write_text('{"format": 1}'), "does not describe a model"),
        (lambda folder: (folder / TOKENIZER).write_bytes(b"nonsense"), "tokenizer"),
    ],
)
def test_a_damaged_checkpoint_is_refused(folder: Path, damage: Callable[[Path], object], words: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=words):
        load(folder)


def test_a_config_round_trips() -> None:
    assert ModelConfig.from_dict(json.loads(json.dumps(tiny().to_dict()))) == tiny()
