"""Steps of fixed shape give what the model's own steps give, traced as a GPU's are."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import torch
from torch import Tensor

from chat.model import generate
from chat.model.cache import KVCache, PictureView
from chat.model.generate import prefill
from chat.model.static import LEAST, StaticSteps
from chat.model.vlm import VisionLanguageModel
from tests.helpers.models import random_ids, random_pixels, tiny_model


def same(mine: object, theirs: object) -> None:
    torch.testing.assert_close(mine, theirs, atol=1e-10, rtol=1e-10)


@pytest.fixture(scope="module")
def model() -> VisionLanguageModel:
    return tiny_model(torch.float64)


@pytest.fixture(scope="module")
def steps(model: VisionLanguageModel) -> StaticSteps:
    # Traced whole, as for a GPU: what could not be recorded there raises here.
    return StaticSteps(
        model, 5, lambda function: torch.compile(function, backend="eager", fullgraph=True, dynamic=False)
    )


def row(model: VisionLanguageModel, length: int, pictures: int) -> tuple[KVCache, PictureView | None]:
    cache = model.new_cache()
    encoded = list(model.encode(random_pixels(pictures, torch.float64))) if pictures else []
    view = model.view_row(encoded, list(range(pictures)))
    numbers = [at + 1 if at < pictures else 0 for at in range(length)]
    prefill(model, random_ids(length, Random(length)), numbers, view, cache)
    return cache, None if view is None else view.first(pictures)


def check(
    model: VisionLanguageModel,
    steps: StaticSteps,
    rows: list[tuple[KVCache, PictureView | None]],
    twins: list[KVCache],
    token: int,
) -> None:
    tokens = [token + number for number in range(len(rows))]
    caches, views = [cache for cache, _ in rows], [view for _, view in rows]
    mine = steps(tokens, views, caches)
    theirs = torch.cat(
        [
            generate.step(model, [each], [view], [twin])
            for each, view, twin in zip(tokens, views, twins, strict=True)
        ]
    )
    same(mine, theirs)


def test_rows_join_and_leave_between_steps(model: VisionLanguageModel, steps: StaticSteps) -> None:
    rows = [row(model, length, pictures) for length, pictures in ((3, 0), (9, 2), (60, 4), (30, 1), (7, 0))]
    twins = [cache.copy(cache.longest) for cache, _ in rows]
    check(model, steps, rows, twins, 10)
    check(model, steps, rows, twins, 20)
    # The second leaves: the others move up, into rows where somebody else stood.
    steps.leave(rows[1][0])
    check(model, steps, rows[:1] + rows[2:], twins[:1] + twins[2:], 30)
    check(model, steps, rows, twins, 40)
    for (cache, _), twin in zip(rows, twins, strict=True):
        steps.leave(cache)
        same(cache.read(0, cache.longest), twin.read(0, twin.longest))


def test_a_conversation_that_was_cut_goes_on_from_there(
    model: VisionLanguageModel, steps: StaticSteps
) -> None:
    rows = [row(model, 12, 1)]
    twins = [rows[0][0].copy(12)]
    for token in (10, 11, 12):
        check(model, steps, rows, twins, token)
    for cache in (rows[0][0], *twins):
        cache.truncate(13)
    check(model, steps, rows, twins, 50)


def test_after_a_step_that_failed_a_conversation_goes_on_from_what_it_holds(
    model: VisionLanguageModel,
) -> None:
    fails = False

    def shaky(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def step(*args: Any) -> Tensor:
            if fails:
                raise RuntimeError("out of memory")
            return function(*args)

        return step

    steps = StaticSteps(model, 1, shaky)
    rows = [row(model, 12, 1)]
    cache, view = rows[0]
    twin = cache.copy(12)
    for token in (10, 11):
        steps([token], [view], [cache])
    fails = True
    with pytest.raises(RuntimeError, match="out of memory"):
        steps([12], [view], [cache])
    fails = False
    # What was said is forgotten, and another message follows.
    cache.truncate(12)
    for each in (cache, twin):
        prefill(model, [20, 21, 22], [0] * 3, view, each)
    check(model, steps, rows, [twin], 30)
    same(cache.read(0, 15), twin.read(0, 15))


def test_a_few_shapes_serve_all_lengths(model: VisionLanguageModel) -> None:
    shapes = set()

    def record(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def recorded(numbers: Tensor, positions: int, image_tokens: int) -> Tensor:
            shapes.add((numbers.shape[1], positions, image_tokens))
            return function(numbers, positions, image_tokens)

        return recorded

    steps = StaticSteps(model, 4, record)
    for lengths in ((3,), (60, 5), (100, 90, 80), (50, 40, 30, 20)):
        rows = [row(model, length, length % 2) for length in lengths]
        check(model, steps, rows, [cache.copy(cache.longest) for cache, _ in rows], 10)
    # The tiny model's whole context and pictures are smaller than the smallest shape.
    context, image_tokens = model.config.decoder.context, 4 * model.config.vision.tokens
    assert context <= LEAST
    assert shapes == {(1, context, image_tokens), (2, context, image_tokens), (4, context, 0)}


def test_more_than_fit_are_refused(model: VisionLanguageModel, steps: StaticSteps) -> None:
    with pytest.raises(ValueError, match="6 conversations are more than the 5"):
        steps([1] * 6, [None] * 6, [model.new_cache() for _ in range(6)])
