"""The step of decoding that an engine takes: what is fastest where the model is and in its numbers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event, Thread
from typing import TYPE_CHECKING

from torch import Tensor

from chat.model.cache import KVCache, PictureView
from chat.model.generate import step
from chat.model.packed.packing import pack
from chat.model.static import Compile, StaticSteps
from chat.model.vlm import VisionLanguageModel

if TYPE_CHECKING:
    from chat.model.packed.decoder import PackedDecoder

log = logging.getLogger(__name__)


class Steps:
    """Steps of the model as it is: call it as `chat.model.generate.step` without the model."""

    def __init__(self, model: VisionLanguageModel) -> None:
        self._model = model

    def __call__(
        self, tokens: Sequence[int], pictures: Sequence[PictureView | None], caches: Sequence[KVCache]
    ) -> Tensor:
        return step(self._model, tokens, pictures, caches)

    @property
    def weight_bytes(self) -> int:
        """Bytes of weights that a step reads while a picture is in view."""
        return sum(weight.nbytes for weight in self._model.decoder.parameters())

    def leave(self, cache: KVCache) -> None:
        """A conversation takes no further step for now: its cache is needed, up to date."""

    def ready(self) -> None:
        """Wait until steps are as fast as they will be."""

    def close(self) -> None:
        """No more steps are needed."""


class GraphSteps(Steps):
    """Steps of fixed shape, recorded for a GPU; for at most `rows` conversations side by side."""

    def __init__(self, model: VisionLanguageModel, rows: int, compile: Compile | None = None) -> None:
        super().__init__(model)
        self._static = StaticSteps(model, rows, compile)

    def __call__(
        self, tokens: Sequence[int], pictures: Sequence[PictureView | None], caches: Sequence[KVCache]
    ) -> Tensor:
        return self._static(tokens, pictures, caches)

    def leave(self, cache: KVCache) -> None:
        self._static.leave(cache)


class PackedSteps(Steps):
    """Steps with weights of eight or four bits. Raises ValueError where they cannot be: see `pack`.

    Their loops are compiled meanwhile, which takes seconds the first time on a machine. Until then, and
    where they cannot be compiled, the model takes the steps, with the same weights, only slower.
    """

    def __init__(self, model: VisionLanguageModel, bits: int) -> None:
        super().__init__(model)
        self._weights, self._bits = pack(model, bits), bits
        self._fast: PackedDecoder | None = None
        self._closed = Event()
        # Not a daemon: a compiler that is cut off while the interpreter ends can crash it.
        self._compiling = Thread(target=self._compile, name="compile")
        self._compiling.start()

    def __call__(
        self, tokens: Sequence[int], pictures: Sequence[PictureView | None], caches: Sequence[KVCache]
    ) -> Tensor:
        if self._fast is None:
            return super().__call__(tokens, pictures, caches)
        return self._fast.step(tokens, pictures, caches)

    @property
    def weight_bytes(self) -> int:
        return self._weights.bytes

    def ready(self) -> None:
        self._compiling.join()

    def close(self) -> None:
        self._closed.set()
        self._compiling.join()

    def _compile(self) -> None:
        try:
            # These load the compiler.
            from chat.model.packed.build import compiled_elsewhere
            from chat.model.packed.decoder import PackedDecoder

            if not compiled_elsewhere(self._bits, self._closed):
                return
            decoder = PackedDecoder(self._model, self._weights)
            decoder.compile()
        except Exception:
            log.exception("The fast decoding loops could not be compiled here; replies come more slowly.")
        else:
            self._fast = decoder


def steps_for(model: VisionLanguageModel, *, bits: int | None, rows: int) -> Steps:
    """The fastest steps for a model. Raises ValueError where weights of so many bits cannot be."""
    if bits is not None:
        return PackedSteps(model, bits)
    return GraphSteps(model, rows) if model.device.type == "cuda" else Steps(model)
