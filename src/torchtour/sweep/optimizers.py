"""torch's SGD, Adam and AdamW for stacked nets: weights [nets, weights], and settings for each net."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from torchtour.settings import UserError

PER_NET = {"lr", "momentum", "weight_decay", "betas"}  # settings that may differ from net to net
IGNORED = {"params", "initial_lr", "foreach", "fused", "capturable", "differentiable", "swap_params"}  # no arithmetic
PLAIN = {"nesterov": False, "dampening": 0, "amsgrad": False, "maximize": False}


class StackedSGD(Optimizer):
    """torch.optim.SGD with a learning rate, momentum and weight decay for each net [nets, 1] or weight."""

    def __init__(self, params: Iterable[Tensor], lr: Tensor, momentum: Tensor, weight_decay: Tensor) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.decays = bool(weight_decay.any())

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                gradient = _with_l2_penalty(weight, group["weight_decay"]) if self.decays else weight.grad
                state = self.state[weight]
                if not state:
                    state["velocity"] = torch.zeros_like(weight)
                velocity = state["velocity"].mul_(group["momentum"].to(weight.dtype)).add_(gradient)
                weight.addcmul_(velocity, group["lr"].to(weight.dtype), value=-1)


class StackedAdam(Optimizer):
    """torch.optim.Adam, or AdamW if `decoupled`, with settings for each net [nets, 1] or weight."""

    def __init__(
        self, params: Iterable[Tensor], lr: Tensor, weight_decay: Tensor, betas: tuple[Tensor, Tensor], eps: float,
        decoupled: bool,
    ) -> None:  # fmt: skip
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "betas": betas, "eps": eps})
        self.decays, self.decoupled = bool(weight_decay.any()), decoupled

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if not state:
                    state.update(step=0, mean=torch.zeros_like(weight), square=torch.zeros_like(weight))
                state["step"] += 1
                gradient = weight.grad
                if self.decays and self.decoupled:
                    weight.mul_((1 - group["lr"] * group["weight_decay"]).to(weight.dtype))
                elif self.decays:
                    gradient = _with_l2_penalty(weight, group["weight_decay"])
                corrections = [1 - beta ** state["step"] for beta in group["betas"]]
                beta1, beta2 = (beta.to(weight.dtype) for beta in group["betas"])
                mean = state["mean"].lerp_(gradient, 1 - beta1)
                square = state["square"].mul_(beta2).addcmul_(gradient * (1 - beta2), gradient)
                spread = (square.sqrt() / corrections[1].sqrt().to(weight.dtype)).add_(group["eps"])
                weight.addcmul_(mean / spread, (group["lr"] / corrections[0]).to(weight.dtype), value=-1)


def stacked_optimizer(weights: Tensor, optimizers: Sequence[Optimizer], shapes: Sequence[tuple[int, int]]) -> Optimizer:
    """One optimizer for all nets that does what each net's own does.

    Args:
        weights: The weights of each net in a row [nets, weights].
        optimizers: Each net's own, as its module configured it.
        shapes: For each parameter of a net, the parameter group that it is in and how many numbers it has.

    Raises:
        UserError: It is an optimizer, or has a setting, that cannot be stacked.
    """
    first = optimizers[0]
    if type(first) is SGD:
        return StackedSGD([weights], **columns_of(weights, optimizers, shapes, ("lr", "momentum", "weight_decay")))
    if not isinstance(first, Adam):  # AdamW is an Adam, whose groups say that decay is decoupled
        raise UserError(f"a sweep stacks SGD, Adam and AdamW, not {type(first).__name__}")
    settings: dict[str, Any] = columns_of(weights, optimizers, shapes, ("lr", "weight_decay"))
    betas = [columns_of(weights, optimizers, shapes, ("betas",), which)["betas"] for which in (0, 1)]
    group = first.param_groups[0]
    return StackedAdam(
        [weights], **settings, betas=(betas[0], betas[1]), eps=group["eps"],
        decoupled=group.get("decoupled_weight_decay", False),
    )  # fmt: skip


def columns_of(
    weights: Tensor, optimizers: Sequence[Optimizer], shapes: Sequence[tuple[int, int]], names: Sequence[str],
    which: int | None = None,
) -> dict[str, Tensor]:  # fmt: skip
    """Settings of each net [nets, 1], or of each weight [nets, weights] if there are several parameter groups."""
    sizes = torch.tensor([size for _, size in shapes])
    groups = torch.tensor([group for group, _ in shapes])
    found = {}
    for name in names:
        rows = [
            [group[name] if which is None else group[name][which] for group in optimizer.param_groups]
            for optimizer in optimizers
        ]
        dtype = torch.float32 if weights.device.type == "mps" else torch.float64  # as schedules count
        values = torch.tensor(rows, dtype=dtype)  # [nets, groups]
        if values.shape[1] > 1:
            values = values[:, groups].repeat_interleave(sizes, dim=1)  # [nets, weights]
        found[name] = values.to(weights.device)
    return found


def check_stackable(optimizers: Sequence[Optimizer]) -> None:
    """Compare the nets' optimizers, whose settings may differ in PER_NET alone.

    Raises:
        UserError: One cannot be stacked with the others.
    """
    first = optimizers[0].param_groups
    for optimizer in optimizers:
        same_groups = len(optimizer.param_groups) == len(first)
        if type(optimizer) is not type(optimizers[0]) or not same_groups:
            raise UserError("a sweep stacks nets whose optimizers have one class and the same parameter groups")
        for group, other in zip(optimizer.param_groups, first, strict=True):
            for name in group.keys() - IGNORED - PER_NET:
                if group[name] != PLAIN.get(name, other.get(name)):
                    raise UserError(f"a sweep cannot stack {type(optimizer).__name__} with {name} {group[name]}")


def _with_l2_penalty(weight: Tensor, decay: Tensor) -> Tensor:
    if weight.grad is None:
        raise AssertionError("an optimizer steps after the gradients were computed")
    return weight.grad.addcmul(weight, decay.to(weight.dtype))
