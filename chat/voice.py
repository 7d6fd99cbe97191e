"""What a model is told before a conversation begins: its persona's words, and what it is to remember."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.engines.base import Engine, Sampling
from memory import Fact, Store
from prompts import Message, personas, system

FACTS_SHARE = 0.125
"""How much of what a prompt may hold goes to facts, at most."""

HEADING = "What the person has asked you to remember:"


@dataclass(frozen=True, slots=True)
class Voice:
    """What persona and long-term memory make of a model for one reply.

    `prefix` is the system message, if there is anything to say; `facts` are the ids of those in it.
    """

    prefix: tuple[Message, ...]
    facts: tuple[str, ...]
    sampling: Sampling


def speak(store: Store, engine: Engine, persona_name: str, sampling: Sampling | None) -> Voice:
    """How a conversation's next reply is to be made; `sampling` None takes the persona's temperature.

    An engine that does not follow instructions is told no facts. Raises PromptError for an unknown
    persona.
    """
    persona = personas.load(persona_name)
    sampling = sampling or Sampling(temperature=persona.temperature)
    told: tuple[Fact, ...] = ()
    if engine.limits.follows_instructions:
        budget = int(FACTS_SHARE * (engine.limits.context_tokens - sampling.max_tokens))
        told = choose_facts(store.facts.list(persona_name), engine.count, budget)
    words = with_facts(persona.system, told)
    return Voice((system(words),) if words else (), tuple(fact.id for fact in told), sampling)


def choose_facts(facts: Sequence[Fact], count: Callable[[Message], int], budget: int) -> tuple[Fact, ...]:
    """The newest of `facts`, which come and go oldest first, that together take at most `budget` tokens.

    `count` says how many one message takes. Each fact is counted as one of its own, and so for a
    little too much, once: what a fact takes does not depend on the others.
    """
    left, first = budget - count(system(HEADING)), len(facts)
    while first > 0:
        left -= count(system(_line(facts[first - 1])))
        if left < 0:
            break
        first -= 1
    return tuple(facts[first:])


def with_facts(words: str, facts: Sequence[Fact]) -> str:
    """A persona's words with the facts below them, one on each line, in the order given."""
    if not facts:
        return words
    told = HEADING + "".join(map(_line, facts))
    return f"{words}\n\n{told}" if words else told


def _line(fact: Fact) -> str:
    return f"\n- {fact.text}"
