"""What people say that is not about a picture: wordings and the answers to them."""

from __future__ import annotations

import random

from chat.training.cards.scene import Expression
from chat.training.cards.sums import solved
from chat.training.cards.turns import near, therefore
from chat.training.language import NUMBERS, capital
from chat.training.scene import WRITTEN, another_text

GREETING = "Hello! Show me a picture and ask me about it."
ABOUT = "I am Vis-à-Vis, a small model that looks at pictures and talks about them."
SKILLS = (
    "I can name what is in photographs and drawings, count things, tell their colours, sizes and places, "
    "read short words and compare pictures."
)
OUT_OF_SCOPE = "I can't do that; I can talk about what is in your pictures."
NO_PICTURE = "I see no picture yet. Please show me one."

SMALL_TALK: dict[str, tuple[tuple[str, ...], str]] = {
    "greeting": (
        ("Hello", "Hi", "Hey", "Hello!", "Hi there!", "Hey there", "Good morning!", "Good evening",
         "Good afternoon.", "Hello, how do you do?", "Greetings!", "Hiya", "Hello there", "Hi!", "Yo",
         "Howdy"),
        GREETING,
    ),
    "wellbeing": (
        ("How are you?", "How are you doing?", "How is it going?", "Are you well?", "How do you feel today?",
         "How are you today?", "What's up?"),
        "I am well, thank you.",
    ),
    "thanks": (
        ("Thanks", "Thank you", "Thank you!", "Thanks a lot!", "Great, thanks.", "Many thanks", "Cheers",
         "Thank you very much.", "Thanks, that helps.", "Well done!", "Good job!", "Nice, thank you.",
         "Great!"),
        "You are welcome.",
    ),
    "goodbye": (
        ("Bye", "Goodbye!", "See you later.", "Bye bye", "See you!", "Good night.", "I have to go now.",
         "That is all for today.", "Farewell"),
        "Goodbye!",
    ),
    "about": (
        ("Who are you?", "What are you?", "What is your name?", "Tell me about yourself.", "Are you a robot?",
         "Are you human?", "Who am I talking to?", "Introduce yourself.", "What's your name?",
         "What kind of model are you?", "Do you have a name?", "Are you an AI?"),
        ABOUT,
    ),
    "skills": (
        ("What can you do?", "How can you help me?", "What are you able to do?", "Help", "What do you know?",
         "What can I ask you?", "What are your skills?", "How does this work?", "What should I ask?",
         "What questions can you answer?", "Can you help me?", "What is this?"),
        SKILLS,
    ),
    "sight": (
        ("Can you see?", "Can you see pictures?", "Can I show you a picture?", "May I send you an image?",
         "I want to show you something.", "Do you like pictures?", "Can you look at images?",
         "I have a picture for you."),
        "Yes, please show me a picture.",
    ),
}  # fmt: skip

_TOPICS = (
    "the weather", "the stock market", "football", "the moon landing", "France", "quantum physics", "my cat",
    "cooking", "politics", "the news", "the Roman empire", "love", "music", "the internet", "dinosaurs",
    "Mars",
    "chess", "a sad song", "money", "my holidays", "machine learning", "history", "philosophy", "the ocean",
    "coffee", "Shakespeare", "the president", "my homework", "space travel", "the meaning of life", "dragons",
    "my boss", "a birthday party", "climate change", "the city of Rome", "an old friend", "trains", "bread",
)  # fmt: skip
_ASKS = (
    "Write a poem about {t}.", "Tell me a story about {t}.", "What do you think about {t}?",
    "Explain {t} to me.", "Can you tell me about {t}?", "Write an essay on {t}.", "Who invented {t}?",
    "Give me some facts about {t}.", "Search the web for {t}.", "Tell me a joke about {t}.",
    "What is the history of {t}?", "How do I learn about {t}?", "Why is {t} so important?",
    "Write a letter about {t}.", "Do you know anything about {t}?", "I want to talk about {t}.",
    "Summarise a book about {t}.", "Sing a song about {t}", "Give me advice about {t}", "What about {t}?",
    "Draw me {t}.", "Make a picture of {t}.", "Is {t} good or bad?", "When did {t} begin?",
    "I am worried about {t}.", "Let's discuss {t}.", "How much does {t} cost?", "I hate {t}.", "I love {t}.",
)  # fmt: skip
_FIXED = (
    "What time is it?", "What day is it today?", "How is the weather today?", "Will it rain tomorrow?",
    "What is the capital of France?", "Tell me a joke.", "Who is the president?",
    "Translate this into French.", "What is the square root of 16?", "Book me a flight.", "Play some music.",
    "Send an email to my boss.", "Who painted the Mona Lisa?", "How old are you?", "Where do you live?",
    "Do you love me?", "What is the meaning of life?", "Solve this equation.", "Write some code for me.",
    "Set an alarm for seven.", "What should I eat tonight?", "Recommend a good film.", "Who won the match?",
    "How far is the moon?", "How tall is Mount Everest?", "Call me a taxi.", "Order a pizza.",
    "Are you happy?",
    "Can you dance?", "Fix my computer.", "Tell me something interesting.", "What is the news today?",
    "Remind me to buy milk.", "Do my homework.", "How do I cook rice?", "Speak German.", "Who made you?",
    "What is your favourite film?", "Open the window.", "Turn off the lights.", "Sing a song.", "Where am I?",
    "Can you drive a car?", "What is love?", "Why is the sky blue?", "How do planes fly?",
    "Make me a sandwich.",
    "Wie spät ist es?", "Quelle heure est-il ?", "¿Qué hora es?", "Guten Tag, wie geht es dir?", "Ça va ?",
    "Che tempo fa oggi?", "Bonjour, parlez-vous français ?", "你好吗?", "今日の天気は?", "Как дела?", "مرحبا",
    "print('hello world')", "SELECT * FROM users;", "def f(x): return x + 1", "for i in range(10): pass",
    "int main() { return 0; }", "import os", "<html><body></body></html>", "git push origin main",
    "x = 3 * y",
    "https://example.com", "1234567890", "asdf", "qwertz", "blah blah", "???", "...", ":-)", "😀", "lol",
    "hmm",
)  # fmt: skip
_COMMON = """
    the of and to in is was he for it with as his on be at by had not are but from or have an they
    which one you were her all she there would their we him been has when who will more no if out so
    said what up its about into than them can only other new some could time these two may then do
    first any my now such like our over man me even most made after also did many before must
    through back years where much your way well down should because each just those people how too
    little state good very make world still own see men work long get here between both life being
    under never day same another know while last might us great old year off come since against go
    came right used take three school government system program question during number both public
    young put set says need house church service need night away money
""".split()


def small_talk(rng: random.Random) -> tuple[str, str, str]:
    """(family, what is said, the answer)."""
    family = rng.choice(sorted(SMALL_TALK))
    wordings, answer = SMALL_TALK[family]
    return family, rng.choice(wordings), answer


_SUMS = (
    "What is {a} {s} {b}?", "How much is {a} {s} {b}?", "{a} {s} {b}?", "{a} {s} {b} = ?",
    "Work out {a} {s} {b}.", "Can you work out {a} {s} {b}?", "And {a} {s} {b}?",
    "Tell me what {a} {s} {b} is.", "{a} {s} {b}", "What does {a} {s} {b} make?",
    "Calculate {a} {s} {b}.", "What's {a} {s} {b}?",
)  # fmt: skip
_SIGNS = {"+": ("+", "+", "plus"), "-": ("-", "-", "minus"), "x": ("x", "x", "*", "times")}
LARGEST = {"+": 20, "-": 20, "x": 10}
"""The largest number in a sum of each kind that is answered."""
TOO_LARGE = "I can only do sums with small numbers."


def _in_words(number: int) -> str:
    return "zero" if number == 0 else NUMBERS[number] if number < len(NUMBERS) else str(number)


def reckoning(rng: random.Random) -> tuple[str, str]:
    """(a sum in words or signs, its answer): often of numbers as on cards, seldom too large ones."""
    sign = rng.choice(sorted(_SIGNS))
    most = LARGEST[sign] if rng.random() < 0.4 else {"+": 9, "-": 9, "x": 5}[sign]
    a, b = rng.randint(0, most), rng.randint(0, most)
    if sign == "-":
        a, b = max(a, b), min(a, b)
    solvable = rng.random() >= 0.05
    if not solvable:
        a, b = rng.randint(100, 9999), rng.randint(11, 9999)
    said = rng.choice(_SIGNS[sign])
    if sign != "x" and rng.random() < 0.1:
        said, asked = {"+": "plus", "-": "minus"}[sign], [_in_words(a), _in_words(b)]
    else:
        asked = [str(a), str(b)]
    expression = Expression(str(a), sign, str(b))
    if solvable and rng.random() < 0.6:
        return _reckoning_verified(rng, " ".join((asked[0], said, asked[1])), expression)
    answer = f"{solved(expression)}." if solvable else TOO_LARGE
    return rng.choice(_SUMS).format(a=asked[0], s=said, b=asked[1]), answer


def _reckoning_verified(rng: random.Random, said: str, expression: Expression) -> tuple[str, str]:
    """Whether a sum comes to a number: the right one half the time."""
    value = int(expression.value())
    yes = rng.random() < 0.5
    claimed = value if yes else near(rng, value)
    wordings = (
        "Is {e} equal to {n}?", "Is {e} {n}?", "Does {e} make {n}?", "{e} = {n}, is that right?",
        "Is it true that {e} is {n}?",
    )  # fmt: skip
    return capital(rng.choice(wordings).format(e=said, n=claimed)), therefore(yes, solved(expression))


_QUOTED = (
    "The sign says {a}. Does it say {b}?", "It says {a}. Is that {b}?", "I read {a}. Does it say {b}?",
    "{a}: is that {b}?", "Here it says {a}. Is it {b}?", "The card says {a}. Is {b} written there?",
    "The text is {a}. Does the text read {b}?", "I see {a} there. Is it {b}?", "The word is {a}. Is it {b}?",
)  # fmt: skip


def quoting(rng: random.Random) -> tuple[str, str]:
    """(whether a text that the person quotes is another, the answer), the same one half the time.

    To compare two texts is learnt here for a fraction of what reading one of them from a picture costs.
    """
    kind = rng.choice(("word", "word", "number", "letter"))
    text = asked = rng.choice(WRITTEN[kind])
    if rng.random() < 0.5:
        asked = another_text(text, kind, rng)
    question = rng.choice(_QUOTED).format(a=text, b=asked)
    return question, therefore(asked == text, f"it says {text}.")


def out_of_scope(rng: random.Random) -> tuple[str, str]:
    """(what is said, the answer): other topics, other languages, code, or random prose."""
    kind = rng.random()
    if kind < 0.5:
        said = rng.choice(_ASKS).format(t=rng.choice(_TOPICS))
    elif kind < 0.85:
        said = rng.choice(_FIXED)
    else:
        words = rng.choices(_COMMON, k=rng.randint(3, 12))
        said = " ".join(words).capitalize() + rng.choice((".", "", "?"))
    return said, OUT_OF_SCOPE
