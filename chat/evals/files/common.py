"""What the readers share: one question with its pictures, the words for a wrong layout, and asking."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chat.engines.base import Engine
from chat.errors import ConfigError, ImageError
from chat.evals.harness import reply
from chat.evals.items import as_image
from prompts import user

LISTED = 8
"""Entries of a folder that an error names."""


class LayoutError(ConfigError):
    """Files that do not lie as a benchmark's do: the message shows the tree expected and what there is."""


@dataclass(frozen=True)
class Sample:
    """One question of a benchmark.

    key: what it is about; questions about one picture may share it. group: the task, file or
    category that it counts for. answers: all that count as right, in the benchmark's own form.
    options: (letter, text) of each choice. pictures: bytes of the original files.
    """

    key: str
    group: str
    question: str
    answers: tuple[str, ...]
    pictures: tuple[bytes, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Answered:
    """A question, without its pictures, and what was said to it."""

    sample: Sample
    reply: str


@dataclass(frozen=True)
class Layout:
    """How a benchmark's files lie: its name, and its tree as an error shows it."""

    name: str
    tree: str

    def error(self, folder: Path, problem: str) -> LayoutError:
        """The error for a folder with a problem in words, to be raised."""
        found = "\n".join(listing(folder)) or "(nothing)"
        return LayoutError(
            f"{folder} does not hold {self.name} as it is published: {problem}\n"
            f"Expected:\n{self.tree.strip()}\nFound:\n{found}"
        )

    def need(self, folder: Path, *names: str) -> Path:
        """The first of these entries that is there. Raises LayoutError."""
        for name in names:
            if (folder / name).exists():
                return folder / name
        raise self.error(folder, f"there is no {' and no '.join(names)}.")

    def read(self, folder: Path, path: Path) -> bytes:
        """A file's bytes. Raises LayoutError."""
        try:
            return path.read_bytes()
        except OSError as error:
            raise self.error(folder, f"{path} cannot be read ({error.strerror}).") from error

    def json(self, folder: Path, name: str) -> Any:
        """The value of a JSON file. Raises LayoutError."""
        with self.fields(folder, name):
            return json.loads(self.read(folder, self.need(folder, name)))

    @contextmanager
    def fields(self, folder: Path, name: str) -> Iterator[None]:
        """While a file's fields are looked up: what is not there, or of another kind, is a LayoutError."""
        try:
            yield
        except KeyError as error:
            raise self.error(folder, f"{name} has no field {error}.") from error
        except (IndexError, TypeError, ValueError, AttributeError) as error:
            raise self.error(folder, f"{name} is not of this form ({error}).") from error


def listing(folder: Path, depth: int = 2) -> list[str]:
    """The first entries of a folder, and so many levels deep of the folders in it, a line each."""
    if not folder.is_dir():
        return [f"{folder} ({'a file' if folder.exists() else 'does not exist'})"]
    lines = [f"{folder.resolve().name}/"]
    entries = sorted(folder.iterdir(), key=lambda entry: (not entry.is_dir(), entry.name))
    for entry in entries[:LISTED]:
        deeper = entry.is_dir() and depth > 1
        inner = listing(entry, depth - 1) if deeper else [entry.name + "/" * entry.is_dir()]
        lines += [f"    {line}" for line in inner]
    if len(entries) > LISTED:
        lines.append(f"    … and {len(entries) - LISTED:,} more")
    return lines


def ask(engine: Engine, samples: Iterable[Sample], append: str = "") -> Iterator[Answered]:
    """The engine's greedy reply to each question by itself, with `append` after the question.

    Raises LayoutError for a picture that cannot be decoded.
    """
    for sample in samples:
        images = [as_image(data) for data in sample.pictures]
        bytes_of = {image.sha256: data for image, data in zip(images, sample.pictures, strict=True)}
        try:
            said = reply(engine, [user(f"{sample.question} {append}".strip(), images)], bytes_of)
        except ImageError as error:
            raise LayoutError(f"The picture of {sample.key} cannot be used: {error}") from error
        # Thousands of answers are held until they are scored, their pictures are not.
        yield Answered(replace(sample, pictures=()), said)


def grouped(answered: Sequence[Answered]) -> dict[str, list[Answered]]:
    """By group, in order of appearance."""
    groups: dict[str, list[Answered]] = {}
    for each in answered:
        groups.setdefault(each.sample.group, []).append(each)
    return groups
