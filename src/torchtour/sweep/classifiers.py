"""Classifiers of one shape, trained side by side: their nets are stacked and vmapped, as they are."""

import copy
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.functional import linear
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau
from torch.overrides import TorchFunctionMode

from torchtour.classifier import Classifier
from torchtour.settings import UserError
from torchtour.sweep.optimizers import check_stackable, columns_of, stacked_optimizer

PER_NET_SETTINGS = ("lr", "momentum", "weight_decay", "warmup_epochs", "step_size", "gamma")  # of the optimizer alone
METRICS = ("train/loss", "train/accuracy", "val/loss", "val/accuracy")
WEIGHTS_TIMES_POINTS = 2**23  # evaluated at once: what they leave should fit the cache
MAX_RELATIVE_DIFFERENCE = 1e-3  # of the loss of a training step, by the model itself and by the stack
State = dict[str, Tensor]
Block = Sequence[tuple[Tensor, Tensor]]
Step = Callable[[Tensor, State, Tensor, Tensor], tuple[Tensor, tuple[Tensor, Tensor]]]


class StackedClassifiers(LightningModule):
    """Nets that share nothing but their shape; each has its own weights, and what the model configures for it.

    Trainer sees one module. A net that diverges has NaN for a result and harms no other.

    Args:
        model: A module of the nets' class; its loss, optimizer and schedule are used.
        nets: The nets as they begin, all of one shape; one may stand for several, which then begin alike.
        settings: The model's settings of each net; only PER_NET_SETTINGS may differ.
        runs: For each net, which run of the StackedData it learns from; None: all from the first.

    Attributes:
        weights: The weights of each net in a row [nets, weights].
        history: For each epoch that was validated, its number and its metrics [nets].
        alive: Whether a net's losses and weights are finite so far [nets].

    Raises:
        UserError: While training: the model's optimizer, schedule or training step cannot be stacked.
    """

    runs: Tensor | None
    alive: Tensor

    def __init__(
        self,
        model: Classifier,
        nets: Sequence[nn.Module],
        settings: Sequence[Mapping[str, Any]],
        runs: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False  # a training step is a block of batches: it has several steps in it
        stacked, buffers = stack_module_state(list(nets))  # {name: [nets, ...]}
        self.shapes = {name: weight.shape[1:] for name, weight in stacked.items()}
        self.weights = nn.Parameter(torch.cat([weight.detach().flatten(1) for weight in stacked.values()], dim=1))
        self.stacked_buffers = _Buffers(buffers)
        # In tuples: their weights are not this module's.
        self._net = (copy.deepcopy(nets[0]).to("meta"),)
        self._model = (model,)
        self.inputs = getattr(model, "inputs", None) or nn.Identity()
        self.settings = settings
        self.register_buffer("runs", None if runs is None else torch.tensor(runs))
        self.register_buffer("alive", torch.ones(len(nets), dtype=torch.bool))
        self.history: list[tuple[int, State]] = []
        self._steps: dict[tuple[int, ...], Step] = {}

    def forward(self, features: Tensor) -> Tensor:
        """Features [runs, batch, n] to the logits of each net [nets, batch, classes]."""
        logits: Tensor = self._logits(self.weights, self.stacked_buffers.state(), self._features(features))
        return logits

    def on_train_start(self) -> None:
        features, labels = self.trainer.datamodule.first_batch()  # type: ignore[attr-defined]
        self._check_step(features.to(self.device), labels.to(self.device))

    def training_step(self, block: Block, batch_idx: int) -> None:
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        for features, labels in block:
            batch = self._features(features), self._labels(labels)
            weights, buffers = self.weights.detach(), self.stacked_buffers.state()
            step = self._traced(weights, buffers, *batch)
            self.weights.grad, metrics = step(weights, buffers, *batch)
            optimizer.step()
            self._add("train", metrics, labels.shape[1])

    def validation_step(self, block: Block, batch_idx: int) -> None:
        at_once = 1 + WEIGHTS_TIMES_POINTS // self.weights.numel()
        for batch in block:
            for features, labels in zip(*(torch.split(part, at_once, dim=1) for part in batch), strict=True):
                self._add("val", self._metrics(self(features), self._labels(labels)), labels.shape[1])

    def on_train_epoch_start(self) -> None:
        self._net[0].train()
        self._sums: State = {}
        self._sizes = {"train": 0, "val": 0}

    def on_validation_epoch_start(self) -> None:
        self._net[0].eval()

    def on_train_epoch_end(self) -> None:
        metrics = {name: total / self._sizes[name.split("/")[0]] for name, total in self._sums.items()}
        finite = [value.isfinite() for name, value in metrics.items() if name.endswith("loss")]
        self.alive &= torch.stack([*finite, self.weights.isfinite().all(1)]).all(0)
        if "val/loss" in metrics:
            self.history.append((self.current_epoch + 1, metrics))
        self._step_schedules()

    def configure_optimizers(self) -> Optimizer:
        model = self._model[0]
        model.trainer = self.trainer
        own = dict(model.hparams)
        self._own: list[Optimizer] = []  # each net's optimizer: it never steps, but its schedule moves its rate
        self._schedules: list[LRScheduler] = []
        for settings in self.settings:
            model.hparams.update(settings)
            optimizer, schedule = _optimizer_and_schedule(model.configure_optimizers())
            optimizer.step()  # without gradients it changes nothing; a schedule expects it
            self._own.append(optimizer)
            self._schedules += [schedule] if schedule else []
        model.hparams.update(own)
        check_stackable(self._own)
        index = {id(weight): k for k, group in enumerate(self._own[0].param_groups) for weight in group["params"]}
        named = dict(model.net.named_parameters())
        if {id(weight) for weight in named.values()} != index.keys():
            raise UserError("a sweep stacks nets whose optimizer has every parameter of the net, and no other")
        self._groups = [(index[id(named[name])], shape.numel()) for name, shape in self.shapes.items()]
        return stacked_optimizer(self.weights, self._own, self._groups)

    def results(self) -> list[dict[str, float]]:
        """The epoch with the lowest val/loss of each net, and its scores; NaN where the net diverged."""
        epochs, metrics = zip(*self.history, strict=True)
        table = {name: torch.stack([each[name] for each in metrics]).cpu() for name in METRICS}  # [epochs, nets]
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
        stacked = {**self._split(self.weights.detach()), **self.stacked_buffers.state()}
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
        losses, right = self._metrics(self._logits(weights, kept, features), labels)
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

    def _add(self, split: str, metrics: tuple[Tensor, Tensor], size: int) -> None:
        for name, means in zip(("loss", "accuracy"), metrics, strict=True):
            dtype = torch.float32 if means.device.type == "mps" else torch.float64
            total = self._sums.setdefault(f"{split}/{name}", torch.zeros_like(means, dtype=dtype))  # [nets]
            total.add_(means, alpha=size)
        self._sizes[split] += size

    def _step_schedules(self) -> None:
        """Let each net's own schedule move its rate."""
        if not self._schedules:
            return
        for schedule in self._schedules:
            schedule.step()
        (group,) = self.optimizers(use_pl_optimizer=False).param_groups  # type: ignore[union-attr]
        group["lr"] = columns_of(self.weights, self._own, self._groups, ("lr",))["lr"]

    def _check_step(self, features: Tensor, labels: Tensor) -> None:
        """Compare the loss of a batch, features [runs, batch, n], by the model's own training step and by the stack's.

        Raises:
            UserError: They differ, as where the training step does something else than the loss of the logits.
        """
        model = self._model[0].to(self.device).eval()
        model.trainer = None  # so that what it logs goes nowhere
        model.net.load_state_dict(self.state_of(0))
        run = 0 if self.runs is None else int(self.runs[0])
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it logs without a Trainer
            outputs: Any = model.training_step((features[run], labels[run]), 1)
            expected = float(outputs["loss"] if isinstance(outputs, dict) else outputs)
            self._net[0].eval()
            losses, _ = self._metrics(self(features), self._labels(labels))
            self._net[0].train()
        if abs(float(losses[0]) - expected) > MAX_RELATIVE_DIFFERENCE * (1 + abs(expected)):
            name = type(model).__name__
            raise UserError(
                f"a sweep cannot train {name} as fit does: a batch's loss is {expected:.4f} by its training step, "
                f"and {float(losses[0]):.4f} by {name}.loss of its net's logits"
            )

    def _metrics(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss and accuracy of each net [nets] of logits [nets, batch, classes], labels [nets, batch]."""
        losses: Tensor = vmap(self._model[0].loss)(logits, labels)
        highest = logits.mT.max(1).indices  # argmax's: of a dimension between others it takes some 50 times as long
        return losses, (highest == labels).float().mean(1)


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


def _optimizer_and_schedule(configured: Any) -> tuple[Optimizer, LRScheduler | None]:
    """What a module's configure_optimizers gives, in whichever of Lightning's forms.

    Raises:
        UserError: There are several, or the schedule needs a metric or steps once a batch.
    """
    if isinstance(configured, Optimizer):
        return configured, None
    if isinstance(configured, dict):
        configured = [configured["optimizer"]], [configured["lr_scheduler"]] if "lr_scheduler" in configured else []
    optimizers, schedules = configured if isinstance(configured[1], (list, tuple)) else (configured, [])
    if len(optimizers) != 1 or len(schedules) > 1:
        raise UserError("a sweep stacks nets with one optimizer and one schedule")
    schedule = schedules[0] if schedules else None
    interval = "epoch"
    if isinstance(schedule, dict):
        schedule, interval = schedule["scheduler"], schedule.get("interval", "epoch")
    if interval != "epoch" or isinstance(schedule, ReduceLROnPlateau):
        raise UserError(f"a sweep steps a schedule once an epoch, without a metric: not {type(schedule).__name__}")
    return optimizers[0], schedule
