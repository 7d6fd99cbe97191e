"""What may be set, and where data lives. Every other default stands beside what it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from chat.errors import ConfigError
from memory.places import data_dir, default_database

__all__ = [
    "Device",
    "Dtype",
    "Settings",
    "check_device",
    "check_dtype",
    "check_threads",
    "data_dir",
    "default_database",
]

Device = Literal["auto", "cpu", "cuda"]
"""Where a model runs; "auto" takes a CUDA device if there is one."""

Dtype = Literal["auto", "float32", "bfloat16", "int8", "int4"]
"""The number format of a model's weights; "auto" suits the device. int8 and int4 are for the CPU."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may choose about model and data; every entrance (launch.py, Chat) shares it.

    `model` is "builtin", "echo" or the folder of a checkpoint; `threads` is the number of
    CPU threads the model may use, None for as many as the machine has cores. Raises
    ConfigError, naming the setting and what it may be, for a value that cannot be.
    """

    model: str = "builtin"
    database: Path = field(default_factory=default_database)
    device: Device = "auto"
    dtype: Dtype = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        check_device(self.device)
        check_dtype(self.dtype)
        check_threads(self.threads)
        if not self.model:
            raise ConfigError("The model's name is empty: give builtin, echo, or the folder of a checkpoint.")


def check_device(device: str) -> None:
    """Raise ConfigError unless `device` is one of `Device`."""
    _check_choice("device", device, get_args(Device))


def check_dtype(dtype: str) -> None:
    """Raise ConfigError unless `dtype` is one of `Dtype`."""
    _check_choice("dtype", dtype, get_args(Dtype))


def check_threads(threads: int | None) -> None:
    """Raise ConfigError unless `threads` is None or at least 1."""
    if threads is not None and threads < 1:
        raise ConfigError(f"threads is {threads}: give a number of CPU threads from 1 up, or leave it out.")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"There is no {name} {value!r}; choose one of {', '.join(choices)}.")
