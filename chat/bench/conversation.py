"""A long conversation to measure: turns of a wanted number of tokens, some with a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from chat.bench.reply import Measured, ask
from chat.engines.base import Sampling
from chat.engines.builtin import BuiltinEngine
from chat.evals.items import as_image
from chat.evals.suite import to_png
from chat.training.render import picture
from chat.training.scene import sample
from prompts import Message, assistant, user


@dataclass
class Talk:
    """A conversation with an engine, its turns measured one by one."""

    engine: BuiltinEngine
    seed: str = "0"
    history: list[Message] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)

    def turn(self, tokens: int, *, reply: int = 1, with_picture: bool = False) -> Measured:
        """Ask something of about `tokens` tokens, and let the model say `reply` tokens."""
        number = len(self.history) // 2
        images = []
        if with_picture:
            data = to_png(picture(sample(Random(f"bench/{self.seed}/{number}"))))
            images.append(as_image(data))
            self.pictures[images[0].sha256] = data
        self.history.append(user(words(tokens, f"{self.seed}/{number}", self.engine.count), images))
        said, measured = ask(self.engine, self.history, self.pictures, Sampling(max_tokens=reply))
        self.history.append(assistant(said or "."))
        return measured


def words(tokens: int, seed: str, count: Callable[[Message], int]) -> str:
    """Words that make a message of about so many tokens, never the same ones twice."""
    rng, text = Random(seed), ""
    while count(user(text)) < tokens:
        text += rng.choice(("red ", "circle ", "what ", "left ", "two ", "is ", "the ", "blue ", "where "))
    return text
