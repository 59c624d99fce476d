# %% [markdown]
# Exercises: Tensors and their shapes
# ===================================
#
# Run this file to check it: ``python tensors.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: tensors

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch

# %% [markdown]
# Task 1: A column minus a row
# ----------------------------
#
# *Predict, 1 minute.* Don't run the code below. What does it print? Write a list.

# %%


def puzzle_1():
    predicted = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    truth = torch.tensor([1.0, 2.0, 3.0, 4.0])
    print(list((predicted - truth).shape))


shape_of_difference = ...


# %% [markdown]
# Task 2: Who shares memory?
# --------------------------
#
# *Predict, 3 minutes.* What does this print? Write a list of two numbers.

# %%


def puzzle_2():
    numbers = torch.arange(6)
    grid = numbers.view(2, 3)
    turned = grid.T.reshape(6)
    grid[0, 1] = 100
    print([numbers[1].item(), turned[2].item()])


after_writing = ...


# %% [markdown]
# Task 3: Column by column
# ------------------------
#
# *Fill in, 3 minutes.* Turn a table into one row of numbers, column by column.

# %%


def column_by_column(table):
    """The numbers of ``table``, shape [rows, columns], as one row [rows * columns].

    First comes the first column from top to bottom, then the second, and so on.
    """
    ...


# %% [markdown]
# Task 4: The same scale for all
# ------------------------------
#
# *Fill in, 5 minutes.* Features on very different scales are hard to learn from. Bring
# each column of a table to mean 0 and standard deviation 1.

# %%


def standardised(table):
    """A new table in which each column has mean 0 and standard deviation 1.

    ``table`` has the shape [rows, columns] and stays as it is. Use the standard
    deviation of ``tensor.std`` as it is by default.
    """
    ...


# %% [markdown]
# Task 5: An error that is too large
# ----------------------------------
#
# *Break and fix, 3 minutes.* For perfect predictions the mean squared error should be
# 0. It is not. Find the mistake and fix it.

# %%


def mean_squared_error(predicted, truth):
    """The mean squared error, a tensor with one number.

    ``predicted`` has the shape [n, 1], as nets give it, and ``truth`` the shape [n].
    """
    return (predicted - truth).square().mean()


# %% [markdown]
# Task 6: All distances at once
# -----------------------------
#
# *Fill in, 8 minutes.* A small challenge: no loop, and no ``torch.cdist``.

# %%


def distances(a, b):
    """The distance of each point in ``a`` from each point in ``b``.

    ``a`` has the shape [n, k]: n points with k coordinates. ``b`` has [m, k].
    The result has [n, m]. A distance is the root of the sum of squared differences.
    """
    ...
