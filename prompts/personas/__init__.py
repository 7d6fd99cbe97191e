"""Personas: named system prompts with sampling defaults, one small TOML file each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

from prompts.errors import PromptError

__all__ = ["Persona", "load", "names"]


@dataclass(frozen=True, slots=True)
class Persona:
    """A named system prompt; `system` is empty for a persona that adds no words."""

    name: str
    title: str
    system: str
    temperature: float = 0.0


def names() -> list[str]:
    """The names of the personas that ship with the program, sorted."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name[: -len(".toml")] for file in files if file.name.endswith(".toml"))


def load(name: str) -> Persona:
    """The persona called `name`; raises PromptError, naming those that exist, if there is none."""
    if name not in names():
        raise PromptError(f"There is no persona {name!r}; choose one of {', '.join(names())}.")
    values = tomllib.loads((resources.files(__name__) / f"{name}.toml").read_text("utf-8"))
    return Persona(
        name=name,
        title=str(values["title"]),
        system=str(values.get("system", "")),
        temperature=float(values.get("temperature", 0.0)),
    )
