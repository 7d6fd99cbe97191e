"""JSON read piece by piece gives what reading it whole gives."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory import StoreError
from memory.transfer import jsonio

NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece, self._data = self._data[:3], self._data[3:]
        buffer[: len(piece)] = piece
        return len(piece)


def read(text: str) -> list[Any]:
    """The items of a text that arrives slowly."""
    return list(jsonio.items(io.BufferedReader(Trickle(text.encode()), 4), "the text"))


@given(st.lists(VALUES, max_size=6), st.sampled_from([None, 1]))
def test_a_list_is_read_item_by_item(values: list[Any], indent: int | None) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonio, "_CHUNK", 2)
        assert read(json.dumps(values, indent=indent)) == values


@given(st.lists(VALUES.filter(lambda value: not isinstance(value, list)), min_size=1, max_size=4))
def test_other_values_follow_each_other(values: list[Any]) -> None:
    assert read("\n".join(map(json.dumps, values))) == values


def test_an_item_is_there_before_the_rest_is_read() -> None:
    items = jsonio.items(io.BytesIO(b'[{"a": 1}, {"b'), "the text")
    assert next(items) == {"a": 1}
    with pytest.raises(StoreError, match="the text is not JSON"):
        next(items)


def test_a_value_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonio, "MAX_VALUE", 1000)
    monkeypatch.setattr(jsonio, "_CHUNK", 100)
    with pytest.raises(StoreError, match="longer than"):
        list(jsonio.items(io.BytesIO(b'["' + b"x" * 5000 + b'"]'), "the text"))
    with pytest.raises(StoreError, match="Line 2 of the text is too long"):
        list(jsonio.lines(io.BytesIO(b"1\n" + b"2" * 5000), "the text"))
