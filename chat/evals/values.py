"""Which words say a value, and which values of its kind a right reply may not hold.

A value is its synonyms joined by "|", as `chat.evals.items.Ask` has it.
"""

from __future__ import annotations

from chat.training.scene import COLOURS, FILLS, PLACES, SHAPES, SIZES

SYNONYMS = {
    "small": "small|little|tiny",
    "medium": "medium|medium-sized|mid-sized|middle-sized",
    "large": "large|big|huge",
    "solid": "solid|filled|filled in|full",
    "outlined": "outlined|hollow|outline|an empty",
    "striped": "striped|stripy|stripes",
    "cross": "cross|plus|plus sign",
    "moon": "moon|crescent",
    "oval": "oval|ellipse",
    "ring": "ring|donut",
    "diamond": "diamond|rhombus",
    "top left": "top left|top-left|upper left|upper-left",
    "top right": "top right|top-right|upper right|upper-right",
    "bottom left": "bottom left|bottom-left|lower left|lower-left",
    "bottom right": "bottom right|bottom-right|lower right|lower-right",
    "centre": "centre|middle",
}
KINDS: dict[str, tuple[str, ...]] = {
    "colour": tuple(COLOURS),
    "shape": SHAPES,
    "size": SIZES,
    "fill": FILLS,
    "position": PLACES,
    "count": tuple(str(number) for number in range(13)),
}
"""Values by kind."""

_CORNERS = tuple(place for place in PLACES if " " in place)


def value(name: str) -> str:
    """A value with its synonyms."""
    return SYNONYMS.get(name, name)


def rivals(kind: str, name: str) -> tuple[str, ...]:
    """The other values of a kind, none of which a right reply holds."""
    others = [each for each in KINDS[kind] if each != name]
    if kind == "position" and name in _CORNERS:
        # "In the top left corner" holds "top" and "left", and is right.
        others = [each for each in others if each in _CORNERS or each == "centre"]
    elif kind == "position" and name != "centre":
        # "At the top, in the middle" is right for the top.
        others = [each for each in others if each != "centre" and not set(name.split()) > set(each.split())]
    return tuple(value(each) for each in others)
