"""Lesson 9."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from torchtour.exercises.judge import Check, NotRight, article, predict, same, verdict


def cosine_rate(answer: Callable[..., Any]) -> str | None:
    def check(step: int) -> str | None:
        wave, degrees = math.cos(math.pi * step / 8), math.cos(180 * step / 8)
        return verdict(
            "cosine_rate",
            answer(step, 8, 0.4),
            0.2 * (1 + wave),
            not_halved=0.4 * (1 + wave),
            bare_cosine=0.4 * wave,
            quarter=0.4 * math.cos(math.pi / 2 * step / 8),
            whole_wave=0.2 * (1 + math.cos(2 * math.pi * step / 8)),
            degrees=0.2 * (1 + degrees),
            straight=0.4 * (1 - step / 8),
            rising=0.2 * (1 - wave),
            no_pi=0.2 * (1 + math.cos(step / 8)),
            factor_only=0.5 * (1 + wave),
            one_short=0.2 * (1 + math.cos(math.pi * step / 7)),
        )

    return check(3) or check(0) or check(8)


def to_device(answer: Callable[..., Any]) -> str | None:
    batch = [torch.ones(3, 2), torch.zeros(3).long()]
    kept = list(batch)
    got = answer(batch, torch.device("meta"))  # a device that every machine has, and that holds no numbers
    if not isinstance(got, list | tuple):
        raise NotRight(f"`to_device` returns {article(got)}, and a list is asked for.")
    if len(got) != 2 or not all(isinstance(tensor, Tensor) for tensor in got):
        raise NotRight("`to_device` should return a list with as many tensors as the batch has.")
    devices = [tensor.device.type for tensor in got]
    if devices == ["cpu", "cpu"]:
        return "not_moved"
    if devices != ["meta", "meta"]:
        return "only_one"
    if got[0].shape != (3, 2) or got[1].dtype != torch.int64:
        return "changed"
    return "same_list" if batch[0] is not kept[0] else None


class Rooted(nn.Module):
    """The root of the features, and with it a NaN wherever one is negative."""

    def forward(self, features: Tensor) -> Tensor:
        return features.sqrt()


class Backwards(nn.Module):
    """Calls its layers in another order than it names them."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.root, self.first = nn.Identity(), Rooted(), nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        result: Tensor = self.last(self.root(self.first(features)))
        return result


def hooks(net: nn.Module) -> int:
    return sum(len(layer._forward_hooks) for layer in net.modules())


def first_nan(answer: Callable[..., Any]) -> str | None:
    net = nn.Sequential(nn.Identity(), Rooted(), nn.ReLU())
    got = answer(net, torch.tensor([[1.0, -1.0]]))
    if isinstance(got, int):
        return "number"
    if isinstance(got, nn.Module):
        return "layer"
    if isinstance(got, list):
        return "all"
    key = verdict("first_nan", got, "1", last="2", first_layer="0", whole_net="")
    if key:
        return key
    if hooks(net):
        return "hooks_left"
    if (got := answer(Backwards(), torch.tensor([[-1.0]]))) != "root":
        return "order" if got == "last" else verdict("first_nan", got, "root")
    if (got := answer(net, torch.tensor([[1.0, math.inf]]))) is not None:
        return "infinity"
    return None if answer(net, torch.ones(1, 2)) is None else "infinity"


def noise(answer: Callable[..., Any]) -> str | None:
    torch.manual_seed(5)
    before = torch.rand(3)
    torch.manual_seed(5)
    one = answer(4, 1)
    after = torch.rand(3)
    if not isinstance(one, Tensor) or one.shape != (4,):
        raise NotRight(f"`noise(4, seed=1)` returns {article(one)} of another shape than [4].")
    again, other = answer(4, 1), answer(4, 2)
    if not same(one, again):
        return "not_repeated"
    if same(one, other):
        return "seed_ignored"
    if not same(before, after):
        return "disturbs"
    many = answer(2000, 3)
    if many.min() >= 0:
        return "uniform"
    if abs(many.mean()) > 0.1 or abs(many.std() - 1) > 0.1:
        raise NotRight("The numbers are not those of the normal distribution with mean 0 and standard deviation 1.")
    return None


def range_test(answer: Callable[..., Any]) -> str | None:
    tried: list[float] = []
    losses = [2.0, 1.0, 3.9, 3.0, 4.5, 7.0, 99.0, 99.0, 99.0]  # 4.5 is the first above 4 times 1.0

    def play(values: list[float]) -> tuple[Any, list[float]]:
        tried.clear()

        def loss_of_step(lr: float) -> float:
            tried.append(lr)
            return values[min(len(tried), len(values)) - 1]

        return answer(loss_of_step, 1e-4, 1e4, 9), list(tried)

    got, rates = play(losses)
    if not rates:
        raise NotRight("`range_test` never calls `loss_of_step`.")
    if len(rates) > 1 and same(rates[1] - rates[0], (1e4 - 1e-4) / 8):
        return "even_steps"
    right = [10.0 ** (i - 4) for i in range(9)]
    if not all(math.isclose(rate, wanted, rel_tol=1e-3) for rate, wanted in zip(rates, right, strict=False)):
        if len(rates) > 1 and math.isclose(rates[1] / rates[0], 10 ** (8 / 9), rel_tol=1e-3):
            return "high_not_reached"
        raise NotRight("Your rates are not each the same factor larger than the one before, from low to high.")
    if same(got, 1e-3) and len(rates) == 9:
        return "best"
    key = verdict(
        "range_test",
        got,
        0.1,
        not_a_tenth=1.0,
        of_first=0.01 / 10,
        of_last=100.0 / 10,
        all_tried=1e3,
        before_it=0.01,
    )
    if key:
        return key
    if len(rates) > 5:
        return "does_not_stop"
    got, rates = play([2.0, 1.0, math.nan, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    if not same(got, 1e-3):
        return "nan"
    return verdict("range_test", play([2.0] * 9)[0], 1e3, no_end=None)


CHECKS = {
    1: predict(
        1,
        "sum_in_bfloat16",
        256.0,
        "With 8 binary digits: which number comes after 256?",
        exact=(
            266.0,
            "That would be right in float32. Does bfloat16 have a number 257?",
            "How many binary digits does 257 take?",
        ),
        by_twos=(
            276.0,
            "bfloat16 counts in twos from 256 on, but it rounds to the nearest, and here not upwards.",
            "257 lies in the middle between two numbers. Torch takes the even one.",
        ),
        half=(261.0, "Each step does the same, so either all ten count or none.", "What is 256 + 1, rounded?"),
        overflow=(
            math.inf,
            "bfloat16 reaches as far as float32. Its gaps are larger.",
            "What is the number after 256?",
        ),
        once=(258.0, "You round up once. To what is 257 rounded?", "To the even one of its neighbours, each time."),
    ),
    2: Check(
        "cosine_rate",
        cosine_rate,
        "A cosine goes from 1 to -1 on the way from 0 to pi. Shift and shrink that, so that it goes from 1 to 0.",
        {
            "not_halved": ("Twice too large: 1 + cos goes from 2 to 0.", "Divide."),
            "bare_cosine": (
                "A bare cosine goes below 0, and so would the learning rate.",
                "Add 1 and divide by 2.",
            ),
            "quarter": ("That is a quarter of the wave. Half of it ends flat.", "From 0 to pi, from 1 to -1."),
            "whole_wave": ("That is the whole wave: it rises again.", "Half of it goes from 0 to pi."),
            "degrees": ("`math.cos` takes radians, not degrees.", "180 degrees are pi."),
            "straight": ("That falls in a straight line.", "Use a cosine."),
            "rising": ("That rises from 0 to the highest.", "Plus, not minus."),
            "no_pi": ("pi is missing, so the rate never gets near 0.", "In the last step the angle is pi."),
            "factor_only": ("That is the factor. Multiply by the highest rate.", "Step 0 should give `highest`."),
            "one_short": (
                "The rate reaches 0 one step too soon.",
                "It is 0 in step `steps`.",
            ),
        },
    ),
    3: Check(
        "to_device",
        to_device,
        "What does `tensor.to` return? And what does it change?",
        {
            "not_moved": (
                "The tensors are still where they were: `to` returns a new tensor and leaves the old one alone.",
                "Keep what it returns.",
            ),
            "only_one": ("One of the tensors stays behind.", "Labels must move as well."),
            "changed": ("On the way the shape or the type of a tensor has changed.", "Only the device should change."),
            "same_list": (
                "The list that was handed in has changed. A new list is asked for.",
                "Whoever handed it in may still need it.",
            ),
            "no_module": (
                "A list has no `to`. Its tensors do.",
                "Go through the list.",
            ),
        },
        {"'list' object has no attribute": "no_module"},
    ),
    4: Check(
        "first_nan",
        first_nan,
        "A hook gets the layer, its inputs and its output. Give each layer a hook that notes the layer's name.",
        {
            "number": ("That is a number. The name is a string.", "`named_children` gives name and layer."),
            "layer": ("That is the layer. Its name is asked for.", "`named_children` gives name and layer."),
            "all": ("That is a list. Only the first one is asked for.", "Or None if there is none."),
            "last": (
                "That is the last layer with a NaN: all layers after the first one pass it on.",
                "In a loop that makes functions, all of them see the last value of the variable. Or you overwrite.",
            ),
            "first_layer": ("The first layer is innocent: its output has no NaN.", "Look at the output of each hook."),
            "whole_net": (
                "That is the whole net: `named_modules` counts it too.",
                "`named_children` gives the layers alone.",
            ),
            "hooks_left": (
                "The hooks are still there, and would run with each later call.",
                "`register_forward_hook` returns a handle that can remove its hook.",
            ),
            "order": (
                "You go by the order of the names. The net may calculate in another one.",
                "The hooks run in the order of the calculation: note what they see.",
            ),
            "infinity": (
                "An infinity is not a NaN.",
                "`isnan`, not `isfinite`.",
            ),
        },
    ),
    5: Check(
        "noise",
        noise,
        "`torch.randn` takes an argument `generator`. Who seeds that one?",
        {
            "not_repeated": ("The same seed gives other numbers the second time.", "The seed must go somewhere."),
            "seed_ignored": ("Every seed gives the same numbers.", "Use the argument `seed`."),
            "disturbs": (
                "Your function changes the random numbers of everybody else.",
                "`torch.manual_seed` seeds the generator that all share. Make one of your own.",
            ),
            "uniform": (
                "Those numbers lie evenly between 0 and 1.",
                "The normal distribution: `randn`.",
            ),
        },
    ),
    6: Check(
        "range_test",
        range_test,
        "Two things to keep: the lowest loss so far, and the rate. And which factor leads from low to high?",
        {
            "even_steps": (
                "Your rates lie evenly: the small ones are hardly tried.",
                "Multiply from rate to rate, don't add.",
            ),
            "high_not_reached": (
                "Your last rate is below `high`: there is one step less than there are rates.",
                "9 rates have 8 gaps.",
            ),
            "not_a_tenth": ("That is the rate where the loss explodes.", "A tenth of it."),
            "of_first": (
                "You stop too soon: the loss is higher than the lowest, but not 4 times.",
                "4 times the lowest so far.",
            ),
            "of_last": (
                "You stop too late: compare with the lowest loss so far, not with the first or the last one.",
                "In 2, 1, 3.9, 3, 4.5 the lowest is 1.",
            ),
            "all_tried": ("You never stop, though the loss explodes.", "Compare each loss with the lowest so far."),
            "before_it": (
                "That is a tenth of the rate before the explosion.",
                "A tenth of the rate at which it explodes.",
            ),
            "best": (
                "That is the rate with the lowest loss. In this test it is only the rate of that moment.",
                "Look for the explosion.",
            ),
            "does_not_stop": (
                "The result is right, but you go on after the explosion.",
                "Return at once.",
            ),
            "nan": (
                "A NaN does not stop your test.",
                "Each comparison with a NaN is False. Ask for it: `math.isnan`.",
            ),
            "no_end": ("Where nothing explodes, your function returns None.", "What should stand after the loop?"),
        },
    ),
}
