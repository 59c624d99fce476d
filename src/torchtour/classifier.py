"""The training: SimpleNet with its loss, accuracy, optimizer and learning rate schedule."""

from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any, Literal

import torch
from lightning import LightningModule
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import StepLR
from torchmetrics import Metric
from torchmetrics.classification import MulticlassAccuracy

from torchtour import checkpoint
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
        self.start: dict[str, Tensor] | None = None  # weights to begin with instead of random ones
        self.train_loss, self.val_loss, self.test_loss = MeanLoss(), MeanLoss(), MeanLoss()
        self.train_accuracy, self.val_accuracy, self.test_accuracy = _accuracy(), _accuracy(), _accuracy()

    @classmethod
    def load_from_checkpoint(cls, checkpoint_path: Any, *args: Any, **kwargs: Any) -> "Classifier":
        """The net of a checkpoint file, ready to call.

        Raises:
            UserError: The file is not a sound checkpoint of a Classifier.
        """
        check_checkpoint(checkpoint_path)
        model: Classifier = super().load_from_checkpoint(checkpoint_path, *args, **{**kwargs, "weights_only": True})
        return model

    def configure_model(self) -> None:
        """Build the net, `self.net`. Trainer and load_from_checkpoint call this.

        Not in __init__: the data are drawn in between, so that a seed gives the digits of lesson 4.
        """
        if not hasattr(self, "net"):
            self.net = SimpleNet(2, self.hparams["hidden_size"], 2)
            if self.start is not None:
                self.load_state_dict(self.start)

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


def check_checkpoint(path: str | Path, resume: bool = False) -> dict[str, Any]:
    """A checkpoint of a Classifier, read, and held against the net that its settings describe before that is built.

    With `resume`, what the optimizer needs to go on is held against it too.

    Raises:
        UserError: It is no checkpoint, or none of a Classifier, or holds what no run of ours has written.
    """
    stored: dict[str, Any] = checkpoint.read(path)
    needed = {"state_dict", "hyper_parameters", "pytorch-lightning_version"}
    if resume:
        needed |= {"epoch", "global_step", "loops", "optimizer_states", "lr_schedulers"}
    missing = needed - (stored.keys() if isinstance(stored, dict) else set())
    if not missing and not isinstance(stored.get("loops", {}), dict):
        missing = {"loops"}
    if missing:
        raise UserError(
            f"checkpoint {path} holds no Classifier{' to resume' * resume}: it lacks {', '.join(sorted(missing))}"
        )
    settings, names = stored["hyper_parameters"], set(signature(Classifier).parameters)
    if not isinstance(settings, dict) or settings.keys() != names:
        raise UserError(f"checkpoint {path} holds no Classifier: its settings are not {', '.join(sorted(names))}")
    try:
        check("model", Classifier.__init__, settings, LIMITS)
    except UserError as error:
        raise UserError(f"checkpoint {path}: {error}") from None
    with torch.device("meta"):  # shapes without memory
        shapes = {
            f"net.{name}": value.shape for name, value in SimpleNet(2, settings["hidden_size"], 2).named_parameters()
        }
    weights = stored["state_dict"]
    found = (
        {name: getattr(value, "shape", None) for name, value in weights.items()} if isinstance(weights, dict) else {}
    )
    if found != shapes:
        net = f"SimpleNet(2, {settings['hidden_size']}, 2)"
        raise UserError(f"checkpoint {path} holds other weights than its settings say: {net}")
    try:
        moments = list(_tensors(stored["optimizer_states"])) if resume else []
    except RecursionError:
        raise UserError(f"checkpoint {path} holds no optimizer to resume") from None
    if not all(
        value.dtype == torch.float32 and value.layout == torch.strided for value in (*weights.values(), *moments)
    ):
        raise UserError(f"checkpoint {path} holds other numbers than dense floats")
    if not {value.shape for value in moments} <= {torch.Size(), *shapes.values()}:
        raise UserError(f"checkpoint {path} holds an optimizer of other weights")
    if not all(value.isfinite().all() for value in (*weights.values(), *moments)):
        raise UserError(f"checkpoint {path} holds numbers that are not finite")
    if resume:
        _try_to_resume(stored, path)
    return stored


def _try_to_resume(stored: dict[str, Any], path: str | Path) -> None:
    model = Classifier(**stored["hyper_parameters"])
    model.configure_model()
    (optimizer,), (scheduler,) = model.configure_optimizers()
    try:
        optimizer.load_state_dict(stored["optimizer_states"][0])
        scheduler.load_state_dict(stored["lr_schedulers"][0])
        kept = {name: getattr(scheduler, name) for name in ("step_size", "gamma")}
        kept |= {name: optimizer.param_groups[0].get(name, 0) for name in ("momentum", "weight_decay")}
        if any(model.hparams[name] != value for name, value in kept.items()):
            raise ValueError(f"{kept} are not the settings of the checkpoint")
    except Exception as error:  # torch raises many kinds for a state that is none
        raise UserError(f"checkpoint {path} holds no optimizer and schedule to resume") from error


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors(part)


def _accuracy() -> MulticlassAccuracy:
    return MulticlassAccuracy(2, average="micro", validate_args=False)
