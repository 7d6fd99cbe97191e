"""The ways of taking a step: through the engine, each is as exact as the model's own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings

from chat.engines.builtin import engine
from chat.engines.builtin.steps import GraphSteps, PackedSteps
from chat.model.packed.decoder import PackedDecoder
from chat.model.static import StaticSteps
from tests.equivalence.harness import Bench
from tests.equivalence.test_batch import answer, requests, together
from tests.equivalence.test_turns import OPERATIONS, play


def int8(folder: Path) -> Bench:
    """Weights of eight bits, in compiled loops."""
    bench = Bench(folder, torch.float32, bits=8)
    assert isinstance(bench.engine._steps, PackedSteps)
    assert bench.engine._steps._fast is not None
    return bench


def static(folder: Path) -> Bench:
    """Steps of fixed shape, not compiled: what is in their buffers is what is under test."""
    return Bench(folder, torch.float64)


@pytest.fixture
def on_static_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        engine, "steps_for", lambda model, bits, rows: GraphSteps(model, rows, lambda forward: forward)
    )


@given(operations=OPERATIONS)
@settings(max_examples=15)
def test_any_course_of_events_with_eight_bits(operations: list[tuple[str, int, list[int]]]) -> None:
    _play(int8, operations)


@pytest.mark.usefixtures("on_static_steps")
def test_any_course_of_events_in_fixed_shapes() -> None:
    @given(operations=OPERATIONS)
    @settings(max_examples=15)
    def check(operations: list[tuple[str, int, list[int]]]) -> None:
        _play(static, operations)

    check()


def _play(make: Callable[[Path], Bench], operations: list[tuple[str, int, list[int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = make(Path(folder))
        with closing(bench.store), closing(bench.engine):
            play(bench, operations)


def test_with_eight_bits_replies_side_by_side_are_those_alone(tmp_path: Path) -> None:
    _side_by_side(int8(tmp_path))


@pytest.mark.usefixtures("on_static_steps")
def test_in_fixed_shapes_replies_side_by_side_are_those_alone(tmp_path: Path) -> None:
    _side_by_side(static(tmp_path))


def _side_by_side(bench: Bench) -> None:
    with closing(bench.store):
        alone = []
        for request in requests(bench):
            bench.restart()
            with closing(bench.engine):
                alone.append(answer(bench.engine, request))
        assert len(set(alone)) > 3
        bench.restart()
        with closing(bench.engine):
            assert together(bench.engine, requests(bench)) == alone


def _forget(steps: StaticSteps, row: int) -> None:
    """What is new in a row is lost when it leaves."""
    del steps._standing[row]


@pytest.mark.usefixtures("on_static_steps")
def test_a_planted_fault_in_fixed_shapes_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StaticSteps, "_take_back", _forget)
    with pytest.raises(AssertionError):
        _course(static(tmp_path))


@pytest.mark.usefixtures("on_static_steps")
def test_the_course_in_fixed_shapes_is_right_without_a_fault(tmp_path: Path) -> None:
    _course(static(tmp_path))


def test_the_course_with_eight_bits_is_right_without_a_fault(tmp_path: Path) -> None:
    _course(int8(tmp_path))


def test_a_planted_fault_with_eight_bits_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views = PackedDecoder._views
    monkeypatch.setattr(
        PackedDecoder, "_views", lambda decoder, pictures: views(decoder, [None] * len(pictures))
    )
    with pytest.raises(AssertionError):
        _course(int8(tmp_path))


def _course(bench: Bench) -> None:
    """Two turns with a picture, one without."""
    with closing(bench.store), closing(bench.engine):
        at = bench.begin()
        bench.ask(at, "What?", [1])
        bench.ask(at, "And?", [2])
        bench.ask(at, "Now?")


def test_where_loops_cannot_be_compiled_the_model_takes_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(decoder: PackedDecoder) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(PackedDecoder, "compile", fail)
    bench = Bench(tmp_path, torch.float32, bits=8)
    assert "could not be compiled here" in caplog.text
    _course(bench)
