"""The echo engine: a deterministic stand-in for a model, for tests and scripts.

It keeps the seam's whole contract (limits, counting, streaming, cancelling, real usage
figures, decoding each picture once) and answers with what it received:

    hello                           → You said: hello
    [scene.png] and this?           → You showed #1 (640 × 480). You said: and this?
    how many pictures are there?    → You said: how many pictures are there? You have shown me 1 picture.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from threading import Event

from chat.engines.base import Delta, Finish, FinishReason, Limits, Request, Usage
from chat.errors import EngineError
from memory.images import open_upright
from prompts import Image, Message, Span, render, render_message

ECHO_LIMITS = Limits(context_tokens=8192, images=16)
"""What an echo engine holds unless told otherwise."""

_HOW_MANY = re.compile(r"\bhow many (pictures|images|photos)\b", re.IGNORECASE)


class EchoEngine:
    """An engine whose tokens are words.

    `gate`, if given, is called before every delta, the last one included: a test that
    blocks in it holds the reply between two tokens, and one that raises makes it fail.
    """

    name = "echo"
    fingerprint = "echo-1"
    parallel = 1
    embedder = None

    def __init__(
        self,
        *,
        limits: Limits = ECHO_LIMITS,
        gate: Callable[[], None] | None = None,
    ) -> None:
        self.limits = limits
        self._gate = gate or (lambda: None)
        self._sizes: dict[str, tuple[int, int]] = {}
        self._cached: list[str] = []

    def count(self, message: Message) -> int:
        """Words of the message, one token a picture, and the two that frame it."""
        return len(_tokens(render_message(message)))

    def generate(self, request: Request, cancelled: Event) -> Iterator[Delta]:
        """Stream the answer word by word.

        Raises EngineError if the last message is not a user's, and ImageError (from the
        store) for a picture that cannot be read.
        """
        if not request.messages or request.messages[-1].role != "user":
            raise EngineError("The echo engine answers a user's message; the last one is none.")
        prompt = [*_tokens(render(request.messages, reply=True)), *request.opening.split()]
        prompt_tokens, cached_tokens = len(prompt), _common_prefix(prompt, self._cached)
        images_encoded = self._look(request)
        # From here on `prompt` also takes in the reply, as a KV cache would.
        self._cached = prompt
        pieces = _pieces(_after(self._answer(request), request.opening))
        allowed = pieces[: request.sampling.max_tokens]
        reason: FinishReason = "stop" if allowed == pieces else "length"
        written = 0
        for piece in allowed:
            self._gate()
            if cancelled.is_set():
                reason = "cancelled"
                break
            written += 1
            prompt.append(piece.strip())
            yield Delta(piece)
        else:
            self._gate()
        yield Delta("", Finish(reason, Usage(prompt_tokens, cached_tokens, written, images_encoded)))

    def close(self) -> None:
        """Forget every picture and prompt."""
        self._sizes.clear()
        self._cached = []

    def _look(self, request: Request) -> int:
        """Read and decode the pictures not seen before; how many there were."""
        wanted = {image.sha256 for message in request.messages for image in message.images}
        unseen = wanted - self._sizes.keys()
        for sha256 in unseen:
            with open_upright(request.read_image(sha256)) as picture:
                self._sizes[sha256] = picture.size
        return len(unseen)

    def _answer(self, request: Request) -> str:
        """What there is to say to the last message."""
        asked = request.messages[-1]
        said = []
        if asked.images:
            numbers = request.numbers[-len(asked.images) :]
            views = [self._view(number, image) for number, image in zip(numbers, asked.images, strict=True)]
            said.append(f"You showed {' and '.join(views)}.")
        if asked.text:
            said.append(f"You said: {asked.text}")
        if _HOW_MANY.search(asked.text):
            # They are numbered as they were shown, whether or not the first are still in the prompt.
            shown = request.numbers[-1] if request.numbers else 0
            said.append(f"You have shown me {shown} picture{'' if shown == 1 else 's'}.")
        return " ".join(said)

    def _view(self, number: int, image: Image) -> str:
        width, height = self._sizes[image.sha256]
        return f"#{number} ({width} × {height})"


def _tokens(spans: Sequence[Span]) -> list[str]:
    """One token a word, a special token, or a picture; a picture's names its bytes."""
    tokens: list[str] = []
    for span in spans:
        if span.image is not None:
            tokens.append(f"{span.text}{span.image.sha256}")
        else:
            tokens += span.text.split()
    return tokens


def _after(answer: str, opening: str) -> str:
    """What is left to say of the answer; all of it if the opening is not how it begins."""
    return answer.removeprefix(opening) if answer.startswith(opening) else f" {answer}"


def _pieces(text: str) -> list[str]:
    """Cut before each word, so that the pieces joined are the text to the last blank."""
    return re.findall(r"\s*\S+(?:\s+\Z)?", text)


def _common_prefix(left: Sequence[str], right: Sequence[str]) -> int:
    """How many tokens two sequences share from the start."""
    pairs = zip(left, right, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
