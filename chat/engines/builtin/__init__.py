"""The built-in engine: our own model behind the engine seam. Importing it loads torch."""

from chat.engines.builtin.engine import BuiltinEngine

__all__ = ["BuiltinEngine"]
