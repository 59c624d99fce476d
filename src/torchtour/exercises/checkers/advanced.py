"""Lesson 6."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import StepLR

from torchtour.exercises.judge import Check, NotRight, predict, same, verdict


def loss(answer: Callable[..., Any]) -> str | None:
    module = answer()
    if not isinstance(module, nn.Module):
        raise NotRight("`MeanAbsoluteError()` is not an nn.Module. Keep the first line of the class.")
    prediction = torch.tensor([1.0, 2.0, 5.0, 0.0], requires_grad=True)
    target = torch.tensor([2.0, 2.0, 1.0, 1.0])
    got = module(prediction, target)
    if isinstance(got, float):
        return "number"
    key = verdict(
        "MeanAbsoluteError()",
        got,
        torch.tensor(1.5),
        signed=torch.tensor(0.5),
        summed=torch.tensor(6.0),
        squared=torch.tensor(4.5),
        single=torch.tensor([1.0, 0.0, 4.0, 1.0]),
        middle=torch.tensor(1.0),
    )
    if key:
        return key
    if not got.requires_grad:
        return "unwatched"
    try:
        module(prediction[:, None], target)
    except ValueError:
        return None
    except Exception:
        return "other_error"
    return "any_shape"


def train(answer: Callable[..., Any]) -> str | None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
    seen: list[str] = []
    for name, thing in (("o", optimizer), ("s", scheduler)):
        thing.step = spy(seen, name, thing.step)  # type: ignore[method-assign]
    got = answer(optimizer, scheduler, 6, 3)
    steps = "".join(seen)
    if steps.count("o") != 18:
        return "few_steps" if steps.count("o") == 6 else "no_steps"
    if "s" not in steps:
        return "never"
    if steps.count("s") == 18:
        return "per_batch"
    if steps.endswith("os") and steps.count("s") == 1:
        return "once"
    if steps.startswith("s"):
        return "scheduler_first"
    right = [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    return verdict("train", got, right, ends=[*right[1:], 0.125])


def spy(seen: list[str], name: str, step: Callable[..., Any]) -> Callable[..., Any]:
    def stepped(*args: Any, **kwargs: Any) -> Any:
        seen.append(name)
        return step(*args, **kwargs)

    return stepped


def two(number: float) -> Tensor:
    return torch.tensor([number, -number])


def momentum_step(answer: Callable[..., Any]) -> str | None:
    weight, gradient, velocity = two(1.0), two(2.0), two(5.0)
    got = answer(weight, gradient, velocity, 0.1, 0.9)
    if not (same(weight, two(1.0)) and same(velocity, two(5.0))):
        return "in_place"
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise NotRight("`momentum_step` should return two tensors: `return new_weight, new_velocity`.")
    key = verdict(
        "momentum_step",
        tuple(got),
        (two(0.35), two(6.5)),
        forgot=(two(0.35), two(5.0)),
        old_velocity=(two(0.5), two(6.5)),
        uphill=(two(1.65), two(6.5)),
        no_momentum=(two(0.8), two(2.0)),
        average=(two(1 - 0.1 * 4.7), two(4.7)),
        rate_in_velocity=(two(1 - 4.7), two(4.7)),
        not_faded=(two(0.3), two(7.0)),
        swapped=(two(6.5), two(0.35)),
        gradient_faded=(two(1 - 0.1 * 6.8), two(6.8)),
        nesterov=(two(1 - 0.1 * (2 + 0.9 * 6.5)), two(6.5)),
    )
    return key


def adam_step(answer: Callable[..., Any]) -> str | None:
    weight, gradient, m, v = two(1.0), two(0.3), two(0.2), torch.tensor([0.04, 0.04])
    got = answer(weight, gradient, m, v, 3, 0.1, 0.8, 0.9, 0.01)
    if not (same(weight, two(1.0)) and same(m, two(0.2))):
        return "in_place"
    if not isinstance(got, tuple | list) or len(got) != 3:
        raise NotRight("`adam_step` should return three tensors: the weight, m and v.")
    new_m, new_v = 0.8 * 0.2 + 0.2 * 0.3, 0.9 * 0.04 + 0.1 * 0.09
    fix_m, fix_v = 1 - 0.8**3, 1 - 0.9**3

    def result(step: float, m: float = new_m, v: float = new_v) -> tuple[Tensor, Tensor, Tensor]:
        return two(1 - 0.1 * step), two(m), torch.tensor([v, v])

    mixed_m, mixed_v = 0.9 * 0.2 + 0.1 * 0.3, 0.8 * 0.04 + 0.2 * 0.09
    return verdict(
        "adam_step",
        tuple(got),
        result(new_m / fix_m / ((new_v / fix_v) ** 0.5 + 0.01)),
        not_corrected=result(new_m / (new_v**0.5 + 0.01)),
        eps_in_root=result(new_m / fix_m / (new_v / fix_v + 0.01) ** 0.5),
        no_root=result(new_m / fix_m / (new_v / fix_v + 0.01)),
        corrected_kept=result(new_m / fix_m / ((new_v / fix_v) ** 0.5 + 0.01), new_m / fix_m, new_v / fix_v),
        counted_from_zero=result(new_m / (1 - 0.8**2) / ((new_v / (1 - 0.9**2)) ** 0.5 + 0.01)),
        uphill=result(-new_m / fix_m / ((new_v / fix_v) ** 0.5 + 0.01)),
        betas_swapped=result(mixed_m / (1 - 0.9**3) / ((mixed_v / (1 - 0.8**3)) ** 0.5 + 0.01), mixed_m, mixed_v),
        old_means=(*result(0.2 / fix_m / ((0.04 / fix_v) ** 0.5 + 0.01))[:1], two(new_m), torch.full((2,), new_v)),
        no_eps=result(new_m / fix_m / (new_v / fix_v) ** 0.5),
    )


CHECKS = {
    1: predict(
        1,
        "rate_after_25",
        0.2,
        "How often is 10 reached in 25 calls? Each time the rate is multiplied by gamma.",
        once=(0.4, "That is the rate after 10 to 19 calls.", "How many whole tens are in 25?"),
        rounded_up=(0.1, "The third change comes with the 30th call.", "How many whole tens are in 25?"),
        unchanged=(0.8, "The rate falls: the scheduler is called 25 times.", "What happens in the 10th call?"),
        subtracted=(-0.2, "gamma is a factor; it is not subtracted.", "0.8 becomes 0.4 in the first change."),
        every_call=(
            0.8 * 0.5**25,
            "The rate does not change in each call.",
            "`step_size` says after how many calls it does.",
        ),
    ),
    2: Check(
        "MeanAbsoluteError",
        loss,
        "Compare the shapes first. Then: difference, absolute value, mean.",
        {
            "number": (
                "The loss is a Python number. backward needs a tensor that autograd watches.",
                "Leave `item` out.",
            ),
            "signed": (
                "An error of +4 and one of -1 count as 3 in your loss. They are 5.",
                "Take absolute values before the mean.",
            ),
            "summed": ("That is the sum of the absolute errors.", "Divide by their number, or use `mean`."),
            "squared": ("That is the mean squared error.", "`abs` in place of the square."),
            "single": ("That is one error for each prediction.", "Take their mean."),
            "middle": ("That is the median of the absolute errors.", "Their mean is asked for."),
            "unwatched": (
                "The value is right, but backward would fail: autograd does not watch it.",
                "No `detach`, no `no_grad`, no new `torch.tensor` on the way.",
            ),
            "any_shape": (
                "[4, 1] against [4] goes through, and broadcasting makes 16 differences of it.",
                "`raise ValueError(...)` if the shapes differ.",
            ),
            "other_error": (
                "For different shapes another error than ValueError is raised.",
                "Compare the shapes yourself, in the first line.",
            ),
        },
    ),
    3: Check(
        "train",
        train,
        "Count the calls of `scheduler.step()` in one epoch.",
        {
            "per_batch": (
                "The scheduler is still called once for each batch.",
                "How far is the line indented?",
            ),
            "few_steps": (
                "Now the optimizer steps only once an epoch. It should step with each batch.",
                "Move one line, not two.",
            ),
            "no_steps": (
                "The optimizer does not make one step for each batch of each epoch.",
                "Only the scheduler is called at the wrong place.",
            ),
            "never": ("Nobody calls the scheduler now, so the rate never falls.", "Once an epoch."),
            "once": (
                "The scheduler is called a single time, after all epochs.",
                "Inside of the loop over epochs, outside of the loop over batches.",
            ),
            "scheduler_first": (
                "The scheduler is called before the first step of the optimizer, so the first rate is lost too soon.",
                "At the end of the epoch, after the batches.",
            ),
            "ends": (
                "These are the rates at the end of each epoch. Asked for is the rate that it began with.",
                "Append the rate before the batches, as it was.",
            ),
        },
    ),
    4: Check(
        "momentum_step",
        momentum_step,
        "First the new velocity, from the old one and the gradient. Then the weight, from the new velocity.",
        {
            "in_place": ("Your step changes a tensor that was handed in.", "`*=`, `+=` and `-=` work in place."),
            "forgot": (
                "The weight is right, but the velocity that you return is the old one.",
                "The next step needs the new one.",
            ),
            "old_velocity": (
                "The weight moves by the old velocity.",
                "Calculate the new velocity first.",
            ),
            "uphill": ("The weight moves uphill.", "Subtract."),
            "no_momentum": (
                "That is plain SGD: the old velocity plays no part.",
                "It keeps `momentum` of what it was.",
            ),
            "average": (
                "You take an average: `1 - momentum` of the gradient. SGD adds the whole gradient.",
                "That is how Adam does it.",
            ),
            "rate_in_velocity": (
                "You put `lr` into the velocity. In torch's SGD it comes in last.",
                "The velocity is a sum of gradients.",
            ),
            "not_faded": ("The old velocity does not fade.", "It keeps only `momentum` of what it was."),
            "swapped": ("The two results are swapped.", "The weight comes first."),
            "gradient_faded": (
                "The gradient fades and the velocity does not: it should be the other way round.",
                "`momentum` belongs to what is older.",
            ),
            "nesterov": (
                "You add momentum once more, which is Nesterov's variant.",
                "The weight moves by lr times the new velocity.",
            ),
        },
    ),
    5: Check(
        "adam_step",
        adam_step,
        "Five lines: m, v, the two corrections, the weight. The lesson has them under `One step of each, by hand`.",
        {
            "in_place": ("Your step of Adam changes a tensor that was handed in.", "Make new tensors."),
            "not_corrected": (
                "m and v start at 0 and are too small in the first steps. You don't make up for that.",
                "Divide by 1 - beta1**t and 1 - beta2**t.",
            ),
            "eps_in_root": ("eps is under the root. It is added after it.", "`sqrt() + eps`"),
            "no_root": ("The step is divided by v itself.", "v is a mean of squares. What undoes a square?"),
            "corrected_kept": (
                "The weight is right, but you return the corrected m and v. They would be corrected again.",
                "Keep m and v as they are, and put the corrected ones under other names.",
            ),
            "counted_from_zero": (
                "The correction is one step behind: t is 1 in the first step.",
                "Use t as it is.",
            ),
            "uphill": ("Your Adam goes uphill.", "Subtract the step."),
            "betas_swapped": ("beta1 and beta2 are swapped.", "beta1 belongs to m, beta2 to v."),
            "old_means": (
                "The weight moves by the old m and v.",
                "Calculate the new ones first.",
            ),
            "no_eps": ("eps is missing. It keeps the step finite where v is 0.", "Add it to the root."),
        },
    ),
}
