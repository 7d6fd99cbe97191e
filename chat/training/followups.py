"""Turns that need the dialogue: it, the other one, those; earlier pictures; what the person told."""

from __future__ import annotations

import random
from collections.abc import Callable

from chat.training.cards.turns import therefore
from chat.training.language import NUMBERS, ORDINALS, PLACE_PHRASES, article, capital, listed
from chat.training.meaning import called, given, of_the, other_one, words_for
from chat.training.questions import ATTRIBUTES, attribute_of, describe_scene, yes_or_no
from chat.training.references import REFERENCES, rule
from chat.training.scene import COLOURS, FILLS, LETTERS, PLACES, SHAPES, SIZES
from chat.training.talk import Focus, Spec, Talk, Turn, has, of_those

FollowUp = Callable[[Talk], Turn | None]

_IT: dict[str, tuple[str, ...]] = {
    "colour": ("What colour is it?", "And what colour is it?", "Which colour does it have?", "Its colour?",
               "What is its colour?", "And the colour?", "What colour?"),
    "shape": ("What shape is it?", "And what shape is it?", "What is it?", "Which shape does it have?",
              "What is its shape?", "And the shape?"),
    "size": ("How big is it?", "What size is it?", "And its size?", "How large is it?",
             "Is it big or small?"),
    "place": ("Where is it?", "And where is it?", "What is its position?", "Where exactly is it?", "Where?",
              "And where?", "Where do you see it?"),
    "fill": ("Is it solid, outlined or striped?", "How is it filled?", "And its fill?",
             "Is it filled or hollow?"),
}  # fmt: skip


def it(talk: Talk) -> Turn | None:
    """Another attribute of the one thing in focus."""
    focus, rng = talk.focus, talk.rng
    if focus is None or len(focus.things) != 1:
        return None
    thing = focus.things[0]
    names = [name for name in _IT if name != focus.asked and has(thing, name)]
    if not names:
        return None
    name = rng.choice(names)
    talk.focus = Focus(focus.scene, focus.things, name)
    if name != "shape" and rng.random() < 0.2:
        wordings, answer, value = yes_or_no(thing, name, rng)
        question = rng.choice(wordings[:2] if name == "place" else wordings).format(n="it", v=value)
        return Turn(question, answer, "it")
    wordings = _IT[name] if name != "shape" or thing.kind != "object" else ("What is it?", "And what is it?")
    return Turn(rng.choice(wordings), attribute_of(thing, name), "it")


def other(talk: Talk) -> Turn | None:
    """The other of exactly two."""
    focus, rng = talk.focus, talk.rng
    if focus is None or len(focus.things) != 1:
        return None
    thing, things = focus.things[0], talk.scenes[focus.scene].things
    alike = [each for each in things if each.name == thing.name and each.kind == thing.kind]
    pair = things if len(things) == 2 else alike
    if len(pair) != 2:
        return None
    second = pair[1] if pair[0] == thing else pair[0]
    repeat = focus.asked in _IT and rng.random() < 0.4
    name = focus.asked if repeat else rng.choice(("colour", "place", "shape", "size", "fill"))
    if not has(second, name):
        return None
    noun = rng.choice(("one", "one", second.name if len(alike) == 2 and not thing.is_text else "one"))
    talk.focus = Focus(focus.scene, (second,), name)
    who = other_one(talk, second, name)
    if repeat:
        wordings: tuple[str, ...] = ("And the other {n}?", "What about the other {n}?", "The other {n}?")
    else:
        wordings = tuple(wording.replace("{n}", "other {n}") for wording in ATTRIBUTES[name])
        if name == "shape":
            wordings = ("What is the other one?", "And what is the other one?")
            wordings += ("What shape is the other one?",) if second.is_shape else ()
    return Turn(rng.choice(wordings).format(n=noun), attribute_of(second, name, who), "other")


def those(talk: Talk) -> Turn | None:
    """Colours, places or a part of the several things in focus."""
    focus, rng = talk.focus, talk.rng
    if focus is None or not 2 <= len(focus.things) <= 4 or focus.asked == "ambiguous":
        return None
    things = focus.things
    kind = rng.choice(("colours", "places", "part"))
    if not all(thing.colour for thing in things):
        kind = "places"
    asked: tuple[str, ...]
    if kind == "colours":
        colours = list(dict.fromkeys(thing.colour for thing in things))
        asked = ("What colours are they?", "Which colours do they have?", "What colour are those?",
                 "And their colours?", "What colours do those have?", "What colour are they?")  # fmt: skip
        return Turn(rng.choice(asked), f"They are {listed(colours)}.", "those")
    if kind == "places":
        places = [PLACE_PHRASES[PLACES[thing.place]] for thing in things]
        asked = ("Where are they?", "Where are those?", "And where are they?", "What are their positions?",
                 "Where do you see them?", "Where?")  # fmt: skip
        return Turn(rng.choice(asked), f"They are {listed(places)}.", "those")
    like = rng.choice(things)
    values = {"colour": like.colour, "size": like.size, "fill": like.fill}
    if rng.random() < 0.3:
        values = {"colour": rng.choice(sorted(COLOURS)), "size": rng.choice(SIZES), "fill": rng.choice(FILLS)}
    name = rng.choice(("colour", "colour", "size", "fill"))
    if not values[name]:
        return None
    found = Spec(**{name: values[name]}).among(things)
    answer = of_the(talk, focus, of_those(talk, found, values[name]))
    wordings = ("How many of them are {v}?", "How many of those are {v}?", "And how many are {v}?",
                "How many are {v}?")  # fmt: skip
    return Turn(rng.choice(wordings).format(v=values[name]), answer, "those")


def across(talk: Talk) -> Turn | None:
    """A comparison of the last two pictures."""
    rng = talk.rng
    if len(talk.scenes) < 2:
        return None
    first, second = len(talk.scenes) - 2, len(talk.scenes) - 1
    if len(talk.scenes) > 2:
        return pictures_shown(talk)
    if any(talk.scenes[each].medium == "card" for each in (first, second)):
        return pictures_shown(talk)
    things = talk.scenes[first].things, talk.scenes[second].things
    wordings: tuple[str, ...]
    kind = rng.choice(("more", "which", "both", "shown"))
    if kind == "shown":
        return pictures_shown(talk)
    if kind == "more" and not any(talk.scenes[each].medium == "photograph" for each in (first, second)):
        counts = len(things[0]), len(things[1])
        answer = "Both have the same number of objects."
        if counts[0] != counts[1]:
            answer = f"The {ORDINALS[first if counts[0] > counts[1] else second]} picture has more objects."
        wordings = ("Which picture has more objects?", "Which of the two pictures has more things in it?",
                    "Are there more objects in the first or the second picture?",
                    "Where are there more objects, in the first or the second picture?")  # fmt: skip
        return Turn(rng.choice(wordings), answer, "across")
    names = [thing.name for pair in things for thing in pair if not thing.is_text and thing.name]
    name = rng.choice(names) if names and rng.random() < 0.85 else rng.choice(SHAPES)
    found = [bool(Spec(kind=name).among(group)) for group in things]
    answer = {
        (True, True): f"Both pictures have {article(name)}.",
        (True, False): f"Only the first picture has {article(name)}.",
        (False, True): f"Only the second picture has {article(name)}.",
        (False, False): f"Neither picture has {article(name)}.",
    }[(found[0], found[1])]
    wordings = ("Which picture has {a}?", "In which picture is there {a}?", "Is there {a} in both pictures?",
                "Do both pictures have {a}?", "Which of the pictures shows {a}?")  # fmt: skip
    return Turn(rng.choice(wordings).format(a=article(name)), answer, "across")


def pictures_shown(talk: Talk) -> Turn:
    """How many pictures there are so far."""
    number = len(talk.scenes)
    wordings = ("How many pictures have I shown you?", "How many images have you seen?",
                "How many pictures are there so far?", "How many pictures did I send?")  # fmt: skip
    if number == 0:
        return Turn(
            talk.rng.choice(wordings), "You have not shown me a picture yet.", "across", needs_picture=False
        )
    answer = f"You have shown me {NUMBERS[number]} picture{'s' if number > 1 else ''}."
    return Turn(talk.rng.choice(wordings), answer, "across")


def beyond(talk: Talk) -> Turn | None:
    """A question about a picture that was not shown yet."""
    number = len(talk.scenes)
    if not 1 <= number <= 4:
        return None
    which = talk.rng.choice((f"in the {ORDINALS[number]} picture", f"in picture {number + 1}"))
    wordings = (
        "What is {w}?",
        "Describe what you see {w}.",
        "How many objects are {w}?",
        "What do you see {w}?",
    )
    noun = "picture" if number == 1 else "pictures"
    answer = f"You have shown me only {NUMBERS[number]} {noun}."
    return Turn(talk.rng.choice(wordings).format(w=which), answer, "across")


def name_it(talk: Talk) -> Turn | None:
    """The person gives the thing in focus a name."""
    focus, rng = talk.focus, talk.rng
    if focus is None or len(focus.things) != 1 or len(talk.names) >= 2:
        return None
    name = given_name(rng)
    if name in talk.names or name in talk.told.values():
        return None
    words = words_for(talk, focus.scene, focus.things[0]) or focus.noun
    talk.names[name] = (focus.scene, focus.things[0], words)
    wordings = ("Call it {n}.", "Let's call it {n}.", "Its name is {n}.", "I will call it {n}.",
                "Please call it {n}.",
                "It is called {n}.", "Let us name it {n}.")  # fmt: skip
    return Turn(rng.choice(wordings).format(n=name), given(talk, name, words), "naming", needs_picture=False)


_NAMED: dict[str, tuple[str, ...]] = {
    "colour": ("What colour is {n}?", "Which colour does {n} have?", "What is the colour of {n}?",
               "{n}: what colour?"),
    "place": ("Where is {n}?", "And where is {n}?", "Where was {n}?", "Where do you see {n}?",
              "Where can I find {n}?"),
    "size": ("How big is {n}?", "What size is {n}?", "How large is {n}?"),
    "fill": ("Is {n} solid, outlined or striped?", "How is {n} filled?"),
    "shape": ("Who is {n}?", "What is {n}?", "Do you remember what {n} is?"),
}  # fmt: skip


def ask_named(talk: Talk) -> Turn | None:
    """Something about a thing with a given name."""
    if not talk.names:
        return None
    rng = talk.rng
    name = rng.choice(sorted(talk.names))
    scene, thing, words = talk.names[name]
    attribute = rng.choice([each for each in _NAMED if has(thing, each)])
    talk.focus = Focus(scene, (thing,), attribute)
    if attribute != "shape" and rng.random() < 0.15:
        asks, answer, value = yes_or_no(thing, attribute, rng)
        return Turn(
            rng.choice(asks).format(n=name, v=value), answer.replace("it is", f"{name} is", 1), "named"
        )
    wordings = _NAMED[attribute]
    if attribute == "shape" and thing.is_shape and rng.random() < 0.6:
        wordings = ("What shape is {n}?", "Which shape does {n} have?", "What is the shape of {n}?")
    who = called(talk, name, thing, attribute, words)
    return Turn(rng.choice(wordings).format(n=name), attribute_of(thing, attribute, who), "named")


def ask_stranger(talk: Talk) -> Turn | None:
    """Something about a name that was never given."""
    rng = talk.rng
    name = given_name(rng)
    if not talk.scenes or name in talk.names or name in talk.told.values():
        return None
    wordings = ("What colour is {n}?", "Where is {n}?", "Who is {n}?", "How big is {n}?", "What is {n}?",
                "What shape is {n}?", "Is {n} red?")  # fmt: skip
    return Turn(rng.choice(wordings).format(n=name), f"I don't know who {name} is.", "stranger")


_NAMES = """
    Anna Ben Carl Dora Emma Fred Gina Hugo Ida Jack Kate Leo Mia Nina Otto Paul Rosa Sam Tom Uma
    Vera Will Yara Zoe Bob Alice Max Lily Oscar Ruby Felix Clara Maria Peter Olga Ali Chen Yuki
    Priya Omar Sofia Luca Ella Noah Ivan Greta Marco Lena Theo Nora Rex Bella Fido Rocky Coco Luna
    Milo
""".split()
_FACTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "favourite colour": ("colour", tuple(COLOURS)),
    "favourite animal": (
        "animal",
        ("dog", "cat", "horse", "lion", "owl", "fox", "whale", "tiger", "bear", "rabbit"),
    ),
    "favourite food": (
        "food",
        ("pizza", "rice", "soup", "cake", "pasta", "bread", "cheese", "sushi", "salad"),
    ),
    "favourite number": ("number", tuple(str(number) for number in range(2, 100))),
    "favourite shape": ("shape", SHAPES),
    "home town": (
        "town",
        ("Paris", "Rome", "Oslo", "Cairo", "Lima", "Delhi", "Tokyo", "Berlin", "Madrid", "Boston"),
    ),
    "dog's name": ("name", tuple(_NAMES)),
    "sister's name": ("name", tuple(_NAMES)),
    "age": ("number", tuple(str(number) for number in range(5, 100))),
    "house number": ("number", tuple(str(number) for number in range(1, 1000))),
    "favourite letter": ("letter", tuple(LETTERS)),
    "favourite sport": ("sport", ("football", "tennis", "chess", "golf", "swimming", "running", "hockey")),
    "favourite drink": ("drink", ("tea", "coffee", "water", "milk", "juice", "lemonade", "cocoa")),
    "job": ("job", ("teacher", "doctor", "cook", "painter", "farmer", "pilot", "singer", "nurse", "driver")),
}
"""What people tell about themselves, and the values it may take."""


def given_name(rng: random.Random) -> str:
    """A name: a usual one, or a made-up one, so that names are copied rather than known."""
    if rng.random() < 0.6:
        return rng.choice(_NAMES)
    syllables = rng.choices(
        ("ka", "lo", "mi", "ru", "ta", "zo", "be", "fin", "dar", "quo", "shu", "pel"), k=rng.randint(2, 3)
    )
    return "".join(syllables).capitalize()


def tell(talk: Talk) -> Turn | None:
    """The person tells a fact about themselves."""
    rng = talk.rng
    if rng.random() < 0.4 and "name" not in talk.told:
        name = given_name(rng)
        if name in talk.names:
            return None
        talk.told["name"] = name
        wordings: tuple[str, ...] = ("My name is {n}.", "I am {n}.", "Call me {n}.", "I'm {n}.",
                                     "Hi, I am {n}.", "Remember that my name is {n}.",
                                     "By the way, my name is {n}.",
                                     "Hello, my name is {n}.")  # fmt: skip
        return Turn(
            rng.choice(wordings).format(n=name), f"Nice to meet you, {name}.", "tell", needs_picture=False
        )
    what = rng.choice(sorted(_FACTS))
    if what in talk.told:
        return None
    value = rng.choice(_FACTS[what][1])
    talk.told[what] = value
    wordings = ("My {w} is {v}.", "Remember that my {w} is {v}.", "By the way, my {w} is {v}.",
                "{v} is my {w}.",
                "Please remember: my {w} is {v}.")  # fmt: skip
    return Turn(
        capital(rng.choice(wordings).format(w=what, v=value)),
        "OK, I will remember that.",
        "tell",
        needs_picture=False,
    )


def ask_told(talk: Talk) -> Turn | None:
    """The person asks a fact back, sometimes one they never told."""
    rng = talk.rng
    known = bool(talk.told) and rng.random() < 0.65
    what = rng.choice(sorted(talk.told)) if known else rng.choice(["name", *sorted(_FACTS)])
    wordings = ("What is my {w}?", "Do you remember my {w}?", "What's my {w}?", "Tell me my {w}.",
                "Do you know my {w}?",
                "What did I say my {w} is?")  # fmt: skip
    answer = (
        f"Your {what} is {talk.told[what]}." if what in talk.told else f"You have not told me your {what}."
    )
    return Turn(rng.choice(wordings).format(w=what), answer, "recall", needs_picture=False)


def verify_told(talk: Talk) -> Turn | None:
    """Whether a fact is what the person says now: told so, told otherwise, or never told."""
    rng = talk.rng
    if not talk.told:
        return None
    what = rng.choice(sorted(talk.told)) if rng.random() < 0.75 else rng.choice(["name", *sorted(_FACTS)])
    asked = talk.told.get(what, "")
    if not asked or rng.random() < 0.5:
        others = _NAMES if what == "name" else _FACTS[what][1]
        asked = rng.choice([value for value in others if value != asked])
    answer = f"You have not told me your {what}."
    if what in talk.told:
        answer = therefore(asked == talk.told[what], f"your {what} is {talk.told[what]}.")
    wordings = ("Is my {w} {v}?", "Did I say my {w} is {v}?", "Is it true that my {w} is {v}?",
                "Did I tell you that my {w} is {v}?", "Is {v} my {w}?")  # fmt: skip
    question = capital(rng.choice(wordings).format(w=what, v=asked))
    return Turn(question, answer, "recall_verify", needs_picture=False)


FOLLOW_UPS: dict[str, tuple[float, FollowUp]] = {
    "it": (10, it),
    "other": (6, other),
    "those": (8, those),
    **REFERENCES,
}
TELLING: dict[str, tuple[float, FollowUp]] = {
    "naming": (4, name_it),
    "named": (12, ask_named),
    "tell": (3, tell),
    "recall": (4, ask_told),
    "recall_verify": (1.5, verify_told),
    "stranger": (1.2, ask_stranger),
    "rule": (1.1, rule),
}


def caption(talk: Talk, index: int) -> Turn:
    """A picture shown with no question, or with words that ask for nothing in particular."""
    words = ("", "", "Here is a picture.", "Look at this.", "Look at this picture.", "And this one?", "Look!",
             "Here is another one.", "Another picture.", "What about this one?", "This one?",
             "See this?")  # fmt: skip
    scene = talk.scenes[index]
    talk.focus = Focus(index, scene.things, "describe") if len(scene.things) == 1 else None
    return Turn(talk.rng.choice(words), describe_scene(scene), "describe")
