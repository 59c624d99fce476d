# %% [markdown]
# Exercises: Building a neural network
# ====================================
#
# Run this file to check it: ``python networks.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: networks

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: How many numbers?
# -------------------------
#
# *Predict, 2 minutes.* How many numbers does this net learn?

# %%


def puzzle_1():
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    print(sum(parameter.numel() for parameter in net.parameters()))


numbers_in_all = ...


# %% [markdown]
# Task 2: The shape of the weights
# --------------------------------
#
# *Predict, 1 minute.* What does this print? Write a list.

# %%


def puzzle_2():
    layer = nn.Linear(4, 8)
    print(list(layer.weight.shape))


weight_shape = ...


# %% [markdown]
# Task 3: A linear layer by hand
# ------------------------------
#
# *Fill in, 4 minutes.* Do what ``nn.Linear`` does, with the tensors that it holds.

# %%


def linear(features, weight, bias):
    """The outputs of a linear layer, shape [samples, outputs].

    ``features`` has the shape [samples, inputs], ``weight`` has [outputs, inputs] as in
    ``nn.Linear``, and ``bias`` has [outputs].
    """
    ...


# %% [markdown]
# Task 4: A net of your own
# -------------------------
#
# *Fill in, 6 minutes.* Write both methods.

# %%


class Net(nn.Module):
    """Linear, ReLU, Linear, ReLU, Linear: two hidden layers of the same size."""

    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        ...

    def forward(self, features):
        """[samples, n_features] -> logits [samples, n_classes]"""
        ...


# %% [markdown]
# Task 5: All samples in class 3
# ------------------------------
#
# *Break and fix, 3 minutes.* For each sample this should say which class the net gives
# the highest score. Instead it returns as many answers as there are classes. Find the
# mistake and fix it.

# %%


def predicted_classes(net, features):
    """The class of each sample, whole numbers of the shape [samples]."""
    with torch.no_grad():
        logits = net(features)  # [samples, classes]
        return logits.argmax(dim=0)


# %% [markdown]
# Task 6: Two layers into one
# ---------------------------
#
# *Fill in, 8 minutes.* A small challenge. Without a ReLU between them two linear layers
# are as good as one. Build that one.

# %%


def merged(first, second):
    """One ``nn.Linear`` that gives what ``second(first(features))`` gives.

    Both are ``nn.Linear``; second.in_features equals first.out_features.
    """
    ...
