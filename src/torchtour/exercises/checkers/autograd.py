"""Lesson 2."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from torchtour.exercises.judge import Check, NotRight, predict, same, unlike, verdict


def slope(answer: Callable[..., Any]) -> str | None:
    def cubic(x: Tensor) -> Tensor:
        return x**3 - 2 * x

    got = answer(cubic, 2.0)
    if isinstance(got, Tensor) and got.numel() == 1:
        if same(got, 10.0):
            return "tensor"
        got = got.item()
    key = verdict("slope", got, 10.0, value=4.0, power=12.0)
    if key:
        return key
    whole = answer(lambda x: x * x, 5)
    if not same(whole, 10.0):
        raise NotRight(unlike("slope(lambda x: x * x, 5)", whole, 10.0))
    steep = answer(lambda x: (1000 * x).sin(), 0.0)
    return None if same(steep, 1000.0, 1e-5) else "difference"


def descend(answer: Callable[..., Any]) -> str | None:
    def path(zeroed: bool, sign: float = -1.0) -> list[float]:
        x, total, seen = 1.0, 0.0, []
        for _ in range(6):
            total = 2 * (x - 3) + (0 if zeroed else total)
            x += sign * 0.1 * total
            seen.append(x)
        return seen

    right = path(zeroed=True)
    got = answer(1.0, 6)
    late = [1.0, *right[:-1]]
    if isinstance(got, list) and len(got) == 7 and same(got[1:], right):
        return "start"
    return verdict("descend", got, right, not_zeroed=path(zeroed=False), uphill=path(True, 1.0), still=[1.0] * 6,
                   late=late)  # fmt: skip


def line_step(answer: Callable[..., Any]) -> str | None:
    x, y = torch.tensor([0.0, 1.0, 2.0, 5.0]), torch.tensor([1.0, 3.0, 4.0, 9.0])
    w, b = torch.tensor(0.5, requires_grad=True), torch.tensor(-1.0, requires_grad=True)
    got = answer(w, b, x, y, 0.1)
    if not isinstance(got, tuple | list) or len(got) != 2 or not all(isinstance(one, Tensor) for one in got):
        raise NotRight("`line_step` should return two tensors: `return new_w, new_b`.")
    if w.item() != 0.5 or b.item() != -1.0:
        return "changed"
    error = (0.5 * x - 1.0 - y).double()
    dw, db = (2 * (error * x).mean()).item(), (2 * error.mean()).item()
    new_w = 0.5 - 0.1 * dw
    late = (2 * (new_w * x - 1.0 - y).mean()).item()
    right = (torch.tensor(new_w), torch.tensor(-1 - 0.1 * db))
    key = verdict(
        "line_step",
        tuple(got),
        right,
        uphill=(torch.tensor(0.5 + 0.1 * dw), torch.tensor(-1 + 0.1 * db)),
        summed=(torch.tensor(0.5 - 0.4 * dw), torch.tensor(-1 - 0.4 * db)),
        one_after_the_other=(right[0], torch.tensor(-1 - 0.1 * late)),
        swapped=(right[1], right[0]),
        gradients=(torch.tensor(dw), torch.tensor(db)),
    )
    if key is None and any(one.requires_grad for one in got):
        return "watched"
    if key is None and not same(answer(w, b, x, y, 0.1), tuple(got)):
        return "leftover"
    return key


def value(answer: Callable[..., Any]) -> str | None:
    if not isinstance(answer, type):
        raise NotRight("`Value` should be the class of the start file, with your two lines in it.")
    a, b = answer(3.0), answer(-4.0)
    (a * b).backward()
    if (a.grad, b.grad) == (0.0, 0.0):
        raise NotRight("After `(a * b).backward()` both a.grad and b.grad are still 0.")
    if (a.grad, b.grad) == (3.0, -4.0):
        return "own_data"
    if (a.grad, b.grad) == (1.0, 1.0):
        return "as_sum"
    if (a.grad, b.grad) != (-4.0, 3.0):
        raise NotRight(f"For a = 3 and b = -4, `(a * b).backward()` leaves a.grad {a.grad} and b.grad {b.grad}.")
    a, b, c = answer(3.0), answer(-4.0), answer(5.0)
    (a * b * c).backward()
    if (a.grad, b.grad) == (-4.0, 3.0):
        return "chain"
    a = answer(3.0)
    (a * a).backward()
    if a.grad == 3.0:
        return "overwritten"
    x, y = answer(1.5), answer(-0.5)
    (x * y + x * x * x + y).backward()
    if not (math.isclose(x.grad, -0.5 + 3 * 1.5**2) and math.isclose(y.grad, 1.5 + 1)):
        raise NotRight("Single products are right, but x * y + x * x * x + y gives wrong derivatives.")
    return None


CHECKS = {
    1: predict(
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
    2: predict(
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
                "`slope` fails for a function that bends quickly: is it working with small steps?",
                "Use backward: it needs no step and has no error of that kind.",
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
    ),
}
