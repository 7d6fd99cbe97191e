"""Fields of values from outside: what is needed is asked for, and the rest may be anything."""

from __future__ import annotations

from typing import Any

from memory.errors import StoreError
from memory.transfer.tables import EXPORT_AGAIN


def mapping(value: object, where: str) -> dict[str, Any]:
    """The value, if it is an object. Raises StoreError otherwise."""
    if not isinstance(value, dict):
        raise StoreError(f"{where} is not an object with fields. {EXPORT_AGAIN}")
    return value


def sequence(value: object, where: str) -> list[Any]:
    """The value, if it is a list. Raises StoreError otherwise."""
    if not isinstance(value, list):
        raise StoreError(f"{where} is not a list. {EXPORT_AGAIN}")
    return value


def required(fields: dict[str, Any], name: str, where: str) -> object:
    """A field that has to be there. Raises StoreError otherwise."""
    if name not in fields:
        raise StoreError(f"{where} has no {name!r}. {EXPORT_AGAIN}")
    return fields[name]


def optional_text(fields: dict[str, Any], name: str) -> str | None:
    """A field's words; None if it is not there, empty, or something else."""
    value = fields.get(name)
    return value if isinstance(value, str) and value else None


def inner(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """A field's fields; none if it is not there, or something else."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def each(fields: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A field's objects; what else is in the list is passed over."""
    value = fields.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
