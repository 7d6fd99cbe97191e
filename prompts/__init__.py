"""What is said to a model: messages, special tokens, the template, personas. Standard library only."""

from prompts.errors import PromptError, VisavisError
from prompts.messages import Image, Message, Part, Role, Text, assistant, system, user
from prompts.special import SPECIAL_TOKENS
from prompts.template import Span, render, render_message

__all__ = [
    "SPECIAL_TOKENS",
    "Image",
    "Message",
    "Part",
    "PromptError",
    "Role",
    "Span",
    "Text",
    "VisavisError",
    "assistant",
    "render",
    "render_message",
    "system",
    "user",
]
