"""Classifiers of one shape, trained side by side: their nets are stacked and vmapped, as they are."""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn.functional import cross_entropy, linear
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from torchtour.classifier import Classifier
from torchtour.sweep.optimizers import StackedAdam, StackedSGD

EACH = ("lr", "momentum", "weight_decay", "step_size", "gamma")  # settings that each net has for itself
SCORES = ("train/loss", "val/loss", "val/accuracy")
EVALUATED = 2**23  # weights times points at once: what they leave should fit the cache
State = dict[str, Tensor]
Block = Sequence[tuple[Tensor, Tensor]]


class StackedClassifiers(LightningModule):
    """Nets that share nothing but their shape: each has its own weights, rate, momentum, decay and schedule.

    Trainer sees one module. A net that diverges has NaN for a result and harms no other.

    Args:
        classifiers: The nets as they begin, with their settings, of which only those in EACH may differ.
        runs: For each net, which run of the StackedData it learns from; None: all from the first.

    Attributes:
        history: For each epoch that was validated, its number and its scores [nets].
        alive: Whether a net's losses and weights are finite so far [nets].
    """

    runs: Tensor | None
    alive: Tensor

    def __init__(self, classifiers: Sequence[Classifier], runs: Sequence[int] | None = None) -> None:
        super().__init__()
        self.automatic_optimization = False  # a training step is a block of batches: it has several steps in it
        nets = [classifier.net for classifier in classifiers]
        weights, buffers = stack_module_state(nets)  # {name: [nets, ...]}
        self.weights = nn.ParameterDict({_plain(name): weight for name, weight in weights.items()})
        self.kept = nn.Module()
        for name, buffer in buffers.items():
            self.kept.register_buffer(_plain(name), buffer)
        self._net = (copy.deepcopy(nets[0]).to("meta"),)  # in a tuple: its weights are not this module's
        self.inputs = getattr(classifiers[0], "inputs", nn.Identity())
        self.optimizer = classifiers[0].hparams["optimizer"]
        self.settings = [{name: float(each.hparams[name]) for name in EACH} for each in classifiers]
        self.register_buffer("runs", None if runs is None else torch.tensor(runs))
        self.register_buffer("alive", torch.ones(len(nets), dtype=torch.bool))
        self.history: list[tuple[int, dict[str, Tensor]]] = []

    def forward(self, features: Tensor) -> Tensor:
        """Features [runs, batch, n] to the logits of each net [nets, batch, classes]."""
        logits: Tensor = self._logits(dict(self.weights), self._features(features))
        return logits

    def training_step(self, block: Block, batch_idx: int) -> None:
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        for features, labels in block:
            weights = {name: weight.detach() for name, weight in self.weights.items()}
            gradients, losses = grad(self._loss, has_aux=True)(weights, self._features(features), self._labels(labels))
            for name, weight in self.weights.items():
                weight.grad = gradients[name]
            optimizer.step()
            self._add("train/loss", losses, labels.shape[-1])

    def validation_step(self, block: Block, batch_idx: int) -> None:
        at_once = 1 + EVALUATED // sum(weight.numel() for weight in self.weights.values())
        for batch in block:
            for features, labels in zip(*(part.split(at_once, dim=1) for part in batch), strict=True):
                logits, each = self(features), self._labels(labels)  # [nets, batch, classes], [nets, batch]
                self._add("val/loss", _losses(logits, each), labels.shape[-1])
                self._add("val/accuracy", (logits.argmax(-1) == each).float().mean(1), labels.shape[-1])

    def on_train_epoch_start(self) -> None:
        self._net[0].train()
        self._sums, self._counts = {}, dict.fromkeys(SCORES, 0)

    def on_validation_epoch_start(self) -> None:
        self._net[0].eval()

    def on_train_epoch_end(self) -> None:
        scores = {name: total / self._counts[name] for name, total in self._sums.items()}
        finite = [value.isfinite() for name, value in scores.items() if name.endswith("loss")]
        finite += [weight.detach().flatten(1).isfinite().all(1) for weight in self.weights.values()]
        self.alive &= torch.stack(finite).all(0)
        if "val/loss" in scores:
            self.history.append((self.current_epoch + 1, scores))
        self._decay()

    def configure_optimizers(self) -> Optimizer:
        rates = torch.float32 if self.device.type == "mps" else torch.float64  # as StepLR has them
        self.own = {
            name: torch.tensor([each[name] for each in self.settings], dtype=rates, device=self.device) for name in EACH
        }
        shared = {"lr": self.own["lr"], "weight_decay": self.own["weight_decay"]}
        if self.optimizer == "adam":
            return StackedAdam(self.weights.values(), **shared)
        return StackedSGD(self.weights.values(), momentum=self.own["momentum"], **shared)

    def results(self) -> list[dict[str, float]]:
        """The epoch with the lowest val/loss of each net, and its scores; NaN where the net diverged."""
        epochs, scores = zip(*self.history, strict=True)
        table = {name: torch.stack([each[name] for each in scores]).cpu() for name in SCORES}  # [epochs, nets]
        table["epoch"] = torch.tensor(epochs)[:, None].expand(-1, len(self.settings))
        best = table["val/loss"].nan_to_num(torch.inf).argmin(0, keepdim=True)  # [1, nets]
        found = {name: values.gather(0, best)[0].double() for name, values in table.items()}
        return [
            {name: values[net].item() if alive else torch.nan for name, values in found.items()}
            for net, alive in enumerate(self.alive.tolist())
        ]

    def state_of(self, net: int) -> State:
        """The state_dict of one net."""
        stacked = {**self.weights, **dict(self.kept.named_buffers())}
        return {name.replace("/", "."): value[net].detach().clone() for name, value in stacked.items()}

    def _loss(self, weights: State, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The sum of the nets' losses, whose gradient holds those of all nets, and the losses [nets]."""
        losses = _losses(self._logits(weights, features), labels)
        return losses.sum(), losses.detach()

    def _logits(self, weights: State, features: Tensor) -> Tensor:
        def one(state: State, x: Tensor) -> Tensor:
            return functional_call(self._net[0], {name.replace("/", "."): value for name, value in state.items()}, (x,))

        state = {**weights, **dict(self.kept.named_buffers())}
        with _LinearInColumns():
            own = None if self.runs is None else 0
            return vmap(one, in_dims=(0, own), randomness="different")(state, features)

    def _features(self, features: Tensor) -> Tensor:
        """Of all runs to what the nets take: [batch, n] if they share it, else [nets, batch, n]."""
        features = self.inputs(features)
        return features[0] if self.runs is None else features[self.runs]

    def _labels(self, labels: Tensor) -> Tensor:
        """Of all runs [runs, batch] to those of the nets [nets, batch]."""
        return labels.expand(len(self.settings), -1) if self.runs is None else labels[self.runs]

    def _add(self, name: str, means: Tensor, size: int) -> None:
        total = self._sums.setdefault(name, torch.zeros_like(self.own["lr"]))
        total.add_(means, alpha=size)
        self._counts[name] += size

    def _decay(self) -> None:
        """What StepLR does, for each net."""
        (group,) = self.optimizers(use_pl_optimizer=False).param_groups
        due = (self.current_epoch + 1) % self.own["step_size"] == 0  # [nets]
        group["lr"] = torch.where(due, group["lr"] * self.own["gamma"], group["lr"])


class _LinearInColumns(TorchFunctionMode):
    """nn.Linear on transposed batches: the batch, not the few hidden units, is then contiguous in memory.

    The values are the same. For 1000 nets of 10 hidden units, batch 32, the forward pass takes a third of the time.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is linear and args[0].dim() > 1:
            features, weight, bias = args  # [batch, in], [out, in], [out]
            columns = weight @ features.mT  # [out, batch]
            return (columns if bias is None else columns + bias[:, None]).mT
        return func(*args, **(kwargs or {}))


def _losses(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean cross-entropy of each net [nets] of logits [nets, batch, classes] and labels [nets, batch]."""
    return cross_entropy(logits.mT, labels, reduction="none").mean(1)


def _plain(name: str) -> str:
    return name.replace(".", "/")  # a module's own names have no dots
