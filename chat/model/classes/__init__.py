"""Plain words for the 1,000 ImageNet classes, which the picture encoder's pretrained stem tells apart.

The rows of `imagenet.tsv` stand in the order of ILSVRC-2012 (Russakovsky et al., "ImageNet Large
Scale Visual Recognition Challenge", 2015), which is also the order of the stem's outputs.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

__all__ = ["PictureClass", "broader_words", "classes"]


@dataclass(frozen=True, slots=True)
class PictureClass:
    """One class: its place among the stem's 1,000 outputs and two plain words, without articles.

    `name` is what most people would call it in a photograph ("tabby cat"), in lower case except
    for proper names; `broader` is the next plainer word ("cat").
    """

    index: int
    name: str
    broader: str


@cache
def classes() -> tuple[PictureClass, ...]:
    """All 1,000 classes in the order of their index, so that `classes()[281]` is the tabby cat."""
    text = (resources.files(__name__) / "imagenet.tsv").read_text("utf-8")
    # An apostrophe or a quotation mark in a name is a letter like any other.
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(PictureClass(int(row["index"]), row["name"], row["broader"]) for row in rows)


@cache
def broader_words() -> tuple[str, ...]:
    """The distinct broader words, sorted."""
    return tuple(sorted({entry.broader for entry in classes()}))
