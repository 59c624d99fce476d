# %% [markdown]
# Exercises: Ship it: export, quantise, serve
# ===========================================
#
# Run this file to check it: ``python shipping.py``. Each ``...`` waits for you. With
# ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: shipping

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import json

import torch

# %% [markdown]
# Task 1: Whole numbers
# ---------------------
#
# *Predict, 3 minutes.* What does this print? Write a list of three whole numbers.

# %%


def puzzle_1():
    weight = torch.tensor([0.5, -2.54, 1.0])
    scale = weight.abs().max() / 127
    print((weight / scale).round().int().tolist())


numbers = ...


# %% [markdown]
# Task 2: Quantise a layer
# ------------------------
#
# *Fill in, 6 minutes.* One scale for each output of a linear layer.

# %%


def quantise(weight, n_bits):
    """Whole numbers [output, input] of type int8, and scales [output, 1].

    The scale of an output is its largest weight, without its sign, divided by the
    largest number, which is 2 ** (n_bits - 1) - 1. Numbers are weights divided by their
    scale and rounded. No output has only weights of 0.
    """
    ...


# %% [markdown]
# Task 3: What slips through
# --------------------------
#
# *Break and fix, 3 minutes.* This check of a request lets a picture pass that ruins the
# answer. Find out which, and fix it.

# %%


def accepts(picture):
    """True if each number of the picture, a list of lists, is from 0 to 16."""
    return not any(x < 0 or x > 16 for row in picture for x in row)


# %% [markdown]
# Task 4: Read a safetensors file
# -------------------------------
#
# *Fill in, 9 minutes.* A small challenge: read the format of the lesson from its bytes,
# with two types of numbers.

# %%


def read_tensors(content):
    """The tensors by their name, a dict.

    ``content`` are the bytes of a file: eight bytes with the length of the header (the
    lowest first), the header as JSON, then the numbers. In the header each name has a
    ``dtype``, a ``shape`` and ``data_offsets``: where its bytes begin and end, counted
    from the end of the header. "F32" is float32, "I64" is int64. An entry called
    ``__metadata__`` is no tensor: leave it out. No tensor is empty.
    """
    ...
