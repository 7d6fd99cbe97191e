"""Reading a question of the dialogue suites: text in, a query with references and descriptions out.

The grammar is closed: `wordings` with descriptions of things in their slots. Nothing of the
scenes or of the right answers is known here, so that what the solver understands, it
understood from the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from chat.evals.families.wordings import BACK, FRESH, WORDINGS
from chat.training.language import PLACE_PHRASES, plural
from chat.training.scene import COLOURS, FILLS, SHAPES, SIZES
from chat.training.talk import Spec

ORDER = ("first", "second", "third")
_KINDS = (*SHAPES, "word", "letter", "number")
_PLACES = {said: place for place, said in PLACE_PHRASES.items()}


@dataclass(frozen=True, slots=True)
class Reference:
    """What a noun phrase means, before it is looked up.

    spec: described by what it looks like. it: in focus. other: the other of two like the one in
    focus. asked: the first, second … thing asked about. discussed: so described and asked about.
    name: what the person calls it.
    """

    kind: Literal["spec", "it", "other", "asked", "discussed", "name"]
    spec: Spec = field(default_factory=Spec)
    order: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A question read. intent: a key of WORDINGS, or "" for anything else. back: what it returns to."""

    intent: str
    reference: Reference | None = None
    spec: Spec | None = None
    value: tuple[str, str] | None = None
    word: str = ""
    told: str = ""
    back: Reference | None = None


def understand(question: str) -> Query:
    """The query of a question; intent "" if it is none of ours."""
    for opener in BACK:
        found = _pattern(opener + "{v}").fullmatch(question)
        if found:
            rest = understand(found["v"])
            return Query(rest.intent, rest.reference, value=rest.value, back=reference(found["n"]))
    for intent, pattern in _patterns():
        found = pattern.fullmatch(question)
        query = _read(intent, found.groupdict()) if found else None
        if query is not None:
            return query
    return Query("")


def _read(intent: str, slots: dict[str, str]) -> Query | None:
    """The query of matched slots; None if one of them does not parse."""
    referred = reference(slots["n"]) if "n" in slots else None
    described = None
    for slot, read in (("p", plural_spec), ("a", single_spec), ("o", one_spec), ("k", _kind_spec)):
        if slot in slots:
            described = read(slots[slot])
            if described is None:
                return None
    value = value_of(slots["v"]) if "v" in slots else None
    if ("n" in slots and referred is None) or ("v" in slots and value is None):
        return None
    word = slots.get("w", slots.get("name", ""))
    return Query(intent, referred, described, value, word, slots.get("x", ""))


def reference(text: str) -> Reference | None:
    """What a noun phrase refers to, or None if it is not one."""
    if text == "it":
        return Reference("it")
    if found := re.fullmatch(r"the (\w+) thing I asked about", text):
        return Reference("asked", order=ORDER.index(found[1])) if found[1] in ORDER else None
    if found := re.fullmatch(r"the other (\w+)", text):
        spec = _kind_spec(found[1])
        return Reference("other", spec) if spec is not None else None
    if found := re.fullmatch(r"(the .+) (?:that )?we talked about", text):
        spec = definite_spec(found[1])
        return Reference("discussed", spec) if spec is not None else None
    if text.startswith("the "):
        spec = definite_spec(text)
        return Reference("spec", spec) if spec is not None else None
    return Reference("name", name=text) if re.fullmatch(r"[A-Z][a-z]+", text) else None


def value_of(text: str) -> tuple[str, str] | None:
    """(attribute, value) of a word or phrase: ("colour", "red"), ("place", "top")."""
    for attribute, values in (("colour", COLOURS), ("size", SIZES), ("fill", FILLS), ("shape", SHAPES)):
        if text in values:
            return attribute, text
    return ("place", _PLACES[text]) if text in _PLACES else None


def definite_spec(text: str) -> Spec | None:
    """ "the large red star at the top" as a description."""
    return _described(text.removeprefix("the ")) if text.startswith("the ") else None


def one_spec(text: str) -> Spec | None:
    """ "the red one", "the one at the top" as a description without a kind."""
    found = re.fullmatch(r"the (?:(?P<v>\w+) )?one(?: (?P<at>.+))?", text, re.IGNORECASE)
    if not found:
        return None
    value = value_of(found["v"]) if found["v"] else None
    if (found["v"] and value is None) or (found["at"] and found["at"] not in _PLACES):
        return None
    attributes = dict([value]) if value else {}
    return Spec(**attributes, place=_PLACES[found["at"]] if found["at"] else "")


def single_spec(text: str) -> Spec | None:
    """ "a red star" as a description."""
    found = re.fullmatch(r"an? (.+)", text)
    return _described(found[1]) if found else None


def plural_spec(text: str) -> Spec | None:
    """ "red stars" as a description."""
    head, _, last = text.rpartition(" ")
    singular = next((kind for kind in (*_KINDS, "object") if plural(kind) == last), None)
    return _described(f"{head} {singular}".strip()) if singular else None


def _kind_spec(text: str) -> Spec | None:
    if text in ("one", "object"):
        return Spec()
    return Spec(kind=text) if text in _KINDS else None


def _described(text: str) -> Spec | None:
    place = next((said for said in sorted(_PLACES, key=len, reverse=True) if text.endswith(" " + said)), "")
    *qualities, noun = text[: len(text) - len(place)].split()
    values = [value_of(word) for word in qualities]
    if noun not in (*_KINDS, "object") or None in values:
        return None
    attributes = dict(value for value in values if value is not None)
    kind = "" if noun == "object" else noun
    return Spec(kind=kind, **attributes, place=_PLACES[place] if place else "")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (intent, _pattern(wording)) for intent in WORDINGS for wording in (*WORDINGS[intent], *FRESH[intent])
    )


@cache
def _pattern(wording: str) -> re.Pattern[str]:
    return re.compile("".join(_pieces(wording)), re.IGNORECASE if "{o}" in wording else 0)


def _pieces(wording: str) -> Iterator[str]:
    for piece in re.split(r"(\{\w+\})", wording):
        yield f"(?P<{piece[1:-1]}>.+)" if re.fullmatch(r"\{\w+\}", piece) else re.escape(piece)
