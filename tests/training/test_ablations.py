"""What a control is trained on lacks what it is to lack, and nothing else."""

from __future__ import annotations

import random

import torch

from chat.model.cache import NEVER
from chat.model.tokenizer import Tokenizer
from chat.training import vocabulary
from chat.training.ablations import without_history, without_pictures
from chat.training.data import Dialogues
from chat.training.dialogues import Curriculum, sample_dialogue


def test_without_pictures_the_words_are_the_same() -> None:
    rng = random.Random(2)
    for _ in range(50):
        dialogue = sample_dialogue(rng)
        blind = without_pictures(dialogue, rng)
        assert not blind.scenes
        for turn, kept in zip(dialogue.turns, blind.turns, strict=True):
            assert (kept.question, kept.answer, kept.pictures) == (turn.question, turn.answer, ())


def test_without_history_one_turn_is_left_with_the_pictures_so_far() -> None:
    rng, turns = random.Random(3), set[int]()
    for _ in range(200):
        dialogue = sample_dialogue(rng)
        forgetful = without_history(dialogue, rng)
        (kept,) = forgetful.turns
        assert kept.pictures == tuple(range(len(forgetful.scenes)))
        assert forgetful.scenes == dialogue.scenes[: len(forgetful.scenes)]
        where = [
            index
            for index, turn in enumerate(dialogue.turns)
            if (turn.question, turn.answer) == (kept.question, kept.answer)
            and sum(len(each.pictures) for each in dialogue.turns[: index + 1]) == len(kept.pictures)
        ]
        assert where
        turns.add(where[0])
    assert len(turns) > 3, "any turn may be the one"


def test_a_batch_without_pictures_shows_none() -> None:
    tokenizer = Tokenizer.train(vocabulary.utterances(count=2000), 600)
    like = Curriculum(turns=(2, 3), pictures=(0, 1))
    for batch in Dialogues(tokenizer.model, like, 3, "0", 512, ablated="pictures")[0]:
        assert torch.all(batch.visible_from == NEVER)
    for batch in Dialogues(tokenizer.model, like, 3, "0", 512, ablated="history")[0]:
        assert all(len(dialogue.turns) == 1 for dialogue in batch.dialogues)
