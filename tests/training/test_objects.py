"""Scenes with named things: what is drawn, what may be said of it, and what is asked."""

from __future__ import annotations

import random
import re
from collections import Counter

import numpy as np
import pytest

from chat.model.classes import classes
from chat.training.dialogues import Curriculum, sample_dialogue
from chat.training.language import article, plural
from chat.training.objects import choose, hue, sample_objects, sample_photograph, subject
from chat.training.pictured import OBJECTS, PHOTOGRAPHS, UNNAMED, families, kind, medium, what
from chat.training.questions import attribute_of, describe_scene, exist
from chat.training.render import KINDS, draw
from chat.training.scene import Scene
from chat.training.sources import Cutout
from chat.training.tags import LIKELY, POSSIBLE, SURE, made_up, name_of, speak_for
from chat.training.talk import Spec, Talk, absent_name

pytestmark = pytest.mark.usefixtures("catalogue")


def index_of(name: str) -> int:
    return next(each.index for each in classes() if each.name == name)


CAT, DOG = index_of("tabby cat"), index_of("golden retriever")
OTHER_DOG = 208


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (((CAT, SURE),), ("tabby cat", "cat", "")),
        (((DOG, 0.2), (OTHER_DOG, LIKELY - 0.2), (CAT, 0.01)), ("golden retriever", "dog", "maybe")),
        (((CAT, 0.25), (DOG, 0.2), (OTHER_DOG, 0.15)), ("golden retriever", "dog", "maybe")),
        (((CAT, POSSIBLE), (DOG, 0.1)), ("tabby cat", "cat", "may be")),
        (((CAT, POSSIBLE - 0.01), (DOG, 0.1)), ("", "", "unsure")),
    ],
)
def test_a_name_is_as_sure_as_its_tags(
    tags: tuple[tuple[int, float], ...], said: tuple[str, str, str]
) -> None:
    assert name_of(tags) == said


def test_a_kind_counts_with_all_its_classes() -> None:
    tags = ((CAT, 0.2), (DOG, 0.15))
    assert name_of(tags) == ("tabby cat", "cat", "may be")
    assert name_of(tags, ("dog", LIKELY)) == ("golden retriever", "dog", "maybe")
    assert name_of(tags, ("dog", LIKELY - 0.01)) == ("tabby cat", "cat", "may be")
    # A kind none of whose classes is among the tags leaves nothing to guess.
    assert name_of(tags, ("bird", 0.9)) == ("tabby cat", "cat", "may be")


def test_tags_speak_for_a_name_or_its_kind() -> None:
    tags, kinds = ((CAT, POSSIBLE), (DOG, POSSIBLE - 0.01)), ("cat", LIKELY)
    assert speak_for("Persian", "cat", tags, kinds)
    assert speak_for("cat", "", tags, ("dog", 0.0))
    assert not speak_for("golden retriever", "dog", tags, kinds)
    assert not speak_for("xylophone", "musical instrument", tags, kinds)


def test_made_up_tags_are_of_every_class_and_fall_from_the_first() -> None:
    rng, seen = random.Random(0), set()
    for _ in range(6000):
        tags = made_up(rng)
        probabilities = [probability for _, probability in tags]
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) <= 1.0 + 1e-9
        seen.add(tags[0][0])
    assert len(seen) > 980


def test_how_a_photograph_is_spoken_of() -> None:
    said = {}
    for first in (0.9, 0.35, 0.2, 0.05):
        thing = subject(((CAT, first), (index_of("banana"), 0.01)))
        scene = Scene(128, 128, sample_photograph(random.Random(0)).background, (thing,), "photograph")
        said[first] = describe_scene(scene), attribute_of(thing, "shape")
    assert said == {
        0.9: ("I see a photograph of a tabby cat.", "It is a tabby cat."),
        0.35: ("I see a photograph of a cat, maybe a tabby cat.", "It is a cat, maybe a tabby cat."),
        0.2: (
            "I see a photograph. I am not sure, but it may be a tabby cat.",
            "I am not sure, but it may be a tabby cat.",
        ),
        0.05: ("I see a photograph, but I am not sure what it shows.", "I am not sure what this is."),
    }


def test_an_object_is_drawn_where_it_stands_in_its_own_colours(catalogue: tuple[Cutout, ...]) -> None:
    rng = random.Random(3)
    for _ in range(30):
        scene = sample_objects(rng)
        square, cells = draw(scene)
        for thing in scene.things:
            if thing.kind != "object":
                continue
            row, column = (
                int((thing.y + (128 - scene.height) / 2) // 16),
                int((thing.x + (128 - scene.width) / 2) // 16),
            )
            assert KINDS[cells.kinds[row, column]] == "object"
            at = 2 * int(thing.y + (128 - scene.height) / 2), 2 * int(thing.x + (128 - scene.width) / 2)
            index = next(i for i, cutout in enumerate(catalogue) if cutout.path == thing.path)
            assert hue(catalogue[index]) == thing.hue
            assert np.ptp(square[at].astype(int)) > 200, "the cut-outs of these tests are of pure colours"


def test_colours_of_cutouts_are_named_as_people_do(catalogue: tuple[Cutout, ...]) -> None:
    assert [hue(each) for each in catalogue] == ["red", "yellow", "green", "teal", "blue", "purple"]


def test_every_name_comes_up_and_photographs_are_photographs() -> None:
    rng = random.Random(0)
    assert {choose(rng).name for _ in range(200)} == {"cat", "dog", "lemon", "scissors", "anchor"}
    assert {choose(rng, photographs_only=True).medium for _ in range(50)} == {"photograph"}


def test_splits_are_kept_apart() -> None:
    rng = random.Random(1)
    for held_out in (False, True):
        assert {sample_objects(rng, held_out=held_out).held_out for _ in range(20)} == {held_out}
        assert {sample_photograph(rng, held_out=held_out).held_out for _ in range(20)} == {held_out}


def scenes(count: int) -> list[Scene]:
    rng = random.Random(5)
    return [rng.choice((sample_objects, sample_photograph))(rng) for _ in range(count)]


def test_what_is_absent_is_nowhere_and_of_no_kind_that_is_there() -> None:
    rng = random.Random(2)
    for scene in scenes(150):
        name = absent_name(scene, rng)
        assert not Spec(kind=name).among(scene.things), (name, scene.things)


def test_yes_and_no_are_true_of_the_scene() -> None:
    answers: Counter[str] = Counter()
    for seed, scene in enumerate(scenes(600)):
        talk = Talk(random.Random(seed), scenes=[scene])
        made = exist(talk, 0, "") if not scene.things[0].hedge else None
        if made is None or any(thing.is_shape for thing in scene.things):
            continue
        if made.answer.startswith("No"):
            named = made.answer.removeprefix("No, there is no ").rstrip(".")
            # Shapes are asked for too; of objects, the name alone.
            assert not Spec(kind=named).among(scene.things)
        else:
            assert any(
                thing.name in made.answer or thing.broader in made.answer for thing in scene.things
            ) or ("animals" in made.answer or plural(scene.things[0].name) in made.answer)
        answers[made.answer[:2]] += 1
    assert min(answers.values()) > 100


def test_kinds_are_answered_truly() -> None:
    for seed, scene in enumerate(scenes(400)):
        made = kind(Talk(random.Random(seed), scenes=[scene]), 0, "")
        if made is None or not made.answer.startswith("Yes"):
            continue
        match = re.fullmatch(r"Yes, (.+) is (.+)\.", made.answer)
        assert match is not None, made.answer
        assert any(
            article(thing.name) == match[1] and article(thing.broader) == match[2] for thing in scene.things
        )


def test_a_photograph_is_never_called_a_drawing() -> None:
    for seed, scene in enumerate(scenes(200)):
        made = medium(Talk(random.Random(seed), scenes=[scene]), 0, "")
        assert scene.medium in made.answer


def test_families_fit_what_is_shown() -> None:
    found = {id(families(scene)) for scene in scenes(300)}
    assert {id(PHOTOGRAPHS), id(UNNAMED)} <= found
    assert "medium" in OBJECTS
    unsure = next(scene for scene in scenes(400) if scene.things[0].hedge == "unsure")
    made = what(Talk(random.Random(0), scenes=[unsure]), 0, "")
    assert made is not None
    assert made.answer == "I am not sure what this is."


def test_dialogues_about_them_are_grammatical() -> None:
    rng = random.Random(4)

    def source(rng: random.Random, held_out: bool, most: int) -> Scene:
        return rng.choice((sample_objects, sample_photograph))(rng, held_out=held_out)

    for _ in range(400):
        for turn in sample_dialogue(rng, Curriculum(scenes=source, pictures=(0, 4, 4, 1))).turns:
            said = f" {turn.question} {turn.answer} ".lower()
            assert " a scissors" not in said, turn
            assert "  " not in turn.answer, turn
            assert not re.search(r" (a|an) (\.|\?)", said), turn
            assert not re.search(r"\ba (anchor|animal|object)", turn.answer), turn
