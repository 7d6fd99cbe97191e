"""Fine-tuning on one's own pictures: what is learnt, what is refused, and what is left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import PIL.Image
import pytest
import torch

from chat.errors import ConfigError
from chat.model.checkpoint import load, save
from chat.model.config import ModelConfig, tiny
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel
from chat.training import finetune, recipe
from chat.training.data import stream
from chat.training.finetune import FineTuning, learns, preset_for
from chat.training.own import own_answers
from chat.training.own_data import DataError, read
from chat.training.vocabulary import utterances

NAMES = ("Zorblax", "Mimpel", "Quorra", "Tavish", "Wendip", "Brolo", "Fenka", "Ulmo", "Pryx", "Jandu")


def shape() -> ModelConfig:
    """A very small model with room for a real vocabulary."""
    config = tiny()
    return ModelConfig(config.vision, replace(config.decoder, vocab=600, context=512))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(utterances(count=2000), 600)


@pytest.fixture
def start(tokenizer: Tokenizer, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    folder = tmp_path / "start"
    save(folder, shape(), tokenizer, VisionLanguageModel(shape()).state_dict(), dtype=torch.float32)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Ten pictures with invented names, and two dialogues about each."""
    folder = tmp_path / "data"
    folder.mkdir()
    lines = []
    for index, name in enumerate(NAMES):
        picture = PIL.Image.new("RGB", (24, 20), (25 * index, 255 - 25 * index, 128))
        picture.paste((255 * (index % 2), 60 * (index % 5), 0), (index, 0, index + 8, 20))
        picture.save(folder / f"{name}.png")
        for question in ("What is this?", "Who is it?"):
            turn = {"user": question, "images": [f"{name}.png"], "assistant": f"It is {name}."}
            lines.append(json.dumps({"turns": [turn]}))
    (folder / "dialogues.jsonl").write_text("\n".join([*lines, ""]), "utf-8")
    return folder


@pytest.fixture(autouse=True)
def plain_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    # Measured, and so different from run to run.
    monkeypatch.setattr(recipe, "mixed_precision_pays", lambda device: False)


def tuning(start: Path, data: Path, folder: Path, minutes: float = 0.02, **changes: object) -> FineTuning:
    preset = replace(preset_for(shape(), minutes, 20, 5e-3), workers=0)
    return FineTuning(preset, folder, torch.device("cpu"), start, data=data, **changes)  # type: ignore[arg-type]


def test_ten_invented_names_are_learnt(start: Path, data: Path, tmp_path: Path) -> None:
    run = tuning(start, data, tmp_path / "run", mix=0.0)
    assert (len(run.chosen), len(run.checked)) == (18, 2)
    stage = run.preset.stages[0]
    batches = stream(run._data(stage), 0, 0)
    losses: list[float] = []
    while len(losses) < 500 and (not losses or losses[-1] > 0.01):
        recipe.set_rate(run.optimiser, stage, len(losses), 0.0)
        losses.append(run._step(next(batches), stage, 0.0)["own"])
        run.progress.step += 1
    assert losses[-1] < 0.1 * losses[0], losses[::20]
    said = own_answers(run.model.eval(), run.tokenizer, run.own.batch(range(20)), turns=1)
    assert [each[0] for each in said] == [f"It is {name}." for name in NAMES for _ in range(2)]


def test_a_run_leaves_a_checkpoint_and_goes_on(start: Path, data: Path, tmp_path: Path) -> None:
    run = tuning(start, data, tmp_path / "run", part="decoder")
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.train()
    assert run.done
    tuned = load(tmp_path / "run" / "checkpoint").model.state_dict()
    assert any(not torch.equal(before[name].bfloat16(), tuned[name].bfloat16()) for name in before)
    for name, value in before.items():
        if name.startswith("vision."):
            assert torch.equal(value.bfloat16(), tuned[name].bfloat16()), name
    lines = [json.loads(line) for line in (tmp_path / "run" / "curve.jsonl").read_text().splitlines()]
    checks = [line for line in lines if "validation" in line]
    assert checks[0]["step"] == 0
    assert len(checks) >= 2
    assert (tmp_path / "run" / "samples" / "held-out.html").exists()
    again = tuning(start, data, tmp_path / "run", part="decoder")
    assert again.done
    assert again.progress.stage == recipe.DONE
    with pytest.raises(ConfigError, match="--part decoder"):
        tuning(start, data, tmp_path / "run", part="full")


def test_parts_name_what_learns() -> None:
    config = tiny()
    vision = replace(config.vision, image_size=64, stem=(8, 8, 16), pretrained="efficientnet-lite0")
    names = [name for name, _ in VisionLanguageModel(ModelConfig(vision, config.decoder)).named_parameters()]
    full, decoder, tags = (
        {name for name in names if learns(name, part)} for part in ("full", "decoder", "tags")
    )
    assert tags == {
        "decoder.embedding.weight",
        "vision.photo.tag.weight",
        "decoder.cross.0.key_value.weight",
        "decoder.cross.1.key_value.weight",
    }
    assert all(name.startswith("decoder.") for name in decoder)
    assert "decoder.blocks.0.query.weight" in decoder
    assert full == {name for name in names if not name.startswith("vision.photo.network.")}


TURN = {"user": "What is this?", "images": ["Ulmo.png"], "assistant": "It is Ulmo."}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "Line 21: this is not JSON"),
        ("[]", 'Line 21: "turns" is not a list'),
        ('{"turns": []}', "at least one turn"),
        ('{"turns": ["hello"]}', "turn 1 is no object"),
        ({**TURN, "answer": "x"}, 'turn 1 has "answer"'),
        ({**TURN, "assistant": "  "}, r'turn 1: the answer \("assistant"\) is empty'),
        ({**TURN, "assistant": 3}, "texts in quotation marks"),
        ({**TURN, "images": "Ulmo.png"}, "is a list of file names"),
        ({"assistant": "Hello."}, "neither a question"),
        ({**TURN, "images": ["Nobody.png"]}, 'there is no picture "Nobody.png"'),
        ({**TURN, "images": ["dialogues.jsonl"]}, 'the picture "dialogues.jsonl" cannot be read'),
        ({**TURN, "images": ["Ulmo.png"] * 5}, "it shows 5 pictures, and this model can tell 4 apart"),
        ({**TURN, "assistant": "abcdef " * 300}, "tokens, and this model holds 512"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused_with_its_line(
    line: object, complaint: str, data: Path, tokenizer: Tokenizer
) -> None:
    with (data / "dialogues.jsonl").open("a", encoding="utf-8") as file:
        file.write(line if isinstance(line, str) else json.dumps({"turns": [line]}))
    with pytest.raises(DataError, match=complaint):
        read(data, tokenizer, shape())


def test_every_problem_is_listed_up_to_ten(data: Path, tokenizer: Tokenizer) -> None:
    (data / "dialogues.jsonl").write_text("{\n\n" * 12, "utf-8")
    with pytest.raises(DataError) as caught:
        read(data, tokenizer, shape())
    said = str(caught.value).splitlines()
    assert said[1].startswith("Line 1: ")
    assert said[2].startswith("Line 3: ")
    assert said[-1] == "… and 2 more."
    (data / "dialogues.jsonl").write_text("\n", "utf-8")
    with pytest.raises(DataError, match="no dialogue in it"):
        read(data, tokenizer, shape())


def test_pictures_are_read_as_in_chat(data: Path, tokenizer: Tokenizer) -> None:
    """Turned as their EXIF says, and each read once."""
    picture = PIL.Image.new("RGB", (16, 16), "blue")
    picture.paste("red", (0, 0, 16, 8))
    exif = picture.getexif()
    exif[0x0112] = 3
    picture.save(data / "turned.png", exif=exif)
    turn = {**TURN, "images": ["turned.png", "turned.png"]}
    (data / "dialogues.jsonl").write_text(json.dumps({"turns": [turn]}), "utf-8")
    own = read(data, tokenizer, shape())
    assert own.squares.shape == (1, 16, 16, 3)
    assert own.squares[0, 0, 0].tolist() == [0, 0, 255]
    batch = own.batch([0])
    assert batch.squares.shape == (2, 16, 16, 3)
    assert batch.index.tolist() == [[0, 1]]


def test_held_out_dialogues_stay_so_when_others_are_added(data: Path, tokenizer: Tokenizer) -> None:
    own = read(data, tokenizer, shape())
    learnt, checked = own.split(0.1)
    assert sorted(learnt + checked) == list(range(20))
    assert len(checked) == 2
    text = (data / "dialogues.jsonl").read_text("utf-8")
    (data / "dialogues.jsonl").write_text(json.dumps({"turns": [TURN]}) + "\n" + text, "utf-8")
    more = read(data, tokenizer, shape()).split(0.1)[1]
    first = {at + 1 for at in checked}
    assert first & set(more), "one new line can push out one at most"


def test_the_command_says_what_is_wrong(
    data: Path, start: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["--data", str(data), "--start", str(start), "--device", "cpu", "--minutes", "0"]
    (data / "Brolo.png").unlink()
    assert finetune.main([*common, "--folder", str(tmp_path / "run")]) == 2
    assert 'there is no picture "Brolo.png"' in capsys.readouterr().err
    assert finetune.main([*common, "--folder", str(tmp_path / "run"), "--mix", "1"]) == 2
    assert "--mix" in capsys.readouterr().err
