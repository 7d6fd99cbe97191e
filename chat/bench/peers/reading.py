"""What transformers takes to read a conversation up to the next reply's first token, in float32 as ours.

Where no cache is carried over from turn to turn, it reads all of it: the pictures too are encoded anew.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from transformers import DynamicCache, MllamaConfig, MllamaForConditionalGeneration
from transformers.models.mllama.configuration_mllama import MllamaTextConfig, MllamaVisionConfig

from chat.bench.peers.hf import llama
from chat.model.config import DecoderConfig, ModelConfig


@torch.inference_mode()
def text(config: DecoderConfig, tokens: int, new: int, repeats: int) -> tuple[float, float]:
    """Seconds for a Llama of the decoder's shape to read `tokens` tokens, and to read the last `new` of them
    where it goes on from its own cache of the others."""
    model = llama(config)
    ids = torch.randint(config.vocab, (1, tokens))
    cache = DynamicCache()
    model(ids[:, :-new], past_key_values=cache, use_cache=True, logits_to_keep=1)

    def go_on() -> None:
        model(ids[:, -new:], past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache.crop(-new)

    return median(lambda: model(ids, use_cache=True, logits_to_keep=1), repeats), median(go_on, 5 * repeats)


@torch.inference_mode()
def pictures(config: ModelConfig, tokens: int, shown: int, repeats: int) -> float:
    """Seconds for a Llama 3.2 Vision of the model's shape to read `tokens` tokens with `shown` pictures."""
    model = mllama(config)
    ids = torch.randint(config.decoder.vocab, (1, tokens))
    places = [number * tokens // shown for number in range(shown)]
    ids[0, places] = model.config.image_token_index
    # A token sees the pictures before it; each is one tile.
    seen = (torch.tensor(places) <= torch.arange(tokens)[:, None]).long()
    side = config.vision.image_size
    inputs = {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "pixel_values": torch.randn(1, shown, 1, 3, side, side),
        "aspect_ratio_ids": torch.ones(1, shown, dtype=torch.long),
        "aspect_ratio_mask": torch.ones(1, shown, 1, dtype=torch.long),
        "cross_attention_mask": seen[None, :, :, None],
    }
    return median(lambda: model(**inputs, use_cache=True, logits_to_keep=1), repeats)


def mllama(config: ModelConfig) -> MllamaForConditionalGeneration:
    """Transformers' own vision-language classes in our shape, with random weights: as many self-attention
    and cross-attention layers, and as many image tokens (and one more, for the whole picture)."""
    shape, eyes = config.decoder, config.vision
    # Theirs count cross-attention layers among all; ours come after every `cross_every`-th of the others.
    cross = [layer + number + 1 for number, layer in enumerate(shape.cross_layers)]
    reads = MllamaTextConfig(
        vocab_size=shape.vocab - 8,  # they add eight rows for the image token
        hidden_size=shape.width,
        intermediate_size=shape.ffn,
        num_hidden_layers=shape.layers + len(cross),
        cross_attention_layers=cross,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=shape.context,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    sees = MllamaVisionConfig(
        hidden_size=eyes.width,
        intermediate_size=eyes.ffn,
        num_hidden_layers=eyes.layers,
        num_global_layers=1,
        attention_heads=eyes.heads,
        image_size=eyes.image_size,
        patch_size=eyes.cell,
        max_num_tiles=1,
        supported_aspect_ratios=[[1, 1]],
        intermediate_layers_indices=[eyes.layers - 1],
        vision_output_dim=2 * eyes.width,
    )
    both = MllamaConfig(text_config=reads, vision_config=sees, image_token_index=shape.vocab - 8)
    model: MllamaForConditionalGeneration = MllamaForConditionalGeneration(both).train(False)
    return model


def median(work: Callable[[], object], repeats: int) -> float:
    """Seconds that `work` takes, the median of so many times after one that is not counted."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])
