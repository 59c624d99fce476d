# %%
# torchtour exercises: advanced

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: A falling rate

# %%
# 25 epochs hold two whole tens: 0.8 * 0.5 * 0.5.
rate_after_25 = 0.2


# %% [markdown]
# Task 2: A loss of your own

# %%


class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError(f"{list(prediction.shape)} against {list(target.shape)}")
        return (prediction - target).abs().mean()


# %% [markdown]
# Task 3: A rate that falls too fast

# %%


def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            optimizer.step()
        scheduler.step()  # once an epoch
    return rates


# %% [markdown]
# Task 4: SGD with momentum

# %%


def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    return weight - lr * velocity, velocity


# %% [markdown]
# Task 5: Adam

# %%


def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)  # both start at 0: this makes up for it
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m, v
