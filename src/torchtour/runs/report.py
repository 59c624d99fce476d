"""What a run shows and leaves: a line every few epochs, a progress bar, the predictions file."""

import io
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from torch import Tensor
from tqdm import tqdm

from torchtour.classifier import Batch
from torchtour.runs.files import replace
from torchtour.settings import UserError


class EpochReport(Callback):
    """Prints an epoch's scores: `Epoch [2/10], Loss: 0.0340, Accuracy: 0.9933, Val loss: 0.0290, Val accuracy: 0.9940`.

    Args:
        every_n_epochs: Epochs between two lines; 0: no lines.
    """

    def __init__(self, every_n_epochs: int = 1) -> None:
        if every_n_epochs < 0:
            raise UserError(f"report.every_n_epochs must be 0 or more, got {every_n_epochs}")
        self.every_n_epochs = every_n_epochs
        self.validated = False

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        epoch = trainer.current_epoch + 1
        if self.every_n_epochs and epoch % self.every_n_epochs == 0:
            scores = trainer.callback_metrics  # by all processes: they add up what each has counted
            splits = ("train/", "val/") if self.validated else ("train/",)
            names = [name for split in splits for name in scores if name.startswith(split)]
            parts = [f"{_label(name)}: {scores[name].item():.4f}" for name in names]
            pl_module.print(", ".join([f"Epoch [{epoch}/{trainer.max_epochs}]", *parts]))
        self.validated = False


class Progress(ProgressBar):
    """One bar for the whole fit, in steps, on a terminal's stderr."""

    def __init__(self) -> None:
        super().__init__()
        self.is_enabled = True
        self.bar: tqdm[Any] | None = None

    def disable(self) -> None:
        """Called by Trainer in all processes but the first."""
        self.is_enabled = False

    def enable(self) -> None:
        """Called by Lightning's finders of a rate and a batch size when they have ended."""
        self.is_enabled = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        steps = trainer.estimated_stepping_batches
        self.bar = tqdm(
            total=int(steps) if math.isfinite(steps) else None,
            initial=trainer.global_step,
            unit=" steps",
            leave=False,
            disable=None if self.is_enabled else True,  # None: where stderr is no terminal
        )

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        if self.bar is not None:
            self.bar.update(trainer.global_step - self.bar.n)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._close()

    def print(self, *args: Any, **kwargs: Any) -> None:
        """Print above the bar."""
        tqdm.write(*args, **kwargs)

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()


class Predictions(Callback):
    """Writes a CSV file: features, class, probability of each class, a row a sample.

    Raises:
        UserError: The file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        if not os.access(path.parent, os.W_OK):
            raise UserError(f"{path} cannot be written")
        self.path = path
        self.rows: list[Tensor] = []

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Tensor, batch: Batch, *_: Any
    ) -> None:
        features, probabilities = batch[0], outputs  # [batch, n_features], [batch, n_classes]
        self.sizes = features.shape[1], probabilities.shape[1]
        self.rows.append(torch.cat([features, probabilities.argmax(dim=1, keepdim=True), probabilities], dim=1).cpu())

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            n_features, n_classes = self.sizes
            names = [*(f"x{k + 1}" for k in range(n_features)), "class", *(f"p{k}" for k in range(n_classes))]
            text = io.StringIO()
            # Nine significant digits read back as the same float32.
            np.savetxt(text, torch.cat(self.rows).numpy(), "%.9g", ",", header=",".join(names), comments="")
            replace(self.path, text.getvalue().encode())


def _label(name: str) -> str:
    """train/loss -> Loss, val/loss -> Val loss."""
    split, _, score = name.partition("/")
    return (score if split == "train" else f"{split} {score}").capitalize()
