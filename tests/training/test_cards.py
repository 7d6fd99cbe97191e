"""Cards: reproducible, split by their facts, and drawn as the facts say."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from chat.model.images import PADDING
from chat.training.cards import draw as drawing
from chat.training.cards.draw import SMALLEST_FONT, draw, square
from chat.training.cards.questions import sample_turns
from chat.training.cards.sampling import KINDS, contrast, sample
from chat.training.cards.scene import ITEMS, Arrow, Bar, BarChart, Card, Grid, PieChart, Program, Sum
from chat.training.scene import HELD_OUT_PAIRS, Background

WHITE = Background("plain", (255, 255, 255), (255, 255, 255), 0)
ALL_KINDS = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def cards(kind: type[Card] | None, count: int, *, held_out: bool = False, seed: int = 0) -> list[Card]:
    rng = random.Random(seed)
    return [sample(rng, held_out, kind) for _ in range(count)]


@ALL_KINDS
def test_the_same_seed_gives_the_same_card_picture_and_talk(kind: type[Card]) -> None:
    for first, second in zip(cards(kind, 5), cards(kind, 5), strict=True):
        assert first == second
        assert hash(first.facts) == hash(second.facts)
        assert np.array_equal(square(first), square(second))
        assert sample_turns(first, random.Random(1), 5) == sample_turns(second, random.Random(1), 5)
    assert cards(kind, 5) != cards(kind, 5, seed=1)


@ALL_KINDS
def test_training_and_evaluation_never_share_facts(kind: type[Card]) -> None:
    training, evaluation = cards(kind, 400), cards(kind, 60, held_out=True, seed=1)
    assert not {card.facts for card in training} & {card.facts for card in evaluation}
    for card in training + evaluation:
        assert card.held_out == (int(card.digest[:8], 16) % 16 == 0)
    assert all(card.held_out for card in evaluation)
    assert not any(card.held_out for card in training)
    assert len({card.facts for card in evaluation}) > 5, "too few cards to evaluate with"


def test_looks_do_not_decide_the_split() -> None:
    for card in cards(None, 50):
        assert replace(card, seed=card.seed + 1, background=WHITE, ink=(1, 2, 3)).digest == card.digest


def test_no_card_shows_a_pair_of_colour_and_shape_that_scenes_hold_out() -> None:
    for card in cards(None, 800):
        if isinstance(card, Arrow):
            assert (card.colour, "arrow") not in HELD_OUT_PAIRS
    assert not {shape for _, shape in HELD_OUT_PAIRS} & set(ITEMS)


def test_results_of_sums_are_evenly_spread() -> None:
    results = Counter(
        card.expression.value()
        for card in cards(Sum, 4000)
        if isinstance(card, Sum) and card.expression.sign == "-"
    )
    assert set(results) == {str(number) for number in range(10)}
    assert max(results.values()) < 2.5 * min(results.values())


# What is drawn.


@ALL_KINDS
def test_pictures_are_twice_the_card_and_padded_to_a_square(kind: type[Card]) -> None:
    for card in cards(kind, 6):
        alone, padded = draw(card), square(card)
        assert alone.mode == "RGB"
        assert alone.size == (2 * card.width, 2 * card.height)
        assert padded.shape == (256, 256, 3)
        assert padded.dtype == np.uint8
        top, left = 128 - card.height, 128 - card.width
        assert np.array_equal(padded[top : 256 - top, left : 256 - left], np.asarray(alone))
        outside = np.ones((256, 256), bool)
        outside[top : 256 - top, left : 256 - left] = False
        assert (padded[outside] == PADDING).all()
        assert square(card, 128).shape == (128, 128, 3)


def test_no_text_is_too_small_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    load = drawing._font

    def spy(height: int) -> object:
        used.append(height)
        return load(height)

    monkeypatch.setattr(drawing, "_font", spy)
    for kind in (Sum, BarChart, Program):
        for card in cards(kind, 25):
            draw(card)
    assert len(used) > 100
    assert min(used) >= SMALLEST_FONT * drawing.FINE >= 13 * drawing.FINE
    with pytest.raises(ValueError, match="cannot be read"):
        load(13)


@pytest.mark.parametrize("kind", [Sum, Program])
def test_text_is_whole_dark_on_light_and_tall_enough(kind: type[Card]) -> None:
    for card in cards(kind, 20):
        inked = where_near(replace(card, background=WHITE, ink=(0, 0, 0)), (0, 0, 0))
        (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0)
        assert bottom - top >= 9 * 2, "a digit's height at 256"
        assert top > 0
        assert left > 0
        assert bottom < 2 * card.height - 1
        assert right < 2 * card.width - 1
        assert contrast(card.ink, card.background.first) > 60_000


def where_near(card: Card, rgb: tuple[int, int, int]) -> NDArray[np.int64]:
    """Rows and columns of the pixels that show a shade, at twice the card's size."""
    difference = np.abs(np.asarray(draw(card), np.int64) - rgb).max(axis=2)
    return np.argwhere(difference < 60)


def test_bars_are_as_tall_as_their_values() -> None:
    reds = Bar("red", 8, (255, 0, 0)), Bar("blue", 2, (0, 0, 255)), Bar("green", 5, (0, 128, 0))
    for card in cards(BarChart, 10):
        assert isinstance(card, BarChart)
        chart = replace(card, bars=reds, background=WHITE, ink=(0, 0, 0))
        spans = [where_near(chart, bar.rgb) for bar in chart.bars]
        heights = [float(np.ptp(span[:, 0])) for span in spans]
        assert heights[0] / heights[1] == pytest.approx(4, rel=0.2)
        assert heights[0] / heights[2] == pytest.approx(8 / 5, rel=0.1)
        middles = [span[:, 1].mean() for span in spans]
        assert middles == sorted(middles), "from left to right"


def test_slices_take_up_their_shares() -> None:
    for card in cards(PieChart, 10):
        assert isinstance(card, PieChart)
        assert sum(part.share for part in card.slices) == 100
        shades = ((255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 0, 255))
        slices = tuple(replace(part, rgb=shades[index]) for index, part in enumerate(card.slices))
        plain = replace(card, slices=slices, background=WHITE, ink=(0, 0, 0))
        areas = np.array([len(where_near(plain, part.rgb)) for part in slices], float)
        wanted = np.array([part.share for part in slices])
        assert np.abs(areas / areas.sum() * 100 - wanted).max() < 4


def test_the_odd_one_stands_where_the_facts_say() -> None:
    for card in cards(Grid, 30):
        assert isinstance(card, Grid)
        odd = replace(card.odd, rgb=(255, 0, 0))
        plain = replace(
            card, background=WHITE, ink=(0, 0, 0), odd=odd, common=replace(card.common, rgb=(0, 0, 255))
        )
        y, x = where_near(plain, (255, 0, 0)).mean(axis=0) / 2
        place = str(card.facts[-1])
        assert ("left" in place) == (x < card.width * 0.4)
        assert ("right" in place) == (x > card.width * 0.6)
        assert ("top" in place) == (y < card.height * 0.4)
        assert ("bottom" in place) == (y > card.height * 0.6)
        differing = (card.odd.shape != card.common.shape) + (card.odd.colour != card.common.colour)
        assert differing == 1


def test_arrows_are_widest_at_the_head() -> None:
    for card in cards(Arrow, 40):
        assert isinstance(card, Arrow)
        inked = where_near(replace(card, background=WHITE, rgb=(0, 0, 0)), (0, 0, 0))
        axis = 1 if card.direction in ("left", "right") else 0
        along, across = inked[:, axis] - inked[:, axis].min(), inked[:, 1 - axis]
        widths = [
            np.ptp(across[along == step]) if (along == step).any() else 0 for step in range(along.max() + 1)
        ]
        widest = int(np.argmax(widths)) / along.max()
        assert (widest > 0.45) if card.direction in ("right", "down") else (widest < 0.55), card.direction


@pytest.mark.parametrize("kind", [BarChart, PieChart, Grid, Arrow])
def test_colours_stand_out(kind: type[Card]) -> None:
    for card in cards(kind, 60):
        if isinstance(card, BarChart):
            shown = [bar.rgb for bar in card.bars]
        elif isinstance(card, PieChart):
            shown = [part.rgb for part in card.slices]
        elif isinstance(card, Grid):
            shown = [card.common.rgb, card.odd.rgb]
        else:
            assert isinstance(card, Arrow)
            shown = [card.rgb]
        for index, rgb in enumerate(shown):
            assert contrast(rgb, card.background.first) > 40_000
            assert all(contrast(rgb, other) > 35_000 or rgb == other for other in shown[index + 1 :])
