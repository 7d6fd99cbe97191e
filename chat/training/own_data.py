"""One's own pictures and dialogues: a folder of pictures and `dialogues.jsonl`.

One dialogue a line: {"turns": [{"user": "What is this?", "images": ["cat.jpg"],
"assistant": "It is Tom, my cat."}, …]}. Everything is checked before training begins.

Shapes: n pictures, S pixels a side of what the encoder reads.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from chat.errors import ConfigError, ImageError
from chat.model.config import ModelConfig
from chat.model.images import to_square
from chat.model.photo import Seen
from chat.model.tokenizer import Prompt, Tokenizer
from chat.model.vlm import VisionLanguageModel
from chat.training.data import POOL, Batch, Dialogues, encode, numbered, pixels_for, retold
from chat.training.dialogues import Dialogue
from chat.training.talk import Turn
from memory.images import open_upright
from prompts import Image, Message, user

DIALOGUES = "dialogues.jsonl"
EXAMPLE = '{"turns": [{"user": "What is this?", "images": ["cat.jpg"], "assistant": "It is Tom, my cat."}]}'

MOST_SHOWN = 10
"""Problems that an error lists at most."""

CHUNK = 32
"""Pictures that the pretrained network looks at together."""


class DataError(ConfigError):
    """A data set that cannot be learnt from; one line for each problem."""


@dataclass(frozen=True)
class OwnDialogue(Dialogue):
    """A dialogue about given pictures: every turn's pictures index `rows`, rows of OwnData."""

    rows: tuple[int, ...] = ()

    def question(self, index: int) -> Message:
        """Turn `index` as the person's message, as chat would render it."""
        asked = self.turns[index]
        return user(asked.question, [Image(f"{self.rows[number]:064x}") for number in asked.pictures])


@dataclass
class OwnData:
    """Dialogues with their prompts, and the pictures: squares (n, S, S, 3) bytes, and what the model's
    pretrained network sees in them, None without one."""

    tokenizer: Tokenizer
    dialogues: list[OwnDialogue]
    squares: Tensor
    seen: Seen | None = None
    prompts: list[Prompt] = field(init=False)

    def __post_init__(self) -> None:
        self.prompts = [encode(self.tokenizer, dialogue) for dialogue in self.dialogues]

    def look(self, model: VisionLanguageModel) -> None:
        """Let the pretrained network see every picture once, for it never changes."""
        photo = model.vision.photo
        if photo is None:
            return
        parts = [
            photo.look(pixels_for(model.vision, chunk)).to(torch.device("cpu"), torch.float32)
            for chunk in torch.split(self.squares, CHUNK)
        ]
        fields = (torch.cat([getattr(part, name) for part in parts]) for name in Seen.__dataclass_fields__)
        self.seen = Seen(*fields)

    def batch(self, chosen: Sequence[int]) -> Batch:
        """These dialogues side by side; without grounding, for nobody said what stands where."""
        dialogues = [self.dialogues[at] for at in chosen]
        rows = [row for dialogue in dialogues for row in dialogue.rows] or [0]
        index = numbered([len(dialogue.rows) for dialogue in dialogues])
        seen = None if self.seen is None else Seen(*(values[rows] for values in vars(self.seen).values()))
        none = torch.zeros(0)
        bare = Batch(self.squares[rows], seen, {}, none, none, none, none, none, index, none, list(dialogues))
        return retold(self.tokenizer, bare, [self.prompts[at] for at in chosen])

    def split(self, share: float) -> tuple[list[int], list[int]]:
        """Which dialogues to learn from and which to hold out, about `share` of them, rounded down.

        By what they say, so that a dialogue stays on its side when others are added around it.
        """
        keys = [_key(dialogue) for dialogue in self.dialogues]
        order = sorted(range(len(keys)), key=lambda at: (keys[at], at))
        count = int(len(order) * share + 1e-9)
        return sorted(order[count:]), sorted(order[:count])


def _key(dialogue: OwnDialogue) -> str:
    said = [(turn.question, turn.answer) for turn in dialogue.turns]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def read(folder: Path, tokenizer: Tokenizer, config: ModelConfig) -> OwnData:
    """Read and check a folder.

    Raises DataError with the line and reason of every problem: what is no dialogue, an empty
    answer, a picture that is missing or cannot be read, more pictures or words than the model holds.
    """
    path = folder / DIALOGUES
    if not path.is_file():
        raise DataError(f"There is no {path}. It has one dialogue a line, such as {EXAMPLE}")
    reader = _Reader(folder, tokenizer, config)
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            reader.take(number, line)
    if reader.problems:
        shown = reader.problems[:MOST_SHOWN]
        more = len(reader.problems) - len(shown)
        raise DataError("\n".join([f"{path}:", *shown, *([f"… and {more} more."] if more else [])]))
    if not reader.dialogues:
        raise DataError(f"{path} has no dialogue in it. A line is such as {EXAMPLE}")
    size = config.vision.image_size
    squares = torch.stack(reader.squares) if reader.squares else torch.full((1, size, size, 3), 127).byte()
    return OwnData(tokenizer, reader.dialogues, squares)


class _Reader:
    """Takes lines, and keeps dialogues, pictures (each once) and problems."""

    def __init__(self, folder: Path, tokenizer: Tokenizer, config: ModelConfig) -> None:
        self.folder, self.tokenizer, self.config = folder, tokenizer, config
        self.dialogues: list[OwnDialogue] = []
        self.squares: list[Tensor] = []
        self.problems: list[str] = []
        self._rows: dict[str, int] = {}

    def take(self, number: int, line: str) -> None:
        """Read line `number`, or keep why it cannot be."""
        try:
            self.dialogues.append(self._dialogue(line))
        except DataError as error:
            self.problems.append(f"Line {number}: {error}")

    def _dialogue(self, line: str) -> OwnDialogue:
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"this is not JSON ({error}). Expected is {EXAMPLE}") from error
        turns = values.get("turns") if isinstance(values, dict) else None
        if not isinstance(turns, list) or not turns:
            raise DataError(f'"turns" is not a list of at least one turn. Expected is {EXAMPLE}')
        said: list[Turn] = []
        rows: list[int] = []
        for place, turn in enumerate(turns, 1):
            question, names, answer = _checked(turn, place)
            shown = tuple(range(len(rows), len(rows) + len(names)))
            rows += [self._picture(name, place) for name in names]
            said.append(Turn(question, answer, "own", shown))
        dialogue = OwnDialogue((), tuple(said), tuple(rows))
        self._fits(dialogue)
        return dialogue

    def _fits(self, dialogue: OwnDialogue) -> None:
        decoder = self.config.decoder
        if len(dialogue.rows) > decoder.images:
            raise DataError(
                f"it shows {len(dialogue.rows)} pictures, and this model can tell {decoder.images} apart."
            )
        tokens = len(encode(self.tokenizer, dialogue).ids)
        if tokens > decoder.context:
            raise DataError(
                f"it takes {tokens} tokens, and this model holds {decoder.context}: "
                "shorten it, or make several dialogues of it."
            )

    def _picture(self, name: str, place: int) -> int:
        """The row of a picture, read as chat reads it."""
        if name in self._rows:
            return self._rows[name]
        path = self.folder / name
        if not path.is_file():
            raise DataError(f'turn {place}: there is no picture "{name}" in {self.folder}.')
        try:
            square = to_square(open_upright(path.read_bytes()), self.config.vision.image_size)
        except (ImageError, OSError) as error:
            raise DataError(f'turn {place}: the picture "{name}" cannot be read: {error}') from error
        self._rows[name] = len(self.squares)
        self.squares.append(torch.from_numpy(square.copy()))
        return self._rows[name]


def _checked(turn: Any, place: int) -> tuple[str, list[str], str]:
    """Question, names of pictures and answer of one turn. Raises DataError."""
    if not isinstance(turn, dict):
        raise DataError(f"turn {place} is no object. Expected is {EXAMPLE}")
    unknown = sorted(set(turn) - {"user", "images", "assistant"})
    if unknown:
        raise DataError(
            f'turn {place} has "{unknown[0]}": a turn has "user", "images" and "assistant" alone.'
        )
    question, names, answer = turn.get("user", ""), turn.get("images", []), turn.get("assistant", "")
    if not isinstance(question, str) or not isinstance(answer, str):
        raise DataError(f'turn {place}: "user" and "assistant" are texts in quotation marks.')
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise DataError(f'turn {place}: "images" is a list of file names, such as ["cat.jpg"].')
    if not answer.strip():
        raise DataError(f'turn {place}: the answer ("assistant") is empty.')
    if not question.strip() and not names:
        raise DataError(f'turn {place}: neither a question ("user") nor a picture ("images") is there.')
    return question, names, answer


class Mixture(Dataset[list[tuple[Batch | None, Batch | None]]]):
    """Pools of pairs of batches: `size` own dialogues, and the same number in all less these of generated
    ones; either is None where its share is nothing.

    Own dialogues come in shuffled rounds, every one once a round.
    """

    def __init__(
        self, data: OwnData, chosen: Sequence[int], size: int, seed: str, generated: Dialogues | None
    ) -> None:
        self.data, self.chosen, self.size = data, list(chosen), size
        self.seed, self.generated = seed, generated

    def __getitem__(self, pool: int) -> list[tuple[Batch | None, Batch | None]]:
        mixed: Sequence[Batch | None] = self.generated[pool] if self.generated else [None] * POOL
        pairs = []
        for number, other in enumerate(mixed, pool * POOL):
            own = [self._at(place) for place in range(number * self.size, (number + 1) * self.size)]
            pairs.append((self.data.batch(own) if own else None, other))
        return pairs

    def _at(self, place: int) -> int:
        """The dialogue at a place in the endless order of rounds."""
        turn, at = divmod(place, len(self.chosen))
        order = list(self.chosen)
        random.Random(f"{self.seed}/{turn}").shuffle(order)
        return order[at]
