"""The twelve families of the dialogue part, by name."""

from __future__ import annotations

from collections.abc import Callable

from chat.evals.families.counting import count_followups, earlier_picture, those
from chat.evals.families.pair import Pair, Twins
from chat.evals.families.references import correction, first_thing, it, named, other, returning
from chat.evals.families.rules import false_premise, format_rule, no_picture

FAMILIES: dict[str, Callable[[Pair], Twins]] = {
    "it": it,
    "those": those,
    "other": other,
    "first_thing": first_thing,
    "correction": correction,
    "named": named,
    "returning": returning,
    "count_followups": count_followups,
    "earlier_picture": earlier_picture,
    "false_premise": false_premise,
    "no_picture": no_picture,
    "format_rule": format_rule,
}
"""Each writes a pair of contrast twins: the same pictures and last question, another history."""

__all__ = ["FAMILIES", "Pair", "Twins"]
