"""A reply being written: one writer, and any number of readers who may come late, wait, or leave."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Condition, Event

from chat.engines.base import Delta, FinishReason, Usage
from chat.errors import VisavisError
from chat.remembering import Heard


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds from the moment the user's message was on disk, waiting for the engine included.

    `first_token_s` equals `total_s` for a reply that ended without a token. The others say
    where the time went: in the engine as Spent has it, `token_s` being its mean for one
    token of the reply, and writing the growing reply to the store.
    """

    first_token_s: float
    total_s: float
    restore_s: float = 0.0
    encode_s: float = 0.0
    prefill_s: float = 0.0
    decode_s: float = 0.0
    token_s: float = 0.0
    store_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that is known of a reply once it has ended, besides its text."""

    reason: FinishReason
    usage: Usage
    timings: Timings
    dropped: tuple[str, ...] = ()
    error: VisavisError | None = None


@dataclass(slots=True)
class _Page:
    """What the writer and the readers share; read and changed only under `turned`."""

    pieces: list[str]
    turned: Condition = field(default_factory=Condition)
    outcome: Outcome | None = None


class Reply:
    """A reply under way or finished: iterate it, or ask for its text; as often as you like.

    Every iteration starts at the first delta and follows to the end, in any thread, and a
    reader that stops early changes nothing for the others. When the reply is done, it and
    what is known of it are already in the store.

    `facts` are the ids of those that the prompt told; `remembered` and `forgotten` the facts that
    the message it answers has added and taken away.
    """

    def __init__(
        self,
        conversation_id: str,
        turn_id: str,
        page: _Page,
        stop: Callable[[], None],
        facts: tuple[str, ...] = (),
        heard: Heard = Heard(),  # noqa: B008 - frozen
    ) -> None:
        self.conversation_id = conversation_id
        self.turn_id = turn_id
        self.facts = facts
        self.remembered = heard.remembered
        self.forgotten = heard.forgotten
        self._page = page
        self._stop = stop

    def __repr__(self) -> str:
        state = self.finish_reason if self.done else "under way"
        return f"<Reply {state}: {self.text_so_far!r}>"

    def __iter__(self) -> Iterator[Delta]:
        """The reply piece by piece, every piece with text; waits for what is not written yet.

        Raises at the end, after the last piece: EngineError if the reply could not be
        made, StoreError if it could not be saved.
        """
        seen = 0
        while True:
            fresh, ended = self._read_on(seen)
            yield from map(Delta, fresh)
            seen += len(fresh)
            if ended:
                self._ended(check=True)
                return

    @property
    def text(self) -> str:
        """The whole reply; waits for its end. Raises like iterating does."""
        self._ended(check=True)
        return self.text_so_far

    @property
    def text_so_far(self) -> str:
        """What has been written by now; never waits, never raises."""
        with self._page.turned:
            return "".join(self._page.pieces)

    @property
    def done(self) -> bool:
        """Whether the reply has ended, in whatever way."""
        return self._page.outcome is not None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds; True if the reply has ended."""
        with self._page.turned:
            return self._page.turned.wait_for(lambda: self.done, timeout)

    def stop(self) -> None:
        """Ask the reply to end after the token it is at; what it has said is kept. Does not wait."""
        self._stop()

    @property
    def usage(self) -> Usage:
        """Tokens and pictures it took; waits for the end."""
        return self._ended().usage

    @property
    def timings(self) -> Timings:
        """How long it took; waits for the end."""
        return self._ended().timings

    @property
    def finish_reason(self) -> FinishReason:
        """Why it ended; waits for the end."""
        return self._ended().reason

    @property
    def dropped(self) -> tuple[str, ...]:
        """Ids of the older messages that did not fit in the prompt; waits for the end."""
        return self._ended().dropped

    def _read_on(self, seen: int) -> tuple[list[str], bool]:
        """Wait for more than `seen` pieces or the end; the new pieces, and whether these are the last."""
        page = self._page
        with page.turned:
            page.turned.wait_for(lambda: len(page.pieces) > seen or self.done)
            return page.pieces[seen:], self.done

    def _ended(self, *, check: bool = False) -> Outcome:
        """The outcome, waited for; with `check`, raises the error of a reply that failed."""
        self.wait()
        outcome = self._page.outcome
        assert outcome is not None
        if check and outcome.error is not None:
            # The same exception is raised to every reader, and Python would add each
            # reader's frames to the traceback of the last.
            raise outcome.error.with_traceback(None)
        return outcome


class ReplyWriter:
    """The other end of a Reply, for the dialogue manager alone.

    `cancelled` is what the engine watches. `on_stop` is called, in the reader's thread,
    after a reader has asked the reply to stop. `opening` is the text of the half reply that
    this one goes on from: readers see it as its first piece. `facts` and `heard` are for readers.
    """

    def __init__(
        self,
        conversation_id: str,
        turn_id: str,
        on_stop: Callable[[], None],
        opening: str = "",
        *,
        facts: tuple[str, ...] = (),
        heard: Heard = Heard(),  # noqa: B008 - frozen
    ) -> None:
        self._page = _Page([opening] if opening else [])
        self._on_stop = on_stop
        self._begun = time.perf_counter()
        self._first: float | None = None
        self.cancelled = Event()
        self.reply = Reply(conversation_id, turn_id, self._page, self._ask_to_stop, facts, heard)

    def write(self, text: str) -> None:
        """Show readers the next piece."""
        if self._first is None:
            self._first = time.perf_counter()
        with self._page.turned:
            self._page.pieces.append(text)
            self._page.turned.notify_all()

    def timings(self) -> Timings:
        """The times up to now."""
        now = time.perf_counter()
        first = now if self._first is None else self._first
        return Timings(first - self._begun, now - self._begun)

    def end(self, outcome: Outcome) -> None:
        """Let every reader go; nothing may be written afterwards."""
        with self._page.turned:
            self._page.outcome = outcome
            self._page.turned.notify_all()

    def _ask_to_stop(self) -> None:
        self.cancelled.set()
        self._on_stop()
