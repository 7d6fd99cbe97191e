"""JSON from outside: values one at a time, and every fault a StoreError."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import IO, Any, NoReturn

from memory.errors import StoreError
from memory.transfer.tables import EXPORT_AGAIN

MAX_VALUE = 512_000_000
"""Characters of one value, such as one conversation with its pictures."""

_CHUNK = 1 << 20


def loads(text: str | bytes, where: str) -> Any:
    """The value of a JSON text. Raises StoreError, which names `where` it stands, if it is none."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise StoreError(
            f"{where} is not JSON ({error}). Nothing was imported; get the file anew."
        ) from error


def lines(stream: IO[bytes], where: str) -> Iterator[Any]:
    """The values of JSON lines. Raises StoreError for a line that is none, or too long."""
    number = 0
    while line := stream.readline(MAX_VALUE):
        number += 1
        if len(line) == MAX_VALUE:
            raise StoreError(f"Line {number} of {where} is too long. Nothing was imported.")
        yield loads(line, f"Line {number} of {where}")


def items(stream: IO[bytes], where: str) -> Iterator[Any]:
    """The elements of a JSON array, each read when it is asked for; otherwise one value after another."""
    reader = _Reader(stream, where)
    if reader.peek() != "[":
        yield reader.value()
        while reader.peek():
            yield reader.value()
        return
    reader.skip()
    if reader.peek() == "]":
        reader.skip()
        reader.end()
        return
    while True:
        yield reader.value()
        separator = reader.peek()
        if separator not in (",", "]"):
            raise reader.fault(f"{separator!r} where a comma was expected")
        reader.skip()
        if separator == "]":
            reader.end()
            return


class _Reader:
    """A text that is read as far as it is needed."""

    def __init__(self, stream: IO[bytes], where: str) -> None:
        self._text = io.TextIOWrapper(stream, "utf-8-sig")
        self._where = where
        self._decoder = json.JSONDecoder(parse_constant=_refuse)
        self._buffer, self._place, self._ended = "", 0, False

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._place < len(self._buffer):
                if not self._buffer[self._place].isspace():
                    return self._buffer[self._place]
                self._place += 1
            if self._ended:
                return ""
            self._more()

    def skip(self) -> None:
        """Go on after the character that `peek` showed."""
        self._place += 1

    def value(self) -> Any:
        """The next value."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._place)
            except (ValueError, RecursionError) as error:
                if self._ended or isinstance(error, RecursionError):
                    raise self.fault(str(error)) from error
            else:
                # A number could go on in what has not been read.
                follows = self._buffer[end : end + 1]
                if (follows and follows not in ".eE") or self._ended:
                    self._place = end
                    return value
            self._more()

    def end(self) -> None:
        """Raise StoreError unless nothing follows."""
        if self.peek():
            raise self.fault("something follows its end")

    def fault(self, what: str) -> StoreError:
        """The error to raise."""
        return StoreError(f"{self._where} is not JSON ({what}). {EXPORT_AGAIN}")

    def _more(self) -> None:
        # Twice as much each time, so that a long value is not tried again at every piece.
        kept = self._buffer[self._place :]
        if len(kept) > MAX_VALUE:
            raise self.fault(f"a value is longer than {MAX_VALUE / 1e6:.0f} million characters")
        try:
            read = self._text.read(max(_CHUNK, len(kept)))
        except UnicodeDecodeError as error:
            raise self.fault(str(error)) from error
        self._buffer, self._place, self._ended = kept + read, 0, not read


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
