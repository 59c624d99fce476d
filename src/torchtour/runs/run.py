"""A run's folder: config.yaml, metrics.csv, best.ckpt and last.ckpt."""

import math
import os
import re
import shutil
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint as CheckpointCallback
from torch import Tensor

from torchtour.runs.checkpoint import Checkpoint, read_checkpoint
from torchtour.runs.checkpoint_file import DEFER, CheckpointFile, to_bytes
from torchtour.runs.files import FolderLock, next_folder, remove_unfinished, replace
from torchtour.runs.history import History
from torchtour.runs.random_state import random_states, restore_random_state
from torchtour.settings import UserError, short_repr

# Windows keeps these names for devices, with any ending.
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
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
    """Training reached numbers that are not finite."""


class Run(CheckpointCallback):
    """Keeps a run in `<root>/<name>/version_<n>/`, a new folder for each run.

    metrics.csv has a row an epoch, best.ckpt is the epoch with the lowest val/loss, last.ckpt the latest epoch.
    Where epochs are short, the checkpoints are written once in `save_every_seconds` and when the run ends. A resumed
    run repeats the epochs that a crash lost.

    Args:
        name: Name of the run: letters, digits, ., _ and -.
        root: The folder that all runs lie in.
        tensorboard: Write TensorBoard's event files into the run's folder too.
        save_every_seconds: Least time between two writes of the checkpoints; 0: write them every epoch.

    Raises:
        UserError: The name could lead out of the root, or save_every_seconds is negative.
    """

    def __init__(
        self,
        name: str = "default",
        root: str = "checkpoints",
        tensorboard: bool = False,
        save_every_seconds: float = 1.0,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", name) or name.split(".")[0].lower() in RESERVED:
            raise UserError(f"run.name must be up to 100 letters, digits, ., _ and -, got {short_repr(name)}")
        if not save_every_seconds >= 0:
            raise UserError(f"run.save_every_seconds must be 0 or more seconds, got {save_every_seconds}")
        if "\0" in root:
            raise UserError(f"run.root must be the path of a folder, got {short_repr(root)}")
        self.name, self.root = name, Path(root)
        self.tensorboard, self.save_every_seconds = tensorboard, save_every_seconds
        self.reset()

    def reset(self) -> None:
        """Forget the run: the next one takes its own folder."""
        self.folder: Path | None = None
        self.lock: FolderLock | None = None
        self.config = ""
        self.history = History()
        self.random_states: list[dict[str, Tensor]] = []  # of each process, from the checkpoint that is resumed
        self.best = math.inf
        self.last_save_time = -math.inf  # of last.ckpt, in seconds of the monotonic clock
        self.created_folder = self.has_started = self.validated_this_epoch = self.has_checkpoint = False

    def open(self, config: str = "", resumed: Checkpoint | None = None) -> Path:
        """Take a folder for this process alone, the first of several; config.yaml follows as training starts.

        A run whose last.ckpt is resumed continues in its own folder. Any other checkpoint continues in a new one,
        so that what came after it is kept.

        Raises:
            UserError: The folder cannot be made or written, or another process writes there.
        """
        self.reset()
        self.config = config
        try:
            if resumed and resumed.path.name == "last.ckpt" and resumed.path.with_name("config.yaml").exists():
                self.folder = resumed.path.parent
                if not os.access(self.folder, os.W_OK):
                    raise UserError(f"the run's folder {self.folder} cannot be written")
                self.lock = FolderLock(self.folder)
                remove_unfinished(self.folder)
                _put_damaged_aside(self.folder / "best.ckpt", resumed)
            else:
                self.folder, self.created_folder = next_folder(self.root / self.name, "version_"), True
                self.lock = FolderLock(self.folder)
                if resumed and resumed.path.name == "best.ckpt":
                    replace(self.folder / "best.ckpt", to_bytes(resumed.content))
            if resumed and (rows := resumed.path.with_name("metrics.csv")).exists():
                text = rows.read_bytes().decode(errors="replace").replace("\0", "?")
                with suppress(Exception):  # the checkpoint holds the rows too
                    self.history = History(text)
        except OSError as error:
            raise UserError(
                f"the run's folder {error.filename or self.root} cannot be written: {error.strerror}"
            ) from None
        return self.folder

    def close(self) -> None:
        """Release the folder; remove one that this process made and that holds no checkpoint."""
        if self.folder and self.created_folder and not any(self.folder.glob("*.ckpt")):
            shutil.rmtree(self.folder, ignore_errors=True)
            with suppress(OSError):
                self.folder.parent.rmdir()  # where it is empty
                self.root.rmdir()
        self.created_folder = False
        if self.lock:
            self.lock.release()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "fit":
            if trainer.is_global_zero and (self.folder is None or self.has_checkpoint):
                self.open()
            self.folder = trainer.strategy.broadcast(self.folder)

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "history": self.history.text()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]
        if "history" in state_dict:  # not before 0.2
            self.history = History(state_dict["history"])

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Add the other settings that a run depends on, as flags of the command."""
        trainer_settings = {f"trainer.{name}": getattr(trainer, name) for name in RESUMED}
        settings = {"seed_everything": torch.initial_seed() % 2**32, **trainer_settings}
        settings["model"] = _class_path(pl_module)
        if (data := getattr(trainer, "datamodule", None)) is not None:
            settings["data"] = _class_path(data)
        checkpoint["settings"] = settings
        checkpoint["random_states"] = random_states(trainer.world_size)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        self.random_states = checkpoint.get("random_states", [])  # before 0.3 there are none

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # Before the first loader is iterated: a loader of the user's own may draw its order from the global generator.
        restore_random_state(self.random_states, trainer.global_rank)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.folder is not None
        if not trainer.strategy.broadcast((self.folder / "best.ckpt").exists()):
            self.best = math.inf
        if trainer.is_global_zero:
            if not self.history.has_epochs(trainer.current_epoch):
                warnings.warn("metrics.csv is missing epochs that the checkpoint completed", stacklevel=2)
            self.history.truncate(trainer.current_epoch)
            replace(self.folder / "config.yaml", self.config.encode())
            replace(self.folder / "metrics.csv", self.history.text().encode())
        self.has_started = True

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.lr = trainer.optimizers[0].param_groups[0]["lr"]  # StepLR has moved on when the epoch ends

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated_this_epoch = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.folder is not None
        scores = {name: value.item() for name, value in trainer.callback_metrics.items() if value.numel() == 1}
        self._stay_finite(trainer, pl_module, scores)
        if trainer.is_global_zero:
            self._keep_row(self._row(trainer, scores))
        loss = scores.get("val/loss", math.inf) if self.validated_this_epoch else math.inf
        self.validated_this_epoch = False
        files = trainer.strategy.checkpoint_io
        # Several processes wait for each other at every checkpoint anyway, and not all strategies can hold one back.
        when = DEFER if isinstance(files, CheckpointFile) and trainer.world_size == 1 else None
        if loss < self.best:
            self.best = loss
            trainer.save_checkpoint(self.folder / "best.ckpt", weights_only=False, storage_options=when)
        if trainer.strategy.reduce_boolean_decision(trainer.is_global_zero and self._is_due(trainer), all=False):
            self._flush(trainer)  # best.ckpt first: last.ckpt knows its score
            if trainer.is_global_zero and self._ends(trainer):
                # Synced, and before last.ckpt: only a run that has not ended is resumed, and writes its rows once more.
                replace(self.folder / "metrics.csv", self.history.text().encode())
            trainer.save_checkpoint(self.folder / "last.ckpt", weights_only=False)
            self.last_save_time, self.has_checkpoint = time.monotonic(), True

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._flush(trainer)
        self.close()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.close()

    def _keep_row(self, row: dict[str, str]) -> None:
        assert self.folder is not None
        line = self.history.add(row)
        if line:
            with open(self.folder / "metrics.csv", "a", newline="") as file:
                file.write(line)
        else:
            replace(self.folder / "metrics.csv", self.history.text().encode())

    def _flush(self, trainer: Trainer) -> None:
        if isinstance(trainer.strategy.checkpoint_io, CheckpointFile):
            trainer.strategy.checkpoint_io.flush()

    def _is_due(self, trainer: Trainer) -> bool:
        return self._ends(trainer) or time.monotonic() - self.last_save_time >= self.save_every_seconds

    def _ends(self, trainer: Trainer) -> bool:
        last = trainer.current_epoch + 1 == trainer.max_epochs or trainer.global_step == trainer.max_steps
        return trainer.should_stop or last

    def _stay_finite(self, trainer: Trainer, pl_module: LightningModule, scores: dict[str, float]) -> None:
        """Stop before anything is written over the last good epoch."""
        losses = {name: value for name, value in scores.items() if name.endswith("/loss")}
        weights = torch.cat([weight.detach().reshape(-1) for weight in pl_module.parameters()])
        if not (weights.isfinite().all() and all(map(math.isfinite, losses.values()))):
            found = ", ".join(f"{name} {loss:g}" for name, loss in losses.items())
            kept = f". The epochs before it are kept in {self.folder}" if trainer.current_epoch else ""
            raise DivergenceError(
                f"the numbers of epoch {trainer.current_epoch + 1} are not finite ({found}); "
                f"a lower --model.lr may help{kept}"
            )

    def _row(self, trainer: Trainer, scores: dict[str, float]) -> dict[str, str]:
        row = {"epoch": str(trainer.current_epoch + 1), "step": str(trainer.global_step), "lr": f"{self.lr:.9g}"}
        for name, value in scores.items():
            if self.validated_this_epoch or not name.startswith("val/"):
                row[name] = str(np.float32(value))  # the shortest digits that read back as the same float32
        return row


def _class_path(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _put_damaged_aside(best: Path, resumed: Checkpoint) -> None:
    """Rename a best.ckpt that cannot be loaded, and say so: the best of the epochs to come takes its place."""
    if not best.exists():
        return
    try:
        read_checkpoint(best, resumed.module)
    except UserError as error:
        best.replace(aside := best.with_name("best.ckpt.damaged"))
        epochs = f"the epochs after {resumed.epochs}"
        warnings.warn(f"{error}. It is kept as {aside.name}, and {epochs} choose a new best.ckpt", stacklevel=2)
