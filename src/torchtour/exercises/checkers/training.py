"""Lesson 4."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, nll_loss
from torch.optim.optimizer import register_optimizer_step_pre_hook

from torchtour.exercises.judge import Check, NotRight, predict, same, unlike, verdict

EPOCHS = 4


def problem() -> tuple[nn.Module, Tensor, Tensor]:
    """A small net, [12, 2] features and [12] labels."""
    torch.manual_seed(1)
    features = torch.randn(12, 2)
    return nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 3)), features, torch.arange(12) % 3


def loop(order: str, loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy, lr: float = 0.5) -> list[Tensor]:
    """The weights after a loop whose turns go through `order`: z zero_grad, b backward, s step."""
    net, features, labels = problem()
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(EPOCHS):
        value = loss(net(features), labels)
        for letter in order:
            {"z": optimizer.zero_grad, "b": value.backward, "s": optimizer.step}[letter]()
    return [parameter.detach() for parameter in net.parameters()]


def train(answer: Callable[..., Any]) -> str | None:
    net, features, labels = problem()
    before = [parameter.detach().clone() for parameter in net.parameters()]
    seen: list[str] = []
    hook = register_optimizer_step_pre_hook(lambda *_: seen.append("s"))
    next(net.parameters()).register_hook(lambda gradient: seen.append("b"))  # type: ignore[no-untyped-call]
    try:
        losses = answer(net, features, labels, EPOCHS, 0.5)
    finally:
        hook.remove()
    weights = [parameter.detach() for parameter in net.parameters()]
    if same(weights, before):
        return still(seen)
    if not same(weights, loop("zbs")):
        return known(weights)
    if not isinstance(losses, list) or len(losses) != EPOCHS:
        raise NotRight("The net is trained well. " + unlike("train", losses, [0.0] * EPOCHS))
    if isinstance(losses[0], Tensor):
        return "tensors"
    first = cross_entropy(problem()[0](features), labels).item()
    if not same(losses[0], first):
        return "late_loss"
    return None


def still(seen: list[str]) -> str:
    """Why the weights have not moved at all."""
    if "b" not in seen:
        return "no_backward"
    if "s" not in seen:
        return "no_step"
    return "step_first" if seen[0] == "s" else "zeroed_too_soon"


def known(weights: list[Tensor]) -> str | None:
    if same(weights, loop("bs")):
        return "no_zero"
    if same(weights, loop("zbs", lambda logits, labels: cross_entropy(logits.softmax(1), labels))):
        return "softmax"
    if same(weights, loop("zbs", lr=0.01)) or same(weights, loop("zbs", lr=0.1)):
        return "own_rate"
    raise NotRight("After 4 epochs the weights are not those that 4 steps of SGD give. How many steps do you make?")


def loss_of(answer: Callable[..., Any]) -> str | None:
    net, features, labels = problem()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(3)
    logits = net(features)
    got = answer(net, features, labels)
    key = verdict(
        "loss_of",
        got,
        cross_entropy(logits, labels),
        softmax=cross_entropy(logits.softmax(1), labels),
        of_samples=nll_loss(logits.log_softmax(0), labels),
        no_log=nll_loss(logits.softmax(1), labels),
        no_softmax=nll_loss(logits, labels),
        summed=cross_entropy(logits, labels, reduction="sum"),
        single=cross_entropy(logits, labels, reduction="none"),
        sigmoid=cross_entropy(logits.sigmoid(), labels),
    )
    if key is None and not got.requires_grad:
        return "unwatched"
    return key


def accuracy(answer: Callable[..., Any]) -> str | None:
    scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 5.0], [4.0, 0.0, 1.0], [0.0, 0.2, 0.1]])
    labels = torch.tensor([0, 1, 1, 2, 1])
    net = nn.Linear(3, 3)
    with torch.no_grad():
        net.weight.copy_(torch.eye(3))
        net.bias.zero_()
    return verdict(
        "accuracy",
        answer(net, scores, labels),
        0.6,
        counted=3.0,
        percent=60.0,
        wrong_ones=0.4,
        cut=0,
        highest=scores.amax(1).mean().item(),
        of_classes=1.0,  # 3 right answers, 3 classes
        mean_class=scores.argmax(1).float().mean().item(),
    )


def best_rate(answer: Callable[..., Any]) -> str | None:
    trained: list[tuple[int, float, str]] = []
    measured: list[str] = []
    made: list[dict[str, float]] = []
    on_train, held_out = {0.01: 0.9, 0.1: 0.5, 1.0: 0.1, 10.0: 2.0}, {0.01: 0.8, 0.1: 0.3, 1.0: 0.6, 10.0: 3.0}

    def new_net() -> dict[str, float]:
        made.append({})
        return made[-1]

    def train(net: dict[str, float], lr: float, points: str) -> None:
        trained.append((id(net), lr, points))
        net["lr"] = lr

    def loss(net: dict[str, float], points: str) -> float:
        measured.append(points)
        return (held_out if points == "held out" else on_train)[net["lr"]] if net else 1.0

    got = answer(list(held_out), "train", "held out", new_net, train, loss)
    if not trained:
        raise NotRight("`best_rate` trains no net.")
    if len({net for net, *_ in trained}) < len(held_out):
        if len(trained) < len(held_out):
            return "not_all"
        return "one_net"
    if any(points != "train" for *_, points in trained):
        return "trained_on_held_out"
    if "train" in measured and "held out" not in measured:
        return "train_loss"
    if isinstance(got, dict) and "lr" in got:
        return "net"
    if isinstance(got, dict):
        return "table"
    return verdict("best_rate", got, 0.1, the_loss=0.3, highest=10.0, place=1)


CHECKS = {
    1: predict(
        1,
        "loss_of_ignorance",
        1.39,
        "Which probability does softmax give each of the four? The loss is minus the logarithm of that.",
        probability=(0.25, "That is the probability of each class.", "The loss is minus its logarithm."),
        zero=(
            0.0,
            "A loss of 0 would mean: sure of the right class. This net is sure of nothing.",
            "What does softmax make of four equal scores?",
        ),
        two_classes=(0.69, "That is log(2), for two classes.", "How many columns do the logits have?"),
        ten=(2.3, "That is log(10), but 10 is the number of points.", "The classes count, not the points."),
        negative=(-1.39, "Look at the sign: a cross-entropy is never below 0.", "Minus the logarithm."),
        summed=(13.86, "That is the sum over the ten points.", "`cross_entropy` takes the mean."),
        base_two=(2.0, "You took the logarithm to base 2.", "torch takes the natural one."),
    ),
    2: predict(
        2,
        "w_after_two",
        0.64,
        "The gradient of w^2 is 2w. What does the first step leave, and what is the gradient then?",
        one_step=(0.8, "That is w after one step.", "The loop has two turns."),
        same_gradient=(
            0.6,
            "The second step has a gradient of its own: w is smaller by then.",
            "Calculate 2w anew.",
        ),
        not_zeroed=(
            0.44,
            "That is what comes without zero_grad. It is there.",
            "The second step uses the gradient of the second turn alone.",
        ),
        uphill=(1.44, "You went uphill: `step` subtracts lr times the gradient.", "The loss should fall."),
        half=(0.81, "The gradient of w^2 is 2w, not w.", "How fast does w^2 grow at w = 1?"),
        loss=(0.41, "That is the loss, w^2. The code prints w.", "Look at the last line of the code."),
    ),
    3: Check(
        "train",
        train,
        "Before the loop: the optimizer. In it: logits, loss, zero_grad, backward, step. Lesson 4 numbers these lines.",
        {
            "no_backward": ("The weights do not move: nothing calls backward.", "The loss has that method."),
            "no_step": (
                "The gradients are there, but nothing moves the weights.",
                "Which method of the optimizer does it?",
            ),
            "step_first": (
                "You step before backward: there is no gradient yet, and zero_grad clears the next one.",
                "The order is zero_grad, backward, step.",
            ),
            "zeroed_too_soon": (
                "zero_grad stands between backward and step and clears what the step needs.",
                "Clear the gradients before backward, or after the step.",
            ),
            "no_zero": (
                "Each step repeats all earlier gradients.",
                "backward adds. What must be done before it?",
            ),
            "stale": (
                "The step changes the weights before backward has used them: it would be made with an old gradient.",
                "Step comes after backward, in the same turn.",
            ),
            "softmax": (
                "There is a softmax before cross_entropy, which applies softmax itself.",
                "Hand it the logits as they are.",
            ),
            "own_rate": (
                "The optimizer has a fixed learning rate. Use the one that is handed in.",
                "It is the argument `lr`.",
            ),
            "tensors": (
                "The net is trained well, but the losses are tensors. Python numbers are asked for.",
                "A tensor in a list keeps its whole graph in memory. `item()` takes the number out.",
            ),
            "late_loss": (
                "The net is trained well, but the losses are those after each step.",
                "The first one is the loss of the untrained net.",
            ),
            "float_labels": (
                "The labels are floats. Classes are whole numbers.",
                "cross_entropy takes them as they are handed in.",
            ),
            "order": (
                "cross_entropy gets the labels where it wants the logits.",
                "Logits first, then labels.",
            ),
        },
        {
            "modified by an inplace operation": "stale",
            "Long.*but (found|got) Float|not implemented for 'Float'|expected scalar type Long": "float_labels",
            "0D or 1D target|not implemented for 'Long'": "order",
        },
    ),
    4: Check(
        "loss_of",
        loss_of,
        "What does `cross_entropy` do with the scores that it gets? The lesson says it in `The loss`.",
        {
            "softmax": (
                "softmax is still applied twice: once here and once in cross_entropy.",
                "Hand the scores of the net to cross_entropy as they are.",
            ),
            "of_samples": (
                "Your softmax runs over the points. It belongs over the classes.",
                "Dimension 1 of [points, classes]. And cross_entropy does it by itself.",
            ),
            "no_log": (
                "nll_loss wants logarithms of probabilities, and gets probabilities.",
                "cross_entropy does softmax, logarithm and the choice of the label in one.",
            ),
            "no_softmax": (
                "nll_loss wants logarithms of probabilities, and gets logits.",
                "cross_entropy is the function that takes logits.",
            ),
            "summed": ("This is the sum over the points. The mean is asked for.", "Leave `reduction` as it is."),
            "single": ("This is a loss for each point. Asked for is their mean.", "Leave `reduction` as it is."),
            "sigmoid": (
                "You squeeze the scores between 0 and 1. That has the same effect as the softmax had.",
                "cross_entropy takes scores of any size.",
            ),
            "unwatched": (
                "The value is right, but autograd does not watch it: backward would fail.",
                "No `no_grad`, `detach` or `item` on the way to a loss.",
            ),
            "classes": (
                "argmax gives whole numbers, which have no gradient.",
                "The loss needs the scores, not the answers.",
            ),
        },
        {"0D or 1D target|not implemented for 'Long'|Expected floating point|probabilities.*Long": "classes"},
    ),
    5: Check(
        "accuracy",
        accuracy,
        "Which class has the highest score? Where does it equal the label? What share is that?",
        {
            "counted": ("That is how many are right. The share is asked for.", "Divide by the number of points."),
            "percent": ("That is in percent. Asked for is a number from 0 to 1.", "Leave out the factor 100."),
            "wrong_ones": ("That is the share of wrong answers.", "`==`, not `!=`."),
            "cut": ("Your division cuts the fraction off.", "`//` rounds down; `/` doesn't."),
            "of_classes": (
                "You divide by the number of classes.",
                "The share is of the points.",
            ),
            "highest": ("That is the mean of the highest scores.", "Their places, `argmax`, are the answers."),
            "mean_class": ("That is the mean of the predicted classes.", "Compare them with the labels first."),
            "boolean": (
                "torch takes no mean of True and False.",
                "Make numbers of them first: `float()`.",
            ),
            "along": (
                "The answers and the labels differ in number: argmax runs along the points.",
                "`dim` names the dimension that goes away. One answer for each point should be left.",
            ),
        },
        {"mean\\(\\): could not infer output dtype|input dtype should be": "boolean", "must match the size": "along"},
    ),
    6: Check(
        "best_rate",
        best_rate,
        "For each rate: a fresh net, train it, measure it. Which points for which? Then choose.",
        {
            "not_all": ("Not every rate is tried.", "Does a `return` stand inside of the loop?"),
            "one_net": (
                "One and the same net is trained with all rates: the later ones start where the earlier ones stopped.",
                "Each rate needs a fresh start.",
            ),
            "trained_on_held_out": (
                "You train on the held-out points. Then they are no longer unseen.",
                "The net must never learn from them.",
            ),
            "train_loss": (
                "You choose by the loss on the training points, which the net has seen.",
                "Which points has it not seen?",
            ),
            "net": ("That is a net. The learning rate is asked for.", "Return the rate that it was trained with."),
            "the_loss": ("That is the lowest loss. The rate that it belongs to is asked for.", "Keep both together."),
            "highest": ("That rate has the highest loss.", "`min`, not `max`."),
            "place": ("That is the place of the rate in the list.", "Return the rate itself."),
            "table": ("That is the table of all losses.", "Which rate in it has the lowest?"),
        },
    ),
}
