"""Answers to yes-or-no questions, in one form."""

from __future__ import annotations

import re


def yes_first(answer: str) -> str:
    """ "It says CAT, so yes." as "Yes, it says CAT."; others as they are."""
    found = re.fullmatch(r"(.*), so (yes|no)\.", answer)
    if found is None:
        return answer
    return f"{found[2].capitalize()}, {found[1][0].lower()}{found[1][1:]}."
