"""The training loop, at the smallest size: it learns, resumes, and mixes in the model's own answers."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from chat.errors import CheckpointError
from chat.model.checkpoint import load
from chat.model.config import DecoderConfig, ModelConfig, VisionConfig
from chat.model.tokenizer import Tokenizer
from chat.training import recipe, vocabulary
from chat.training.data import Dialogues, Scenes, encode, pixels_for, stretched
from chat.training.dialogues import Curriculum, sample_dialogue
from chat.training.own import own_answers
from chat.training.presets import PRESETS, Preset, Stage
from chat.training.recipe import Run
from prompts.special import ASSISTANT


@pytest.fixture
def preset(monkeypatch: pytest.MonkeyPatch) -> Preset:
    """Two steps a stage of a very small model."""
    monkeypatch.setattr(vocabulary, "UTTERANCES", 2000)
    monkeypatch.setattr(recipe, "LOG_EVERY", 1)
    # Measured, and so different from run to run.
    monkeypatch.setattr(recipe, "mixed_precision_pays", lambda device: False)
    model = ModelConfig(
        VisionConfig(stem=(8, 8, 16), width=16, layers=1, heads=2, ffn=16),
        DecoderConfig(vocab=600, width=16, layers=1, heads=2, kv_heads=1, ffn=16, cross_ffn=16, context=512),
    )
    ground = Stage("ground", minutes=0.02, batch=2, warmup=1)
    talk = Stage("talk", minutes=0.04, batch=2, warmup=1, dialogues=Curriculum(), own_from=0.0, own_every=2)
    return replace(PRESETS["smoke"], model=model, stages=(ground, talk))


def test_a_run_leaves_a_checkpoint_and_a_curve(preset: Preset, tmp_path: Path) -> None:
    Run(preset, tmp_path, torch.device("cpu")).train()
    assert load(tmp_path / "checkpoint").model.config == preset.model
    lines = [json.loads(line) for line in (tmp_path / "curve.jsonl").read_text().splitlines()]
    assert {line["stage"] for line in lines} == {"ground", "talk"}
    assert all(line["ground"] == line["ground"] for line in lines), "no loss may be NaN"


def test_a_stopped_run_goes_on_where_it_was(preset: Preset, tmp_path: Path) -> None:
    run = Run(preset, tmp_path, torch.device("cpu"))
    run.progress.step, run.progress.seconds = 7, 0.4
    run._save()
    again = Run(preset, tmp_path, torch.device("cpu"))
    assert (again.progress.stage, again.progress.step, again.progress.seconds) == ("ground", 7, 0.4)
    for mine, theirs in zip(run.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_batches_depend_on_their_number_alone() -> None:
    first, second = Scenes(2, "0")[3], Scenes(2, "0")[3]
    assert torch.equal(first[0][0], second[0][0])
    assert not torch.equal(first[0][0], Scenes(2, "0")[4][0][0])


def test_a_few_steps_on_one_batch_lower_both_losses(preset: Preset, tmp_path: Path) -> None:
    run = Run(preset, tmp_path, torch.device("cpu"))
    batch = next(
        each
        for each in Dialogues(run.tokenizer.model, Curriculum(), 4, "0", 512)[0]
        if each.dialogues[0].scenes
    )
    recipe.set_rate(run.optimiser, replace(preset.stages[0], rate=3e-3), 5, 0.0)
    losses = []
    for _ in range(40):
        talk, ground = recipe.dialogue_loss(run.model, run.grounding, batch, run.device)
        run._update(talk + ground)
        losses.append((talk.item(), ground.item()))
    assert losses[-1][0] < 0.8 * losses[0][0]
    assert losses[-1][1] < 0.9 * losses[0][1]


def test_own_answers_are_those_of_one_dialogue_at_a_time(preset: Preset, tmp_path: Path) -> None:
    run = Run(preset, tmp_path, torch.device("cpu"))
    run.model.eval()
    batch = Dialogues(run.tokenizer.model, Curriculum(), 3, "0", 512)[0][0]
    together = own_answers(run.model, run.tokenizer, batch, turns=3, most=8)
    tokens = run.tokenizer
    for row, said in enumerate(together):
        prompt = encode(tokens, batch.dialogues[row], {0: said[0], 1: said[1]})
        at = [index for index, token in enumerate(prompt.ids) if token == tokens.special[ASSISTANT]][2]
        shown = [place for place in prompt.visible_from if place < at]
        kept = run.model.encode(pixels_for(run.model.vision, batch.squares))[batch.index[row]]
        view = run.model.view_row(list(kept[: len(shown)]), shown)
        ids = prompt.ids[: at + 1]
        for _ in range(8):
            marks = torch.tensor([[*prompt.numbers[: at + 1], *[0] * (len(ids) - at - 1)]])
            token = int(run.model(torch.tensor([ids]), marks, pictures=view)[0, -1].argmax())
            if token == tokens.end:
                break
            ids.append(token)
        assert tokens.decode(ids[at + 1 :]) == said[2]


def test_wrong_own_answers_are_context_but_not_taught() -> None:
    tokenizer = Tokenizer.train(vocabulary.utterances(count=2000), 600)
    dialogue = sample_dialogue(random.Random(3))
    prompt = encode(tokenizer, dialogue, {0: dialogue.turns[0].answer, 1: "Nonsense!"})
    learnt = tokenizer.decode(
        [token for token, trained in zip(prompt.ids, prompt.trained, strict=True) if trained]
    )
    assert "Nonsense" not in learnt
    assert "Nonsense!" in tokenizer.decode(prompt.ids)
    assert dialogue.turns[0].answer in learnt
    assert dialogue.turns[2].answer in learnt


def test_stretched_positions_rise_and_stay_within_the_context() -> None:
    tokenizer = Tokenizer.train(vocabulary.utterances(count=2000), 600)
    rng = random.Random(0)
    jumped = 0
    for seed in range(80):
        prompt = encode(tokenizer, sample_dialogue(random.Random(seed)))
        positions = stretched(prompt, tokenizer.end, 1024, rng)
        steps = [after - before for before, after in pairwise(positions)]
        assert positions[0] == 0
        assert min(steps) >= 1
        assert positions[-1] < 1024
        jumped += max(steps) > 1
    assert 4 < jumped < 40


def test_a_run_can_begin_with_another_ones_weights(preset: Preset, tmp_path: Path) -> None:
    first = Run(preset, tmp_path / "first", torch.device("cpu"))
    first._save()
    again = Run(preset, tmp_path / "again", torch.device("cpu"), tmp_path / "first" / "checkpoint")
    assert again.tokenizer.model == first.tokenizer.model
    assert again.progress.step == 0
    for mine, theirs in zip(first.model.parameters(), again.model.parameters(), strict=True):
        torch.testing.assert_close(mine.bfloat16(), theirs.bfloat16(), atol=0, rtol=0)
    with pytest.raises(CheckpointError, match="does not fit"):
        Run(PRESETS["nano"], tmp_path / "other", torch.device("cpu"), tmp_path / "first" / "checkpoint")


def test_two_kinds_of_dialogues_take_turns() -> None:
    tokenizer = Tokenizer.train(vocabulary.utterances(count=2000), 600)
    other = Curriculum(turns=(1, 1), pictures=(0, 1))
    batches = Dialogues(tokenizer.model, Curriculum(), 2, "0", 512, also=[(other, 5)])[0]
    sizes = [len(batch.dialogues) for batch in batches]
    assert sorted(sizes) == [2] * 6 + [5] * 6
    assert sizes != sorted(sizes), "they are mixed"
    for batch in batches:
        if len(batch.dialogues) == 5:
            assert all(len(dialogue.turns) == 1 for dialogue in batch.dialogues)
