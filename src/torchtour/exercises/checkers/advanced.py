"""Lesson 6."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from torchtour.exercises.compare import article
from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import AnswerError, Ban, Trial


def absolute_error(t: Trial, answer: Callable[..., Any]) -> None:
    t.require(isinstance(answer, type), "`MeanAbsoluteError` should be a class.")
    for n in (t.draw.size(3, 6), t.draw.size(7, 9), 1):
        with t.watched("MeanAbsoluteError()"):
            loss = answer()
        t.instance(loss, nn.Module, "What `MeanAbsoluteError` makes")
        prediction = t.draw.normal(n, scale=3).requires_grad_()
        errors = (t.draw.normal(n).abs() + 0.1) * t.draw.random.choice([-1, 1]) * torch.linspace(1, -0.9, n).sign()
        target = (prediction.detach() + errors).requires_grad_()  # no error is 0, where the slope of abs is not defined
        shown = "MeanAbsoluteError()"
        got = t.call(loss, prediction, target, shown=shown, names="prediction target", compare=False)
        t.require(not isinstance(got, float), "", "number", t.last_call)
        t.see("What `MeanAbsoluteError()` returns", got, t.last_call)
        t.require(got.requires_grad, "", "unwatched", t.last_call)
        t.gradients(got, t.last_call, prediction=prediction, target=target)
        for shapes in (
            ((n + 3, 1), (n + 3,)),
            ((n + 3,), (n + 3, 1)),
            ((n + 3,), (1,)),
            ((n + 3,), (n + 4,)),
            ((2, 3), (3,)),
        ):
            see_refusal(t, loss, t.draw.normal(*shapes[0]), t.draw.normal(*shapes[1]))


def see_refusal(t: Trial, loss: nn.Module, prediction: Tensor, target: Tensor) -> None:
    seen = f"prediction {list(prediction.shape)}, target {list(target.shape)}"
    try:
        with t.watched(seen):
            got = loss(prediction, target)
    except AnswerError as error:
        kind = type(error.cause)
        t.require(issubclass(kind, ValueError), "", "other_error", f"{seen}\ngot {kind.__name__}\nexpected ValueError")
        return
    shown = list(got.shape) if isinstance(got, Tensor) else ""
    t.fail("any_shape", "", f"{seen}\ngot {article(got)} {shown}\nexpected a ValueError")


class AbsoluteError(nn.Module):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        if prediction.size() != target.size():
            raise ValueError
        return torch.maximum(prediction - target, target - prediction).sum() / len(prediction)


def train(t: Trial, answer: Callable[..., Any]) -> None:
    epochs, batches = t.draw.sizes(2, 2, 6)
    for turns in ((epochs, batches), (1, batches + 1), (batches + 2, 1)):
        for kind in ("StepLR", "ExponentialLR", "LinearLR"):
            see_schedule(t, answer, kind, *turns)


def see_schedule(t: Trial, answer: Callable[..., Any], kind: str, epochs: int, batches: int) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=t.draw.number(0.2, 0.9))
    gamma = t.draw.number(0.3, 0.8)
    schedulers: dict[str, Callable[[], LRScheduler]] = {
        "StepLR": lambda: torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=gamma),
        "ExponentialLR": lambda: torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=gamma),
        "LinearLR": lambda: torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=gamma, total_iters=3),
    }
    scheduler = schedulers[kind]()
    events: list[str] = []
    optimizer.register_step_post_hook(lambda *_: events.append("batch"))
    step = scheduler.step

    def watched_step() -> None:
        events.append("scheduler")
        step()

    scheduler.step = watched_step  # type: ignore[method-assign, assignment]
    rates = t.call(
        answer, optimizer, scheduler, epochs, batches, names="optimizer scheduler epochs batches", compare=False
    )
    seen = f"train(optimizer, scheduler, {epochs}, {batches}) with a {kind}\n"
    seen += f"got the calls {', '.join(events[:14])}{' ...' if len(events) > 14 else ''}"
    n_steps, n_schedules = events.count("batch"), events.count("scheduler")
    right = [*["batch"] * batches, "scheduler"] * epochs
    if events == right:
        t.see("The order of the calls", events, seen)
    else:
        several = epochs > 1 and batches > 1
        known = {
            "per_batch": events == ["batch", "scheduler"] * epochs * batches,
            "never": n_schedules == 0 and n_steps == epochs * batches,
            "once": n_schedules == 1 and epochs > 1 and n_steps == epochs * batches and events[-1] == "scheduler",
            "scheduler_first": events == ["scheduler", *["batch"] * batches] * epochs,
            "few_steps": n_steps == epochs and several and n_schedules in (epochs, epochs * batches),
            "no_steps": n_steps != epochs * batches,
        }
        t.see("The order of the calls", events, seen, key=next((key for key, it_is in known.items() if it_is), ""))
    t.see("What `train` returns", rates, seen)


def train_by_counting(
    optimizer: torch.optim.Optimizer, scheduler: LRScheduler, epochs: int, batches: int
) -> list[float]:
    rates = []
    for count in range(epochs * batches):
        if count % batches == 0:
            rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        if (count + 1) % batches == 0:
            scheduler.step()
    return [float(rate) for rate in rates]


def momentum_step(t: Trial, answer: Callable[..., Any]) -> None:
    for shape in ((t.draw.size(2, 5),), (2, t.draw.size(2, 4)), ()):
        weight, gradient, velocity = (t.draw.normal(*shape) + 0.1 for _ in range(3))
        lr, momentum = t.draw.number(0.05, 0.4), t.draw.number(0.3, 0.95)
        names = "weight gradient velocity lr momentum"
        for before in (velocity, torch.zeros(shape)):
            with t.part():
                got = t.call(answer, weight, gradient, before, lr, momentum, names=names)
                see_new(t, got, [weight, gradient, before])


def see_new(t: Trial, results: Sequence[Tensor], inputs: Sequence[Tensor]) -> None:
    shared = {one.data_ptr() for one in results} & {one.data_ptr() for one in inputs}
    t.require(not shared, "The results share memory with what was handed in: they should be new.", seen=t.last_call)


def momentum_by_torch(weight: Tensor, gradient: Tensor, velocity: Tensor, lr: float, momentum: float) -> Any:
    parameter = nn.Parameter(weight.clone())
    optimizer = torch.optim.SGD([parameter], lr=lr, momentum=momentum)
    optimizer.state[parameter]["momentum_buffer"] = velocity.clone()
    parameter.grad = gradient.clone()
    optimizer.step()
    return parameter.detach(), optimizer.state[parameter]["momentum_buffer"]


def adam_step(t: Trial, answer: Callable[..., Any]) -> None:
    names = "weight gradient m v t lr"
    for shape, count in (
        ((t.draw.size(2, 5),), t.draw.size(2, 9)),
        ((2, t.draw.size(2, 4)), 1),
        ((3,), t.draw.size(20, 90)),
    ):
        weight, gradient, m = (t.draw.normal(*shape) for _ in range(3))
        v = t.draw.normal(*shape).square() + 0.1
        betas: dict[str, Any] = {
            "beta1": t.draw.number(0.5, 0.85),
            "beta2": t.draw.number(0.9, 0.98),
            "eps": t.draw.number(0.1, 0.5),
        }
        lr = t.draw.number(0.05, 0.4)
        for before in ((m, v), (torch.zeros(shape), torch.zeros(shape))):
            for more in (betas, {}):
                with t.part():
                    got = t.call(answer, weight, gradient, *before, count, lr, names=names, tolerance=1e-4, **more)
                    see_new(t, got, [weight, gradient, *before])
    tiny, zero = torch.full((2,), t.draw.random.randint(1, 9) * 1e-8), torch.zeros(2)
    t.call(answer, zero, tiny, zero, zero, 1, 0.1, names=names, tolerance=1e-3, go_on=True)  # where eps counts
    t.call(answer, t.draw.normal(2), zero, zero, zero, 1, 0.1, names=names, go_on=True)


def adam_by_torch(
    weight: Tensor, gradient: Tensor, m: Tensor, v: Tensor, t: int, lr: float, beta1: float = 0.9, beta2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    parameter = nn.Parameter(weight.clone())
    optimizer = torch.optim.Adam([parameter], lr=lr, betas=(beta1, beta2), eps=eps, foreach=False)
    state = {"step": torch.tensor(float(t - 1)), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    optimizer.state[parameter] = state
    parameter.grad = gradient.clone()
    optimizer.step()
    return parameter.detach(), state["exp_avg"], state["exp_avg_sq"]


CHECKS = {
    1: prediction_check(
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
        absolute_error,
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
                "Shapes that differ go through, and broadcasting stretches one to fit the other.",
                "`raise ValueError(...)` if the shapes differ.",
            ),
            "other_error": (
                "For different shapes another error than ValueError is raised.",
                "Compare the shapes yourself, in the first line.",
            ),
        },
        reference=AbsoluteError,
        bans=(Ban("torch's own L1 loss", ("l1_loss",)),),
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
            "never": ("The scheduler is never called.", "Once an epoch."),
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
        reference=train_by_counting,
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
        reference=momentum_by_torch,
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
        reference=adam_by_torch,
    ),
}
