"""Text to token ids and back: a SentencePiece model with byte fallback.

BPE with no normalisation and no dummy prefix, so that any Unicode text comes back as
it went in. The special tokens are control pieces: text that spells them is encoded as
the characters it is made of (Kudo & Richardson 2018, arXiv:1808.06226).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import sentencepiece

from chat.errors import CheckpointError
from prompts import SPECIAL_TOKENS, Image, Span
from prompts.special import END, PAD

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


@dataclass
class Prompt:
    """Spans as numbers. ids, trained and numbers run in parallel, one entry a token.

    trained: the model learns to produce this token. numbers: at an image token the
    picture's number from 1, elsewhere 0. images, visible_from: the pictures in order of
    appearance, and the position of the image token of each.
    """

    ids: list[int] = field(default_factory=list)
    trained: list[bool] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    visible_from: list[int] = field(default_factory=list)


class Tokenizer:
    """A SentencePiece model that knows the special tokens."""

    def __init__(self, model: bytes) -> None:
        self.model = model
        try:
            self._pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
        except RuntimeError as error:
            raise CheckpointError(f"The tokenizer of this checkpoint cannot be read: {error}") from error
        self.special = {token: int(self._pieces.piece_to_id(token)) for token in SPECIAL_TOKENS}
        if len(set(self.special.values())) < len(SPECIAL_TOKENS):
            raise CheckpointError("The tokenizer of this checkpoint lacks special tokens; train it again.")
        self.end = self.special[END]
        self.pad = self.special[PAD]

    @property
    def vocab(self) -> int:
        """Pieces in the vocabulary."""
        return int(self._pieces.vocab_size())

    def pieces(self) -> list[str]:
        """The vocabulary, by id; a space is U+2581."""
        return [str(self._pieces.id_to_piece(index)) for index in range(self.vocab)]

    @classmethod
    def train(cls, texts: Iterable[str], vocab: int) -> Tokenizer:
        """Train on texts, one utterance each; `vocab` counts 256 bytes and the special tokens."""
        out = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=out,
            model_type="bpe",
            vocab_size=vocab,
            byte_fallback=True,
            character_coverage=1.0,
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            split_digits=True,
            pad_id=0,
            pad_piece=PAD,
            unk_id=1,
            bos_id=-1,
            eos_id=-1,
            control_symbols=[token for token in SPECIAL_TOKENS if token != PAD],
            minloglevel=2,
        )
        return cls(out.getvalue())

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Read a `tokenizer.model` file."""
        return cls(path.read_bytes())

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text; never a special token."""
        return list(self._pieces.encode(text, out_type=int))

    def decode(self, ids: Sequence[int]) -> str:
        """Text of token ids; special tokens vanish, broken bytes become U+FFFD."""
        return str(self._pieces.decode(list(ids)))

    def encode_spans(self, spans: Iterable[Span]) -> Prompt:
        """Spans as a Prompt."""
        prompt = Prompt()
        for span in spans:
            ids = self.encode(span.text) if span.kind == "text" else [self.special[span.text]]
            number = 0
            if span.image is not None:
                prompt.images.append(span.image)
                prompt.visible_from.append(len(prompt.ids))
                number = len(prompt.images)
            prompt.ids += ids
            prompt.trained += [span.trained] * len(ids)
            prompt.numbers += [number] * len(ids)
        return prompt


class StreamDecoder:
    """Turns ids that arrive one by one into text that never breaks a character in two."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._sent = 0

    def push(self, token: int) -> str:
        """The text that is now certain; empty while a multi-byte character is unfinished."""
        self._ids.append(token)
        text = self._tokenizer.decode(self._ids)
        if text.endswith(REPLACEMENT):
            return ""
        return self._take(text)

    def flush(self) -> str:
        """Whatever is left at the end of the reply."""
        return self._take(self._tokenizer.decode(self._ids))

    def _take(self, text: str) -> str:
        new = text[self._sent :]
        self._sent = len(text)
        return new
