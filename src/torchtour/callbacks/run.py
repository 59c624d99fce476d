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
from lightning.pytorch.callbacks import Checkpoint

from torchtour.callbacks.history import History
from torchtour.settings import UserError, shown
from torchtour.trust.atomic import remove_unfinished, replace
from torchtour.trust.audit import Stored, audit
from torchtour.trust.lock import FolderLock
from torchtour.trust.sealed import HOLD, CheckpointFile, pack

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


class Run(Checkpoint):
    """Keeps a run in `<root>/<name>/version_<n>/`, a new folder for each run.

    metrics.csv has a row an epoch, best.ckpt is the epoch with the lowest val/loss, last.ckpt the latest epoch.
    Where epochs are short, the checkpoints are written once in `save_every` seconds and when the run ends; a resumed
    run repeats the epochs that a crash lost.

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
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", name) or name.split(".")[0].lower() in RESERVED:
            raise UserError(f"run.name must be up to 100 letters, digits, ., _ and -, got {shown(name)}")
        if not save_every >= 0:
            raise UserError(f"run.save_every must be 0 or more seconds, got {save_every}")
        if "\0" in root:
            raise UserError(f"run.root must be the path of a folder, got {shown(root)}")
        self.name, self.root, self.tensorboard, self.save_every = name, Path(root), tensorboard, save_every
        self.reset()

    def reset(self) -> None:
        """Forget the run that was kept: the next one takes a folder of its own."""
        self.folder: Path | None = None
        self.lock: FolderLock | None = None
        self.config = ""
        self.history = History()
        self.best = math.inf
        self.saved = -math.inf  # when last.ckpt was written, in seconds of the monotonic clock
        self.new = self.validated = self.begun = False

    def open(self, config: str = "", resumed: Stored | None = None) -> Path:
        """Take a folder for this process alone, the first of several; config.yaml follows as training starts.

        A run whose last.ckpt is resumed goes on in its own folder. Any other checkpoint goes on in a new one,
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
                self.folder, self.new = _new_folder(self.root / self.name), True
                self.lock = FolderLock(self.folder)
                if resumed and resumed.path.name == "best.ckpt":
                    replace(self.folder / "best.ckpt", pack(resumed.content))
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
        if self.folder and self.new and not any(self.folder.glob("*.ckpt")):
            shutil.rmtree(self.folder, ignore_errors=True)
            with suppress(OSError):
                self.folder.parent.rmdir()  # where it is empty
                self.root.rmdir()
        self.new = False
        if self.lock:
            self.lock.release()

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if stage == "fit":
            if trainer.is_global_zero and (self.folder is None or self.begun):
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
        checkpoint["settings"] = {"seed_everything": torch.initial_seed() % 2**32, **trainer_settings}
        if (data := getattr(trainer, "datamodule", None)) is not None:
            checkpoint["settings"]["data"] = f"{type(data).__module__}.{type(data).__qualname__}"

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.folder is not None
        if not trainer.strategy.broadcast((self.folder / "best.ckpt").exists()):
            self.best = math.inf
        if trainer.is_global_zero:
            if not self.history.complete(trainer.current_epoch):
                warnings.warn("metrics.csv is missing epochs that the checkpoint completed", stacklevel=2)
            self.history.cut(trainer.current_epoch)
            replace(self.folder / "config.yaml", self.config.encode())
            replace(self.folder / "metrics.csv", self.history.text().encode())

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.lr = trainer.optimizers[0].param_groups[0]["lr"]  # StepLR has moved on when the epoch ends

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert self.folder is not None
        scores = {name: value.item() for name, value in trainer.callback_metrics.items() if value.numel() == 1}
        self._stay_finite(trainer, pl_module, scores)
        if trainer.is_global_zero:
            self._keep_row(self._row(trainer, scores))
        loss = scores.get("val/loss", math.inf) if self.validated else math.inf
        self.validated = False
        files = trainer.strategy.checkpoint_io
        # Several processes wait for each other at every checkpoint anyway, and not all strategies can hold one back.
        hold = HOLD if isinstance(files, CheckpointFile) and trainer.world_size == 1 else None
        if loss < self.best:
            self.best = loss
            trainer.save_checkpoint(self.folder / "best.ckpt", weights_only=False, storage_options=hold)
        if trainer.strategy.reduce_boolean_decision(trainer.is_global_zero and self._is_due(trainer), all=False):
            self._write_held(trainer)  # best.ckpt first: last.ckpt knows its score
            if trainer.is_global_zero and self._ends(trainer):
                # Synced, and before last.ckpt: only a run that has not ended is resumed, and writes its rows once more.
                replace(self.folder / "metrics.csv", self.history.text().encode())
            trainer.save_checkpoint(self.folder / "last.ckpt", weights_only=False)
            self.saved, self.begun = time.monotonic(), True

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._write_held(trainer)
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

    def _write_held(self, trainer: Trainer) -> None:
        if isinstance(trainer.strategy.checkpoint_io, CheckpointFile):
            trainer.strategy.checkpoint_io.write_held()

    def _is_due(self, trainer: Trainer) -> bool:
        return self._ends(trainer) or time.monotonic() - self.saved >= self.save_every

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
            if self.validated or not name.startswith("val/"):
                row[name] = str(np.float32(value))  # the shortest digits that read back as the same float32
        return row


def audit_run(stored: Stored) -> None:
    """Verify what Run has kept in a checkpoint, if it has.

    Raises:
        UserError: It is something else.
    """
    states = stored.content.get("callbacks", {})
    state = states.get("Run", {"best": 0.0}) if isinstance(states, dict) else None
    state = state if isinstance(state, dict) else {}
    best = state.get("best")
    if not isinstance(best, float) or math.isnan(best):
        raise UserError(f"checkpoint {stored.path} cannot be resumed: its best val/loss is {shown(best)}")
    if not isinstance(state.get("history", ""), str):
        raise UserError(f"checkpoint {stored.path} cannot be resumed: its history is not text")
    settings = stored.content.get("settings", {})
    names = {"seed_everything", "data", *(f"trainer.{name}" for name in RESUMED)}
    if not isinstance(settings, dict) or not settings.keys() <= names or not all(map(_simple, settings.values())):
        raise UserError(
            f"checkpoint {stored.path} cannot be resumed: its settings are not among {', '.join(sorted(names))}"
        )


def _simple(value: Any) -> bool:
    return type(value) in (int, float, str, bool, type(None))


def _put_damaged_aside(best: Path, resumed: Stored) -> None:
    """Rename a best.ckpt that cannot be loaded, and say so: the best of the epochs to come takes its place."""
    if not best.exists():
        return
    try:
        audit(best, resumed.module)
    except UserError as error:
        best.replace(aside := best.with_name("best.ckpt.damaged"))
        epochs = f"the epochs after {resumed.epochs}"
        warnings.warn(f"{error}. It is kept as {aside.name}, and {epochs} choose a new best.ckpt", stacklevel=2)


def _new_folder(parent: Path) -> Path:
    """The next `version_<n>` below parent; mkdir decides between runs that start at the same time."""
    parent.mkdir(parents=True, exist_ok=True)
    while True:
        taken = [int(path.name[8:]) for path in parent.iterdir() if re.fullmatch(r"version_\d{1,15}", path.name)]
        folder = parent / f"version_{max(taken, default=-1) + 1}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
