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
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from chat.engines.builtin.sessions import Session
from chat.model.cache import KVCache
from chat.model.vlm import VisionLanguageModel
from memory.snapshots import SnapshotStore

log = logging.getLogger(__name__)

CHUNK = 256
"""Tokens of one part."""


class DamagedError(Exception):
    """A part is missing, or does not hold what it should."""


def picture_key(fingerprint: str, sha256: str) -> str:
    """The name of a picture's part: depends on the model and the picture alone."""
    return _digest("picture", fingerprint, sha256)


def keep(
    store: SnapshotStore,
    conversation_id: str,
    fingerprint: str,
    session: Session,
    picture_kv: Callable[[str], Tensor],
) -> None:
    """Write what is not on disk yet of a session whose ids are all cached, with its pictures.

    `picture_kv` gives a picture's keys and values (X, 2, g, p, e) by its sha256. Raises
    StoreError if the disk fails.
    """
    parts: dict[str, Callable[[], bytes]] = {}
    previous = fingerprint
    for start, end in pairwise([*range(0, len(session.ids), CHUNK), len(session.ids)]):
        about = _about(session, previous, start, end)
        previous = _digest("chunk", json.dumps(about))
        parts[previous] = partial(_chunk, session, start, end, about)
    for sha256 in dict.fromkeys(sha256 for _, sha256 in session.pictures):
        parts[picture_key(fingerprint, sha256)] = partial(_picture, picture_kv, sha256)
    missing = store.missing(list(parts))
    new = {key: make() for key, make in parts.items() if key in missing}
    store.save(conversation_id, fingerprint, session.marks, list(parts), new)


def restore(
    store: SnapshotStore, fingerprint: str, marks: Sequence[str], new_cache: Callable[[], KVCache], least: int
) -> Session | None:
    """The session on disk that holds the most of these messages, if it holds over `least` of them.

    A damaged snapshot is forgotten, with a warning, and None returned: the caller computes
    what it would have held.
    """
    found = store.find(fingerprint, marks[least:])
    if found is None:
        return None
    session = Session(new_cache())
    try:
        with torch.inference_mode():
            _read(store, fingerprint, found.parts, found.tokens, session)
        if session.shared(marks) <= least:
            raise DamagedError("its messages are not those it was found by")
    except (DamagedError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        log.warning("A snapshot on disk is damaged (%s) and was dropped; its part is computed anew.", error)
        store.forget(found.id)
        return None
    session.rewind(session.shared(marks))
    return session


def read_picture(
    store: SnapshotStore, fingerprint: str, sha256: str, model: VisionLanguageModel
) -> Tensor | None:
    """A picture's keys and values (X, 2, g, p, e) from disk, for this model, or None."""
    data = store.read(picture_key(fingerprint, sha256))
    if data is None:
        return None
    try:
        kv = load(data)["kv"]
        if kv.shape != model.picture_shape or kv.dtype != model.dtype:
            raise ValueError(f"it is of another model: {tuple(kv.shape)}, {kv.dtype}")
    except (SafetensorError, KeyError, ValueError) as error:
        log.warning("Picture %s on disk is damaged (%s); it is encoded anew.", sha256, error)
        return None
    return kv.to(model.device)


def _read(
    store: SnapshotStore, fingerprint: str, parts: Sequence[str], tokens: int, session: Session
) -> None:
    """Fill an empty session from a snapshot's chunks, up to `tokens`; raises DamagedError."""
    previous = fingerprint
    for key in parts:
        if len(session.ids) >= tokens:
            return
        data = store.read(key)
        if data is None:
            raise DamagedError(f"part {key[:12]} is missing or altered")
        tensors = load(data)
        about = json.loads(_metadata(data)["about"])
        if about["previous"] != previous or _digest("chunk", json.dumps(about)) != key:
            raise DamagedError(f"part {key[:12]} does not follow the one before it")
        _append(session, about, tensors)
        previous = key


def _append(session: Session, about: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    cache = session.cache
    wanted = (len(cache.keys), *cache.keys[0].shape[1:2], len(about["ids"]), cache.keys[0].shape[3])
    for side in ("keys", "values"):
        if tensors[side].shape != wanted or tensors[side].dtype != cache.keys[0].dtype:
            raise DamagedError("its keys and values are of another model")
    cache.append(tensors["keys"].to(cache.keys[0].device), tensors["values"].to(cache.keys[0].device))
    session.ids += about["ids"]
    session.pictures += [(at, sha256) for at, sha256 in about["pictures"]]
    session.marks += [(mark, at) for mark, at in about["marks"]]


def _about(session: Session, previous: str, start: int, end: int) -> dict[str, Any]:
    """Everything that a chunk's keys and values follow from, and the messages that end in it."""
    return {
        "previous": previous,
        "ids": session.ids[start:end],
        "pictures": [[at, sha256] for at, sha256 in session.pictures if start <= at < end],
        "marks": [[mark, at] for mark, at in session.marks if start < at <= end],
    }


def _chunk(session: Session, start: int, end: int, about: dict[str, Any]) -> bytes:
    keys, values = session.cache.read(start, end)
    return _pack({"keys": keys, "values": values}, {"about": json.dumps(about)})


def _picture(picture_kv: Callable[[str], Tensor], sha256: str) -> bytes:
    return _pack({"kv": picture_kv(sha256)}, {})


def _pack(tensors: dict[str, Tensor], metadata: dict[str, str]) -> bytes:
    return save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, metadata)


def _metadata(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file's bytes: an 8-byte length, then a JSON header."""
    size = int.from_bytes(data[:8], "little")
    header: dict[str, dict[str, str]] = json.loads(data[8 : 8 + size])
    return header["__metadata__"]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
