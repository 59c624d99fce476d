# %% [markdown]
# Exercises: Gradients with autograd
# ==================================
#
# Run this file to check it: ``python autograd.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: autograd

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch

# %% [markdown]
# Task 1: Backward twice
# ----------------------
#
# *Predict, 1 minute.* Don't run the code below. What number does it print? Write it
# after ``grad_after_two =``.

# %%


def puzzle_1():
    x = torch.tensor(2.0, requires_grad=True)
    for _ in range(2):
        (x**3).backward()
    print(x.grad.item())


grad_after_two = ...

# %% [markdown]
# Task 2: Half watched
# --------------------
#
# *Predict, 2 minutes.* What number does this print?

# %%


def puzzle_2():
    x = torch.tensor(3.0, requires_grad=True)
    y = x.detach() * x + x
    y.backward()
    print(x.grad.item())


grad_half_watched = ...

# %% [markdown]
# Task 3: The slope of any function
# ---------------------------------
#
# *Fill in, 4 minutes.* Write the function, with autograd.

# %%


def slope(function, at):
    """How fast ``function`` changes at the number ``at``.

    ``function`` takes a tensor with one number and returns one. ``at`` is a Python
    number. Return a Python number. ``slope(lambda x: x**2, 5)`` is 10.0.
    """
    ...


# %% [markdown]
# Task 4: The descent that never arrives
# --------------------------------------
#
# *Break and fix, 4 minutes.* This descent on ``(x - 3)**2`` should come close to 3 and
# stay there. It swings past 3 and back, forever. Find the mistake and fix it.

# %%


def descend(start, steps, lr=0.1):
    """The value of x after each step, as a list of ``steps`` numbers."""
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        path.append(x.item())
    return path


# %% [markdown]
# Task 5: One step for a line
# ---------------------------
#
# *Fill in, 6 minutes.* The line ``w * x + b`` is to fit points with places ``x`` and
# heights ``y``. The loss is the mean squared error. Make one step of gradient descent.

# %%


def line_step(w, b, x, y, lr):
    """w and b after one step, as two new tensors that autograd does not watch.

    ``w`` and ``b`` are tensors with one number, and requires_grad is set in both. Leave
    them as they are. ``x`` and ``y`` have the shape [points]. ``lr`` is the learning
    rate.
    """
    ...


# %% [markdown]
# Task 6: Your own autograd
# -------------------------
#
# *Fill in, 10 minutes.* A small challenge. A ``Value`` is a number that knows how it
# was made. After ``z.backward()`` each Value that z was made of holds in ``grad`` the
# derivative of z. Sums work already. Write the two lines of ``backward`` in
# ``__mul__``.

# %%


class Value:
    """A number with a derivative. ``made_of`` are the Values it was calculated from."""

    def __init__(self, data, made_of=()):
        self.data, self.made_of = data, made_of
        self.grad = 0.0
        self.pass_on = lambda: None  # hands this Value's grad on to those it is made of

    def __add__(self, other):
        result = Value(self.data + other.data, (self, other))

        def pass_on():
            self.grad += result.grad
            other.grad += result.grad

        result.pass_on = pass_on
        return result

    def __mul__(self, other):
        result = Value(self.data * other.data, (self, other))

        def pass_on(): ...  # two lines

        result.pass_on = pass_on
        return result

    def backward(self):
        """Hand the derivative on, from this Value to the first ones."""
        order = []

        def visit(value):
            if value not in order:
                for earlier in value.made_of:
                    visit(earlier)
                order.append(value)

        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            value.pass_on()
