"""Answers in one form, and how far they agree with those of ten people."""

from __future__ import annotations

import pytest

from chat.evals.vqa_metric import accuracy, normalise


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        ("A Dog.", "dog"),
        ("two", "2"),
        ("none", "0"),
        ("1,000", "1000"),
        ("red, white", "red white"),
        ("3.5", "3.5"),
        ("dont know", "don't know"),
        ("ARENT", "aren't"),
        ("well", "well"),
        ("girl's", "girl's"),
        ("2:50 pm", "2:50 pm"),
        ("black-and-white", "black and white"),
        ("the", ""),
        (" to\tthe\nleft ", "to left"),
    ],
)
def test_answers_are_compared_in_one_form(answer: str, form: str) -> None:
    assert normalise(answer) == form


@pytest.mark.parametrize(
    ("agreeing", "expected"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)]
)
def test_vqa_accuracy_leaves_each_person_out(agreeing: int, expected: float) -> None:
    humans = ["yes"] * agreeing + ["no"] * (10 - agreeing)
    assert accuracy("Yes", humans) == pytest.approx(expected)
