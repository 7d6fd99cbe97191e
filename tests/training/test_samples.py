"""Sheets of sample answers, and the curve, hold what they say they do."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import PIL.Image
import pytest
import torch

from chat.model.config import ModelConfig, tiny
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel
from chat.training import samples
from chat.training.curves import plot
from chat.training.data import Batch
from chat.training.samples import PICTURES, held_out_batch, write_sheet
from chat.training.vocabulary import utterances


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(utterances(count=2000), 600)


@pytest.fixture(scope="module")
def model() -> VisionLanguageModel:
    config = tiny()
    torch.manual_seed(0)
    shape = ModelConfig(config.vision, replace(config.decoder, vocab=600))
    return VisionLanguageModel(shape).requires_grad_(False).eval()


def test_pictures_are_held_out_and_always_the_same(model: VisionLanguageModel, tokenizer: Tokenizer) -> None:
    batch = held_out_batch(model, tokenizer)
    scenes = [scene for dialogue in batch.dialogues for scene in dialogue.scenes]
    assert len(scenes) == PICTURES
    assert all(scene.held_out for scene in scenes)
    assert held_out_batch(model, tokenizer).dialogues == batch.dialogues


@pytest.mark.usefixtures("catalogue")
def test_every_kind_is_on_the_sheet(
    model: VisionLanguageModel, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "backgrounds", lambda: ("one",))
    batch = held_out_batch(model, tokenizer, every_kind=True)
    scenes = [scene for dialogue in batch.dialogues for scene in dialogue.scenes]
    assert {scene.medium for scene in scenes} >= {"photograph", "card"}
    assert all(scene.held_out for scene in scenes)


def test_a_sheet_shows_pictures_and_tells_right_from_wrong(
    model: VisionLanguageModel,
    tokenizer: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def said(_: object, __: object, batch: Batch, *, turns: int) -> list[dict[int, str]]:
        right = [dict(enumerate(turn.answer for turn in each.turns)) for each in batch.dialogues]
        right[0][0] = "<b>Nonsense</b>"
        return right

    monkeypatch.setattr(samples, "own_answers", said)
    batch = held_out_batch(model, tokenizer)
    total = sum(len(dialogue.turns) for dialogue in batch.dialogues)
    share = write_sheet(tmp_path, "7", model, tokenizer, batch)
    assert share == pytest.approx(1 - 1 / total)
    page = (tmp_path / "7.html").read_text("utf-8")
    assert page.count('class="right"') == total - 1
    assert '<td class="wrong">&lt;b&gt;Nonsense&lt;/b&gt;' in page
    pictures = re.findall(r"base64,([\w+/=]+)", page)
    assert len(pictures) == PICTURES
    with PIL.Image.open(io.BytesIO(base64.b64decode(pictures[0]))) as picture:
        assert picture.tobytes() == batch.squares[0].numpy().tobytes()


def test_answers_are_the_models_own(model: VisionLanguageModel, tokenizer: Tokenizer, tmp_path: Path) -> None:
    batch = held_out_batch(model, tokenizer)
    short = replace(batch, dialogues=[replace(each, turns=each.turns[:3]) for each in batch.dialogues])
    share = write_sheet(tmp_path, "talk-3", model, tokenizer, short)
    assert share == 0.0, "a model that learnt nothing is never right to the letter"
    assert (tmp_path / "talk-3.html").read_text("utf-8").count('class="wrong"') == 3 * PICTURES


def test_a_curve_has_losses_above_and_shares_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = pytest.importorskip("matplotlib.figure")
    drawn = []
    monkeypatch.setattr(figure.Figure, "savefig", lambda self, path, **_: drawn.append(self))
    curve = tmp_path / "curve.jsonl"
    assert not plot(curve, tmp_path / "curve.png")
    lines = [
        {"stage": "ground", "step": 20, "seconds": 6, "ground": 2.0, "left": 0.4},
        {"stage": "talk", "step": 20, "seconds": 6, "talk": 3.0, "ground": 1.0, "exact": 0.0},
        {"stage": "talk", "step": 40, "seconds": 12, "talk": 2.0, "ground": 1.0},
    ]
    curve.write_text("\n".join([*map(json.dumps, lines), '{"stage": "ta']), "utf-8")
    assert plot(curve, tmp_path / "curve.png")
    labels = [sorted(str(line.get_label()) for line in panel.lines) for panel in drawn[0].axes]
    assert labels == [["ground"], ["ground", "talk"], ["left"], ["exact"]]


def test_without_matplotlib_no_curve_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert not plot(tmp_path / "curve.jsonl", tmp_path / "curve.png")
