"""Trainer's settings: which are refused, and which keep a run from being resumed exactly."""

import math
import multiprocessing
import os
import signal
from collections.abc import Iterator
from typing import Any

from jsonargparse import Namespace
from lightning import Callback, LightningDataModule, LightningModule, Trainer
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.callbacks import BackboneFinetuning, BaseFinetuning, StochasticWeightAveraging
from lightning.pytorch.callbacks.timer import Timer
from lightning.pytorch.utilities import rank_zero_only

from torchtour.command.terminal import exit_on_signal, print_rank_zero
from torchtour.settings import UserError, short_repr
from torchtour.training.batches import EVALUATION_BATCH
from torchtour.training.trainer_parts import callbacks_of

PRECISIONS = ("32", "32-true", "16-mixed", "bf16-mixed", "bf16-true", "64", "64-true")
MAX_TRAINER_INT = 10**12  # of any whole number that Trainer takes
MAX_STEP_BYTES = 2**33  # what a training step may take, by our estimate


def check_trainer(settings: Namespace) -> None:
    """Refuse settings of Trainer's that would train nothing, or in another way than they say.

    Raises:
        UserError: names the first of them.
    """
    for name, value in settings.items():
        if isinstance(value, int) and not isinstance(value, bool) and not -MAX_TRAINER_INT <= value <= MAX_TRAINER_INT:
            raise UserError(f"trainer.{name} must be a whole number up to 10^12, got {short_repr(value)}")
    for name in ("max_steps", "num_nodes", "accumulate_grad_batches"):
        if settings[name] is None:
            raise UserError(f"trainer.{name} must be a whole number, got null")
    epochs, every = settings.max_epochs, settings.check_val_every_n_epoch
    allowed: dict[str, tuple[Any, str]] = {
        "max_epochs": (epochs is None or epochs == -1 or epochs >= 1, "at least 1, or -1 for no end"),
        "max_steps": (settings.max_steps == -1 or settings.max_steps >= 1, "at least 1, or -1 for no end"),
        "check_val_every_n_epoch": (every is None or 1 <= every <= max(epochs or 1, 1), "from 1 to max_epochs"),
        "limit_train_batches": (settings.limit_train_batches != 0, "more than 0"),
        "limit_val_batches": (settings.limit_val_batches != 0, "more than 0: validation chooses the best epoch"),
        "limit_test_batches": (settings.limit_test_batches != 0, "more than 0"),
        "limit_predict_batches": (settings.limit_predict_batches != 0, "more than 0"),
        "min_epochs": ((settings.min_epochs or 0) >= 0, "at least 0"),
        "num_nodes": (1 <= settings.num_nodes <= 1000, "from 1 to 1000"),
        "num_sanity_val_steps": ((settings.num_sanity_val_steps or 0) >= -1, "at least -1"),
        "log_every_n_steps": ((settings.log_every_n_steps or 0) >= 0, "at least 0"),
        "default_root_dir": (settings.default_root_dir is None, "null: set run.root instead"),
        "precision": (settings.precision in (None, 32, 64, *PRECISIONS), f"one of {', '.join(PRECISIONS)}"),
        "accumulate_grad_batches": (settings.accumulate_grad_batches >= 1, "at least 1"),
        "gradient_clip_val": (0 <= (settings.gradient_clip_val or 0) <= 1e30, "from 0 to 1e30"),
        "logger": (settings.logger is not True, "false, or loggers: set run.tensorboard instead"),
    }
    for name, (fine, text) in allowed.items():
        if not fine:
            raise UserError(f"trainer.{name} must be {text}, got {short_repr(settings[name])}")


def check_callbacks(callbacks: list[Callback], model: LightningModule) -> None:
    """Refuse Lightning's callbacks that freeze a part of the net which this net does not have.

    Raises:
        UserError: names it.
    """
    for callback in callbacks:
        if type(callback) in (BaseFinetuning, BackboneFinetuning) and not hasattr(model, "backbone"):
            raise UserError(f"trainer.callbacks: {type(callback).__name__} needs a net with a `backbone`")


def check_limits(settings: Namespace, data: LightningDataModule) -> None:
    """Refuse a share of an epoch's batches that leaves none of them.

    Raises:
        UserError: names the setting.
    """
    sizes = {"train": data.hparams.get("batch_size") or data.hparams.get("n_train"), "val": EVALUATION_BATCH}
    for split, batch_size in sizes.items():
        limit, n = settings[f"limit_{split}_batches"], data.hparams.get(f"n_{split}")
        if isinstance(limit, float) and n and batch_size and int(limit * math.ceil(n / batch_size)) == 0:
            raise UserError(f"trainer.limit_{split}_batches must leave at least one batch of an epoch, got {limit}")


def check_memory(model: LightningModule, data: LightningDataModule) -> None:
    """Refuse a net and a batch whose step would not fit into memory.

    Raises:
        UserError: names both settings.
    """
    hidden, batch = model.hparams.get("hidden_size"), data.hparams.get("batch_size") or data.hparams.get("n_train")
    if (
        hidden and batch and 4 * 4 * hidden * batch > MAX_STEP_BYTES
    ):  # hidden units, their gradients and what ReLU keeps
        raise UserError(
            f"model.hidden_size {hidden} with data.batch_size {batch} would take "
            f"{16 * hidden * batch / 2**30:.0f} GiB a step: make one of them smaller"
        )


def resume_caveats(trainer: Trainer) -> Iterator[str]:
    """Why a resumed run would not repeat this one exactly: a sentence for each setting that breaks it."""
    if any(isinstance(callback, StochasticWeightAveraging) for callback in callbacks_of(trainer)):
        yield "StochasticWeightAveraging changes the schedule, so that this run cannot be resumed"
    if trainer.max_steps != -1 or any(isinstance(callback, Timer) for callback in callbacks_of(trainer)):
        yield "max_steps or max_time may end the run within an epoch: a resumed run would not repeat it exactly"
    if trainer.val_check_interval not in (None, 1, 1.0):
        yield "val_check_interval validates within an epoch: a resumed run would not repeat it exactly"


def check_processes(trainer: Trainer, devices: object, precision: object) -> None:
    """Refuse more processes than the CPU has cores, a precision that it lacks, and a rank without other processes.

    Raises:
        UserError: names the setting or the environment variable.
    """
    if trainer.world_size == 1 and getattr(rank_zero_only, "rank", 0) != 0:
        names = [name for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID") if os.environ.get(name, "0") != "0"]
        raise UserError(f"{' and '.join(names)} in the environment: this process is not the first, but it is alone")
    if isinstance(trainer.accelerator, CPUAccelerator):
        cores = os.cpu_count() or 1
        if trainer.num_devices > cores:
            raise UserError(f"trainer.devices must be at most {cores}, this machine's cores, got {devices}")
        if precision == "16-mixed":
            raise UserError("trainer.precision 16-mixed needs a GPU; on the CPU there is bf16-mixed")
    if trainer.num_nodes > 1:
        where = f"{os.environ.get('MASTER_ADDR', '127.0.0.1')}:{os.environ.get('MASTER_PORT', 'a free port')}"
        print_rank_zero(f"Waiting up to 5 minutes for the processes of all {trainer.num_nodes} nodes at {where}.")


def print_accelerator(trainer: Trainer, requested: object) -> None:
    """Print which accelerator Trainer has chosen, if it is not the CPU."""
    if requested == "auto" and not isinstance(trainer.accelerator, CPUAccelerator):
        name = trainer.accelerator.name()
        print_rank_zero(
            f"Note: this runs on {name}; small nets are no faster there, and digits may differ from the CPU's. "
            "To use the CPU: --trainer.accelerator cpu"
        )


class ExitOnSigterm(Callback):
    """Lets SIGTERM end each forked process at once.

    Lightning's own handler first tells the other processes. If one of them is gone, it waits until the timeout.
    """

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if multiprocessing.parent_process():
            signal.signal(signal.SIGTERM, exit_on_signal)

    on_train_start = on_validation_start = on_test_start = on_predict_start = on_sanity_check_start
