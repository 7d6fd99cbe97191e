"""Draw a run's curve, if matplotlib (the `train` extra) is there."""

from __future__ import annotations

import json
from pathlib import Path


def plot(curve: Path, picture: Path) -> None:
    """Losses over minutes of training, one panel a stage; says so and does nothing without matplotlib."""
    try:
        from matplotlib import pyplot
    except ImportError:
        print(f"No picture of the curve: matplotlib is not installed. The numbers are in {curve}.")
        return
    lines = [json.loads(line) for line in curve.read_text("utf-8").splitlines()]
    stages = list(dict.fromkeys(line["stage"] for line in lines))
    figure, panels = pyplot.subplots(1, len(stages), figsize=(5 * len(stages), 3.5), squeeze=False)
    for panel, stage in zip(panels[0], stages, strict=True):
        rows = [line for line in lines if line["stage"] == stage]
        for name in sorted({key for row in rows for key in row} - {"stage", "step", "seconds"}):
            known = [row for row in rows if name in row]
            panel.plot([row["seconds"] / 60 for row in known], [row[name] for row in known], label=name)
        panel.set(title=stage, xlabel="minutes", yscale="log")
        panel.legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)
