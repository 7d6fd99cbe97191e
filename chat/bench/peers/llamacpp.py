"""llama.cpp on a Llama of our decoder's shape with random weights in Q8_0: 8 bits and a scale for each 32.

Needs `llama-cpp-python` and `gguf` (the extra "bench"), built for the machine it runs on: docs/benchmarks.md
has the command. Keys and values are in float16, its default; attention is its flash attention or the other,
whichever is faster here: with long contexts, its own choice need not be.
"""

from __future__ import annotations

import ctypes
import statistics
import tempfile
import time
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
from gguf import GGMLQuantizationType

from chat.bench.peers import Decode, serve
from chat.model.config import DecoderConfig

AT_ONCE = 512
"""The most tokens of a prompt in one call."""

REPLY = 256
"""Tokens that fit after the context."""

ATTENTION = (llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED, llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED)


def write(config: DecoderConfig, path: Path) -> None:
    """A model file with random weights and no vocabulary. Widths must be multiples of 32."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_vocab_size(config.vocab)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.width)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.ffn)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("no_vocab")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    random = np.random.default_rng(0)
    for name, shape in tensors(config).items():
        if len(shape) == 1:
            writer.add_tensor(name, np.ones(shape, np.float32))
        else:
            values = random.standard_normal(shape, np.float32) * shape[1] ** -0.5
            packed = gguf.quants.quantize(values, GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(config: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """The tensors of a Llama whose output is tied to its embedding, by name: (out, in), or (width,)."""
    width, ffn, kv_width = config.width, config.ffn, config.kv_heads * config.head_dim
    block = {
        "attn_norm": (width,),
        "attn_q": (width, width),
        "attn_k": (kv_width, width),
        "attn_v": (kv_width, width),
        "attn_output": (width, width),
        "ffn_norm": (width,),
        "ffn_gate": (ffn, width),
        "ffn_up": (ffn, width),
        "ffn_down": (width, ffn),
    }
    return {
        "token_embd.weight": (config.vocab, width),
        **{
            f"blk.{layer}.{name}.weight": shape
            for layer in range(config.layers)
            for name, shape in block.items()
        },
        "output_norm.weight": (width,),
    }


class Conversations:
    """A llama.cpp context: rows of `context` tokens side by side, to go on from again and again.

    `flash` is one of the LLAMA_FLASH_ATTN_TYPE constants. Raises RuntimeError where llama.cpp refuses.
    """

    def __init__(self, model: int, vocab: int, context: int, rows: int, threads: int, flash: int) -> None:
        params = llama_cpp.llama_context_default_params()
        params.flash_attn_type = flash
        params.n_ctx = rows * (context + REPLY)
        params.n_seq_max = rows
        params.n_batch = max(AT_ONCE, rows)
        params.n_threads = params.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(model, params)
        if not self._context:
            raise RuntimeError(f"llama.cpp has no room for {rows} conversations of {context} tokens.")
        self._batch = llama_cpp.llama_batch_init(params.n_batch, 0, 1)
        self._vocab, self._length, self._rows = vocab, context, rows
        random = np.random.default_rng(1)
        for row in range(rows):
            for start in range(0, context, AT_ONCE):
                places = range(start, min(start + AT_ONCE, context))
                self._run([(int(random.integers(vocab)), at, row) for at in places])

    def decode(self, steps: int) -> float:
        """Seconds a step, the median of so many greedy ones; then back to the context alone."""
        memory = llama_cpp.llama_get_memory(self._context)
        tokens, times = [0] * self._rows, []
        for step in range(steps):
            began = time.perf_counter()
            self._run([(token, self._length + step, row) for row, token in enumerate(tokens)])
            tokens = [self._likeliest(row) for row in range(self._rows)]
            times.append(time.perf_counter() - began)
        for row in range(self._rows):
            llama_cpp.llama_memory_seq_rm(memory, row, self._length, -1)
        return statistics.median(times)

    def _run(self, tokens: list[tuple[int, int, int]]) -> None:
        """Tokens as (id, position, row), through the model; logits after the last of each row."""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for index, (token, position, row) in enumerate(tokens):
            batch.token[index], batch.pos[index] = token, position
            batch.n_seq_id[index], batch.seq_id[index][0] = 1, row
            batch.logits[index] = index + 1 == len(tokens) or tokens[index + 1][2] != row
        if failure := llama_cpp.llama_decode(self._context, batch):
            raise RuntimeError(f"llama_decode failed with {failure}.")

    def _likeliest(self, index: int) -> int:
        logits = llama_cpp.llama_get_logits_ith(self._context, index)
        return int(np.ctypeslib.as_array(logits, (self._vocab,)).argmax())


def load(config: DecoderConfig, threads: int) -> Decode:
    """Greedy decoding, one llama_decode a step over all rows."""
    llama_cpp.llama_log_set(SILENT, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.gguf"
        write(config, path)
        params = llama_cpp.llama_model_default_params()
        params.use_mmap = False  # the file goes at once
        model = llama_cpp.llama_model_load_from_file(bytes(path), params)
    if model is None:
        raise RuntimeError("llama.cpp cannot load a model of this shape.")
    read: dict[tuple[int, int], Conversations] = {}

    def decode(context: int, steps: int, rows: int) -> float:
        if (context, rows) not in read:
            either = [
                Conversations(model, config.vocab, context, rows, threads, flash) for flash in ATTENTION
            ]
            read[context, rows] = min(either, key=lambda each: each.decode(steps))
        return read[context, rows].decode(steps)

    return decode


def _say_nothing(level: int, text: bytes, user_data: int) -> None:
    """llama.cpp tells much on the way; what fails is raised."""


# Kept as long as the process: llama.cpp holds its address alone.
SILENT = llama_cpp.llama_log_callback(_say_nothing)


if __name__ == "__main__":
    serve(load)
