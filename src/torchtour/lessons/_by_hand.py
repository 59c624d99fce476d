"""What the lessons let torch do, written out for their checks: slow and plain."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy


def losses_by_nudging(
    net: nn.Module, features: Tensor, labels: Tensor, lr: float, epochs: int
) -> tuple[list[float], list[int]]:
    """Gradient descent for SimpleNet without autograd and optimizer, in float64.

    The slope for each weight comes from nudging it up and down. Returns the loss and
    the number of right answers before each epoch, and after the last.
    """
    shapes = [weight.shape for weight in net.parameters()]
    sizes = [weight.numel() for weight in net.parameters()]
    weights = torch.cat([w.detach().double().flatten() for w in net.parameters()])

    def logits_of(rows: Tensor) -> Tensor:
        """The logits [net, point, class] of nets given as rows of their weights."""
        w1, b1, w2, b2 = (
            part.view(-1, *shape)
            for part, shape in zip(rows.split(sizes, dim=1), shapes, strict=True)
        )
        hidden = features.double() @ w1.mT + b1[:, None]
        return hidden.clamp(min=0) @ w2.mT + b2[:, None]

    def losses_of(rows: Tensor) -> Tensor:
        """The mean cross-entropy [net] of each."""
        probability = logits_of(rows).softmax(dim=2)
        return -probability[:, torch.arange(len(labels)), labels].log().mean(dim=1)

    nudges = 1e-6 * torch.eye(
        len(weights), dtype=torch.float64
    )  # row k nudges weight k
    losses, right = [], []
    for _ in range(epochs + 1):
        losses.append(losses_of(weights[None]).item())
        right.append(int((logits_of(weights[None])[0].argmax(dim=1) == labels).sum()))
        slopes = (losses_of(weights + nudges) - losses_of(weights - nudges)) / 2e-6
        weights = weights - lr * slopes
    return losses, right


def train_by_rule(
    net: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    rates: Iterable[float],
    rule: str,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    class_weights: Tensor | None = None,
    limit: float = math.inf,
) -> list[float]:
    """Train `net` in place by the rule of "sgd", "adam" or "adamw".

    There is a step for each batch and its learning rate. SGD and Adam add the decay to
    the gradient, AdamW shrinks the weight. A gradient longer than `limit` is shortened
    to it. Returns the loss before each step.
    """
    weights = list(net.parameters())
    means = [torch.zeros_like(weight) for weight in weights]
    squares = [torch.zeros_like(weight) for weight in weights]
    losses: list[float] = []
    for (features, labels), rate in zip(batches, rates, strict=False):
        loss = cross_entropy(net(features), labels, weight=class_weights)
        slopes = torch.autograd.grad(loss, weights)
        length = math.sqrt(sum(slope.square().sum().item() for slope in slopes))
        losses.append(loss.item())
        step = len(losses)
        with torch.no_grad():
            for weight, m, v, slope in zip(
                weights, means, squares, slopes, strict=True
            ):
                gradient = slope * min(1.0, limit / length)
                if rule == "adamw":
                    weight -= rate * weight_decay * weight
                else:
                    gradient = gradient + weight_decay * weight
                if rule == "sgd":
                    weight -= rate * m.mul_(momentum).add_(gradient)
                    continue
                m.mul_(0.9).add_(0.1 * gradient)
                v.mul_(0.999).add_(0.001 * gradient**2)
                spread = (v / (1 - 0.999**step)).sqrt()
                weight -= rate * (m / (1 - 0.9**step)) / (spread + 1e-8)
    return losses
