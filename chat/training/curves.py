"""Draw a run's curve, if matplotlib (the `train` extra) is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SHARES = ("exact", "matched", "kinds", "colours", "sizes", "left")
"""What is logged that is no loss but a share, from 0 to 1."""


def plot(curve: Path, picture: Path) -> bool:
    """Losses over minutes of training above, shares of right answers and cells below, a column a stage.

    Whether it was drawn: not without matplotlib, nor before anything is logged.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    lines = _lines(curve)
    stages = list(dict.fromkeys(line["stage"] for line in lines))
    if not stages:
        return False
    # A Figure by itself, for pyplot would want a display on some machines.
    figure = Figure(figsize=(5 * len(stages), 6), layout="tight")
    panels = figure.subplots(2, len(stages), squeeze=False)
    for column, stage in enumerate(stages):
        rows = [line for line in lines if line["stage"] == stage]
        names = sorted({key for row in rows for key in row} - {"stage", "step", "seconds"})
        above, below = panels[:, column]
        for name in names:
            known = [row for row in rows if name in row]
            panel = below if name in SHARES else above
            panel.plot([row["seconds"] / 60 for row in known], [row[name] for row in known], label=name)
        above.set(title=stage, yscale="log", ylabel="loss")
        below.set(xlabel="minutes", ylim=(0, 1), ylabel="share right")
        for panel in (above, below):
            if panel.lines:
                panel.legend()
    figure.savefig(picture, dpi=110)
    return True


def _lines(curve: Path) -> list[dict[str, Any]]:
    """What was logged, less a line that a stopped program left unfinished."""
    if not curve.exists():
        return []
    found = []
    for line in curve.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found
