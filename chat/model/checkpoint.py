"""A checkpoint: a folder of `model.safetensors`, `config.json` and `tokenizer.model`.

Its fingerprint hashes all three and the preprocessing, so two programs with the same
fingerprint compute the same keys and values from the same picture and text.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from chat.errors import CheckpointError
from chat.model.config import ModelConfig
from chat.model.images import PREPROCESSING
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
TOKENIZER = "tokenizer.model"
FILES = (WEIGHTS, CONFIG, TOKENIZER)

BUILTIN = Path(__file__).parent / "weights"
"""The checkpoint that ships with the program."""


@dataclass(frozen=True)
class Checkpoint:
    """A loaded model with its tokenizer and fingerprint (64 hex digits)."""

    model: VisionLanguageModel
    tokenizer: Tokenizer
    fingerprint: str


def fingerprint(folder: Path) -> str:
    """sha256 over preprocessing, config, tokenizer and weights."""
    digest = hashlib.sha256(PREPROCESSING.encode())
    for name in FILES:
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def save(
    folder: Path,
    config: ModelConfig,
    tokenizer: Tokenizer,
    weights: Mapping[str, Tensor],
    *,
    dtype: torch.dtype = torch.bfloat16,
    about: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint; each file appears whole or not at all. `about` goes into config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = {
        name: tensor.detach().to("cpu", dtype if tensor.is_floating_point() else tensor.dtype).contiguous()
        for name, tensor in weights.items()
    }
    partial = folder / (WEIGHTS + ".partial")
    save_file(stored, partial, metadata={"format": "pt"})
    os.replace(partial, folder / WEIGHTS)
    values = {**config.to_dict(), **({"about": dict(about)} if about else {})}
    write_whole(folder / CONFIG, (json.dumps(values, indent=2) + "\n").encode())
    write_whole(folder / TOKENIZER, tokenizer.model)


def load(
    folder: Path | None = None,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Checkpoint:
    """Read a checkpoint (None: the built-in one) onto a device, ready for inference.

    Raises CheckpointError when a file is missing, damaged, or does not fit the rest.
    """
    folder = BUILTIN if folder is None else folder
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(f"{folder} is not a checkpoint: it has no {' and no '.join(missing)}.")
    try:
        config = ModelConfig.from_dict(json.loads((folder / CONFIG).read_text("utf-8")))
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{folder / CONFIG} is not JSON: {error}") from error
    tokenizer = Tokenizer.load(folder / TOKENIZER)
    if tokenizer.vocab != config.decoder.vocab:
        raise CheckpointError(
            f"{folder}: the tokenizer has {tokenizer.vocab} pieces and the model {config.decoder.vocab}; "
            "the files are not of one checkpoint."
        )
    model = VisionLanguageModel(config).requires_grad_(False).eval()
    try:
        model.load_state_dict(load_file(folder / WEIGHTS))
    except (SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{folder / WEIGHTS} does not hold this model's weights: {error}") from error
    return Checkpoint(model.to(device, dtype), tokenizer, fingerprint(folder))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all, in the place of what was there."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    os.replace(partial, path)
