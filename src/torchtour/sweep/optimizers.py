"""torch's SGD and Adam for stacked nets: parameters [nets, ...], and a rate for each net."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class StackedSGD(Optimizer):
    """torch.optim.SGD with a learning rate, momentum and weight decay for each net [nets]."""

    def __init__(self, params: Iterable[Tensor], lr: Tensor, momentum: Tensor, weight_decay: Tensor) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.decays = bool(weight_decay.any())

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                gradient = _with_decay(weight, group["weight_decay"]) if self.decays else weight.grad
                state = self.state[weight]
                if not state:
                    state["velocity"] = torch.zeros_like(weight)
                velocity = state["velocity"].mul_(_each(group["momentum"], weight)).add_(gradient)
                weight.addcmul_(velocity, _each(group["lr"], weight), value=-1)


class StackedAdam(Optimizer):
    """torch.optim.Adam with its default betas, and a learning rate and weight decay for each net [nets]."""

    def __init__(self, params: Iterable[Tensor], lr: Tensor, weight_decay: Tensor) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "betas": (0.9, 0.999), "eps": 1e-8})
        self.decays = bool(weight_decay.any())

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for weight in group["params"]:
                gradient = _with_decay(weight, group["weight_decay"]) if self.decays else weight.grad
                state = self.state[weight]
                if not state:
                    state.update(step=0, mean=torch.zeros_like(weight), square=torch.zeros_like(weight))
                state["step"] += 1
                mean = state["mean"].lerp_(gradient, 1 - beta1)
                square = state["square"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
                spread = (square.sqrt() / (1 - beta2 ** state["step"]) ** 0.5).add_(group["eps"])
                rate = group["lr"] / (1 - beta1 ** state["step"])  # [nets]
                weight.addcmul_(mean / spread, _each(rate, weight), value=-1)


def _with_decay(weight: Tensor, decay: Tensor) -> Tensor:
    """The gradient and that of the L2 penalty."""
    assert weight.grad is not None
    return weight.grad.addcmul(weight, _each(decay, weight))


def _each(value: Tensor, weight: Tensor) -> Tensor:
    """A value a net [nets], shaped to meet the weights of its net [nets, 1, ...]."""
    return value.to(weight.dtype).view(-1, *[1] * (weight.dim() - 1))
