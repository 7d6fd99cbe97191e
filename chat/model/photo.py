"""What a pretrained network sees in a picture: features of every cell, and object tags.

The encoder's own stem learns from drawings that we make; a network pretrained on ImageNet
knows photographs. Its features join the image tokens cell by cell, under the ViT blocks
(the hybrid of Dosovitskiy et al. 2021, arXiv:2010.11929). What it would call the picture
becomes a few tokens more, object tags (Oscar, Li et al. 2020, arXiv:2004.06165): so a
class reaches the words even if no training picture shows it.

Shapes: n pictures, c cells, k = TAGS tags: the classes, their kind ("dog" for many
breeds), and the quarters.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from chat.model.config import TAGS
from chat.model.efficientnet import CLASSES, FEATURES, EfficientNetLite0

WHOLE = 3
"""Tags for the most probable classes of the whole picture."""

WINDOWS = 4
"""Tags for the most probable class of each overlapping quarter: top left, top right, bottom left, bottom
right."""

KINDS = 128
"""Most kinds that classes fall into."""


@dataclass(frozen=True)
class Seen:
    """What the pretrained network says of pictures.

    features (n, c, 320). tags (n, k): classes, or CLASSES + a kind. confidence (n, k): their
    probabilities. places (n, k, c): how much each cell speaks for the tag; rows sum to 1.
    """

    features: Tensor
    tags: Tensor
    confidence: Tensor
    places: Tensor

    def to(self, device: torch.device, dtype: torch.dtype) -> Seen:
        """The same elsewhere; tags stay whole numbers."""
        return Seen(
            self.features.to(device, dtype),
            self.tags.to(device),
            self.confidence.to(device, dtype),
            self.places.to(device, dtype),
        )


class Pretrained(nn.Module):
    """The pretrained network and the way from it into the image tokens.

    kind_of (1000,): the kind of each class, kept with the weights, for tags mean nothing
    without it.
    """

    kind_of: Tensor
    windows: Tensor

    def __init__(self, grid: int, width: int) -> None:
        super().__init__()
        self.network = EfficientNetLite0()
        self.register_buffer("kind_of", torch.zeros(CLASSES, dtype=torch.long))
        self.register_buffer("windows", quarters(grid), persistent=False)
        self.project = nn.Linear(FEATURES, width, bias=False)
        self.tag = nn.Embedding(CLASSES + KINDS, width)
        self.rank = nn.Parameter(torch.zeros(TAGS, width))
        self.confidence = nn.Linear(3, width)

    @torch.no_grad()
    def look(self, pixels: Tensor) -> Seen:
        """Pixels (n, 3, H, W) in [-1, 1] → what the network says of them. Learns nothing."""
        features = self.network(pixels)
        evidence = self.network.evidence(features)
        whole = evidence.mean(1).softmax(-1)
        likely, classes = whole.topk(WHOLE)
        kinds = whole.new_zeros(len(whole), KINDS).index_add_(1, self.kind_of, whole)
        kind_likely, kind = kinds.max(-1, keepdim=True)
        quarter = torch.einsum("wc,nck->nwk", self.windows, evidence).softmax(-1)
        quarter_likely, quarter_class = quarter.max(-1)
        # A kind is where its most probable class is.
        spoken = torch.cat((classes, classes[:, :1]), 1)
        heat = evidence.gather(2, spoken[:, None].expand(-1, evidence.shape[1], -1)).softmax(1)
        return Seen(
            features.flatten(2).transpose(1, 2),
            torch.cat((classes, CLASSES + kind, quarter_class), 1),
            torch.cat((likely, kind_likely, quarter_likely), 1),
            torch.cat((heat.transpose(1, 2), self.windows.expand(len(whole), -1, -1)), 1),
        )

    def tokens(self, seen: Seen, place: Tensor) -> Tensor:
        """The tags as image tokens (n, k, d); place (c, d): what says where a cell is."""
        p = seen.confidence
        sure = torch.stack((p, p.sqrt(), p.clamp(min=1e-4).log() / 5), dim=-1)
        out: Tensor = self.tag(seen.tags) + self.rank + self.confidence(sure) + seen.places @ place
        return out


def quarters(grid: int) -> Tensor:
    """The overlapping quarters of a grid as weights (4, grid²) that sum to 1."""
    reach = grid // 2 + 1
    windows = torch.zeros(WINDOWS, grid, grid)
    for index in range(WINDOWS):
        rows = slice(0, reach) if index < 2 else slice(grid - reach, grid)
        columns = slice(grid - reach, grid) if index % 2 else slice(0, reach)
        windows[index, rows, columns] = 1 / reach**2
    return windows.flatten(1)
