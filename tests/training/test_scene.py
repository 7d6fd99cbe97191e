"""Scenes: reproducible, inside their frames, and split by their facts."""

from __future__ import annotations

import random

from chat.training.scene import COLOURS, PLACES, Scene, sample


def scenes(count: int, *, held_out: bool = False, seed: int = 0) -> list[Scene]:
    rng = random.Random(seed)
    return [sample(rng, held_out=held_out) for _ in range(count)]


def test_the_same_seed_gives_the_same_scenes() -> None:
    assert scenes(20) == scenes(20)
    assert scenes(20) != scenes(20, seed=1)


def test_training_and_evaluation_never_share_a_scene() -> None:
    training = {scene.digest for scene in scenes(2000)}
    evaluation = {scene.digest for scene in scenes(500, held_out=True, seed=1)}
    assert not training & evaluation
    assert not any(scene.held_out for scene in scenes(200))
    assert all(scene.held_out for scene in scenes(200, held_out=True))


def test_things_stand_whole_in_their_ninth_and_apart() -> None:
    for scene in scenes(300):
        for thing in scene.things:
            column, row = int(thing.x / scene.width * 3), int(thing.y / scene.height * 3)
            assert row * 3 + column == thing.place
            assert thing.width / 2 <= thing.x <= scene.width - thing.width / 2
            assert thing.height / 2 <= thing.y <= scene.height - thing.height / 2
        for index, a in enumerate(scene.things):
            for b in scene.things[index + 1 :]:
                apart = abs(a.x - b.x) - (a.width + b.width) / 2, abs(a.y - b.y) - (a.height + b.height) / 2
                assert max(apart) > 0


def test_every_colour_and_place_comes_up() -> None:
    things = [thing for scene in scenes(600) for thing in scene.things]
    assert {thing.colour for thing in things} == set(COLOURS)
    assert {thing.place for thing in things} == set(range(len(PLACES)))
