# %% [markdown]
# Exercises: Pictures: convolution and transfer
# =============================================
#
# Run this file to check it: ``python pictures.py``. Each ``...`` waits for you. With
# ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: pictures

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: Follow the shape
# ------------------------
#
# *Predict, 3 minutes.* What does this print? Write a list of four numbers.

# %%


def puzzle_1():
    layers = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, kernel_size=3, stride=2, padding=1),
    )
    print(list(layers(torch.zeros(4, 1, 28, 28)).shape))


shape_after = ...


# %% [markdown]
# Task 2: Convolution by hand
# ---------------------------
#
# *Fill in, 8 minutes.* As in the lesson, but with padding and stride, and without
# torch's own convolution.

# %%


def convolve(picture, kernel, padding, stride):
    """One picture [row, column] and one square kernel [row, column], as ``conv2d``.

    First ``padding`` rows and columns of zeros are added on each side. Then the kernel
    moves on by ``stride`` pixels each time. The result is a tensor [row, column].
    """
    ...


# %% [markdown]
# Task 3: A block that spoils its input
# -------------------------------------
#
# *Break and fix, 3 minutes.* This residual block gives the right numbers. But use ``x``
# again after the call, and you find other numbers in it. Find the mistake and fix it.

# %%


def residual(layer, x):
    """x plus the ReLU of ``layer(x)``. ``x`` stays as it was."""
    x += layer(x).relu()
    return x


# %% [markdown]
# Task 4: How far it sees
# -----------------------
#
# *Fill in, 8 minutes.* A small challenge: the width of the receptive field, for any
# number of convolutions and poolings one after another.

# %%


def receptive_field(layers):
    """From the first to the last pixel of a row that can change one number: an int.

    The number is one of the last layer's output. ``layers`` is a list of pairs (kernel
    size, stride), the first layer first. Without any layer the number is the pixel
    itself.
    """
    ...
