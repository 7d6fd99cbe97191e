"""Go on with one's own pictures: `python -m chat.training finetune --data FOLDER --folder runs/mine`.

FOLDER holds pictures and dialogues.jsonl, one dialogue a line: {"turns": [{"user": "What is
this?", "images": ["cat.jpg"], "assistant": "It is Tom, my cat."}, …]}. Generated dialogues are
mixed in, so that what the model knew is not forgotten (rehearsal, Robins 1995). The same
command again goes on where a stopped run was. The checkpoint is in the run's `checkpoint/`;
give it to `launch.py --model`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch.utils.data import Dataset
from tqdm import tqdm

from chat.errors import ConfigError, VisavisError
from chat.model.checkpoint import BUILTIN, CONFIG, load
from chat.model.config import ModelConfig
from chat.training import own_data, states
from chat.training.data import Batch, Dialogues
from chat.training.dialogues import Curriculum, drawn_scenes
from chat.training.losses import answer_loss
from chat.training.objects import sample_any, unspoken
from chat.training.own_data import Mixture, OwnData
from chat.training.presets import Preset, Stage
from chat.training.recipe import Run
from chat.training.samples import installed, write_sheet
from chat.training.talk import Shown

Part = Literal["full", "decoder", "tags"]
"""What learns: everything; all but the encoder; or only the embeddings of words and of object tags, and how
the decoder's cross-attention reads image tokens (its keys and values)."""

EARLY = (10, 30, 100)
"""Steps after which the held-out dialogues are looked at, besides every EVERY-th."""

EVERY = 300

CHECKED = 32
"""Held-out dialogues that are looked at, at most."""

CONFIGURED = "finetune.json"


def learns(name: str, part: Part) -> bool:
    """Whether a parameter learns; the published weights of the pretrained network never do, and the heads
    that find pictures by words have a stage of their own."""
    if name.startswith(("vision.photo.network.", "contrast.")):
        return False
    if part == "tags":
        embeddings = ("decoder.embedding.weight", "vision.photo.tag.weight")
        return name in embeddings or (name.startswith("decoder.cross.") and ".key_value." in name)
    return part == "full" or not name.startswith("vision.")


@dataclass
class FineTuning(Run):
    """A run of one stage over one's own dialogues and generated ones.

    part: what learns. mix: the share of generated dialogues, and of their loss. held_out: the
    share of own dialogues that are not learnt from, but looked at on the way.
    Raises DataError for data that cannot be learnt from, and ConfigError for settings that cannot be.
    """

    data: Path = Path()
    part: Part = "full"
    mix: float = 0.5
    held_out: float = 0.1
    own: OwnData = field(init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.mix < 1 or not 0 <= self.held_out < 1:
            raise ConfigError("--mix and --held-out are shares: from 0 to less than 1.")
        self.folder.mkdir(parents=True, exist_ok=True)
        configured = self.folder / CONFIGURED
        if states.exists(self.folder) and configured.exists():
            self._same_part(json.loads(configured.read_text("utf-8"))["part"])
        # Before the model is there, because it takes long and data are often wrong at first.
        self.own = own_data.read(self.data, self._tokenizer(), self.preset.model)
        super().__post_init__()
        self.own.look(self.model)
        self.chosen, self.checked = self.own.split(self.held_out)
        self.checked = self.checked[:CHECKED]
        configured.write_text(json.dumps({"part": self.part}) + "\n", "utf-8")

    def _same_part(self, began: Part) -> None:
        """Refuse to go on with another part than the run began with: its optimiser has no state for it."""
        if began != self.part:
            raise ConfigError(
                f"The run in {self.folder} began with --part {began}: keep to that, or choose another folder."
            )

    def _freeze(self) -> None:
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(learns(name, self.part))

    def _data(self, stage: Stage) -> Dataset[Any]:
        # At least one of each that there is to be.
        others = min(max(round(stage.batch * self.mix), 1), stage.batch - 1) if self.mix else 0
        generated = None
        if others:
            seed, context = f"{self.preset.seed}/{stage.name}", self.preset.model.decoder.context
            like = stage.dialogues or Curriculum()
            generated = Dialogues(self.tokenizer.model, like, others, seed, context)
        return Mixture(self.own, self.chosen, stage.batch - others, self.preset.seed, generated)

    def _stage(self, stage: Stage) -> None:
        if not self.progress.step:
            self._check(0)
        super()._stage(stage)
        self._check(self.progress.step)

    def _step(self, batch: tuple[Batch, Batch | None], stage: Stage, done: float) -> dict[str, float]:
        mine, other = batch
        frozen = self.part != "full"
        with self._autocast():
            loss, _ = answer_loss(self.model, mine, self.device, frozen=frozen)
            values = {"own": float(loss.detach())}
            if other is not None:
                kept, _ = answer_loss(self.model, other, self.device, frozen=frozen)
                values["generated"] = float(kept.detach())
                loss = (1 - self.mix) * loss + self.mix * kept
        self._update(loss)
        taken = self.progress.step + 1
        if taken in EARLY or taken % EVERY == 0:
            self._check(taken)
        return values

    @torch.no_grad()
    def _check(self, taken: int) -> None:
        """Say and log how the held-out dialogues go: their loss, and greedy answers right to the letter."""
        if not self.checked:
            return
        model = self._published()
        batch = self._on_device(self.own.batch(self.checked))
        with self._autocast():
            loss = float(answer_loss(model, batch, self.device)[0])
            share = write_sheet(self.folder / "samples", "held-out", model, self.tokenizer, batch)
        self._log({**vars(self.progress), "step": taken, "validation": loss, "exact": share})
        tqdm.write(f"After {taken} steps, {len(self.checked)} held-out dialogues: loss {loss:.3f}, "
                   f"{share:.0%} of the answers right to the letter.")  # fmt: skip

    def _sample(self, stage: Stage) -> None:
        """Sheets of some that it learns from, and of what it should not forget."""
        model = self._published()
        few = random.Random("samples").sample(self.chosen, min(8, len(self.chosen)))
        batch = self._on_device(self.own.batch(few))
        with self._autocast():
            write_sheet(self.folder / "samples", f"learnt-{self.progress.step}", model, self.tokenizer, batch)
        super()._sample(stage)


def known_scenes(rng: random.Random, held_out: bool, most: int) -> Shown:
    """A scene of any kind whose words follow from the drawing alone, not from what a network says of it."""
    while True:
        scene = sample_any(rng)
        if not unspoken(scene):
            return scene


def preset_for(config: ModelConfig, minutes: float, batch: int, rate: float) -> Preset:
    """The recipe of a fine-tuning run for a model of that shape."""
    everything = bool(config.vision.pretrained) and installed()
    # No more pictures in a dialogue than the model can tell apart.
    pictures = Curriculum().pictures[: config.decoder.images + 1]
    like = Curriculum(pictures=pictures, scenes=known_scenes if everything else drawn_scenes)
    stage = Stage("finetune", minutes, batch, rate=rate, warmup=20, dialogues=like)
    return Preset(config, (stage,))


def begin(folder: Path, start: Path) -> ModelConfig:
    """The shape of the model of a run: that of its own checkpoint, or of the one it is to begin with."""
    kept = folder / "checkpoint"
    return load(kept if (kept / CONFIG).exists() else start).model.config


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m chat.training finetune",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of pictures and dialogues.jsonl")
    parser.add_argument(
        "--folder", type=Path, required=True, help="where the run lives (resumes if it exists)"
    )
    parser.add_argument("--start", default="builtin", help="checkpoint to begin with (default: builtin)")
    parser.add_argument(
        "--part",
        choices=get_args(Part),
        default="full",
        help="what learns: full, everything; decoder, all but the encoder; tags, only the embeddings and the "
        "keys and values of cross-attention (default: full)",
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to learn (default: 10)")
    parser.add_argument(
        "--mix", type=float, default=0.5, help="share of generated dialogues, 0 for none (default: 0.5)"
    )
    parser.add_argument(
        "--held-out", type=float, default=0.1, help="share of own dialogues kept for checking (default: 0.1)"
    )
    parser.add_argument("--batch", type=int, default=16, help="dialogues a step (default: 16)")
    parser.add_argument("--rate", type=float, default=3e-4, help="learning rate (default: 0.0003)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=None, help="CPU threads (default: all cores)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the exit status."""
    args = arguments().parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    start = BUILTIN if args.start == "builtin" else Path(args.start)
    try:
        preset = preset_for(begin(args.folder, start), args.minutes, args.batch, args.rate)
        run = FineTuning(
            preset,
            args.folder,
            torch.device(args.device),
            start,
            data=args.data,
            part=args.part,
            mix=args.mix,
            held_out=args.held_out,
        )
        few = "" if run.checked else " Too few to hold any out: nothing is checked on the way."
        print(f"{len(run.chosen)} dialogues to learn from, {len(run.checked)} held out.{few}")
        run.train()
    except VisavisError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Done. Try it: python launch.py --model {args.folder / 'checkpoint'}")
    return 0
