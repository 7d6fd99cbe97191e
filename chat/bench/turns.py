"""What a turn costs as the conversation grows: the first token of turn 20 beside that of turn 1.

What bounds it: a new token needs twice its share of weights in operations, whatever
came before, and its attention 4·L·h·e operations for every earlier token. So with n new
tokens after t old ones the least ratio to turn 1 is 1 + L·h·e·2·t / weights, and every
engine that reads the conversation anew pays (t + n) / n.
"""

from __future__ import annotations

import statistics
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from chat.bench.conversation import Talk
from chat.bench.reply import Measured
from chat.bench.shapes import checkpoint
from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.apart import apart
from chat.model.config import DecoderConfig

NEW = 50
"""Tokens of a measured turn."""

TURNS = 20
OLD = 2000
"""Tokens by the last turn."""

PICTURES_AT = (2, 6, 10, 14)


def measure(shape: str, repeats: int) -> dict[str, float]:
    """Ratios of medians over `repeats` conversations, and the times behind them in milliseconds."""
    loaded = apart(checkpoint, shape)
    config = loaded.model.config.decoder
    total = min(OLD, config.context - 200)
    firsts: dict[str, list[float]] = {"first": [], "last": [], "picture": [], "encode": []}
    for repeat in range(repeats + 1):
        engine = BuiltinEngine(loaded, shape)
        talk = Talk(engine, seed=f"{shape}/{repeat}")
        measured = converse(talk, total)
        engine.close()
        if repeat:  # the first conversation pays for what libraries set up once
            for name, turn in measured.items():
                firsts[name].append(turn.first_s)
            firsts["encode"].append(measured["picture"].spent.encode_s)
        tokens = measured["last"].usage.prompt_tokens
    middle = {name: statistics.median(values) for name, values in firsts.items()}
    peer = apart(hf_prefill, config, tokens, max(1, repeats // 2))
    return {
        "text_ratio": middle["last"] / middle["first"],
        "text_floor": floor(loaded.model.decoder, config, tokens),
        "image_ratio": middle["picture"] / (middle["encode"] + middle["first"]),
        "hf_speedup": peer / middle["last"],
        "prompt_tokens": tokens,
        **{f"{name}_ms": 1000 * value for name, value in middle.items()},
        "hf_prefill_ms": 1000 * peer,
    }


def converse(talk: Talk, total: int) -> dict[str, Measured]:
    """Turn 1, turns up to 20 with four pictures on the way, turn 20 of text, and one more with a picture."""
    each = (total - NEW) // (TURNS - 1)
    first = talk.turn(NEW, reply=max(1, each - NEW))
    for number in range(2, TURNS):
        talk.turn(each // 2, reply=each - each // 2, with_picture=number in PICTURES_AT)
    last = talk.turn(NEW)
    return {"first": first, "last": last, "picture": talk.turn(NEW, with_picture=True)}


def floor(decoder: torch.nn.Module, config: DecoderConfig, old: int) -> float:
    """The least ratio of turn 20 to turn 1 by arithmetic alone: (weights + attention) / weights."""
    weights = 2 * sum(
        parameter.numel() for name, parameter in decoder.named_parameters() if "embedding" not in name
    )
    attention = 4 * config.layers * config.heads * config.head_dim * old
    return (weights + attention) / weights


@torch.inference_mode()
def hf_prefill(config: DecoderConfig, tokens: int, repeats: int) -> float:
    """Seconds that transformers takes to read the whole conversation with a Llama of the decoder's shape:
    what a turn costs where no cache is carried over."""
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=config.vocab,
            hidden_size=config.width,
            intermediate_size=config.ffn,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            num_key_value_heads=config.kv_heads,
            max_position_embeddings=config.context,
            tie_word_embeddings=True,
        )
    ).train(False)
    ids = torch.randint(config.vocab, (1, tokens))
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        model(ids, use_cache=True, logits_to_keep=1)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])
