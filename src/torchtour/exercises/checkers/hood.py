"""Lesson 15."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Trial


def accumulate(t: Trial, answer: Callable[..., Any]) -> None:
    n_features, n_classes = t.draw.size(3, 6), t.draw.size(2, 4)
    for n, size in ((12, 4), (11, 4), (7, 7), (5, 8), (9, 1)):
        net = t.draw.net(n_features, n_classes)
        features, labels = t.draw.normal(n, n_features), t.draw.labels(n, n_classes)
        torch.autograd.backward(cross_entropy(net(features.flip(1) + 1), labels))  # an old gradient
        sizes: list[int] = []
        net.register_forward_hook(lambda _, inputs, __, sizes=sizes: sizes.append(len(inputs[0])))
        before = [weight.detach().clone() for weight in net.parameters()]
        with t.part() as seen:
            t.call(answer, net, features, labels, size, names="net features labels size", changes=["net"])
            seen += [weight.grad for weight in net.parameters()]
            same = all(map(torch.equal, before, net.parameters()))
            t.require(same, "The weights have changed. Only the gradient is asked for, and no step.", seen=t.last_call)
            t.require(max(sizes, default=0) <= size, "", "at_once", t.last_call)
            for name, weight in net.named_parameters():
                t.see(f"The gradient of {name}", weight.grad, t.last_call, 1e-4)


def accumulate_one_by_one(net: nn.Module, features: Tensor, labels: Tensor, size: int) -> None:
    """Each sample by itself, with torch.autograd.grad."""
    weights = list(net.parameters())
    sums = [torch.zeros_like(weight) for weight in weights]
    for row, label in zip(features, labels, strict=True):
        loss = -net(row[None])[0].log_softmax(dim=0)[label]
        for total, gradient in zip(sums, torch.autograd.grad(loss, weights), strict=True):
            total += gradient
    for weight, total in zip(weights, sums, strict=True):
        weight.grad = total / len(labels)


def cube(t: Trial, answer: Any) -> None:
    is_function = isinstance(answer, type) and issubclass(answer, torch.autograd.Function)
    t.require(is_function, "`Cube` is no longer a `torch.autograd.Function`.")
    for shape in ((t.draw.size(3, 6),), (2, t.draw.size(2, 4))):
        x = t.draw.normal(*shape).requires_grad_()
        weight, other = t.draw.normal(*shape) + 2, t.draw.normal(*shape) + 2
        seen = f"Cube.apply(x) with\nx = {x.tolist()}"
        with t.part() as parts, t.watched(seen):
            value = answer.apply(x)
            parts.append(value)
            (slope,) = torch.autograd.grad((value * weight).sum(), x, create_graph=True)
            parts.append(slope)
            curve = torch.zeros_like(x)
            if slope.requires_grad:
                (found,) = torch.autograd.grad((slope * other).sum(), x, allow_unused=True)
                curve = torch.zeros_like(x) if found is None else found
            parts.append(curve)
            t.see("x ** 3", value, seen)
            t.see("The first derivative, times the gradient that arrives,", slope, seen, 1e-4)
            t.see("The second derivative, times both gradients that arrive,", curve, seen, 1e-4)
        with t.part(), t.watched(seen):
            loss = answer.apply(x).square().sum()  # the gradient that arrives depends on x, too
            text = "derivative of the sum of Cube.apply(x) ** 2"
            for order in ("first", "second", "third"):
                (loss,) = torch.autograd.grad(loss.sum(), x, create_graph=True)
                t.see(f"The {order} {text}", loss, seen, 1e-4)
                t.require(loss.requires_grad, f"Autograd cannot go on from the {order} {text}.", seen=seen)


class CubeByTorch(torch.autograd.Function):
    """Returns a product that torch differentiates itself."""

    @staticmethod
    def apply(x: Tensor) -> Tensor:
        return x * x * x


def quantised(t: Trial, answer: Callable[..., Any]) -> None:
    for step, limit in ((0.25, 1.0), (0.5, 1.5), (1.0, 3.0), (0.1, 0.3)):
        n = t.draw.size(6, 9)
        x = (t.draw.normal(n, scale=limit) + 0.03 * step).requires_grad_()
        with torch.no_grad():
            x[0], x[1], x[2] = 2.13 * limit, -2.07 * limit, 0.37 * step
        with t.part():
            got = t.call(answer, x, step, limit, names="x step limit", tolerance=1e-4)
            t.gradients(got, t.last_call, x=x)


def quantised_by_where(x: Tensor, step: float, limit: float) -> Tensor:
    inside = x.detach().abs() <= limit
    target = [max(-limit, min(limit, round(value / step) * step)) for value in x.detach().double().tolist()]
    return torch.tensor(target) + torch.where(inside, x - x.detach(), 0.0 * x)


CHECKS = {
    1: prediction_check(
        1,
        "n_found",
        3,
        "A module files what is set on it by name, if it is a Parameter or a module. Is a list one of them?",
        with_list=(7, "A module doesn't look into a list.", "`nn.ModuleList` would be found."),
        with_scale=(4, "A plain tensor is no Parameter.", "Which of the four attributes are filed?"),
        everything=(8, "Neither a list nor a plain tensor is found.", "Look at the type of each attribute."),
        numbers=(11, "You count numbers. `parameters()` gives tensors.", "How many tensors has a linear layer?"),
        layer_as_one=(2, "A linear layer has a weight and a bias.", "Each is a parameter of its own."),
    ),
    2: Check(
        "accumulate",
        accumulate,
        "`backward` adds. So weight the mean loss of each part by its share of the batch.",
        {
            "not_weighted": (
                "Each part counts as if it were the whole batch.",
                "Multiply its loss by its share of the samples.",
            ),
            "all_alike": (
                "A last part that is smaller counts as much as the others.",
                "Weight by the number of samples, not by the number of parts.",
            ),
            "not_zeroed": ("The old gradient is still in it.", "Zero once, before the first part."),
            "zeroed_each_time": ("Only the last part is left.", "Zero once, before the loop."),
            "summed": ("That is the gradient of the sum. The mean is asked for.", "Divide by all samples."),
            "last_missing": ("The last samples are left out where they don't fill a part.", "`split` keeps them."),
            "at_once": ("You call the net with more than `size` samples.", "`features.split(size)`."),
        },
        reference=accumulate_one_by_one,
    ),
    3: Check(
        "Cube",
        cube,
        "For autograd, what `forward` computes for saving is a constant. What else could you save?",
        {
            "slope_saved": (
                "The second derivative is lost: for autograd the slope is a constant.",
                "Save x, and compute the slope from it in `backward`.",
            ),
            "no_chain": (
                "You leave out the gradient that arrives.",
                "The chain rule multiplies it by the slope.",
            ),
            "no_factor": ("A factor is missing from the derivative.", "What is the derivative of x ** 3?"),
            "wrong_power": ("The derivative has the square of x.", "3 x ** 2."),
            "second_first": ("That is the second derivative. `backward` gives the first.", "3 x ** 2."),
        },
        reference=CubeByTorch,
    ),
    4: Check(
        "quantised",
        quantised,
        "`clamp` has the slope you want already. Then one line of the lesson for the rounding.",
        {
            "no_gradient": (
                "The numbers are right, but no gradient comes through `round`.",
                "x + (rounded - x).detach().",
            ),
            "passes_beyond": (
                "Beyond the limits the slope should be 0. Yours is 1.",
                "Cut off first, with a gradient. Then round.",
            ),
            "not_cut": ("Numbers beyond the limits are not cut off.", "`clamp(-limit, limit)`."),
            "not_rounded": ("The numbers are cut off, but not rounded.", "To multiples of `step`."),
            "whole_numbers": ("You round to whole numbers.", "Divide by `step`, round, multiply by it."),
            "in_steps": ("The result is in steps.", "Multiply by `step` at the end."),
            "downwards": ("You round down. The nearest multiple is asked for.", "`round`, not `floor`."),
            "one_side": ("You cut off on one side only.", "-limit as well."),
        },
        reference=quantised_by_where,
    ),
}
