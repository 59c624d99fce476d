"""The training: SimpleNet with its loss, accuracy, optimizer and learning rate schedule."""

import math
import re
from inspect import signature
from pathlib import Path
from typing import Any, Literal

import torch
from lightning import LightningModule
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor, distributed
from torch.nn.functional import cross_entropy
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import StepLR
from torchmetrics import Metric
from torchmetrics.classification import MulticlassAccuracy, MulticlassConfusionMatrix

from torchtour import checkpoint
from torchtour.limits import UserError, check
from torchtour.network import SimpleNet

Batch = tuple[Tensor, Tensor]
SCORES = ("loss", "accuracy")
LIMITS = {
    "hidden_size": (1, 1_000_000),
    "lr": (0, 1000),
    "momentum": (0, 1),
    "weight_decay": (0, 1000),
    "step_size": (1, 1_000_000_000),
    "gamma": (1e-9, 1),
}


class MeanLoss(Metric):
    """The mean loss over samples: each batch counts by its size.

    The sum is kept as two float32, the second what the first has lost in rounding, so that neither the number of steps
    nor that of processes shows in it. (Knuth's TwoSum; MPS has no float64.)
    """

    total: Tensor
    lost: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=_gather)
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx=None)  # None: the processes' values side by side
        self.add_state("lost", torch.tensor(0.0), dist_reduce_fx=None)
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, loss: Tensor, size: int) -> None:
        """Add a batch of `size` samples with the mean `loss`."""
        term = loss * size
        total = self.total + term
        rest = total - self.total
        # In place: to set a state anew, torchmetrics takes longer than the arithmetic.
        self.lost.add_((self.total - (total - rest)) + (term - rest))
        self.total.copy_(total)
        self.count.add_(size)

    def compute(self) -> Tensor:
        parts = [*self.total.reshape(-1).tolist(), *self.lost.reshape(-1).tolist()]
        return torch.tensor(math.fsum(parts) / self.count.item(), device=self.count.device)


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
        self.test_confusion = MulticlassConfusionMatrix(2, validate_args=False, dist_sync_fn=_gather)

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
        if (processes := self.trainer.world_size) > 1:
            # DDP averages the gradients of the processes: weigh each by its share of the whole batch.
            sampler = getattr(self.trainer.train_dataloader, "sampler", None)
            if sampler is not None and hasattr(sampler, "size"):
                loss = loss * (processes * len(batch[0]) / sampler.size(batch_idx))
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

    def on_test_epoch_start(self) -> None:
        self.test_confusion.reset()

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
        if len(labels):
            getattr(self, f"{split}_loss").update(loss.detach(), len(labels))
            getattr(self, f"{split}_accuracy").update(logits.detach(), labels)
            if split == "test":
                self.test_confusion.update(logits, labels)
        return loss

    def _log_epoch(self, split: str) -> None:
        metrics: dict[str, Metric] = {f"{split}/{name}": getattr(self, f"{split}_{name}") for name in SCORES}
        if self.trainer.state.fn != TrainerFn.FITTING:
            self.log_dict(metrics)
            return
        # What self.log does, in a fifth of the time: an epoch may be a single step.
        scores = {name: metric.compute() for name, metric in metrics.items()}
        for metric in metrics.values():
            metric.reset()
        if not self.trainer.sanity_checking:
            self.trainer.callback_metrics.update(scores)
            for logger in self.loggers:
                values = {name: score.item() for name, score in scores.items()}
                logger.log_metrics({**values, "epoch": self.current_epoch}, self.global_step)
                logger.save()


def check_checkpoint(path: str | Path, resume: bool = False) -> dict[str, Any]:
    """A checkpoint of a Classifier, read, and held against the net that its settings describe before that is built.

    With `resume`, what the optimizer and the schedule need to go on is held against them too.

    Raises:
        UserError: It is no checkpoint, or none of a Classifier, or holds what no run of ours has written.
    """
    stored: dict[str, Any] = checkpoint.read(path)
    needed = {"state_dict", "hyper_parameters", "pytorch-lightning_version"}
    if resume:
        needed |= {"epoch", "global_step", "loops", "optimizer_states", "lr_schedulers"}
    missing = needed - (stored.keys() if isinstance(stored, dict) else set())
    if missing:
        raise UserError(
            f"checkpoint {path} holds no Classifier{' to resume' * resume}: it lacks {', '.join(sorted(missing))}"
        )
    if not re.fullmatch(r"2(\.\d{1,4}){1,3}((rc|\.dev|\.post)\d{1,9})?", str(stored["pytorch-lightning_version"])[:30]):
        raise UserError(f"checkpoint {path} was not written by Lightning 2")
    settings, names = stored["hyper_parameters"], set(signature(Classifier).parameters)
    if not isinstance(settings, dict) or settings.keys() != names:
        raise UserError(f"checkpoint {path} holds no Classifier: its settings are not {', '.join(sorted(names))}")
    try:
        check("model", Classifier.__init__, settings, LIMITS)
    except UserError as error:
        raise UserError(f"checkpoint {path}: {error}") from None
    with torch.device("meta"):  # shapes without memory
        model = Classifier(**settings)
        model.configure_model()
    if place := checkpoint.unlike(stored["state_dict"], model.state_dict(), "state_dict"):
        raise UserError(
            f"checkpoint {path} holds other weights than those of SimpleNet(2, {settings['hidden_size']}, 2), "
            f"dense, float32 and finite: {place}"
        )
    if resume and (place := _unlike_resumable(stored, model)):
        raise UserError(f"checkpoint {path} holds no optimizer and schedule to resume: {place}")
    return stored


def _unlike_resumable(stored: dict[str, Any], model: Classifier) -> str:
    """Where a checkpoint differs from one of a run with the model's settings; "" where it does not."""
    with torch.device("meta"):
        (optimizer,), (scheduler,) = model.configure_optimizers()
        for weight in model.parameters():
            weight.grad = torch.zeros_like(weight)
        optimizer.step()
        scheduler.step()
    kept = ("epoch", "global_step", "optimizer_states", "lr_schedulers")
    states: list[Any] = [0, 0, [optimizer.state_dict()], [scheduler.state_dict()]]
    pattern = dict(zip(kept, states, strict=True))
    if place := checkpoint.unlike({name: stored[name] for name in kept}, pattern):
        return place
    moves = {"lr", "_last_lr", "_step_count", "last_epoch"}
    fixed = [
        [{name: value for name, value in state.items() if name not in moves} for state in states]
        for content in (stored, pattern)
        for states in (content["optimizer_states"][0]["param_groups"], content["lr_schedulers"])
    ]
    if fixed[:2] != fixed[2:]:
        return "its settings are other than the checkpoint's"
    epochs = stored["epoch"] + 1  # that have ended; Lightning's own callbacks save before the schedule's step
    return "" if epochs > 0 and stored["lr_schedulers"][0]["last_epoch"] in (epochs, epochs - 1) else "epoch"


def _accuracy() -> MulticlassAccuracy:
    return MulticlassAccuracy(2, average="micro", validate_args=False, dist_sync_fn=_gather)


def _gather(state: Tensor, group: Any) -> list[Tensor]:
    """All processes' values of a metric's state; torchmetrics would exchange shapes first, which are the same here."""
    states = [torch.empty_like(state) for _ in range(distributed.get_world_size(group))]
    distributed.all_gather(states, state, group)
    return states
