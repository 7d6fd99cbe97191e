"""Migrations that are long enough for a module of their own; `memory/schema.py` has them in their order."""
