"""Classifiers of one shape, trained side by side: their nets are stacked and vmapped, as they are."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.functional import cross_entropy, linear
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode

from torchtour.sweep.optimizers import StackedAdam, StackedSGD

EACH = ("lr", "momentum", "weight_decay", "step_size", "gamma")  # settings that each net has for itself
SCORES = ("train/loss", "train/accuracy", "val/loss", "val/accuracy")
EVALUATED = 2**23  # weights times points at once: what they leave should fit the cache
State = dict[str, Tensor]
Block = Sequence[tuple[Tensor, Tensor]]
Step = Callable[[Tensor, State, Tensor, Tensor], tuple[Tensor, tuple[Tensor, Tensor]]]


class StackedClassifiers(LightningModule):
    """Nets that share nothing but their shape: each has its own weights, rate, momentum, decay and schedule.

    Trainer sees one module. A net that diverges has NaN for a result and harms no other.

    Args:
        nets: The nets as they begin, all of one shape; one may stand for several, which then begin alike.
        settings: Classifier's settings of each net; only those in EACH may differ.
        runs: For each net, which run of the StackedData it learns from; None: all from the first.
        inputs: What a Classifier does to the features before its net sees them, the same for all.

    Attributes:
        weights: The weights of each net in a row [nets, weights].
        history: For each epoch that was validated, its number and its scores [nets].
        alive: Whether a net's losses and weights are finite so far [nets].
    """

    runs: Tensor | None
    alive: Tensor

    def __init__(
        self,
        nets: Sequence[nn.Module],
        settings: Sequence[Mapping[str, Any]],
        runs: Sequence[int] | None = None,
        inputs: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False  # a training step is a block of batches: it has several steps in it
        stacked, buffers = stack_module_state(list(nets))  # {name: [nets, ...]}
        self.shapes = {name: weight.shape[1:] for name, weight in stacked.items()}
        self.weights = nn.Parameter(torch.cat([weight.detach().flatten(1) for weight in stacked.values()], dim=1))
        self.kept = _Buffers(buffers)
        self._net = (copy.deepcopy(nets[0]).to("meta"),)  # in a tuple: its weights are not this module's
        self.inputs = inputs or nn.Identity()
        self.optimizer: str = settings[0]["optimizer"]
        self.settings = [{name: float(each[name]) for name in EACH} for each in settings]
        self.register_buffer("runs", None if runs is None else torch.tensor(runs))
        self.register_buffer("alive", torch.ones(len(nets), dtype=torch.bool))
        self.history: list[tuple[int, State]] = []
        self._steps: dict[tuple[int, ...], Step] = {}

    def forward(self, features: Tensor) -> Tensor:
        """Features [runs, batch, n] to the logits of each net [nets, batch, classes]."""
        logits: Tensor = self._logits(self.weights, self.kept.state(), self._features(features))
        return logits

    def training_step(self, block: Block, batch_idx: int) -> None:
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        for features, labels in block:
            batch = self._features(features), self._labels(labels)
            weights, kept = self.weights.detach(), self.kept.state()
            step = self._traced(weights, kept, *batch)
            self.weights.grad, scores = step(weights, kept, *batch)
            optimizer.step()
            self._add("train", scores, labels.shape[1])

    def validation_step(self, block: Block, batch_idx: int) -> None:
        at_once = 1 + EVALUATED // self.weights.numel()
        for batch in block:
            for features, labels in zip(*(torch.split(part, at_once, dim=1) for part in batch), strict=True):
                self._add("val", _scores(self(features), self._labels(labels)), labels.shape[1])

    def on_train_epoch_start(self) -> None:
        self._net[0].train()
        self._sums: State = {}
        self._sizes = {"train": 0, "val": 0}

    def on_validation_epoch_start(self) -> None:
        self._net[0].eval()

    def on_train_epoch_end(self) -> None:
        scores = {name: total / self._sizes[name.split("/")[0]] for name, total in self._sums.items()}
        finite = [value.isfinite() for name, value in scores.items() if name.endswith("loss")]
        self.alive &= torch.stack([*finite, self.weights.isfinite().all(1)]).all(0)
        if "val/loss" in scores:
            self.history.append((self.current_epoch + 1, scores))
        self._decay()

    def configure_optimizers(self) -> Optimizer:
        dtype = torch.float32 if self.device.type == "mps" else torch.float64  # as StepLR has its rates
        columns = zip(*(each.values() for each in self.settings), strict=True)
        self.own = {
            name: torch.tensor(column, dtype=dtype, device=self.device)
            for name, column in zip(EACH, columns, strict=True)
        }
        shared = {"lr": self.own["lr"], "weight_decay": self.own["weight_decay"]}
        if self.optimizer == "adam":
            return StackedAdam([self.weights], **shared)
        return StackedSGD([self.weights], momentum=self.own["momentum"], **shared)

    def results(self) -> list[dict[str, float]]:
        """The epoch with the lowest val/loss of each net, and its scores; NaN where the net diverged."""
        epochs, scores = zip(*self.history, strict=True)
        table = {name: torch.stack([each[name] for each in scores]).cpu() for name in SCORES}  # [epochs, nets]
        table = {"epoch": torch.tensor(epochs)[:, None].expand_as(table["val/loss"]), **table}
        # As float32, which Run compares too.
        best = table["val/loss"].float().nan_to_num(torch.inf).argmin(0, keepdim=True)  # [1, nets]
        found = {name: values.gather(0, best)[0].tolist() for name, values in table.items()}
        return [
            {name: values[net] if alive else torch.nan for name, values in found.items()}
            for net, alive in enumerate(self.alive.tolist())
        ]

    def state_of(self, net: int) -> State:
        """The state_dict of one net."""
        stacked = {**self._split(self.weights.detach()), **self.kept.state()}
        return {name: value[net].clone() for name, value in stacked.items()}

    def _traced(self, *arguments: Any) -> Step:
        """The step for batches of this shape, as plain calls of torch's operators.

        Without the layers of vmap, grad and autograd around them a step of 100 nets takes 0.6 of the time.
        """
        shape = tuple(arguments[2].shape)
        if shape not in self._steps:
            once = [copy.deepcopy(argument) for argument in arguments]  # tracing executes the step
            step = grad(self._loss, has_aux=True)
            self._steps[shape] = make_fx(lambda w, k, x, y: step(w, k, x, y))(*once)  # it counts a method's self
        return self._steps[shape]

    def _loss(self, weights: Tensor, kept: State, features: Tensor, labels: Tensor) -> Any:
        """The sum of the nets' losses, whose gradient holds the gradients of all nets, and their scores."""
        losses, right = _scores(self._logits(weights, kept, features), labels)
        return losses.sum(), (losses, right)

    def _logits(self, weights: Tensor, kept: State, features: Tensor) -> Tensor:
        def one(state: State, x: Tensor) -> Tensor:
            logits: Tensor = functional_call(self._net[0], state, (x,))
            return logits

        with _LinearInColumns():
            state, batch = 0, None if self.runs is None else 0
            logits: Tensor = vmap(one, in_dims=(state, batch), randomness="different")(
                {**self._split(weights), **kept}, features
            )
        return logits

    def _split(self, weights: Tensor) -> State:
        """Rows of weights [nets, weights] to {name: [nets, ...]}."""
        parts = torch.split(weights, [shape.numel() for shape in self.shapes.values()], dim=1)
        return {
            name: torch.unflatten(part, 1, shape)
            for part, (name, shape) in zip(parts, self.shapes.items(), strict=True)
        }

    def _features(self, features: Tensor) -> Tensor:
        """Of all runs to what the nets take: [batch, n] if they share it, else [nets, batch, n]."""
        if self.runs is None:
            shared: Tensor = self.inputs(features[0])
            return shared
        return torch.stack([self.inputs(each) for each in features])[self.runs]

    def _labels(self, labels: Tensor) -> Tensor:
        """Of all runs [runs, batch] to those of the nets [nets, batch]."""
        return labels.expand(len(self.settings), -1) if self.runs is None else labels[self.runs]

    def _add(self, split: str, scores: tuple[Tensor, Tensor], size: int) -> None:
        for name, means in zip(("loss", "accuracy"), scores, strict=True):
            total = self._sums.setdefault(f"{split}/{name}", torch.zeros_like(self.own["lr"]))  # [nets]
            total.add_(means, alpha=size)
        self._sizes[split] += size

    def _decay(self) -> None:
        """Do what StepLR does, for each net."""
        (group,) = self.optimizers(use_pl_optimizer=False).param_groups  # type: ignore[union-attr]
        due = (self.current_epoch + 1) % self.own["step_size"] == 0  # [nets]
        group["lr"] = torch.where(due, group["lr"] * self.own["gamma"], group["lr"])


class _Buffers(nn.Module):
    """Stacked buffers, {name: [nets, ...]}."""

    def __init__(self, buffers: State) -> None:
        super().__init__()
        for name, buffer in buffers.items():
            self.register_buffer(name.replace(".", "/"), buffer)  # a buffer's own name may have no dot

    def state(self) -> State:
        return {name.replace("/", "."): buffer for name, buffer in self._buffers.items() if buffer is not None}


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


def _scores(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The mean loss and the accuracy of each net [nets] of logits [nets, batch, classes], labels [nets, batch]."""
    classes_first = logits.mT
    losses = cross_entropy(classes_first, labels, reduction="none").mean(1)
    highest = classes_first.max(1).indices  # argmax's: of a dimension between others it takes some 50 times as long
    return losses, (highest == labels).float().mean(1)
