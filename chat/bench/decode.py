"""Tokens a second of one conversation, beside what the memory allows and beside other programs.

What bounds it: a token reads every weight of the decoder once, W bytes, and the keys and values of all t
tokens before it, 2·L·g·e numbers each. The bandwidth is that at which this machine, in the same round, reads
a buffer of all these bytes over and over, so that what a large cache holds of them counts for both. The share
of the roof counts the weights alone and shows what the context costs as well; the read share counts all.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec

import torch

from chat.bench import shapes
from chat.bench.machine import read_bandwidth
from chat.bench.pace import conversation, listen
from chat.bench.peers import Peer
from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.apart import apart
from chat.model.checkpoint import Checkpoint

CONTEXTS = (50, 2000)
"""Tokens of the prompt, as the figures name them; a model that holds fewer is measured at what it holds."""

TOKENS = 48
"""Tokens of a measured reply."""

Source = Callable[[int], float]
"""context → what is measured there, now."""


def measure(shape: str, repeats: int) -> dict[str, float | None]:
    """Medians over rounds; in each, all programs are measured at each context, one right after the other."""
    loaded = apart(shapes.endless, shape)
    config = loaded.model.config.decoder
    with ExitStack() as stack:
        engine = shapes.engine(loaded, shape)
        stack.callback(engine.close)
        ours = Ours(engine, [min(context, config.context - 2 * TOKENS) for context in CONTEXTS])
        weights = shapes.text_bytes(loaded)
        kv = shapes.kv_bytes(loaded.model)
        state(weights, kv, ours.contexts)
        sources: dict[str, Source] = {
            "tokens_per_s": ours.tokens_per_s,
            "step_share": lambda context: ours.step_share,
            "bandwidth": lambda context: apart(read_bandwidth, weights + kv * context),
            **{
                f"{name}_tokens_per_s": partial(peer.tokens_per_s, steps=TOKENS)
                for name, peer in peers(stack, loaded).items()
            },
        }
        rounds: dict[tuple[str, int], list[float]] = defaultdict(list)
        for repeat in range(repeats + 1):
            for label, context in zip(CONTEXTS, ours.contexts, strict=True):
                for name, source in sources.items():
                    value = source(context)
                    if repeat:  # the first round reads the contexts, and pays for what is set up once
                        rounds[name, label].append(value)
    middle = {key: statistics.median(values) for key, values in rounds.items()}
    return {
        **ratios(middle, weights, kv * ours.contexts[1]),
        **{f"{name}_{label}": value for (name, label), value in middle.items() if name != "bandwidth"},
        **{f"bandwidth_gb_s_{label}": middle["bandwidth", label] / 1e9 for label in CONTEXTS},
        "weights_mb": weights / 1e6,
        "bits_per_weight": 8 * weights / sum(weight.numel() for weight in shapes.text_weights(loaded)),
        "kv_mb_2000": kv * ours.contexts[1] / 1e6,
        "context_50": ours.contexts[0],
        "context_2000": ours.contexts[1],
    }


def ratios(middle: dict[tuple[str, int], float], weights: int, kv: int) -> dict[str, float | None]:
    """The shares of the roof, and ours over each peer's; None for a peer that was not there.

    kv: bytes of the keys and values of the long context.
    """

    def over(peer: str, label: int) -> float | None:
        theirs = middle.get((f"{peer}_tokens_per_s", label))
        return None if theirs is None else middle["tokens_per_s", label] / theirs

    shares = {
        f"roof_share_{label}": weights * middle["tokens_per_s", label] / middle["bandwidth", label]
        for label in CONTEXTS
    }
    short, long = CONTEXTS
    return {
        **shares,
        f"read_share_{long}": shares[f"roof_share_{long}"] * (weights + kv) / weights,
        "over_hf": over("hf", long),
        "over_llama_cpp": over("llama_cpp", short),
        "over_llama_cpp_2000": over("llama_cpp", long),
    }


class Ours:
    """Our engine with a conversation of each length at hand; `contexts` are their numbers of tokens."""

    def __init__(self, engine: BuiltinEngine, lengths: list[int]) -> None:
        self._engine = engine
        asked = [conversation(engine, length, TOKENS, seed=str(length)) for length in lengths]
        self._requests = {listen(engine, request).usage.prompt_tokens: request for request in asked}
        self.contexts = list(self._requests)
        self.step_share = 0.0
        """How much of the last reply's time the model's steps took."""

    def tokens_per_s(self, context: int) -> float:
        """Of one more reply, by its median step, as the peers are measured."""
        pace = listen(self._engine, self._requests[context])
        self.step_share = pace.spent.decode_s / pace.seconds
        return 1 / statistics.median(pace.gaps)


def peers(stack: ExitStack, loaded: Checkpoint) -> dict[str, Peer]:
    """transformers, and llama.cpp where it is installed."""
    modules = {"hf": "hf", "llama_cpp": "llamacpp"}
    if find_spec("llama_cpp") is None or find_spec("gguf") is None:
        del modules["llama_cpp"]
        print("llama.cpp is not installed (docs/benchmarks.md tells how): it is left out.")
    config, threads = loaded.model.config.decoder, torch.get_num_threads()
    return {name: stack.enter_context(Peer(module, config, threads)) for name, module in modules.items()}


def state(weights: int, kv: int, contexts: list[int]) -> None:
    """Say what bounds the figures, before there are any."""
    print(f"A token reads {weights / 1e6:.1f} MB of weights.")
    for context in contexts:
        read = weights + kv * context
        bandwidth = apart(read_bandwidth, read)
        print(
            f"With the keys and values of {context} tokens {read / 1e6:.1f} MB: a buffer of that size is "
            f"read at {bandwidth / 1e9:.1f} GB/s, {bandwidth / read:.0f} times a second."
        )
