"""What the page tells of a turn's ledger under its reply: the remembered facts that the model was told.

A pure function, as those in `view.py`. A turn keeps the ids of its facts alone, so one that was changed
since is shown as it is now, and one that was forgotten is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape


def told(ids: Sequence[str], facts: Mapping[str, str]) -> str:
    """One line, which unfolds to a list, of the facts with these ids, as HTML; "" if there are none.

    `facts` are the texts of all facts by their ids.
    """
    if not ids:
        return ""
    lines = [escape(facts[each]) for each in ids if each in facts]
    if gone := len(ids) - len(lines):
        lines.append(f"<em>{gone} forgotten since</em>")
    items = "".join(f"<li>{line}</li>" for line in lines)
    return (
        f'<details class="told"><summary>Remembered: <span>{"; ".join(lines)}</span></summary>'
        f"<ul>{items}</ul></details>"
    )
