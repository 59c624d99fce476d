"""Training in folds: many nets side by side, each of which leaves out one fold of the rows."""

import math
from typing import Any, TypeAlias

import torch
from lightning import Callback
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from torchtour.settings import UserError
from torchtour.tables.members import Ensemble
from torchtour.tables.splitting import FOLDS
from torchtour.training.metrics import EpochMetrics
from torchtour.training.module import CheckedModule
from torchtour.training.trainer_parts import datamodule_of

Batch: TypeAlias = tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]  # raw columns, labels; and folds
MIN_STEPS, MAX_STEPS = 1500, 4000  # of training: a small table is seen more often than a large one
MIN_EPOCHS, MAX_EPOCHS = 8, 200
USUAL_EPOCHS = 30  # where neither limit of the steps says otherwise
LIMITS = {
    "members": (FOLDS, 1000),
    "bins": (0, 16),
    "hidden_size": (1, 1_000_000),
    "n_layers": (1, 100),
    "dropout": (0, 0.99),
    "lr": (0, 1000),
    "weight_decay": (0, 1000),
    "patience": (1, 1_000_000_000),
}


SMALL_BATCH = 64  # rows


class CrossFitted(CheckedModule):
    """Base of a table's models. A batch is raw columns, labels and the number of each row's fold.

    Training: a member's loss leaves out the rows of its fold. Validation: each row is predicted by the members that
    left it out, so that no row is lost to validation, and val/loss is an honest loss over all of them. Without fold
    numbers all members learn all training rows, and validation rows are predicted by all.

    Each fold needs a member of every kind that leaves it out.

    A model sets `net` and the three EpochMetrics, and says what `losses` and `evaluate` are.
    """

    plans_epochs = True  # trainer.max_epochs -1 is as many as the table needs
    net: Ensemble
    train_metrics: EpochMetrics
    val_metrics: EpochMetrics
    test_metrics: EpochMetrics

    def losses(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """The loss of each member on each row [members, batch], of its outputs [members, batch, n_outputs]."""
        raise NotImplementedError

    def evaluate(self, averages: Tensor, labels: Tensor) -> Tensor:
        """The mean loss [] of what the members say together."""
        raise NotImplementedError

    def forward(self, raw: Tensor) -> Tensor:
        averages: Tensor = self.net(raw)
        return averages

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        raw, labels, folds = unpacked(batch)  # [batch, n_columns], [batch], [batch]
        outputs = self.net.outputs(raw)  # [members, batch, n_outputs]
        losses = self.losses(outputs, labels)  # [members, batch]
        if folds is not None:
            learned = ~self.net.left_out(folds)  # [members, batch]
            losses = losses * learned * (learned.shape[1] / learned.sum(dim=1, keepdim=True).clamp_min(1))
        loss = losses.mean()
        self._log(self.train_metrics, batch_idx, loss, self.net.average(outputs.detach()), labels)
        total: Tensor = loss * len(losses)
        return total  # the sum over members, so that each learns as if it were alone

    def validation_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """What is said of the rows that are in a fold, by members that have not learned them."""
        raw, labels, folds = unpacked(batch)
        if folds is None:
            averages: Tensor = self.net(raw)
        else:
            known = folds >= 0
            labels, averages = labels[known], self.net.out_of_fold(raw[known], folds[known])
        self._log(self.val_metrics, batch_idx, self.evaluate(averages, labels), averages, labels)
        return averages

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """What the members say together, for the callbacks that draw and count."""
        raw, labels, _ = unpacked(batch)
        averages: Tensor = self.net(raw)
        self._log(self.test_metrics, batch_idx, self.evaluate(averages, labels), averages, labels)
        return averages

    def setup(self, stage: str) -> None:
        if stage == "fit" and self.trainer.max_epochs == -1:
            self.trainer.fit_loop.max_epochs = self._planned_epochs()

    def on_fit_start(self) -> None:
        self.threads_before = torch.get_num_threads()
        data = datamodule_of(self.trainer)
        if data is not None and data.train_dataloader().dataset.batch_size <= SMALL_BATCH:
            torch.set_num_threads(1)  # the matrices are so small that threads would wait for each other

    def on_fit_end(self) -> None:
        torch.set_num_threads(self.threads_before)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        decay, lr = self.hparams["weight_decay"], self.hparams["lr"]
        groups: list[dict[str, Any]] = []
        for bins, (_, members) in zip(self.hparams["bins"], self.net.pairs, strict=True):
            rate = lr / 3 if bins else lr  # the many inputs of the bins need smaller steps
            groups.append({"params": [*members.weights], "lr": rate, "weight_decay": decay})
            groups.append({"params": [*members.biases], "lr": rate, "weight_decay": 0.0})
        optimizer = AdamW(groups, fused=True)
        steps = self.trainer.estimated_stepping_batches
        schedule = LambdaLR(optimizer, lambda step: (1 + math.cos(math.pi * min(step / steps, 1))) / 2)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_callbacks(self) -> list[Callback]:
        patience = self.hparams["patience"]
        if patience is None:
            return []
        return [EarlyStopping("val/loss", patience=patience, min_delta=1e-6, strict=False, check_finite=False)]

    def _planned_epochs(self) -> int:
        """USUAL_EPOCHS, or so many more or fewer that the steps are within their limits."""
        data = datamodule_of(self.trainer)
        if data is None:
            raise UserError("trainer.max_epochs must be a number of epochs without a datamodule, got -1")
        steps = len(data.train_dataloader())
        most = max(MIN_EPOCHS, MAX_STEPS // steps)
        return min(max(math.ceil(MIN_STEPS / steps), USUAL_EPOCHS), most, MAX_EPOCHS)

    def _log(self, metrics: EpochMetrics, batch_idx: int, loss: Tensor, averages: Tensor, labels: Tensor) -> None:
        metrics.update(loss, averages, labels)
        if batch_idx == 0:  # Lightning computes what was logged once when the epoch ends
            self.log_dict(metrics, on_step=False, on_epoch=True, prog_bar=True, batch_size=1)


def unpacked(batch: Batch) -> tuple[Tensor, Tensor, Tensor | None]:
    raw, labels, *folds = batch
    return raw, labels, folds[0] if folds else None
