"""Pictures' keys and values between requests: in memory, and on disk where a request says so.

Shapes: X cross-attention layers, g key/value heads, p image tokens, e channels a head.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from chat.engines.base import Request
from chat.engines.builtin import snapshots
from chat.errors import StoreError
from chat.model.images import to_pixels, to_square
from chat.model.vlm import VisionLanguageModel
from memory.images import open_upright
from memory.snapshots import SnapshotStore

log = logging.getLogger(__name__)

BUDGET = 256 * 2**20
"""Bytes of keys and values kept; a picture takes half a megabyte in the model that ships."""


def read_pixels(model: VisionLanguageModel, data: Sequence[bytes]) -> Tensor:
    """Picture files as the pixels (n, 3, H, W) that a model reads, where it is. Raises ImageError."""
    squares = [to_square(open_upright(each), model.config.vision.image_size) for each in data]
    return to_pixels(squares).to(model.device, model.dtype)


class PictureCache:
    """Keys and values (X, 2, g, p, e) by sha256, least recently used first, within a budget of bytes.

    `kind` names the model and its type, which the values on disk depend on.
    """

    def __init__(self, model: VisionLanguageModel, kind: str, budget: int = BUDGET) -> None:
        self._model, self._kind, self._budget = model, kind, budget
        self._held: OrderedDict[str, Tensor] = OrderedDict()

    @property
    def held(self) -> frozenset[str]:
        """The sha256 of the pictures that are at hand."""
        return frozenset(self._held)

    @torch.inference_mode()
    def require(
        self, hashes: Sequence[str], request: Request, restored: Mapping[str, Tensor] | None = None
    ) -> tuple[dict[str, Tensor], dict[str, int]]:
        """The keys and values of these pictures by sha256, of which some may have just been `restored`.

        And how many distinct ones were encoded, restored and cached, as the fields of Usage name
        them. Raises ImageError for a picture that cannot be read.
        """
        wanted = list(dict.fromkeys(hashes))
        missing = [sha256 for sha256 in wanted if sha256 not in self._held]
        found = dict(restored or {})
        found |= self._restore([sha256 for sha256 in missing if sha256 not in found], request.snapshots)
        unseen = [sha256 for sha256 in missing if sha256 not in found]
        self._held.update((sha256, found[sha256]) for sha256 in missing if sha256 in found)
        if unseen:
            self._held.update(zip(unseen, self._encode(unseen, request.read_image), strict=True))
        for sha256 in wanted:
            self._held.move_to_end(sha256)
        # The caller's, whatever other rows make this forget.
        given = {sha256: self._held[sha256] for sha256 in wanted}
        self._trim(len(wanted))
        return given, {
            "images_encoded": len(unseen),
            "images_restored": len(missing) - len(unseen),
            "images_cached": len(wanted) - len(missing),
        }

    def clear(self) -> None:
        """Forget them all."""
        self._held.clear()

    def _encode(self, hashes: Sequence[str], read: Callable[[str], bytes]) -> Tensor:
        return self._model.encode(read_pixels(self._model, [read(sha256) for sha256 in hashes]))

    def _restore(self, hashes: Sequence[str], store: SnapshotStore | None) -> dict[str, Tensor]:
        if store is None:
            return {}
        found = {}
        for sha256 in hashes:
            try:
                kv = snapshots.read_picture(store, self._kind, sha256, self._model)
            except StoreError as error:
                log.warning("Snapshots cannot be read (%s); pictures are encoded anew.", error)
                break
            if kv is not None:
                found[sha256] = kv
        return found

    def _trim(self, needed: int) -> None:
        """Forget the pictures used longest ago until the rest is within the budget, but not those needed."""
        total = sum(kv.nbytes for kv in self._held.values())
        while total > self._budget and len(self._held) > needed:
            _, dropped = self._held.popitem(last=False)
            total -= dropped.nbytes
