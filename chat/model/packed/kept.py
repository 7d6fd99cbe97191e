"""What Numba keeps of the compiled loops on disk, and of which sources it is.

Numba looks at the file of the function that is called and not at those of the functions that this calls, so
that after an update it would run yesterday's loops.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import llvmlite.binding
import numba

HERE = Path(__file__).parent


def mark(folder: Path, name: object) -> Path:
    """A file beside what Numba keeps, named after all that this depends on."""
    sources = sorted((path.name, path.stat().st_mtime_ns) for path in HERE.glob("*.py"))
    features = llvmlite.binding.get_host_cpu_features().flatten()
    about = [numba.__version__, sys.version, llvmlite.binding.get_host_cpu_name(), features, sources, name]
    return folder / f"compiled-{hashlib.sha256(repr(about).encode()).hexdigest()[:16]}"


def forget_stale(folder: Path) -> None:
    """Delete what is kept of other sources than these; to be called before anything is compiled or read."""
    fresh = mark(folder, "sources")
    if fresh.exists() or not folder.is_dir():
        return
    for stale in [*folder.glob("*.nbi"), *folder.glob("*.nbc"), *folder.glob("compiled-*")]:
        stale.unlink(missing_ok=True)
    fresh.touch()
