"""The llama.cpp peer, where it is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chat.bench.peers import Peer
from chat.bench.shapes import SHAPES
from chat.model.config import DecoderConfig, tiny

pytest.importorskip("llama_cpp")
gguf = pytest.importorskip("gguf")

from chat.bench.peers import llamacpp  # noqa: E402  (only once it is known to be there)


@pytest.fixture
def config() -> DecoderConfig:
    return replace(tiny().decoder, ffn=64)


def test_the_file_has_the_shape_in_eight_bits(tmp_path: Path, config: DecoderConfig) -> None:
    llamacpp.write(config, tmp_path / "random.gguf")
    reader = gguf.GGUFReader(tmp_path / "random.gguf")
    kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
    assert kinds.keys() == llamacpp.tensors(config).keys()
    assert kinds["blk.1.ffn_down.weight"] == kinds["token_embd.weight"] == "Q8_0"
    assert kinds["output_norm.weight"] == "F32"


def test_it_has_the_weights_of_smollm() -> None:
    weights = sum(
        shape[0] * (shape[1] if len(shape) > 1 else 1)
        for shape in llamacpp.tensors(SHAPES["135m"].decoder).values()
    )
    assert weights == 134_515_008


def test_it_decodes_in_rows_and_goes_back_to_the_context(config: DecoderConfig) -> None:
    with Peer("llamacpp", config, 1) as peer:
        assert all(peer.tokens_per_s(8, 3, rows) > 0 for rows in (1, 2, 1))
