"""Teaching the heads that compare pictures with words, with everything else locked.

Each step shows a batch of pictures with a caption each, and the heads learn which goes with
which: InfoNCE both ways (CLIP, Radford et al. 2021, arXiv:2103.00020) over locked weights (LiT,
Zhai et al. 2022, arXiv:2111.07991). Our pictures are simple and many captions short, so that a
caption often fits other pictures of its batch too; what it claims says which, and those are no
negatives. Some captions that are nearly right are added as negatives (Yuksekgonul et al. 2023,
arXiv:2210.01936).

Shapes: n pictures and their captions, x extra wrong captions, s positions, p image tokens a
picture, d channels, w numbers in a vector.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

from chat.model.config import ModelConfig
from chat.model.contrast import ContrastHeads, padded, spelt
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel
from chat.training.bank import Bank
from chat.training.captions import Caption, caption, sayable, true_of, wrong
from chat.training.cards.sampling import sample as sample_card
from chat.training.data import POOL
from chat.training.drawing import draw
from chat.training.scene import sample
from chat.training.talk import Shown
from chat.training.token_bank import TokenBank, encode_squares

WRONG = 0.25
"""Wrong captions added for each right one."""

CARDS = 0.2
"""How often a picture drawn anew is a card."""

CHUNK = 64
"""Texts of like length that are encoded together: captions have from three to seventy tokens."""


@dataclass
class Pairs:
    """Tensors of one step: pictures with their captions, the extra wrong captions behind these.

    rows (n,) of a bank, or squares (n, H, W, 3) of bytes, one of them None. ids (n + x, s), of which
    counts (n + x,) are real. fits (n, n + x): which captions are true of which pictures.
    """

    rows: Tensor | None
    squares: Tensor | None
    ids: Tensor
    counts: Tensor
    fits: Tensor


class Captioned(Dataset[list[Pairs]]):
    """Pools of batches of `size` pictures and captions; with a bank the pictures are its own."""

    def __init__(self, tokenizer: bytes, size: int, seed: str, bank: Path | None = None) -> None:
        self.tokenizer_model, self.size, self.seed, self.folder = tokenizer, size, seed, bank
        self._tokenizer: Tokenizer | None = None
        self._scenes: Sequence[Shown] = ()
        self._rows: list[int] = []

    def __getitem__(self, pool: int) -> list[Pairs]:
        self._tokenizer = self._tokenizer or Tokenizer(self.tokenizer_model)
        if self.folder is not None and not self._rows:
            self._scenes = Bank(self.folder).scenes
            self._rows = usable(self._scenes)
        rng = random.Random(f"train/{self.seed}/{pool}")
        return [self._pairs(rng, self._tokenizer) for _ in range(POOL)]

    def _pairs(self, rng: random.Random, tokenizer: Tokenizer) -> Pairs:
        rows, squares = None, None
        if self.folder is not None:
            chosen = rng.sample(self._rows, min(self.size, len(self._rows)))
            scenes, rows = [self._scenes[row] for row in chosen], torch.tensor(chosen)
        else:
            scenes = [drawn(rng) for _ in range(self.size)]
            squares = torch.from_numpy(np.stack([draw(scene)[0] for scene in scenes]))
        captions = [caption(scene, rng) for scene in scenes]
        extra = [wrong(scene, rng) for scene in rng.sample(scenes, round(WRONG * len(scenes)))]
        captions += [each for each in extra if each is not None]
        ids, counts = padded([spelt(tokenizer, each.text) for each in captions], tokenizer.pad)
        return Pairs(rows, squares, ids, counts, fitting(scenes, captions))


def usable(scenes: Sequence[Shown]) -> list[int]:
    """The rows of a bank's scenes that may be learnt from and that something sure can be said of."""
    return [row for row, scene in enumerate(scenes) if not scene.held_out and sayable(scene)]


def drawn(rng: random.Random) -> Shown:
    """A scene or a card of which something can be said."""
    while True:
        scene = sample_card(rng) if rng.random() < CARDS else sample(rng)
        if not scene.held_out and sayable(scene):
            return scene


def fitting(scenes: Sequence[Shown], captions: Sequence[Caption]) -> Tensor:
    """Which captions are true of which pictures, or say the same as their own: bool (pictures, captions)."""
    true = [true_of(scene) for scene in scenes]
    own = [captions[index].text for index in range(len(scenes))]
    return torch.tensor(
        [
            [each.claims <= claims or each.text == text for each in captions]
            for claims, text in zip(true, own, strict=True)
        ]
    )


def contrastive_loss(images: Tensor, texts: Tensor, fits: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Symmetric InfoNCE, and the share of pictures that are nearest their own caption.

    images (n, w), texts (n + x, w), of unit length; picture i goes with text i. fits (n, n + x): a
    caption that is true of another picture too counts neither for nor against the pair.
    """
    n = len(images)
    logits = scale * images @ texts.T
    own = torch.eye(n, len(texts), dtype=torch.bool, device=logits.device)
    logits = logits.masked_fill(fits & ~own, float("-inf"))
    wanted = torch.arange(n, device=logits.device)
    loss = (F.cross_entropy(logits, wanted) + F.cross_entropy(logits[:, :n].T, wanted)) / 2
    return loss, (logits.argmax(1) == wanted).float().mean()


class ContrastTrainer:
    """Steps of the stage: what the heads learn from, and their loss. Raises ValueError without heads."""

    def __init__(self, model: VisionLanguageModel, tokens: TokenBank | None = None) -> None:
        if model.contrast is None:
            raise ValueError("The preset's model has no contrast heads to teach.")
        self._model, self._tokens = model, tokens
        self.heads = model.contrast

    def loss(self, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """The loss of a batch and its accuracy; gradients reach the heads alone."""
        device = self._model.device
        images = self.heads.images(self._image_tokens(pairs).to(device))
        texts = text_vectors(self._model, self.heads, pairs.ids.to(device), pairs.counts)
        return contrastive_loss(images, texts, pairs.fits.to(device), self.heads.scale)

    def _image_tokens(self, pairs: Pairs) -> Tensor:
        if pairs.rows is not None and self._tokens is not None:
            return self._tokens.rows(pairs.rows)
        if pairs.squares is None:
            raise ValueError("Rows of a bank need its tokens.")
        return encode_squares(self._model.vision, pairs.squares)


def text_vectors(model: VisionLanguageModel, heads: ContrastHeads, ids: Tensor, counts: Tensor) -> Tensor:
    """Token ids (n, s), of which counts (n,) are real → vectors (n, w); texts of like length together."""
    order = counts.argsort()
    vectors = []
    for chunk in torch.split(order, CHUNK):
        most = int(counts[chunk].max())
        chosen = ids[chunk.to(ids.device), :most]
        with torch.no_grad():
            embedded = model.decoder.embedding_norm(model.decoder.embedding(chosen))
        vectors.append(heads.texts(embedded, counts[chunk].to(ids.device)))
    return torch.cat(vectors)[order.argsort().to(ids.device)]


def make_contrast_optimiser(heads: ContrastHeads) -> torch.optim.Optimizer:
    """AdamW over the heads alone; matrices decay a little, for a bank shows the same pictures many times."""
    parts: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for parameter in heads.parameters():
        parts[parameter.ndim > 1].append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parts[True], "part": "heads", "weight_decay": 0.05},
            {"params": parts[False], "part": "heads", "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
    )


HEADS = "contrast."
"""How the names of the heads' tensors begin."""


def load_with_fresh_heads(model: VisionLanguageModel, weights: Mapping[str, Tensor]) -> None:
    """Load weights that may have been saved without contrast heads: these keep what they began with.

    Raises RuntimeError where anything else does not fit.
    """
    fresh = {name: value for name, value in model.state_dict().items() if name.startswith(HEADS)}
    model.load_state_dict({**fresh, **weights})


def published(config: ModelConfig, weights: Mapping[str, Tensor]) -> tuple[ModelConfig, dict[str, Tensor]]:
    """What a checkpoint holds of a model: heads that have learnt nothing are left out."""
    if config.contrast is not None and int(weights[f"{HEADS}taught"]):
        return config, dict(weights)
    kept = {name: value for name, value in weights.items() if not name.startswith(HEADS)}
    return replace(config, contrast=None), kept
