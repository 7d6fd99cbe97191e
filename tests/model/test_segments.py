"""Prompts are run in few calls, and however they are split, they give the same."""

from __future__ import annotations

import random

import pytest
import torch

from chat.model import generate
from chat.model.cache import PictureView
from chat.model.generate import prefill, segments
from tests.helpers.models import random_ids, random_pixels, tiny_model

MODEL = tiny_model(torch.float64)


def view(places: list[int]) -> PictureView | None:
    with torch.inference_mode():
        encoded = list(MODEL.encode(random_pixels(max(1, len(places)), torch.float64)))
        return MODEL.view_row(encoded[: len(places)], places)


def cuts(places: list[int], start: int, end: int) -> list[tuple[int, int, int, bool]]:
    """What `segments` gives: start, end, pictures, and whether all are seen everywhere."""
    return [
        (first, last, 0, True) if seen is None else (first, last, seen.visible_from.shape[1], seen.everywhere)
        for first, last, seen in segments(view(places), start, end)
    ]


def test_a_message_with_pictures_at_its_beginning_is_one_call() -> None:
    assert cuts([2, 101, 102], 100, 160) == [(100, 160, 3, False)]


def test_a_picture_after_much_text_begins_a_segment() -> None:
    assert cuts([150], 0, 300) == [(0, 150, 0, True), (150, 300, 1, True)]


def test_text_after_all_pictures_needs_no_mask() -> None:
    assert cuts([2, 5], 10, 600) == [(10, 266, 2, True), (266, 522, 2, True), (522, 600, 2, True)]


def test_a_picture_that_is_yet_to_come_is_not_seen() -> None:
    assert cuts([3, 290], 10, 300) == [(10, 266, 1, True), (266, 300, 2, False)]


@pytest.mark.parametrize(("segment", "short"), [(256, 64), (256, 1), (7, 3), (1, 1)])
@pytest.mark.parametrize("places", [[], [0], [1, 2, 9], [20, 35]])
def test_however_it_is_split_the_logits_are_the_same(
    monkeypatch: pytest.MonkeyPatch, places: list[int], segment: int, short: int
) -> None:
    ids = random_ids(40, random.Random(0))
    numbers = [places.index(at) + 1 if at in places else 0 for at in range(len(ids))]
    with torch.inference_mode():
        whole = MODEL(torch.tensor([ids]), torch.tensor([numbers]), pictures=view(places))[0, -1]
    monkeypatch.setattr(generate, "SEGMENT", segment)
    monkeypatch.setattr(generate, "SHORT", short)
    split = prefill(MODEL, ids, numbers, view(places), MODEL.new_cache())
    torch.testing.assert_close(split, whole, atol=1e-10, rtol=1e-10)
