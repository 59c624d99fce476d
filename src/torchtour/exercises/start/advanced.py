# %% [markdown]
# Exercises: Losses, optimizers and schedules
# ===========================================
#
# Run this file to check it: ``python advanced.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: advanced

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: A falling rate
# ----------------------
#
# *Predict, 2 minutes.* What does this print?

# %%


def puzzle_1():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.8)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    for _ in range(25):
        optimizer.step()
        scheduler.step()
    print(optimizer.param_groups[0]["lr"])


rate_after_25 = ...


# %% [markdown]
# Task 2: A loss of your own
# --------------------------
#
# *Fill in, 4 minutes.* The mean absolute error is less alarmed by a few large errors
# than the mean squared error. Write it as a module, without ``nn.L1Loss``.

# %%


class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        """The mean of the absolute differences, a tensor with one number.

        Both have the shape [n]. If the shapes differ, raise ``ValueError``.
        """
        ...


# %% [markdown]
# Task 3: A rate that falls too fast
# ----------------------------------
#
# *Break and fix, 4 minutes.* The scheduler is meant to count epochs. Find the mistake
# and fix it.

# %%


def train(optimizer, scheduler, epochs, batches):
    """Make the steps of a training; return the rate that each epoch began with."""
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            optimizer.step()
            scheduler.step()
    return rates


# %% [markdown]
# Task 4: SGD with momentum
# -------------------------
#
# *Fill in, 5 minutes.* Write the update rule of ``torch.optim.SGD`` with momentum.

# %%


def momentum_step(weight, gradient, velocity, lr, momentum):
    """Return the new weight and the new velocity, as two new tensors.

    The velocity is the sum of all gradients, in which the older ones fade: in each step
    it keeps ``momentum`` of what it was. The weight moves by ``lr`` times the new
    velocity.
    """
    ...


# %% [markdown]
# Task 5: Adam
# ------------
#
# *Fill in, 10 minutes.* A small challenge: write one step of Adam. You have its rule in
# the lesson.

# %%


def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return the new weight, m and v, as three new tensors.

    ``m`` and ``v`` are the fading means of the gradient and of its square before this
    step. ``t`` counts the steps: it is 1 in the first one.
    """
    ...
