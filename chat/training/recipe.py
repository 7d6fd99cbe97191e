"""The training loop: grounded pre-training, then dialogues.

Stages share one state (weights, optimisers, step, seconds trained), saved often and
written whole, so that a run that stops goes on where it was.
"""

from __future__ import annotations

import json
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset
from tqdm import tqdm

from chat.model.checkpoint import TOKENIZER, load, save
from chat.model.tokenizer import Tokenizer
from chat.model.vision import VisionEncoder
from chat.model.vlm import VisionLanguageModel
from chat.training.bank import Bank, pretended
from chat.training.data import Batch, Dialogues, Scenes, encode, retold, scaled, stream
from chat.training.grounding import Grounding
from chat.training.grow import grow, teach
from chat.training.objects import sample_any
from chat.training.own import own_answers
from chat.training.presets import Preset, Stage
from chat.training.vocabulary import train_tokenizer

SAVE_EVERY = 120.0
"""Seconds between saved states."""

DONE = "done"
"""The stage after the last."""

GATE_SCALE = 20.0
"""How much faster the cross-attention gates learn than other scalars and vectors."""

ENCODER_SCALE = 0.4
"""How much slower the encoder learns from dialogues, so that what grounding taught it lasts."""

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
    and vocabulary where they are larger. `compiled` fuses the decoder's steps. Raises
    CheckpointError if it does not fit.
    """

    preset: Preset
    folder: Path
    device: torch.device
    start: Path | None = None
    compiled: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(0)
        self.progress = Progress(self.preset.stages[0].name)
        self.tokenizer = self._tokenizer()
        self.model = VisionLanguageModel(self.preset.model).to(self.device)
        if self.model.vision.photo is not None:
            self.model.vision.photo.network.requires_grad_(False)
        self.grounding = Grounding(self.preset.model.vision.width).to(self.device)
        self.optimiser = make_optimiser(self.model, self.grounding)
        self.mixed = mixed_precision_pays(self.device)
        if self.state_file.exists():
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
    def state_file(self) -> Path:
        """Everything a resumed run needs."""
        return self.folder / "state.pt"

    def train(self) -> None:
        """Run what is left of the stages, writing the checkpoint on the way."""
        photo = self.model.vision.photo
        if self.preset.bank and photo is not None:
            Bank(self.bank).fill(self.preset.bank, self.preset.seed, sample_any, photo, self.preset.workers)
        names = [stage.name for stage in self.preset.stages]
        while self.progress.stage in names:
            at = names.index(self.progress.stage)
            self._stage(self.preset.stages[at])
            self.progress = Progress([*names, DONE][at + 1])
            self.optimiser = make_optimiser(self.model, self.grounding)
            self._save()

    def _stage(self, stage: Stage) -> None:
        budget = stage.minutes * 60
        batches = stream(self._data(stage), self.progress.step, self.preset.workers)
        bar = tqdm(total=round(budget), initial=round(self.progress.seconds), unit="s", desc=stage.name)
        began = saved = time.monotonic()
        means: dict[str, float] = {}
        while self.progress.seconds < budget:
            batch = next(batches)
            done = self.progress.seconds / budget
            set_rate(self.optimiser, stage, self.progress.step, done)
            values = self._talk(batch, stage, done) if stage.dialogues else self._ground(batch)
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
        bar.close()

    def _data(self, stage: Stage) -> Dataset[Any]:
        seed = f"{self.preset.seed}/{stage.name}"
        if stage.dialogues is None:
            return Scenes(stage.batch, seed)
        context = self.preset.model.decoder.context
        bank = self.bank if self.preset.bank else None
        return Dialogues(self.tokenizer.model, stage.dialogues, stage.batch, seed, context, bank)

    def _ground(self, batch: tuple[Tensor, dict[str, Tensor]]) -> dict[str, float]:
        squares, cells = batch
        pixels = scaled(squares.permute(0, 3, 1, 2).float(), self.preset.model.vision.image_size)
        pixels = pixels.to(self.device) / 127.5 - 1
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
        if done >= stage.own_from and self.progress.step % stage.own_every == 0:
            batch, exact = self._with_own_answers(batch)
            values["exact"] = exact
        frozen = self.progress.step % stage.encoder_every != 0
        with self._autocast():
            talk, ground = dialogue_loss(self.model, self.grounding, batch, self.device, frozen=frozen)
        self._update(talk + self.preset.grounding_weight * ground)
        return {"talk": float(talk.detach()), "ground": float(ground.detach()), **values}

    def _with_own_answers(self, batch: Batch) -> tuple[Batch, float]:
        """The batch with the model's own answers in each history up to a random turn; how many were right."""
        self.model.eval()
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

    def _update(self, loss: Tensor) -> float:
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([*self.model.parameters(), *self.grounding.parameters()], 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

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
        partial = self.state_file.with_suffix(".partial")
        state = {
            "model": self.model.state_dict(),
            "grounding": self.grounding.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
        }
        torch.save(state, partial)
        os.replace(partial, self.state_file)
        about = {"progress": vars(self.progress), "seed": self.preset.seed}
        save(
            self.folder / "checkpoint",
            self.preset.model,
            self.tokenizer,
            self.model.state_dict(),
            about=about,
        )

    def _begin(self) -> None:
        """The first weights: those of `start`, and of the published network where the model has one."""
        photo = self.model.vision.photo
        started = None if self.start is None else load(self.start, device=self.device)
        if started is not None:
            grow(self.model, self.tokenizer, started)
        if photo is not None and (started is None or started.model.vision.photo is None):
            teach(photo)

    def _restore(self) -> None:
        state = torch.load(self.state_file, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.grounding.load_state_dict(state["grounding"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])


def dialogue_loss(
    model: VisionLanguageModel,
    grounding: Grounding,
    batch: Batch,
    device: torch.device,
    *,
    frozen: bool = False,
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the trained tokens, and the grounding loss of the same pictures.

    Tokens count as `answer_weights` says. With `frozen`, no gradient reaches the encoder but what
    its object tags mean.
    """
    tokens, cells = image_tokens(model.vision, batch, device, frozen=frozen)
    ordinals = batch.ordinals().to(device)
    view = model.view(
        model.picture_kv(tokens), batch.index.to(device), ordinals, batch.visible_from.to(device)
    )
    hidden = model.decoder(
        batch.ids[:, :-1].to(device),
        batch.numbers[:, :-1].to(device),
        positions=batch.positions[:, :-1].to(device),
        pictures=view,
    )
    wanted = batch.trained[:, 1:].flatten().nonzero().squeeze(1).to(device)
    logits = model.decoder.logits(hidden.flatten(0, 1).index_select(0, wanted))
    losses = F.cross_entropy(logits, batch.ids[:, 1:].flatten().to(device)[wanted], reduction="none")
    weights = answer_weights(batch.trained[:, 1:]).to(device)
    talk = (losses * weights).sum() / weights.sum()
    return talk, grounding(cells, {name: values.to(device) for name, values in batch.cells.items()})


def image_tokens(
    vision: VisionEncoder, batch: Batch, device: torch.device, *, frozen: bool
) -> tuple[Tensor, Tensor]:
    """The batch's image tokens (n, p, d), and those of the cells alone (n, c, d)."""
    pixels, seen = batch.pixels(vision.config.image_size).to(device), batch.seen
    if vision.photo is not None:
        if seen is None:
            tags = [scene.tags for dialogue in batch.dialogues for scene in dialogue.scenes] or [None]
            seen = pretended(vision.photo.look(pixels), tags, vision.photo.kind_of)
        seen = seen.to(device, pixels.dtype)
    with torch.set_grad_enabled(not frozen):
        tokens = vision(pixels, seen)
    cells = tokens[:, : vision.config.grid**2]
    if frozen and vision.photo is not None and seen is not None:
        tokens = torch.cat((cells, vision.photo.tokens(seen, vision.place.detach())), dim=1)
    return tokens, cells


def answer_weights(trained: Tensor) -> Tensor:
    """One weight for each trained token of (b, s), in order: one over the root of its answer's length.

    Between a token's mean, in which descriptions drown the short answers, and an
    answer's, in which they teach nothing.
    """
    trained = F.pad(trained, (1, 0))
    starts = trained[:, 1:] & ~trained[:, :-1]
    answers = starts.flatten().cumsum(0)[trained[:, 1:].flatten()] - 1
    return answers.bincount().float().rsqrt()[answers]


def mixed_precision_pays(device: torch.device) -> bool:
    """Whether bfloat16 products are faster than float32 ones here: on some processors they are not."""
    if device.type != "cpu":
        return True

    def seconds(dtype: torch.dtype) -> float:
        a, b = torch.randn(4096, 512).to(dtype), torch.randn(512, 512).to(dtype)
        times = []
        for _ in range(12):
            began = time.perf_counter()
            a @ b
            times.append(time.perf_counter() - began)
        return min(times)

    return seconds(torch.bfloat16) < seconds(torch.float32)


def make_optimiser(model: VisionLanguageModel, grounding: Grounding) -> torch.optim.Optimizer:
    """AdamW in three groups, whose rates `set_rate` sets.

    The gates get a rate of their own: they start at zero, and at the rate of the others
    it takes them hundreds of steps to open, in which the decoder learns to do without
    looking.
    """
    groups: dict[str, list[nn.Parameter]] = {"encoder": [], "decoder": [], "gates": []}
    groups["encoder"] += grounding.parameters()
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        # What the tags mean is learnt like words, from nothing.
        seeing = name.startswith("vision") and not name.startswith("vision.photo")
        groups["gates" if name.endswith("gate") else "encoder" if seeing else "decoder"].append(parameter)
    return torch.optim.AdamW(
        [{"params": parameters, "part": part} for part, parameters in groups.items()],
        betas=(0.9, 0.98),
        weight_decay=0.0,
    )


def set_rate(optimiser: torch.optim.Optimizer, stage: Stage, step: int, done: float) -> None:
    """Warm up over the first steps, hold, and fall to zero over the last `stage.fall` of the time."""
    share = min(1.0, (step + 1) / stage.warmup)
    if stage.fall:
        share *= min(1.0, max(0.0, 1.0 - done) / stage.fall)
    scales = {"encoder": 1.0, "decoder": 1.0, "gates": GATE_SCALE}
    if stage.dialogues is not None:
        scales["encoder"] = ENCODER_SCALE
    for group in optimiser.param_groups:
        group["lr"] = stage.rate * share * scales[group["part"]]
