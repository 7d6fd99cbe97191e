"""Whole dialogues: scenes, and the turns of a conversation about them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from chat.training.followups import FOLLOW_UPS, TELLING, FollowUp, across, beyond, caption, pictures_shown
from chat.training.language import ORDINALS, rough
from chat.training.meaning import subject
from chat.training.pictured import families, follow_up
from chat.training.questions import attribute_of, describe
from chat.training.references import answered_later, chosen, count_on, counts_joined, in_form, same_here
from chat.training.scene import ALIKE, sample
from chat.training.smalltalk import NO_PICTURE, out_of_scope, quoting, reckoning, small_talk
from chat.training.talk import Shown, Talk, Turn
from prompts import Image, Message, assistant, user

T = TypeVar("T")


@dataclass(frozen=True)
class Dialogue:
    """Scenes in the order they are shown, and the turns; every turn's pictures index the scenes."""

    scenes: tuple[Shown, ...]
    turns: tuple[Turn, ...]

    def question(self, index: int) -> Message:
        """Turn `index` as the person's message; a picture's sha256 is its scene's digest."""
        asked = self.turns[index]
        return user(asked.question, [Image(self.scenes[number].digest) for number in asked.pictures])

    def messages(self, answers: Mapping[int, str] | None = None) -> list[Message]:
        """Questions and right answers in turn; `answers` puts others in their place, by turn."""
        said = answers or {}
        messages = []
        for index, each in enumerate(self.turns):
            messages += [self.question(index), assistant(said.get(index, each.answer))]
        return messages


SceneSource = Callable[[random.Random, bool, int], Shown]
"""(random generator, whether from the held-out split, most things) → a scene."""


def drawn_scenes(rng: random.Random, held_out: bool, most: int) -> Shown:
    """Shapes and texts, which need nothing but this package."""
    return sample(rng, held_out=held_out, most=most, alike=ALIKE)


@dataclass(frozen=True, slots=True)
class Curriculum:
    """What dialogues are like: fewest and most turns, weights of 0, 1, 2 … pictures, most things in one;
    families, and ways of going on ("tell", "small", …), that come up so many times as often as their own
    weight says; how often a number is said without the places of what was counted; where the scenes come
    from, and how often each kind of them if it is a bank, and the fewest things in one of shapes."""

    turns: tuple[int, int] = (4, 8)
    pictures: tuple[float, ...] = (4, 58, 30, 5, 1, 1, 1)
    most: int = 6
    emphasis: Mapping[str, float] = field(default_factory=dict)
    scenes: SceneSource = drawn_scenes
    at_once: float = 0.0
    kinds: Mapping[str, float] = field(default_factory=dict)
    fewest: int = 0


def sample_dialogue(
    rng: random.Random, like: Curriculum | None = None, *, held_out: bool = False
) -> Dialogue:
    """A random dialogue of the wanted kind over scenes of the wanted split."""
    like = like or Curriculum()
    length = rng.randint(*like.turns)
    pictures = rng.choices(range(len(like.pictures)), weights=like.pictures)[0]
    scenes = [like.scenes(rng, held_out, like.most) for _ in range(pictures)]
    arrivals = _arrivals(rng, length, pictures)
    talk = Talk(rng, emphasis=like.emphasis, at_once=like.at_once)
    said: list[Turn] = []
    for index in range(length):
        new = tuple(number for number, at in enumerate(arrivals) if at == index)
        talk.scenes += [scenes[number] for number in new]
        talk.at = index
        made = _in_form(talk, lambda: _with_pictures(talk, new) if new else _next(talk, scenes, like.scenes))  # noqa: B023
        said.append(
            Turn(
                rough(made.question, rng) if made.question else "",
                made.answer,
                made.family,
                new,
                made.needs_picture,
            )
        )
    return Dialogue(tuple(scenes), tuple(said))


def _arrivals(rng: random.Random, length: int, pictures: int) -> list[int]:
    """At which turn each picture is shown, in order; two in one message is possible."""
    if not pictures:
        return []
    first = min(rng.choices((0, 1, 2), weights=(76, 16, 8))[0], length - 1)
    later = sorted(rng.randint(first, max(first, length - 2)) for _ in range(pictures - 1))
    spread = [first]
    for at in later:
        previous = spread[-1]
        if at <= previous and rng.random() > 0.12:
            at = previous + rng.randint(1, 2)
        spread.append(min(max(at, previous), length - 1))
    return spread


def _with_pictures(talk: Talk, new: tuple[int, ...]) -> Turn:
    """A turn that shows pictures and asks about the last of them."""
    talk.focus, talk.card = None, None
    if len(new) > 1:
        return _earlier(talk, talk.rng.choice(new))
    if talk.rng.random() < 0.18 * talk.emphasis.get("caption", 1.0):
        return caption(talk, new[0])
    again = same_here(talk, new[0]) if talk.rng.random() < 0.6 else None
    if again is not None:
        return again
    made = _about(talk, new[0], "")
    if new[0] > 0 and talk.rng.random() < 0.4:
        opener = talk.rng.choice(("Here is another picture. ", "Now this one. ", "And now? ", "Next one: ",
                                  "Look at this one. ", "A second picture. ", "New picture: "))  # fmt: skip
        return Turn(opener + made.question, made.answer, made.family)
    return made


def _in_form(talk: Talk, make: Callable[[], Turn]) -> Turn:
    """A turn whose answer keeps the rule that was agreed, or one that ends it."""
    if not talk.rule:
        return make()
    for _ in range(12):
        form, made = talk.rule, make()
        if made.family == "rule":
            return made
        kept = in_form(made, form)
        if kept is not None:
            return kept
    # Nothing here can be said in a word; what cannot keep the rule is said as ever.
    return make()


def _next(talk: Talk, scenes: Sequence[Shown], source: SceneSource) -> Turn:
    """A turn without a new picture."""
    rng = talk.rng
    if not talk.scenes:
        return _before_pictures(talk, scenes, source)
    made = chosen(talk) if rng.random() < 0.75 else None
    if made is None and talk.waiting and rng.random() < 0.35:
        made = answered_later(talk)
    if made is None and rng.random() < 0.4:  # seldom possible, and so taken when it is
        made = counts_joined(talk)
    if made is None and rng.random() < 0.25:
        made = count_on(talk)
    if made is not None:
        return made
    several = len(talk.scenes) > 1
    for _ in range(20):
        ways = {
            "latest": 46.0,
            "follow": 36.0,
            "earlier": 30.0 if several else 1.0,
            "across": 14.0 if several else 1.0,
            "tell": 34.0 if talk.names else 16.0,
            "small": 5.0,
            "scope": 6.0,
            "sums": 2.5,
            "quoted": 1.0,
            "beyond": 1.0,
        }
        kind = _way(talk, ways)
        if kind == "latest":
            made = _about(talk, talk.latest, "")
        elif kind == "follow":
            made = follow_up(talk) or _first(rng, FOLLOW_UPS, talk)
        elif kind == "earlier":
            made = _earlier(talk, rng.randrange(len(talk.scenes)))
        elif kind == "across":
            made = across(talk) if several else pictures_shown(talk)
        elif kind == "tell":
            made = _first(rng, TELLING, talk)
        elif kind == "small":
            family, question, answer = small_talk(rng)
            made = Turn(question, answer, family, needs_picture=False)
        elif kind == "scope":
            question, answer = out_of_scope(rng)
            made = Turn(question, answer, "out_of_scope", needs_picture=False)
        elif kind in ("sums", "quoted"):
            made = _in_words(rng, kind)
        else:
            made = beyond(talk)
        if made is not None:
            return made
    return _about(talk, talk.latest, "")


def _before_pictures(talk: Talk, scenes: Sequence[Shown], source: SceneSource) -> Turn:
    """A turn while nothing has been shown: small talk, or a question that has no picture yet."""
    rng = talk.rng
    kind = _way(talk, {"small": 40.0, "scope": 20.0, "none": 28.0, "tell": 12.0, "sums": 5.0, "quoted": 1.0})
    if kind == "small":
        family, question, answer = small_talk(rng)
        return Turn(question, answer, family, needs_picture=False)
    if kind == "scope":
        question, answer = out_of_scope(rng)
        return Turn(question, answer, "out_of_scope", needs_picture=False)
    if kind in ("sums", "quoted"):
        return _in_words(rng, kind)
    if kind == "tell":
        made = _first(rng, TELLING, talk)
        if made is not None:
            return made
    # Ask as if a picture were there: the one that comes next, or one that is never shown.
    imagined = Talk(rng, scenes=[scenes[0] if scenes else source(rng, False, 4)])
    asked = _about(imagined, 0, "")
    answer = asked.answer
    if imagined.asked:
        last = imagined.asked[-1]
        answer = attribute_of(
            last.thing, last.attribute, subject(talk, last.thing, last.attribute, last.words)
        )
    talk.waiting.append((asked.question, answer))
    return Turn(asked.question, NO_PICTURE, "no_picture", needs_picture=False)


def _in_words(rng: random.Random, kind: str) -> Turn:
    """A sum, or a text that the person quotes: no picture is needed."""
    question, answer = {"sums": reckoning, "quoted": quoting}[kind](rng)
    return Turn(question, answer, kind, needs_picture=False)


def _about(talk: Talk, index: int, where: str) -> Turn:
    """A question about one picture; "it" means something else from here on."""
    talk.focus, talk.card = None, None
    for _ in range(20):
        made = _draw(talk, families(talk.scenes[index]))(talk, index, where)
        if made is not None:
            return made
    return describe(talk, index, where)


def _earlier(talk: Talk, index: int) -> Turn:
    """A question about a picture by its number."""
    rng, number = talk.rng, index + 1
    ways = [f"in the {ORDINALS[index]} picture", f"in picture {number}", f"in the {ORDINALS[index]} image",
            f"in #{number}", f"in the {ORDINALS[index]} one"]  # fmt: skip
    if index == talk.latest:
        ways += ["in the last picture", "in the latest picture"]
    if index == talk.latest - 1:
        ways += ["in the previous picture", "in the picture before"]
    made = _about(talk, index, rng.choice(ways))
    return Turn(made.question, made.answer, f"earlier_{made.family}" if index != talk.latest else made.family)


def _first(rng: random.Random, table: Mapping[str, tuple[float, FollowUp]], talk: Talk) -> Turn | None:
    """The first that has an occasion, tried in a random order that respects the weights."""
    order = sorted(table, key=lambda name: rng.random() ** (1 / _weight(talk, table, name)), reverse=True)
    for name in order:
        made = table[name][1](talk)
        if made is not None:
            return made
    return None


def _draw(talk: Talk, table: Mapping[str, tuple[float, T]]) -> T:
    names = sorted(table)
    weights = [_weight(talk, table, name) for name in names]
    return table[talk.rng.choices(names, weights=weights)[0]][1]


def _way(talk: Talk, ways: Mapping[str, float]) -> str:
    """How a turn goes on, by weights that the curriculum's emphasis multiplies."""
    weights = [weight * talk.emphasis.get(way, 1.0) for way, weight in ways.items()]
    return talk.rng.choices(list(ways), weights)[0]


def _weight(talk: Talk, table: Mapping[str, tuple[float, T]], name: str) -> float:
    return table[name][0] * talk.emphasis.get(name, 1.0)
