"""What the tests of moving share: the store that things are moved to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from memory import Store


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """An empty store of somebody else's."""
    with Store.open(tmp_path / "other" / "visavis.db", owner="bob") as store:
        yield store
