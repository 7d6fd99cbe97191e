"""Sixteen conversations side by side, of different lengths, with and without pictures, beside one alone.

What bounds it: a step of n rows reads the weights once, as a step of one does, but computes 2·n operations
with each of them, and reads keys and values n times. So n rows cost no more than one until arithmetic takes
longer than reading the weights; from there on, more rows gain nothing.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Barrier

import torch

from chat.bench import shapes
from chat.bench.machine import matmul_gflops, read_bandwidth
from chat.bench.pace import Pace, conversation, listen
from chat.bench.peers import Peer
from chat.engines.base import Request
from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.apart import apart

SIZES = (4, 8, 16)
"""How many at once; the smaller sets are every fourth and every second conversation of the largest."""

MOST = SIZES[-1]

TOKENS = 64
"""Tokens of every reply."""

SHORTEST, LONGEST = 50, 600
"""Tokens of the prompts. All together are within what an engine keeps, so that none is read twice."""


def measure(shape: str, repeats: int) -> dict[str, float]:
    """Medians over rounds; in each, every conversation is measured alone, then sets of them together."""
    loaded = apart(shapes.endless, shape)
    config = loaded.model.config.decoder
    longest = min(LONGEST, config.context - 2 * TOKENS)
    lengths = [SHORTEST + (longest - SHORTEST) * number // (MOST - 1) for number in range(MOST)]
    rounds: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        engine = shapes.engine(loaded, shape)
        stack.callback(engine.close)
        hf = stack.enter_context(Peer("hf", config, torch.get_num_threads()))
        state(shapes.text_bytes(loaded), sum(weight.numel() for weight in shapes.text_weights(loaded)))
        requests = [
            conversation(engine, length, TOKENS, pictures=number % 3, seed=str(number))
            for number, length in enumerate(lengths)
        ]
        for repeat in range(repeats + 1):
            found = measure_round(engine, requests)
            for rows in (1, MOST):
                rate = hf.tokens_per_s(sum(lengths) // MOST, TOKENS // 4, rows)
                found[f"hf_tokens_per_s_{rows}"] = rate
            if repeat:  # the first round reads the prompts, and pays for what libraries set up once
                for name, value in found.items():
                    rounds[name].append(value)
    middle = {name: statistics.median(values) for name, values in rounds.items()}
    return {
        **{f"speedup_{size}": middle[f"together_{size}"] / middle[f"alone_{size}"] for size in SIZES},
        "fairness": middle["fairness"],
        "tokens_per_s_1": middle[f"alone_{MOST}"],
        **{f"tokens_per_s_{size}": middle[f"together_{size}"] for size in SIZES},
        "prefilled_tokens": middle["prefilled"],
        "hf_tokens_per_s_1": middle["hf_tokens_per_s_1"],
        "hf_tokens_per_s_16": middle["hf_tokens_per_s_16"],
        "hf_speedup_16": middle["hf_tokens_per_s_16"] / middle["hf_tokens_per_s_1"],
        "over_hf_16": middle[f"together_{MOST}"] / middle["hf_tokens_per_s_16"],
    }


def measure_round(engine: BuiltinEngine, requests: Sequence[Request]) -> dict[str, float]:
    """Each alone, then together. `prefilled`: the most tokens of its prompt that any had to read again."""
    found: dict[str, float] = {}
    alone = [listen(engine, request) for request in requests]
    read = [pace.usage.prefilled_tokens for pace in alone]
    for size in SIZES:
        every = MOST // size
        found[f"alone_{size}"] = one_by_one(alone[::every])
        crowd = together(engine, requests[::every])
        found[f"together_{size}"] = crowd.tokens_per_s
        read += [pace.usage.prefilled_tokens for pace in crowd.paces]
    return {**found, "fairness": crowd.fairness, "prefilled": max(read)}


def one_by_one(paces: Sequence[Pace]) -> float:
    """Tokens a second of replies made one after the other, the reading of prompts left out."""
    return sum(len(pace.times) - 1 for pace in paces) / sum(pace.seconds for pace in paces)


@dataclass(frozen=True)
class Crowd:
    """Replies made side by side, all asked for at once, at `began`."""

    paces: Sequence[Pace]
    began: float

    @property
    def tokens_per_s(self) -> float:
        """Of all together, while all are being made: from when the last has begun until the first ends."""
        start = max(pace.times[0] for pace in self.paces)
        end = min(pace.times[-1] for pace in self.paces)
        if end <= start:
            raise RuntimeError("The replies were not made side by side: one ended before another began.")
        return sum(start < at <= end for pace in self.paces for at in pace.times) / (end - start)

    @property
    def fairness(self) -> float:
        """The slowest's tokens a second over the mean, counted from when all were asked for: waiting for
        one's turn to join is part of it."""
        rates = [len(pace.times) / (pace.times[-1] - self.began) for pace in self.paces]
        return min(rates) / statistics.mean(rates)


def together(engine: BuiltinEngine, requests: Sequence[Request]) -> Crowd:
    """All replies at once, each asked for and read by a thread of its own."""
    start = Barrier(len(requests) + 1)

    def one(request: Request) -> Pace:
        start.wait()
        return listen(engine, request)

    with ThreadPoolExecutor(len(requests)) as pool:
        replies = [pool.submit(one, request) for request in requests]
        start.wait()
        began = time.perf_counter()
        return Crowd([reply.result() for reply in replies], began)


def state(weights: int, count: int) -> None:
    """Say what bounds the figures, before there are any."""
    read = weights / apart(read_bandwidth, weights)
    compute = 2 * count / apart(matmul_gflops) / 1e9
    print(
        f"A step reads {weights / 1e6:.1f} MB of weights in {1000 * read:.1f} ms; its arithmetic takes "
        f"{1000 * compute:.2f} ms a row in float32 products, so that from {read / compute:.0f} rows on it "
        "takes longer than the reading."
    )
