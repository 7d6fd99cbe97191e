"""A catalogue of drawn pictures, so that no test needs the packages that training does."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import PIL.ImageDraw
import pytest

from chat.training import objects, render
from chat.training.sources import Cutout

NAMED = (
    ("cat", "animal", "photograph"),
    ("cat", "animal", "drawing"),
    ("dog", "animal", "photograph"),
    ("lemon", "fruit", "photograph"),
    ("scissors", "tool", "drawing"),
    ("anchor", "", "drawing"),
)


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Cutout, ...]]:
    """Six cut-outs with a transparent ground, each of one colour, and two backgrounds."""
    found = []
    for index, (name, broader, medium) in enumerate(NAMED):
        red, green, blue = (int(255 * part) for part in colorsys.hsv_to_rgb(index / len(NAMED), 1, 1))
        picture = PIL.Image.new("RGBA", (90, 60 + 10 * index))
        PIL.ImageDraw.Draw(picture).ellipse((5, 5, 85, 55 + 10 * index), fill=(red, green, blue, 255))
        path = tmp_path / f"{index}.png"
        picture.save(path)
        found.append(Cutout(str(path), name, broader, medium, "test"))  # type: ignore[arg-type]
    grounds = []
    for shade in (40, 200):
        path = tmp_path / f"ground-{shade}.png"
        PIL.Image.effect_noise((64, 64), shade).convert("RGB").save(path)
        grounds.append(str(path))
    monkeypatch.setattr(objects, "cutouts", lambda: tuple(found))
    monkeypatch.setattr(objects, "backgrounds", lambda: tuple(grounds))
    caches = (objects.named, objects._names, objects.proportions, objects.hue, render._cutout)
    for each in caches:
        each.cache_clear()
    yield tuple(found)
    for each in caches:
        each.cache_clear()
