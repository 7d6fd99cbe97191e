"""The shape of a model, as frozen values that a checkpoint keeps in its `config.json`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from chat.errors import CheckpointError

PRETRAINED = {"efficientnet-lite0": 32}
"""Pretrained networks that an encoder may hold, and the side of their cells in pixels."""

TAGS = 8
"""Image tokens that are object tags, in an encoder with a pretrained network: see chat.model.photo."""

FORMAT = 1
"""Version of the checkpoint layout; a reader refuses a newer one."""


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """The encoder: a convolutional stem, then ViT blocks.

    The stem's first stage quarters the picture and each further one halves it; `stem`
    lists their channels. A picture of `image_size` pixels becomes a grid of
    `image_size / 2**(len(stem) + 1)` cells a side, one image token each. With
    `pretrained` ("efficientnet-lite0"), that network reads the picture as it is, the own
    stem reads it at half its size, and object tags follow the grid's tokens.
    """

    image_size: int = 128
    stem: tuple[int, ...] = (64, 128, 256)
    width: int = 256
    layers: int = 4
    heads: int = 4
    ffn: int = 768
    pretrained: str = ""

    def __post_init__(self) -> None:
        if self.pretrained not in ("", *PRETRAINED):
            raise CheckpointError(f"There is no pretrained network {self.pretrained!r} here.")
        if self.pretrained and self.cell != PRETRAINED[self.pretrained]:
            raise CheckpointError(f"{self.pretrained} and the stem must have cells of the same size.")
        if self.image_size % self.cell:
            raise CheckpointError(f"image_size {self.image_size} is not a multiple of {self.cell}.")
        if self.width % (4 * self.heads):
            raise CheckpointError("The encoder's width must be a multiple of four times its heads.")

    @property
    def cell(self) -> int:
        """Pixels along the side of one image token."""
        return int(2 ** (len(self.stem) + 1)) * (2 if self.pretrained else 1)

    @property
    def grid(self) -> int:
        """Image tokens along a side."""
        return self.image_size // self.cell

    @property
    def tokens(self) -> int:
        """Image tokens of one picture: one for each cell, then the tags."""
        return self.grid**2 + (TAGS if self.pretrained else 0)


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """The decoder: causal self-attention blocks, gated cross-attention after each `cross_every`-th.

    `context` is the most positions a prompt and its reply may take; `images` the most
    pictures that can be told apart in one prompt.
    """

    vocab: int = 2048
    width: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 4
    ffn: int = 640
    cross_every: int = 1
    cross_ffn: int = 256
    context: int = 1024
    images: int = 6
    rope_theta: float = 10_000.0

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise CheckpointError("The decoder's width must be a multiple of twice its heads.")
        if self.heads % self.kv_heads:
            raise CheckpointError("The decoder's heads must be a multiple of its kv_heads.")

    @property
    def head_dim(self) -> int:
        """Channels of one head."""
        return self.width // self.heads

    @property
    def cross_layers(self) -> tuple[int, ...]:
        """The self-attention blocks that a cross-attention block follows."""
        return tuple(range(0, self.layers, self.cross_every))


@dataclass(frozen=True, slots=True)
class ContrastConfig:
    """The heads that put pictures and texts into one space of `width` numbers.

    Pictures: each image token through a feed-forward of `pool_ffn`, then attention pooling with
    `pool_heads`. Texts: `layers` blocks of the decoder's width, with `heads` and `ffn`.
    """

    width: int = 128
    layers: int = 2
    heads: int = 4
    ffn: int = 512
    pool_heads: int = 8
    pool_ffn: int = 256


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A whole model; `contrast` is None for one that cannot find pictures by words."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    contrast: ContrastConfig | None = None

    def __post_init__(self) -> None:
        heads = self.contrast
        if heads is not None and (
            self.vision.width % heads.pool_heads or self.decoder.width % (2 * heads.heads)
        ):
            raise CheckpointError(
                "The encoder's width must be a multiple of the pooling heads, and the decoder's of twice "
                "the text heads."
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the layout's version; a part that the model lacks is left out."""
        parts = {name: part for name, part in asdict(self).items() if part is not None}
        return {"format": FORMAT, **parts}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """The inverse of `to_dict`; raises CheckpointError for anything this version cannot read."""
        version = values.get("format")
        if version != FORMAT:
            raise CheckpointError(
                f"This checkpoint has layout {version!r}, and this version reads {FORMAT}: "
                "update the program, or train the checkpoint again."
            )
        try:
            vision = dict(values["vision"])
            vision["stem"] = tuple(vision["stem"])
            heads = values.get("contrast")
            contrast = None if heads is None else ContrastConfig(**heads)
            return cls(VisionConfig(**vision), DecoderConfig(**values["decoder"]), contrast)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"The checkpoint's config.json does not describe a model: {error}"
            ) from error


def tiny() -> ModelConfig:
    """A model small enough for numeric tests: 16-pixel pictures, four image tokens, two blocks a side."""
    return ModelConfig(
        VisionConfig(image_size=16, stem=(8, 16), width=16, layers=1, heads=2, ffn=32),
        DecoderConfig(
            vocab=320, width=32, layers=2, heads=4, kv_heads=2, ffn=48, cross_ffn=32, context=256, images=4
        ),
    )
