"""The training: a net with its loss, scores, optimizer and learning rate schedule."""

from typing import Any, Literal

from lightning import LightningModule
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler, StepLR
from torchmetrics.classification import MulticlassAccuracy

from torchtour.metrics import MeanLoss, Scores, log_epoch
from torchtour.network import SimpleNet
from torchtour.preprocessing import Preprocessing, check_columns
from torchtour.settings import check

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


class Classifier(LightningModule):
    """SimpleNet, trained on cross-entropy, with StepLR stepped once an epoch.

    Args:
        hidden_size: Hidden units of the net.
        optimizer: sgd or adam.
        lr: Learning rate at the start.
        momentum: SGD's momentum; Adam has none and ignores it.
        weight_decay: L2 penalty of the optimizer.
        step_size: Epochs after which the learning rate is multiplied by gamma, again and again.
        gamma: Factor of the learning rate; 1: no decay.
        n_features: Features of a sample; the command takes them from the data.
        n_classes: Classes to tell apart; the command takes them from the data.
        columns: A table's columns, which Preprocessing makes features of; the command takes them from the data.
        classes: The names of a table's classes; the command takes them from the data.

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
        columns: list[Any] | None = None,  # not list[dict]: LightningCLI would read a name of 2019 as a number
        classes: list[str] | list[int] | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        check("model", Classifier.__init__, self.hparams, LIMITS)
        check_columns(columns, classes, n_features, n_classes)
        self.inputs = Preprocessing(columns) if columns else nn.Identity()
        self.net = SimpleNet(n_features, hidden_size, n_classes)
        metrics = {
            "loss": MeanLoss(),
            "accuracy": MulticlassAccuracy(n_classes, average="micro", validate_args=False),
        }
        self.train_scores = Scores(metrics, prefix="train/")
        self.val_scores = Scores(metrics, prefix="val/")
        self.test_scores = Scores(metrics, prefix="test/")

    def forward(self, features: Tensor) -> Tensor:
        """Features [batch, n_features], or a table's raw columns [batch, n_columns], to logits [batch, n_classes]."""
        logits: Tensor = self.net(self.inputs(features))
        return logits

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        loss, _ = self._step(self.train_scores, batch, batch_idx)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self._step(self.val_scores, batch, batch_idx)

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Logits [batch, n_classes], for the callbacks that draw and count them."""
        _, logits = self._step(self.test_scores, batch, batch_idx)
        return logits

    def predict_step(self, batch: Tensor | tuple[Tensor, ...], batch_idx: int) -> Tensor:
        """Probability of each class [batch, n_classes]."""
        features = batch if isinstance(batch, Tensor) else batch[0]
        probabilities: Tensor = self(features).softmax(dim=1)
        return probabilities

    def configure_optimizers(self) -> tuple[list[Optimizer], list[LRScheduler]]:
        settings = self.hparams
        shared = {"lr": settings["lr"], "weight_decay": settings["weight_decay"]}
        optimizer: Optimizer
        if settings["optimizer"] == "adam":
            optimizer = Adam(self.net.parameters(), **shared)
        else:
            optimizer = SGD(self.net.parameters(), momentum=settings["momentum"], **shared)
        return [optimizer], [StepLR(optimizer, settings["step_size"], settings["gamma"])]

    def _step(self, scores: Scores, batch: Batch, batch_idx: int) -> tuple[Tensor, Tensor]:
        features, labels = batch  # [batch, n_features], [batch]
        logits = self(features)  # [batch, n_classes]
        loss = cross_entropy(logits, labels)
        scores.update(loss, logits, labels)
        log_epoch(self, scores, batch_idx)  # self.log_dict(scores), once an epoch
        return loss, logits
