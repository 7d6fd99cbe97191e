"""What a turn costs as the conversation grows: the first token of turn 20 beside that of turn 1.

What bounds it: a new token needs twice its share of weights in operations, whatever
came before, and its attention 4·L·h·e operations for every earlier token. So with n new
tokens after t old ones the least ratio to turn 1 is 1 + L·h·e·2·t / weights, and every
engine that reads the conversation anew pays (t + n) / n. A new picture is encoded as
well; then it, too, is paid for.
"""

from __future__ import annotations

import statistics
from collections import defaultdict

import torch
from torch.utils.flop_counter import FlopCounterMode

from chat.bench import shapes
from chat.bench.conversation import Talk
from chat.bench.machine import matmul_gflops
from chat.bench.peers import reading
from chat.bench.reply import Measured
from chat.engines.builtin.apart import apart
from chat.model.config import DecoderConfig
from chat.model.vlm import VisionLanguageModel

NEW = 50
"""Tokens of a measured turn."""

TURNS = 20
OLD = 2000
"""Tokens by the last turn."""

PICTURES_AT = (2, 6, 10, 14)


def measure(shape: str, repeats: int) -> dict[str, float]:
    """Ratios of medians over `repeats` conversations, and the times behind them in milliseconds."""
    loaded = apart(shapes.checkpoint, shape)
    config = loaded.model.config
    total = min(OLD, config.decoder.context - 200)
    state(loaded.model, total)
    firsts: dict[str, list[float]] = defaultdict(list)
    for repeat in range(repeats + 1):
        engine = shapes.engine(loaded, shape)
        measured = converse(Talk(engine, seed=f"{shape}/{repeat}"), total)
        engine.close()
        if repeat:  # the first conversation pays for what libraries set up once
            for name, turn in measured.items():
                firsts[name].append(turn.first_s)
            # Where no other picture is in view: nothing else is counted with it.
            firsts["encode"].append(measured["early"].spent.encode_s)
            firsts["picture_encode"].append(measured["picture"].spent.encode_s)
        tokens, later = (measured[name].usage.prompt_tokens for name in ("last", "picture"))
    middle = {name: statistics.median(values) for name, values in firsts.items()}
    rounds = max(1, repeats // 2)
    anew, cached = apart(reading.text, config.decoder, tokens, NEW, rounds)
    seeing = apart(reading.pictures, config, later, len(PICTURES_AT) + 1, rounds)
    parts = middle["encode"] + middle["first"]
    return {
        "text_ratio": middle["last"] / middle["first"],
        "text_floor": floor(loaded.model.decoder, config.decoder, tokens),
        "image_ratio": middle["picture"] / parts,
        "image_ratio_early": middle["early"] / parts,
        "hf_speedup": anew / middle["last"],
        "hf_cached_ratio": cached / middle["last"],
        "hf_image_speedup": seeing / middle["picture"],
        "prompt_tokens": tokens,
        "picture_prompt_tokens": later,
        **{f"{name}_ms": 1000 * value for name, value in middle.items()},
        "hf_prefill_ms": 1000 * anew,
        "hf_cached_ms": 1000 * cached,
        "hf_image_prefill_ms": 1000 * seeing,
    }


def converse(talk: Talk, total: int) -> dict[str, Measured]:
    """Turn 1; turns up to 20 with four pictures on the way, the first of which is measured as "early"; turn
    20 of text; and one more with a picture."""
    each = (total - NEW) // (TURNS - 1)
    turns = {"first": talk.turn(NEW, reply=max(1, each - NEW))}
    for number in range(2, TURNS):
        shown, early = number in PICTURES_AT, number == PICTURES_AT[0]
        turn = talk.turn(NEW if early else each // 2, reply=each - each // 2, with_picture=shown)
        if early:
            turns["early"] = turn
    turns["last"] = talk.turn(NEW)
    turns["picture"] = talk.turn(NEW, with_picture=True)
    return turns


def floor(decoder: torch.nn.Module, config: DecoderConfig, old: int) -> float:
    """The least ratio of turn 20 to turn 1 by arithmetic alone: (weights + attention) / weights."""
    weights, attention = token_flops(decoder, config, old)
    return (weights + attention) / weights


def token_flops(decoder: torch.nn.Module, config: DecoderConfig, old: int) -> tuple[float, float]:
    """Operations of one new token after `old` ones: with the weights, and in attention to those before."""
    weights = 2 * sum(
        parameter.numel() for name, parameter in decoder.named_parameters() if "embedding" not in name
    )
    return weights, 4 * config.layers * config.heads * config.head_dim * old


@torch.inference_mode()
def encoding_flops(model: VisionLanguageModel) -> int:
    """Operations that one picture's encoding takes."""
    side = model.config.vision.image_size
    with FlopCounterMode(display=False) as counted:
        model.encode(torch.zeros(1, 3, side, side, device=model.device, dtype=model.dtype))
    return int(counted.get_total_flops())


def state(model: VisionLanguageModel, total: int) -> None:
    """Say what bounds the figures, before there are any."""
    config = model.config
    roof = apart(matmul_gflops)
    weights, attention = token_flops(model.decoder, config.decoder, total)
    for what, flops in (
        (f"{NEW} new tokens, the first of a conversation", NEW * weights),
        (f"{NEW} new tokens after {total}", NEW * (weights + attention)),
        ("A picture's encoding", apart(encoding_flops, model)),
        (f"All {total} tokens anew", total * (weights + attention / 2)),
    ):
        print(f"{what}: {flops / 1e9:.1f} GFLOP, at {roof:.0f} GFLOP/s {flops / roof / 1e6:.0f} ms at least.")
    held = shapes.kv_bytes(model) * total
    print(f"{total} tokens' keys and values: {held / 1e6:.0f} MB, read once a turn.")
