"""Lesson 8."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from torchtour.exercises.judge import Check, NotRight, article, predict, same, unlike, verdict


class Watched(nn.Module):
    """Its answers are right in eval mode only; it notes in which mode it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.child = nn.Dropout(0.5)
        self.asked: list[tuple[bool, bool]] = []

    def forward(self, features: Tensor) -> Tensor:
        self.asked.append((self.training or self.child.training, torch.is_grad_enabled()))
        return -features if self.training else features


def measured(answer: Callable[..., Any]) -> str | None:
    scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 5.0], [4.0, 0.0, 1.0]])
    labels = torch.tensor([0, 1, 2, 2])
    net = Watched().train()
    got = answer(net, scores, labels)
    if not net.asked:
        raise NotRight("`measured` does not ask the net.")
    if net.asked[-1][0]:
        return "still_training"
    key = verdict("measured", got, 0.75, counted=3.0)
    if key:
        return key
    if not net.training:
        return "not_set_back"
    net.eval()
    answer(net, scores, labels)
    if net.training:
        return "always_training"
    return "watched" if net.asked[-1][1] else None


def stop_epoch(answer: Callable[..., Any]) -> str | None:
    losses = [5.0, 6.0, 3.0, 4.0, 2.0, 3.0, 2.5, 2.5, 1.0, 0.5, 0.6]
    got = answer(list(losses), 3)
    key = verdict(
        "stop_epoch",
        got,
        8,
        counted_from_zero=7,
        best_epoch=5,
        best_of_all=10,
        too_late=9,
        the_loss=2.5,
        not_in_a_row=6,
        last_epoch=11,
    )
    if key == "last_epoch":  # three ways lead there
        got = answer([5.0, 4.0, 4.5, 4.6, 4.7, 4.8, 4.9], 3)
        if same(got, 6):
            return "too_late"
        if not same(got, 5):
            raise NotRight("`stop_epoch` goes on to the last epoch where it should stop.")
    if key:
        return key
    if not same(answer([5.0, 4.0, 4.0, 4.0, 4.0, 1.0], 3), 5):
        return "equal_counts"
    end = answer([3.0, 2.0, 1.0, 2.0], 3)
    if end is None:
        return "no_end"
    return verdict("stop_epoch", end, 4)


def clipped(answer: Callable[..., Any]) -> str | None:
    gradients = [torch.tensor([3.0, 0.0]), torch.tensor([[4.0], [12.0]])]  # together 13 long
    given = [gradient.clone() for gradient in gradients]
    got = answer(given, 6.5)
    if not same(given, gradients):
        return "in_place"
    if isinstance(got, Tensor):
        raise NotRight("`clipped` should return a list of tensors, one for each gradient.")
    got = list(got) if isinstance(got, tuple) else got
    one_by_one = [g * min(1.0, 6.5 / g.norm().item()) for g in gradients]
    kept = answer(gradients, 26.0)
    if not isinstance(kept, list | tuple):
        raise NotRight(f"Where the gradients are short: {unlike('clipped', kept, gradients)}")
    key = verdict(
        "clipped",
        got,
        [g / 2 for g in gradients],
        unchanged=gradients,
        one_by_one=one_by_one,
        by_value=[g.clamp(-6.5, 6.5) for g in gradients],
        no_root=[g * 6.5 / 169 for g in gradients],
        length_one=[g / 13 for g in gradients],
        divided_only=[g / 6.5 for g in gradients],
        multiplied=[g * 2 for g in gradients],
        summed=[g * 6.5 / 19 for g in gradients],
        longest=[g * 6.5 / gradients[1].norm() for g in gradients],
    )
    if key:
        return key
    return verdict("clipped", list(kept), gradients, stretched=[g * 2 for g in gradients])


def kaiming_layer(answer: Callable[..., Any]) -> str | None:
    layer = answer(200, 800)
    if not isinstance(layer, nn.Linear):
        raise NotRight(f"`kaiming_layer` returns {article(layer)}, and an nn.Linear is asked for.")
    if not isinstance(layer.bias, Tensor):
        raise NotRight("The layer has no bias. A bias of zeros is asked for.")
    weight, bias = layer.weight.detach(), layer.bias.detach()
    if weight.shape == (200, 800):
        return "sizes_swapped"
    if bias.abs().max() > 0:
        return "biases"
    near = {
        "by_outputs": (2 / 800) ** 0.5,
        "variance": 2 / 200,
        "no_factor": (1 / 200) ** 0.5,
        "both_sizes": (2 / 1000) ** 0.5,
        "standard": 1.0,
        "default": (1 / 3 / 200) ** 0.5,
    }
    std = weight.std().item()
    for key, value in near.items():
        if abs(std / value - 1) < 0.02:
            return key
    if abs(std / 0.1 - 1) > 0.02:
        raise NotRight(f"The standard deviation of the weights is {std:.4f}, and that is not right.")
    if abs(weight.mean().item()) > 0.01:
        return "shifted"
    return "uniform" if weight.abs().max() < 0.2 else None


def batch_norm(answer: Callable[..., Any]) -> str | None:
    torch.manual_seed(4)
    batch, later = torch.randn(5, 5) * 3 + 2, torch.randn(5, 5)
    module, torchs = answer(5), nn.BatchNorm1d(5, affine=False)
    if not isinstance(module, nn.Module):
        raise NotRight("`BatchNorm(5)` is not an nn.Module. Keep the first line of the class.")
    mean, var = batch.mean(0), batch.var(0, correction=0)
    got = module(batch)
    key = verdict(
        "BatchNorm(5) in training mode",
        got,
        torchs(batch),
        rows=(batch - batch.mean(1, keepdim=True)) / (batch.var(1, keepdim=True, correction=0) + 1e-5).sqrt(),
        whole=(batch - batch.mean()) / (batch.var(correction=0) + 1e-5).sqrt(),
        corrected=(batch - mean) / (batch.var(0) + 1e-5).sqrt(),
        not_rooted=(batch - mean) / (var + 1e-5),
        running_in_training=batch / (1 + 1e-5) ** 0.5,
        moved_first=(batch - 0.1 * mean) / (0.9 + 0.1 * var + 1e-5).sqrt(),
    )
    if key:
        return key
    mean_now: Any = module.mean
    var_now: Any = module.var
    if not isinstance(mean_now, Tensor) or not isinstance(var_now, Tensor):
        raise NotRight("After a batch in training self.mean or self.var is no tensor any more.")
    now = mean_now.detach().clone(), var_now.detach().clone()
    if same(now, (torch.zeros(5), torch.ones(5))):
        return "not_kept"
    if same(now, (mean, var)):
        return "replaced"
    if same(now, (0.9 * mean, 0.1 + 0.9 * var)):
        return "nine_tenths"
    if same(now, (0.1 * mean, 1 + 0.1 * var)):
        return "added"
    if not same(now, (0.1 * mean, 0.9 + 0.1 * var)):
        raise NotRight("After a batch in training self.mean and self.var are not a tenth of the way to the batch's.")
    module.eval()
    got = module(later)
    if same(got, nn.functional.batch_norm(later, None, None, training=True)):
        return "batch_in_eval"
    if not same((module.mean, module.var), now):
        return "moves_in_eval"
    return verdict("BatchNorm(5) in eval mode", got, (later - now[0]) / (now[1] + 1e-5).sqrt(), eval_not_scaled=later)


CHECKS = {
    1: predict(
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
                "The net is asked in training mode, so dropout still drops.",
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
            "watched": (
                "Autograd takes notes of the measurement, which costs memory.",
                "Keep `no_grad`: the two switches do different things.",
            ),
            "counted": ("That is the number of right answers; the share is asked for.", "Take the mean."),
        },
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
            "stretched": (
                "Short gradients are made longer. They should stay as they are.",
                "The factor is never larger than 1.",
            ),
        },
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
                "Those are the weights that nn.Linear draws by itself.",
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
            "rows": ("You scale each sample. Each feature is to be scaled.", "One mean for each column."),
            "whole": ("You take one mean for all features.", "One for each column: `dim=0`."),
            "corrected": ("The variance divides by n - 1.", "`correction=0` makes it n."),
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
    ),
}
