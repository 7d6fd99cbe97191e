"""Captions claim what is true, the heads learn from them alone, and old runs take the stage up."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from chat.model.checkpoint import load
from chat.model.config import ContrastConfig, DecoderConfig, ModelConfig, VisionConfig
from chat.model.contrast import ContrastHeads
from chat.model.photo import Pretrained
from chat.model.tokenizer import Tokenizer
from chat.training import bank as banks
from chat.training import recipe, vocabulary
from chat.training.bank import Bank
from chat.training.captions import caption, sayable, true_of, whole, wrong
from chat.training.cards.scene import Card
from chat.training.contrast import (
    Captioned,
    ContrastTrainer,
    contrastive_loss,
    drawn,
    fitting,
    make_contrast_optimiser,
    text_vectors,
)
from chat.training.objects import sample_any
from chat.training.presets import Preset, Stage
from chat.training.recipe import Run
from chat.training.scene import HELD_OUT_PAIRS, Scene, sample
from chat.training.token_bank import TokenBank, encode_squares

VISION = VisionConfig(stem=(8, 8, 16), width=16, layers=1, heads=2, ffn=16)
DECODER = DecoderConfig(vocab=600, width=16, layers=1, heads=2, kv_heads=1, ffn=16, cross_ffn=16, context=512)
HEADS = ContrastConfig(width=16, layers=1, heads=2, ffn=32, pool_heads=2, pool_ffn=32)
CONTRAST = Stage("contrast", minutes=0.05, batch=8, warmup=1, contrast=True)
CPU = torch.device("cpu")


@pytest.fixture
def preset(monkeypatch: pytest.MonkeyPatch) -> Preset:
    """A very small model without a bank, whose one stage teaches its heads."""
    monkeypatch.setattr(vocabulary, "UTTERANCES", 2000)
    monkeypatch.setattr(recipe, "LOG_EVERY", 1)
    # Measured, and so different from run to run.
    monkeypatch.setattr(recipe, "mixed_precision_pays", lambda device: False)
    return Preset(ModelConfig(VISION, DECODER, HEADS), (CONTRAST,), workers=0)


def heads_of(run: Run) -> ContrastHeads:
    assert run.model.contrast is not None
    return run.model.contrast


@pytest.mark.usefixtures("catalogue")
def test_captions_claim_what_is_true_and_wrong_ones_what_is_not() -> None:
    rng = random.Random(0)
    seen, cards = set(), 0
    for _ in range(600):
        scene = sample_any(rng)
        if not sayable(scene):
            with pytest.raises(ValueError, match="nothing to say"):
                caption(scene, rng)
            continue
        cards += isinstance(scene, Card)
        made, bad = caption(scene, rng), wrong(scene, rng)
        seen.add(made.text)
        assert made.claims
        assert made.claims <= true_of(scene)
        assert bad is None or not bad.claims <= true_of(scene)
        pairs = {(claim[2], claim[1]) for claim in (bad.claims if bad else ())}
        assert not pairs & HELD_OUT_PAIRS, "what is kept for evaluation is never said"
    assert cards > 20
    assert len(seen) > 400
    assert any("photo" in text for text in seen)


def test_a_caption_fits_every_picture_that_it_is_true_of() -> None:
    rng = random.Random(1)
    scenes = [sample(rng, most=2, texts=(1.0,)) for _ in range(60)]
    scenes = [scene for scene in scenes if scene.things]
    more = replace(scenes[0], things=(*scenes[0].things, *scenes[1].things))
    fits = fitting([*scenes, more], [*(whole(each) for each in scenes), whole(more)])
    assert fits.diagonal().all()
    assert fits[-1, 0], "the fuller picture holds what the first one does"
    assert not fits[0, -1]


def test_what_fits_is_no_negative() -> None:
    images = torch.eye(3)
    texts = torch.eye(3)[[0, 0, 2]]
    fits = torch.eye(3, dtype=torch.bool)
    scale = torch.tensor(10.0)
    blind, _ = contrastive_loss(images, texts, fits, scale)
    fits[0, 1] = True
    told, accuracy = contrastive_loss(images, texts, fits, scale)
    # By hand: by pictures 0 and 2 are sure; 1 has its own at 0 beside two at 0. By texts likewise.
    sure = math.log(1 + 2 * math.exp(-10))
    rows = (math.log(1 + math.exp(-10)) + math.log(3) + sure) / 3
    columns = (sure + math.log(2) + sure) / 3
    assert float(told) == pytest.approx((rows + columns) / 2, abs=1e-5)
    assert float(told) < float(blind) - 1
    assert float(accuracy) == pytest.approx(2 / 3)


def test_extra_captions_are_negatives_of_pictures_alone() -> None:
    images, texts = torch.eye(2), torch.eye(2)[[0, 1, 0]]
    fits = torch.eye(2, 3, dtype=torch.bool)
    with_extra, _ = contrastive_loss(images, texts, fits, torch.tensor(5.0))
    without, _ = contrastive_loss(images, texts[:2], fits[:, :2], torch.tensor(5.0))
    # Picture 0 has a second caption as near as its own, picture 1 one more that is far.
    low = math.exp(-5)
    more = math.log(2 + low) + math.log(1 + 2 * low) - 2 * math.log(1 + low)
    assert float(with_extra) == pytest.approx(float(without) + more / 4)


def test_a_few_steps_teach_the_heads_and_nothing_else(preset: Preset, tmp_path: Path) -> None:
    run = Run(preset, tmp_path, CPU)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    trainer, optimiser = ContrastTrainer(run.model), make_contrast_optimiser(heads_of(run))
    recipe.set_rate(optimiser, replace(CONTRAST, rate=5e-3), 5, 0.0)
    batch = Captioned(run.tokenizer.model, 16, "0")[0][0]
    losses = []
    for _ in range(40):
        loss, _ = trainer.loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
    changed = {name for name, value in run.model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("contrast.") for name in changed)


def test_texts_in_chunks_are_those_at_once(preset: Preset, tmp_path: Path) -> None:
    run = Run(preset, tmp_path, CPU)
    batch = Captioned(run.tokenizer.model, 60, "0")[0][0]
    assert len(batch.ids) > 64
    chunked = text_vectors(run.model, heads_of(run), batch.ids, batch.counts)
    torch.testing.assert_close(chunked, run.model.encode_text(batch.ids, batch.counts), atol=1e-5, rtol=1e-4)


def test_a_run_publishes_heads_once_they_have_learnt(preset: Preset, tmp_path: Path) -> None:
    run = Run(preset, tmp_path, CPU)
    run._save()
    assert load(tmp_path / "checkpoint").model.contrast is None
    run.train()
    assert run.done
    made = load(tmp_path / "checkpoint").model
    assert made.config == preset.model
    assert made.contrast is not None
    assert int(made.contrast.taught) == int(heads_of(run).taught) > 0
    lines = [json.loads(line) for line in (tmp_path / "curve.jsonl").read_text().splitlines()]
    assert all(0 <= line["contrast"] < 20 and 0 <= line["matched"] <= 1 for line in lines)
    again = Run(preset, tmp_path, CPU)
    assert again.done, "a finished stage is not begun again"


def test_a_stopped_stage_goes_on_where_it_was(preset: Preset, tmp_path: Path) -> None:
    run = Run(preset, tmp_path, CPU)
    run._begin_contrast()
    run._compare(Captioned(run.tokenizer.model, 8, "0")[0][0])
    run.progress.step, run.progress.seconds = 1, 0.01
    run._save()
    again = Run(preset, tmp_path, CPU)
    assert (again.progress.stage, again.progress.step) == ("contrast", 1)
    assert again.optimiser.state_dict()["state"], "its optimiser goes on as well"
    for mine, theirs in zip(heads_of(run).parameters(), heads_of(again).parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_run_that_was_finished_without_heads_takes_the_stage_up(preset: Preset, tmp_path: Path) -> None:
    ground = Stage("ground", minutes=0.02, batch=2, warmup=1)
    old = replace(preset, model=ModelConfig(VISION, DECODER), stages=(ground,))
    first = Run(old, tmp_path, CPU)
    first.train()
    assert first.done
    taken = Run(replace(preset, stages=(ground, CONTRAST)), tmp_path, CPU)
    assert (taken.progress.stage, taken.progress.step) == ("contrast", 0)
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, taken.model.state_dict()[name]), name
    taken.train()
    assert taken.done
    assert load(tmp_path / "checkpoint").model.contrast is not None


def test_a_stage_of_no_minutes_leaves_no_heads(preset: Preset, tmp_path: Path) -> None:
    run = Run(replace(preset, stages=(replace(CONTRAST, minutes=0),)), tmp_path, CPU)
    run.train()
    assert run.done
    assert load(tmp_path / "checkpoint").model.contrast is None


def test_an_unfinished_run_without_heads_keeps_its_optimiser(preset: Preset, tmp_path: Path) -> None:
    ground = Stage("ground", minutes=0.02, batch=2, warmup=1)
    first = Run(replace(preset, model=ModelConfig(VISION, DECODER), stages=(ground,)), tmp_path, CPU)
    first._stage(replace(ground, minutes=0.01))
    first._save()
    taken = Run(replace(preset, stages=(ground, CONTRAST)), tmp_path, CPU)
    assert taken.progress.stage == "ground"
    ours, theirs = (each.optimiser.state_dict()["state"] for each in (taken, first))
    assert ours.keys() == theirs.keys()
    assert len(ours) > 10


def test_pictures_drawn_anew_can_be_spoken_of() -> None:
    rng = random.Random(0)
    scenes = [drawn(rng) for _ in range(40)]
    assert all(sayable(scene) and not scene.held_out for scene in scenes)
    assert {isinstance(scene, Scene) for scene in scenes} == {True, False}


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, catalogue: object) -> Bank:
    monkeypatch.setattr(banks, "CHUNK", 8)
    torch.manual_seed(0)
    bank = Bank(tmp_path / "bank")
    bank.fill(16, "0", sample_any, Pretrained(8, 16).eval().requires_grad_(False), workers=0)
    return Bank(tmp_path / "bank")


def test_tokens_of_a_bank_are_made_once_for_the_same_weights(
    preset: Preset, bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vision = replace(VISION, image_size=256, pretrained="efficientnet-lite0")
    config = replace(preset, model=replace(preset.model, vision=vision), bank=16)
    monkeypatch.setattr(recipe, "teach", lambda photo: None)
    run = Run(config, tmp_path, CPU)
    kept = TokenBank(bank, run.model.vision, tmp_path / "tokens")
    with pytest.raises(RuntimeError, match="filled in"):
        kept.rows([0])
    kept.fill()
    squares, _, seen = bank.pictures([3, 11])
    tokens = encode_squares(run.model.vision, squares, seen)
    torch.testing.assert_close(kept.rows([3, 11]), tokens, atol=5e-3, rtol=5e-3)
    stamp = (tmp_path / "tokens" / "tokens.bin").stat().st_mtime_ns
    TokenBank(bank, run.model.vision, tmp_path / "tokens").fill()
    assert (tmp_path / "tokens" / "tokens.bin").stat().st_mtime_ns == stamp
    with torch.no_grad():
        run.model.vision.project.weight.mul_(1.5)
    changed = TokenBank(bank, run.model.vision, tmp_path / "tokens")
    assert len(changed) == 0
    changed.fill()
    assert not torch.allclose(changed.rows([3]), tokens[:1], atol=1e-2)
    batch = Captioned(Tokenizer.load(tmp_path / "tokenizer.model").model, 8, "0", bank.folder)[0][0]
    assert batch.rows is not None
    loss, _ = ContrastTrainer(run.model, changed).loss(batch)
    assert math.isfinite(float(loss.detach()))
