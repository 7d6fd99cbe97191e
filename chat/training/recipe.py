"""The training loop: grounded pre-training, then dialogues, then the heads that find pictures by words.

Stages share one state (weights, optimisers, step, seconds trained), saved often and
written whole, so that a run that stops goes on where it was.
"""

from __future__ import annotations

import copy
import json
import random
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from tqdm import tqdm

from chat.model.checkpoint import TOKENIZER, load, save
from chat.model.tokenizer import Tokenizer
from chat.model.vlm import VisionLanguageModel
from chat.training import bank as banks
from chat.training import states
from chat.training.bank import Bank
from chat.training.contrast import (
    Captioned,
    ContrastTrainer,
    Pairs,
    load_with_fresh_heads,
    make_contrast_optimiser,
    published,
)
from chat.training.curves import plot
from chat.training.data import Batch, Dialogues, Scenes, encode, pixels_for, retold, stream
from chat.training.ema import Ema
from chat.training.grounding import Grounding
from chat.training.grow import grow, name_tags, teach
from chat.training.losses import dialogue_loss
from chat.training.objects import sample_any
from chat.training.optimiser import make_optimiser, mixed_precision_pays, set_rate
from chat.training.own import own_answers
from chat.training.presets import Preset, Stage
from chat.training.samples import held_out_batch, write_sheet
from chat.training.token_bank import TokenBank
from chat.training.vocabulary import train_tokenizer

__all__ = ["DONE", "LOG_EVERY", "SAVE_EVERY", "Progress", "Run", "dialogue_loss", "set_rate"]

SAVE_EVERY = 120.0
"""Seconds between saved states."""

DONE = "done"
"""The stage after the last."""

LOG_EVERY = 20
"""Steps between lines of the curve."""


@dataclass
class Progress:
    """Where a run is: stage, steps and seconds trained in it."""

    stage: str
    step: int = 0
    seconds: float = 0.0


@dataclass
class Run:
    """One training run in a folder: `state.pt` while it goes on, `curve.jsonl`, and checkpoints.

    `start` names a checkpoint whose weights a new run begins with, grown into the preset's shape
    and vocabulary where they are larger. `compiled` fuses the decoder's steps. `piece` stops the
    run after so many minutes, to be gone on with; `part_mb` splits the saved state into files of
    that size; `samples` is the time in minutes between sheets of sample answers, 0 for none;
    `ablated` keeps "pictures" or "history" from the model, to train a control.
    Raises CheckpointError if the start or the state does not fit.
    """

    preset: Preset
    folder: Path
    device: torch.device
    start: Path | None = None
    compiled: bool = False
    piece: float | None = None
    part_mb: float | None = None
    samples: float = 10.0
    ablated: str = ""

    def __post_init__(self) -> None:
        self._ends = None if self.piece is None else time.monotonic() + self.piece * 60
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(0)
        self.progress = Progress(self.preset.stages[0].name)
        self.tokenizer = self._tokenizer()
        self.model = VisionLanguageModel(self.preset.model).to(self.device)
        self._freeze()
        self.grounding = Grounding(self.preset.model.vision.width).to(self.device)
        self.optimiser = self._new_optimiser()
        self.mixed = mixed_precision_pays(self.device)
        self.ema: Ema | None = None
        self._contrast: ContrastTrainer | None = None
        if states.exists(self.folder):
            self._restore()
        else:
            self._begin()
        if self.compiled:
            decoder = self.model.decoder
            decoder.through = torch.compile(decoder.through, dynamic=True)  # type: ignore[method-assign]

    @property
    def bank(self) -> Path:
        """Where the pictures are that were drawn ahead."""
        return self.folder / "bank"

    @property
    def done(self) -> bool:
        """Whether every stage is behind it."""
        return self.progress.stage == DONE

    def train(self) -> None:
        """Run what is left of the stages, or what fits into the piece, writing the checkpoint on the way."""
        self._draw_ahead()
        names = [stage.name for stage in self.preset.stages]
        while self.progress.stage in names:
            at = names.index(self.progress.stage)
            stage = self.preset.stages[at]
            self._stage(stage)
            if self.progress.seconds >= stage.minutes * 60:
                self.progress = Progress([*names, DONE][at + 1])
                self.optimiser = self._new_optimiser()
            self._save()
            if self._over():
                break

    def _over(self) -> bool:
        """Whether the piece of training that was asked for is over."""
        return self._ends is not None and time.monotonic() >= self._ends

    def _freeze(self) -> None:
        """Leave out of training what is not to learn."""
        if self.model.vision.photo is not None:
            self.model.vision.photo.network.requires_grad_(False)

    def _draw_ahead(self) -> None:
        """Fill the bank, if the preset has one."""
        photo, wanted, workers = self.model.vision.photo, self.preset.bank, self.preset.workers
        if not wanted or photo is None:
            return
        # Its own copy, because the bank keeps what it sees in the processor's memory.
        photo = copy.deepcopy(photo).cpu()
        share = wanted if self._ends is None else banks.CHUNK * max(1, workers) * 8
        while not self._over() and (drawn := len(Bank(self.bank))) < wanted:
            count = min(wanted, drawn + share)
            Bank(self.bank).fill(count, self.preset.seed, sample_any, photo, workers)

    def _stage(self, stage: Stage) -> None:
        budget = stage.minutes * 60
        if stage.contrast and self.progress.seconds < budget:
            self._begin_contrast()
        batches = stream(self._data(stage), self.progress.step, self.preset.workers)
        bar = tqdm(total=round(budget), initial=round(self.progress.seconds), unit="s", desc=stage.name)
        began = saved = sampled = time.monotonic()
        first = self.progress.step
        means: dict[str, float] = {}
        while self.progress.seconds < budget and not self._over():
            batch = next(batches)
            done = self.progress.seconds / budget
            set_rate(self.optimiser, stage, self.progress.step, done)
            values = self._step(batch, stage, done)
            for key, value in values.items():
                means[key] = means.get(key, value) * 0.95 + value * 0.05
            now = time.monotonic()
            self.progress.step += 1
            self.progress.seconds += now - began
            began = now
            bar.update(round(self.progress.seconds) - bar.n)
            if self.progress.step % LOG_EVERY == 0:
                bar.set_postfix({key: f"{value:.3f}" for key, value in means.items()})
                self._log({**vars(self.progress), **means})
            if now - saved > SAVE_EVERY:
                self._save()
                saved = now
            if self.samples and now - sampled > self.samples * 60:
                self._sample(stage)
                sampled = now
        bar.close()
        if self.samples and self.progress.step > first:
            self._sample(stage)

    def _step(self, batch: Any, stage: Stage, done: float) -> dict[str, float]:
        """Learn from one batch of a stage, of which the share `done` is over; what is to be logged."""
        if stage.contrast:
            return self._compare(batch)
        return self._talk(batch, stage, done) if stage.dialogues else self._ground(batch)

    def _sample(self, stage: Stage) -> None:
        """Write a sheet of answers about held-out pictures, with the weights that the checkpoint gets."""
        if stage.dialogues is None:
            return
        model = self._published()
        batch = held_out_batch(model, self.tokenizer, every_kind=bool(self.preset.bank))
        with self._autocast():
            write_sheet(
                self.folder / "samples", f"{stage.name}-{self.progress.step}", model, self.tokenizer, batch
            )

    def _published(self) -> VisionLanguageModel:
        """A copy of the model with the weights that the checkpoint gets, ready for inference."""
        # Rather than this model, whose blocks may be compiled for training.
        model = VisionLanguageModel(self.preset.model).to(self.device)
        model.load_state_dict(self._weights())
        return model.requires_grad_(False).eval()

    def _weights(self) -> dict[str, Tensor]:
        return self.model.state_dict() if self.ema is None else self.ema.weights(self.model)

    def _data(self, stage: Stage) -> Dataset[Any]:
        seed = f"{self.preset.seed}/{stage.name}"
        bank = self.bank if self.preset.bank else None
        if stage.contrast:
            return Captioned(self.tokenizer.model, stage.batch, seed, bank)
        if stage.dialogues is None:
            return Scenes(stage.batch, seed)
        context = self.preset.model.decoder.context
        also = [(others.dialogues, others.batch) for others in stage.also]
        return Dialogues(
            self.tokenizer.model, stage.dialogues, stage.batch, seed, context, bank, also, self.ablated
        )

    def _ground(self, batch: tuple[Tensor, dict[str, Tensor]]) -> dict[str, float]:
        squares, cells = batch
        pixels = pixels_for(self.model.vision, squares)
        cells = {name: values.to(self.device) for name, values in cells.items()}
        with self._autocast():
            tokens = self.model.vision(pixels)[:, : self.preset.model.vision.grid**2]
            loss = self.grounding(tokens, cells)
        values = {"ground": self._update(loss)}
        if self.progress.step % 50 == 0:
            accuracy = self.grounding.accuracy(tokens.float(), cells)
            values |= {key: accuracy[key] for key in ("kinds", "colours", "sizes", "left")}
        return values

    def _talk(self, batch: Batch, stage: Stage, done: float) -> dict[str, float]:
        values = {}
        # Where half of the steps are of other dialogues, the rest come up twice as often.
        due = self.progress.step % stage.own_every < (2 if stage.also else 1)
        if not batch.kind and due and done >= stage.own_from:
            batch, exact = self._with_own_answers(batch)
            values["exact"] = exact
        learns = not batch.kind or stage.also[batch.kind - 1].encoder
        frozen = not learns or not stage.encoder_every or self.progress.step % stage.encoder_every != 0
        with self._autocast():
            talk, ground = dialogue_loss(self.model, self.grounding, batch, self.device, frozen=frozen)
        self._update(talk + self.preset.grounding_weight * ground)
        name = f"also_{batch.kind}" if batch.kind else "talk"
        return {name: float(talk.detach()), "ground": float(ground.detach()), **values}

    def _with_own_answers(self, batch: Batch) -> tuple[Batch, float]:
        """The batch with the model's own answers in each history up to a random turn; how many were right."""
        self.model.eval()
        batch = self._on_device(batch)
        # Every length would be compiled anew.
        with self._autocast(), torch.compiler.set_stance("force_eager"):
            answers = own_answers(self.model, self.tokenizer, batch, turns=6)
        self.model.train()
        pairs = list(zip(batch.dialogues, answers, strict=True))
        right = [text == each.turns[turn].answer for each, said in pairs for turn, text in said.items()]
        # Right answers follow the model's own from some turn on: that is where it learns to
        # recover from its mistakes, and at least the last turn always teaches.
        prompts = []
        for each, said in pairs:
            cut = random.randint(1, max(1, len(each.turns) - 1))
            prompts.append(
                encode(self.tokenizer, each, {turn: text for turn, text in said.items() if turn < cut})
            )
        return retold(self.tokenizer, batch, prompts), sum(right) / max(1, len(right))

    def _begin_contrast(self) -> None:
        """Lock the weights that the checkpoint gets, and encode the bank's pictures with them."""
        self.model.load_state_dict(self._weights())
        self.ema = None
        tokens = None
        if self.preset.bank:
            tokens = TokenBank(Bank(self.bank), self.model.vision)
            tokens.fill()
        self._contrast = ContrastTrainer(self.model, tokens)

    def _compare(self, pairs: Pairs) -> dict[str, float]:
        trainer = self._contrast
        if trainer is None:
            raise RuntimeError("The stage has not begun.")
        with self._autocast():
            loss, accuracy = trainer.loss(pairs)
        trainer.heads.taught += 1
        return {"contrast": self._update(loss), "matched": float(accuracy)}

    def _new_optimiser(self) -> torch.optim.Optimizer:
        """A fresh one for the stage that the run is in."""
        heads = self.model.contrast
        if heads is not None and any(
            stage.contrast and stage.name == self.progress.stage for stage in self.preset.stages
        ):
            return make_contrast_optimiser(heads)
        return make_optimiser(self.model, self.grounding)

    def _update(self, loss: Tensor) -> float:
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*self.model.parameters(), *self.grounding.parameters()], 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.ema is not None:
            self.ema.update(self.model)
        return float(loss.detach())

    def _on_device(self, batch: Batch) -> Batch:
        """The batch with what the pretrained network saw where the model is."""
        seen = batch.seen and batch.seen.to(self.device, torch.float32)
        return replace(batch, seen=seen)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.mixed)

    def _tokenizer(self) -> Tokenizer:
        path = self.folder / "tokenizer.model"
        vocab, objects = self.preset.model.decoder.vocab, bool(self.preset.model.vision.pretrained)
        started = None
        if self.start is not None and not path.exists():
            started = Tokenizer.load(self.start / TOKENIZER)
        if started is not None and started.vocab == vocab:
            path.write_bytes(started.model)
        elif not path.exists():
            path.write_bytes(train_tokenizer(vocab, objects=objects).model)
        return Tokenizer.load(path)

    def _log(self, values: dict[str, Any]) -> None:
        with (self.folder / "curve.jsonl").open("a") as file:
            file.write(json.dumps(values) + "\n")

    def _save(self) -> None:
        state = {
            "model": self.model.state_dict(),
            "grounding": self.grounding.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
            **({} if self.ema is None else {"ema": self.ema.state_dict()}),
        }
        states.write(self.folder, state, self.part_mb)
        about = {"progress": vars(self.progress), "seed": self.preset.seed}
        folder = self.folder / "checkpoint"
        config, weights = published(self.preset.model, self._weights())
        save(folder, config, self.tokenizer, weights, about=about)
        plot(self.folder / "curve.jsonl", self.folder / "curve.png")

    def _begin(self) -> None:
        """The first weights: those of `start`, and of the published network where the model has one."""
        photo = self.model.vision.photo
        started = None if self.start is None else load(self.start, device=self.device)
        if started is not None:
            grow(self.model, self.tokenizer, started)
        if photo is not None and (started is None or started.model.vision.photo is None):
            teach(photo)
            name_tags(self.model, self.tokenizer)
        self._average()

    def _restore(self) -> None:
        state = states.read(self.folder, self.device)
        load_with_fresh_heads(self.model, state["model"])
        self.grounding.load_state_dict(state["grounding"])
        self.progress = Progress(**state["progress"])
        heads = self.model.contrast
        left = [stage.name for stage in self.preset.stages if stage.contrast]
        if self.done and left and heads is not None and not heads.taught:
            # It was finished by a version, or a preset, without heads.
            self.progress, state["optimiser"] = Progress(left[0]), None
        self.optimiser = self._new_optimiser()
        if state["optimiser"] is not None:
            self.optimiser.load_state_dict(state["optimiser"])
        self._average()
        if self.ema is not None and "ema" in state:
            self.ema.load_state_dict(state["ema"])

    def _average(self) -> None:
        """Begin to average the weights, if the preset wants it."""
        if self.preset.ema:
            self.ema = Ema(self.model, self.preset.ema)
