"""The root of every error this program raises on purpose.

It stands in the lowest package so that each layer can derive its own errors
from it; the whole hierarchy is drawn in `chat/errors.py`.
"""


class VisavisError(Exception):
    """Anything Vis-à-Vis refuses or cannot do; the message says what to do about it."""


class PromptError(VisavisError):
    """Messages that cannot be rendered into a prompt, or a persona that does not exist."""
