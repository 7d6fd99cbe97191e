"""Does a model name what it sees? A folder of pictures labelled by hand, one question each.

A reply is right if it says one of the accepted words, whole: a cat in "caterpillar" or in
"cat-like" does not count, nor the dog in a "hot dog", nor what the reply says it is not.
Words are looked for, not understood, so an answer that lists many things is right too often.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json import loads
from pathlib import Path

from chat.engines.base import Engine
from chat.evals.files.common import Layout, LayoutError, Sample, ask, listing
from chat.evals.harness import plain

QUESTION = "What is this?"

PHOTOGRAPHS = Path(__file__).with_name("photographs")
"""Photographs of nameable things that no training picture is made of; their licences lie beside them."""

LABELS = "labels.jsonl"

TREE = """
FOLDER/
    labels.jsonl    a JSON object a line: {"file": "cat-1.jpg", "name": "cat", "accepted": ["cat", "kitten"],
                    "source": "where it is from", "author": "whose it is", "licence": "CC0-1.0"}
    cat-1.jpg       the picture files that labels.jsonl names
"""

OTHER_THINGS = (
    "hot dog",
    "prairie dog",
    "guinea pig",
    "teddy bear",
    "sea lion",
    "rock beauty",
    "rock python",
    "rock crab",
    "tiger shark",
    "tiger beetle",
    "owl butterfly",
    "fruit bat",
    "bee eater",
    "bee house",
    "bird house",
    "bird cage",
    "boat house",
    "pool table",
    "wall clock",
    "beach wagon",
    "mountain bike",
    "mountain tent",
    "palm of",
    "horse chestnut",
    "horse cart",
    "flower pot",
    "coffee table",
    "fruit salad",
    "citrus fruit",
    "kiwi fruit",
    "eiffel tower",
    "lemon yellow",
    "lime green",
)
"""Names of things that hold the name of quite another thing; they count only where they are accepted."""

COLOURS = ("orange", "rose", "lime")
"""Things whose name is also a colour: before another word, "orange" says what colour that is."""

AFTER_A_THING = "and|or|on|in|with|at|of|is|are|that|which|by|from|growing|lying|cut"
"""Words that may follow the name of a thing without being the thing."""

DENIED = re.compile(r"(?:\b(?:not|no|never|nor|without)|n't)\s+(?:(?:an?|the|any)\s+)?(?:(?!but\b)\w+\s+)?$")
"""What stands before a thing that the reply says is not there, at most one adjective between."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture file and what may be said of it: `accepted` holds lower-case words, `name` the best."""

    path: Path
    name: str
    accepted: tuple[str, ...]
    source: str
    author: str
    licence: str


@dataclass(frozen=True, slots=True)
class Named:
    """A labelled picture and what was said of it."""

    label: Labelled
    reply: str

    @property
    def right(self) -> bool:
        """Whether the reply says one of the accepted words."""
        return says(self.reply, self.label.accepted)


@dataclass(frozen=True)
class FolderLayout(Layout):
    """A layout of one's own making, not a benchmark's."""

    def error(self, folder: Path, problem: str) -> LayoutError:
        """See Layout."""
        found = "\n".join(listing(folder)) or "(nothing)"
        return LayoutError(
            f"{folder} is not {self.name}: {problem}\nExpected:\n{self.tree.strip()}\nFound:\n{found}"
        )


LAYOUT = FolderLayout("a folder of labelled pictures", TREE)


def read(folder: Path) -> tuple[Labelled, ...]:
    """The labelled pictures of a folder, in the order of its labels.

    Raises LayoutError, which shows the tree expected, for a folder without labels, a label that
    is not of that form or comes twice, and a picture that is not there.
    """
    rows: list[Labelled] = []
    lines = LAYOUT.read(folder, LAYOUT.need(folder, LABELS)).splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        with LAYOUT.fields(folder, f"line {number} of {LABELS}"):
            rows.append(_label(folder, loads(line)))
    if not rows:
        raise LAYOUT.error(folder, f"{LABELS} has no labels.")
    if twice := sorted({row.path.name for row in rows if sum(row.path == other.path for other in rows) > 1}):
        raise LAYOUT.error(folder, f"{LABELS} names more than once: {', '.join(twice)}.")
    if missing := [row.path.name for row in rows if not row.path.is_file()]:
        raise LAYOUT.error(folder, f"{LABELS} names files that are not there: {', '.join(missing)}.")
    return tuple(rows)


def _label(folder: Path, row: dict[str, object]) -> Labelled:
    """One line's label. Raises KeyError, TypeError or ValueError if it is not of the form."""
    accepted = row["accepted"]
    if not isinstance(accepted, list) or not accepted:
        raise ValueError("accepted is not a list of words")
    words = tuple(_text("accepted", word).lower() for word in accepted)
    file, name, source, author, licence = (
        _text(field, row[field]) for field in ("file", "name", "source", "author", "licence")
    )
    if Path(file).name != file:
        raise ValueError(f"{file!r} is not the name of a file beside it")
    return Labelled(folder / file, name, words, source, author, licence)


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field} is not text")
    return value.strip()


def name_pictures(engine: Engine, folder: Path = PHOTOGRAPHS) -> Iterator[Named]:
    """The engine's greedy reply to QUESTION about each picture of a folder by itself, in order.

    The folder is read whole before the first question. Raises LayoutError, also for a picture
    that cannot be decoded, and EngineError.
    """
    for label in read(folder):
        picture = LAYOUT.read(folder, label.path)
        sample = Sample(label.path.name, label.name, QUESTION, label.accepted, (picture,))
        for answered in ask(engine, [sample]):
            yield Named(label, answered.reply)


def accuracy(named: Sequence[Named]) -> float:
    """Share named rightly, in percent; 0 for none."""
    return 100 * sum(each.right for each in named) / len(named) if named else 0.0


def says(reply: str, accepted: Sequence[str]) -> bool:
    """Whether a reply says one of these words or phrases, as a whole, in the singular or plural.

    Case and accents do not matter, nor whether a phrase is written with spaces or hyphens. A thing
    that is denied ("not a cat") or only part of another's name (OTHER_THINGS) is not said.
    """
    wanted = [_bare(word) for word in accepted]
    text = _bare(reply)
    for other in OTHER_THINGS:
        if other not in wanted:
            text = _whole(other).sub(";", text)
    return any(
        not DENIED.search(text[: found.start()]) for word in wanted for found in _whole(word).finditer(text)
    )


def _bare(text: str) -> str:
    """Lower case, single spaces, straight apostrophes and no accents: "Château" as "chateau"."""
    letters = unicodedata.normalize("NFKD", plain(text).replace("\u2019", "'"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def _whole(phrase: str) -> re.Pattern[str]:
    """Where a phrase occurs as whole words, its last one in the singular or a regular plural."""
    *first, last = re.split(r"[\s-]+", phrase)
    forms = f"{re.escape(last)}(?:e?s)?"
    if re.search(r"[^aeiou]y$", last):
        forms = f"(?:{re.escape(last)}|{re.escape(last[:-1])}ies)"
    if phrase in COLOURS:
        forms = rf"(?:{re.escape(last)}s|{re.escape(last)}(?!\s+(?!(?:{AFTER_A_THING})\b)\w))"
    body = r"[\s-]+".join([*(re.escape(word) for word in first), forms])
    # A hyphen joins words to another one: "cat-like" is not a cat.
    return re.compile(rf"(?<![\w-]){body}(?!-?\w)")
