# %% [markdown]
# Exercises: The training loop
# ============================
#
# Run this file to check it: ``python training.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: training

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn
from torch.nn.functional import cross_entropy

# %% [markdown]
# Task 1: Knowing nothing
# -----------------------
#
# *Predict, 2 minutes.* A net gives the same score to all four classes. What is its
# loss? Write it with two decimals.

# %%


def puzzle_1():
    logits, labels = torch.zeros(10, 4), torch.zeros(10).long()
    print(f"{cross_entropy(logits, labels).item():.2f}")


loss_of_ignorance = ...


# %% [markdown]
# Task 2: Two steps
# -----------------
#
# *Predict, 2 minutes.* What does this print, with two decimals?

# %%


def puzzle_2():
    w = torch.tensor(1.0, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(2):
        loss = w**2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{w.item():.2f}")


w_after_two = ...


# %% [markdown]
# Task 3: The loop
# ----------------
#
# *Fill in, 7 minutes.* Write the training loop, with ``torch.optim.SGD`` and
# cross-entropy.

# %%


def train(net, features, labels, epochs, lr):
    """Train the net on all points at once, ``epochs`` times.

    ``features`` has the shape [points, features], ``labels`` has [points]. The weights
    of ``net`` change. Return the loss of each epoch, taken before the step of that
    epoch, as a list of ``epochs`` Python numbers.
    """
    ...


# %% [markdown]
# Task 4: The loss that hardly falls
# ----------------------------------
#
# *Break and fix, 4 minutes.* Trained with this loss, a net learns slowly, and the loss
# never gets near 0. Find the mistake and fix it.

# %%


def loss_of(net, features, labels):
    """The cross-entropy of the net's answers, a tensor with one number."""
    probabilities = net(features).softmax(dim=1)  # [points, classes]
    return cross_entropy(probabilities, labels)


# %% [markdown]
# Task 5: How many are right?
# ---------------------------
#
# *Fill in, 4 minutes.* The loss says how sure a net is, the accuracy how often it is
# right.

# %%


def accuracy(net, features, labels):
    """The share of points whose highest score is that of their label: from 0 to 1.

    ``features`` has the shape [points, features], ``labels`` has [points].
    Return a Python number.
    """
    ...


# %% [markdown]
# Task 6: Which learning rate?
# ----------------------------
#
# *Fill in, 8 minutes.* A small challenge: choose a learning rate, fairly. The last
# three arguments are functions: ``new_net()`` makes a fresh net,
# ``train(net, lr, points)`` trains it, and ``loss(net, points)`` measures it and
# returns a number.

# %%


def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    """The one of ``rates`` whose net has the lowest loss on points it has not seen."""
    ...
