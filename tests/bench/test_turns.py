"""The benchmarks of turns and of resuming run, and say what they are asked for."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from chat.bench import __main__ as command
from chat.bench import resume, shapes, turns
from chat.bench.peers import reading
from chat.model.config import ModelConfig, tiny

TURNS = {
    *("text_ratio", "text_floor", "image_ratio", "image_ratio_early"),
    *("hf_speedup", "hf_cached_ratio", "hf_image_speedup", "prompt_tokens"),
}
RESUME = {"over_warm", "prefill_over_resume", "restored_tokens", "images_restored", "restore_ms"}


@pytest.fixture
def shape(monkeypatch: pytest.MonkeyPatch) -> ModelConfig:
    """A model that takes no time and holds the whole conversation: "tiny"."""
    config = tiny()
    decoder = replace(config.decoder, vocab=4096, context=1024, images=6)
    monkeypatch.setitem(shapes.SHAPES, "tiny", replace(config, decoder=decoder))
    return shapes.SHAPES["tiny"]


def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str) -> dict[str, float]:
    monkeypatch.setattr(sys, "argv", ["bench", name, "--model", "tiny", "--repeats", "1"])
    command.main()
    figures: dict[str, float] = json.loads(capfd.readouterr().out.splitlines()[-1])
    return figures


@pytest.mark.usefixtures("shape")
def test_turns(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    figures = run(monkeypatch, capfd, "turns")
    assert figures.keys() >= TURNS
    assert all(figures[name] > 0 for name in TURNS)
    assert figures["picture_prompt_tokens"] > figures["prompt_tokens"] > 800


@pytest.mark.usefixtures("shape")
def test_resume(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    # In this process, which knows the shape, instead of one that is killed.
    def kept(shape: str, folder: str) -> None:
        manager = resume.hold(shape, folder)
        manager.close()
        manager.engine.close()
        manager.store.close()

    monkeypatch.setattr(resume, "killed", kept)
    figures = run(monkeypatch, capfd, "resume")
    assert figures.keys() >= RESUME
    assert figures["restored_tokens"] > 600
    assert figures["images_restored"] == len(turns.PICTURES_AT)


def test_the_peers_model_has_our_layers_and_image_tokens(shape: ModelConfig) -> None:
    config = reading.mllama(shape).config.to_dict()
    reads, sees = config["text_config"], config["vision_config"]
    assert len(reads["cross_attention_layers"]) == len(shape.decoder.cross_layers)
    assert reads["num_hidden_layers"] == shape.decoder.layers + len(shape.decoder.cross_layers)
    assert (sees["image_size"] // sees["patch_size"]) ** 2 == shape.vision.tokens
