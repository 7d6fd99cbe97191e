"""What dialogues teach: cross-entropy of the answers, and the grounding loss of the same pictures."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from chat.model.vision import VisionEncoder
from chat.model.vlm import VisionLanguageModel
from chat.training.data import Batch, pixels_for, seen_in
from chat.training.grounding import Grounding

VERDICT = 5.0
"""How much more the word counts that says yes or no: one of many, and the one that matters."""


def dialogue_loss(
    model: VisionLanguageModel,
    grounding: Grounding,
    batch: Batch,
    device: torch.device,
    *,
    frozen: bool = False,
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the trained tokens, and the grounding loss of the same pictures.

    Tokens count as `answer_weights` says, and VERDICT times that where they say yes or no. With `frozen`,
    no gradient reaches the encoder but what its object tags mean.
    """
    talk, cells = answer_loss(model, batch, device, frozen=frozen)
    return talk, grounding(cells, {name: values.to(device) for name, values in batch.cells.items()})


def answer_loss(
    model: VisionLanguageModel, batch: Batch, device: torch.device, *, frozen: bool = False
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the trained tokens, and the image tokens (n, c, d) of the cells of all pictures."""
    tokens, cells = image_tokens(model.vision, batch, frozen=frozen)
    ordinals = batch.ordinals().to(device)
    view = model.view(
        model.picture_kv(tokens), batch.index.to(device), ordinals, batch.visible_from.to(device)
    )
    hidden = model.decoder(
        batch.ids[:, :-1].to(device),
        batch.numbers[:, :-1].to(device),
        positions=batch.positions[:, :-1].to(device),
        pictures=view,
    )
    trained = batch.trained[:, 1:]
    wanted = trained.flatten().nonzero().squeeze(1).to(device)
    logits = model.decoder.logits(hidden.flatten(0, 1).index_select(0, wanted))
    losses = F.cross_entropy(logits, batch.ids[:, 1:].flatten().to(device)[wanted], reduction="none")
    weights = answer_weights(trained)
    verdicts = batch.verdicts[:, 1:][trained]
    weights = torch.where(verdicts, VERDICT * weights, weights).to(device)
    return (losses * weights).sum() / weights.sum(), cells


def image_tokens(vision: VisionEncoder, batch: Batch, *, frozen: bool) -> tuple[Tensor, Tensor]:
    """The batch's image tokens (n, p, d), and those of the cells alone (n, c, d)."""
    pixels = pixels_for(vision, batch.squares)
    seen = seen_in(vision, batch, pixels)
    if seen is not None:
        seen = seen.to(pixels.device, pixels.dtype)
    with torch.set_grad_enabled(not frozen):
        tokens = vision(pixels, seen)
    cells = tokens[:, : vision.config.grid**2]
    if frozen and vision.photo is not None and seen is not None:
        tokens = torch.cat((cells, vision.photo.tokens(seen, vision.place.detach())), dim=1)
    return tokens, cells


def answer_weights(trained: Tensor) -> Tensor:
    """One weight for each trained token of (b, s), in order: one over the root of its answer's length.

    Between a token's mean, in which descriptions drown the short answers, and an
    answer's, in which they teach nothing.
    """
    trained = F.pad(trained, (1, 0))
    starts = trained[:, 1:] & ~trained[:, :-1]
    answers = starts.flatten().cumsum(0)[trained[:, 1:].flatten()] - 1
    return answers.bincount().float().rsqrt()[answers]
