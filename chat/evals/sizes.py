"""How much of everything a suite holds.

smoke takes seconds and shows that nothing is broken, std takes minutes on two cores and is what
is reported, full is five times std for small differences.
"""

from __future__ import annotations

from dataclasses import dataclass

from chat.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Size:
    """Counts by part.

    perception, cognition: pictures a subtask, each with two yes/no questions; the same with
    _open: open questions a subtask. hallucination: pictures for each way of choosing the
    negatives, each with two questions. dialogues: for each family. long: for each distance.
    captions: pictures. retrieval: pairs.
    """

    perception: int
    perception_open: int
    hallucination: int
    cognition: int
    cognition_open: int
    dialogues: int
    long: int
    captions: int
    retrieval: int


SIZES = {
    "smoke": Size(2, 2, 4, 2, 2, 1, 1, 4, 8),
    "std": Size(30, 20, 60, 26, 20, 10, 20, 100, 200),
    "full": Size(150, 100, 300, 130, 100, 50, 100, 500, 1000),
}
"""Even counts of pictures, so that contrast twins come in pairs."""


def size_of(suite: str) -> Size:
    """The counts of a suite. Raises ConfigError, naming the suites there are, for any other."""
    try:
        return SIZES[suite]
    except KeyError:
        raise ConfigError(f"There is no suite {suite!r}. Use one of: {', '.join(SIZES)}.") from None
