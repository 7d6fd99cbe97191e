"""An engine under test, and the check after every reply: nothing that was cached differs from a recompute."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from threading import Event

import torch
from PIL import Image as Pillow
from torch import Tensor

from chat.engines.base import Finish, Request, Sampling
from chat.engines.builtin import BuiltinEngine
from chat.engines.builtin.sessions import Session
from chat.model.checkpoint import Checkpoint
from chat.model.images import to_pixels, to_square
from memory import Store
from memory.images import open_upright
from prompts import Image, Message, assistant, user
from tests.helpers.models import tiny_model, tiny_tokenizer

TOLERANCE = {torch.float16: 2e-3, torch.float32: 1e-4, torch.float64: 1e-10}
"""How far keys and values may be from a recompute's, by what they are kept in: of float16 two units in the
last place, because what is rounded differs in the last bits of float32."""


class Bench:
    """Conversations with one engine over one store, each reply checked against a full recompute."""

    def __init__(
        self, folder: Path, dtype: torch.dtype = torch.float64, gate: float = 0.8, *, bits: int | None = None
    ) -> None:
        self.model = tiny_model(dtype, gate=gate)
        self.tokenizer = tiny_tokenizer()
        self.tolerance = TOLERANCE[torch.float16 if bits else dtype]
        self.bits = bits
        self.store = Store.open(folder / "visavis.db")
        self.histories: list[list[Message]] = []
        self.conversations: list[str] = []
        self.left_out: list[int] = []
        self.pictures: dict[str, bytes] = {}
        self.encoded: list[str] = []
        self.restart()

    def restart(self) -> None:
        """Begin with empty memory, as a new process would; what is on disk stays."""
        self.engine = BuiltinEngine(Checkpoint(self.model, self.tokenizer, "tiny"), bits=self.bits)
        self.engine.ready()

    def begin(self) -> int:
        """A new conversation; its number."""
        self.conversations.append(self.store.create_conversation().id)
        self.histories.append([])
        self.left_out.append(0)
        return len(self.histories) - 1

    def picture(self, number: int) -> Image:
        """The picture of that number: noise, always the same."""
        noise = random.Random(number).randbytes(12 * 10 * 3)
        buffer = io.BytesIO()
        Pillow.frombytes("RGB", (12, 10), noise).save(buffer, "PNG")
        sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
        self.pictures[sha256] = buffer.getvalue()
        return Image(sha256)

    def ask(self, conversation: int, text: str, pictures: Sequence[int] = ()) -> Finish:
        """One turn: a message with pictures, and the reply to it, checked."""
        self.histories[conversation].append(user(text, [self.picture(number) for number in pictures]))
        return self._reply(conversation)

    def regenerate(self, conversation: int) -> Finish:
        """The last reply once more."""
        self.histories[conversation].pop()
        return self._reply(conversation)

    def duplicate(self, conversation: int) -> int:
        """A conversation that has gone like another one so far; its number."""
        twin = self.begin()
        self.histories[twin] = list(self.histories[conversation])
        self.left_out[twin] = self.left_out[conversation]
        return twin

    def leave_out(self, conversation: int) -> None:
        """The oldest turn goes from later prompts; the pictures of the others keep their numbers."""
        gone, self.histories[conversation] = (
            self.histories[conversation][:2],
            self.histories[conversation][2:],
        )
        self.left_out[conversation] += sum(len(message.images) for message in gone)

    def numbers(self, conversation: int) -> list[int]:
        """The numbers of the pictures in a conversation's prompt."""
        pictures = sum(len(message.images) for message in self.histories[conversation])
        first = self.left_out[conversation] + 1
        return list(range(first, first + pictures))

    def edit(self, conversation: int, turn: int, text: str, pictures: Sequence[int] = ()) -> Finish:
        """Another message in place of an earlier one, forgetting what followed."""
        del self.histories[conversation][2 * turn :]
        return self.ask(conversation, text, pictures)

    def _reply(self, conversation: int) -> Finish:
        history = self.histories[conversation]
        request = Request(
            tuple(history),
            Sampling(max_tokens=6),
            self.read,
            self.store.snapshots,
            self.conversations[conversation],
            self.numbers(conversation),
        )
        deltas = list(self.engine.generate(request, Event()))
        text, finish = "".join(delta.text for delta in deltas), deltas[-1].finish
        assert finish is not None
        if text:
            history.append(assistant(text))
        else:
            history.pop()  # nothing was said: as if it had not been asked
        self._check(finish, conversation)
        return finish

    def read(self, sha256: str) -> bytes:
        """The bytes of a picture; notes that they were asked for."""
        self.encoded.append(sha256)
        return self.pictures[sha256]

    def session(self) -> Session:
        """The session of the last reply."""
        return self.engine._reader.sessions.latest

    @torch.inference_mode()
    def _check(self, finish: Finish, conversation: int) -> None:
        """The last session says what was said, and its keys, values and greedy choices are those of one
        pass over its tokens."""
        session, usage, history = self.session(), finish.usage, self.histories[conversation]
        images = [image.sha256 for message in history for image in message.images]
        shown = [(picture.sha256, picture.number) for picture in session.pictures]
        assert shown == list(zip(images, self.numbers(conversation), strict=True))
        ends = [0, *(end for _, end in session.marks)]
        said = [self.tokenizer.decode(session.ids[start:end]) for start, end in pairwise(ends)]
        assert said == [message.text for message in history]
        assert usage.cached_tokens + usage.restored_tokens + usage.prefilled_tokens == usage.prompt_tokens
        assert usage.images_cached + usage.images_restored + usage.images_encoded == len(
            {picture.sha256 for picture in session.pictures}
        )
        logits, keys, values = self.recompute(session)
        held = session.cache.read(0, session.cached)
        for mine, fresh in zip(held, (keys, values), strict=True):
            torch.testing.assert_close(
                mine, fresh[:, :, : session.cached], atol=self.tolerance, rtol=self.tolerance
            )
        barred = [token for token in self.tokenizer.special.values() if token != self.tokenizer.end]
        logits[:, barred] = -torch.inf
        # Up to the reply's end; what follows a reply cut short is not the model's choice.
        reply = range(usage.prompt_tokens, usage.prompt_tokens + usage.completion_tokens)
        if reply.stop <= len(session.ids):
            chosen = logits[[at - 1 for at in reply]].argmax(-1).tolist()
            assert [session.ids[at] for at in reply] == chosen

    @torch.inference_mode()
    def recompute(self, session: Session) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (n, vocab), keys and values (L, g, n, e) of a session's tokens in one masked pass."""
        ids, places = session.ids, [picture.at for picture in session.pictures]
        named = {picture.at: picture.number for picture in session.pictures}
        numbers = [named.get(at, 0) for at in range(len(ids))]
        encoded = [self._encode(picture.sha256) for picture in session.pictures]
        cache = self.model.new_cache()
        view = self.model.view_row(encoded, places, list(named.values()))
        logits = self.model(torch.tensor([ids]), torch.tensor([numbers]), pictures=view, cache=cache)
        return logits[0], *cache.read(0, len(ids))

    def _encode(self, sha256: str) -> Tensor:
        square = to_square(open_upright(self.pictures[sha256]), self.model.config.vision.image_size)
        return self.model.encode(to_pixels([square]).to(self.model.dtype))[0]
