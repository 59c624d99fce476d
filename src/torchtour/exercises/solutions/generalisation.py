# %%
# torchtour exercises: generalisation

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: What dropout lets through

# %%
# Three quarters become 0. The others are multiplied by 1 / (1 - 0.75) to make up for
# it.
after_dropout = [0, 4]


# %% [markdown]
# Task 2: An accuracy that changes by itself

# %%


def measured(net, features, labels):
    was_training = net.training
    net.eval()  # no dropout; no_grad does not turn it off
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.train(was_training)
    return (answers == labels).float().mean().item()


# %% [markdown]
# Task 3: When to stop

# %%


def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses)


# %% [markdown]
# Task 4: Clipping

# %%


def clipped(gradients, max_norm):
    norm = sum(gradient.square().sum() for gradient in gradients).sqrt()
    if (
        norm <= max_norm
    ):  # also where all are 0, and a division by the norm would give NaN
        return [gradient.clone() for gradient in gradients]
    return [gradient * (max_norm / norm) for gradient in gradients]


# %% [markdown]
# Task 5: How large to begin

# %%


def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=(2 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer


# %% [markdown]
# Task 6: Batch norm

# %%


class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))  # travels with the net
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        if not self.training:
            return (batch - self.mean) / (self.var + 1e-5).sqrt()
        mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
        with torch.no_grad():  # the running values are not learned
            self.mean += 0.1 * (mean - self.mean)
            self.var += 0.1 * (batch.var(dim=0) - self.var)
        return (batch - mean) / (var + 1e-5).sqrt()
