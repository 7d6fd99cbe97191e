"""Serving the page with uvicorn."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn

from chat.conversation import DialogueManager
from ui.app import build

GRACE_SECONDS = 2
"""How long open connections may take to finish once the server has been told to stop."""


class PageServer(uvicorn.Server):
    """The page of a dialogue manager; `run(sockets=[listener])` serves it on a bound socket.

    It serves until SIGINT, SIGTERM or `should_exit`; a signal is then raised again, for its
    own handler. `ready` is called, once, when the page can be reached.
    """

    def __init__(self, manager: DialogueManager, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                build(manager), log_level="warning", ws="none", timeout_graceful_shutdown=GRACE_SECONDS
            )
        )
        self._manager = manager
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the replies first, so that they are kept and the pages that follow them see the end."""
        await asyncio.to_thread(self._manager.close)
        await super().shutdown(sockets)
