"""The training: a net with its loss, metrics, optimizer and learning rate schedule."""

from typing import Any, Literal

from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler, StepLR
from torchmetrics.classification import MulticlassAccuracy

from torchtour.network import SimpleNet
from torchtour.settings import check
from torchtour.training.metrics import EpochMetrics, MeanLoss
from torchtour.training.module import CheckedModule

Batch = tuple[Tensor, Tensor]
LIMITS = {
    "hidden_size": (1, 1_000_000),
    "lr": (0, 1000),
    "momentum": (0, 1),
    "weight_decay": (0, 1000),
    "step_size": (1, 1_000_000_000),
    "gamma": (1e-9, 1),
    "n_features": (1, 1_000_000),
    "n_classes": (2, 1000),
}


class Classifier(CheckedModule):
    """SimpleNet, trained on cross-entropy, with StepLR stepped once an epoch.

    Args:
        hidden_size: Hidden units of the net.
        optimizer: sgd or adam.
        lr: Learning rate at the start.
        momentum: SGD's momentum. Adam has its own, betas[0] = 0.9, and does not read this.
        weight_decay: L2 penalty of the optimizer.
        step_size: Epochs after which the learning rate is multiplied by gamma, again and again.
        gamma: Factor of the learning rate; 1: no decay.
        n_features: Features of a sample; the command takes them from the data.
        n_classes: Classes to tell apart; the command takes them from the data.

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
        probabilities: Tensor = self(features).softmax(dim=1)
        return probabilities

    def configure_optimizers(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        settings = self.hparams
        shared: dict[str, Any] = {"lr": settings["lr"], "weight_decay": settings["weight_decay"]}
        optimizer: Optimizer
        if settings["optimizer"] == "adam":
            optimizer = Adam(self.net.parameters(), **shared)
        else:
            optimizer = SGD(self.net.parameters(), momentum=settings["momentum"], **shared)
        return [optimizer], [StepLR(optimizer, settings["step_size"], settings["gamma"])]

    def _step(self, metrics: EpochMetrics, batch: Batch, batch_idx: int) -> tuple[Tensor, Tensor]:
        features, labels = batch  # [batch, n_features], [batch]
        logits = self(features)  # [batch, n_classes]
        loss = cross_entropy(logits, labels)
        metrics.update(loss, logits, labels)
        if batch_idx == 0:  # Lightning computes what was logged once when the epoch ends
            self.log_dict(metrics, on_step=False, on_epoch=True, prog_bar=True, batch_size=1)
        return loss, logits
