# %% [markdown]
# Exercises: Saving, loading and resuming
# =======================================
#
# Run this file to check it: ``python checkpoints.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: checkpoints

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: What is in a state_dict?
# --------------------------------
#
# *Predict, 2 minutes.* What does this print? Write a list of strings.

# %%


def puzzle_1():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    print(list(net.state_dict()))


names = ...


# %% [markdown]
# Task 2: Save
# ------------
#
# *Fill in, 2 minutes.* Save what a net has learned, so that it can be loaded safely.

# %%


def save(net, path):
    """Write the weights of ``net`` to the file ``path``."""
    ...


# %% [markdown]
# Task 3: Load
# ------------
#
# *Fill in, 4 minutes.* The file may come from a stranger.

# %%


def load(net, path):
    """Put the weights in the file ``path`` into ``net``, and return it ready to answer.

    A file whose names are not those of the net is an error. No code in the file may
    run.
    """
    ...


# %% [markdown]
# Task 4: The best epoch, lost
# ----------------------------
#
# *Break and fix, 5 minutes.* This should return the weights of the best epoch. It
# returns those of the last one. Find the mistake and fix it.

# %%


def best_weights(net, train_one_epoch, loss_of, epochs):
    """The state_dict of the epoch after which ``loss_of(net)`` was lowest."""
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, net.state_dict()
    return best


# %% [markdown]
# Task 5: Stop and resume
# -----------------------
#
# *Fill in, 10 minutes.* A small challenge. A training stops in the middle. It should
# continue as if it had never stopped, and its optimizer has momentum.

# %%


def save_run(path, net, optimizer, epochs_done):
    """Write to ``path`` all that the training needs to go on."""
    ...


def resume_run(path, net, optimizer):
    """Bring a fresh net and a fresh optimizer to where ``save_run`` was called.

    Return the number of epochs that are done. No code in the file may run.
    """
    ...
