"""One request under way in the built-in engine: the side that makes it, and the side that reads it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from queue import SimpleQueue
from threading import Event

import torch
from torch import Tensor

from chat.engines.base import Delta, Finish, FinishReason, Request, Usage
from chat.engines.builtin.sessions import Session, chain
from chat.engines.builtin.stopwatch import Stopwatch
from chat.model.cache import PictureView
from chat.model.sampling import choose, discourage
from chat.model.tokenizer import StreamDecoder, Tokenizer


class Row:
    """What a reply needs while it is made.

    The scheduler's thread fills in the rest and calls `take` for every token; the caller's
    thread reads with `follow`. `logits` (vocab,) are those after the last token that was read,
    `token` is the one that is to go through the model next. `pictures` is their part of the
    usage, `picture_kv` their keys and values by sha256, `restored_kv` those just read from disk.
    """

    session: Session
    logits: Tensor

    def __init__(self, request: Request, cancelled: Event, tokenizer: Tokenizer) -> None:
        self.request = request
        self.marks = chain(request.messages, request.numbers)
        self.view: PictureView | None = None
        self.watch = Stopwatch()
        self.pictures: dict[str, int] = {}
        self.picture_kv: Mapping[str, Tensor] = {}
        self.restored_kv: Mapping[str, Tensor] = {}
        self.restored = self.cached = self.prompt_tokens = 0
        self.opening = tokenizer.encode(request.opening)
        self.said = request.opening
        self.token = -1
        self._cancelled = cancelled
        self._left = Event()
        self._out: SimpleQueue[Delta | BaseException | None] = SimpleQueue()
        self._tokenizer = tokenizer
        self._words = StreamDecoder(tokenizer)
        self._held = ""
        self._count = 0
        # A generator of its own: what other rows draw does not change what this one does.
        self._generator = torch.Generator()
        if request.sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(request.sampling.seed)

    # ---- the scheduler's side -------------------------------------------------------------------

    @property
    def stopped(self) -> bool:
        """Whether somebody asked it to end, or nobody reads it any more."""
        return self._cancelled.is_set() or self._left.is_set()

    def begin(self, context: int) -> None:
        """The prompt is in the session: the reply may take what is left of the context."""
        self.prompt_tokens = len(self.session.ids)
        self._room = min(self.request.sampling.max_tokens, context - self.prompt_tokens)

    def take(self, logits: Tensor, best: int) -> FinishReason | None:
        """Choose the next token from logits (vocab,), of which `best` is the most likely, and hand on its
        text; the reason if it is the last."""
        if self._room <= 0:
            return "length"
        token = self._choose(logits, best)
        if token == self._tokenizer.end:
            return "stop"
        self.token = token
        self.session.ids.append(token)
        self._count += 1
        if self._say(self._words.push(token)):
            return "stop"
        if self.stopped:
            return "cancelled"
        return "length" if self._count >= self._room else None

    def finish(self, reason: FinishReason) -> None:
        """Say the last word."""
        rest = self._words.flush()
        # What was held back for a stop string that did not come, unless one has come.
        if not self._say(rest) and self._held:
            self._send(self._held)
        usage = Usage(
            self.prompt_tokens, self.cached, self._count, restored_tokens=self.restored, **self.pictures
        )
        self._out.put(Delta("", Finish(reason, usage, self.watch.spent)))

    def done(self, error: BaseException | None = None) -> None:
        """Let the reader go: nothing more will be done for this request."""
        self._out.put(error)

    def _choose(self, logits: Tensor, best: int) -> int:
        sampling = self.request.sampling
        if sampling.temperature <= 0.0 and sampling.repetition_penalty == 1.0:
            return best
        if sampling.repetition_penalty != 1.0:
            begun = self.prompt_tokens - len(self.opening)
            logits = discourage(logits, self.session.ids[begun:], sampling.repetition_penalty)
        return choose(
            logits,
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
            min_p=sampling.min_p,
            generator=self._generator,
        )

    def _say(self, text: str) -> bool:
        """Hand text on, except what may be the beginning of a stop string; True if one has come."""
        self._held += text
        stops = self.request.sampling.stop
        found = [at for at in (self._held.find(stop) for stop in stops) if at >= 0]
        if found:
            self._send(self._held[: min(found)])
            self._held = ""
            return True
        keep = max((_overlap(self._held, stop) for stop in stops), default=0)
        self._send(self._held[: len(self._held) - keep])
        self._held = self._held[len(self._held) - keep :]
        return False

    def _send(self, text: str) -> None:
        if text:
            self.said += text
            self._out.put(Delta(text))

    # ---- the reader's side ----------------------------------------------------------------------

    def follow(self) -> Generator[Delta, None, None]:
        """The reply's deltas; ends when the engine has also put away what it keeps of it."""
        try:
            while True:
                item = self._out.get()
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._left.set()


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of the text begin a stop string."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
