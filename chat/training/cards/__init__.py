"""Cards: pictures that need thinking, and what can be asked about them.

A card is a calculation, a chart, a grid with an odd one out, a small program or an arrow.
`scene` holds the facts, `draw` the pixels, `questions` the words.
"""

from __future__ import annotations
