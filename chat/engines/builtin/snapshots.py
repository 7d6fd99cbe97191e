"""Sessions on disk, so that the next turn after a restart costs what it would have cost without one.

Text is kept in chunks of CHUNK tokens, each named by a hash of the chunk before it and
of everything its keys and values follow from; a longer conversation shares its full
chunks with a shorter one, and only the last, unfinished chunk is written anew. A
picture's keys and values are a part of their own, named by model and picture.

Shapes: L decoder layers, X cross-attention layers, g key/value heads, n tokens, p image
tokens, e channels a head.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save
from torch import Tensor

from chat.engines.builtin.sessions import Session, Shown
from chat.model.cache import KVCache
from chat.model.vlm import VisionLanguageModel
from memory.snapshots import Part, SnapshotStore

log = logging.getLogger(__name__)

CHUNK = 256
"""Tokens of one part."""

READERS = 2
"""Parts that are read at once."""

Bytes: TypeAlias = npt.NDArray[np.uint8]


class DamagedError(Exception):
    """A part is missing, or does not hold what it should."""


def picture_key(fingerprint: str, sha256: str) -> str:
    """The name of a picture's part: depends on the model and the picture alone."""
    return _digest("picture", fingerprint, sha256)


@dataclass(frozen=True, slots=True)
class Pending:
    """A snapshot to be written. Its tensors are its own, so the session may go on meanwhile."""

    store: SnapshotStore
    conversation_id: str
    fingerprint: str
    marks: Sequence[tuple[str, int]]
    parts: Sequence[str]
    new: Mapping[str, tuple[dict[str, Tensor], dict[str, str]]]

    @property
    def bytes(self) -> int:
        """What its tensors hold."""
        return sum(tensor.nbytes for tensors, _ in self.new.values() for tensor in tensors.values())

    def write(self) -> None:
        """Put it on disk. Raises StoreError if that fails."""
        new = {key: save(tensors, metadata) for key, (tensors, metadata) in self.new.items()}
        self.store.save(self.conversation_id, self.fingerprint, self.marks, self.parts, new)


def take(
    store: SnapshotStore,
    conversation_id: str,
    fingerprint: str,
    session: Session,
    picture_kv: Mapping[str, Tensor],
) -> Pending:
    """What is not on disk yet of a session whose ids are all cached, with its pictures.

    `picture_kv` has every picture's keys and values (X, 2, g, p, e) by its sha256. Raises
    StoreError if the database fails.
    """
    chunks: dict[str, tuple[int, int, str]] = {}
    previous = fingerprint
    for start, end in pairwise([*range(0, len(session.ids), CHUNK), len(session.ids)]):
        about = json.dumps(_about(session, previous, start, end))
        previous = _digest("chunk", about)
        chunks[previous] = (start, end, about)
    pictures = {picture_key(fingerprint, shown.sha256): shown.sha256 for shown in session.pictures}
    parts = [*chunks, *pictures]
    new: dict[str, tuple[dict[str, Tensor], dict[str, str]]] = {}
    for key in store.missing(parts):
        if key in pictures:
            new[key] = {"kv": picture_kv[pictures[key]].cpu().contiguous()}, {}
        else:
            start, end, about = chunks[key]
            keys, values = session.cache.read(start, end)
            new[key] = {"keys": keys.cpu(), "values": values.cpu()}, {"about": about}
    return Pending(store, conversation_id, fingerprint, list(session.marks), parts, new)


def restore(
    store: SnapshotStore,
    fingerprint: str,
    marks: Sequence[str],
    model: VisionLanguageModel,
    *,
    least: int = 0,
    room: int = 0,
    held: Container[str] = (),
) -> tuple[Session, dict[str, Tensor]] | None:
    """The session on disk that holds the most of these messages, if it holds over `least` of them.

    It has room for so many more tokens. With it come the keys and values (X, 2, g, p, e) of
    those of its pictures that are not `held`, by sha256. A damaged snapshot is forgotten,
    with a warning, and None returned: the caller computes what it would have held.
    """
    found = store.find(fingerprint, marks[least:])
    if found is None:
        return None
    session = Session(model.new_cache())
    try:
        chunks = list(_chunks(store, fingerprint, found.parts, found.tokens, session))
        session.cache.reserve(len(session.ids) + room)
        wanted = {shown.sha256 for shown in session.pictures if shown.sha256 not in held}
        with ThreadPoolExecutor(READERS) as pool:
            pictures = {
                sha256: pool.submit(read_picture, store, fingerprint, sha256, model) for sha256 in wanted
            }
            list(pool.map(lambda chunk: chunk.copy(session.cache), chunks))
        session.cache.advance(torch.full_like(session.cache.lengths, len(session.ids)))
        kept = {sha256: kv for sha256, read in pictures.items() if (kv := read.result()) is not None}
        if session.shared(marks) <= least:
            raise DamagedError("its messages are not those it was found by")
    except (DamagedError, KeyError, TypeError, ValueError) as error:
        log.warning("A snapshot on disk is damaged (%s) and was dropped; its part is computed anew.", error)
        store.forget(found.id)
        return None
    session.rewind(session.shared(marks))
    return session, kept


def read_picture(
    store: SnapshotStore, fingerprint: str, sha256: str, model: VisionLanguageModel
) -> Tensor | None:
    """A picture's keys and values (X, 2, g, p, e) from disk, for this model, or None."""
    part = store.open(picture_key(fingerprint, sha256))
    if part is None:
        return None
    try:
        header, data = _parse(part)
        kv = torch.empty(model.picture_shape, dtype=model.dtype)
        _expect(header, {"kv": list(kv.shape)}, kv.nbytes)
        if not part.sound():
            raise DamagedError("it was altered")
        kv.view(torch.uint8).numpy()[:] = data.reshape(*kv.shape[:-1], -1)
    except (DamagedError, KeyError, TypeError, ValueError) as error:
        log.warning("Picture %s on disk is damaged (%s); it is encoded anew.", sha256, error)
        return None
    return kv.to(model.device)


class Chunk(NamedTuple):
    """A chunk on disk: its part, the bytes of its keys and values, and the positions they are of."""

    part: Part
    data: Bytes
    start: int
    end: int

    def copy(self, cache: KVCache) -> None:
        """Copy it to its place in a cache. Raises DamagedError."""
        if not self.part.sound():
            raise DamagedError("a part was altered")
        place = cache.span(self.start, self.end)
        if place.is_cpu:
            # Copied by numpy: OpenMP would bring a team of its own into each reader's thread.
            there = place.view(torch.uint8).numpy()
            there[:] = self.data.reshape(there.shape)
        else:
            place.copy_(torch.from_numpy(self.data).view(place.dtype).view(place.shape))


def _chunks(
    store: SnapshotStore, fingerprint: str, parts: Sequence[str], tokens: int, session: Session
) -> Iterator[Chunk]:
    """A snapshot's chunks, up to `tokens`; enters into an empty session what they are about. Raises
    DamagedError, or what reading a header that is none does."""
    previous, first = fingerprint, session.cache.keys[0]
    for key in parts:
        start = len(session.ids)
        if start >= tokens:
            return
        part = store.open(key)
        if part is None:
            raise DamagedError(f"part {key[:12]} is missing")
        header, data = _parse(part)
        about = json.loads(header["__metadata__"]["about"])
        if about["previous"] != previous or _digest("chunk", json.dumps(about)) != key:
            raise DamagedError(f"part {key[:12]} does not follow the one before it")
        session.ids += about["ids"]
        session.pictures += [Shown(*picture) for picture in about["pictures"]]
        session.marks += [(mark, at) for mark, at in about["marks"]]
        shape = [len(session.cache.keys), first.shape[1], len(about["ids"]), first.shape[3]]
        _expect(header, {"keys": shape, "values": shape}, len(data))
        if len(data) != 2 * math.prod(shape) * first.itemsize:
            raise DamagedError("its keys and values are of another model")
        yield Chunk(part, data, start, len(session.ids))
        previous = key


def _parse(part: Part) -> tuple[dict[str, Any], Bytes]:
    """The header of a safetensors file and the bytes of its tensors. Raises ValueError where it is none.

    Parsed here because the library would copy the tensors to memory of their own first.
    """
    size = int.from_bytes(part.data[:8], "little")
    header: dict[str, Any] = json.loads(bytes(part.data[8 : 8 + size]))
    return header, np.frombuffer(part.data[8 + size :], np.uint8)


def _expect(header: Mapping[str, Any], shapes: Mapping[str, list[int]], size: int) -> None:
    """Raise DamagedError unless tensors of these shapes share `size` bytes evenly, one after the other."""
    each = size // len(shapes)
    for number, (name, shape) in enumerate(shapes.items()):
        place = [number * each, (number + 1) * each]
        if header[name]["shape"] != shape or header[name]["data_offsets"] != place:
            raise DamagedError("its keys and values are of another model")


def _about(session: Session, previous: str, start: int, end: int) -> dict[str, Any]:
    """Everything that a chunk's keys and values follow from, and the messages that end in it."""
    return {
        "previous": previous,
        "ids": session.ids[start:end],
        "pictures": [list(picture) for picture in session.pictures if start <= picture.at < end],
        "marks": [[mark, at] for mark, at in session.marks if start < at <= end],
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
