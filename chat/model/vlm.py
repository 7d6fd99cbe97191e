"""The vision-language model: encoder, decoder, and the pictures' keys and values between them.

Shapes: b rows, s positions, n pictures, m pictures a row, p image tokens a picture,
X cross-attention layers, g key/value heads, e channels a head.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from chat.errors import CheckpointError
from chat.model.cache import KVCache, PictureView
from chat.model.config import ModelConfig
from chat.model.contrast import ContrastHeads
from chat.model.decoder import CrossAttentionBlock, Decoder
from chat.model.groups import CacheGroup, PictureGroup
from chat.model.photo import Seen
from chat.model.vision import VisionEncoder


class VisionLanguageModel(nn.Module):
    """A ViT encoder whose image tokens a causal decoder reads through gated cross-attention.

    kv_dtype: what keys and values are kept in for decoding; None: the weights' type.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.vision = VisionEncoder(config.vision)
        self.decoder = Decoder(config.decoder, config.vision.width)
        self.contrast = None if config.contrast is None else ContrastHeads(config, config.contrast)
        self.kv_dtype: torch.dtype | None = None
        self._initialise()

    def _initialise(self) -> None:
        """Normal weights that keep the size of what they multiply; what writes to the residual
        stream is scaled down by depth (GPT-2), and tables are small."""
        for name, parameter in self.named_parameters():
            if parameter.ndim != 2 or name.endswith("place"):
                continue
            std = (
                0.02
                if isinstance(self.get_submodule(name.rpartition(".")[0]), nn.Embedding)
                else parameter.shape[1] ** -0.5
            )
            if name.endswith(("out.weight", "down.weight")):
                layers = (
                    self.config.vision.layers if name.startswith("vision") else 2 * self.config.decoder.layers
                )
                std /= (2 * layers) ** 0.5
            nn.init.normal_(parameter, std=std)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.decoder.embedding.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """The weights' type."""
        return self.decoder.embedding.weight.dtype

    @property
    def held_dtype(self) -> torch.dtype:
        """The type of a cache's keys and values."""
        return self.kv_dtype or self.dtype

    @property
    def picture_shape(self) -> tuple[int, ...]:
        """(X, 2, g, p, e) of one picture's keys and values."""
        decoder = self.config.decoder
        layers, heads = len(decoder.cross_layers), decoder.kv_heads
        return layers, 2, heads, self.config.vision.tokens, decoder.head_dim

    def picture_kv(self, tokens: Tensor) -> Tensor:
        """Image tokens (n, p, d) → keys and values for every cross layer (n, X, 2, g, p, e).

        They depend on pixels and weights alone: the picture's number is added when
        they are put into view, so one result serves any place in any conversation.
        """
        return torch.stack([block.picture_kv(tokens) for block in self._cross()], dim=1)

    def encode(self, pixels: Tensor, seen: Seen | None = None) -> Tensor:
        """Pixels (n, 3, H, W) in [-1, 1] → keys and values (n, X, 2, g, p, e); `seen` as for the encoder."""
        return self.picture_kv(self.vision(pixels, seen))

    def encode_image(self, pixels: Tensor, seen: Seen | None = None) -> Tensor:
        """Pixels (n, 3, H, W) in [-1, 1] → vectors (n, w) of unit length, float32; `seen` as for the encoder.

        Raises CheckpointError for a model that has no heads for it, as `encode_text` does.
        """
        return self._heads().images(self.vision(pixels, seen))

    def encode_text(self, ids: Tensor, counts: Tensor) -> Tensor:
        """Token ids (n, s), of which counts (n,) are real → vectors (n, w) of unit length, float32."""
        return self._heads().texts(self.decoder.embedding_norm(self.decoder.embedding(ids)), counts)

    def view(self, pictures: Tensor, index: Tensor, numbers: Tensor, visible_from: Tensor) -> PictureView:
        """Put encoded pictures (n, X, 2, g, p, e) before the rows that see them.

        index (b, m): which picture stands there (anything where there is none);
        numbers (b, m): its number from 0; visible_from (b, m): the first slot that sees
        it, NEVER for padding.
        """
        b, m = index.shape
        # index_select and unbind, because the gradients of plain indexing are several times as slow.
        chosen = pictures.index_select(0, index.flatten())
        keys, values = [], []
        for block, own in zip(self._cross(), chosen.unbind(1), strict=True):
            numbered = own + block.number_kv(numbers.flatten()).to(chosen.dtype)
            heads, tokens = numbered.shape[2:4]
            joined = numbered.view(b, m, 2, heads, tokens, -1).permute(2, 0, 3, 1, 4, 5).flatten(3, 4)
            key, value = joined.to(self.kv_dtype or joined.dtype).unbind()
            keys.append(key)
            values.append(value)
        return PictureView(tuple(keys), tuple(values), visible_from)

    def view_row(
        self, pictures: list[Tensor], visible_from: list[int], numbers: Sequence[int] | None = None
    ) -> PictureView | None:
        """The view of one row: its pictures (X, 2, g, p, e) in order of appearance; None without any.

        numbers: those of the pictures, from 1; None numbers them in order.
        """
        if not pictures:
            return None
        order = torch.arange(len(pictures), device=self.device)[None]
        named = order if numbers is None else torch.tensor([numbers], device=self.device) - 1
        return self.view(
            torch.stack(pictures), order, named, torch.tensor([visible_from], device=self.device)
        )

    def new_cache(self, rows: int = 1) -> KVCache:
        """An empty cache for `rows` conversations."""
        shape = self.config.decoder
        return KVCache(
            shape.layers,
            rows,
            shape.kv_heads,
            shape.head_dim,
            dtype=self.held_dtype,
            device=self.device,
        )

    def forward(
        self,
        ids: Tensor,
        numbers: Tensor,
        *,
        positions: Tensor | None = None,
        pictures: PictureView | PictureGroup | None = None,
        cache: KVCache | CacheGroup | None = None,
        counts: Tensor | None = None,
    ) -> Tensor:
        """Logits (b, s, vocab), float32; the arguments are those of Decoder.forward."""
        hidden = self.decoder(
            ids, numbers, positions=positions, pictures=pictures, cache=cache, counts=counts
        )
        return self.decoder.logits(hidden)

    def _heads(self) -> ContrastHeads:
        if self.contrast is None:
            raise CheckpointError("This model has no heads that compare pictures with words.")
        return self.contrast

    def _cross(self) -> list[CrossAttentionBlock]:
        return [block for block in self.decoder.cross if isinstance(block, CrossAttentionBlock)]
