# %% [markdown]
"""
Gradients with autograd
=======================

**About 60 minutes.** You need the tensors of lesson 1. After this lesson you can

- let torch find a derivative, and check it by nudging the input;
- write gradient descent in five lines, and say why gradients must be zeroed;
- say what ``backward`` does with many numbers, and what ``no_grad`` is for;
- find out why a gradient is ``None``;
- build autograd yourself, in 60 lines.

A network learns by changing its numbers so that its error gets smaller. For each number
it has to know: if I make this one a little larger, does the error grow or shrink, and
how fast? The answer is the *derivative* of the error with respect to that number, and
all the derivatives together are the *gradient*. PyTorch works them out for you while
you write ordinary arithmetic. That is *autograd*, automatic differentiation.
"""

# %%

import warnings

import numpy as np
import torch

# sphinx_gallery_start_ignore
# The page hides this. `uv run --no-project autograd.py` installs what it names:
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "torch>=2.10"]
# ///
try:
    import matplotlib.pyplot as plt
except ImportError:  # then there is no picture
    plt = None


def headline(text: str) -> None:
    """Print a headline with the caller's line number, which a notebook lacks."""
    import sys

    caller = sys._getframe(1)
    number = "" if "get_ipython" in caller.f_globals else f"[Line {caller.f_lineno}] "
    print(f"\n{number}{text}:")


# sphinx_gallery_end_ignore

# %% [markdown]
# Two derivatives
# ---------------
#
# ``requires_grad=True`` asks torch to record every calculation that uses the tensor.
# ``z.backward()`` goes through this record from the end to the beginning. It leaves in
# ``x.grad`` how fast z changes with x, and in ``y.grad`` how fast z changes with y.

# %%

headline("z = x^2 + y^3 at x = 2, y = 3")
x = torch.tensor(2.0, requires_grad=True)
y = torch.tensor(3.0, requires_grad=True)
z = x**2 + y**3
z.backward()
print("z =", z.item())
print("dz/dx =", x.grad.item())
print("dz/dy =", y.grad.item())

# %% [markdown]
# If you know calculus: the derivatives are ``2 * x`` and ``3 * y**2``. If you don't:
# make x a tiny bit larger and a tiny bit smaller, see how much z changes between the
# two, and divide by the length of that step. This is called the *central difference*.
# NumPy does it here in ``float64``, because in ``float32`` a step so tiny drowns in
# rounding.

# %% checks


def z_of(point: np.ndarray) -> np.float64:
    return point[0] ** 2 + point[1] ** 3


point, tiny = np.array([2.0, 3.0]), 1e-5
along_x, along_y = np.array([tiny, 0]), np.array([0, tiny])
assert z.item() == 2 * 2 + 3 * 3 * 3
assert np.isclose(
    x.grad.item(), (z_of(point + along_x) - z_of(point - along_x)) / (2 * tiny)
)
assert np.isclose(
    y.grad.item(), (z_of(point + along_y) - z_of(point - along_y)) / (2 * tiny)
)
assert (x.grad.item(), y.grad.item()) == (2 * 2, 3 * 3**2)

# %% [markdown]
# One derivative for each number
# ------------------------------
#
# A tensor of many numbers gets a gradient of the same shape, one derivative for each
# number. Without an argument, ``backward`` starts from a single number: a net has
# thousands of weights and one error. From several numbers it refuses, with a message
# that you will meet sooner or later. (A *scalar* is a single number.)

# %%

headline("One derivative for each number")
weights = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
error = (weights**2).sum()
error.backward()
print("weights: ", weights.tolist())
print("gradient:", weights.grad.tolist())
refusal = ""
try:
    (weights**2).backward()
except RuntimeError as error_without_sum:
    refusal = str(error_without_sum)
print("without sum():", refusal)

# %% checks

assert weights.grad.tolist() == [2 * 1, 2 * -2, 2 * 3]  # the derivative of w^2 is 2w
assert refusal == "grad can be implicitly created only for scalar outputs"

# %% [markdown]
# Gradient descent
# ----------------
#
# Where is ``(x - 3)**2`` smallest? At 3, you can see that. Let torch find it. Start at
# x = 1. The derivative tells which way is uphill, so go the other way: x becomes x
# minus 0.1 times the derivative, again and again. This is *gradient descent*. The
# factor 0.1 is the *learning rate*, and what you want to make small is called the
# *loss*.
#
# Two lines need an explanation. ``no_grad`` tells torch not to record the update, which
# is not part of the loss. ``zero_`` sets the derivative back to 0; below you see why.

# %%

headline("Five steps of gradient descent on (x - 3)^2")
x = torch.tensor(1.0, requires_grad=True)
path, losses = [x.item()], []
for step in range(1, 6):
    loss = (x - 3) ** 2
    loss.backward()
    with torch.no_grad():
        x -= 0.1 * x.grad
    x.grad.zero_()
    path.append(x.item())
    losses.append(loss.item())
    print(f"Step {step}: x = {x.item():.4f}, loss = {loss.item():.4f}")

# %% [markdown]
# Each line shows x after the step, and the loss from which the step was made. The
# derivative is ``2 * (x - 3)``, so a step leaves ``1 - 0.1 * 2 = 0.8`` of the distance
# to 3. The distance starts at 2, so after k steps ``x = 3 - 2 * 0.8**k``. The steps get
# shorter without your help, because the slope gets flatter.

# %% checks

for k in range(1, 6):
    assert np.isclose(path[k], 3 - 2 * 0.8**k)
    assert np.isclose(losses[k - 1], (2 * 0.8 ** (k - 1)) ** 2)

# %% [markdown]
# What goes wrong: gradients not zeroed
# -------------------------------------
#
# ``backward`` does not set ``x.grad``, it *adds* to it. Two things are added up, for
# two reasons.
#
# Within one ``backward``, torch adds up all uses of a number: where x is used three
# times, it has three effects on the result. Mathematics wants that. Between *calls* of
# ``backward`` torch adds too, and that is a choice: you can sum gradients over several
# batches or losses, which is called *gradient accumulation*. If you don't want that,
# set the gradient to zero. (In lesson 4 ``optimizer.zero_grad()`` will do that for all
# weights.)

# %%

headline("backward twice, without zeroing")
x = torch.tensor(2.0, requires_grad=True)
for _ in range(2):
    (x**2 + 2 * x + x).backward()
    print("x.grad =", x.grad.item())

# %% checks

assert x.grad == 2 * (2 * 2 + 2 + 1)  # two calls, three uses
arrived = []
x.register_hook(lambda slope: arrived.append(slope.item()))  # sees what is added
(x**2 + 2 * x + x).backward()
assert arrived == [2 * 2 + 2 + 1]  # once per call: the uses are summed before

# %% [markdown]
# The descent without zeroing
# ---------------------------
#
# In the descent, each step then repeats all the earlier ones. Like a ball in a bowl
# without friction, x rolls through the lowest point, up the other side, and back, for
# ever. There is no warning.

# %%


def descend(zeroed: bool, steps: int) -> list[float]:
    x = torch.tensor(1.0, requires_grad=True)
    path = [x.item()]
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= 0.1 * x.grad
        if zeroed:
            x.grad.zero_()
        path.append(x.item())
    return path


headline("x after 10, 20, 30, 40 and 50 steps")
good, bad = descend(zeroed=True, steps=50), descend(zeroed=False, steps=50)
print("zeroed:    ", " ".join(f"{x:.4f}" for x in good[10::10]))
print("not zeroed:", " ".join(f"{x:.4f}" for x in bad[10::10]))

# %% [markdown]
# Check it without torch. Let d be ``x - 3``, how far x is from 3. The derivative is
# ``2 * d``, and x.grad holds the sum of all derivatives so far. So each step is the
# step before it, plus ``-0.1 * 2 * d``.

# %% [markdown]
# In the picture: on the left the five steps on the curve, on the right x over 50 steps,
# with and without zeroing.

# %% plot

if plt is not None:
    figure, (curve, time) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    figure.suptitle("Gradient descent on (x - 3)^2, and why gradients are zeroed")
    place = np.linspace(0.5, 5.5, 200)
    curve.plot(place, (place - 3) ** 2, color="black", label="(x - 3)^2")
    steps = np.array(good[:6])
    curve.plot(
        steps,
        (steps - 3) ** 2,
        color="#0072B2",
        marker="o",
        linestyle="--",
        label="the first five steps",
    )
    curve.set(title="The path of the descent", xlabel="x", ylabel="loss")
    time.plot(
        good, color="#0072B2", linestyle="--", marker="o", markevery=5, label="zeroed"
    )
    time.plot(
        bad, color="#D55E00", linestyle="-", marker="^", markevery=5, label="not zeroed"
    )
    time.axhline(3, color="black", linestyle=":", label="lowest point")
    time.set(title="x, step by step", xlabel="step", ylabel="x", ylim=(0.5, 7))
    for axes in (curve, time):
        axes.legend()
    if plt.get_backend().lower() != "agg":  # agg draws without a screen
        plt.show()

# %% checks

distance = [1 - 3, (1 - 3) * 0.8]  # the first step is still right
while len(distance) < 51:
    last_step = distance[-1] - distance[-2]
    distance.append(distance[-1] + last_step - 0.1 * 2 * distance[-1])
assert np.allclose(np.array(bad) - 3, distance, atol=1e-4)
assert abs(good[50] - 3) < 1e-4  # arrived
assert max(abs(x - 3) for x in bad[40:]) > 2  # as far away as at the start

# %% [markdown]
# What torch keeps: the graph
# ---------------------------
#
# The record that torch keeps is called the *graph*. Each result knows the calculation
# it came from, its ``grad_fn``. A tensor that came from no *recorded* calculation is a
# *leaf*. Weights are leaves, because you made them. Results of ``no_grad`` and
# ``detach`` are leaves too, because torch did not record them: ``no_grad`` stops the
# record for everything inside it, ``detach`` for one tensor.

# %%

headline("What torch remembers")
x = torch.tensor(2.0, requires_grad=True)
square = x**2
with torch.no_grad():
    unwatched = x**2
print("x:               leaf:", x.is_leaf, " grad_fn:", x.grad_fn)
print("x**2:            leaf:", square.is_leaf, "grad_fn:", square.grad_fn.name())
print("x**2 in no_grad: leaf:", unwatched.is_leaf, " grad_fn:", unwatched.grad_fn)
print("x.detach():      leaf:", x.detach().is_leaf, " grad_fn:", x.detach().grad_fn)

# %% [markdown]
# What does it mean for the derivative? A detached tensor counts as a plain number. So
# ``x * x`` has the derivative ``2 * x``, but ``x.detach() * x`` has only ``x``, as
# ``5 * x`` has 5. You also need ``detach`` to hand a watched tensor to NumPy or to
# matplotlib.

# %%

headline("The derivative of x * x and of x.detach() * x at x = 2")
(x * x).backward()
print("watched: ", x.grad.item())
whole = x.grad.item()
x.grad.zero_()
(x.detach() * x).backward()
print("detached:", x.grad.item())

# %% checks

assert whole == 2 * 2
assert x.grad == 2
assert np.shares_memory(x.detach().numpy(), x.detach().numpy())  # detached, not copied
assert unwatched.is_leaf
assert not unwatched.requires_grad
assert x.detach().is_leaf
assert not square.is_leaf

# %% [markdown]
# Why the update needs no_grad
# ----------------------------
#
# Why is the update in the descent inside ``no_grad``? Because torch refuses to change
# in place a leaf that it is watching. And the way around that refusal is a trap:
# ``x = x - 0.1 * x.grad`` gives the name x to a result, no longer a leaf, and
# ``backward`` leaves gradients in leaves only.

# %%

headline("The update without no_grad")
refusal = ""
try:
    x -= 0.1 * x.grad
except RuntimeError as error:
    refusal = str(error)
print("x -= ...:   ", refusal)
x = x - 0.1 * x.grad
print("x = x - ...: leaf:", x.is_leaf)

# %% checks

assert "leaf Variable" in refusal
assert not x.is_leaf

# %% [markdown]
# Where a gradient is None
# ------------------------
#
# Sooner or later you find ``None`` where you expected a number. These are the reasons.
# For the result of a calculation torch also warns when you look at its ``grad``; the
# lesson silences that.
#
# The last one is a classic trap. You want small random weights, so you multiply them by
# 0.01 in the line that makes them. Now the name ``scaled`` refers to a result and not
# to the leaf, and its gradient never arrives. ``.to(device)`` in that line does the
# same. Scale first, then call ``requires_grad_()``.

# %%

headline("Gradients that are None")
x = torch.tensor(2.0, requires_grad=True)
unused = torch.tensor(5.0, requires_grad=True)
constant = torch.tensor(4.0)
middle = x * constant
kept = middle + 1
kept.retain_grad()
print("before backward:            ", x.grad)
(kept**2).backward()
scaled = torch.ones(3, requires_grad=True) * 0.01
cured = (torch.ones(3) * 0.01).requires_grad_()
(scaled.sum() + cured.sum()).backward()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    print("a result, not a leaf:       ", middle.grad)
    print("scaled where it was made:   ", scaled.grad)
print("scaled before:              ", cured.grad.tolist())
print("requires_grad is not set:   ", constant.grad)
print("no part of the calculation: ", unused.grad)
print("a result, with retain_grad: ", kept.grad.item())
print("a leaf:                     ", x.grad.item())

# %% checks

assert kept.grad == 2 * (2 * 4 + 1)  # the derivative of k^2 is 2k
assert x.grad == 2 * (2 * 4 + 1) * 4  # the chain rule: times dk/dx = 4
assert constant.grad is unused.grad is None
assert not scaled.is_leaf
assert cured.is_leaf
assert cured.grad.tolist() == [1, 1, 1]

# %% [markdown]
# backward from several numbers
# -----------------------------
#
# Take two results of three numbers. There are six derivatives now, how fast each result
# changes with each number. Written as a table with a row for each result, they are
# called the *Jacobian*. ``backward(v)`` takes one number of v for each result. It
# leaves in ``x.grad`` the sum of the rows, each times its number of v, that is ``v @
# jacobian``. The whole table is never made, and for a net it would be huge.

# %%


def two_results(x):
    return torch.stack([x[0] * x[1], x[1] * x[2] ** 2])


headline("backward(v) and the Jacobian at (1, 2, 3)")
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
jacobian = torch.autograd.functional.jacobian(two_results, x)  # [2, 3]
v = torch.tensor([10.0, 1.0])
two_results(x).backward(v)
print("Jacobian:    ", jacobian.tolist())
print("v @ Jacobian:", (v @ jacobian).tolist())
print("x.grad:      ", x.grad.tolist())
refusal = ""
try:
    two_results(x).backward(torch.ones(3))
except RuntimeError as error:
    refusal = str(error)
print("a v of 3:    ", refusal.split(" and ")[0])

# %% [markdown]
# v has the shape of the results, not that of x: here [2]. With ``torch.ones(2)`` you
# get the gradient of the sum, as if you had written ``sum().backward()``.

# %% checks

assert jacobian.tolist() == [[2, 1, 0], [0, 3**2, 2 * 2 * 3]]  # by the rules of school
assert x.grad.tolist() == [10 * a + b for a, b in zip(*jacobian.tolist(), strict=True)]
assert "Mismatch in shape" in refusal
x.grad = None
two_results(x).backward(torch.ones(2))
of_ones = x.grad.clone()
x.grad = None
two_results(x).sum().backward()
assert torch.equal(of_ones, x.grad)

# %% [markdown]
# The same without backward
# -------------------------
#
# ``torch.func.grad`` takes a function and returns another, its derivative. You mark
# nothing with ``requires_grad``, nothing accumulates in ``.grad``, and you can
# differentiate the derivative again. The other lessons use ``backward``, as most code
# that you will read does.

# %%


def cubic(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return x**2 + y**3


headline("torch.func.grad of x^2 + y^3 at x = 2, y = 3")
at = torch.tensor(2.0), torch.tensor(3.0)
dz_dx, dz_dy = torch.func.grad(cubic, argnums=(0, 1))(*at)
second = torch.func.grad(torch.func.grad(cubic, argnums=1), argnums=1)(*at)
print("dz/dx =", dz_dx.item())
print("dz/dy =", dz_dy.item())
print("d2z/dy2 =", second.item())

# %% checks

assert (dz_dx.item(), dz_dy.item()) == (
    4,
    27,
)  # as backward said, and the central differences
assert second == 6 * 3  # the derivative of 3y^2 is 6y
assert at[0].grad is at[1].grad is None  # nothing accumulates
recorded = []
_ = torch.func.grad(lambda x: (recorded.append(x.requires_grad), x**2)[1])(at[0])
assert recorded == [True]  # inside, torch records as usual

# %% [markdown]
# Autograd in 60 lines
# --------------------
#
# You can build autograd yourself. A ``Value`` is a number that remembers which values
# it was calculated from, and how fast it changes with each of them, its *slopes*. For a
# sum both slopes are 1. For a product each slope is the other factor. For x to the
# power n it is ``n * x**(n - 1)``. For ReLU, which turns negative numbers into 0, it is
# 1 or 0.
#
# ``backward`` is the chain rule. The result changes with itself at the rate 1. Go back
# from the result, value by value, and give each parent the slope times the grad of the
# value. These are *added*, because a value that is used twice has two effects.

# %%


class Value:
    """A number that remembers how it was calculated."""

    def __init__(self, data, parents=(), slopes=(), operation=""):
        self.data = data
        self.grad = 0.0
        self.parents = parents  # the values that this one was calculated from
        self.slopes = slopes  # how fast this one changes with each of them
        self.operation = operation

    def __add__(self, other):
        other = as_value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other):
        other = as_value(other)
        slopes = (other.data, self.data)
        return Value(self.data * other.data, (self, other), slopes, "*")

    def __pow__(self, n):
        slope = n * self.data ** (n - 1)
        return Value(self.data**n, (self,), (slope,), f"^{n}")

    def relu(self):
        slope = 1.0 if self.data > 0 else 0.0
        return Value(max(self.data, 0.0), (self,), (slope,), "relu")

    def __sub__(self, other):
        return self + as_value(other) * -1.0

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        """Add to the grad of each value how fast this one changes with it."""
        self.grad = 1.0
        for value in reversed(in_order(self)):
            for parent, slope in zip(value.parents, value.slopes, strict=True):
                parent.grad += slope * value.grad  # the chain rule


def as_value(number):
    return number if isinstance(number, Value) else Value(number)


def in_order(result):
    """The result and all that it came from, each after its own parents."""
    order = []

    def visit(value):
        if value not in order:
            for parent in value.parents:
                visit(parent)
            order.append(value)

    visit(result)
    return order


headline("Our own autograd: z = x^2 + y^3 at x = 2, y = 3")
x, y = Value(2.0), Value(3.0)
z = x**2 + y**3
z.backward()
print("z =", z.data)
print("dz/dx =", x.grad)
print("dz/dy =", y.grad)

# %% [markdown]
# The numbers equal torch's. Now a calculation that is closer to a network, in which x
# and w are used more than once. The same function takes our values and torch's tensors,
# since the arithmetic looks the same.

# %%


def squared_error(x, w, b, truth):
    """A unit with ReLU that uses x and w twice, and its squared error."""
    output = (x * w + b).relu() * x + w
    return (output - truth) ** 2


headline("The gradients of a small calculation, ours and torch's")
start = {"x": 2.0, "w": -0.5, "b": 1.5, "truth": 1.0}
ours = {name: Value(number) for name, number in start.items()}
torchs = {
    name: torch.tensor(number, requires_grad=True) for name, number in start.items()
}
error = squared_error(**ours)
error.backward()
squared_error(**torchs).backward()
for name in start:
    print(
        f"{name:5} ours {ours[name].grad:8.4f}, torch's {torchs[name].grad.item():8.4f}"
    )

# %% [markdown]
# This is the graph that ``error.backward()`` goes through. Data flow from left to
# right: each box shows the operation and the number that came out. The gradient flows
# back from right to left: the last box has 1, and each box passes its part to the boxes
# before it. Follow the path from the error to w, and you have done backpropagation.

# %% plot


def draw(result, names, title):
    """Boxes with data and grad, each in a column to the right of its parents."""
    order = in_order(result)
    column, rows = {}, {}
    for value in order:
        column[value] = 1 + max(
            (column[parent] for parent in value.parents), default=-1
        )
    for value in order:  # a number goes close to where it is used
        users = [column[user] for user in order if value in user.parents]
        column[value] = column[value] if value.parents else min(users) - 1
        rows.setdefault(column[value], []).append(value)
    height = max(map(len, rows.values()))
    _, axes = plt.subplots(figsize=(12, 1.2 * height), layout="constrained")
    place = {}
    for x, values in rows.items():
        for i, value in enumerate(values):
            place[value] = (x, height * (i + 0.5) / len(values))
    for value, (x, y) in place.items():
        name = names.get(value) or value.operation or "constant"
        label = f"{name}\ndata {value.data:.3g}\ngrad {value.grad:.3g}"
        colour = "#F0E442" if value in names else "white"
        box = {"boxstyle": "round", "facecolor": colour, "edgecolor": "black"}
        axes.text(x, y, label, ha="center", va="center", bbox=box, color="black")
        for parent in value.parents:
            arrow = {"arrowstyle": "->", "color": "gray", "shrinkA": 30, "shrinkB": 30}
            axes.annotate("", (x, y), place[parent], arrowprops=arrow, zorder=1)
    axes.set(title=title, xlim=(-0.6, max(rows) + 0.6), ylim=(0, height))
    axes.axis("off")


if plt is not None:
    names = {value: name for name, value in ours.items()} | {error: "error = ^2"}
    draw(error, names, "The graph of the error: data from left to right, grad back")
    if plt.get_backend().lower() != "agg":
        plt.show()

# %% checks

assert (z.data, x.grad, y.grad) == (31, 4, 27)
assert all(ours[name].grad == torchs[name].grad.item() for name in start)
for seed in range(20):  # and at other places, on both sides of the bend of ReLU
    numbers = np.random.default_rng(seed).normal(size=4).tolist()
    mine = [Value(number) for number in numbers]
    theirs = [torch.tensor(number, requires_grad=True) for number in numbers]
    squared_error(*mine).backward()
    squared_error(*theirs).backward()
    wanted = [number.grad.item() for number in theirs]
    assert np.allclose([number.grad for number in mine], wanted, rtol=1e-4, atol=1e-5)
twice = Value(3.0)
(twice * twice + twice).backward()
assert twice.grad == 2 * 3 + 1

# %% [markdown]
# The graph in torch
# ------------------
#
# torch keeps the same graph. ``grad_fn`` is the last operation, and its
# ``next_functions`` are those before it. ``AccumulateGrad`` is where a leaf adds up its
# gradient.

# %%


def operations(function, depth=0):
    """Print the graph behind a grad_fn, what comes earlier further to the right."""
    print("  " * depth + function.name().replace("torch::autograd::", ""))
    for earlier, _ in function.next_functions:
        if earlier is not None:  # None: a plain number
            operations(earlier, depth + 1)


headline("The graph of x^2 + y^3 in torch")
x = torch.tensor(2.0, requires_grad=True)
y = torch.tensor(3.0, requires_grad=True)
operations((x**2 + y**3).grad_fn)

# %% [markdown]
# Challenge: a narrow valley
# --------------------------
#
# Rosenbrock's function has its lowest point, 0, at (1, 1), at the end of a narrow,
# curved valley. It has been a test for methods of descent since 1960. Here is how far
# 200 steps of gradient descent get from (-1.2, 1), with three learning rates:

# %%


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def valley(lr, steps=200):
    x = torch.tensor(-1.2, requires_grad=True)
    y = torch.tensor(1.0, requires_grad=True)
    for _ in range(steps):
        rosenbrock(x, y).backward()
        with torch.no_grad():
            x -= lr * x.grad
            y -= lr * y.grad
        x.grad.zero_()
        y.grad.zero_()
    return rosenbrock(x, y).item()


headline("Challenge: 200 steps through Rosenbrock's valley")
reached = {lr: valley(lr) for lr in (0.0005, 0.001, 0.002)}
for lr, loss in reached.items():
    print(f"learning rate {lr}: loss {loss:.2f}")

# %% [markdown]
# Beat it: get below 0.05 with 200 calls of ``backward``. You know a way already: look
# again at the ball without friction, and give it a little friction.

# %% checks

a, b = -1.2, 1.0  # by the rules of school, without autograd
for _ in range(200):
    slopes = (-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2))
    a, b = a - 0.001 * slopes[0], b - 0.001 * slopes[1]
assert np.isclose(reached[0.001], rosenbrock(a, b), rtol=1e-3)

# %% [markdown]
# Recap
# -----
#
# - ``requires_grad=True`` records a calculation, ``backward`` walks it back.
# - A gradient says how fast the result grows with a number: walk the other way.
# - ``backward`` adds to ``grad``: zero it before the next step.
# - ``no_grad`` and ``detach`` keep a calculation out of the graph.
# - Leaves that took part get a gradient, other results only with ``retain_grad``.
#
# The next lesson puts weights together into a network.
