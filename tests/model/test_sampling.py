"""Choosing tokens: greedy, by temperature, within a nucleus."""

from __future__ import annotations

import torch

from chat.model.sampling import choose

LOGITS = torch.tensor([0.0, 3.0, 1.0, 2.9])


def draw(count: int, **options: float) -> list[int]:
    generator = torch.Generator().manual_seed(0)
    return [choose(LOGITS, generator=generator, **options) for _ in range(count)]


def test_greedy_takes_the_best() -> None:
    assert set(draw(5)) == {1}


def test_temperature_draws_in_proportion() -> None:
    drawn = draw(4000, temperature=1.0)
    share = torch.bincount(torch.tensor(drawn), minlength=4) / len(drawn)
    torch.testing.assert_close(share, LOGITS.softmax(0), atol=0.03, rtol=0)


def test_the_nucleus_leaves_out_the_tail() -> None:
    assert set(draw(400, temperature=1.0, top_p=0.6)) == {1, 3}


def test_the_nucleus_always_holds_the_best() -> None:
    assert set(draw(20, temperature=1.0, top_p=0.0001)) == {1}


def test_a_seed_repeats_a_draw() -> None:
    assert draw(50, temperature=2.0) == draw(50, temperature=2.0)
