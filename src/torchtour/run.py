"""A run's folder: config.yaml, metrics.csv, best.ckpt and last.ckpt."""

import csv
import math
import re
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint

from torchtour.checkpoint import HOLD, CheckpointFile, replace
from torchtour.limits import UserError, shown

COLUMNS = ("epoch", "step", "lr", "train/loss", "train/accuracy", "val/loss", "val/accuracy")
RESUMED = (
    "max_epochs",
    "accumulate_grad_batches",
    "gradient_clip_val",
    "gradient_clip_algorithm",
    "precision",
    "limit_train_batches",
    "limit_val_batches",
    "check_val_every_n_epoch",
)


class DivergenceError(RuntimeError):
    """Training left the finite numbers."""


def check_state(stored: dict[str, Any], path: str | Path) -> None:
    """Hold what Run has kept in a checkpoint, if it has, against what it keeps.

    Raises:
        UserError: It is something else.
    """
    states = stored.get("callbacks", {})
    state = states.get("Run", {"best": 0.0}) if isinstance(states, dict) else None
    best = state.get("best") if isinstance(state, dict) else None
    if not isinstance(best, float) or math.isnan(best):
        raise UserError(f"checkpoint {path} holds no run to resume: its best val/loss is {shown(best)}")
    settings, names = stored.get("settings", {}), {"seed_everything", *(f"trainer.{name}" for name in RESUMED)}
    simple = {int, float, str, bool, type(None)}
    if (
        not isinstance(settings, dict)
        or not settings.keys() <= names
        or not set(map(type, settings.values())) <= simple
    ):
        raise UserError(f"checkpoint {path} holds no run to resume: its settings are not {', '.join(sorted(names))}")


class Run(Checkpoint):
    """Keeps a run in `<root>/<name>/version_<n>/`, a new folder for each run.

    metrics.csv has a row an epoch, best.ckpt is the epoch with the lowest val/loss, last.ckpt the one that ended last.
    Where epochs are short, the checkpoints are written once in `save_every` seconds and when the run ends: what a crash
    takes, a resumed run lives again.

    Args:
        name: Name of the run: letters, digits, ., _ and -.
        root: The folder that all runs lie in.
        tensorboard: Write TensorBoard's event files into the run's folder too.
        save_every: Seconds, at least, from writing the checkpoints to writing them again; 0: each epoch.

    Raises:
        UserError: The name could lead out of the root, or save_every is negative.
    """

    def __init__(
        self, name: str = "default", root: str = "checkpoints", tensorboard: bool = False, save_every: float = 1.0
    ) -> None:
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise UserError(f"run.name must be letters, digits, ., _ and -, got {name!r}")
        if not save_every >= 0:
            raise UserError(f"run.save_every must be 0 or more seconds, got {save_every}")
        self.name, self.root, self.tensorboard, self.save_every = name, Path(root), tensorboard, save_every
        self.folder: Path | None = None
        self.history: list[str] = []
        self.best = math.inf
        self.saved = -math.inf  # when last.ckpt was written, in seconds of the monotonic clock
        self.validated = False

    def open(self, config: str = "", resumed: Path | None = None) -> Path:
        """Take a folder and write config.yaml into it; by the first process alone.

        A run whose last.ckpt is resumed goes on in its own folder. Any other checkpoint goes on in a new one,
        so that what came after it is kept.

        Raises:
            UserError: The folder can't be made or written.
        """
        try:
            if resumed and resumed.name == "last.ckpt" and resumed.with_name("config.yaml").exists():
                self.folder = resumed.parent
                for unfinished in self.folder.glob(".*.tmp"):  # of a write that was killed
                    unfinished.unlink()
            else:
                self.folder = _new_folder(self.root / self.name)
                if resumed and resumed.name == "best.ckpt":
                    replace(self.folder / "best.ckpt", resumed.read_bytes())
            if resumed and resumed.with_name("metrics.csv").exists():
                self.history = resumed.with_name("metrics.csv").read_text().splitlines()[1:]
            replace(self.folder / "config.yaml", config.encode())
        except OSError as error:
            raise UserError(
                f"the run's folder {error.filename or self.root} can't be written: {error.strerror}"
            ) from None
        return self.folder

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "fit":
            if trainer.is_global_zero and self.folder is None:
                self.open()
            self.folder = trainer.strategy.broadcast(self.folder)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Add what else a run hangs on, as flags of the command: with data.seed null, the points on seed_everything."""
        trainer_settings = {f"trainer.{name}": getattr(trainer, name) for name in RESUMED}
        checkpoint["settings"] = {"seed_everything": torch.initial_seed(), **trainer_settings}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.folder is not None
        if not trainer.strategy.broadcast((self.folder / "best.ckpt").exists()):
            self.best = math.inf
        if trainer.is_global_zero:
            # A row of an epoch that ended after the checkpoint was written is lived again; the last may be torn.
            rows = [row for row in csv.reader(self.history) if len(row) == len(COLUMNS)][: trainer.current_epoch]
            if [row[0] for row in rows] != [str(epoch + 1) for epoch in range(trainer.current_epoch)]:
                warnings.warn("metrics.csv lacks epochs that the checkpoint has lived", stacklevel=2)
            lines = [",".join(row) + "\n" for row in [list(COLUMNS), *rows]]
            replace(self.folder / "metrics.csv", "".join(lines).encode())

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.lr = trainer.optimizers[0].param_groups[0]["lr"]  # StepLR has moved on when the epoch ends

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.folder is not None
        self._stay_finite(trainer, pl_module)
        if trainer.is_global_zero:
            with open(self.folder / "metrics.csv", "a") as file:
                file.write(",".join(self._row(trainer)) + "\n")
        loss = float(trainer.callback_metrics["val/loss"]) if self.validated else math.inf
        self.validated = False
        files = trainer.strategy.checkpoint_io
        # Several processes wait for each other at every checkpoint anyway, and not all strategies can hold one back.
        hold = HOLD if isinstance(files, CheckpointFile) and trainer.world_size == 1 else None
        if loss < self.best:
            self.best = loss
            trainer.save_checkpoint(self.folder / "best.ckpt", weights_only=False, storage_options=hold)
        if trainer.strategy.reduce_boolean_decision(trainer.is_global_zero and self._is_due(trainer), all=False):
            self._write_held(trainer)  # best.ckpt first: last.ckpt knows its score
            trainer.save_checkpoint(self.folder / "last.ckpt", weights_only=False)
            self.saved = time.monotonic()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._write_held(trainer)

    def _write_held(self, trainer: Trainer) -> None:
        if isinstance(trainer.strategy.checkpoint_io, CheckpointFile):
            trainer.strategy.checkpoint_io.write_held()

    def _is_due(self, trainer: Trainer) -> bool:
        ends = trainer.should_stop or trainer.current_epoch + 1 == trainer.max_epochs
        return ends or time.monotonic() - self.saved >= self.save_every

    def _stay_finite(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop before anything is written over the last good epoch."""
        losses = {name: value for name, value in trainer.callback_metrics.items() if name.endswith("/loss")}
        values = torch.cat([value.detach().reshape(-1) for value in (*losses.values(), *pl_module.parameters())])
        if not values.isfinite().all():
            found = ", ".join(f"{name} {loss:g}" for name, loss in losses.items())
            raise DivergenceError(
                f"epoch {trainer.current_epoch + 1} left the finite numbers ({found}); a lower --model.lr may help. "
                f"The epochs before it are kept in {self.folder}"
            )

    def _row(self, trainer: Trainer) -> list[str]:
        scores = [
            # The shortest digits that read back as the same float32; none where the epoch was not validated.
            str(np.float32(float(trainer.callback_metrics[name])))
            if self.validated or name.startswith("train/")
            else ""
            for name in COLUMNS[3:]
        ]
        return [str(trainer.current_epoch + 1), str(trainer.global_step), f"{self.lr:.9g}", *scores]


def _new_folder(parent: Path) -> Path:
    """The next `version_<n>` below parent; mkdir decides between runs that start at the same time."""
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        taken = [int(path.name[8:]) for path in parent.glob("version_*") if path.name[8:].isdecimal()]
        folder = parent / f"version_{max(taken, default=-1) + 1}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
