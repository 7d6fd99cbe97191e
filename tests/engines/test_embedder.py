"""The built-in embedder behind its seam, the functions over it, and what it is scored by."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from chat import EngineError, ImageError, encode_image, encode_text, zero_shot
from chat.engines import EchoEngine
from chat.engines.base import Embedder
from chat.engines.builtin import BuiltinEngine
from chat.evals import retrieval
from chat.evals.measure import main
from chat.evals.suite import to_png
from chat.model.checkpoint import Checkpoint, save
from chat.model.config import ContrastConfig, tiny
from chat.model.vlm import VisionLanguageModel
from chat.training.render import picture as painted
from chat.training.scene import HELD_OUT_PAIRS, sample
from tests.helpers.models import tiny_checkpoint, tiny_tokenizer

HEADS = ContrastConfig(width=12, layers=1, heads=4, ffn=24, pool_heads=2, pool_ffn=24)


def checkpoint() -> Checkpoint:
    torch.manual_seed(1)
    model = VisionLanguageModel(replace(tiny(), contrast=HEADS)).eval().requires_grad_(False)
    return Checkpoint(model, tiny_tokenizer(), "tiny-heads")


@pytest.fixture
def engine() -> BuiltinEngine:
    return BuiltinEngine(checkpoint())


@pytest.fixture
def files() -> list[bytes]:
    rng = random.Random(0)
    return [to_png(painted(sample(rng))) for _ in range(20)]


def test_pictures_and_texts_are_vectors_of_one_space(engine: BuiltinEngine, files: list[bytes]) -> None:
    embedder: Embedder | None = engine.embedder
    assert embedder is not None
    assert (embedder.fingerprint, embedder.width) == ("tiny-heads", 12)
    images, texts = embedder.images(files), embedder.texts(["a red star", "two circles", ""])
    assert (images.shape, texts.shape) == ((20, 12), (3, 12))
    for vectors in (images, texts):
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    # Seventeenth and on go through the model by themselves.
    np.testing.assert_allclose(images[17:18], embedder.images(files[17:18]), atol=1e-5)
    assert embedder.images([]).shape == embedder.texts([]).shape == (0, 12)
    with pytest.raises(ImageError):
        embedder.images([b"nonsense"])


def test_packed_weights_leave_the_space_where_it_is(files: list[bytes]) -> None:
    whole, packed = BuiltinEngine(checkpoint()), BuiltinEngine(checkpoint(), bits=8)
    try:
        assert whole.embedder is not None
        assert packed.embedder is not None
        np.testing.assert_allclose(whole.embedder.images(files), packed.embedder.images(files), atol=1e-6)
        products = (whole.embedder.texts(["a red star"]) * packed.embedder.texts(["a red star"])).sum()
        assert products > 0.999
    finally:
        packed.close()
        whole.close()


def test_engines_without_heads_have_no_embedder(picture: Callable[..., bytes]) -> None:
    assert BuiltinEngine(tiny_checkpoint()).embedder is None
    assert EchoEngine().embedder is None
    for call in (
        lambda: encode_text("a red star", model="echo"),
        lambda: encode_image(picture(), model=EchoEngine()),
        lambda: zero_shot(picture(), ["a", "b"], model="echo"),
    ):
        with pytest.raises(EngineError, match="cannot compare pictures with words"):
            call()


def test_labels_get_probabilities(engine: BuiltinEngine, files: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    path.write_bytes(files[0])
    labels = ["a red star", "two circles", "a bar chart"]
    found = zero_shot(path, labels, model=engine)
    assert {label for label, _ in found} == set(labels)
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert sum(share for _, share in found) == pytest.approx(1)
    vector = encode_image(files[0], model=engine)
    products = {label: float(vector @ encode_text(label, model=engine)) for label in labels}
    assert [label for label, _ in found] == sorted(labels, key=lambda label: -products[label])
    assert engine.embedder is not None
    ratio = np.exp(engine.embedder.scale * (products[found[0][0]] - products[found[1][0]]))
    assert found[0][1] / found[1][1] == pytest.approx(ratio, rel=1e-3)
    with pytest.raises(ValueError, match="labels"):
        zero_shot(path, [], model=engine)
    with pytest.raises(ImageError, match="cannot be read"):
        zero_shot(tmp_path / "none.png", labels, model=engine)


class Perfect:
    """Knows every picture of the suite and its caption: both are one axis of the space."""

    fingerprint = "perfect"

    def __init__(self) -> None:
        both = retrieval.collection("smoke")
        pictures, classes, labels = retrieval.single_shapes("smoke")
        shown, right, wrong = retrieval.swapped_pairs("smoke")
        self.names: dict[bytes | str, int] = {}
        groups: list[tuple[bytes | str, ...]] = [*zip(both.pictures, both.captions, strict=True)]
        groups += [(file, labels[true]) for file, true in zip(pictures, classes, strict=True)]
        groups += [*zip(shown, right, strict=True)]
        for group in groups:
            axis = next((self.names[each] for each in group if each in self.names), len(self.names))
            self.names |= dict.fromkeys(group, axis)
        self.names |= {text: len(self.names) + 1 for text in wrong if text not in self.names}
        self.width = 2 * len(self.names) + 2

    def images(self, data: Sequence[bytes]) -> NDArray[np.float32]:
        return np.eye(self.width, dtype=np.float32)[[self.names[each] for each in data]]

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.eye(self.width, dtype=np.float32)[[self.names[each] for each in texts]]


def test_an_embedder_that_knows_all_scores_full_marks() -> None:
    found = retrieval.scores(Perfect(), "smoke")
    assert set(retrieval.NAMED) <= set(found)
    assert set(found.values()) == {100.0}


def test_one_that_knows_nothing_scores_nothing() -> None:
    class Same(Perfect):
        def images(self, data: Sequence[bytes]) -> NDArray[np.float32]:
            return np.eye(self.width, dtype=np.float32)[[0] * len(data)]

        def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.eye(self.width, dtype=np.float32)[[0] * len(texts)]

    found = retrieval.scores(Same(), "smoke")
    assert (found["R_at_1"], found["swapped"]) == (0.0, 0.0), "ties are no success"
    assert found["R_map"] == pytest.approx(100 / 8)


def test_the_suite_shows_nothing_that_training_draws() -> None:
    both = retrieval.collection("std")
    assert len(both.pictures) == len(set(both.captions)) == 200
    pictures, classes, labels = retrieval.single_shapes("smoke")
    assert len(pictures) == len(classes) == len(labels) == 48
    assert {
        f"a {colour} {shape}".replace("a orange", "an orange") for colour, shape in HELD_OUT_PAIRS
    } <= set(labels)
    _, right, wrong = retrieval.swapped_pairs("smoke")
    for one, other in zip(right, wrong, strict=True):
        assert one != other
        assert sorted(one.replace("an ", "a ").split()) == sorted(other.replace("an ", "a ").split())


def test_ranks_count_from_one() -> None:
    images = np.eye(3, dtype=np.float32)
    texts = images[[1, 0, 2]]
    by_picture, by_caption = retrieval.ranks(images, texts)
    # Two pictures prefer another caption, with which they are as one.
    assert by_picture.tolist() == by_caption.tolist() == [3, 3, 1]


def test_a_run_of_the_suite_scores_the_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = checkpoint()
    save(tmp_path, made.model.config, made.tokenizer, made.model.state_dict(), dtype=torch.float32)
    main(["--suite", "smoke", "--parts", "R", "--engine", str(tmp_path), "--dtype", "float32"])
    assert '"zero_shot_48": ' in capsys.readouterr().out
    main(["--suite", "smoke", "--parts", "R", "--engine", "echo"])
    assert '"zero_shot_48": null' in capsys.readouterr().out


def test_the_seam_loads_no_torch() -> None:
    code = "import sys, chat, chat.engines.base; assert 'torch' not in sys.modules"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
