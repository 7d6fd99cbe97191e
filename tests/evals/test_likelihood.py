"""Likelihoods are those of the model read in one go, and VisDial is ranked by them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import torch

from chat.engines import EchoEngine
from chat.engines.builtin import BuiltinEngine
from chat.errors import EngineError
from chat.evals.files import visdial
from chat.evals.files.__main__ import main
from chat.evals.files.common import LayoutError
from chat.evals.files.visdial import Ranked, Round, ndcg, ranked
from chat.evals.items import as_image
from chat.evals.likelihood import CheckpointScorer, scorer_for
from chat.evals.splits import draw_scene
from chat.model.checkpoint import load, save
from chat.model.images import to_pixels, to_square
from chat.training.scene import COLOURS, Background, Scene, Thing
from memory.images import open_upright
from prompts import Message, assistant, render, user
from tests.helpers.models import tiny_checkpoint

Maker = Callable[..., bytes]


@pytest.fixture
def shown(picture: Maker) -> dict[str, bytes]:
    files = [picture("red"), picture("blue", (20, 30))]
    return {as_image(data).sha256: data for data in files}


@pytest.fixture
def history(shown: dict[str, bytes]) -> list[Message]:
    first, second = (as_image(data) for data in shown.values())
    return [
        user("Hello there"),
        assistant("What do you see?"),
        user("It is red.", [first]),
        assistant("Two blue squares."),
        user("What colour is the circle?", [second]),
    ]


@torch.inference_mode()
def in_one_go(history: Sequence[Message], pictures: Mapping[str, bytes], candidate: str) -> float:
    """The candidate's log-probability from one pass over the whole dialogue, without any cache."""
    checkpoint = tiny_checkpoint()
    model = checkpoint.model
    before = len(checkpoint.tokenizer.encode_spans(render(history, reply=True)).ids)
    prompt = checkpoint.tokenizer.encode_spans(render([*history, assistant(candidate)]))
    squares = [
        to_square(open_upright(pictures[image.sha256]), model.config.vision.image_size)
        for image in prompt.images
    ]
    encoded = list(model.encode(to_pixels(squares))) if squares else []
    ids = torch.tensor([prompt.ids])
    view = model.view_row(encoded, prompt.visible_from)
    logits = model(ids, torch.tensor([prompt.numbers]), pictures=view)[0].log_softmax(-1)
    return float(sum(logits[at - 1, prompt.ids[at]] for at in range(before, len(prompt.ids))))


@pytest.mark.parametrize("candidate", ["It is red.", "é", "Two blue squares. It is red."])
def test_a_likelihood_is_that_of_one_pass(
    candidate: str, history: list[Message], shown: dict[str, bytes]
) -> None:
    scorer = CheckpointScorer(tiny_checkpoint())
    found = scorer.log_likelihood(history, shown, candidate)
    assert found < 0
    assert found == pytest.approx(in_one_go(history, shown, candidate), abs=1e-3)
    plain = history[:1]
    assert scorer.log_likelihood(plain, {}, candidate) == pytest.approx(
        in_one_go(plain, {}, candidate), abs=1e-3
    )


def test_the_order_of_questions_does_not_matter(history: list[Message], shown: dict[str, bytes]) -> None:
    candidates = ["It is red.", "Two blue squares.", ""]
    one = CheckpointScorer(tiny_checkpoint())
    forward = [one.log_likelihood(history, shown, each) for each in candidates]
    one.log_likelihood(history[:3], shown, "It is red.")
    backward = [one.log_likelihood(history, shown, each) for each in reversed(candidates)]
    assert forward == pytest.approx(backward[::-1], abs=1e-5)
    # The empty reply is the end at once: one token's probability.
    assert forward[2] == pytest.approx(in_one_go(history, shown, ""), abs=1e-3)


def test_another_picture_changes_a_likelihood(history: list[Message], shown: dict[str, bytes]) -> None:
    scorer = CheckpointScorer(tiny_checkpoint())
    first, second = (as_image(data) for data in shown.values())
    one, two = ([user("What do you see?", [image])] for image in (first, second))
    assert scorer.log_likelihood(one, shown, "It is red.") != scorer.log_likelihood(two, shown, "It is red.")


def test_what_does_not_fit_is_refused(history: list[Message], shown: dict[str, bytes]) -> None:
    scorer = CheckpointScorer(tiny_checkpoint())
    with pytest.raises(EngineError, match="tokens and this model holds"):
        scorer.log_likelihood(history, shown, "é" * 5000)
    with pytest.raises(EngineError, match="tokens and this model holds"):
        scorer.log_likelihood([user("é" * 5000)], {}, "Yes.")
    image = as_image(next(iter(shown.values())))
    with pytest.raises(EngineError, match="pictures at once, not 40"):
        scorer.log_likelihood([user("?", [image] * 40)], shown, "Yes.")


def test_only_our_own_models_can_be_asked(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="'echo' does not tell how likely"):
        scorer_for(EchoEngine())
    checkpoint = tiny_checkpoint()
    config, weights = checkpoint.model.config, checkpoint.model.state_dict()
    save(tmp_path, config, checkpoint.tokenizer, weights, dtype=torch.float32)
    engine = BuiltinEngine.load(tmp_path, dtype="float32")
    try:
        asked = [user("Hello there")]
        expected = in_one_go(asked, {}, "It is red.")
        assert scorer_for(engine).log_likelihood(asked, {}, "It is red.") == pytest.approx(expected, abs=1e-3)
        save(tmp_path, config, checkpoint.tokenizer, weights, dtype=torch.bfloat16)
        with pytest.raises(EngineError, match="has changed"):
            scorer_for(engine)
    finally:
        engine.close()


# ---- VisDial --------------------------------------------------------------------------------


class Longest:
    """Finds a reply the likelier the longer it is, and remembers what it was asked."""

    def __init__(self) -> None:
        self.histories: list[tuple[Message, ...]] = []

    def log_likelihood(
        self, history: Sequence[Message], pictures: Mapping[str, bytes], candidate: str
    ) -> float:
        assert all(image.sha256 in pictures for message in history for image in message.images)
        self.histories.append(tuple(history))
        return len(candidate)


@pytest.fixture
def folder(tmp_path: Path, picture: Maker) -> Path:
    folder = tmp_path / "VisDial"
    (folder / "VisualDialog_val2018").mkdir(parents=True)
    (folder / "VisualDialog_val2018/VisualDialog_val2018_000000000007.jpg").write_bytes(picture())
    turns = [
        {"question": 0, "answer": 1, "answer_options": [0, 1, 2], "gt_index": 1},
        {"question": 1, "answer": 2, "answer_options": [2, 0, 1], "gt_index": 0},
    ]
    data = {
        "questions": ["is it red", "how big is it"],
        "answers": ["no", "maybe", "a very big one"],
        "dialogs": [{"image_id": 7, "caption": "a square on paper", "dialog": turns}],
    }
    (folder / visdial.DIALOGUES).write_text(json.dumps({"data": data}), "utf-8")
    return folder


def test_visdial_is_read_with_its_right_history(folder: Path, picture: Maker) -> None:
    first, second = visdial.read(folder)
    image = as_image(picture())
    opening = [user("Describe the picture.", [image]), assistant("a square on paper."), user("is it red?")]
    assert first == Round(tuple(opening), picture(), ("no", "maybe", "a very big one"), 1)
    assert second.history == (*opening, assistant("maybe"), user("how big is it?"))
    assert second.options == ("a very big one", "no", "maybe")


def test_visdial_is_ranked(folder: Path) -> None:
    notes = [{"image_id": 7, "round_id": 2, "gt_relevance": [0.5, 0, 1]}]
    (folder / visdial.DENSE).write_text(json.dumps(notes), "utf-8")
    scorer = Longest()
    answers = list(visdial.rank(scorer, visdial.read(folder)))
    gain = (0.5 + 1 / math.log2(3)) / (1 + 0.5 / math.log2(3))
    assert [each.place for each in answers] == [2, 1]
    assert [each.ndcg for each in answers] == [None, pytest.approx(gain)]
    assert len(scorer.histories) == 6
    scores = visdial.score(answers)
    assert scores["r1"] == 50
    assert scores["r5"] == scores["r10"] == 100
    assert scores["mean_rank"] == 1.5
    assert scores["mrr"] == 75
    assert scores["ndcg"] == pytest.approx(100 * gain)
    assert "ndcg" not in visdial.score([Ranked(3)])


def test_a_scorer_that_cannot_tell_comes_last() -> None:
    assert ranked([0.0] * 100, 0).place == 100
    assert ranked([-1.0, -3.0, -2.0], 2).place == 2


def test_gain_by_hand() -> None:
    # Two are relevant, so two places count; the first is right, the second goes to nothing.
    assert ndcg([3, 2, 1], [1, 0, 0.5]) == pytest.approx(1 / (1 + 0.5 / math.log2(3)))
    assert ndcg([3, 1, 2], [1, 0, 0.5]) == pytest.approx(1)
    assert ndcg([1, 2], [0, 0]) == 0


def test_visdial_complains(folder: Path) -> None:
    notes = [{"image_id": 7, "round_id": 1, "gt_relevance": [1]}]
    (folder / visdial.DENSE).write_text(json.dumps(notes), "utf-8")
    with pytest.raises(LayoutError, match="3 options and 1 relevances"):
        list(visdial.read(folder))
    (folder / visdial.DIALOGUES).unlink()
    with pytest.raises(LayoutError, match=r"no visdial_1\.0_val\.json"):
        list(visdial.read(folder))


def test_the_command_line_needs_an_engine_with_likelihoods(folder: Path) -> None:
    with pytest.raises(SystemExit, match="how likely a given reply is"):
        main(["--kind", "visdial", "--folder", str(folder), "--engine", "echo"])


@pytest.mark.builtin
@pytest.mark.parametrize("colour", ["red", "blue", "green"])
def test_the_built_in_model_finds_the_right_colour_likeliest(colour: str) -> None:
    ground = Background("plain", (250, 250, 250), (250, 250, 250), 0)
    shade = COLOURS[colour][0]
    thing = Thing("shape", "square", colour, "large", "solid", 4, 64, 64, 50, 50, shade)
    data = draw_scene(Scene(128, 128, ground, (thing,)), "iid")
    image = as_image(data)
    scorer = CheckpointScorer(load())
    asked = [user("What colour is the square?", [image])]
    scores = {
        each: scorer.log_likelihood(asked, {image.sha256: data}, f"It is {each}.") for each in sorted(COLOURS)
    }
    assert max(scores, key=scores.__getitem__) == colour
    # Right out of all replies there are, not only of these.
    assert scores[colour] > math.log(0.5)
