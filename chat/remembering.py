"""What a message asks to be remembered or forgotten: one small rule, which would rather miss than make up.

A message of at most SAID_CHARACTERS is read sentence by sentence. One that opens with "remember" ("don't
forget", "keep in mind"), after "please" or the like, asks for a fact, if after it comes

- a colon and then anything: "Remember: no sugar";
- "that" and then a clause, which begins with a pronoun, an article, a name and the like, or has its verb
  within three words: "remember that I am colour-blind", but not "remember that picture I showed you";
- or the person's own "I am …", "I like …", "my … is …": "remember my dog is called Rex".

"Forget" with a colon or "that" asks for the contrary. A question asks for neither ("Do you remember the
first picture?"), unless it is a polite request ("Could you please remember that …?"), and what a person
tells of remembering ("I can't remember that …") does not open with the word. Of the sentence the fact is what
follows. Only English is understood; the page, the API and the command line take any language.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chat.errors import StoreError
from memory import FACT_CHARACTERS, Fact, FactStore

log = logging.getLogger(__name__)

SAID_CHARACTERS = 1000
"""The longest message that is read: what is longer was pasted, and not said to the model."""

_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bSt\.)(?<!\b[A-Z]\.)\s+|\n+"
)

_VERB = (
    r"(?:am|are|can|can't|cannot|could|do|does|doesn't|don't|had|has|hate|hates|have|is|isn't|like|likes|live"
    r"|lives|look|looks|love|loves|mean|means|must|need|needs|prefer|prefers|should|was|were|will|won't)\b"
)

_SUBJECT = (
    r"(?:I|you|we|he|she|it|they|there|my|your|our|his|her|its|their|the|an?|this|these|those|all|both|every"
    r"|each|no|some|any|nobody|nothing|everyone|everybody|people|if|when|whenever|in|on|at|from)\b"
)

_CLAUSE = re.compile(
    rf"{_SUBJECT}|(?-i:[A-Z][a-z])"
    rf"|(?!one\b)\w+(?:\sand)?(?:\s(?!(?:I|you|we|he|she|it|they)\b)\w+)?\s{_VERB}",
    re.IGNORECASE,
)

_OWN = re.compile(
    r"(?:I'm|I\s(?:am|can|can't|cannot|don't|do\snot|hate|like|live|love|need|prefer|speak|want|work)"
    r"|(?:my|our)\s(?:\w+\s){1,3}(?:is|are|was|were|has|have))\b",
    re.IGNORECASE,
)

_ASKED = re.compile(
    r"(?:(?:also|and|hey|hi|hello|oh|ok|okay|thanks|thank\syou)[,!]?\s+)*"
    r"(?P<polite>(?:can|could|will|would)\syou\splease\s+|I(?:'d|\swould)\slike\syou\sto\s+|I\swant\syou\sto\s+"
    r"|please[,:]?\s+)?"
    r"(?:(?:always\s+)?(?P<remember>remember|(?:do\snot|don't|never)\sforget|(?:keep|bear)\sin\smind)|forget)"
    r"(?:,?\s+please)?"
    r"(?:(?:\s+(?:this|that))?\s*:\s*(?P<anything>.+)|,?\s+that\s+(?P<clause>.+)|,?\s+(?P<own>.+))",
    re.IGNORECASE,
)

_TAIL = re.compile(r"(?:,?\s+please)?[\s.!?]*\Z", re.IGNORECASE)

_SHORT_FORMS = (("n't", " not"), ("'m", " am"), ("'re", " are"), ("'ve", " have"))


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that a message asks to be remembered, or forgotten, in the person's words."""

    what: Literal["remember", "forget"]
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The facts that a message has added to long-term memory, and those it has taken away."""

    remembered: tuple[Fact, ...] = ()
    forgotten: tuple[Fact, ...] = ()


def asked(text: str) -> Iterator[Asked]:
    """What a message asks to be remembered and forgotten, by the rule above, in its order."""
    if len(text) > SAID_CHARACTERS:
        return
    for sentence in map(str.strip, _SENTENCE_END.split(text.replace("’", "'"))):
        found = _ASKED.match(sentence)
        if found is None or (sentence.endswith("?") and not _is_request(found)):
            continue
        fact = _TAIL.sub("", _fact(found))
        if re.search(r"\w", fact) and len(fact) <= FACT_CHARACTERS:
            yield Asked("remember" if found["remember"] else "forget", fact)


def hear(facts: FactStore, text: str, persona: str, message_id: str) -> Heard:
    """Do what a message asks: remember its facts for every persona, forget those that say the same.

    Only facts that hold for `persona`, who is spoken to, are forgotten. The message is accepted
    already, so a store that cannot take a fact is logged, and nothing is said to be remembered.
    """
    remembered, forgotten = list[Fact](), list[Fact]()
    try:
        for each in asked(text):
            if each.what == "remember":
                fact = facts.add(each.text, message_id=message_id)
                # One that was known before is not this message's to undo.
                remembered += [fact] if fact.message_id == message_id else []
            else:
                said = [fact for fact in facts.list(persona) if _plain(fact.text) == _plain(each.text)]
                forgotten += [facts.delete(fact.id) for fact in said]
    except StoreError:
        log.warning("What a message asked to be remembered or forgotten could not be.", exc_info=True)
    return Heard(tuple(remembered), tuple(forgotten))


def _is_request(found: re.Match[str]) -> bool:
    return bool(found["polite"]) and found["polite"].lower().startswith(("can", "could", "will", "would"))


def _fact(found: re.Match[str]) -> str:
    """What follows the words that ask; empty if it could be something else than a fact."""
    if found["anything"]:
        return found["anything"]
    if found["clause"]:
        return found["clause"] if _CLAUSE.match(found["clause"]) else ""
    return found["own"] if found["remember"] and _OWN.match(found["own"]) else ""


def _plain(text: str) -> str:
    """A text without case, punctuation and short forms, to compare with another."""
    plain = text.casefold().replace("’", "'")
    for short, long in _SHORT_FORMS:
        plain = plain.replace(short, long)
    return " ".join(re.findall(r"\w+", plain))
