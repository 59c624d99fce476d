"""Trainer's settings: which are refused, and under which a resumed run does not repeat the first one exactly."""

import math
from collections.abc import Iterator
from typing import Any

from jsonargparse import Namespace
from lightning import LightningDataModule, LightningModule, Trainer
from lightning.pytorch.callbacks import BackboneFinetuning, BaseFinetuning, StochasticWeightAveraging
from lightning.pytorch.callbacks.timer import Timer

from torchtour.batches import EVALUATION_BATCH
from torchtour.settings import UserError, shown

PRECISIONS = ("32", "32-true", "16-mixed", "bf16-mixed", "bf16-true", "64", "64-true")
LARGEST = 10**12  # of any whole number that Trainer takes
BYTES = 2**33  # what a training step may take, by our estimate


def check_trainer(settings: Namespace) -> None:
    """Refuse settings of Trainer's that would train nothing, or in another way than they say.

    Raises:
        UserError: names the first of them.
    """
    for name, value in settings.items():
        if isinstance(value, int) and not isinstance(value, bool) and not -LARGEST <= value <= LARGEST:
            raise UserError(f"trainer.{name} must be a whole number up to 10^12, got {shown(value)}")
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
            raise UserError(f"trainer.{name} must be {text}, got {shown(settings[name])}")


def check_callbacks(callbacks: list[Any], model: LightningModule) -> None:
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
    if hidden and batch and 4 * 4 * hidden * batch > BYTES:  # hidden units, their gradients and what ReLU keeps
        raise UserError(
            f"model.hidden_size {hidden} with data.batch_size {batch} would take "
            f"{16 * hidden * batch / 2**30:.0f} GiB a step: make one of them smaller"
        )


def inexact(trainer: Trainer) -> Iterator[str]:
    """Why a resumed run would not repeat this one exactly: a sentence for each setting that breaks it."""
    if any(isinstance(callback, StochasticWeightAveraging) for callback in trainer.callbacks):  # type: ignore[attr-defined]
        yield "StochasticWeightAveraging changes the schedule, so that this run cannot be resumed"
    if trainer.max_steps != -1 or any(isinstance(callback, Timer) for callback in trainer.callbacks):  # type: ignore[attr-defined]
        yield "max_steps or max_time may end the run within an epoch: a resumed run would not repeat it exactly"
    if trainer.val_check_interval not in (None, 1, 1.0):
        yield "val_check_interval validates within an epoch: a resumed run would not repeat it exactly"
