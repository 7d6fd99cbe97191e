"""Making one reply: from a turn in the store, through the engine, to the reply's readers and back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import takewhile
from threading import Event, Lock
from weakref import WeakKeyDictionary

from chat.context import Fitted, fit
from chat.engines.base import Engine, Finish, Request, Sampling
from chat.errors import EngineError, StoreError, VisavisError
from chat.remembering import Heard
from chat.reply import Outcome, Reply, ReplyWriter
from memory import Store, Turn
from prompts import Message, assistant

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.5
"""The time between two writes of a growing reply to the store: what a crash may cost."""

_workers: WeakKeyDictionary[Engine, ThreadPoolExecutor] = WeakKeyDictionary()
_workers_lock = Lock()


def workers(engine: Engine) -> ThreadPoolExecutor:
    """The threads that an engine's replies are made on, whichever manager asks: as many as it serves."""
    with _workers_lock:
        if engine not in _workers:
            _workers[engine] = ThreadPoolExecutor(engine.parallel, thread_name_prefix=f"reply-{engine.name}")
        return _workers[engine]


def reply_tokens(engine: Engine, sampling: Sampling, opening: str = "") -> int:
    """Tokens to keep free for a reply that begins with `opening`."""
    return sampling.max_tokens + (engine.count(assistant(opening)) if opening else 0)


def check_fits(
    store: Store,
    engine: Engine,
    reserve: int,
    conversation_id: str,
    prefix: tuple[Message, ...],
    message: Message,
    instead_of: str | None,
) -> None:
    """Raise MessageError if a message would not fit even with all history left out that is not pinned.

    It goes at the end of the conversation, or takes the place of the message with the id
    `instead_of` and of all that follows it. `reserve` tokens are kept free for the reply.
    """
    pins = store.pins.of(conversation_id)
    # Without pins nothing of the history has to fit, so it need not be read and counted.
    history = store.history(conversation_id) if pins else []
    earlier = takewhile(lambda entry: entry.message_id != instead_of, history)
    messages = (*prefix, *(entry.message for entry in earlier), message)
    fit(messages, engine.count, engine.limits, reserve, pins)


class Generation:
    """The making of one reply.

    `prefix` is what goes before the stored messages (the system message), `heard` what long-term
    memory took from the message that is answered.
    `on_end` is called once, after the turn is closed in the store and before the readers
    learn of the end, so that whoever sees the end may send the next message. It is told
    whether the store took it: if not, `save` may be tried again.
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        turn: Turn,
        sampling: Sampling,
        *,
        prefix: tuple[Message, ...] = (),
        heard: Heard = Heard(),  # noqa: B008 - frozen
        on_end: Callable[[bool], None] = lambda saved: None,
    ) -> None:
        self._store = store
        self._engine = engine
        self._turn = turn
        self._sampling = sampling
        self._prefix = prefix
        self._on_end = on_end
        # What a running turn has to begin with is the half reply that it goes on from, if any.
        self._opening = turn.text
        self._writer = ReplyWriter(
            *(turn.conversation_id, turn.id, self._end_if_queued, self._opening),
            facts=turn.facts,
            heard=heard,
        )
        self._dropped: tuple[str, ...] = ()
        self._dropped_tokens = 0
        self._renumbered = 0
        self._store_s = 0.0
        self._put_away = Event()
        self._begun = False
        self._outcome: Outcome | None = None
        self._lock = Lock()

    @property
    def reply(self) -> Reply:
        """The readers' end."""
        return self._writer.reply

    def start(self) -> None:
        """Queue on the engine's workers."""
        workers(self._engine).submit(self._run)

    def _run(self) -> None:
        if not self._begin():
            return
        try:
            self._generate()
            if self._outcome is None:
                raise EngineError(f"The engine {self._engine.name!r} broke off without a word; ask again.")
        except Exception as error:
            if self._outcome is not None:
                log.exception("The engine failed after the end of a reply.")
            else:
                self._end(Finish("error"), _explain(error))
        finally:
            self._put_away.set()

    def _begin(self) -> bool:
        """True for the one caller that may bring the reply to its end: the worker, or an early stop."""
        with self._lock:
            first, self._begun = not self._begun, True
        return first

    def _end_if_queued(self) -> None:
        """End a stopped reply at once if the engine, busy with another, has not got to it."""
        if self._begin():
            self._end(Finish("cancelled"))
            self._put_away.set()

    def wait_put_away(self) -> None:
        """Wait until the engine, the reply being out, has also put away what it keeps of it."""
        self._put_away.wait()

    def _generate(self) -> None:
        """Run the engine, show its words to the readers, and keep them on disk as they grow."""
        fitted = self._fit()
        request = Request(
            fitted.messages,
            self._sampling,
            self._store.images.read,
            self._store.snapshots,
            self._turn.conversation_id,
            opening=self._opening,
            numbers=fitted.numbers,
        )
        flushed = float("-inf")
        # No break at the end: an engine may have things to put away after its last delta.
        for delta in self._engine.generate(request, self._writer.cancelled):
            if delta.text:
                self._writer.write(delta.text)
            if delta.finish is not None:
                self._end(delta.finish)
            elif time.monotonic() - flushed >= FLUSH_SECONDS:
                self._flush()
                flushed = time.monotonic()

    def _fit(self) -> Fitted:
        """The messages as far as they fit; the last one is the turn's, as none may follow while it runs."""
        entries = self._store.history(self._turn.conversation_id)
        fitted = fit(
            (*self._prefix, *(entry.message for entry in entries)),
            self._engine.count,
            self._engine.limits,
            reply_tokens(self._engine, self._sampling, self._opening),
            self._store.pins.of(self._turn.conversation_id),
        )
        # The prefix, a system message or none, is never dropped.
        self._dropped = tuple(entries[at - len(self._prefix)].message_id for at in fitted.dropped_at)
        self._dropped_tokens = sum(map(self._engine.count, fitted.dropped))
        self._renumbered = fitted.renumbered
        return fitted

    def _flush(self) -> None:
        began = time.perf_counter()
        try:
            self._store.flush_turn(self._turn.id, self.reply.text_so_far)
        except VisavisError:
            # The text is still here, and the end of the turn writes all of it.
            log.warning("The reply so far could not be written to the store.", exc_info=True)
        self._store_s += time.perf_counter() - began

    def _end(self, finish: Finish, error: VisavisError | None = None) -> None:
        """Close the turn in the store, then let the readers go, whatever the store says."""
        if finish.reason == "error" and error is None:
            error = EngineError("The model failed while answering. Your message is kept; ask again.")
        usage = replace(finish.usage, dropped_tokens=self._dropped_tokens, images_renumbered=self._renumbered)
        timings = replace(
            self._writer.timings(),
            **asdict(finish.spent),
            token_s=finish.spent.decode_s / max(1, usage.completion_tokens),
            store_s=self._store_s,
        )
        outcome = Outcome(finish.reason, usage, timings, self._dropped, error)
        self._outcome = outcome
        saved = False
        try:
            self.save()
            saved = True
        except StoreError as failure:
            log.warning("A reply could not be saved.", exc_info=True)
            outcome = replace(outcome, error=error or failure)
        finally:
            self._on_end(saved)
            self._writer.end(outcome)

    def save(self) -> None:
        """Close the ended turn in the store. Raises StoreError; it can then be tried again."""
        outcome = self._outcome
        assert outcome is not None
        try:
            self._store.finish_turn(
                self._turn.id,
                self.reply.text_so_far,
                reason=outcome.reason,
                usage=asdict(outcome.usage),
                timings=asdict(outcome.timings),
                dropped=outcome.dropped,
                error=None if outcome.error is None else str(outcome.error),
            )
        except Exception as error:
            raise StoreError(f"The reply could not be saved: {error}") from error


def _explain(error: Exception) -> EngineError:
    """What readers are told of a failure while a reply was made; the cause stays attached."""
    if isinstance(error, EngineError):
        return error
    if isinstance(error, VisavisError):
        explained = EngineError(str(error))
    else:
        log.error("The engine failed while answering.", exc_info=error)
        explained = EngineError(
            f"The model failed while answering ({type(error).__name__}: {error}). "
            "Your message is kept; ask again, and restart the program if it goes on."
        )
    explained.__cause__ = error
    return explained
