# %%
# torchtour exercises: further

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import math

import torch
from torch import nn

# %% [markdown]
# Task 1: Half as many bits

# %%
# From 256 on, bfloat16 counts in twos: 257 is rounded to 256 each time.
sum_in_bfloat16 = 256.0


# %% [markdown]
# Task 2: Along half a cosine

# %%


def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(math.pi * step / steps)) / 2


# %% [markdown]
# Task 3: A batch on its way

# %%


def to_device(batch, device):
    return [tensor.to(device) for tensor in batch]  # `to` returns a new tensor


# %% [markdown]
# Task 4: Where the NaN comes from

# %%


def first_nan(net, features):
    found = []

    def hook_of(name):
        def hook(layer, inputs, output):
            if output.isnan().any():
                found.append(name)

        return hook

    handles = [
        layer.register_forward_hook(hook_of(name))
        for name, layer in net.named_children()
    ]
    try:
        with torch.no_grad():
            net(features)
    finally:  # even if the net fails
        for handle in handles:
            handle.remove()
    return found[0] if found else None


# %% [markdown]
# Task 5: The same numbers again

# %%


def noise(n, seed):
    generator = torch.Generator().manual_seed(seed)  # one of our own
    return torch.randn(n, generator=generator)


# %% [markdown]
# Task 6: The range test

# %%


def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10
