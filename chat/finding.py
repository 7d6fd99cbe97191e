"""Finding pictures by words, and pictures like another one, among all that a person has shown.

Needs an engine with an embedder, which puts pictures and words into one space; there, what goes together is
near (Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision,
arXiv:2103.00020). Pictures get their vectors in the background, one after the other, only while no reply is
being made, and are found from then on.

Words that describe none of the pictures should find none, though some picture is always the nearest. A fixed
score cannot tell: how high scores are depends on the model, and on the picture. Nor can the mean over the
pictures: of one picture it is that picture's own, and where most match, it is high. So each picture is
asked how much better the words fit it than words do in general (as in querybank normalisation, Bogolin et al.
2022, arXiv:2112.12777): it is found if their score is CLEAR standard deviations over the mean of those that
the phrases of ANY_WORDS have with it, and not NEAR less so than the picture that they fit best.

Shapes: n pictures, w numbers in a vector, a phrases.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Condition
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from chat.engines.base import Embedder, Engine
from chat.errors import EngineError, StoreError, VisavisError
from memory import FoundPicture, Store

log = logging.getLogger(__name__)

T = TypeVar("T")
Vectors = NDArray[np.float32]

MOST = 12
"""How many pictures are found at most, unless told otherwise."""

CLEAR = 2.25
"""Standard deviations by which words have to fit a picture better than words in general. With the built-in
model, of 85 photographs and 80 drawings, more gives up more of what is right than of what is wrong."""

NEAR = 1.0
"""Standard deviations by which a picture may fit worse than the one that the words fit best."""

ANY_WORDS = (
    "a red circle; a blue square; a green triangle; a yellow star; black; white; purple stripes; a dog; "
    "a bird; a fish; an insect; a flower; a tree; fruit; food on a plate; a car on a street; a boat; "
    "a house; a room; a tool; a bottle; clothes; people; a face; mountains; the sea; the sky at night; "
    "a bar chart; a program; a table of numbers; a sum; a page of text; a map; an arrow; an instrument; a toy"
).split("; ")
"""Of many kinds, so that few of them describe any one picture."""


class Finder:
    """Finds pictures of one store with one engine; safe to use from many threads.

    `busy` tells whether a reply is being made; whoever says so calls `wake` when that has changed, and when
    pictures may have come. The finder calls the embedder beside the engine's own work.
    """

    def __init__(self, store: Store, engine: Engine, busy: Callable[[], bool]) -> None:
        self._store = store
        # An engine from elsewhere may not have heard of embedders.
        self._embedder: Embedder | None = getattr(engine, "embedder", None)
        self._busy = busy
        self._any_words: Vectors | None = None
        # The pictures to read next, and those that could not be read, which are not tried again.
        self._waiting: deque[str] = deque()
        self._failed: set[str] = set()
        self._changed = Condition()
        self._thread: ThreadPoolExecutor | None = None
        self._running = self._woken = self._closed = False
        self.wake()

    @property
    def available(self) -> bool:
        """Whether the engine can do this at all."""
        return self._embedder is not None

    def find_pictures(self, text: str, limit: int = MOST) -> list[FoundPicture]:
        """The pictures that a text describes, the best ones first; none for a text that describes none.

        Raises EngineError if the model cannot search pictures or fails, StoreError.
        """
        embedder = self._required()
        if not text.strip():
            return []
        vectors = _asked(lambda: embedder.texts([text]))
        if self._any_words is None:
            self._any_words = _asked(lambda: embedder.texts(ANY_WORDS))
        least = partial(least_scores, any_words=self._any_words, words=vectors[0])
        return self._store.embeddings.nearest(embedder.fingerprint, vectors[0], limit, least=least)

    def pictures_like(self, sha256: str, limit: int = MOST) -> list[FoundPicture]:
        """The other pictures, those most like a stored one first, however little that may be.

        Raises ImageError for a picture that is not stored, EngineError and StoreError as `find_pictures`.
        """
        embedder = self._required()
        known = self._store.embeddings.vectors(embedder.fingerprint)
        if sha256 in known.hashes:
            vector = known.vectors[known.hashes.index(sha256)]
        else:
            data = self._store.images.read(sha256)
            vector = _asked(lambda: embedder.images([data]))[0]
        found = self._store.embeddings.nearest(embedder.fingerprint, vector, limit + 1)
        return [each for each in found if each.sha256 != sha256][:limit]

    def wake(self) -> None:
        """Look for pictures without a vector, unless the engine has no embedder; returns at once."""
        with self._changed:
            if self._embedder is None or self._closed:
                return
            self._woken = True
            if not self._running:
                self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="finding")
                self._running = True
                self._submit()

    def settle(self) -> None:
        """Wait until every picture that can have a vector has one, or a reply is being made."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running)

    def close(self) -> None:
        """Leave the rest of the pictures for another time; waits for the one that is being read."""
        with self._changed:
            self._closed = True
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
        with self._changed:
            self._running = False
            self._changed.notify_all()

    def _required(self) -> Embedder:
        if self._embedder is None:
            raise EngineError(
                "This model cannot search pictures. Search for words, or take one that has learnt to."
            )
        return self._embedder

    def _submit(self) -> None:
        """Have the thread do one step. One a call, so that it can be stopped between any two."""
        assert self._thread is not None
        try:
            self._thread.submit(self._run)
        except RuntimeError:
            # The thread is closed, or the interpreter about to end.
            self._running = False
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            more = self._step()
        except StoreError as error:
            log.warning("Pictures could not be read for the search: %s", error)
            more = False
        except Exception:
            log.exception("Pictures could not be read for the search.")
            more = False
        with self._changed:
            if more or self._woken:
                self._submit()
            else:
                self._running = False
                self._changed.notify_all()

    def _step(self) -> bool:
        """Read the next picture; whether there may be another to go on with."""
        with self._changed:
            woken, self._woken = self._woken, False
        if self._embedder is None or self._busy():
            return False
        fingerprint = self._embedder.fingerprint
        if woken or not self._waiting:
            lacking = self._store.embeddings.lacking(fingerprint)
            self._waiting = deque(sha256 for sha256 in lacking if sha256 not in self._failed)
        if not self._waiting:
            return False
        sha256 = self._waiting.popleft()
        try:
            vectors = self._embedder.images([self._store.images.read(sha256)])
            self._store.embeddings.put(fingerprint, {sha256: vectors[0]})
        except StoreError:
            raise
        except Exception as error:
            # One bad picture must not keep the others from being found.
            log.warning("Picture %s will not be found: %s", sha256, error)
            self._failed.add(sha256)
        return True


def least_scores(pictures: Vectors, any_words: Vectors, words: Vectors) -> Vectors:
    """The score (n,) from which on words (w,) fit each picture (n, w), given the vectors (a, w) of others."""
    scores: Vectors = pictures @ any_words.T
    mean, spread = scores.mean(1), scores.std(1)
    fits = (pictures @ words - mean) / np.maximum(spread, np.finfo(np.float32).tiny)
    least: Vectors = mean + max(CLEAR, float(fits.max(initial=CLEAR)) - NEAR) * spread
    return least


def _asked(embed: Callable[[], T]) -> T:
    """What an embedder gives. Raises EngineError for what it does not say in our words."""
    try:
        return embed()
    except VisavisError:
        raise
    except Exception as error:
        log.error("The model failed while searching pictures.", exc_info=error)
        raise EngineError(
            f"The model failed while searching pictures ({type(error).__name__}: {error}). Try once more."
        ) from error
