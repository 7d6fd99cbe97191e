"""Sheets of sample answers, so that one can look at what a model in training says.

Always the same held-out pictures and questions, so that one sheet compares with the next.
"""

from __future__ import annotations

import base64
import html
import io
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray

from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel
from chat.training.cards.sampling import sample as sample_card
from chat.training.data import Batch, collate, encode, pixels_for, seen_in
from chat.training.dialogues import Curriculum, drawn_scenes, sample_dialogue
from chat.training.objects import named, sample_objects, sample_photograph
from chat.training.own import own_answers
from chat.training.sources import SourcesMissing, backgrounds
from chat.training.talk import Shown

PICTURES = 8
"""Pictures on a sheet."""

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; max-width: 70em }
section { display: flex; gap: 1.2em; margin: 1.2em 0 }
img { width: 192px; height: 192px; image-rendering: pixelated }
td, th { text-align: left; vertical-align: top; padding: .2em .8em .2em 0 }
.right { color: #176b2c } .wrong { color: #a3121f }
"""


def held_out_batch(model: VisionLanguageModel, tokenizer: Tokenizer, *, every_kind: bool = False) -> Batch:
    """Dialogues of three or four turns about one held-out picture each, ready for the model's device.

    every_kind: objects, photographs and cards too, where the packages for them are installed.
    """
    rng = random.Random("samples")
    sources = (
        (drawn_scenes, _objects, _photographs, _cards) if every_kind and installed() else (drawn_scenes,)
    )
    dialogues = []
    for index in range(PICTURES):
        like = Curriculum(turns=(3, 4), pictures=(0, 1), most=3, scenes=sources[index % len(sources)])
        dialogues.append(sample_dialogue(rng, like, held_out=True))
    prompts = [encode(tokenizer, dialogue) for dialogue in dialogues]
    batch = collate(tokenizer, dialogues, prompts, [range(len(prompt.ids)) for prompt in prompts])
    return replace(batch, seen=seen_in(model.vision, batch, pixels_for(model.vision, batch.squares)))


def installed() -> bool:
    """Whether the pictures that objects and photographs are made of are there."""
    try:
        return bool(named() and backgrounds())
    except SourcesMissing:
        return False


def _objects(rng: random.Random, held_out: bool, most: int) -> Shown:
    return sample_objects(rng, most=most, held_out=held_out)


def _photographs(rng: random.Random, held_out: bool, _: int) -> Shown:
    return sample_photograph(rng, held_out=held_out)


def _cards(rng: random.Random, held_out: bool, _: int) -> Shown:
    return sample_card(rng, held_out)


def write_sheet(
    folder: Path, name: str, model: VisionLanguageModel, tokenizer: Tokenizer, batch: Batch
) -> float:
    """Write `name`.html with each dialogue's pictures, questions, right answers and the model's greedy
    ones, each after its own earlier ones; the share of them that is right to the letter."""
    turns = max(len(dialogue.turns) for dialogue in batch.dialogues)
    # Every length would be compiled anew.
    with torch.compiler.set_stance("force_eager"):
        answers = own_answers(model, tokenizer, batch, turns=turns)
    pairs = [
        (turn.answer, said[at])
        for dialogue, said in zip(batch.dialogues, answers, strict=True)
        for at, turn in enumerate(dialogue.turns)
    ]
    share = sum(wanted == said for wanted, said in pairs) / max(1, len(pairs))
    sections = (_section(batch, row, said) for row, said in enumerate(answers))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.html").write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(name)}</title>'
        f"<style>{_STYLE}</style><h1>{html.escape(name)}</h1>"
        f"<p>{share:.0%} of {len(pairs)} answers are right to the letter.</p>{''.join(sections)}</html>\n",
        "utf-8",
    )
    return share


def _section(batch: Batch, row: int, said: dict[int, str]) -> str:
    dialogue = batch.dialogues[row]
    shown = sum(len(turn.pictures) for turn in dialogue.turns)
    pictures = "".join(
        f'<img alt="" src="data:image/png;base64,{_png(batch.squares[at].numpy())}">'
        for at in batch.index[row, :shown].tolist()
    )
    rows = "".join(_row(turn.question, turn.answer, said[at]) for at, turn in enumerate(dialogue.turns))
    return f"<section>{pictures}<table><tr><th>Question<th>Right<th>Said</tr>{rows}</table></section>"


def _row(question: str, wanted: str, said: str) -> str:
    kind = "right" if said == wanted else "wrong"
    return (
        f'<tr><td>{html.escape(question)}<td>{html.escape(wanted)}<td class="{kind}">{html.escape(said)}</tr>'
    )


def _png(square: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    PIL.Image.fromarray(square).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")
