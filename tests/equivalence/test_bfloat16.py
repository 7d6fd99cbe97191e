"""In bfloat16 nothing is exact, so what the caches change is held against what rounding changes anyway.

Two computations of the same logits that round in different orders differ. How much, the model itself says:
its masked recompute in bfloat16 beside the same weights in float64. Small errors in logits make softmax
diverge by half their variance (to second order), and if the engine and the recompute each had errors of that
size, all of their own, the variance of their difference would be twice as large. So the engine may be twice
as far from the recompute as that is from float64. It is nearer by far, because most of the rounding is the
same in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor

from chat.engines.base import Finish
from chat.engines.builtin.scheduler import Scheduler
from chat.model import decoder
from chat.model.cache import KVCache, PictureView
from chat.model.layers import rotary_tables
from chat.model.vlm import VisionLanguageModel
from tests.equivalence.harness import Bench
from tests.helpers.models import tiny_model

ALLOWANCE = 2.0
"""Times as far from the recompute as that is from float64: in divergence, and in the largest error."""


@dataclass
class Logits:
    """After every token that the engine chose, (n, vocab): the engine's own, those of a masked recompute in
    bfloat16, and those of the same weights in float64."""

    engine: Tensor
    recompute: Tensor
    exact: Tensor


class Rounded(Bench):
    """An engine in bfloat16; notes its logits and those of recomputes instead of checking to a tolerance."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, torch.float32)
        self.model = tiny_model(torch.bfloat16)
        self._taken: list[Tensor] = []
        self._noted: list[tuple[Tensor, Tensor, Tensor]] = []
        best = Scheduler._best

        def noting(scheduler: Scheduler, logits: Tensor) -> list[int]:
            self._taken.extend(logits.clone())
            return best(scheduler, logits)

        monkeypatch.setattr(Scheduler, "_best", noting)
        self.restart()

    def _check(self, finish: Finish, conversation: int) -> None:
        session, first = self.session(), finish.usage.prompt_tokens - 1
        engine = torch.stack(self._taken)
        self._taken.clear()
        with self._as(self.model):
            rounded = self.recompute(session)[0]
        with self._as(tiny_model(torch.bfloat16).double()):
            exact = self.recompute(session)[0]
        end = min(first + len(engine), len(session.ids))
        self._noted.append((engine[: end - first], rounded[first:end], exact[first:end]))

    @contextmanager
    def _as(self, model: VisionLanguageModel) -> Iterator[None]:
        """Recompute with another model."""
        mine, self.model = self.model, model
        yield
        self.model = mine

    def logits(self) -> Logits:
        """All that were noted, in float64."""
        engine, rounded, exact = (torch.cat(each).double() for each in zip(*self._noted, strict=True))
        return Logits(engine, rounded, exact)


def divergence(one: Tensor, other: Tensor) -> float:
    """The mean Kullback–Leibler divergence of softmax over logits (n, vocab), KL(one ‖ other), in nats."""
    log_one, log_other = one.log_softmax(-1), other.log_softmax(-1)
    return float((log_one.exp() * (log_one - log_other)).sum(-1).mean())


def as_close_as_rounding(logits: Logits) -> None:
    """Mean divergence is within the allowance, and the choice is the same wherever the recompute's first and
    second differ by more than two errors of the allowed size, one of each."""
    noise = divergence(logits.exact, logits.recompute)
    assert divergence(logits.recompute, logits.engine) <= ALLOWANCE * noise
    error = ALLOWANCE * float((logits.exact - logits.recompute).abs().max())
    first, second = logits.recompute.topk(2, dim=-1).values.unbind(-1)
    sure = first - second > 2 * error
    assert sure.double().mean() > 0.25, "too few choices are certain for this to say anything"
    same = logits.engine.argmax(-1) == logits.recompute.argmax(-1)
    assert bool(same[sure].all())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounded]:
    bench = Rounded(tmp_path, monkeypatch)
    yield bench
    bench.engine.close()
    bench.store.close()


def course(bench: Bench) -> None:
    """Turns with pictures and without, other tries, an edit, a branch, a restart."""
    at = bench.begin()
    bench.ask(at, "What?", [1])
    bench.ask(at, "Hello there, what do you see?", [2, 3])
    bench.regenerate(at)
    bench.ask(at, "And?")
    branch = bench.duplicate(at)
    bench.edit(at, 1, "What colour is it?", [3])
    bench.restart()
    bench.ask(branch, "Which one?")
    bench.ask(at, "Now?", [2])


def test_caches_change_no_more_than_rounding_does(bench: Rounded) -> None:
    course(bench)
    as_close_as_rounding(bench.logits())


def _eight_bits(
    self: KVCache, layer: int, slots: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None
) -> Tensor:
    """The keys of a reply's tokens are kept in eight bits."""
    if slots.shape[1] == 1:
        key = key.to(torch.float8_e4m3fn).to(key.dtype)
    return look_up(self, layer, slots, query, key, value, mask)


def _one_behind(positions: Tensor, head_dim: int, theta: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A reply's tokens are turned as if they stood one place before their own."""
    return tables(positions - int(positions.shape[1] == 1), head_dim, theta, dtype)


def _without_the_last(self: PictureView, pictures: int) -> PictureView | None:
    """Of several pictures, the last is left out."""
    return first(self, max(1, pictures - 1) if pictures else 0)


look_up, tables, first = KVCache.attend, rotary_tables, PictureView.first


@pytest.mark.parametrize(
    ("owner", "name", "fault"),
    [
        (KVCache, "attend", _eight_bits),
        (decoder, "rotary_tables", _one_behind),
        (PictureView, "first", _without_the_last),
    ],
)
def test_a_planted_fault_is_larger_than_rounding(
    bench: Rounded, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, fault: Callable[..., object]
) -> None:
    monkeypatch.setattr(owner, name, fault)
    course(bench)
    print(
        divergence(bench.logits().exact, bench.logits().recompute),
        divergence(bench.logits().recompute, bench.logits().engine),
    )
    with pytest.raises(AssertionError):
        as_close_as_rounding(bench.logits())
