"""What can go wrong in the store. The whole hierarchy is drawn in `chat/errors.py`."""

from prompts.errors import VisavisError


class StoreError(VisavisError):
    """The database cannot be opened, read or written."""


class UnknownConversation(StoreError):  # noqa: N818 - reads as what happened, and is public
    """No conversation has this id."""


class ImageError(VisavisError):
    """A picture that cannot be accepted: not a picture, damaged, or over a limit."""
