"""The benchmarks run, and say what they are asked for; how fast anything is, is not tested."""

from __future__ import annotations

import json
import math
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import replace

import pytest
import torch

from chat.bench import __main__ as command
from chat.bench import batch, decode, pace, shapes
from chat.bench.machine import read_bandwidth
from chat.bench.peers import Peer, hf
from chat.engines.base import Spent, Usage
from chat.engines.builtin.apart import apart
from chat.model.config import ModelConfig, tiny

DECODE = {
    "roof_share_50",
    "roof_share_2000",
    "over_hf",
    "over_llama_cpp",
    "over_llama_cpp_2000",
    "bandwidth_gb_s_50",
    "bandwidth_gb_s_2000",
    "read_share_2000",
}
BATCH = {"speedup_4", "speedup_8", "speedup_16", "fairness", "over_hf_16", "prefilled_tokens"}


@pytest.fixture
def shape(monkeypatch: pytest.MonkeyPatch) -> ModelConfig:
    """A model that takes no time, as one of those to measure: "tiny"."""
    config = tiny()
    decoder = replace(config.decoder, vocab=4096, ffn=64, context=256)
    monkeypatch.setitem(shapes.SHAPES, "tiny", replace(config, decoder=decoder))
    monkeypatch.setattr(decode, "TOKENS", 4)
    # Long enough for the first to be still speaking when the last of sixteen has begun.
    monkeypatch.setattr(batch, "TOKENS", 40)
    return shapes.SHAPES["tiny"]


@pytest.mark.usefixtures("shape")
@pytest.mark.parametrize(("benchmark", "keys"), [("decode", DECODE), ("batch", BATCH)])
def test_the_last_line_is_flat_json(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], benchmark: str, keys: set[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", benchmark, "--model", "tiny", "--repeats", "1"])
    command.main()
    figures = json.loads(capfd.readouterr().out.splitlines()[-1])
    assert figures["benchmark"] == benchmark
    assert keys <= figures.keys()
    absent = {name for name, value in figures.items() if value is None}
    assert absent <= {"over_llama_cpp", "over_llama_cpp_2000"}
    assert all(figures[name] > 0 for name in figures.keys() - absent - {"benchmark", "model"})


@pytest.mark.usefixtures("shape")
@pytest.mark.parametrize("missing", ["llama_cpp", "gguf"])
def test_a_peer_that_is_not_installed_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], missing: str
) -> None:
    monkeypatch.setattr(decode, "find_spec", lambda name: None if name == missing else object())
    monkeypatch.setattr(decode, "Peer", lambda *its: nullcontext(its))
    with ExitStack() as stack:
        assert decode.peers(stack, shapes.checkpoint("tiny")).keys() == {"hf"}
    assert "not installed" in capfd.readouterr().out


def test_the_shares_and_ratios_are_those_of_their_definitions() -> None:
    middle = {
        **{("tokens_per_s", label): rate for label, rate in ((50, 60.0), (2000, 40.0))},
        **{("bandwidth", label): 8e9 for label in (50, 2000)},
        **{("hf_tokens_per_s", label): 10.0 for label in (50, 2000)},
    }
    assert decode.ratios(middle, weights=100_000_000, kv=50_000_000) == {
        "roof_share_50": 0.75,
        "roof_share_2000": 0.5,
        "read_share_2000": 0.75,
        "over_hf": 4.0,
        "over_llama_cpp": None,
        "over_llama_cpp_2000": None,
    }


def test_a_crowds_rate_is_that_of_the_time_when_all_speak() -> None:
    early = pace.Pace((0.5, 1.0, 2.0, 3.0, 4.0), *NOTHING)
    late = pace.Pace((2.0, 3.0, 4.0, 5.0, 6.0), *NOTHING)
    crowd = batch.Crowd([early, late], began=0.0)
    assert crowd.tokens_per_s == 2.0
    assert crowd.fairness == pytest.approx((5 / 6) / ((5 / 4 + 5 / 6) / 2))
    with pytest.raises(RuntimeError, match="side by side"):
        _ = batch.Crowd([early, pace.Pace((5.0, 6.0), *NOTHING)], began=0.0).tokens_per_s


NOTHING = (Usage(), Spent())


def test_a_reply_that_ends_early_is_no_measurement(shape: ModelConfig) -> None:
    loaded = apart(shapes.endless, "tiny")
    engine = shapes.engine(loaded, "tiny")
    request = pace.conversation(engine, shape.decoder.context - 20, 100)
    with pytest.raises(RuntimeError, match="should have 100"):
        pace.listen(engine, request)
    engine.close()


def test_conversations_have_the_tokens_and_pictures_asked_for(shape: ModelConfig) -> None:
    engine = shapes.engine(apart(shapes.endless, "tiny"), "tiny")
    for tokens, pictures in ((20, 0), (60, 1), (150, 2)):
        usage = pace.listen(engine, pace.conversation(engine, tokens, 3, pictures, seed=str(tokens))).usage
        assert abs(usage.prompt_tokens - tokens) < 8
        assert usage.images_encoded == pictures
    engine.close()


def test_text_reads_no_cross_attention(shape: ModelConfig) -> None:
    loaded = shapes.checkpoint("tiny")
    text = sum(each.numel() for each in shapes.text_weights(loaded))
    assert text == sum(each.numel() for each in hf.llama(shape.decoder).parameters()) + norms(shape)
    assert text < shapes.text_bytes(loaded) < 1.5 * text, "a byte a weight, and scales"
    loaded.model.double()
    assert shapes.text_bytes(loaded) == 8 * text


def norms(shape: ModelConfig) -> int:
    """What our decoder has and Llama has not: norms of queries, keys and the embeddings."""
    return 2 * shape.decoder.layers * shape.decoder.head_dim + shape.decoder.width


def test_a_peer_that_ends_says_so(shape: ModelConfig) -> None:
    with Peer("nobody", shape.decoder, 1) as peer, pytest.raises(RuntimeError, match="nobody ended early"):
        peer.tokens_per_s(8, 2)


def test_transformers_goes_back_to_the_context(shape: ModelConfig) -> None:
    measured = hf.load(shape.decoder, torch.get_num_threads())
    seconds = [measured(8, 3, rows) for rows in (1, 2, 1)]
    assert all(0 < each < math.inf for each in seconds)


def test_the_bandwidth_is_of_the_bytes_asked_for() -> None:
    assert read_bandwidth(1 << 16, passes=3) > 0
