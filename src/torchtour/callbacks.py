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

from torchtour.checkpoint import replace
from torchtour.classifier import Batch, Classifier
from torchtour.limits import UserError


class EpochReport(Callback):
    """Prints the loss and accuracy on the training points, as `Epoch [20/100], Loss: 0.7186, Accuracy: 0.5300`.

    Args:
        every: Epochs from one line to the next; 0: no lines.
    """

    def __init__(self, every: int = 1) -> None:
        if every < 0:
            raise UserError(f"report.every must be 0 or more, got {every}")
        self.every = every

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, Classifier)
        epoch = trainer.current_epoch + 1
        if self.every and epoch % self.every == 0:
            loss, accuracy = pl_module.train_loss.compute(), pl_module.train_accuracy.compute()
            pl_module.print(f"Epoch [{epoch}/{trainer.max_epochs}], Loss: {loss:.4f}, Accuracy: {accuracy:.4f}")


class Progress(ProgressBar):
    """One bar for the whole fit, in steps, on a terminal's stderr."""

    def __init__(self) -> None:
        super().__init__()
        self.is_enabled = True
        self.bar: tqdm[Any] | None = None

    def disable(self) -> None:
        """Called by Trainer in all processes but the first."""
        self.is_enabled = False

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
    """Writes a CSV file: features, class, probability of each class, a row a point.

    Raises:
        UserError: The file can't be written.
    """

    def __init__(self, path: Path) -> None:
        if not os.access(path.parent, os.W_OK):
            raise UserError(f"{path} can't be written")
        self.path = path
        self.rows: list[Tensor] = []

    def on_predict_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Tensor, batch: Batch, *_: Any
    ) -> None:
        features, probabilities = batch[0], outputs  # [batch, 2], [batch, 2]
        self.rows.append(torch.cat([features, probabilities.argmax(dim=1, keepdim=True), probabilities], dim=1).cpu())

    def on_predict_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.is_global_zero:
            text = io.StringIO()
            # Nine significant digits read back as the same float32.
            np.savetxt(text, torch.cat(self.rows).numpy(), "%.9g", ",", header="x1,x2,class,p0,p1", comments="")
            replace(self.path, text.getvalue().encode())
