# %% [markdown]
# Exercises: Can you believe its probabilities?
# =============================================
#
# Run this file to check it: ``python probabilities.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: probabilities

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import math

import torch

# %% [markdown]
# Task 1: Pairs in the right order
# --------------------------------
#
# *Predict, 3 minutes.* What does this print? It is the AUC of four people. Write a
# number.

# %%


def puzzle_1():
    score = torch.tensor([0.9, 0.8, 0.3, 0.2])
    ill = torch.tensor([1, 0, 1, 0])
    above = score[ill == 1][:, None] > score[ill == 0]  # [ill person, healthy person]
    print(above.float().mean().item())


auc = ...


# %% [markdown]
# Task 2: Decide by cost
# ----------------------
#
# *Fill in, 6 minutes.* What does it cost to act on these probabilities, if you always
# choose what is cheaper on average?

# %%


def mean_cost(probability, ill, miss, alarm):
    """The mean cost a person, a Python number.

    ``probability`` [person] says how likely each is ill, ``ill`` [person] is 1 for the
    ill and 0 for the healthy. Not to call an ill person costs ``miss``, to call a
    healthy one costs ``alarm``. Call those for whom the expected cost of not calling is
    higher than that of calling.
    """
    ...


# %% [markdown]
# Task 3: Small groups that shout
# -------------------------------
#
# *Break and fix, 5 minutes.* In this calibration error a group of three people counts
# as much as one of three thousand. Fix it.

# %%


def calibration_error(probability, ill, n_bins):
    """The mean gap between said and true, where each person counts the same.

    ``probability`` and ``ill`` are [person], floats. ``n_bins`` groups of equal width
    share 0 to 1; a probability of exactly 1 belongs to the last. The gap of a group is
    how far its mean probability is from its share of ill people. A Python number.
    """
    bins = (probability * n_bins).long().clamp(max=n_bins - 1)
    gaps = []
    for k in range(n_bins):
        inside = bins == k
        if inside.any():
            gaps.append((probability[inside].mean() - ill[inside].mean()).abs().item())
    return sum(gaps) / len(gaps)


# %% [markdown]
# Task 4: McNemar's test
# ----------------------
#
# *Fill in, 8 minutes.* A small challenge: could two nets that are equally good differ
# as much as these, on the same examples?

# %%


def mcnemar(a_right, b_right):
    """How likely so uneven a split is by chance, a Python number.

    ``a_right`` and ``b_right`` [example] are True where net A, and net B, is right.
    Take the examples on which exactly one is right, as flips of a fair coin. Return the
    probability of a split at least as uneven, either way round. It is at most 1; if the
    nets never disagree, it is 1.
    """
    ...
