"""Reading prompts: from a request's messages to a session that holds them, and back to where it is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from chat.engines.base import Limits
from chat.engines.builtin import snapshots
from chat.engines.builtin.picture_cache import PictureCache
from chat.engines.builtin.row import Row
from chat.engines.builtin.sessions import Session, Sessions, Shown, chain
from chat.engines.builtin.writer import SnapshotWriter
from chat.errors import EngineError, StoreError
from chat.model.cache import SPARE, PictureView
from chat.model.checkpoint import Checkpoint
from chat.model.generate import prefill, prefill_steps
from prompts import Message, assistant, render_message
from prompts.special import ASSISTANT, BEGIN

log = logging.getLogger(__name__)

LOADERS = 2
"""Conversations that are read from disk at once."""

Restored = tuple[Session, Mapping[str, Tensor]]
"""A session from disk, and keys and values of pictures of it by sha256."""


class PromptReader:
    """An engine's sessions and pictures, and what a prompt needs of them. For one thread alone."""

    def __init__(self, checkpoint: Checkpoint, numbers: str) -> None:
        self._model = checkpoint.model
        self._tokenizer = checkpoint.tokenizer
        # What keys and values depend on besides the conversation: the weights, and how they are kept.
        self._kind = f"{checkpoint.fingerprint}/{numbers}"
        self._pictures = PictureCache(checkpoint.model, self._kind)
        self._disk = ThreadPoolExecutor(LOADERS, thread_name_prefix="restore")
        self._writer = SnapshotWriter()
        self.sessions = Sessions(checkpoint.model.new_cache)

    @property
    def limits(self) -> Limits:
        """What the decoder was made for; it has learnt nothing from system messages."""
        config = self._model.config.decoder
        return Limits(
            config.context, config.images, picture_numbers=config.images, follows_instructions=False
        )

    def close(self) -> None:
        """Let go of the caches, once what is kept of them is on disk."""
        self._disk.shutdown()
        self._writer.close()
        self.sessions.clear()
        self._pictures.clear()

    def find(self, row: Row) -> Future[Restored | None]:
        """Begin to look on disk for what the row's prompt goes on from, where memory does not have it."""
        held = self.sessions.shared(row.marks)
        # As a rule the last message is new: if all others are at hand, the disk has no more.
        if row.request.snapshots is None or held >= len(row.marks) - 1:
            nothing: Future[Restored | None] = Future()
            nothing.set_result(None)
            return nothing
        return self._disk.submit(self._restore, row, held, self._pictures.held)

    def session(self, row: Row, found: Restored | None) -> Session:
        """The session to answer in, holding the messages that are known; `found` is what `find` gave.

        Enters in the row what came from disk and what was at hand.
        """
        if found is not None and found[0].shared(row.marks) > self.sessions.shared(row.marks):
            session, row.restored_kv = found
            row.restored = session.cached
            self.sessions.add(session)
        session = self.sessions.take(row.marks)
        row.cached = session.cached - row.restored
        return session

    def _restore(self, row: Row, held: int, pictures: frozenset[str]) -> Restored | None:
        """Runs on a thread of its own."""
        assert row.request.snapshots is not None
        try:
            with row.watch("restore_s"):
                return snapshots.restore(
                    row.request.snapshots,
                    self._kind,
                    row.marks,
                    self._model,
                    least=held,
                    room=2 * SPARE,
                    held=pictures,
                )
        except StoreError as error:
            log.warning("Snapshots cannot be read (%s); the conversation is computed anew.", error)
            return None

    def read(self, row: Row) -> Iterator[Tensor]:
        """Run what the session does not know yet, step by step: logits (vocab,) after each step.

        Enters the row's pictures and their part of the usage. Raises EngineError for a prompt
        that does not fit, and what reading a picture raises.
        """
        request, session = row.request, row.session
        known = len(session.marks)
        images = [image.sha256 for message in request.messages[known:] for image in message.images]
        new = request.numbers[len(request.numbers) - len(images) :]
        ids, numbers, ends = self._tokens(request.messages[known:], new, session)
        ids, numbers = [*ids, *row.opening], [*numbers, *[0] * len(row.opening)]
        start = len(session.ids)
        places = [start + at for at, number in enumerate(numbers) if number]
        pictures = [*session.pictures, *map(Shown, places, images, new)]
        self._check(start + len(ids), [picture.number for picture in pictures])
        with row.watch("encode_s"):
            row.picture_kv, row.pictures = self._pictures.require(
                [picture.sha256 for picture in pictures], request, row.restored_kv
            )
            view = self._view(session.view, pictures, row.picture_kv)
        session.cache.reserve(start + len(ids) + min(request.sampling.max_tokens, SPARE))
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
        session.pictures, session.view = pictures, view
        session.marks += zip(row.marks[known:], ends, strict=True)

    @torch.inference_mode()
    def _view(
        self, held: PictureView | None, pictures: Sequence[Shown], kv: Mapping[str, Tensor]
    ) -> PictureView | None:
        """The view of these pictures, the first of which are in view already."""
        count = 0 if held is None else held.visible_from.shape[1]
        new = self._model.view_row(
            [kv[picture.sha256] for picture in pictures[count:]],
            [picture.at for picture in pictures[count:]],
            [picture.number for picture in pictures[count:]],
        )
        return held.joined(new) if held and new else held or new

    def _tokens(
        self, messages: Sequence[Message], numbers_given: Sequence[int], session: Session
    ) -> tuple[list[int], list[int], list[int]]:
        """Ids and picture numbers of messages that go on a session, up to where the reply begins, and the
        session's length at the end of each. The messages' pictures have the numbers given."""
        special = self._tokenizer.special
        ids = [] if session.ids else [special[BEGIN]]
        numbers = [0] * len(ids)
        ends = []
        given = iter(numbers_given)
        for message in messages:
            prompt = self._tokenizer.encode_spans(render_message(message))
            ids += prompt.ids
            numbers += [next(given) if number else 0 for number in prompt.numbers]
            ends.append(len(session.ids) + len(ids))
        return [*ids, special[ASSISTANT]], [*numbers, 0], ends

    def put_away(self, row: Row, done: Callable[[], None]) -> None:
        """Close the reply in its session as the next prompt will have it, and keep the session.

        `done` is called once it is on disk too, or cannot be.
        """
        session = row.session
        if row.said and len(session.ids) < self.limits.context_tokens:
            session.ids.append(self._tokenizer.end)
            session.marks.append((chain([assistant(row.said)], after=row.marks[-1])[0], len(session.ids)))
            late = session.ids[session.cached :]
            prefill(self._model, late, [0] * len(late), row.view, session.cache)
        else:
            session.rewind(len(row.marks))
        # Now, when nobody waits, rather than at the beginning of the next turn.
        session.cache.reserve(session.cached + SPARE)
        self.sessions.trim()
        pending = self._take(row)
        if pending is None:
            done()
        else:
            self._writer.put(pending, done)

    def _take(self, row: Row) -> snapshots.Pending | None:
        """The row's session as it is now, to be written; None if nothing is to be or can be."""
        request = row.request
        if request.snapshots is None or not request.conversation_id:
            return None
        try:
            return snapshots.take(
                request.snapshots, request.conversation_id, self._kind, row.session, row.picture_kv
            )
        except StoreError as error:
            log.warning("The conversation's snapshot could not be written: %s", error)
            return None

    def _check(self, tokens: int, numbers: Sequence[int]) -> None:
        limits = self.limits
        if tokens >= limits.context_tokens:
            raise EngineError(
                f"The prompt takes {tokens} tokens and this model holds {limits.context_tokens}: "
                "shorten the message, or start a new conversation."
            )
        if len(numbers) > limits.images:
            raise EngineError(f"This model sees {limits.images} pictures at once, not {len(numbers)}.")
        if limits.picture_numbers is not None and max(numbers, default=0) > limits.picture_numbers:
            raise EngineError(
                f"This model knows picture numbers up to {limits.picture_numbers}, not {numbers[-1]}; "
                "number the pictures of the prompt from 1."
            )
