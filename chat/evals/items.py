"""What a suite is made of: items with questions, and how a reply to one is judged.

An item is one dialogue with its pictures. It says what would be right in a form that any
model can meet: not a sentence but a value ("red", "3", "yes") with the other values of
its kind, so that a model is scored on what it says and not on how it words it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from prompts import Image, Message, user

VERSION = 1
"""Part of every item's seed: change it when the same seed would make other items."""

MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG": "image/png",
    b"RIFF": "image/webp",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
}
"""How files of each media type begin."""

Part = Literal["P", "C", "H", "G", "R", "D", "L"]
"""Perception, cognition, hallucination, captions, retrieval, dialogue, long dialogue."""

Kind = Literal["yes_no", "open", "abstain", "caption"]
"""yes_no: the reply must begin with yes or no, or end in "so yes" or "so no". open: it must hold the
value and none of its rivals. abstain: it must say that this cannot be answered (there is none, which
one, no picture yet). caption: it is scored by metrics, not as right or wrong."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question of an item, and what would be right.

    answer: the sentence that a gold history holds. values: replies that hold one of these as
    whole words are right; each value may have synonyms joined by "|". rivals: values of the
    same kind, none of which a right reply may hold. pictures: indices of the pictures shown
    with it. refers_to: the turn that it cannot be answered without, for its distance; None if
    it stands alone. needs: what an answerer must have. form: a standing rule that the reply must
    keep: "word", one word in small letters; "upper", capital letters.
    """

    question: str
    answer: str
    family: str
    kind: Kind = "open"
    values: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    pictures: tuple[int, ...] = ()
    refers_to: int | None = None
    needs: frozenset[Literal["picture", "history"]] = frozenset({"picture"})
    form: Literal["", "word", "upper"] = ""


@dataclass(frozen=True)
class Item:
    """One dialogue of a suite with its pictures as PNG bytes, in the order in which they are shown.

    split: "iid" or the name of the shift. twin: the index of the item that differs from this one in
    the picture or in the history alone, if it has one.
    """

    part: Part
    family: str
    split: str
    index: int
    asks: tuple[Ask, ...]
    pictures: tuple[bytes, ...] = ()
    facts: tuple[object, ...] = field(default=(), repr=False)
    twin: int | None = None

    def message(self, turn: int) -> Message:
        """The person's message of a turn, its pictures before its words."""
        ask = self.asks[turn]
        return user(ask.question, [as_image(self.pictures[number]) for number in ask.pictures])

    @property
    def digest(self) -> str:
        """sha256 over everything that a model is shown and judged by, hex."""
        content = [
            (ask.question, ask.answer, ask.kind, ask.values, ask.rivals, ask.pictures) for ask in self.asks
        ]
        text = json.dumps([self.part, self.family, self.split, self.index, content], sort_keys=True)
        whole = hashlib.sha256(text.encode())
        for picture in self.pictures:
            whole.update(hashlib.sha256(picture).digest())
        return whole.hexdigest()


def seed(suite: str, split: str, family: str, index: int) -> str:
    """The seed of an item's random generator: sha256 of all that names it, hex."""
    return hashlib.sha256(f"{suite}/{VERSION}/{split}/{family}/{index}".encode()).hexdigest()


def as_image(data: bytes) -> Image:
    """The message part of a picture file's bytes; a form that is not known counts as PNG."""
    kind = next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), "image/png")
    return Image(hashlib.sha256(data).hexdigest(), kind)


ABSTAINING = re.compile(
    r"\b(there (is|are|was) no(t|ne|thing)?\b|which (one|of)|do you mean|not shown me|no picture"
    r"|not sure|don't know|do not know|cannot (tell|say|see|answer)|can't (tell|say|see|answer)|n't told me"
    r"|not told me|isn't (a|any)|is not (a|any)|shown me only)",
    re.IGNORECASE,
)
"""Replies that decline: nothing of the kind is there, it is ambiguous, or it cannot be known."""


def right(ask: Ask, reply: str) -> bool:
    """Whether a reply answers an ask; captions are never right or wrong and count as right."""
    if not keeps(ask.form, reply):
        return False
    if ask.kind == "caption":
        return True
    if ask.kind == "abstain":
        return bool(ABSTAINING.search(reply))
    if ask.kind == "yes_no":
        return yes_or_no(reply) == ask.values[0]
    words = normal(reply)
    return any(_holds(words, value) for value in ask.values) and not any(
        _holds(words, rival) for rival in ask.rivals
    )


def keeps(form: str, reply: str) -> bool:
    """Whether a reply keeps a standing rule of format."""
    if form == "word":
        return bool(re.fullmatch(r"\W*[\w'-]+\W*", reply)) and reply == reply.lower()
    return form != "upper" or reply.isupper()


def yes_or_no(reply: str) -> str:
    """ "yes", "no", or "" for a reply that neither begins with one nor ends in "so yes" or "so no"."""
    said = reply.lower()
    first = re.match(r"\W*(yes|no|yeah|nope)\b", said) or re.search(r"\bso (yes|no)\W*$", said)
    return {"yes": "yes", "yeah": "yes", "no": "no", "nope": "no"}[first[1]] if first else ""


_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def normal(text: str) -> str:
    """Lower case words with single spaces around each; American spelling and number words made one."""
    text = re.sub(r"[^\w+-]+", " ", text.lower())
    text = re.sub(r"\bcolor", "colour", text).replace("grey", "gray").replace("center", "centre")
    words = (str(_NUMBERS.index(word)) if word in _NUMBERS else word for word in text.split())
    return f" {' '.join(words)} "


def _holds(words: str, value: str) -> bool:
    return any(normal(synonym) in words for synonym in value.split("|"))


def share(marks: Sequence[bool]) -> float:
    """Percent of marks that are true; 0 for none."""
    return 100 * sum(marks) / len(marks) if marks else 0.0
