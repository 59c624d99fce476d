# %% [markdown]
# Exercises: Tuning, speed and debugging
# ======================================
#
# Run this file to check it: ``python further.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: further

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import math

import torch
from torch import nn

# %% [markdown]
# Task 1: Half as many bits
# -------------------------
#
# *Predict, 2 minutes.* A bfloat16 keeps 8 binary digits of a number. What does this
# print?

# %%


def puzzle_1():
    x = torch.tensor(256.0, dtype=torch.bfloat16)
    for _ in range(10):
        x = x + 1
    print(x.item())


sum_in_bfloat16 = ...


# %% [markdown]
# Task 2: Along half a cosine
# ---------------------------
#
# *Fill in, 4 minutes.* Cosine annealing lets a learning rate fall smoothly to 0.

# %%


def cosine_rate(step, steps, highest):
    """The learning rate in ``step``: ``highest`` in step 0, and 0 in step ``steps``.

    In between it follows half a cosine wave. Return a Python number.
    """
    ...


# %% [markdown]
# Task 3: A batch on its way
# --------------------------
#
# *Break and fix, 3 minutes.* The batch never arrives on the device. Find the mistake
# and fix it.

# %%


def to_device(batch, device):
    """The batch, a list of tensors, on the device, as a new list."""
    for tensor in batch:
        tensor.to(device)
    return batch


# %% [markdown]
# Task 4: Where the NaN comes from
# --------------------------------
#
# *Fill in, 8 minutes.* Use ``register_forward_hook`` to find the layer that first gives
# a NaN.

# %%


def first_nan(net, features):
    """The name of the first layer that calculates a NaN.

    Names are those of ``net.named_children()``. Return None if there is no NaN.
    Afterwards the net has no hooks left, as before.
    """
    ...


# %% [markdown]
# Task 5: The same numbers again
# ------------------------------
#
# *Fill in, 4 minutes.* A run can only be repeated if its random numbers can be.

# %%


def noise(n, seed):
    """``n`` numbers from the normal distribution, the same for the same seed.

    The random numbers of other code must not change: ``torch.rand`` gives what it would
    have given without the call. The result has the shape [n].
    """
    ...


# %% [markdown]
# Task 6: The range test
# ----------------------
#
# *Fill in, 8 minutes.* A small challenge. A learning rate range test makes one step
# with each rate, from small to large, and notes the loss. From a certain rate on the
# loss explodes.

# %%


def range_test(loss_of_step, low, high, steps):
    """The largest rate to trust, a Python number.

    ``loss_of_step(lr)`` makes a step with the rate ``lr`` and returns the loss, a
    number. Try ``steps`` rates from ``low`` to ``high``, each the same factor larger
    than the one before it. Stop at the first loss that is a NaN or more than 4 times
    the lowest so far. Return a tenth of that rate, or of ``high`` if it never comes to
    that.
    """
    ...
