"""Cached equals uncached: however a conversation is split into calls, the logits are those of one call."""

from __future__ import annotations

import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.model.cache import NEVER, PictureView, pad_visible
from chat.model.vlm import VisionLanguageModel
from tests.helpers.models import random_ids, random_pixels, tiny_model

PICTURES = [3, 4, 17]
"""Where the pictures' tokens stand: two together, one later."""
LENGTH = 30

DTYPES = [(torch.float32, 1e-4), (torch.float64, 1e-10)]


def numbers(positions: list[int], length: int = LENGTH) -> list[int]:
    return [positions.index(at) + 1 if at in positions else 0 for at in range(length)]


def uncached(model: VisionLanguageModel, ids: list[int], positions: list[int]) -> torch.Tensor:
    """Logits (length, vocab) of a masked full recompute."""
    view = seen_by(model, positions)
    logits: torch.Tensor = model(
        torch.tensor([ids]), torch.tensor([numbers(positions, len(ids))]), pictures=view
    )
    return logits[0]


def seen_by(model: VisionLanguageModel, positions: list[int]) -> PictureView | None:
    pictures = model.encode(random_pixels(len(PICTURES), model.dtype))
    return model.view_row(list(pictures[: len(positions)]), positions)


def in_pieces(model: VisionLanguageModel, ids: list[int], cuts: list[int]) -> torch.Tensor:
    """Logits of the same, in calls that end at the cuts, each seeing only the pictures shown by then."""
    cache = model.new_cache()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(ids)], strict=True):
        shown = [at for at in PICTURES if at < end]
        step = model(
            torch.tensor([ids[start:end]]),
            torch.tensor([numbers(PICTURES)[start:end]]),
            pictures=seen_by(model, shown),
            cache=cache,
        )
        found.append(step[0])
    return torch.cat(found)


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
@given(cuts=st.sets(st.integers(1, LENGTH - 1), max_size=8), seed=st.integers(0, 5))
@settings(max_examples=25)
def test_any_split_into_calls_gives_the_same_logits(
    dtype: torch.dtype, tolerance: float, cuts: set[int], seed: int
) -> None:
    model, ids = tiny_model(dtype), random_ids(LENGTH, random.Random(seed))
    torch.testing.assert_close(
        in_pieces(model, ids, sorted(cuts)), uncached(model, ids, PICTURES), atol=tolerance, rtol=tolerance
    )


def test_token_by_token_is_one_such_split() -> None:
    model, ids = tiny_model(), random_ids(LENGTH, random.Random(1))
    every = in_pieces(model, ids, list(range(1, LENGTH)))
    torch.testing.assert_close(every, uncached(model, ids, PICTURES), atol=1e-4, rtol=1e-4)


def test_a_new_picture_changes_nothing_before_it() -> None:
    model, ids = tiny_model(), random_ids(LENGTH, random.Random(2))
    two, three = uncached(model, ids, PICTURES[:2]), uncached(model, ids, PICTURES)
    torch.testing.assert_close(two[: PICTURES[2]], three[: PICTURES[2]], atol=1e-5, rtol=1e-5)
    assert (two[PICTURES[2] :] - three[PICTURES[2] :]).abs().max() > 1e-2


def test_rolling_back_and_going_on_differently() -> None:
    model, rng = tiny_model(), random.Random(3)
    ids, other = random_ids(LENGTH, rng), random_ids(LENGTH, rng)
    cache = model.new_cache()
    view = seen_by(model, PICTURES)
    model(torch.tensor([ids]), torch.tensor([numbers(PICTURES)]), pictures=view, cache=cache)
    cache.truncate(20)
    after = model(torch.tensor([other[20:]]), torch.tensor([[0] * 10]), pictures=view, cache=cache)[0]
    expected = uncached(model, ids[:20] + other[20:], PICTURES)[20:]
    torch.testing.assert_close(after, expected, atol=1e-4, rtol=1e-4)


def test_rows_of_different_lengths_and_pictures_do_not_disturb_each_other() -> None:
    model, rng = tiny_model(), random.Random(4)
    rows = [random_ids(LENGTH, rng), random_ids(11, rng), random_ids(20, rng)]
    places = [PICTURES, [], [5]]
    pictures = model.encode(random_pixels(3))
    visible_from = pad_visible(places, model.device)
    index = torch.arange(3).expand(3, 3)
    view = model.view(pictures, index, index, visible_from)
    cache = model.new_cache(rows=3)
    logits: list[list[torch.Tensor]] = [[], [], []]
    done = [0, 0, 0]
    for size in (7, 1, 9, 13):
        chunks = [row[at : at + size] for row, at in zip(rows, done, strict=True)]
        ids = torch.tensor([[*chunk, *[0] * (size - len(chunk))] for chunk in chunks])
        marks = torch.zeros(3, size, dtype=torch.long)
        for row, chunk in enumerate(chunks):
            for offset in range(len(chunk)):
                if done[row] + offset in places[row]:
                    marks[row, offset] = places[row].index(done[row] + offset) + 1
        counts = torch.tensor([len(chunk) for chunk in chunks])
        out = model(ids, marks, pictures=view, cache=cache, counts=counts)
        for row, chunk in enumerate(chunks):
            logits[row].append(out[row, : len(chunk)])
            done[row] += len(chunk)
    for row in range(3):
        expected = uncached(model, rows[row], places[row])
        torch.testing.assert_close(torch.cat(logits[row]), expected, atol=1e-4, rtol=1e-4)


def test_a_fresh_fusion_is_the_text_model() -> None:
    model, ids = tiny_model(gate=0.0), random_ids(LENGTH, random.Random(5))
    marks = torch.tensor([numbers(PICTURES)])
    seeing = model(torch.tensor([ids]), marks, pictures=seen_by(model, PICTURES))
    blind = model(torch.tensor([ids]), marks)
    torch.testing.assert_close(seeing, blind, atol=0, rtol=0)


def test_a_position_without_a_picture_passes_through_unchanged() -> None:
    model, ids = tiny_model(), random_ids(LENGTH, random.Random(6))
    marks = torch.zeros(1, LENGTH, dtype=torch.long)
    never = model(torch.tensor([ids]), marks, pictures=seen_by(model, [NEVER, NEVER, NEVER]))
    torch.testing.assert_close(never, model(torch.tensor([ids]), marks), atol=1e-6, rtol=1e-6)


def test_the_order_of_pictures_matters() -> None:
    model, ids = tiny_model(), random_ids(LENGTH, random.Random(7))
    first, second, _ = model.encode(random_pixels(3))
    marks = torch.tensor([numbers(PICTURES[:2])])
    one = model(torch.tensor([ids]), marks, pictures=model.view_row([first, second], [3, 4]))
    other = model(torch.tensor([ids]), marks, pictures=model.view_row([second, first], [3, 4]))
    assert (one[0, -1] - other[0, -1]).abs().max() > 1e-2


def test_pictures_are_encoded_independently_of_each_other() -> None:
    model, pixels = tiny_model(), random_pixels(3)
    together = model.encode(pixels)
    alone = torch.cat([model.encode(each[None]) for each in pixels])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
