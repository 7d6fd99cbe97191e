"""Steps with packed weights: those of the model on the same weights, whatever stands beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numba
import numpy as np
import pytest
import torch
from torch import Tensor

from chat.model import generate
from chat.model.cache import KVCache, PictureView
from chat.model.config import DecoderConfig, ModelConfig, VisionConfig
from chat.model.generate import prefill
from chat.model.packed import team
from chat.model.packed.decoder import PackedDecoder
from chat.model.packed.kernels import CHUNK, exp
from chat.model.packed.layout import GROUP
from chat.model.packed.packing import pack, quantise, restored
from chat.model.packed.team import SMALL, Team
from chat.model.vlm import VisionLanguageModel
from tests.helpers.models import tiny_model

ODD = ModelConfig(
    VisionConfig(image_size=16, stem=(8, 16), width=16, layers=1, heads=2, ffn=32),
    DecoderConfig(
        vocab=333,
        width=120,
        layers=3,
        heads=6,
        kv_heads=2,
        ffn=100,
        cross_every=2,
        cross_ffn=70,
        context=1024,
        images=4,
    ),
)
"""Sizes that are multiples of nothing: 20 channels a head, panels that are not full."""


EVEN = replace(ODD, decoder=replace(ODD.decoder, width=128, heads=4, ffn=192, cross_ffn=64))
"""Inputs that four bits can have."""


def even_model() -> VisionLanguageModel:
    return odd_model(EVEN)


def odd_model(config: ModelConfig = ODD) -> VisionLanguageModel:
    torch.manual_seed(3)
    model = VisionLanguageModel(config).eval().requires_grad_(False)
    for name, parameter in model.named_parameters():
        if name.endswith("gate"):
            parameter.fill_(0.7)
    return model


def packed(model: VisionLanguageModel, bits: int = 8) -> PackedDecoder:
    """Its weights become those that the bits stand for."""
    return PackedDecoder(model, pack(model, bits))


def row(model: VisionLanguageModel, length: int, pictures: int) -> tuple[KVCache, PictureView | None]:
    """A cache of so many tokens, and what its row sees."""
    rng, cache = Random(length), model.new_cache()
    size = model.config.vision.image_size
    generator = torch.Generator().manual_seed(length)
    encoded = list(model.encode(torch.rand(pictures, 3, size, size, generator=generator))) if pictures else []
    view = model.view_row(encoded, list(range(pictures)))
    ids = [rng.randrange(model.config.decoder.vocab) for _ in range(length)]
    numbers = [at + 1 if at < pictures else 0 for at in range(length)]
    prefill(model, ids, numbers, view, cache)
    return cache, None if view is None else view.first(pictures)


def last(cache: KVCache) -> tuple[Tensor, Tensor]:
    """Keys and values of the newest position."""
    return cache.read(cache.longest - 1, cache.longest)


@pytest.mark.parametrize("make", [tiny_model, odd_model])
@pytest.mark.parametrize("pictures", [0, 1, 3])
@pytest.mark.parametrize("length", [5, CHUNK - 1, CHUNK, 2 * CHUNK + 7])
def test_a_step_is_the_models_own(
    make: Callable[[], VisionLanguageModel], length: int, pictures: int
) -> None:
    model = make()
    decoder = packed(model)  # before anything is computed: it changes the weights
    cache, view = row(model, length, pictures)
    twin = cache.copy(length)
    for token in (7, 11):
        mine = decoder.step([token], [view], [cache])
        theirs = generate.step(model, [token], [view], [twin])
        # Activations of 16 bits; those of 8 would be a hundred times as far off.
        torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=1e-3)
        # A unit in the last place of float16, where the two round apart; the next step sees that.
        torch.testing.assert_close(last(cache), last(twin), atol=1e-3, rtol=1e-3)
    assert cache.longest == length + 2


@pytest.mark.parametrize("rows", [2, 3, 4, 5, 6, 7, 9, 13, 18])
@pytest.mark.parametrize("bits", [8, 4])
def test_a_row_is_the_same_to_the_last_bit_whatever_stands_beside_it(rows: int, bits: int) -> None:
    model = odd_model() if bits == 8 else even_model()
    decoder = packed(model, bits)
    made = [row(model, 3 + 97 * number, number % 3) for number in range(rows)]
    tokens = [20 + number for number in range(rows)]
    alone = []
    for token, (cache, view) in zip(tokens, made, strict=True):
        own = cache.copy(cache.longest)
        alone.append((decoder.step([token], [view], [own])[0], last(own)))
    caches, views = zip(*made, strict=True)
    together = decoder.step(tokens, views, caches)
    for logits, cache, (expected, newest) in zip(together, caches, alone, strict=True):
        assert torch.equal(logits, expected)
        assert all(map(torch.equal, last(cache), newest))


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "SMALL", 0)
    model = odd_model()
    decoder = packed(model)
    cache, view = row(model, 2 * CHUNK + 7, 2)
    results = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        monkeypatch.setattr(Team, "_choose", lambda team, most, threads=threads: threads)
        results.append(decoder.step([9], [view], [cache.copy(cache.longest)]))
    assert torch.equal(*results)


def test_pictures_come_into_a_step() -> None:
    model = odd_model()
    decoder = packed(model)
    cache, view = row(model, 9, 2)
    assert view is not None
    seen, one, none = (decoder.step([5], [each], [cache.copy(9)]) for each in (view, view.first(1), None))
    assert not torch.allclose(seen, one, atol=1e-3)
    assert not torch.allclose(one, none, atol=1e-3)


def test_a_weight_is_off_by_half_a_step_at_most() -> None:
    weight = torch.randn(40, 30, generator=torch.Generator().manual_seed(0))
    weight[3] = 0
    values, scale = quantise(weight)
    assert scale.shape == (40, 1)
    assert (weight - restored(values, scale)).abs().le(scale / 2 * 1.0001).all()
    assert values.abs().amax(dim=1).tolist() == [0 if at == 3 else 127 for at in range(40)]
    again, same = quantise(restored(values, scale))
    assert torch.equal(again, values)
    torch.testing.assert_close(same, scale)


def test_with_four_bits_each_group_of_inputs_has_its_scale() -> None:
    weight = torch.randn(9, 2 * GROUP, generator=torch.Generator().manual_seed(0))
    weight[:, GROUP:] *= 100
    values, scale = quantise(weight, 4, GROUP)
    assert scale.shape == (9, 2)
    assert values.abs().max() == 7
    off = (weight - restored(values, scale)).abs().view(9, 2, GROUP)
    assert off.le(scale[:, :, None] / 2 * 1.0001).all()


def test_the_model_computes_with_the_values_that_were_packed() -> None:
    model, before = odd_model(), odd_model()
    pack(model, 8)
    for (name, new), old in zip(model.named_parameters(), before.parameters(), strict=True):
        packed = new.ndim == 2 and name.startswith("decoder.") and "number" not in name
        if packed and not name.endswith("key_value.weight"):
            values, scale = quantise(old)
            assert torch.equal(new, restored(values, scale)), name
        elif not packed:
            assert torch.equal(new, old), name


def test_four_bits_want_whole_groups() -> None:
    with pytest.raises(ValueError, match="a multiple of 64, not 120"):
        pack(odd_model(), 4)


def test_only_float32_on_the_cpu() -> None:
    with pytest.raises(ValueError, match="not a bfloat16 one on cpu"):
        pack(tiny_model(torch.bfloat16), 8)


def test_the_exponential_is_exact_to_two_units() -> None:
    xs = -np.concatenate([np.linspace(0, 87, 4001), np.geomspace(1e-6, 87, 4001)]).astype(np.float32)
    ours = np.array([exp(x) for x in xs])
    truth = np.exp(xs.astype(np.float64))
    assert np.max(np.abs(ours - truth) / np.spacing(truth.astype(np.float32))) <= 2
    assert exp(np.float32(-1000)) < 1e-37


class Clock:
    """A clock in whose time a step takes what `cost` says of its threads."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.cost, self.threads = 0.0, {1: 2.0, 2: 1.0}, 0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(numba, "set_num_threads", self._set)
        monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 2)
        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    def _set(self, threads: int) -> None:
        self.threads = threads

    def steps(self, crew: Team, number: int, products: int = SMALL, read: int = 1) -> Sequence[int]:
        """The threads of so many steps."""
        chosen = []
        for _ in range(number):
            with crew.work(products, read):
                chosen.append(self.threads)
                self.now += self.cost[self.threads]
        return chosen


def test_a_team_takes_the_faster_way_and_tries_the_other_ever_more_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, crew = Clock(monkeypatch), Team()
    chosen = clock.steps(crew, 1000)
    trials = [at for at in range(6, 1000) if chosen[at] == 1]
    assert chosen[6:60] == [2] * 54
    assert 0 < len(trials) <= 12
    clock.cost[2] = 50.0  # another program takes a core
    assert clock.steps(crew, 10)[-1] == 1
    clock.cost[2] = 1.0
    assert clock.steps(crew, 3000)[-1] == 2


def test_a_small_step_has_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, crew = Clock(monkeypatch), Team()
    assert clock.steps(crew, 20, products=SMALL - 1) == [1] * 20


def test_a_step_of_more_rows_is_not_taken_for_a_slow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, crew = Clock(monkeypatch), Team()
    clock.steps(crew, 10, SMALL, SMALL)
    clock.cost = {1: 5.7, 2: 2.7}  # as sixteen rows take, beside one: each weight is read once for all
    assert clock.steps(crew, 20, 16 * SMALL, SMALL) == [2] * 20
    clock.cost = {1: 2.0, 2: 1.0}
    assert clock.steps(crew, 20, SMALL, SMALL) == [2] * 20
