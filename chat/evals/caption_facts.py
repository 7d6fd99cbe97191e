"""What a caption claims of a picture's things, and how much of it is so.

A thing that is named gives up to four facts: that it is there, its colour, its place, and the two
together, so that things which swap their places do not count as right. Precision, recall and F1
are over the facts of all pictures, in the manner of SPICE (Anderson et al. 2016, arXiv:1607.08822).
Things that scenes cannot hold are not looked for, so naming a dog costs nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from chat.training.language import NUMBERS
from chat.training.scene import COLOURS, PLACES, SHAPES, Scene

Fact = tuple[str, ...]


class Claim(NamedTuple):
    """A thing that a caption names: a shape, or text in capitals; colour and place "" where it gives none.

    Captions rarely say what colour text has, so it is never counted.
    """

    name: str
    colour: str
    place: str

    @property
    def facts(self) -> list[Fact]:
        """(name), (name, colour), (name, place) and (name, colour, place), as far as they are said."""
        found: list[Fact] = [("is", self.name)]
        found += [("colour", self.name, self.colour)] if self.colour else []
        found += [("place", self.name, self.place)] if self.place else []
        return found + ([("both", *self)] if self.colour and self.place else [])


SYNONYMS = {
    **{shape: shape for shape in SHAPES},
    **{"plus": "cross", "crescent": "moon", "rhombus": "diamond", "disc": "circle", "disk": "circle"},
    **{"ellipse": "oval", "donut": "ring"},
}
_PLURALS = {word + ("es" if word.endswith("s") else "s"): name for word, name in SYNONYMS.items()}
_HEAD = re.compile(rf"\b({'|'.join(sorted({*SYNONYMS, *_PLURALS}, key=len, reverse=True))}|text\d+)\b")
_COLOUR = re.compile(rf"\b({'|'.join(COLOURS)})\b")
_COUNT = re.compile(rf"\b({'|'.join(NUMBERS[1:])}|[1-9])\b")
_TEXT = re.compile(
    r"\b(?:(?:[Ww]ords?|[Ll]etters?|[Nn]umbers?|[Tt]ext|[Dd]igits?|reads|saying|says)\s+)"
    r"(?:[\"'“‘](\w+)[\"'”’]|([A-Z0-9]+\b|(?!(?:in|at|on|is|and|with|of|the|to|that|which)\b)[A-Za-z0-9]+\b))"
    r"|[\"“](\w+)[\"”]"
)
_SENTENCE = re.compile(r"[;.:!?]")
_CLAUSE = re.compile(r",|\band\b|\bwhile\b|\bwith\b")


def claims(caption: str) -> list[Claim]:
    """The things that a caption names, in order, as often as it says they are there."""
    texts: list[str] = []

    def keep(match: re.Match[str]) -> str:
        # Words such as MOON and LEFT are things in pictures: what is read there is put out of the way.
        texts.append(next(group for group in match.groups() if group).upper())
        return f" text{len(texts) - 1} "

    plain = _TEXT.sub(keep, caption).lower()
    plain = plain.replace("grey", "gray").replace("center", "centre").replace("middle", "centre")
    return [claim for sentence in _SENTENCE.split(plain) for claim in _of_sentence(sentence, texts)]


def _of_sentence(sentence: str, texts: Sequence[str]) -> list[Claim]:
    """Clause by clause; one that names nothing is about the thing before it, or else the thing after it."""
    found: list[Claim] = []
    ahead = ""
    for clause in _CLAUSE.split(sentence):
        new = _of_clause(clause, texts)
        if new and ahead:
            new[0] = new[0]._replace(place=new[0].place or ahead)
            ahead = ""
        elif not new and found:
            found[-1] = found[-1]._replace(place=found[-1].place or place_in(clause))
        elif not new:
            ahead = place_in(clause)
        found += new
    return found


def _of_clause(clause: str, texts: Sequence[str]) -> list[Claim]:
    heads = list(_HEAD.finditer(clause))
    found = []
    for number, head in enumerate(heads):
        before = clause[heads[number - 1].end() if number else 0 : head.start()]
        after = clause[head.end() : heads[number + 1].start() if number + 1 < len(heads) else len(clause)]
        # "At the top is a star" has its place in front, which is nobody's but the first thing's.
        place = place_in(after) or ("" if number else place_in(before))
        word = head[1]
        if word.startswith("text"):
            found.append(Claim(texts[int(word.removeprefix("text"))], "", place))
            continue
        colours = _COLOUR.findall(before) or _COLOUR.findall(after)[:1]
        claim = Claim(SYNONYMS.get(word) or _PLURALS[word], colours[-1] if colours else "", place)
        counts = _COUNT.findall(before) if word in _PLURALS else []
        found += [claim] * (_number(counts[-1]) if counts else 1)
    return found


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS.index(word)


def place_in(words: str) -> str:
    """One of PLACES that the words name, or ""."""
    rows = re.findall(r"\b(top|upper|bottom|lower)\b", words)
    columns = re.findall(r"\b(left|right)\b", words)
    row = {"top": "top", "upper": "top", "bottom": "bottom", "lower": "bottom"}[rows[0]] if rows else ""
    place = f"{row} {columns[0] if columns else ''}".strip()
    if place in PLACES:
        return place
    return "centre" if re.search(r"\bcentre\b", words) else ""


def truth(scene: Scene) -> list[Claim]:
    """What a scene's full description claims."""
    return [
        Claim(
            thing.name.upper() if thing.is_text else thing.name,
            "" if thing.is_text else thing.colour,
            PLACES[thing.place],
        )
        for thing in scene.things
    ]


def fact_scores(captions: Sequence[str], scenes: Sequence[Scene]) -> dict[str, float]:
    """fact_precision, fact_recall and fact_f1 in percent, over all pictures together."""
    right = said = there = 0
    for caption, scene in zip(captions, scenes, strict=True):
        ours = Counter(fact for claim in claims(caption) for fact in claim.facts)
        theirs = Counter(fact for claim in truth(scene) for fact in claim.facts)
        right += (ours & theirs).total()
        said += ours.total()
        there += theirs.total()
    precision, recall = (100 * right / total if total else 0.0 for total in (said, there))
    mean = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"fact_precision": precision, "fact_recall": recall, "fact_f1": mean}
