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

# %%
# Each class gets the probability 1/4, and the loss is -log(1/4) = log(4).
loss_of_ignorance = 1.39


# %% [markdown]
# Task 2: Two steps

# %%
# The gradient is 2w, so each step leaves 0.8 of w: 1, 0.8, 0.64.
w_after_two = 0.64


# %% [markdown]
# Task 3: The loop

# %%


def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% [markdown]
# Task 4: The loss that hardly falls

# %%


def loss_of(net, features, labels):
    return cross_entropy(net(features), labels)  # cross_entropy applies softmax itself


# %% [markdown]
# Task 5: How many are right?

# %%


def accuracy(net, features, labels):
    with torch.no_grad():
        answers = net(features).argmax(dim=1)  # [points]
    return (answers == labels).float().mean().item()


# %% [markdown]
# Task 6: Which learning rate?

# %%


def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    losses = {}
    for lr in rates:
        net = new_net()  # each rate starts afresh
        train(net, lr, train_points)
        losses[lr] = loss(net, held_out_points)
    return min(losses, key=losses.get)
