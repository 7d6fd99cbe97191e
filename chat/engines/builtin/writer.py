"""Writing snapshots, on a thread of its own: a disk that is slow delays nobody's next token."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from chat.engines.builtin.snapshots import Pending
from chat.errors import StoreError

log = logging.getLogger(__name__)

BACKLOG = 512 * 2**20
"""Bytes that may wait to be written, beyond the snapshot that came last."""


class SnapshotWriter:
    """Writes snapshots in the order they came, of each conversation only the latest.

    What fails is logged: a snapshot that is not written costs time after a restart, nothing else.
    """

    def __init__(self, backlog: int = BACKLOG) -> None:
        self._backlog = backlog
        self._waiting: OrderedDict[str, tuple[Pending, Callable[[], None]]] = OrderedDict()
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="snapshots")

    def put(self, pending: Pending, done: Callable[[], None]) -> None:
        """Have a snapshot written; `done` is called when it has been, or will never be."""
        with self._lock:
            superseded = [self._waiting.pop(pending.conversation_id, None)]
            self._waiting[pending.conversation_id] = pending, done
            total = sum(each.bytes for each, _ in self._waiting.values())
            while total > self._backlog and len(self._waiting) > 1:
                _, dropped = self._waiting.popitem(last=False)
                total -= dropped[0].bytes
                superseded.append(dropped)
                log.warning(
                    "The disk is too slow for all snapshots: one was left out, and its conversation will be "
                    "computed anew after a restart unless it goes on before."
                )
        for old in superseded:
            if old is not None:
                old[1]()
        try:
            self._thread.submit(self._write)
        except RuntimeError:
            # A script that ends without closing its chat: the interpreter takes on no more work by then.
            self._write()

    def close(self) -> None:
        """Wait until all is written."""
        self._thread.shutdown()

    def _write(self) -> None:
        """Write the snapshot that has waited longest; none where a later one has taken its place."""
        with self._lock:
            if not self._waiting:
                return
            _, (pending, done) = self._waiting.popitem(last=False)
        try:
            pending.write()
        except StoreError as error:
            log.warning("The conversation's snapshot could not be written: %s", error)
        except Exception:
            log.exception("The conversation's snapshot could not be written.")
        finally:
            done()
