"""The training: a net with its loss, metrics, optimizer and learning rate schedule."""

from typing import Any, Literal

from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import ChainedScheduler, CosineAnnealingLR, LinearLR, LRScheduler, StepLR
from torchmetrics.classification import MulticlassAccuracy

from torchtour.network import SimpleNet
from torchtour.settings import UserError, check
from torchtour.training.metrics import EpochMetrics, MeanLoss
from torchtour.training.module import CheckedModule

Batch = tuple[Tensor, Tensor]
LIMITS = {
    "hidden_size": (1, 1_000_000),
    "lr": (0, 1000),
    "momentum": (0, 1),
    "weight_decay": (0, 1000),
    "warmup_epochs": (0, 1_000_000),
    "step_size": (1, 1_000_000_000),
    "gamma": (1e-9, 1),
    "n_features": (1, 1_000_000),
    "n_classes": (2, 1000),
}


class Classifier(CheckedModule):
    """SimpleNet, trained on cross-entropy; the learning rate changes after each epoch.

    Args:
        hidden_size: Hidden units of the net.
        optimizer: sgd, adam or adamw.
        lr: Learning rate at the start.
        momentum: SGD's momentum. Adam has its own, betas[0] = 0.9, and does not read this.
        weight_decay: L2 penalty of sgd and adam; adamw shrinks the weights themselves.
        schedule: step: StepLR; cosine: from lr to 0 over trainer.max_epochs.
        warmup_epochs: Epochs in which the rate rises to that of the schedule.
        step_size: Epochs after which StepLR multiplies the rate by gamma, again and again.
        gamma: Factor of the learning rate; 1: no decay.
        n_features: Features of a sample; the command takes them from the data.
        n_classes: Classes to tell apart; the command takes them from the data.

    Raises:
        UserError: An argument is out of range.
    """

    def __init__(
        self,
        hidden_size: int = 10,
        optimizer: Literal["sgd", "adam", "adamw"] = "sgd",
        lr: float = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        schedule: Literal["step", "cosine"] = "step",
        warmup_epochs: int = 0,
        step_size: int = 4,
        gamma: float = 0.1,
        n_features: int = 2,
        n_classes: int = 2,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        check("model", Classifier.__init__, self.hparams, LIMITS)
        self.net = SimpleNet(n_features, hidden_size, n_classes)
        metrics = {
            "loss": MeanLoss(),
            "accuracy": MulticlassAccuracy(n_classes, average="micro", validate_args=False),
        }
        self.train_metrics = EpochMetrics(metrics, prefix="train/")
        self.val_metrics = EpochMetrics(metrics, prefix="val/")
        self.test_metrics = EpochMetrics(metrics, prefix="test/")

    def forward(self, features: Tensor) -> Tensor:
        """Features [batch, n_features] to logits [batch, n_classes]."""
        logits: Tensor = self.net(features)
        return logits

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss, _ = self._step(self.train_metrics, batch, batch_idx)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(self.val_metrics, batch, batch_idx)

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Logits [batch, n_classes], for the callbacks that draw and count them."""
        _, logits = self._step(self.test_metrics, batch, batch_idx)
        return logits

    def predict_step(self, batch: Tensor | tuple[Tensor, ...], batch_idx: int) -> Tensor:
        """Probability of each class [batch, n_classes]."""
        features = batch if isinstance(batch, Tensor) else batch[0]
        probabilities: Tensor = self(features).float().softmax(dim=1)  # NumPy has no bfloat16
        return probabilities

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The mean loss [] of logits [batch, n_classes] and labels [batch]."""
        return cross_entropy(logits, labels)

    def configure_optimizers(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        optimizer = self._optimizer()
        return [optimizer], [self._schedule(optimizer)]

    def _optimizer(self) -> Optimizer:
        settings = self.hparams
        shared: dict[str, Any] = {"lr": settings["lr"], "weight_decay": settings["weight_decay"]}
        if settings["optimizer"] == "adam":
            return Adam(self.net.parameters(), **shared)
        if settings["optimizer"] == "adamw":
            return AdamW(self.net.parameters(), **shared)
        return SGD(self.net.parameters(), momentum=settings["momentum"], **shared)

    def _schedule(self, optimizer: Optimizer) -> LRScheduler:
        settings, warmup = self.hparams, self.hparams["warmup_epochs"]
        schedule: LRScheduler
        if settings["schedule"] == "cosine":
            if not (self.trainer.max_epochs or 0) > 0:
                raise UserError("model.schedule cosine needs the number of epochs: set trainer.max_epochs")
            schedule = CosineAnnealingLR(optimizer, T_max=self.trainer.max_epochs or 1)
        else:
            schedule = StepLR(optimizer, settings["step_size"], settings["gamma"])
        if warmup == 0:
            return schedule
        return ChainedScheduler([LinearLR(optimizer, 1 / (warmup + 1), total_iters=warmup), schedule])

    def _step(self, metrics: EpochMetrics, batch: Batch, batch_idx: int) -> tuple[Tensor, Tensor]:
        features, labels = batch  # [batch, n_features], [batch]
        logits = self(features)  # [batch, n_classes]
        loss = self.loss(logits, labels)
        metrics.update(loss, logits, labels)
        if batch_idx == 0:  # Lightning computes what was logged once when the epoch ends
            self.log_dict(metrics, on_step=False, on_epoch=True, prog_bar=True, batch_size=1)
        return loss, logits
