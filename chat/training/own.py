"""The model's own answers to whole dialogues, many dialogues at a time.

Used to mix the model's mistakes into the history it learns from (scheduled sampling,
Bengio et al. 2015, arXiv:1506.03099), and to watch exact answers while training.
"""

from __future__ import annotations

import torch
from torch import Tensor

from chat.model.cache import KVCache, PictureView, pad_visible
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel
from chat.training.data import Batch, pixels_for
from chat.training.dialogues import Dialogue
from prompts import Span, render_message
from prompts.special import ASSISTANT, BEGIN


@torch.inference_mode()
def own_answers(
    model: VisionLanguageModel, tokenizer: Tokenizer, batch: Batch, *, turns: int, most: int = 64
) -> list[dict[int, str]]:
    """Greedy answers to the first `turns` turns of each dialogue, by turn, each after the model's own
    earlier ones; at most `most` tokens an answer."""
    dialogues = batch.dialogues
    pictures = model.encode(pixels_for(model.vision, batch.squares), batch.seen)
    cache = model.new_cache(len(dialogues))
    shown: list[list[int]] = [[] for _ in dialogues]
    answers: list[dict[int, str]] = [{} for _ in dialogues]
    begin = [tokenizer.special[BEGIN]]
    opening = [list(begin) for _ in dialogues]
    for turn in range(turns):
        rows = [row for row, dialogue in enumerate(dialogues) if turn < len(dialogue.turns)]
        if not rows:
            break
        new, numbers = _asked(tokenizer, dialogues, rows, turn, opening, shown, cache)
        view = _view(model, pictures, batch, shown)
        said = _reply(model, tokenizer, cache, view, new, numbers, rows, most)
        for row in rows:
            answers[row][turn] = tokenizer.decode(said[row])
            opening[row] = [tokenizer.end]
    return answers


def _asked(
    tokenizer: Tokenizer,
    dialogues: list[Dialogue],
    rows: list[int],
    turn: int,
    opening: list[list[int]],
    shown: list[list[int]],
    cache: KVCache,
) -> tuple[list[list[int]], list[list[int]]]:
    """New token ids and picture numbers of every row for this turn; enters new pictures in `shown`."""
    new: list[list[int]] = [[] for _ in dialogues]
    numbers: list[list[int]] = [[] for _ in dialogues]
    for row in rows:
        spans = [*render_message(dialogues[row].question(turn)), Span("special", ASSISTANT)]
        prompt = tokenizer.encode_spans(spans)
        offset = int(cache.lengths[row]) + len(opening[row])
        before = len(shown[row])
        shown[row] += [offset + at for at in prompt.visible_from]
        new[row] = opening[row] + prompt.ids
        numbers[row] = [0] * len(opening[row]) + [number and number + before for number in prompt.numbers]
    return new, numbers


def _view(
    model: VisionLanguageModel, pictures: Tensor, batch: Batch, shown: list[list[int]]
) -> PictureView | None:
    if not any(shown):
        return None
    visible_from = pad_visible(shown, model.device)
    index = batch.index[:, : visible_from.shape[1]].to(model.device)
    ordinals = torch.arange(index.shape[1], device=model.device).expand_as(index)
    return model.view(pictures, index, ordinals, visible_from)


def _reply(
    model: VisionLanguageModel,
    tokenizer: Tokenizer,
    cache: KVCache,
    view: PictureView | None,
    new: list[list[int]],
    numbers: list[list[int]],
    rows: list[int],
    most: int,
) -> list[list[int]]:
    """Prefill the new tokens of the rows and decode greedily until each has ended."""
    counts = torch.tensor([len(ids) for ids in new], device=model.device)
    length = int(counts.max())
    padded = torch.tensor(
        [[*ids, *[tokenizer.pad] * (length - len(ids))] for ids in new], device=model.device
    )
    marks = torch.tensor([[*row, *[0] * (length - len(row))] for row in numbers], device=model.device)
    logits = model(padded, marks, pictures=view, cache=cache, counts=counts)
    token = logits[torch.arange(len(new)), (counts - 1).clamp(min=0)].argmax(-1)
    said: list[list[int]] = [[] for _ in new]
    active = torch.zeros(len(new), dtype=torch.bool, device=model.device)
    active[rows] = True
    nothing = torch.zeros(len(new), 1, dtype=torch.long, device=model.device)
    for _ in range(most):
        active &= token != tokenizer.end
        if not bool(active.any()):
            break
        for row in active.nonzero().flatten().tolist():
            said[row].append(int(token[row]))
        step = model(token[:, None], nothing, pictures=view, cache=cache, counts=active.long())
        token = step[:, -1].argmax(-1)
    return said
