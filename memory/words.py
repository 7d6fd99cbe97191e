"""Words as the full-text index knows them: in what is stored, in what is searched for, in what is shown.

SQLite's unicode61 tokenizer takes a run of letters and digits for a word, whatever its case and
accents. That fails where no blanks stand between words (Chinese, Japanese, Thai, …), and it drops
emoji. So a text that has such characters is indexed in a second form, in which each of them is a
word of its own; several in a row are searched for as a phrase, so any part of a sentence is found.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # Japanese syllables and signs
    "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
    "\uac00-\ud7a3"  # Korean, whose particles are written on to the words
)
_EMOJI = "\u2600-\u27bf\U0001f000-\U0001faff"
_WORD = rf"[^\W_{_UNSPACED}{_EMOJI}]"

_IS_EMOJI = re.compile(f"[{_EMOJI}]")
_ALONE = re.compile(f"[{_UNSPACED}{_EMOJI}]")
_TOKEN = re.compile(f"[{_UNSPACED}{_EMOJI}]|{_WORD}+")
_PIECE = re.compile(r'"([^"]*)"|([^\s"]+)')
_MARKS = "[\u0300-\u036f]*"

MOST_PIECES = 64
"""How many words and phrases of one query count."""

PREFIX_LETTERS = 3
"""The shortest beginning of a word that is searched for."""

EXCERPT_CHARACTERS = 160
"""The length of an excerpt, about."""

BEFORE_CHARACTERS = 40
"""How much of that stands before the first word found, about."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of a text on one line, with "…" where it was cut.

    `found` are the places of the words searched for: (start, end) in `text`, in order.
    """

    text: str
    found: tuple[tuple[int, int], ...]


def spaced_text(text: str) -> str | None:
    """The text with each character of unspaced scripts as a word of its own, and each emoji as a word
    that spells its code point; None for a text without any."""
    spaced, count = _ALONE.subn(_alone, text)
    return spaced if count else None


def pieces(query: str) -> list[str]:
    """What a query asks for: its words, and phrases in double quotes. All of them are to be found.

    None for a query without a letter, a digit or an emoji; of a whole text, the first MOST_PIECES.
    """
    found = [quoted or word for quoted, word in _PIECE.findall(query)]
    return [piece for piece in found if _TOKEN.search(piece)][:MOST_PIECES]


def match_expression(query_pieces: list[str], *, prefixes: bool = False) -> str:
    """The pieces in SQLite's language for full-text queries, in which no character of theirs means anything.

    With `prefixes`, the last word of each piece may be the beginning of a longer one, if it has
    PREFIX_LETTERS at least.
    """
    return " ".join(_phrase(piece, prefixes) for piece in query_pieces)


def excerpt(text: str, query_pieces: list[str]) -> Excerpt:
    """The part of a text around the first place where a piece is found; its beginning if none is."""
    line = " ".join(text.split())
    pattern = re.compile("|".join(map(_pattern, query_pieces)))
    folded = line.lower() if line.isascii() else "".join(map(_fold, line))
    places = [match.span() for match in pattern.finditer(folded)]
    start, end = _window(line, places[0][0] if places else 0)
    opening, closing = "…" if start else "", "…" if end < len(line) else ""
    shift = len(opening) - start
    found = tuple((first + shift, last + shift) for first, last in places if start <= first and last <= end)
    return Excerpt(f"{opening}{line[start:end]}{closing}", found)


def _alone(match: re.Match[str]) -> str:
    character = match[0]
    return f" u{ord(character):x} " if _IS_EMOJI.match(character) else f" {character} "


def _phrase(piece: str, prefixes: bool) -> str:
    words = (spaced_text(piece) or piece).replace("\0", " ").replace('"', " ")
    return f'"{words}"*' if prefixes and len(_TOKEN.findall(piece)[-1]) >= PREFIX_LETTERS else f'"{words}"'


def _pattern(piece: str) -> str:
    """A pattern that finds a piece in a folded text, with whatever stands between its words."""
    words = [
        "".join(re.escape(character) + _MARKS for character in map(_fold, token))
        for token in _TOKEN.findall(unicodedata.normalize("NFC", piece))
    ]
    opening = "" if _ALONE.match(piece) else f"(?<!{_WORD})"
    return opening + r"[\W_]*".join(words)


@cache
def _fold(character: str) -> str:
    """A character without case and accents: one for one, so that places stay."""
    decomposed = unicodedata.normalize("NFD", character)
    is_accented = all("\u0300" <= mark <= "\u036f" for mark in decomposed[1:])
    return (decomposed[0] if is_accented else character).lower()[0]


def _window(line: str, place: int) -> tuple[int, int]:
    """Where an excerpt that shows `place` begins and ends: between words, if there are any near."""
    start = max(0, place - BEFORE_CHARACTERS)
    if start:
        blank = line.find(" ", start, place)
        start = start if blank < 0 else blank + 1
    end = min(len(line), start + EXCERPT_CHARACTERS)
    if end < len(line):
        blank = line.rfind(" ", place + BEFORE_CHARACTERS, end)
        end = end if blank < 0 else blank
    return start, end
