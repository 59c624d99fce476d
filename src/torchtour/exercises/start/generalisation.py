# %% [markdown]
# Exercises: Overfitting and deeper nets
# ======================================
#
# Run this file to check it: ``python generalisation.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: generalisation

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: What dropout lets through
# ---------------------------------
#
# *Predict, 2 minutes.* What does this print? Write a list, the smallest number first.

# %%


def puzzle_1():
    dropout = nn.Dropout(0.75)  # in training mode, as every new module
    print(sorted(set(dropout(torch.ones(1000)).tolist())))


after_dropout = ...


# %% [markdown]
# Task 2: An accuracy that changes by itself
# ------------------------------------------
#
# *Break and fix, 4 minutes.* Measured twice in a row, a net with dropout gives two
# different accuracies. Find the mistake and fix it.

# %%


def measured(net, features, labels):
    """The share of right answers, a number. ``net.training`` stays as it was."""
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    return (answers == labels).float().mean().item()


# %% [markdown]
# Task 3: When to stop
# --------------------
#
# *Fill in, 6 minutes.* Early stopping ends a training when the validation loss has not
# reached a new low for a while.

# %%


def stop_epoch(losses, patience):
    """The epoch after which to stop, counted from 1, as a Python number.

    Stop after the first epoch that is the ``patience``-th in a row without a new lowest
    loss. ``losses`` holds the validation loss of each epoch. If it never comes to that,
    return the number of epochs.
    """
    ...


# %% [markdown]
# Task 4: Clipping
# ----------------
#
# *Fill in, 6 minutes.* A single huge gradient can ruin a net. Clip them, as
# ``nn.utils.clip_grad_norm_`` does, but without it.

# %%


def clipped(gradients, max_norm):
    """A list of new gradients, none of them longer together than ``max_norm``.

    The length is that of all numbers in the list ``gradients`` together: the root of
    the sum of their squares. If it is larger than ``max_norm``, all gradients are
    scaled down by the same factor; if not, they stay as they are.
    """
    ...


# %% [markdown]
# Task 5: How large to begin
# --------------------------
#
# *Fill in, 4 minutes.* With Kaiming's initialisation the numbers in a deep net with
# ReLU keep their size from layer to layer.

# %%


def kaiming_layer(n_inputs, n_outputs):
    """A new ``nn.Linear`` with biases 0 and weights drawn from a normal distribution.

    Its mean is 0 and its standard deviation is the root of 2 / n_inputs.
    """
    ...


# %% [markdown]
# Task 6: Batch norm
# ------------------
#
# *Fill in, 10 minutes.* A small challenge: batch norm, without its learned scale and
# shift. Which of its numbers must travel with the net, though they aren't learned?

# %%


class BatchNorm(nn.Module):
    """In training each feature of a batch gets mean 0 and variance 1.

    ``mean`` and ``var``, shape [n_features], are running values, used once trained.
    They begin at 0 and 1. They aren't parameters, but they are in ``state_dict()``, and
    ``to(device)`` moves them.
    """

    def __init__(self, n_features):
        super().__init__()
        ...

    def forward(self, batch):
        """[samples, n_features] -> the same shape, scaled.

        In training mode: scale by mean and variance of the batch, the variance with
        ``correction=0``. Also move self.mean and self.var a tenth of the way to the
        batch's mean and to its variance, here with the correction that ``var`` has by
        default. In eval mode: scale by self.mean and self.var, which stay as they are.
        Scaling is (batch - mean) / (var + 1e-5).sqrt().
        """
        ...
