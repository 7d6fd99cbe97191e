"""How likely a model finds a given reply: what ranking by likelihood needs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from chat.engines.base import Engine, Request, Sampling
from chat.errors import EngineError
from prompts import Message, render

if TYPE_CHECKING:
    import torch

    from chat.model.cache import KVCache, PictureView
    from chat.model.checkpoint import Checkpoint


class Scorer(Protocol):
    """What can say how likely a reply is."""

    def log_likelihood(
        self, history: Sequence[Message], pictures: Mapping[str, bytes], candidate: str
    ) -> float:
        """The natural logarithm of the probability that the reply to the history is the candidate, whole.

        pictures: the original bytes of the history's pictures by sha256.
        """


class CheckpointScorer:
    """Our own model: the sum over the candidate's tokens and the end of the reply, each after the right ones.

    The prompt is run once for all candidates that are asked about one after the other.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        # Imported here because it loads torch.
        from chat.engines.builtin.picture_cache import PictureCache

        self._model, self._tokenizer = checkpoint.model, checkpoint.tokenizer
        self._encoded = PictureCache(checkpoint.model, checkpoint.fingerprint)
        self._history: tuple[Message, ...] | None = None
        self._cache: KVCache = checkpoint.model.new_cache()
        self._view: PictureView | None = None
        self._logits: torch.Tensor

    def log_likelihood(
        self, history: Sequence[Message], pictures: Mapping[str, bytes], candidate: str
    ) -> float:
        """See Scorer. Raises EngineError if it does not fit the model, ImageError for a bad picture."""
        import torch

        if self._history != tuple(history):
            self._open(history, pictures)
        ids = [*self._tokenizer.encode(candidate), self._tokenizer.end]
        held = self._cache.longest
        self._check(held + len(ids))
        with torch.inference_mode():
            # The last token's successor is not asked for.
            given = torch.tensor([ids[:-1]], device=self._model.device)
            rows = self._logits[None]
            if len(ids) > 1:
                later = self._model(given, torch.zeros_like(given), pictures=self._view, cache=self._cache)[0]
                rows = torch.cat((rows, later))
                self._cache.truncate(held)
            wanted = torch.tensor(ids, device=rows.device)[:, None]
            return float(rows.double().log_softmax(-1).gather(1, wanted).sum())

    def _open(self, history: Sequence[Message], pictures: Mapping[str, bytes]) -> None:
        """Run a prompt up to where the reply begins."""
        import torch

        from chat.model.generate import prefill

        self._history = None
        prompt = self._tokenizer.encode_spans(render(history, reply=True))
        self._check(len(prompt.ids))
        most = self._model.config.decoder.images
        if len(prompt.images) > most:
            raise EngineError(f"This model sees {most} pictures at once, not {len(prompt.images)}.")
        hashes = [image.sha256 for image in prompt.images]
        encoded, _ = self._encoded.require(hashes, Request(history, Sampling(), pictures.__getitem__))
        with torch.inference_mode():
            view = self._model.view_row([encoded[sha256] for sha256 in hashes], prompt.visible_from)
        self._cache = self._model.new_cache()
        self._logits = prefill(self._model, prompt.ids, prompt.numbers, view, self._cache)
        # The reply sees them all.
        self._view = None if view is None else view.first(len(hashes))
        self._history = tuple(history)

    def _check(self, tokens: int) -> None:
        context = self._model.config.decoder.context
        if tokens > context:
            raise EngineError(f"The dialogue takes {tokens} tokens and this model holds {context}.")


def scorer_for(engine: Engine) -> Scorer:
    """What scores replies with an engine's model, which it loads anew, in float32 on the CPU.

    Raises EngineError for an engine that is not one of our own models, and CheckpointError.
    """
    # Imported here because they load torch.
    from chat.engines.builtin import BuiltinEngine
    from chat.model.checkpoint import load

    if not isinstance(engine, BuiltinEngine):
        raise EngineError(
            f"The engine {engine.name!r} does not tell how likely a given reply is, which ranking needs. "
            "Use builtin or the folder of a checkpoint."
        )
    checkpoint = load(None if engine.name == "builtin" else Path(engine.name))
    if checkpoint.fingerprint != engine.fingerprint:
        raise EngineError(f"The checkpoint of {engine.name!r} has changed since it was loaded; start again.")
    return CheckpointScorer(checkpoint)
