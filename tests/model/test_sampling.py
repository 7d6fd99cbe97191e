"""Choosing tokens: greedy, by temperature, within a nucleus."""

from __future__ import annotations

import torch

from chat.model.sampling import choose, discourage

LOGITS = torch.tensor([0.0, 3.0, 1.0, 2.9])


def draw(
    count: int, *, temperature: float = 0.0, top_k: int = 0, top_p: float = 1.0, min_p: float = 0.0
) -> list[int]:
    generator = torch.Generator().manual_seed(0)
    return [
        choose(LOGITS, temperature=temperature, top_k=top_k, top_p=top_p, min_p=min_p, generator=generator)
        for _ in range(count)
    ]


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


def test_only_the_k_likeliest_are_drawn() -> None:
    assert set(draw(400, temperature=5.0, top_k=2)) == {1, 3}
    assert set(draw(50, temperature=5.0, top_k=1)) == {1}
    assert set(draw(400, temperature=5.0, top_k=9)) == {0, 1, 2, 3}


def test_only_what_is_likely_beside_the_likeliest_is_drawn() -> None:
    assert set(draw(400, temperature=1.0, min_p=0.5)) == {1, 3}
    assert set(draw(400, temperature=1.0, min_p=0.12)) == {1, 2, 3}


def test_what_was_said_is_discouraged_whatever_its_sign() -> None:
    logits = torch.tensor([2.0, -1.0, 4.0])
    assert discourage(logits, [2, 1, 1], 2.0).tolist() == [2.0, -2.0, 2.0]
    assert discourage(logits, [2, 1], 1.0) is logits
    assert discourage(logits, [], 2.0) is logits
