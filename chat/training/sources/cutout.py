"""One cut-out of the catalogue: a picture of a single thing, what it is called, and where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prompts.errors import VisavisError

Medium = Literal["photograph", "drawing", "emoji"]


class SourcesMissing(VisavisError):  # noqa: N818 - a state of the machine, like StoreError's UnknownConversation
    """None of the packages with training pictures is installed; the message names them."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """A picture with a transparent ground that shows one thing.

    `path` is a PNG or SVG file, or `emoji:` and the code points in hexadecimal,
    joined by `-`. `name` is what a person would call the thing, in one or two
    lower-case words. `broader` is the plain word for its kind, or "".
    """

    path: str
    name: str
    broader: str
    medium: Medium
    source: str
