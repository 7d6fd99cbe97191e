"""Transformers' Llama in bfloat16, decoding with its own cache.

The shape is that of our decoder without its cross-attention blocks, the weights are random.
"""

from __future__ import annotations

import statistics
import time

import torch
from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

from chat.bench.peers import Decode, serve
from chat.model.config import DecoderConfig


def llama(config: DecoderConfig) -> LlamaForCausalLM:
    """A model of the decoder's shape with random weights, in float32."""
    shape = LlamaConfig(
        vocab_size=config.vocab,
        hidden_size=config.width,
        intermediate_size=config.ffn,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads,
        max_position_embeddings=config.context,
        tie_word_embeddings=True,
    )
    model: LlamaForCausalLM = LlamaForCausalLM(shape).train(False)
    return model


def load(config: DecoderConfig, threads: int) -> Decode:
    """Greedy decoding, one forward a step over all rows. The context is read once, and gone back to after."""
    torch.set_num_threads(threads)
    model = llama(config).bfloat16()
    read: dict[tuple[int, int], DynamicCache] = {}

    @torch.inference_mode()
    def decode(context: int, steps: int, rows: int) -> float:
        if (context, rows) not in read:
            ids = torch.randint(config.vocab, (rows, context))
            read[context, rows] = model(ids, use_cache=True, logits_to_keep=1).past_key_values
        cache = read[context, rows]
        token = torch.zeros(rows, 1, dtype=torch.long)
        times = []
        for _ in range(steps):
            began = time.perf_counter()
            logits = model(token, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
            token = logits[:, -1:].argmax(-1)
            times.append(time.perf_counter() - began)
        cache.crop(-steps)
        return statistics.median(times)

    return decode


if __name__ == "__main__":
    serve(load)
