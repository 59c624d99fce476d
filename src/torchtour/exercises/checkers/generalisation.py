"""Lesson 8."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm as torch_batch_norm
from torch.nn.utils import clip_grad_norm_

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Ban, Trial, snapshot


def dropout_net(t: Trial, n_features: int, n_classes: int) -> nn.Sequential:
    hidden = t.draw.random.randint(5, 8)
    block = nn.Sequential(nn.Linear(n_features, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Dropout(0.6))
    net = nn.Sequential(block, nn.Linear(hidden, n_classes))
    t.draw.fill(net, 2)
    statistics = {"running_mean": t.draw.normal(hidden), "running_var": 0.5 + t.draw.normal(hidden).abs()}
    block[1].load_state_dict(statistics, strict=False)
    return net


def measured(t: Trial, answer: Callable[..., Any]) -> None:
    n_features, n_classes = t.draw.sizes(2, 3, 6)
    for mode, n in ((True, t.draw.size(40, 50)), (False, t.draw.size(20, 30)), (True, t.draw.size(8, 12))):
        net = dropout_net(t, n_features, n_classes).train(mode)
        features, noise = t.draw.normal(n, n_features, scale=2), torch.rand(n, generator=t.draw.generator)
        answers = net.eval()(features).argmax(dim=1)
        labels = torch.where(noise < 0.6, answers, (answers + 1) % n_classes)
        net.train(mode)
        watched: list[bool] = []
        modes: list[bool] = []
        net.register_forward_hook(lambda net, _, out, watched=watched: watched.append(out.requires_grad))
        net.get_submodule("0.3").register_forward_hook(lambda layer, *_, modes=modes: modes.append(layer.training))
        names, before = "net features labels", snapshot(net)
        share = t.call(answer, net, features, labels, names=names, changes=["net"], compare=False)
        seen = f"{t.last_call}\nnet.training = {mode}"
        t.require(bool(watched), "`measured` never calls the net.", seen=seen)
        t.require(not any(modes), "", "still_training", seen)
        t.see("What `measured` returns", share, seen)
        flags = {module.training for module in net.modules()}
        t.require(mode or True not in flags, "", "always_training", seen)
        t.require(not mode or net.training, "", "not_set_back", seen)
        t.require(len(flags) == 1, "", "layers_left", seen)
        t.require(not any(watched), "", "watched", seen)
        t.unchanged("net", before, net, seen)


def measured_by_counting(net: nn.Module, features: Tensor, labels: Tensor) -> float:
    mode = net.training
    with torch.no_grad():
        answers = net.eval()(features).argmax(dim=1).tolist()
    net.train(mode)
    return float(sum(map(int.__eq__, answers, labels.tolist())) / len(answers))


def stop_epoch(t: Trial, answer: Callable[..., Any]) -> None:
    for example in (
        [5.0, 4.0, 4.5, 4.4, 4.3, 4.2, 3.0, 2.0],
        [3.0, 3.0, 3.0, 3.0, 2.0, 2.5, 2.6, 2.7],
        [5.0, 6.0, 6.5, 4.0, 5.0, 5.5, 5.6, 3.0],
    ):
        shift = t.draw.number(0, 3)
        t.call(answer, [loss + shift for loss in example], 3, names="losses patience", go_on=True)
    for turn in range(25):
        n, patience = t.draw.random.randint(1, 12), 1 + turn % 5
        values = [t.draw.number(0.1, 3, 1) for _ in range(1 + turn % 9)]
        losses = [t.draw.random.choice(values) for _ in range(n)]
        if turn % 3 == 0:
            losses = sorted(losses, reverse=True)
        t.call(answer, losses, patience, names="losses patience", go_on=True)
    close = [1 - place * 1e-4 for place in range(6)]  # each a new low, by little
    t.call(answer, close, 2, names="losses patience", go_on=True)
    falling = [t.draw.number(1e6, 2e6) - place * 1e5 for place in range(4)]  # all of them large
    t.call(answer, falling, 2, names="losses patience", go_on=True)


def stop_by_looking_back(losses: list[float], patience: int) -> int:
    def is_new_low(place: int) -> bool:
        return place == 0 or losses[place] < min(losses[:place])

    for end in range(patience, len(losses) + 1):
        if not any(map(is_new_low, range(end - patience, end))):
            return end
    return len(losses)


def clipped(t: Trial, answer: Callable[..., Any]) -> None:
    shapes = [(t.draw.size(2, 4),), (t.draw.size(2, 5), 3), ()]  # the first one is not the longest
    for max_norm in (t.draw.number(0.5, 2), 1 + t.draw.random.randint(0, 2), 1000 + t.draw.number(1, 9)):
        gradients = [t.draw.normal(*shape, scale=4) + 1 for shape in shapes]
        got = t.call(answer, gradients, max_norm, names="gradients max_norm")
        if max_norm < 100:
            places = {gradient.data_ptr() for gradient in gradients}
            new = not any(gradient.data_ptr() in places for gradient in got)
            t.require(new, "The results share memory with the gradients that were handed in.", seen=t.last_call)
    t.call(answer, [t.draw.normal(4) + 3], t.draw.number(0.1, 0.4), names="gradients max_norm")
    t.call(answer, [t.draw.normal(3) * 0.01, t.draw.normal(2, 2) * 0.01], 1.0, names="gradients max_norm")
    t.call(answer, [torch.zeros(3), torch.zeros(2, 2)], t.draw.number(0.5, 2), names="gradients max_norm")


def clipped_by_flattening(gradients: list[Tensor], max_norm: float) -> list[Tensor]:
    norm = torch.cat([gradient.flatten() for gradient in gradients]).double().norm().item()
    return [gradient.clone() * (max_norm / norm if norm > max_norm else 1.0) for gradient in gradients]


def kaiming_layer(t: Trial, answer: Callable[..., Any]) -> None:
    n_inputs, n_outputs = t.draw.sizes(2, 5, 9)
    for inputs, outputs in ((n_inputs, n_outputs), (40 * n_inputs, 25 * n_outputs), (20 * n_inputs, 60 * n_outputs)):
        layer = t.call(answer, inputs, outputs, names="n_inputs n_outputs", compare=False)
        seen = t.last_call
        t.instance(layer, nn.Linear, "What `kaiming_layer` returns", seen)
        t.require(list(layer.weight.shape) != [inputs, outputs] or inputs == outputs, "", "sizes_swapped", seen)
        t.require(isinstance(layer.bias, Tensor), "The layer has no bias.", seen=seen)
        t.tensor(layer.weight, "The weight", (outputs, inputs), integer=False)
        t.tensor(layer.bias, "The bias", (outputs,), integer=False)
        t.require(layer.weight.dtype == torch.float32, f"The weight has the type {layer.weight.dtype}.", seen=seen)
        trainable = isinstance(layer.weight, nn.Parameter) and layer.weight.requires_grad and layer.bias.requires_grad
        t.require(
            trainable, "The layer can't be trained: requires_grad is False in its weight or bias.", "detached", seen
        )
        t.require(not layer.bias.any(), "", "biases", seen)
        with t.watched(seen):
            again = answer(inputs, outputs)
        text = "Two layers have the same weights: draw new ones in each call, and set no seed."
        t.require(not torch.equal(layer.weight, again.weight), text, seen=seen)
        if inputs > 9:
            see_distribution(t, layer.weight.detach(), inputs, outputs)


def see_distribution(t: Trial, weight: Tensor, inputs: int, outputs: int) -> None:
    right, mean, std = (2 / inputs) ** 0.5, weight.mean().item(), weight.std().item()
    seen = f"kaiming_layer({inputs}, {outputs})\ngot mean {mean:.5f}, standard deviation {std:.5f}\n"
    seen += f"expected mean 0, standard deviation {right:.5f}"
    t.require(abs(mean) < 0.03 * right + 0.03 * std, "", "shifted", seen)
    wrong = {
        "by_outputs": (2 / outputs) ** 0.5,
        "variance": 2 / inputs,
        "no_factor": (1 / inputs) ** 0.5,
        "both_sizes": (2 / (inputs + outputs)) ** 0.5,
        "standard": 1.0,
        "default": (1 / 3 / inputs) ** 0.5,
    }
    for key, value in wrong.items():
        if abs(std / value - 1) < 0.03 and abs(std / right - 1) > 0.03:
            t.fail(key, "", seen)
    t.require(abs(std / right - 1) < 0.03, "The weights have another standard deviation than asked for.", seen=seen)
    fourth = ((weight - weight.mean()) / weight.std()).pow(4).mean().item()
    t.require(fourth > 2.2, "", "uniform", seen)
    t.require(2.7 < fourth < 3.3, "The weights do not come from a normal distribution.", seen=seen)
    column, row = weight[:, 0].tolist(), weight[0].tolist()
    alike = len(set(column)) < len(column) // 2 or len(set(row)) < len(row) // 2
    t.require(not alike, "Some weights repeat: draw each of them.", seen=seen)


def batch_norm(t: Trial, answer: Callable[..., Any]) -> None:
    n_features = t.draw.size(2, 5)
    seen = f"norm = BatchNorm({n_features})"
    with t.watched(seen):
        norm, other = answer(n_features), answer(n_features)
    t.instance(norm, nn.Module, "What `BatchNorm` makes", seen)
    with t.watched(seen):
        state, parameters = list(norm.state_dict()), list(norm.named_parameters())
    t.require({"mean", "var"} <= set(state), "", "not_in_state_dict", f"{seen}\ngot list(norm.state_dict()) = {state}")
    learned = [name for name, one in parameters if one.requires_grad]
    key = "learned" if {"mean", "var"} & set(learned) else ""
    t.require(
        not learned,
        f"{learned} would be learned; this batch norm has no parameters.",
        key,
        f"{seen}\ngot parameters {learned}",
    )
    see_running(t, "in a new module", norm, seen)
    for turn in range(3):
        with t.part():  # all batches together tell which mistake it is
            see_batch(t, norm, n_features, turn, seen)
    see_running(t, "of another BatchNorm, after that", other, seen)
    with t.watched(f"{seen}\nother.load_state_dict(norm.state_dict())"):
        other.load_state_dict(norm.state_dict())
        other.eval()
    narrow = t.draw.normal(4, n_features, scale=1) * 0.003  # whose variance is as small as what is added to it
    with t.watched(seen):
        other.train()
    t.call(other, narrow, shown="norm", names="batch")
    with t.watched(seen), torch.no_grad():
        other.var.fill_(2e-5)
        other.eval()
    t.call(other, narrow, shown="norm", names="features")
    with t.watched(seen):
        other.load_state_dict(norm.state_dict())
    t.call(other, t.draw.normal(3, n_features), shown="a BatchNorm that has loaded the state_dict", names="features")
    with t.watched(f'{seen}\nnorm.to("meta")'):
        moved = answer(n_features).to("meta")
        devices = (moved.mean.device.type, moved.var.device.type)
    t.require(
        devices == ("meta", "meta"), "", "not_in_state_dict", f'{seen}\nnorm.to("meta") leaves mean or var behind'
    )


def see_batch(t: Trial, norm: nn.Module, n_features: int, turn: int, seen: str) -> None:
    """A batch in training mode, then samples in eval mode."""
    batch = (t.draw.normal(t.draw.size(4, 8) + turn, n_features, scale=2) + 3 * turn).requires_grad_()
    with t.watched(seen):
        norm.train()
    scaled = t.call(norm, batch, shown="norm", names="batch")
    t.gradients(scaled, t.last_call, batch=batch)
    see_running(t, f"after {turn + 1} batches in training mode", norm, t.last_call)
    with t.watched(seen):
        norm.eval()
    sample = t.draw.normal(2, n_features).requires_grad_()
    for features in (sample, sample[:1]):
        t.call(norm, features, shown="norm", names="features")
    t.gradients(t.call(norm, sample, shown="norm", names="features"), t.last_call, features=sample)
    see_running(t, "after a call in eval mode", norm, t.last_call)


def see_running(t: Trial, when: str, norm: nn.Module, seen: str) -> None:
    for name in ("mean", "var"):
        with t.watched(seen):
            value = getattr(norm, name)
        t.see(f"`{name}` {when}", value, seen)
        t.require(not value.requires_grad or value.is_leaf, "", "graph_kept", seen)


class TorchBatchNorm(nn.Module):
    mean: Tensor
    var: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch: Tensor) -> Tensor:
        return torch_batch_norm(batch, self.mean, self.var, training=self.training, momentum=0.1, eps=1e-5)


CHECKS = {
    1: prediction_check(
        1,
        "after_dropout",
        [0, 4],
        "A number is dropped or kept. What is done to those that are kept, so that the mean stays the same?",
        not_scaled=(
            [0, 1],
            "The kept ones are made larger, to make up for those that are dropped.",
            "One in four is kept. By which factor does the mean stay 1?",
        ),
        doubled=([0, 2], "That is right for dropout of one half.", "Here only one in four is kept."),
        by_p=(
            [0, 4 / 3],
            "You divide by the probability to drop. Divide by the probability to keep.",
            "What share is kept?",
        ),
        eval_mode=(
            [1],
            "In eval mode, yes. A new module is in training mode.",
            "Which values are there when some are dropped?",
        ),
        no_zero=([4], "That is what the kept ones become. The dropped ones are in the set too.", "Two values."),
    ),
    2: Check(
        "measured",
        measured,
        "Which two switches does a net need for measuring? One stops autograd's notes. The other?",
        {
            "still_training": (
                "The net is asked in training mode, where dropout and batch norm work as in training.",
                "`no_grad` does not turn it off. One method of the net does.",
            ),
            "not_set_back": (
                "The net stays in eval mode, and the training that follows would be without dropout.",
                "Set it back before you return.",
            ),
            "always_training": (
                "A net that came in eval mode is in training mode afterwards.",
                "Remember `net.training` and set it back to that.",
            ),
            "layers_left": (
                "The net is back in its mode, but not the layers in it: they stay in the other mode.",
                "`net.training = ...` sets a single flag. `net.train(mode)` goes through all layers.",
            ),
            "watched": (
                "Autograd takes notes of the measurement, which costs memory.",
                "Keep `no_grad`: the two switches do different things.",
            ),
            "counted": ("That is the number of right answers; the share is asked for.", "Take the mean."),
        },
        reference=measured_by_counting,
    ),
    3: Check(
        "stop_epoch",
        stop_epoch,
        "Keep two things: the lowest loss so far, and how many epochs it has stood.",
        {
            "counted_from_zero": (
                "One less than asked for: the epochs count from 1.",
                "`enumerate` has an argument `start`.",
            ),
            "best_epoch": (
                "That is the epoch with the lowest loss. Asked for is when to stop.",
                "You notice only `patience` epochs later.",
            ),
            "best_of_all": (
                "You look at losses that come after the stop. In a training they do not exist yet.",
                "Go epoch by epoch and return as soon as it is clear.",
            ),
            "too_late": (
                "You stop one epoch too late.",
                "Stop after the `patience`-th epoch without a new low, not after the next.",
            ),
            "the_loss": ("That is a loss. The epoch is asked for.", "Return the count."),
            "last_epoch": (
                "You compare each loss with the one before it. Compare with the lowest so far.",
                "In 5, 4, 4.5, 4.4, 4.3 the loss falls at the end, and there is still no new low.",
            ),
            "not_in_a_row": (
                "You count all epochs without a new low. A new low starts the count again.",
                "Set the count to 0 there.",
            ),
            "equal_counts": (
                "A loss that only equals the lowest is not a new low.",
                "`<`, not `<=`.",
            ),
            "no_end": (
                "When it never comes to a stop, your function returns None.",
                "What should stand after the loop?",
            ),
        },
        reference=stop_by_looking_back,
    ),
    4: Check(
        "clipped",
        clipped,
        "First the length of all numbers together. Then one factor for all, which is at most 1.",
        {
            "in_place": ("Your function changes the gradients that were handed in.", "Return new tensors."),
            "unchanged": (
                "Nothing is clipped: together the gradients are longer than max_norm.",
                "Their length is that of all numbers together, not of each tensor.",
            ),
            "one_by_one": (
                "Each tensor is clipped by itself. That changes the direction of the step.",
                "One length for all of them together, and one factor.",
            ),
            "by_value": (
                "Each number is cut off by itself. That changes the direction of the step.",
                "Scale all numbers by the same factor.",
            ),
            "no_root": ("You divide by the sum of squares. The length is its root.", "A root is missing."),
            "length_one": ("The gradients have the length 1 now, not max_norm.", "Multiply by max_norm."),
            "divided_only": ("You divide by max_norm alone.", "The factor is max_norm divided by the length."),
            "multiplied": ("The gradients get longer: your factor is upside down.", "It should be at most 1."),
            "summed": (
                "You take the sum of the absolute values as length.",
                "The root of the sum of squares.",
            ),
            "longest": (
                "You scale by the longest tensor alone, so that all together are still too long.",
                "The squares of all tensors go into one sum.",
            ),
            "zero": (
                "For gradients that are all 0 your function divides by 0, and NaNs come out.",
                "Gradients that are short enough stay as they are: look before you divide.",
            ),
            "stretched": (
                "Short gradients are made longer. They should stay as they are.",
                "The factor is never larger than 1.",
            ),
        },
        {"ZeroDivisionError|division by zero": "zero"},
        reference=clipped_by_flattening,
        bans=(Ban("clip_grad_norm_", python_functions=(clip_grad_norm_,)),),
    ),
    5: Check(
        "kaiming_layer",
        kaiming_layer,
        "Make the layer, then fill its two tensors. `nn.init` has functions for that; or copy inside `no_grad`.",
        {
            "sizes_swapped": (
                "Inputs and outputs are swapped.",
                "nn.Linear takes the inputs first, and its weight has the shape [outputs, inputs].",
            ),
            "biases": ("The biases are not 0.", "nn.Linear draws them at random. Set them."),
            "by_outputs": (
                "You divide by the number of outputs.",
                "Each output sums over the inputs. Their number decides how large the sum gets.",
            ),
            "variance": (
                "2 / n_inputs is the variance. You use it as the standard deviation.",
                "A root is missing.",
            ),
            "no_factor": (
                "The factor 2 is missing. ReLU sets half of the numbers to 0, and the 2 makes up for it.",
                "The root of 2 / n_inputs.",
            ),
            "both_sizes": (
                "That is Xavier's rule, which uses both sizes.",
                "Only the inputs count here.",
            ),
            "standard": (
                "The weights have the standard deviation 1.",
                "Scale them.",
            ),
            "default": (
                "The weights are as large as those that nn.Linear draws by itself.",
                "Draw new ones.",
            ),
            "shifted": ("The mean of the weights is not 0.", "A normal distribution around 0."),
            "uniform": (
                "The size is right, but the numbers are spread evenly. A normal distribution is asked for.",
                "`normal`, not `uniform`.",
            ),
            "watched": (
                "torch refuses to write into a weight that it watches.",
                "Write inside `torch.no_grad()`; the functions of `nn.init` do that for you.",
            ),
        },
        {"leaf Variable": "watched"},
    ),
    6: Check(
        "BatchNorm",
        batch_norm,
        "Two cases: which mean and variance? In training, move the running ones too. The last line serves both.",
        {
            "rows": ("You scale each sample. Each feature should be scaled.", "One mean for each column."),
            "whole": ("You take one mean for all features.", "One for each column: `dim=0`."),
            "corrected": (
                "You scale by the variance that divides by n - 1.",
                "For scaling, `correction=0` makes it n.",
            ),
            "biased": (
                "The running variance moves towards the batch's variance with `correction=0`.",
                "It should move towards `batch.var(dim=0)`, which divides by n - 1, as torch's own batch norm does.",
            ),
            "not_in_state_dict": (
                "`mean` and `var` do not travel with the net: `state_dict()` and `to(device)` leave them out.",
                "A plain attribute is not known to the module. `self.register_buffer(name, tensor)` makes it known.",
            ),
            "learned": (
                "`mean` and `var` are parameters now, so an optimizer would change them.",
                "They are numbers of the net that are not learned: buffers.",
            ),
            "graph_kept": (
                "Autograd still watches the running values, so the graph of each batch stays in memory.",
                "Move them inside `torch.no_grad()`, or detach the batch's values.",
            ),
            "all_in_no_grad": (
                "The scaled batch is detached: no gradient goes back through it, so nothing before it can be trained.",
                "`no_grad` belongs around the running values alone.",
            ),
            "forgets": (
                "The running values start afresh with each batch: earlier batches are forgotten.",
                "Keep them in self.mean and self.var from call to call.",
            ),
            "not_rooted": ("You divide by the variance.", "By its root."),
            "running_in_training": (
                "In training you scale by the running values. Use those of the batch.",
                "`self.training` says which mode it is.",
            ),
            "moved_first": (
                "In training you scale by the running values after they have moved.",
                "The running values are for later. Scale by those of the batch.",
            ),
            "not_kept": (
                "The running values never change, so there is nothing to use once trained.",
                "Assign to self.mean and self.var.",
            ),
            "replaced": (
                "The running values are replaced by those of the last batch.",
                "A tenth of the way: 0.9 of the old value and 0.1 of the new one.",
            ),
            "nine_tenths": (
                "The running values move nine tenths of the way.",
                "0.9 of the old value stays.",
            ),
            "added": (
                "You add a tenth of the batch's values, but the old ones keep their full size.",
                "0.9 of the old value stays.",
            ),
            "batch_in_eval": (
                "In eval mode you still scale by the batch: the answer for a sample depends on its neighbours.",
                "Use self.mean and self.var there.",
            ),
            "moves_in_eval": (
                "The running values move in eval mode too, so measuring a net changes it.",
                "Move them in training only.",
            ),
            "eval_not_scaled": ("In eval mode nothing is scaled.", "Use self.mean and self.var there."),
        },
        reference=TorchBatchNorm,
    ),
}
