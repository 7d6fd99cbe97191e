"""The pretrained part of the encoder: its folded weights, what it says of a picture, and its tokens."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from chat.errors import CheckpointError
from chat.model.config import TAGS, DecoderConfig, ModelConfig, VisionConfig
from chat.model.efficientnet import CLASSES, EfficientNetLite0, SameConv, folded
from chat.model.photo import WHOLE, Pretrained, quarters
from chat.model.vision import VisionEncoder
from chat.model.vlm import VisionLanguageModel

EYES = VisionConfig(
    image_size=64, stem=(8, 8, 16), width=16, layers=1, heads=2, ffn=16, pretrained="efficientnet-lite0"
)


def published(network: EfficientNetLite0) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights with batch normalisation for a network's every convolution, under the published names, and
    what its weights and biases should be when they are folded."""
    torch.manual_seed(0)
    names = {"first": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    for index in range(len(network.blocks)):
        for ours, conv, norm in (
            ("expand", "_expand_conv", "_bn0"),
            ("depthwise", "_depthwise_conv", "_bn1"),
            ("project", "_project_conv", "_bn2"),
        ):
            names[f"blocks.{index}.{ours}"] = (f"_blocks.{index}.{conv}", f"_blocks.{index}.{norm}")
    theirs: dict[str, Tensor] = {"_fc.weight": torch.randn(CLASSES, 1280), "_fc.bias": torch.randn(CLASSES)}
    wanted = {}
    for name, module in network.named_modules():
        if not isinstance(module, SameConv):
            continue
        convolution, norm = names[name]
        channels = module.out_channels
        theirs[f"{convolution}.weight"] = torch.randn_like(module.weight)
        parts = {"weight": torch.rand(channels) + 0.5, "bias": torch.randn(channels)}
        parts |= {"running_mean": torch.randn(channels), "running_var": torch.rand(channels) + 0.5}
        theirs |= {f"{norm}.{part}": value for part, value in parts.items()}
        wanted[name] = (theirs[f"{convolution}.weight"], parts)
    return theirs, wanted  # type: ignore[return-value]


def test_folded_convolutions_are_the_published_ones_followed_by_their_normalisation() -> None:
    network = EfficientNetLite0()
    theirs, wanted = published(network)
    network.load_state_dict(folded(theirs))
    for name, (kernel, parts) in wanted.items():
        module = network.get_submodule(name)
        assert isinstance(module, SameConv)
        x = torch.randn(1, kernel.shape[1] * module.groups, 9, 9)
        size, step = module.kernel_size[0], module.stride[0]
        bare = SameConv(x.shape[1], len(kernel), size, step, groups=module.groups)
        bare.load_state_dict({"weight": kernel, "bias": torch.zeros(len(kernel))})
        after = F.batch_norm(
            bare(x), parts["running_mean"], parts["running_var"], parts["weight"], parts["bias"], eps=1e-3
        )
        torch.testing.assert_close(module(x), after, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize(
    ("side", "kernel", "stride"), [(8, 3, 2), (9, 3, 2), (8, 5, 2), (7, 5, 2), (8, 3, 1)]
)
def test_padding_is_tensorflows(side: int, kernel: int, stride: int) -> None:
    """SAME padding: the output has ceil(side / stride) cells, and an odd pixel goes right and below."""
    layer = SameConv(1, 1, kernel, stride)
    nn.init.ones_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    out = layer(torch.ones(1, 1, side, side))
    assert out.shape[-1] == -(-side // stride)
    before = max((out.shape[-1] - 1) * stride + kernel - side, 0) // 2
    assert out[0, 0, 0, 0] == (kernel - before) ** 2


def eyes(dtype: torch.dtype = torch.float32) -> Pretrained:
    torch.manual_seed(1)
    photo = Pretrained(EYES.grid, EYES.width)
    photo.kind_of.copy_(torch.arange(CLASSES) % 7)
    return photo.to(dtype).eval().requires_grad_(False)


def test_tags_are_the_most_probable_classes_their_kind_and_those_of_the_quarters() -> None:
    photo = eyes(torch.float64)
    pixels = torch.rand(2, 3, 64, 64, dtype=torch.float64) * 2 - 1
    seen = photo.look(pixels)
    evidence = photo.network.evidence(photo.network(pixels))
    for row in range(2):
        likely = evidence[row].mean(0).softmax(0)
        assert seen.tags[row, :WHOLE].tolist() == likely.topk(WHOLE).indices.tolist()
        torch.testing.assert_close(seen.confidence[row, :WHOLE], likely.topk(WHOLE).values)
        kinds = [float(likely[photo.kind_of == kind].sum()) for kind in range(7)]
        assert int(seen.tags[row, WHOLE]) == CLASSES + kinds.index(max(kinds))
        assert float(seen.confidence[row, WHOLE]) == pytest.approx(max(kinds))
        for place, window in enumerate(quarters(EYES.grid).double()):
            inside = (evidence[row] * window[:, None]).sum(0).softmax(0)
            assert int(seen.tags[row, WHOLE + 1 + place]) == int(inside.argmax())
    torch.testing.assert_close(seen.places.sum(-1), torch.ones(2, TAGS, dtype=torch.float64))


def test_pictures_are_seen_alike_whatever_stands_beside_them() -> None:
    vision = VisionEncoder(EYES).double().eval()
    pixels = torch.rand(3, 3, 64, 64, dtype=torch.float64) * 2 - 1
    together = vision(pixels)
    assert together.shape == (3, EYES.tokens, EYES.width)
    assert EYES.tokens == EYES.grid**2 + TAGS
    alone = torch.cat([vision(each[None]) for each in pixels])
    torch.testing.assert_close(together, alone, atol=1e-10, rtol=0)


def test_what_was_seen_before_gives_the_same_tokens() -> None:
    vision = VisionEncoder(EYES).eval()
    assert vision.photo is not None
    pixels = torch.rand(2, 3, 64, 64) * 2 - 1
    seen = vision.photo.look(pixels).to(torch.device("cpu"), torch.float32)
    torch.testing.assert_close(vision(pixels, seen), vision(pixels))


def test_the_pretrained_network_is_not_trained_but_what_reads_it_is() -> None:
    torch.manual_seed(0)
    vision = VisionEncoder(EYES)
    vision(torch.rand(1, 3, 64, 64)).square().sum().backward()
    assert vision.photo is not None
    assert all(parameter.grad is None for parameter in vision.photo.network.parameters())
    for name in ("project.weight", "tag.weight", "rank", "confidence.weight"):
        assert vision.photo.get_parameter(name).grad is not None


def test_a_model_with_it_runs_and_has_a_place_for_the_tags_in_its_caches() -> None:
    text = DecoderConfig(vocab=300, width=16, layers=1, heads=2, kv_heads=1, ffn=16, cross_ffn=16)
    model = VisionLanguageModel(ModelConfig(EYES, text)).eval()
    assert model.encode(torch.zeros(2, 3, 64, 64)).shape == (2, *model.picture_shape)


def test_shapes_that_cannot_be_are_refused() -> None:
    with pytest.raises(CheckpointError, match="no pretrained network 'resnet'"):
        VisionConfig(pretrained="resnet")
    with pytest.raises(CheckpointError, match="cells of the same size"):
        VisionConfig(image_size=256, stem=(8, 16), width=16, heads=2, pretrained="efficientnet-lite0")
