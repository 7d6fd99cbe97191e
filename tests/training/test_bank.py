"""Pictures drawn ahead are the same as pictures drawn now, and a stopped drawing goes on."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import torch

from chat.model.classes import classes
from chat.model.config import DecoderConfig, ModelConfig, VisionConfig
from chat.model.efficientnet import CLASSES
from chat.model.images import to_pixels
from chat.model.photo import Pretrained, Seen
from chat.model.tokenizer import Tokenizer
from chat.training import bank as banks
from chat.training import recipe, vocabulary
from chat.training.bank import Bank, pretended, resolved, shelves
from chat.training.cards.scene import Card
from chat.training.data import Dialogues, from_bank
from chat.training.dialogues import Curriculum
from chat.training.drawing import draw
from chat.training.objects import sample_any
from chat.training.presets import Preset, Stage
from chat.training.recipe import Run, dialogue_loss
from chat.training.scene import Background, Scene, Thing, sample

pytestmark = pytest.mark.usefixtures("catalogue")
COUNT = 24


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Pretrained:
    monkeypatch.setattr(banks, "CHUNK", 8)
    torch.manual_seed(0)
    network = Pretrained(8, 16).eval().requires_grad_(False)
    network.kind_of.copy_(torch.arange(CLASSES) % 9)
    return network


@pytest.fixture
def bank(network: Pretrained, tmp_path: Path) -> Bank:
    bank = Bank(tmp_path / "bank")
    bank.fill(COUNT, "0", sample_any, network, workers=0)
    return Bank(tmp_path / "bank")


def test_rows_hold_what_their_scenes_look_like(bank: Bank, network: Pretrained) -> None:
    assert len(bank) == len(bank.scenes) == COUNT
    for row in (0, 7, 8, 23):
        scene = bank.scenes[row]
        assert bank.row(scene) == row
        squares, cells, seen = bank.pictures([row])
        square, _ = draw(scene)
        assert torch.equal(squares[0], torch.from_numpy(square))
        assert set(cells) == {"kinds", "colours", "sizes", "fills", "centres", "left", "right"}
        if scene.tags is None:
            fresh = network.look(to_pixels([square]))
            assert torch.equal(seen.tags, fresh.tags)
            torch.testing.assert_close(seen.features, fresh.features, atol=2e-2, rtol=2e-2)
    with pytest.raises(KeyError):
        bank.row(sample_any(random.Random(0)))


def test_a_stopped_drawing_goes_on_with_the_same_pictures(
    bank: Bank, network: Pretrained, tmp_path: Path
) -> None:
    again = Bank(tmp_path / "again")
    again.fill(8, "0", sample_any, network, workers=0)
    # A chunk that was half written when the program stopped.
    with (again.folder / "squares.bin").open("ab") as file:
        file.write(b"rubbish")
    again.fill(COUNT, "0", sample_any, network, workers=0)
    for name in banks.ROWS:
        ours, theirs = ((each.folder / f"{name}.bin").read_bytes() for each in (bank, again))
        assert ours[: len(theirs)] == theirs[: len(ours)], name
    assert [scene.facts for scene in Bank(again.folder).scenes] == [scene.facts for scene in bank.scenes]


def test_made_up_tags_stand_in_for_the_networks_own(network: Pretrained) -> None:
    seen = network.look(torch.rand(2, 3, 256, 256) * 2 - 1)
    made = ((3, 0.6), (12, 0.2), (5, 0.1), (30, 0.05), (4, 0.01))
    changed = pretended(seen, [None, made], network.kind_of)
    assert torch.equal(changed.tags[0], seen.tags[0])
    assert changed.tags[1, :3].tolist() == [3, 12, 5]
    # 3, 12 and 30 are of one kind here: 3 = 12 mod 9 = 30 mod 9.
    assert int(changed.tags[1, 3]) == CLASSES + 3
    assert float(changed.confidence[1, 3]) == pytest.approx(0.85)
    assert set(changed.tags[1, 4:].tolist()) <= {index for index, _ in made}
    assert torch.equal(changed.features, seen.features)


def test_every_photograph_is_spoken_of(bank: Bank) -> None:
    found = dict(shelves(bank.scenes))
    assert sum(map(len, found.values())) == COUNT
    assert all(scene.things for scene in found["photographs"])
    assert all(isinstance(card, Card) for card in found["cards"])


@pytest.fixture
def preset(monkeypatch: pytest.MonkeyPatch, network: Pretrained) -> Preset:
    """Two steps a stage of a very small model with the pretrained network, over a small bank."""
    monkeypatch.setattr(vocabulary, "UTTERANCES", 2000)
    monkeypatch.setattr(recipe, "LOG_EVERY", 1)
    # Measured, and so different from run to run.
    monkeypatch.setattr(recipe, "mixed_precision_pays", lambda device: False)

    def untaught(photo: Pretrained) -> None:
        photo.load_state_dict(network.state_dict())

    monkeypatch.setattr(recipe, "teach", untaught)
    model = ModelConfig(
        VisionConfig(
            image_size=256,
            stem=(8, 8, 16),
            width=16,
            layers=1,
            heads=2,
            ffn=16,
            pretrained="efficientnet-lite0",
        ),
        DecoderConfig(vocab=900, width=16, layers=1, heads=2, kv_heads=1, ffn=16, cross_ffn=16, context=512),
    )
    like = Curriculum(kinds={"shapes": 1.0, "objects": 1.0, "photographs": 1.0, "cards": 1.0})
    talk = Stage("talk", minutes=0.04, batch=2, warmup=1, dialogues=like, own_from=0.0, own_every=2)
    return Preset(model, (talk,), bank=COUNT, workers=0)


def test_a_run_learns_from_its_bank(preset: Preset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its own clock, so that a slow machine takes as many steps: the first opens the gates, and only later
    # ones reach the tags.
    ticks = itertools.count()
    monkeypatch.setattr(recipe, "time", SimpleNamespace(monotonic=lambda: next(ticks) * 0.4))
    run = Run(preset, tmp_path, torch.device("cpu"))
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.train()
    after = run.model.state_dict()
    assert not torch.equal(before["vision.photo.tag.weight"], after["vision.photo.tag.weight"])
    for name, value in before.items():
        if name.startswith("vision.photo.network"):
            assert torch.equal(value, after[name]), name


def test_a_photograph_keeps_its_name_only_where_the_tags_speak_for_it() -> None:
    kinds = sorted({each.broader for each in classes()})
    kind_of = torch.tensor([kinds.index(each.broader) for each in classes()])
    cat = next(each for each in classes() if each.name == "tabby cat")
    dog = next(each for each in classes() if each.name == "golden retriever")
    tags = torch.tensor([[cat.index, cat.index, cat.index, CLASSES + int(kind_of[cat.index])]])
    seen = Seen(torch.zeros(0), tags, torch.tensor([[0.6, 0.1, 0.1, 0.8]]), torch.zeros(0))
    ground = Background("plain", (0, 0, 0), (0, 0, 0), 0)

    def shown(name: str, broader: str) -> Scene:
        thing = Thing(
            "object", name, "", "large", "", 4, 64, 64, 90, 90, (0, 0, 0), broader=broader, path="a.png"
        )
        return Scene(128, 128, ground, (thing,), "photograph")

    kept = shown("kitten", "cat")
    assert resolved(kept, 0, seen, kind_of) is kept
    (thing,) = resolved(shown(dog.name, "dog"), 0, seen, kind_of).things
    assert (thing.name, thing.broader, thing.hedge, thing.path) == ("tabby cat", "cat", "", "a.png")
    pretending = replace(shown(dog.name, "dog"), tags=((dog.index, 0.9),))
    assert resolved(pretending, 0, seen, kind_of) is pretending


@pytest.mark.parametrize("frozen", [False, True])
def test_a_batch_costs_the_same_from_the_bank_and_drawn_now(
    preset: Preset, bank: Bank, tmp_path: Path, frozen: bool
) -> None:
    run = Run(preset, tmp_path / "run", torch.device("cpu"))
    tokenizer: Tokenizer = run.tokenizer
    make: Callable[[], Dialogues] = lambda: Dialogues(  # noqa: E731
        tokenizer.model, preset.stages[0].dialogues or Curriculum(), 4, "0", 512, bank.folder
    )
    batches = [batch for batch in make()[0] if any(each.scenes for each in batch.dialogues)]
    for batch in batches[:3]:
        kept = dialogue_loss(run.model, run.grounding, batch, run.device, frozen=frozen)
        batch.seen = None
        now = dialogue_loss(run.model, run.grounding, batch, run.device, frozen=frozen)
        torch.testing.assert_close(now, kept, atol=5e-3, rtol=5e-3)


def test_pictures_to_count_in_show_several_things() -> None:
    rng = random.Random(0)
    bank = cast(Bank, SimpleNamespace(scenes=[sample(rng) for _ in range(80)]))
    few, several = (from_bank(bank, {"shapes": 1.0}, fewest) for fewest in (0, 4))
    numbers = [{len(pick(rng, False, 6).things) for _ in range(200)} for pick in (few, several)]
    assert min(numbers[0]) < 4 <= min(numbers[1])
