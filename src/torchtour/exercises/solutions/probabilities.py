# %%
# torchtour exercises: probabilities

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import math

import torch

# %% [markdown]
# Task 1: Pairs in the right order

# %%
# 0.9 is above 0.8 and 0.2, and 0.3 is above 0.2 only: three pairs of four.
auc = 0.75


# %% [markdown]
# Task 2: Decide by cost

# %%


def mean_cost(probability, ill, miss, alarm):
    called = probability * miss > (1 - probability) * alarm
    cost = torch.where(called, (1 - ill) * alarm, ill * miss)
    return cost.double().mean().item()


# %% [markdown]
# Task 3: Small groups that shout

# %%


def calibration_error(probability, ill, n_bins):
    bins = (probability * n_bins).long().clamp(max=n_bins - 1)
    total = 0.0
    for k in range(n_bins):
        inside = bins == k
        if inside.any():
            gap = (probability[inside].mean() - ill[inside].mean()).abs().item()
            total += gap * inside.sum().item()  # weighted by the people in it
    return total / len(ill)


# %% [markdown]
# Task 4: McNemar's test

# %%


def mcnemar(a_right, b_right):
    only_a = (a_right & ~b_right).sum().item()
    only_b = (b_right & ~a_right).sum().item()
    n = only_a + only_b
    tail = sum(math.comb(n, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * tail / 2**n)
