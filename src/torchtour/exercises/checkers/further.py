"""Lesson 9."""

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Trial, snapshot


def cosine_rate(t: Trial, answer: Callable[..., Any]) -> None:
    for steps in (t.draw.size(5, 40), t.draw.size(41, 90)):
        highest = t.draw.number(0.1, 0.9)
        for step in (t.draw.random.randint(1, 3), t.draw.random.randint(4, steps - 1), 0, steps):
            t.call(answer, step, steps, highest, names="step steps highest", go_on=True)


def squared_cosine(step: int, steps: int, highest: float) -> float:
    return highest * math.cos(math.pi / 2 * step / steps) ** 2


def to_device(t: Trial, answer: Callable[..., Any]) -> None:
    n = t.draw.size(2, 5)
    batches = [
        [t.draw.normal(n, 2), t.draw.labels(n, 2)],
        [t.draw.normal(n, 3), t.draw.labels(n, 2), t.draw.normal(n).double()],
        [t.draw.integers(0, 9, n)],
    ]
    for batch in batches:
        for device in (torch.device("meta"), "meta", torch.device("cpu")):  # every machine has a device meta
            kept = list(batch)
            got = t.call(answer, batch, device, names="batch device", changes=["batch"], compare=False)
            seen = t.last_call
            t.require(len(batch) == len(kept) and all(map(same, batch, kept)), "", "same_list", seen)
            devices = (
                [one.device.type for one in got if isinstance(one, Tensor)] if isinstance(got, list | tuple) else []
            )
            wanted = torch.device(device).type
            if len(devices) == len(batch) and set(devices) == {"cpu"} != {wanted}:
                t.fail("not_moved", "", seen)
            if len(devices) == len(batch) and set(devices) == {"cpu", wanted} != {wanted}:
                t.fail("only_one", "", seen)
            if devices == [wanted] * len(batch):
                kinds = [(one.shape, one.dtype) for one in got]
                kept_kinds = [(one.shape, one.dtype) for one in kept]
                t.require(set(kinds) == set(kept_kinds), "", "changed", seen)
            t.see("What `to_device` returns", got, seen)
            t.require(got is not batch, "", "same_list", seen)


def same(one: Any, other: Any) -> bool:
    return one is other


def moved(batch: list[Tensor], device: torch.device | str) -> list[Tensor]:
    return [torch.empty_like(one, device=device).copy_(one) for one in batch]


class Step(nn.Module):
    """A layer that calculates one function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, features: Tensor) -> Tensor:
        return self.function(features)


class InOrder(nn.Module):
    """Calls its layers in another order than it names them; one of them may be called twice."""

    def __init__(self, layers: dict[str, nn.Module], order: list[str]) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.order = order

    def forward(self, features: Tensor) -> Tensor:
        for name in self.order:
            features = self.get_submodule(name)(features)
        return features


def nan_nets(t: Trial) -> list[tuple[str, nn.Module, Tensor]]:
    """Nets with their inputs: a NaN arises in another layer each time, or in none."""
    positive = t.draw.normal(t.draw.size(3, 5), 3).abs() + 0.1
    features = positive.clone()
    features[t.draw.size(0, 2), t.draw.size(0, 2)] = -1.5
    many = t.draw.normal(600, 3).abs() + 0.1  # more than are printed
    many[300, 1] = -1.5
    root, log = Step(torch.sqrt), Step(torch.log)
    linear = nn.Linear(3, 3)
    t.draw.fill(linear)
    quiet = [Step(lambda x: x * 2), Step(lambda x: x - 1), Step(torch.abs)]
    t.draw.random.shuffle(quiet)
    place = t.draw.size(1, 3)
    layers = [*quiet[:2]]
    layers.insert(place - 1, root)
    names = t.draw.random.sample(["a", "b", "c", "d", "e"], 3)
    backwards = InOrder(
        {names[0]: Step(torch.abs), names[1]: root, names[2]: nn.Identity()}, [names[2], names[1], names[0]]
    )
    twice = InOrder({"halved": Step(lambda x: x / 2 - 1), "log": log}, ["halved", "halved", "log"])
    return [
        ("a Sequential", nn.Sequential(*layers), features),
        ("layers that are not called in the order of their names", backwards, features),
        ("no NaN", nn.Sequential(linear, nn.ReLU(), root), positive),
        ("an infinity, and no NaN", nn.Sequential(Step(lambda x: x / 0.0), nn.Identity()), features),
        (
            "an infinity, then a NaN",
            nn.Sequential(Step(lambda x: x * math.inf), nn.Identity(), Step(lambda x: x - x)),
            positive,
        ),
        ("a NaN that a later layer takes away", nn.Sequential(nn.Identity(), root, Step(torch.nan_to_num)), features),
        (
            "a block of layers",
            nn.Sequential(nn.Identity(), nn.Sequential(nn.Identity(), root), nn.Identity()),
            features,
        ),
        ("a layer that is called twice", twice, features),
        ("a NaN in the middle of many numbers", nn.Sequential(nn.Identity(), root, nn.Identity()), many),
        ("NaNs in the features", nn.Sequential(nn.Identity(), nn.ReLU()), features * math.nan),
    ]


def first_nan(t: Trial, answer: Callable[..., Any]) -> None:
    for text, net, features in nan_nets(t):
        seen_by_mine: list[int] = []
        for layer in net.children():
            layer.register_forward_pre_hook(lambda *_, seen_by_mine=seen_by_mine: seen_by_mine.append(1))
            layer.register_forward_hook(lambda *_: None)
        before, parameters = hooks(net), snapshot(net)
        got = t.call(answer, net, features, names="net features", changes=["net"], compare=False)
        seen = f"{t.last_call}\nHere the net has {text}."
        t.require(not isinstance(got, int | float), "", "number", seen)
        t.require(not isinstance(got, nn.Module), "", "layer", seen)
        t.require(not isinstance(got, list | tuple | set), "", "all", seen)
        t.require(hooks(net) <= before, "", "hooks_left", seen)
        t.require(
            hooks(net) == before, "You have removed a hook that was there before: remove only your own.", seen=seen
        )
        t.require(bool(seen_by_mine), "`first_nan` never calls the net.", seen=seen)
        t.unchanged("net", parameters, net, seen)
        t.see(f"What `first_nan` returns for {text}", got, seen)


def hooks(net: nn.Module) -> int:
    return sum(len(layer._forward_hooks) + len(layer._forward_pre_hooks) for layer in net.modules())


def nan_by_wrapping(net: nn.Module, features: Tensor) -> str | None:
    names = {id(layer): name for name, layer in net.named_children()}
    found: list[str] = []
    handle = nn.modules.module.register_module_forward_hook(
        lambda layer, _, out: found.append(names[id(layer)]) if id(layer) in names and out.isnan().any() else None
    )
    net(features)
    handle.remove()
    return found[0] if found else None


def noise(t: Trial, answer: Callable[..., Any]) -> None:
    n, seed = t.draw.size(3, 9), t.draw.random.randint(10, 9999)
    torch.manual_seed(seed + 1)
    torch.rand(3)  # other code has drawn numbers since
    states = torch.get_rng_state(), str(np.random.get_state()), random.getstate()
    first = t.call(answer, n, seed, names="n seed", compare=False)
    seen = t.last_call
    untouched = torch.equal(states[0], torch.get_rng_state())
    untouched = untouched and states[1:] == (str(np.random.get_state()), random.getstate())
    t.tensor(first, "What `noise` returns", (n,), integer=False)
    one = first.clone()
    t.require(untouched, "", "disturbs", seen)
    torch.rand(3)
    again = t.call(answer, n, seed, names="n seed", compare=False)
    t.require(torch.equal(one, again), "", "not_repeated", f"{seen}\ngot {one.tolist()}, then {again.tolist()}")
    text = "Two calls return the same tensor: who changes the one changes the other. Draw the numbers anew."
    t.require(first.data_ptr() != again.data_ptr(), text, seen=seen)
    other = t.call(answer, n, seed + t.draw.random.randint(1, 9), names="n seed", compare=False)
    t.require(not torch.equal(one, other), "", "seed_ignored", t.last_call)
    for count in (4000, 6000):
        many = t.tensor(
            t.call(answer, count, seed + count, names="n seed", compare=False), "What `noise` returns", (count,)
        )
        mean, std, low = many.mean().item(), many.std().item(), many.min().item()
        seen = f"{t.last_call}\ngot mean {mean:.3f}, standard deviation {std:.3f}, lowest {low:.3f}"
        t.require(low < 0 or many.max().item() > 1, "", "uniform", seen)
        fourth = ((many - many.mean()) / many.std()).pow(4).mean().item()
        right = abs(mean) < 0.08 and abs(std - 1) < 0.06 and 2.5 < fourth < 3.6
        t.require(right, "The numbers are not from the normal distribution with mean 0 and deviation 1.", seen=seen)
    t.tensor(t.call(answer, 1, seed, names="n seed", compare=False), "What `noise` returns", (1,))


def own_noise(n: int, seed: int) -> Tensor:
    return torch.randn(n, generator=torch.Generator().manual_seed(seed))


class Losses:
    """Plays losses for a range test, and notes the rates."""

    shown = "loss_of_step"

    def __init__(self, values: list[float]) -> None:
        self.values, self.rates = values, list[float]()

    def __call__(self, lr: float) -> float:
        self.rates.append(float(lr))
        return self.values[min(len(self.rates), len(self.values)) - 1]


def range_test(t: Trial, answer: Callable[..., Any]) -> None:
    unit = t.draw.number(0.5, 2)
    plays = [
        [2.0, 1.0, 3.9, 3.0, 4.5, 7.0, 99.0, 99.0, 99.0],  # 4.5 is the first above 4 times 1.0
        [2.0, 1.0, 0.8, 1.5, 3.1, 2.9, 3.3, 5.0, 9.0],
        [2.0, 1.5, 1.0, 1.2, math.nan, 1.0],
        [3.0, 2.0, 1.0, 0.9, 1.3, 1.1, 2.0],  # nothing explodes
        [math.nan, 1.0],
        [1.0, 4.1, 1.0],
        [1.0, 3.9, 1.0],
        [1.0, 4.0, 2.0],  # not more than 4 times
        [2e5, 1e5, 3.9e5, 3e5, 4.5e5, 7e5],
    ]
    for values in plays:
        steps = max(len(values), t.draw.size(5, 8))
        low = 10.0 ** -t.draw.random.randint(3, 6)
        high = low * 10.0 ** t.draw.random.randint(2, 7) * t.draw.number(1, 3)
        see_range(t, answer, [unit * value for value in values], low, high, steps)
    see_range(t, answer, [1.0, 1.0], 0.01, 10 * t.draw.number(0.5, 2), 2)


def see_range(t: Trial, answer: Callable[..., Any], values: list[float], low: float, high: float, steps: int) -> None:
    play = Losses(values)
    got = t.call(answer, play, low, high, steps, names="loss_of_step low high steps", compare=False)
    seen = (
        f"range_test(loss_of_step, {low:g}, {high:g}, {steps}) with the losses {[round(value, 3) for value in values]}"
    )
    rates = play.rates
    t.require(bool(rates), "`range_test` never calls `loss_of_step`.", seen=seen)
    seen += f"\ngot {got!r} after the rates {[float(f'{rate:.4g}') for rate in rates]}"
    wanted = Losses(values)
    right = tested_range(wanted, low, high, steps)
    seen += f"\nexpected {right:.4g} after {[float(f'{rate:.4g}') for rate in wanted.rates]}"
    factor = (high / low) ** (1 / (steps - 1))
    if len(rates) > 1 and rates[0] > 0:
        even = math.isclose(rates[1] - rates[0], (high - low) / (steps - 1), rel_tol=1e-6)
        t.require(not even or steps == 2, "", "even_steps", seen)
        short = math.isclose(rates[1] / rates[0], (high / low) ** (1 / steps), rel_tol=1e-6)
        t.require(not short or len(rates) > steps, "", "high_not_reached", seen)
    close = all(math.isclose(rate, low * factor**place, rel_tol=1e-3) for place, rate in enumerate(rates))
    t.require(close, "Your rates are not each the same factor larger than the one before, from low to high.", seen=seen)
    if t.expected is not None and isinstance(got, int | float) and math.isclose(got, right, rel_tol=1e-3):
        exploded = len(wanted.rates) < steps or not math.isclose(right, high / 10)
        key = "does_not_stop" if exploded and len(rates) > len(wanted.rates) else ""
        t.require(
            len(rates) == len(wanted.rates), "The result is right, but the number of rates tried is not.", key, seen
        )
    with t.part():  # all plays together tell which mistake it is
        t.see("What `range_test` returns", got, seen, 1e-3)
        t.see("The number of rates tried", len(rates), seen)


def tested_range(loss_of_step: Callable[[float], float], low: float, high: float, steps: int) -> float:
    losses: list[float] = []
    for lr in np.geomspace(low, high, steps).tolist():
        losses.append(loss_of_step(lr))
        if not losses[-1] <= 4 * min(losses):
            return float(lr / 10)
    return high / 10


CHECKS = {
    1: prediction_check(
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
        reference=squared_cosine,
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
                "Its caller may still need it.",
            ),
            "no_module": (
                "A list has no `to`. Its tensors do.",
                "Go through the list.",
            ),
        },
        {"'list' object has no attribute": "no_module"},
        reference=moved,
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
        reference=nan_by_wrapping,
    ),
    5: Check(
        "noise",
        noise,
        "`torch.randn` takes an argument `generator`. Who seeds that one?",
        {
            "not_repeated": ("The same seed gives other numbers the second time.", "The seed must go somewhere."),
            "seed_ignored": ("Every seed gives the same numbers.", "Use the argument `seed`."),
            "disturbs": (
                "Your function changes the random numbers of all other code.",
                "`torch.manual_seed` seeds the generator that all share. Make one of your own.",
            ),
            "uniform": (
                "Those numbers lie evenly between 0 and 1.",
                "The normal distribution: `randn`.",
            ),
        },
        reference=own_noise,
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
        reference=tested_range,
    ),
}
