"""Reading prompts: from a request's messages to a session that holds them, and back to where it is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from torch import Tensor

from chat.engines.base import Limits
from chat.engines.builtin import snapshots
from chat.engines.builtin.picture_cache import PictureCache
from chat.engines.builtin.row import Row
from chat.engines.builtin.sessions import Session, Sessions, chain
from chat.errors import EngineError, StoreError
from chat.model.checkpoint import Checkpoint
from chat.model.generate import prefill, prefill_steps
from prompts import Message, assistant, render_message
from prompts.special import ASSISTANT, BEGIN

log = logging.getLogger(__name__)


class PromptReader:
    """An engine's sessions and pictures, and what a prompt needs of them. For one thread alone."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._model = checkpoint.model
        self._tokenizer = checkpoint.tokenizer
        # What keys and values depend on besides the conversation.
        self._kind = f"{checkpoint.fingerprint}/{checkpoint.model.dtype}"
        self._pictures = PictureCache(checkpoint.model, self._kind)
        self.sessions = Sessions(checkpoint.model.new_cache)

    @property
    def limits(self) -> Limits:
        """What the decoder was made for."""
        config = self._model.config.decoder
        return Limits(context_tokens=config.context, images=config.images)

    def clear(self) -> None:
        """Let go of the caches."""
        self.sessions.clear()
        self._pictures.clear()

    def session(self, row: Row) -> tuple[Session, int]:
        """The session to answer in, holding the messages that are known, and how many of its tokens came
        from disk."""
        request, marks = row.request, row.marks
        held = self.sessions.shared(marks)
        # As a rule the last message is new: if all others are at hand, the disk has no more.
        if request.snapshots is not None and held < len(marks) - 1:
            try:
                found = snapshots.restore(request.snapshots, self._kind, marks, self._model.new_cache, held)
            except StoreError as error:
                log.warning("Snapshots cannot be read (%s); the conversation is computed anew.", error)
                found = None
            if found is not None:
                return self.sessions.add(found), found.cached
        return self.sessions.take(marks), 0

    def read(self, row: Row) -> Iterator[Tensor]:
        """Run what the session does not know yet, step by step: logits (vocab,) after each step.

        Enters the row's pictures and their part of the usage. Raises EngineError for a prompt
        that does not fit, and what reading a picture raises.
        """
        request, session = row.request, row.session
        known = len(session.marks)
        ids, numbers, ends = self._tokens(request.messages[known:], session)
        start = len(session.ids)
        images = [image.sha256 for message in request.messages[known:] for image in message.images]
        places = [start + at for at, number in enumerate(numbers) if number]
        pictures = [*session.pictures, *zip(places, images, strict=True)]
        self._check(start + len(ids), len(pictures))
        with row.watch("encode_s"):
            row.pictures = self._pictures.require([sha256 for _, sha256 in pictures], request)
            kept = [self._pictures[sha256] for _, sha256 in pictures]
            view = self._model.view_row(kept, [at for at, _ in pictures])
        # Also what the session holds as text alone: the end of a reply that nobody waited for.
        late = session.ids[session.cached :]
        steps = prefill_steps(self._model, [*late, *ids], [*[0] * len(late), *numbers], view, session.cache)
        while True:
            with row.watch("prefill_s"):
                logits = next(steps, None)
            if logits is None:
                break
            yield logits
        # The reply sees them all: said once, not at every token.
        row.view = None if view is None else view.first(len(pictures))
        session.ids += ids
        session.pictures = pictures
        session.marks += zip(row.marks[known:], ends, strict=True)

    def _tokens(
        self, messages: Sequence[Message], session: Session
    ) -> tuple[list[int], list[int], list[int]]:
        """Ids and picture numbers of messages that go on a session, up to where the reply begins, and the
        session's length at the end of each."""
        special = self._tokenizer.special
        ids = [] if session.ids else [special[BEGIN]]
        numbers = [0] * len(ids)
        ends = []
        shown = len(session.pictures)
        for message in messages:
            prompt = self._tokenizer.encode_spans(render_message(message))
            ids += prompt.ids
            numbers += [number and number + shown for number in prompt.numbers]
            shown += len(prompt.images)
            ends.append(len(session.ids) + len(ids))
        return [*ids, special[ASSISTANT]], [*numbers, 0], ends

    def put_away(self, row: Row) -> None:
        """Close the reply in its session as the next prompt will have it, and keep the session."""
        request, session = row.request, row.session
        if row.said and len(session.ids) < self.limits.context_tokens:
            session.ids.append(self._tokenizer.end)
            session.marks.append((chain([assistant(row.said)], after=row.marks[-1])[0], len(session.ids)))
            late = session.ids[session.cached :]
            prefill(self._model, late, [0] * len(late), row.view, session.cache)
        else:
            session.rewind(len(row.marks))
        self.sessions.trim()
        if request.snapshots is not None and request.conversation_id:
            try:
                snapshots.keep(
                    request.snapshots,
                    request.conversation_id,
                    self._kind,
                    session,
                    self._pictures.__getitem__,
                )
            except StoreError as error:
                log.warning("The conversation's snapshot could not be written: %s", error)

    def _check(self, tokens: int, pictures: int) -> None:
        limits = self.limits
        if tokens >= limits.context_tokens:
            raise EngineError(
                f"The prompt takes {tokens} tokens and this model holds {limits.context_tokens}: "
                "shorten the message, or start a new conversation."
            )
        if pictures > limits.images:
            raise EngineError(f"This model sees {limits.images} pictures at once, not {pictures}.")
