"""Continuous batching: replies of several conversations, token by token side by side.

One thread runs the model. Between two steps rows join, once their prompt has been read,
and leave at their end (iteration-level scheduling: Orca, Yu et al. 2022, OSDI). A long
prompt is read one segment a step, so that it holds nobody up for longer than that.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from queue import Empty, SimpleQueue
from threading import Lock, Thread

import torch
from torch import Tensor

from chat.engines.base import FinishReason
from chat.engines.builtin.reader import PromptReader
from chat.engines.builtin.row import Row
from chat.engines.builtin.steps import Steps
from chat.errors import EngineError
from chat.model.sampling import most_likely
from chat.model.tokenizer import Tokenizer


class Scheduler:
    """The thread that makes replies, at most `most` at a time, in the order they came."""

    def __init__(self, steps: Steps, tokenizer: Tokenizer, reader: PromptReader, most: int) -> None:
        self._steps, self._tokenizer, self._reader, self._most = steps, tokenizer, reader, most
        self._incoming: SimpleQueue[Row | None] = SimpleQueue()
        self._reading: deque[tuple[Row, Iterator[None]]] = deque()
        self._saying: list[Row] = []
        self._begun: set[Row] = set()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._closed = False
        self._barred = torch.tensor([token for token in tokenizer.special.values() if token != tokenizer.end])

    def submit(self, row: Row) -> None:
        """Have a request answered. Raises EngineError once closed."""
        with self._lock:
            if self._closed:
                raise EngineError("The model has been unloaded; open the chat again.")
            if self._thread is None:
                self._thread = Thread(target=self._run, name="scheduler", daemon=True)
                self._thread.start()
            self._incoming.put(row)

    def close(self) -> None:
        """End the replies under way where they are, and the thread."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._incoming.put(None)
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        # OpenMP makes a team of threads at a thread's first large operation. Made only while a snapshot
        # keeps the cores busy, all of it was often put on one core, and stayed there for 0.1 s.
        torch.ones(1 << 18).add_(1)
        while self._admit():
            self._read_on()
            self._say_on()
        error = EngineError("The model was unloaded while it was answering. Your message is kept; ask again.")
        for row in [*(row for row, _ in self._reading), *self._saying]:
            row.done(error)

    def _admit(self) -> bool:
        """Take in what has come, waiting if there is nothing else to do; False when it is time to end."""
        while len(self._reading) + len(self._saying) < self._most:
            idle = not self._reading and not self._saying
            try:
                row = self._incoming.get(block=idle)
            except Empty:
                return True
            if row is None:
                return False
            self._reading.append((row, self._read(row)))
        return not self._closed

    def _read(self, row: Row) -> Iterator[None]:
        """Find the row's session and read the rest of its prompt, step by step."""
        found = self._reader.find(row)
        # The disk may take a while: the others go on, if there are any.
        while self._saying and not found.done():
            yield
        row.session = self._reader.session(row, found.result())
        row.session.busy = True
        self._begun.add(row)
        for logits in self._reader.read(row):
            row.logits = logits
            yield
        row.begin(self._reader.limits.context_tokens)

    def _read_on(self) -> None:
        """One step of the prompt that has waited longest; once it is read, the first token."""
        if not self._reading:
            return
        row, steps = self._reading.popleft()
        try:
            if row.stopped:
                self._end(row, "cancelled")
            elif next(steps, self) is None:
                self._reading.append((row, steps))
            else:
                with row.watch("decode_s"):
                    reason = row.take(row.logits, self._best(row.logits[None])[0])
                if reason is None:
                    self._saying.append(row)
                else:
                    self._end(row, reason)
        except Exception as error:
            self._release(row, error)

    def _say_on(self) -> None:
        """One token of every reply."""
        rows = self._saying
        if not rows:
            return
        began = time.perf_counter()
        try:
            logits = self._steps(
                [row.token for row in rows],
                [row.view for row in rows],
                [row.session.cache for row in rows],
            )
        except Exception as error:
            self._saying = []
            for row in rows:
                self._release(row, error)
            return
        seconds = time.perf_counter() - began
        self._saying = []
        for row, its, best in zip(rows, logits, self._best(logits), strict=True):
            row.watch.add("decode_s", seconds)
            reason = row.take(its, best)
            if reason is None:
                self._saying.append(row)
            else:
                self._end(row, reason)

    def _best(self, logits: Tensor) -> list[int]:
        """Each row's most likely token, once those of logits (m, vocab) that stand for no text are barred."""
        with torch.inference_mode():
            # They are nobody else's, and a copy would cost as much as the choice.
            logits[:, self._barred] = -torch.inf
        return most_likely(logits)

    def _end(self, row: Row, reason: FinishReason) -> None:
        """Say the last word, then put away: the reader of this reply need not wait for that."""
        row.finish(reason)
        if not row.prompt_tokens:
            self._release(row, None)
            return
        try:
            self._steps.leave(row.session.cache)
            self._reader.put_away(row, row.done)
        except Exception as failure:
            row.done(failure)
        finally:
            self._free(row)

    def _release(self, row: Row, error: Exception | None) -> None:
        """Nothing is to be kept of this row."""
        self._free(row)
        row.done(error)

    def _free(self, row: Row) -> None:
        """Its session may serve the next request."""
        if row in self._begun:
            self._begun.remove(row)
            row.session.busy = False
