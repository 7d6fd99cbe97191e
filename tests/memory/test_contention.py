"""Processes and threads that do everything at once, all in one database: nobody meets an error.

VISAVIS_CONTENTION=60 keeps them at it for a minute, instead of the moment that there is time for in the
suite.
"""

from __future__ import annotations

import os
from pathlib import Path

from memory import Store
from tests.memory.conftest import Child, stream_of

SECONDS = float(os.environ.get("VISAVIS_CONTENTION", "3"))
THREADS = (4, 4)
"""Of each process."""

CROWD = "import sys; from tests.helpers.crowd import work; work(*sys.argv[1:])"


def test_nobody_meets_an_error(tmp_path: Path, child: Child) -> None:
    path = tmp_path / "visavis.db"
    processes = [
        child(CROWD, str(path), f"process{number}", str(threads), str(SECONDS))
        for number, threads in enumerate(THREADS)
    ]
    done = [stream_of(process.stdout).readline().split() for process in processes]
    assert [process.wait() for process in processes] == [0, 0]
    names = [f"process{process}/{thread}" for process, count in enumerate(THREADS) for thread in range(count)]
    written: dict[str, int] = {}
    for line in done:
        written |= {name: int(turns) for name, _, turns in (entry.partition("=") for entry in line)}
    assert sorted(written) == sorted(names)
    print(f"{sum(written.values())} turns are left after {SECONDS:.0f} s")
    with Store.open(path) as store:
        assert store.verify() == []
        assert all(turn.status == "done" for one in store.conversations() for turn in store.turns(one.id))
        for name, turns in written.items():
            assert turns
            assert len(store.search(f'"{name}"', limit=100_000)) == turns
