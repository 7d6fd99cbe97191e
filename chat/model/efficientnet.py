"""EfficientNet-Lite0, a small convolutional network that knows the 1,000 classes of ImageNet.

The encoder's pretrained part (Tan and Le 2019, arXiv:1905.11946; the Lite variant of the
TensorFlow TPU models: no squeeze-and-excitation, ReLU6). Batch normalisation is folded into
the convolutions, for nothing here trains it: each has a bias instead.

Shapes: n pictures of H × W pixels; the feature map is H/32 × W/32.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STAGES = (
    # repeats, kernel, stride, expansion, outputs
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
FIRST, HEAD, CLASSES = 32, 1280, 1000
FEATURES = STAGES[-1][-1]
"""Channels of the feature map."""

STRIDE = 32
"""Pixels along the side of one of its cells."""

_EPSILON = 1e-3


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "SAME": an odd pixel of padding goes right and below."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return F.conv2d(x, self.weight, self.bias, 1, kernel // 2, 1, self.groups)
        rows, columns = (max(kernel - stride - (side - 1) % stride + stride - 1, 0) for side in x.shape[-2:])
        x = F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return F.conv2d(x, self.weight, self.bias, stride, 0, 1, self.groups)


class MBConv(nn.Module):
    """Inverted bottleneck (Sandler et al. 2018, arXiv:1801.04381): expand, depthwise, project, and a
    residual where the shape stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        self.expand = SameConv(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = SameConv(inner, inner, kernel, stride, groups=inner)
        self.project = SameConv(inner, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        out: Tensor = x + y if self.residual else y
        return out


class EfficientNetLite0(nn.Module):
    """Pixels (n, 3, H, W) in [-1, 1] → a feature map (n, 320, H/32, W/32), and from it class logits."""

    def __init__(self) -> None:
        super().__init__()
        self.first = SameConv(3, FIRST, 3, 2)
        blocks, inputs = [], FIRST
        for repeats, kernel, stride, expansion, outputs in STAGES:
            for repeat in range(repeats):
                blocks.append(MBConv(inputs, outputs, kernel, 1 if repeat else stride, expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.head = SameConv(inputs, HEAD, 1)
        self.classes = nn.Linear(HEAD, CLASSES)

    def forward(self, pixels: Tensor) -> Tensor:
        x = F.relu6(self.first(pixels.contiguous(memory_format=torch.channels_last)))
        for block in self.blocks:
            x = block(x)
        return x

    def evidence(self, features: Tensor) -> Tensor:
        """The classes' evidence in every cell, (n, cells, 1000): its mean over cells is their logits.

        Global average pooling and a linear layer commute, which is what class activation
        maps rest on (Zhou et al. 2016, arXiv:1512.04150).
        """
        cells = F.relu6(self.head(features)).flatten(2).transpose(1, 2)
        evidence: Tensor = self.classes(cells)
        return evidence


def folded(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published weights (a state dict of the PyTorch port, with batch normalisation) as this module's.

    Raises KeyError when they are not of EfficientNet-Lite0.
    """
    weights: dict[str, Tensor] = {}

    def fold(ours: str, convolution: str, norm: str) -> None:
        gamma, beta, mean, variance = (
            published[f"{norm}.{part}"].double() for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / (variance + _EPSILON).sqrt()
        kernel = published[f"{convolution}.weight"].double()
        weights[f"{ours}.weight"] = (kernel * scale[:, None, None, None]).float()
        weights[f"{ours}.bias"] = (beta - mean * scale).float()

    fold("first", "_conv_stem", "_bn0")
    index = 0
    for repeats, _, _, expansion, _ in STAGES:
        for _ in range(repeats):
            theirs, ours = f"_blocks.{index}", f"blocks.{index}"
            if expansion > 1:
                fold(f"{ours}.expand", f"{theirs}._expand_conv", f"{theirs}._bn0")
            fold(f"{ours}.depthwise", f"{theirs}._depthwise_conv", f"{theirs}._bn1")
            fold(f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2")
            index += 1
    fold("head", "_conv_head", "_bn1")
    weights["classes.weight"] = published["_fc.weight"].float()
    weights["classes.bias"] = published["_fc.bias"].float()
    return weights
