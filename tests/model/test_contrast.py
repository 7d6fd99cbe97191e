"""Contrast heads: unit vectors that padding and company do not change, and checkpoints with and without."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from chat.errors import CheckpointError
from chat.model.checkpoint import CONFIG, load, save
from chat.model.config import ContrastConfig, ModelConfig, tiny
from chat.model.contrast import LONGEST, SHARPEST, padded, spelt
from chat.model.vlm import VisionLanguageModel
from tests.helpers.models import random_pixels, tiny_model, tiny_tokenizer

HEADS = ContrastConfig(width=12, layers=2, heads=4, ffn=24, pool_heads=2, pool_ffn=24)


def with_heads(dtype: torch.dtype = torch.float32) -> VisionLanguageModel:
    torch.manual_seed(1)
    return VisionLanguageModel(replace(tiny(), contrast=HEADS)).to(dtype).eval().requires_grad_(False)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_vectors_are_of_unit_length_and_float32(dtype: torch.dtype) -> None:
    model = with_heads(dtype)
    ids, counts = padded([[9, 10, 11], [12]], 0)
    for vectors in (model.encode_image(random_pixels(2, dtype)), model.encode_text(ids, counts)):
        assert vectors.shape == (2, 12)
        assert vectors.dtype == torch.float32
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))
        assert not torch.allclose(vectors[0], vectors[1], atol=1e-2), "different things differ"


def test_padding_changes_no_text() -> None:
    model = with_heads()
    rows = [[9, 10, 11, 12, 13], [20, 21], [30]]
    together = model.encode_text(*padded(rows, 0))
    alone = torch.cat([model.encode_text(*padded([row], 0)) for row in rows])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_texts_are_read_in_both_directions_and_in_order() -> None:
    model = with_heads()
    texts = model.encode_text(*padded([[9, 10, 11], [11, 10, 9], [9, 10, 12]], 0))
    assert not torch.allclose(texts[0], texts[1], atol=1e-3)
    assert not torch.allclose(texts[0], texts[2], atol=1e-3)


def test_a_picture_is_encoded_as_by_the_parts() -> None:
    model = with_heads()
    pixels = random_pixels(3)
    assert model.contrast is not None
    torch.testing.assert_close(model.encode_image(pixels), model.contrast.images(model.vision(pixels)))
    torch.testing.assert_close(model.encode_image(pixels)[1:2], model.encode_image(pixels[1:2]))


def test_the_temperature_is_learnt_within_a_limit() -> None:
    heads = with_heads().contrast
    assert heads is not None
    assert float(heads.scale) == pytest.approx(1 / 0.07, rel=1e-4)
    heads.log_scale.fill_(50.0)
    assert float(heads.scale) == SHARPEST


def test_one_thing_said_is_spelt_one_way() -> None:
    tokenizer = tiny_tokenizer()
    expected = [*tokenizer.encode(" two blue squares"), tokenizer.end]
    for text in ("two blue squares", "Two  blue squares.", " TWO BLUE SQUARES?\n"):
        assert spelt(tokenizer, text) == expected
    assert spelt(tokenizer, "")[-1] == tokenizer.end
    assert len(spelt(tokenizer, "red " * 500)) == LONGEST


def test_a_model_without_heads_says_so() -> None:
    with pytest.raises(CheckpointError, match="no heads"):
        tiny_model().encode_image(random_pixels(1))
    with pytest.raises(CheckpointError, match="no heads"):
        tiny_model().encode_text(*padded([[9]], 0))


def test_a_checkpoint_keeps_the_heads(tmp_path: Path) -> None:
    model = with_heads()
    assert model.contrast is not None
    model.contrast.taught += 7
    save(tmp_path, model.config, tiny_tokenizer(), model.state_dict(), dtype=torch.float32)
    loaded = load(tmp_path)
    assert loaded.model.config == model.config
    again = loaded.model.contrast
    assert again is not None
    assert int(again.taught) == 7
    torch.testing.assert_close(
        loaded.model.encode_image(random_pixels(2)), model.encode_image(random_pixels(2))
    )


def test_the_fingerprint_covers_the_heads(tmp_path: Path) -> None:
    model = with_heads()
    save(tmp_path / "one", model.config, tiny_tokenizer(), model.state_dict())
    assert model.contrast is not None
    model.contrast.log_scale.add_(1)
    save(tmp_path / "two", model.config, tiny_tokenizer(), model.state_dict())
    assert load(tmp_path / "one").fingerprint != load(tmp_path / "two").fingerprint


def test_a_config_without_heads_is_as_it_always_was(tmp_path: Path) -> None:
    save(tmp_path, tiny(), tiny_tokenizer(), tiny_model().state_dict())
    assert "contrast" not in json.loads((tmp_path / CONFIG).read_text())
    assert load(tmp_path).model.contrast is None
    kept = replace(tiny(), contrast=HEADS)
    assert ModelConfig.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept


def test_heads_that_do_not_divide_the_widths_are_refused() -> None:
    with pytest.raises(CheckpointError, match="pooling heads"):
        replace(tiny(), contrast=replace(HEADS, pool_heads=5))
    with pytest.raises(CheckpointError, match="text heads"):
        replace(tiny(), contrast=replace(HEADS, heads=3))
