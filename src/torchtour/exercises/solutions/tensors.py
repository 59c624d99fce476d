# %%
# torchtour exercises: tensors

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch

# %% [markdown]
# Task 1: A column minus a row

# %%
# [4, 1] and [4]: the column is repeated to the right, the row downwards.
shape_of_difference = [4, 4]


# %% [markdown]
# Task 2: Who shares memory?

# %%
# grid is a view, so numbers changes with it. reshape had to copy the turned table
# before.
after_writing = [100, 1]


# %% [markdown]
# Task 3: Column by column

# %%


def column_by_column(table):
    return table.T.reshape(-1)  # view can't: the transpose is not in order in memory


# %% [markdown]
# Task 4: The same scale for all

# %%


def standardised(table):
    return (table - table.mean(dim=0)) / table.std(dim=0)  # dim 0 goes away: [columns]


# %% [markdown]
# Task 5: An error that is too large

# %%


def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).square().mean()  # [n] minus [n]


# %% [markdown]
# Task 6: All distances at once

# %%


def distances(a, b):
    difference = a[:, None, :] - b[None, :, :]  # [n, 1, k] - [1, m, k] = [n, m, k]
    return difference.square().sum(dim=2).sqrt()
