"""Engines: what turns messages into a reply, and `load`, which finds one by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from chat.config import check_device, check_dtype, check_threads
from chat.engines.base import (
    Delta,
    Engine,
    Finish,
    FinishReason,
    Limits,
    Request,
    Sampling,
    Usage,
)
from chat.engines.echo import EchoEngine
from chat.errors import ConfigError

__all__ = [
    "Delta",
    "EchoEngine",
    "Engine",
    "Finish",
    "FinishReason",
    "Limits",
    "Request",
    "Sampling",
    "Usage",
    "close_all",
    "load",
]

_loaded: dict[tuple[str, str, str], Engine] = {}
_lock = Lock()


def load(
    model: str = "builtin",
    *,
    device: str = "auto",
    dtype: str = "auto",
    threads: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Engine:
    """The engine for `model`: "builtin", "echo", or the folder of a checkpoint of ours.

    One engine serves all callers of a process that ask for the same model, device and
    dtype, so it is loaded once; it stays until `close_all`, and callers do not close it.
    `threads` and `progress` (called with words on what is being loaded) count for the
    call that loads it.

    Raises ConfigError for an unknown model, device or dtype, CheckpointError for a
    checkpoint that cannot be read, EngineError if the model cannot run here.
    """
    check_device(device)
    check_dtype(dtype)
    check_threads(threads)
    folder = _checkpoint_folder(model)
    key = (str(folder or model), device, dtype)
    # Held while loading: a second caller is to wait for the model, not to load it again.
    with _lock:
        if key not in _loaded:
            _loaded[key] = (
                EchoEngine() if model == "echo" else _load_builtin(folder, device, dtype, threads, progress)
            )
        return _loaded[key]


def close_all() -> None:
    """Close every engine that `load` made and forget it. No reply may be under way."""
    with _lock:
        while _loaded:
            _, engine = _loaded.popitem()
            engine.close()


def _checkpoint_folder(model: str) -> Path | None:
    """The folder that `model` names, None if it names an engine; ConfigError if neither."""
    if model in ("builtin", "echo"):
        return None
    folder = Path(model).expanduser()
    if not model or not os.path.isdir(folder):
        raise ConfigError(
            f"There is no model {model!r}: choose builtin or echo, or give the folder of a checkpoint."
        )
    return folder.resolve()


def _load_builtin(
    folder: Path | None,
    device: str,
    dtype: str,
    threads: int | None,
    progress: Callable[[str], None] | None,
) -> Engine:
    # Imported here because it loads torch, which takes seconds that echo must not cost.
    from chat.engines.builtin import BuiltinEngine

    return BuiltinEngine.load(folder, device=device, dtype=dtype, threads=threads, progress=progress)
