"""The causal decoder with gated cross-attention to pictures.

Llama-style blocks (RMSNorm, rotary positions, SwiGLU, grouped key/value heads) with
Flamingo's gated cross-attention blocks after them (Alayrac et al. 2022,
arXiv:2204.14198). Each cross block adds tanh(gate) times what it found; the gates
start at zero, so a fresh fusion is the identity and the text model is undisturbed.
Queries and keys are normalised (Henry et al. 2020, arXiv:2010.04245) and so are the
embeddings: without, attention saturated early on wrong cells and the pictures drowned
the words, and the model answered blind for tens of thousands of dialogues.

Shapes: b rows, s new positions, t positions so far, d channels, h heads, g key/value
heads, e channels a head; n pictures, p image tokens a picture, v image channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from chat.model.cache import KVCache, PictureView
from chat.model.config import DecoderConfig
from chat.model.groups import CacheGroup, PictureGroup
from chat.model.layers import SwiGLU, attend, merge_heads, rotary_tables, rotate, split_heads


class SelfAttentionBlock(nn.Module):
    """Causal self-attention, then SwiGLU, both pre-norm and residual: (b, s, d) → (b, s, d)."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads = config.heads, config.kv_heads
        kv_width = config.kv_heads * config.head_dim
        self.norm = nn.RMSNorm(config.width)
        self.query = nn.Linear(config.width, config.width, bias=False)
        self.key_value = nn.Linear(config.width, 2 * kv_width, bias=False)
        self.query_norm = nn.RMSNorm(config.head_dim)
        self.key_norm = nn.RMSNorm(config.head_dim)
        self.out = nn.Linear(config.width, config.width, bias=False)
        self.ffn_norm = nn.RMSNorm(config.width)
        self.ffn = SwiGLU(config.width, config.ffn)

    def forward(self, x: Tensor, step: Step, layer: int) -> Tensor:
        normed = self.norm(x)
        key, value = self.key_value(normed).chunk(2, dim=-1)
        query = rotate(self.query_norm(split_heads(self.query(normed), self.heads)), step.rotary)
        key = rotate(self.key_norm(split_heads(key, self.kv_heads)), step.rotary)
        value = split_heads(value, self.kv_heads)
        if step.cache is None:
            found = attend(query, key, value, causal=True)
        else:
            found = step.cache.attend(layer, step.slots, query, key, value, step.causal_mask)
        x = x + self.out(merge_heads(found))
        out: Tensor = x + self.ffn(self.ffn_norm(x))
        return out


class CrossAttentionBlock(nn.Module):
    """Gated attention from text to the pictures in view: (b, s, d) → (b, s, d).

    A position that sees no picture passes through unchanged, feed-forward included.
    """

    def __init__(self, config: DecoderConfig, image_width: int) -> None:
        super().__init__()
        self.heads, self.kv_heads = config.heads, config.kv_heads
        kv_width = config.kv_heads * config.head_dim
        self.norm = nn.RMSNorm(config.width)
        self.query = nn.Linear(config.width, config.width, bias=False)
        self.key_value = nn.Linear(image_width, 2 * kv_width, bias=False)
        self.query_norm = nn.RMSNorm(config.head_dim)
        self.key_norm = nn.RMSNorm(config.head_dim)
        self.number = nn.Embedding(config.images, 2 * kv_width)
        self.out = nn.Linear(config.width, config.width, bias=False)
        self.gate = nn.Parameter(torch.zeros(()))
        self.ffn_norm = nn.RMSNorm(config.width)
        self.ffn = SwiGLU(config.width, config.cross_ffn)
        self.ffn_gate = nn.Parameter(torch.zeros(()))

    def picture_kv(self, tokens: Tensor) -> Tensor:
        """Image tokens (n, p, v) → keys and values (n, 2, g, p, e), whatever the picture's number will be."""
        n, p, _ = tokens.shape
        both = self.key_value(tokens).view(n, p, 2, self.kv_heads, -1).permute(2, 0, 3, 1, 4)
        key, value = both.unbind()
        return torch.stack((self.key_norm(key), value), dim=1)

    def number_kv(self, numbers: Tensor) -> Tensor:
        """What picture numbers (…,), from 0, add to every key and value: (…, 2, g, 1, e)."""
        rows: Tensor = self.number(numbers)
        return rows.view(*numbers.shape, 2, self.kv_heads, 1, -1)

    def forward(self, x: Tensor, step: Step, index: int) -> Tensor:
        pictures = step.pictures
        if pictures is None:
            return x
        query = self.query_norm(split_heads(self.query(self.norm(x)), self.heads))
        found = pictures.attend(index, query, step.picture_mask)
        gate, ffn_gate = self.gate.tanh(), self.ffn_gate.tanh()
        if step.seen is not None:
            gate, ffn_gate = gate * step.seen, ffn_gate * step.seen
        x = x + gate * self.out(merge_heads(found))
        out: Tensor = x + ffn_gate * self.ffn(self.ffn_norm(x))
        return out


class Step:
    """What every block needs of one call: where the new tokens stand and what they may see."""

    def __init__(
        self,
        slots: Tensor,
        rotary: tuple[Tensor, Tensor],
        cache: KVCache | CacheGroup | None,
        pictures: PictureView | PictureGroup | None,
    ) -> None:
        self.slots, self.rotary, self.cache, self.pictures = slots, rotary, cache, pictures
        self.causal_mask = None if cache is None else cache.prepare(slots)
        self.picture_mask: Tensor | None = None
        self.seen: Tensor | None = None
        if pictures is not None:
            self.picture_mask, self.seen = pictures.masks(slots)


class Decoder(nn.Module):
    """Token ids (b, s) → logits (b, s, vocab), reading pictures and an optional cache."""

    def __init__(self, config: DecoderConfig, image_width: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab, config.width)
        self.picture_number = nn.Embedding(config.images, config.width)
        self.embedding_norm = nn.RMSNorm(config.width)
        self.blocks = nn.ModuleList(SelfAttentionBlock(config) for _ in range(config.layers))
        self.cross = nn.ModuleList(CrossAttentionBlock(config, image_width) for _ in config.cross_layers)
        self.norm = nn.RMSNorm(config.width)

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
        """Final hidden states (b, s, d) of the new tokens.

        ids (b, s), padded on the right. numbers (b, s): at an image token its picture's
        number plus one, elsewhere 0. positions (b, s): rotary positions when they differ
        from the slots (training only). With a cache, tokens go to the slots after each
        row's length and `counts` (b,) of them are kept (default: all s).
        """
        b, s = ids.shape
        slots = torch.arange(s, device=ids.device).expand(b, s)
        if cache is not None:
            slots = slots + cache.lengths[:, None]
        places = slots if positions is None else positions
        rotary = rotary_tables(
            places, self.config.head_dim, self.config.rope_theta, self.embedding.weight.dtype
        )
        step = Step(slots, rotary, cache, pictures)
        marks = self.picture_number((numbers - 1).clamp(min=0)) * (numbers > 0).unsqueeze(-1)
        x = self.through(self.embedding_norm(self.embedding(ids) + marks), step)
        if cache is not None:
            cache.advance(torch.full_like(cache.lengths, s) if counts is None else counts)
        out: Tensor = self.norm(x)
        return out

    def through(self, x: Tensor, step: Step) -> Tensor:
        """All blocks in turn: (b, s, d) → (b, s, d). The part that training compiles."""
        for layer, block in enumerate(self.blocks):
            x = block(x, step, layer)
            if layer % self.config.cross_every == 0:
                index = layer // self.config.cross_every
                x = self.cross[index](x, step, index)
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        """Hidden states (…, d) → float32 logits (…, vocab); the embedding is tied."""
        return nn.functional.linear(hidden, self.embedding.weight).float()
