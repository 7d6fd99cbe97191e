"""Personas load, each of them, and a name that does not exist is answered with those that do."""

from __future__ import annotations

import pytest

from prompts import PromptError, personas, render, system


def test_the_plain_persona_adds_no_words() -> None:
    plain = personas.load("plain")
    assert (plain.name, plain.system, plain.temperature) == ("plain", "", 0.0)


def test_the_guide_speaks_of_pictures_by_number() -> None:
    assert "#1" in personas.load("guide").system


@pytest.mark.parametrize("name", personas.names())
def test_every_persona_loads_and_renders(name: str) -> None:
    persona = personas.load(name)
    assert persona.name == name
    assert persona.title
    assert persona.system == persona.system.strip()
    assert 0.0 <= persona.temperature <= 2.0
    assert render([system(persona.system)])[2].text == persona.system


def test_names_are_sorted() -> None:
    assert personas.names() == sorted(personas.names())


@pytest.mark.parametrize("name", ["pirate", "", "../plain", "plain.toml"])
def test_an_unknown_persona_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(PromptError, match="guide, plain"):
        personas.load(name)
