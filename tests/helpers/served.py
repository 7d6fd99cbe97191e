"""The page served from within a test, so that the test has a hand on its engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import launch
from chat import DialogueManager
from ui.server import PageServer

PATIENCE = 120.0
"""Seconds until a server that should have started or ended is taken to hang."""


@contextmanager
def served(manager: DialogueManager) -> Iterator[str]:
    """Serve the page in a thread of its own: Playwright's event loop occupies this one."""
    ready, servers = Event(), list[PageServer]()
    with launch.listen("127.0.0.1", 0) as listener:

        def run() -> None:
            servers.append(PageServer(manager, ready.set))
            servers[0].run(sockets=[listener])

        thread = Thread(target=run, name="page")
        thread.start()
        assert ready.wait(PATIENCE), "the page was never served"
        yield launch.address(listener)
        servers[0].should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the page is still being served"
