"""Lesson 2."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Trial


class Curve:
    """A function to differentiate, which counts its calls."""

    def __init__(self, shown: str, function: Callable[[Tensor], Tensor]) -> None:
        self.shown, self.function, self.n_calls = shown, function, 0

    def __call__(self, x: Any) -> Any:
        self.n_calls += 1
        return self.function(x)


def slope(t: Trial, answer: Callable[..., Any]) -> None:
    a, b, c = (t.draw.number(0.5, 3) for _ in range(3))
    curves = [
        Curve(f"lambda x: {a} * x**3 - {b} * x", lambda x: a * x**3 - b * x),
        Curve(f"lambda x: {c} * (x * {b}).sin()", lambda x: c * (x * b).sin()),
        Curve(f"lambda x: {a} / (x * x + {c})", lambda x: a / (x * x + c)),
        Curve(f"lambda x: {b} * x * x", lambda x: b * x * x),
    ]
    for curve in curves:
        t.call(answer, curve, t.draw.number(-3, 3), names="function at", tolerance=1e-4, go_on=True)
        t.call(answer, curve, t.draw.random.randint(4, 9), names="function at", tolerance=1e-4, go_on=True)
    # Autograd and a difference quotient disagree here: the detached factor counts as a constant.
    half_watched = Curve(f"lambda x: {a} * x.detach() * x", lambda x: a * x.detach() * x)
    t.call(answer, half_watched, t.draw.number(1, 3), names="function at", tolerance=1e-4, go_on=True)
    if t.expected is not None and any(curve.n_calls == 0 for curve in curves):
        t.fail("other", "`slope` never calls the function that it is given.")


def slope_of(function: Callable[[Tensor], Tensor], at: float) -> float:
    x = torch.tensor(float(at), requires_grad=True)
    (derivative,) = torch.autograd.grad(function(x), x)
    return derivative.item()


def descend(t: Trial, answer: Callable[..., Any]) -> None:
    for lr in (t.draw.number(0.15, 0.45), t.draw.number(0.01, 0.09, 3)):
        start, steps = t.draw.number(-6, 8), t.draw.size(3, 7)
        t.call(answer, start, steps, lr, names="start steps lr", tolerance=1e-4, go_on=True)
    t.call(answer, t.draw.number(-6, 8), t.draw.size(4, 9), names="start steps", tolerance=1e-4, go_on=True)
    t.call(answer, t.draw.number(-6, 2), 12, names="start steps", lr=0.4, tolerance=1e-4, go_on=True)  # arrives
    t.call(answer, t.draw.number(-6, 8), 1, names="start steps", lr=t.draw.number(0.2, 0.4), tolerance=1e-4, go_on=True)


def path_of(start: float, steps: int, lr: float = 0.1) -> list[float]:
    x, path = start, []
    for _ in range(steps):
        x -= lr * 2 * (x - 3)
        path.append(x)
    return path


def line_step(t: Trial, answer: Callable[..., Any]) -> None:
    w = torch.tensor(t.draw.number(-2, 2), requires_grad=True)
    b = torch.tensor(t.draw.number(-2, 2), requires_grad=True)
    for n in (t.draw.size(3, 6), t.draw.size(7, 9)):
        x, y, lr = t.draw.normal(n), t.draw.normal(n), t.draw.number(0.02, 0.4)
        for again in (False, True):
            before = [w.detach().clone(), b.detach().clone()]
            got = t.call(answer, w, b, x, y, lr, names="w b x y lr", changes=("w", "b"), compare=False)
            new = t.pair(got, "What `line_step` returns")
            for one, old in ((w, before[0]), (b, before[1])):
                if t.expected is not None and (one.detach() != old or not one.requires_grad):
                    t.fail("changed", "")
            for name, one in zip(("w", "b"), new, strict=True):
                which = "of a second call" if again else "of the first call"
                t.see(f"The new {name} {which}", one, t.last_call, key="leftover" if again else "")
                t.require(not one.requires_grad, "", "watched")
                t.require(one is not w and one is not b, "The results are the tensors that were handed in.")


def line_step_by_formula(w: Tensor, b: Tensor, x: Tensor, y: Tensor, lr: float) -> tuple[Tensor, Tensor]:
    error = (w.detach() * x + b.detach() - y).double()
    dw, db = 2 * (error * x).mean(), 2 * error.mean()
    return (w.detach() - lr * dw).float(), (b.detach() - lr * db).float()


def value(t: Trial, answer: Callable[..., Any]) -> None:
    t.require(isinstance(answer, type), "`Value` should be the class of the start file, with your two lines in it.")
    sums: dict[str, Callable[..., Any]] = {
        "a * b": lambda a, b, c: a * b,
        "a * b * c": lambda a, b, c: a * b * c,
        "a * (b * c)": lambda a, b, c: a * (b * c),
        "a * a": lambda a, b, c: a * a,
        "a * b + c": lambda a, b, c: a * b + c,
        "(a + b) * (b + c)": lambda a, b, c: (a + b) * (b + c),
        "a * b + a * a * a + b": lambda a, b, c: a * b + a * a * a + b,
        "a + b": lambda a, b, c: a + b,
        "d * d + d * c with d = a * b": lambda a, b, c: with_part(a * b, c),
    }
    for text, function in sums.items():
        numbers = [t.draw.number(-4, 4) or 1.5 for _ in range(3)]
        if text == "(a + b) * (b + c)":
            numbers[2] = -numbers[1]  # a factor of 0
        seen = "z = " + text + " with " + ", ".join(f"{n} = {x}" for n, x in zip("abc", numbers, strict=True))
        with t.watched(seen):
            leaves = [answer(number) for number in numbers]
            z = function(*leaves)
            z.backward()
            found = [float(leaf.grad) for leaf in leaves]
            data = float(z.data)
        t.see(f"z.data for z = {text}", data, seen)
        for name, gradient in zip("abc", found, strict=True):
            t.see(f"{name}.grad after z.backward() for z = {text}", gradient, seen)


def with_part(d: Any, c: Any) -> Any:
    """An intermediate result that is used three times."""
    return d * d + d * c


class Dual:
    """Derivatives forwards, beside the value: another way than Value's."""

    def __init__(self, data: float, parts: "dict[Dual, float] | None" = None) -> None:
        self.data, self.grad = data, 0.0
        self.parts = {self: 1.0} if parts is None else parts

    def combined(self, data: float, other: "Dual", one: float, two: float) -> "Dual":
        parts = {leaf: one * part for leaf, part in self.parts.items()}
        for leaf, part in other.parts.items():
            parts[leaf] = parts.get(leaf, 0.0) + two * part
        return Dual(data, parts)

    def __add__(self, other: "Dual") -> "Dual":
        return self.combined(self.data + other.data, other, 1.0, 1.0)

    def __mul__(self, other: "Dual") -> "Dual":
        return self.combined(self.data * other.data, other, other.data, self.data)

    def backward(self) -> None:
        for leaf, part in self.parts.items():
            leaf.grad = part


CHECKS = {
    1: prediction_check(
        1,
        "grad_after_two",
        24.0,
        "The derivative of x^3 is 3 * x^2. And what does `backward` do with a gradient that is there already?",
        overwritten=(
            12.0,
            "That would be right after one backward. What happens to it in the second?",
            "Look at `backward twice, without zeroing` in the lesson.",
        ),
        cube=(8.0, "That is x^3 itself. The code prints x.grad.", "x.grad says how fast x^3 changes with x."),
        squared=(144.0, "The two gradients are not multiplied.", "Lesson 2 says what backward does to x.grad."),
        second=(
            36.0,
            "The second backward starts from the same x. The loop changes x.grad, not x.",
            "No step is made here, so both turns find the same derivative.",
        ),
    ),
    2: prediction_check(
        2,
        "grad_half_watched",
        4.0,
        "A detached tensor counts as a plain number. Write y with that number in its place.",
        watched=(
            7.0,
            "That is the derivative of x * x + x. But one of these x is detached.",
            "Replace `x.detach()` by the number that it holds, then take the derivative.",
        ),
        first_only=(3.0, "You have the first part. What does `+ x` add?", "The derivative of x is 1."),
        cut_off=(
            1.0,
            "That leaves the product out. Detached is only its left factor; the right one is still watched.",
            "In `x.detach() * x` one x is a constant factor, as 5 is in 5 * x.",
        ),
        y_itself=(
            12.0,
            "That is y. The code prints the gradient.",
            "Which number does `y.backward()` leave in x.grad?",
        ),
    ),
    3: Check(
        "slope",
        slope,
        "Three steps: a tensor that is watched, the function of it, backward. Then read the gradient.",
        {
            "value": (
                "`slope` returns the value of the function, not how fast it changes.",
                "The derivative is in the grad of the tensor that you put in.",
            ),
            "power": (
                "`slope` is right for x^3 alone. Is it using the whole function that it was given?",
                "Call `function` once and go backward from its result.",
            ),
            "tensor": (
                "The value is right, but `slope` returns a tensor. A Python number is asked for.",
                "One method of a tensor gives its single number to Python. Lesson 1 uses it for a @ b.",
            ),
            "difference": (
                "For a function with `x.detach()` in it your `slope` is not what autograd gives. "
                "Is it working with small steps?",
                "Use backward: it needs no steps, and knows what is detached.",
            ),
            "not_watched": (
                "torch does not watch your tensor, so there is nothing to go backward through.",
                "`torch.tensor` has an argument for that; the first tensors of the lesson have it.",
            ),
            "whole_number": (
                "`at` may be a whole number such as 5, and torch cannot watch whole numbers.",
                "Make a float of `at` first.",
            ),
        },
        {
            "does not require grad": "not_watched",
            "Only Tensors of floating point": "whole_number",
        },
        reference=slope_of,
    ),
    4: Check(
        "descend",
        descend,
        "Print x.grad in each step. It should get smaller as x comes closer to 3. Does it?",
        {
            "not_zeroed": (
                "x still swings around 3: each step repeats all earlier ones.",
                "What does backward do with a gradient that is there already? One line is missing in the loop.",
            ),
            "uphill": ("x runs away from 3: the steps go uphill.", "The gradient points uphill. Go against it."),
            "still": (
                "x does not move. Is the gradient set to 0 before it was used?",
                "The order is: backward, then the step, then zero.",
            ),
            "late": (
                "The path is one step behind: it holds x before each step.",
                "Append x after the step, as the code did that you were given.",
            ),
            "start": (
                "The path holds the start as well. Only the values after a step are asked for.",
                "`steps` numbers, so one for each turn of the loop.",
            ),
            "no_leaf": (
                "x is no leaf any more after the first step, so backward leaves no gradient in it.",
                "`x = x - ...` makes a new tensor. Keep the line that changes x in place.",
            ),
            "in_place": (
                "torch refuses to change in place a tensor that it watches.",
                "The step must stay inside `with torch.no_grad():`.",
            ),
            "none": (
                "x.grad is None when you use it.",
                "In the first turn there is no gradient before backward. Where does your new line stand?",
            ),
        },
        {
            "does not require grad|unsupported operand.*NoneType": "no_leaf",
            "leaf Variable": "in_place",
            "NoneType.*zero_": "none",
        },
        reference=path_of,
    ),
    5: Check(
        "line_step",
        line_step,
        "Write the loss first. Then find its gradient for w and for b, and only then move both.",
        {
            "uphill": ("w and b move uphill.", "A gradient points uphill, and the loss should fall."),
            "summed": (
                "Your step is four times too long for four points: is it the sum of the squared errors?",
                "The loss is the mean squared error.",
            ),
            "one_after_the_other": (
                "b's gradient is taken after w has moved. Both gradients belong to the old w and b.",
                "One backward gives both. Find both gradients before you move anything.",
            ),
            "swapped": ("w and b are swapped.", "The docstring says which comes first."),
            "gradients": (
                "These are the gradients. Asked for are w and b after the step.",
                "A step subtracts `lr` times the gradient.",
            ),
            "changed": (
                "Your step changes the w and b that were handed in. Leave them as they are.",
                "`w -= ...` changes w in place. Make new tensors.",
            ),
            "watched": (
                "The values are right, but autograd still watches your new tensors.",
                "Make the step inside `torch.no_grad()`, or detach the result.",
            ),
            "leftover": (
                "The first call is right, the second with the same w and b is not: an old gradient is left in them.",
                "backward adds to w.grad. `torch.autograd.grad` leaves nothing behind; or set the gradients to None.",
            ),
        },
        reference=line_step_by_formula,
    ),
    6: Check(
        "Value",
        value,
        "If a grows a little, a * b grows b times as much. And that counts result.grad times for z.",
        {
            "own_data": (
                "a.grad should say how fast a * b changes with a. You have put a's own number there.",
                "Make a = 3 a little larger: by how much does 3 * (-4) change? Which number decides that?",
            ),
            "as_sum": (
                "Those are the derivatives of a sum. In a product each factor counts as often as the other says.",
                "The derivative of a * b with respect to a is b.",
            ),
            "chain": (
                "A product of two is right, but of three is not: what comes from later steps gets lost.",
                "The chain rule: multiply by result.grad, as the sum does with 1 times result.grad.",
            ),
            "overwritten": (
                "a * a comes out too small: the second contribution replaces the first.",
                "A number that is used twice has two effects, and they add up. Look at how `__add__` does it.",
            ),
        },
        reference=Dual,
    ),
}
