"""Answers to yes-or-no questions, in one form."""

from __future__ import annotations

import re

_PLACE = r"(?:(?:at|on|in) the (?:top|bottom|left|right|centre)(?: left| right)?)"
_COUNTED_AT = re.compile(
    rf"({_PLACE}(?:, {_PLACE})*(?: and {_PLACE})?) (there (?:is|are) .*|\w+ of them .*)", re.I
)


def count_apart(answer: str) -> tuple[str, list[str]]:
    """ "At the top and on the left there are two stars." as ("There are two stars.", ["top", "left"]); others
    with no places."""
    found = _COUNTED_AT.fullmatch(answer)
    if found is None:
        return answer, []
    places = re.findall(r"(?:at|on|in) the (\w+(?: left| right)?)", found[1].lower())
    return found[2][0].upper() + found[2][1:], places


def yes_first(answer: str) -> str:
    """ "It says CAT, so yes." as "Yes, it says CAT."; others as they are."""
    found = re.fullmatch(r"(.*), so (yes|no)\.", answer)
    if found is None:
        return answer
    return f"{found[2].capitalize()}, {found[1][0].lower()}{found[1][1:]}."
