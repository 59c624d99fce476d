"""Lesson 4."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Trial


def train(t: Trial, answer: Callable[..., Any]) -> None:
    n, n_features, n_classes = t.draw.size(9, 14), *t.draw.sizes(2, 2, 5)
    rates = t.draw.number(0.2, 0.9), t.draw.number(0.02, 0.08, 3), t.draw.number(5, 9)  # the last one lets losses rise
    for epochs, lr in zip((t.draw.size(3, 6), 1, 5), rates, strict=True):
        net = t.draw.net(n_features, n_classes, 1)
        features, labels = t.draw.normal(n, n_features, scale=2), t.draw.labels(n, n_classes)
        before = [parameter.detach().clone() for parameter in net.parameters()]
        events: list[str] = []
        step_hook = register_optimizer_step_pre_hook(lambda *_, events=events: events.append("step"))
        next(net.parameters()).register_hook(lambda _, events=events: events.append("backward"))  # type: ignore[no-untyped-call]
        try:
            names = "net features labels epochs lr"
            losses = t.call(answer, net, features, labels, epochs, lr, names=names, changes=["net"], compare=False)
        finally:
            step_hook.remove()
        weights = [parameter.detach().clone() for parameter in net.parameters()]
        if t.expected is not None and all(map(torch.equal, weights, before)):
            t.fail(*why_still(events), t.last_call)
        t.see("The list of the net's weights after training", weights, t.last_call, 1e-4)
        t.see("What `train` returns", losses, t.last_call, 1e-4)


def why_still(events: list[str]) -> tuple[str, str]:
    """The key of the reason why no weight has moved, and a message."""
    if "backward" not in events:
        return "no_backward", ""
    if "step" not in events:
        return "no_step", ""
    return ("step_first" if events[0] == "step" else "zeroed_too_soon"), ""


def train_by_formula(net: nn.Module, features: Tensor, labels: Tensor, epochs: int, lr: float) -> list[float]:
    losses = []
    parameters = list(net.parameters())
    for _ in range(epochs):
        loss = -net(features).log_softmax(dim=1)[torch.arange(len(labels)), labels].mean()
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(gradient, alpha=lr)
        losses.append(loss.item())
    return losses


def loss_of(t: Trial, answer: Callable[..., Any]) -> None:
    n_features, n_classes = t.draw.sizes(2, 2, 6)
    for n in (t.draw.size(6, 9), n_classes, t.draw.size(15, 20)):
        net = t.draw.net(n_features, n_classes, 3)
        features, labels = t.draw.normal(n, n_features), t.draw.labels(n, n_classes)
        loss = t.call(answer, net, features, labels, names="net features labels")
        t.require(not t.expected or loss.requires_grad, "", "unwatched", t.last_call)
        t.gradients(loss, t.last_call, **{name.replace(".", "_"): one for name, one in net.named_parameters()})


def loss_by_formula(net: nn.Module, features: Tensor, labels: Tensor) -> Tensor:
    logits: Tensor = net(features)
    return (logits.logsumexp(dim=1) - logits.gather(1, labels[:, None])[:, 0]).mean()


def accuracy(t: Trial, answer: Callable[..., Any]) -> None:
    n_features, n_classes = t.draw.sizes(2, 3, 6)
    for n, scale in ((t.draw.size(11, 19), 2), (t.draw.size(20, 30), 0.6), (n_classes, 2), (1, 2)):
        net = t.draw.net(n_features, n_classes, scale)
        features = t.draw.normal(n, n_features, scale=2)
        labels = half_right(t, net, features, n_classes)
        t.call(answer, net, features, labels, names="net features labels", go_on=True)


def half_right(t: Trial, net: nn.Module, features: Tensor, n_classes: int) -> Tensor:
    """Labels of which a part is what the net answers, and neither all nor none in a set of several."""
    answers = net(features).argmax(dim=1)
    labels = torch.where(
        torch.rand(len(features), generator=t.draw.generator) < 0.5, answers, (answers + 1) % n_classes
    )
    if len(features) > 1:
        labels[0], labels[1] = (answers[0] + 1) % n_classes, answers[1]
    return labels


def accuracy_by_counting(net: nn.Module, features: Tensor, labels: Tensor) -> float:
    scores = net(features).tolist()
    right = [row.index(max(row)) == label for row, label in zip(scores, labels.tolist(), strict=True)]
    return float(sum(right) / len(right))


class Model(dict[str, Any]):
    """A net for best_rate that records its training."""


def best_rate(t: Trial, answer: Callable[..., Any]) -> None:
    n = t.draw.size(5, 8)
    rates = t.draw.random.sample([0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.8, 2.5, 7.5], n)
    best = t.draw.random.randint(1, n - 3)
    train_losses = {rate: 0.5 + t.draw.number(0.1, 2, 4) for rate in rates}
    test_losses = {rate: 0.5 + t.draw.number(0.1, 2, 4) for rate in rates}
    # The lowest loss is followed by a small dip, and is not where the training loss is lowest.
    test_losses |= {rates[best]: 0.42, rates[best + 1]: 2.9, rates[best + 2]: 2.4}
    other = rates[t.draw.random.choice([place for place in range(n) if place not in (best, best + 1, best + 2)])]
    train_losses |= {rates[best]: 3.1, other: 0.31}
    test_losses[other] = 0.6
    scale = 1000 if t.draw.case == 1 else 1
    train_losses, test_losses = (
        {lr: scale * one for lr, one in table.items()} for table in (train_losses, test_losses)
    )
    trained: list[tuple[Model, float, str]] = []
    measured: list[tuple[Model, str]] = []

    def new_net() -> Model:
        return Model(history=[])

    def train(net: Model, lr: float, points: str) -> None:
        trained.append((net, lr, points))
        net["history"].append((lr, points))

    def loss(net: Model, points: str) -> float:
        measured.append((net, points))
        table: Mapping[float, float] = test_losses if points == "held-out points" else train_losses
        history = net["history"]
        if len(history) != 1:
            return scale * (1.0 + sum(lr for lr, _ in history) if history else 3.0)
        return table[history[0][0]]

    names = "rates train_points held_out_points new_net train loss"
    given = list(rates)
    with t.watched():
        got = answer(given, "training points", "held-out points", new_net, train, loss)
    losses = ", ".join(f"{rate:g}: {test_losses[rate]:.2f}" for rate in rates)
    seen = f"best_rate({names.replace(' ', ', ')}), with these losses on the held-out points: {losses}"
    t.require(given == rates, "`best_rate` changes the list of rates that it was given.", seen=seen)
    t.require(bool(trained), "`best_rate` trains no net.", seen=seen)
    t.require({lr for _, lr, _ in trained} == set(rates), "Some of the rates are not tried.", "not_all", seen)
    t.require(len({id(net) for net, *_ in trained}) == len(trained), "", "one_net", seen)
    t.require(all(points == "training points" for *_, points in trained), "", "trained_on_held_out", seen)
    on_held_out = {id(net) for net, points in measured if points == "held-out points"}
    t.require(bool(on_held_out), "", "train_loss", seen)
    t.require(
        on_held_out >= {id(net) for net, *_ in trained}, "Some nets are not measured on the held-out points.", seen=seen
    )
    t.require(not isinstance(got, Model), "", "net", seen)
    t.require(not isinstance(got, dict | list | tuple), "", "table", seen)
    t.see("What `best_rate` returns", got, seen)


CHECKS = {
    1: prediction_check(
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
        unrounded=(
            1.386294,
            "The value is right, but with more decimals than asked for.",
            "Write it as the code prints it, with two decimals.",
        ),
    ),
    2: prediction_check(
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
            "no_backward": (
                "The weights do not move: no gradient reaches them.",
                "Which method of the loss calculates gradients? And is it the loss of this net?",
            ),
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
        reference=train_by_formula,
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
        reference=loss_by_formula,
    ),
    5: Check(
        "accuracy",
        accuracy,
        "Which class has the highest score? Where does it equal the label? What share is that?",
        {
            "tensor": ("The share is right, but it is a tensor. A Python number is asked for.", "`item()`."),
            "counted": ("That is how many are right. The share is asked for.", "Divide by the number of points."),
            "percent": ("That is in percent. Asked for is a number from 0 to 1.", "Leave out the factor 100."),
            "wrong_ones": ("That is the share of wrong answers.", "`==`, not `!=`."),
            "cut": ("That is 0 or 1 where a fraction is expected: is it cut off?", "`//` rounds down; `/` doesn't."),
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
        reference=accuracy_by_counting,
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
        n_cases=5,
    ),
}
