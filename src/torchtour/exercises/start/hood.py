# %% [markdown]
# Exercises: Under the hood: modules, autograd, compile
# =====================================================
#
# Run this file to check it: ``python hood.py``. Each ``...`` waits for you. With
# ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: hood

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn
from torch.nn.functional import cross_entropy

# %% [markdown]
# Task 1: What a module finds
# ---------------------------
#
# *Predict, 3 minutes.* What does this print? Write a whole number.

# %%


def puzzle_1():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(2, 2)
            self.rest = [nn.Linear(2, 2), nn.Linear(2, 2)]
            self.scale = torch.ones(2)
            self.offset = nn.Parameter(torch.zeros(5))

    print(len(list(Net().parameters())))


n_found = ...


# %% [markdown]
# Task 2: A large batch in parts
# ------------------------------
#
# *Fill in, 6 minutes.* The batch does not fit into memory at once. The gradient should
# be the same all the same.

# %%


def accumulate(net, features, labels, size):
    """Leave in ``net`` the gradient of the mean cross-entropy of the whole batch.

    Call the net with at most ``size`` samples at a time; the last part may be smaller.
    A gradient that was there before does not count. Returns nothing.
    """
    ...


# %% [markdown]
# Task 3: A slope that stays behind
# ---------------------------------
#
# *Break and fix, 5 minutes.* The first derivative of this function is right. Its second
# derivative should be 6 x, and autograd gets something else. Fix it.

# %%


class Cube(torch.autograd.Function):
    """x ** 3, with derivatives of any order."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(3 * x**2)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (slope,) = ctx.saved_tensors
        return gradient * slope


# %% [markdown]
# Task 4: Straight through, up to a limit
# ---------------------------------------
#
# *Fill in, 8 minutes.* A small challenge: the rounding with which nets are trained for
# few bits.

# %%


def quantised(x, step, limit):
    """x rounded to multiples of ``step`` and cut off at -limit and limit.

    ``limit`` is a multiple of ``step``. The gradient passes as if nothing had been
    rounded: where x lies between -limit and limit the slope is 1, beyond them it is 0.
    """
    ...
