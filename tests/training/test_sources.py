"""The catalogue of training pictures: names a person would say, and pictures that can be loaded."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from pathlib import Path

import pytest
from PIL import Image

from chat.training.sources import (
    Cutout,
    SourcesMissing,
    backgrounds,
    cutouts,
    load_background,
    load_cutout,
)
from chat.training.sources.backgrounds import wallpapers
from chat.training.sources.catalogue import gather
from chat.training.sources.clipart import clipart
from chat.training.sources.emoji import FONT, emoji
from chat.training.sources.stamps import describe, stamps


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("A tiger.", "tiger"),
        ("A very small pumpkin.", "pumpkin"),
        ("A pair of blue jeans with patches.", "jeans"),
        ("An orange.", "orange"),
        ("A laptop computer.  Tap. Tap. Tap.", "laptop computer"),
        ("A peacock (a male peafowl).", "peacock"),
        ("A bulldozer. It pushes dirt with a big shovel.", "bulldozer"),
    ],
)
def test_describe(sentence: str, name: str) -> None:
    assert describe(sentence) == name


def test_a_stamp_takes_its_name_from_its_text_and_its_kind_from_its_folder(tmp_path: Path) -> None:
    for key, sentence in {
        "animals/birds/lark": "A lark.",
        "symbols/math/1": "One.",
        "plants/oak": "An oak.",
    }.items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".txt").write_text(sentence + "\nMore.\n", encoding="utf-8")
        path.with_suffix(".svg" if key == "plants/oak" else ".png").touch()
    found = [(cutout.name, cutout.broader, cutout.medium) for cutout in stamps(tmp_path)]
    assert found == [("lark", "bird", "photograph"), ("oak", "plant", "drawing")]


def test_nothing_installed_is_an_error_that_names_the_packages(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert not clipart(nowhere)
    assert not emoji(nowhere)
    assert not wallpapers(nowhere)
    with pytest.raises(SourcesMissing, match="tuxpaint-stamps-default"):
        gather(nowhere, nowhere, nowhere)


def test_every_emoji_is_listed_once_under_its_own_code_points() -> None:
    listed = emoji(Path(__file__))  # Any file that exists: the list itself does not open the font.
    paths = [cutout.path for cutout in listed]
    assert len(paths) == len(set(paths)) > 400
    assert {cutout.path: cutout.name for cutout in listed}["emoji:1F431"] == "cat"


def test_installed_names_are_plain_and_each_has_one_kind() -> None:
    if not (found := _installed()):
        pytest.skip("no package of training pictures is installed")
    kinds = defaultdict(set)
    for cutout in found:
        assert re.fullmatch(r"[a-z]+(-?'?-?[a-z]+)*( [a-z-]+){0,2}", cutout.name), cutout
        assert cutout.broader != cutout.name
        kinds[cutout.name].add(cutout.broader)
    assert {name: several for name, several in kinds.items() if len(several) > 1} == {}
    assert len({cutout.path for cutout in found}) == len(found)


def test_a_cutout_is_trimmed_and_as_long_as_asked() -> None:
    if not (found := _installed()):
        pytest.skip("no package of training pictures is installed")
    # Spread over all the sources and kinds of file.
    for cutout in found[:: max(1, len(found) // 12)]:
        if cutout.source == "emoji" and not FONT.exists():
            continue
        picture = load_cutout(cutout, 48)
        assert picture.mode == "RGBA"
        assert max(picture.size) == 48
        assert max(picture.getchannel("A").tobytes()) > 200, cutout


def test_a_vector_stamp_in_points_is_drawn(tmp_path: Path) -> None:
    text, drawing = tmp_path / "food" / "square.txt", tmp_path / "food" / "square.svg"
    text.parent.mkdir()
    text.write_text("A square.", encoding="utf-8")
    drawing.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="150pt" height="150pt">'
        '<rect x="20" y="20" width="80" height="40" fill="#f00"/></svg>',
        encoding="utf-8",
    )
    (cutout,) = stamps(tmp_path)
    picture = load_cutout(cutout, 40)
    assert picture.size == (40, 20)
    assert picture.getpixel((20, 10)) == (255, 0, 0, 255)


def test_a_background_is_a_crop_of_the_size_asked_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    path = tmp_path / "ground.png"
    Image.radial_gradient("L").resize((300, 200)).save(path)
    crops = [load_background(str(path), (64, 96), random.Random(seed)) for seed in (1, 1, 2)]
    assert all((crop.mode, crop.size) == ("RGB", (64, 96)) for crop in crops)
    assert crops[0].tobytes() == crops[1].tobytes() != crops[2].tobytes()


def test_the_installed_backgrounds_exist() -> None:
    if not wallpapers():
        pytest.skip("no package of wallpapers is installed")
    assert all(Path(path).is_file() for path in backgrounds())


def _installed() -> tuple[Cutout, ...]:
    try:
        return cutouts()
    except SourcesMissing:
        return ()
