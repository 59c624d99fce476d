# %%
# torchtour exercises: hood

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn
from torch.nn.functional import cross_entropy

# %% [markdown]
# Task 1: What a module finds

# %%
# The weight and the bias of first, and offset. A list and a plain tensor are
# overlooked.
n_found = 3


# %% [markdown]
# Task 2: A large batch in parts

# %%


def accumulate(net, features, labels, size):
    net.zero_grad()
    for part, answers in zip(features.split(size), labels.split(size), strict=True):
        share = len(part) / len(features)  # the last part may be smaller
        (cross_entropy(net(part), answers) * share).backward()


# %% [markdown]
# Task 3: A slope that stays behind

# %%


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 3 * x**2  # recorded, so it has a derivative itself


# %% [markdown]
# Task 4: Straight through, up to a limit

# %%


def quantised(x, step, limit):
    cut = x.clamp(-limit, limit)  # its slope is 0 beyond the limits
    rounded = (cut / step).round() * step
    return cut + (rounded - cut).detach()
