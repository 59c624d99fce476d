"""The training: SimpleNet with its loss, accuracy, optimizer and learning rate schedule."""

from typing import Any, Literal

import torch
from lightning import LightningModule
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import StepLR
from torchmetrics import Metric
from torchmetrics.classification import MulticlassAccuracy

from torchtour.limits import UserError, check
from torchtour.network import SimpleNet

Batch = tuple[Tensor, Tensor]
LIMITS = {
    "hidden_size": (1, 1_000_000),
    "lr": (0, 1000),
    "momentum": (0, 1),
    "weight_decay": (0, 1000),
    "step_size": (1, 1_000_000_000),
    "gamma": (1e-9, 1),
}


class MeanLoss(Metric):
    """The mean loss over samples: each batch counts by its size. Kahan's summation, so that no step is lost."""

    total: Tensor
    carry: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("carry", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, loss: Tensor, size: int) -> None:
        """Add a batch of `size` samples with the mean `loss`."""
        term = loss * size - self.carry
        total = self.total + term
        self.carry = (total - self.total) - term
        self.total = total
        self.count += size

    def compute(self) -> Tensor:
        return self.total / self.count


class Classifier(LightningModule):
    """SimpleNet for points in the plane, trained on cross-entropy, with StepLR stepped once an epoch.

    Args:
        hidden_size: Hidden units of the net.
        optimizer: sgd or adam.
        lr: Learning rate at the start.
        momentum: SGD's momentum; Adam has none, there it must be 0.
        weight_decay: L2 penalty of the optimizer.
        step_size: Epochs after which the learning rate is multiplied by gamma, again and again.
        gamma: Factor of the learning rate; 1: no decay.

    Raises:
        UserError: An argument is out of range.
    """

    def __init__(
        self,
        hidden_size: int = 10,
        optimizer: Literal["sgd", "adam"] = "sgd",
        lr: float = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        step_size: int = 4,
        gamma: float = 0.1,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        check("model", Classifier.__init__, self.hparams, LIMITS)
        if optimizer == "adam" and momentum != 0:
            raise UserError(f"model.momentum must be 0 with model.optimizer adam, got {momentum}")
        self.train_loss, self.val_loss, self.test_loss = MeanLoss(), MeanLoss(), MeanLoss()
        self.train_accuracy, self.val_accuracy, self.test_accuracy = _accuracy(), _accuracy(), _accuracy()

    def configure_model(self) -> None:
        """Build the net, `self.net`. Trainer and load_from_checkpoint call this.

        Not in __init__: the data are drawn in between, so that a seed gives the digits of lesson 4.
        """
        if not hasattr(self, "net"):
            self.net = SimpleNet(2, self.hparams["hidden_size"], 2)

    def forward(self, features: Tensor) -> Tensor:
        """Features [batch, 2] to logits [batch, 2]."""
        logits: Tensor = self.net(features)
        return logits

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss = self._step("train", batch)
        if self.trainer.world_size > 1:
            # DDP averages the gradients of the processes: weigh each by its share of the batch.
            share = torch.tensor(float(len(batch[0])), device=self.device)
            loss = loss * share / self.trainer.strategy.reduce(share.clone(), reduce_op="mean")
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step("val", batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self._step("test", batch)

    def predict_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Probability of each class [batch, 2]."""
        probabilities: Tensor = self(batch[0]).softmax(dim=1)
        return probabilities

    def on_train_epoch_end(self) -> None:
        self._log_epoch("train")

    def on_validation_epoch_end(self) -> None:
        self._log_epoch("val")

    def on_test_epoch_end(self) -> None:
        self._log_epoch("test")

    def configure_optimizers(self) -> Any:
        settings = self.hparams
        shared = {"lr": settings["lr"], "weight_decay": settings["weight_decay"]}
        optimizer: Optimizer
        if settings["optimizer"] == "adam":
            optimizer = Adam(self.net.parameters(), **shared)
        else:
            optimizer = SGD(self.net.parameters(), momentum=settings["momentum"], **shared)
        return [optimizer], [StepLR(optimizer, settings["step_size"], settings["gamma"])]

    def _step(self, split: str, batch: Batch) -> Tensor:
        features, labels = batch  # [batch, 2], [batch]
        logits = self(features)  # [batch, 2]
        # A process whose share of a small batch is empty adds nothing, but takes the step with the others.
        loss = cross_entropy(logits, labels) if len(labels) else logits.sum()
        getattr(self, f"{split}_loss").update(loss.detach(), len(labels))
        getattr(self, f"{split}_accuracy").update(logits.detach(), labels)
        return loss

    def _log_epoch(self, split: str) -> None:
        for name in (f"{split}_loss", f"{split}_accuracy"):
            self.log(name.replace("_", "/"), getattr(self, name))


def _accuracy() -> MulticlassAccuracy:
    return MulticlassAccuracy(2, average="micro", validate_args=False)
