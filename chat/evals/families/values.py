"""Which replies are right: the values of every kind of answer with their synonyms, and their rivals."""

from __future__ import annotations

from chat.training.language import PLACE_PHRASES
from chat.training.scene import COLOURS, PLACES, SHAPES, SIZES, Thing

MOST = 12
"""The highest number that any answer holds as a word."""

_SIZES = {"small": "small|little|tiny", "medium": "medium|middle-sized", "large": "large|big|huge"}
_FILLS = {"solid": "solid|filled", "outlined": "outlined|hollow|empty", "striped": "striped|stripy"}
_SHAPES = {"moon": "moon|crescent", "oval": "oval|ellipse", "cross": "cross|plus"}
_SIDES = {
    "top": "top|upper", "bottom": "bottom|lower", "left": "left", "right": "right", "centre": "centre|middle",
}  # fmt: skip


def value(thing: Thing, attribute: str) -> str:
    """An attribute's value of a thing of a shape."""
    got = {"shape": thing.name, "place": PLACES[thing.place]}
    return got.get(attribute) or str(getattr(thing, attribute))


def attribute_values(attribute: str, true: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(values, rivals) of an ask for an attribute whose value is `true`."""
    if attribute == "place":
        return _place(true)
    spelt: dict[str, str] = {
        "colour": {name: name for name in COLOURS},
        "shape": {name: _SHAPES.get(name, name) for name in SHAPES},
        "size": {name: _SIZES[name] for name in SIZES},
        "fill": _FILLS,
    }[attribute]
    return (spelt[true],), tuple(words for name, words in spelt.items() if name != true)


def _place(true: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    sides = true.split()
    if len(sides) == 2:
        joined = (f"{first} {sides[1]}" for first in _SIDES[sides[0]].split("|"))
        rivals = [words for side, words in _SIDES.items() if side not in sides]
        return ("|".join(joined),), tuple(rivals)
    # "At the top in the middle" is right, so the middle is no rival of an edge.
    rivals = [words for side, words in _SIDES.items() if side != true and side != "centre"]
    return (_SIDES[true],), tuple(rivals)


def count_values(number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(values, rivals) of an ask for a number."""
    rivals = tuple(str(other) for other in range(MOST + 1) if other != number)
    return ("0|no|none" if number == 0 else str(number),), rivals


def phrase_of(attribute: str, true: str) -> str:
    """A value as questions name it: "red", "at the top"."""
    return PLACE_PHRASES[true] if attribute == "place" else true
