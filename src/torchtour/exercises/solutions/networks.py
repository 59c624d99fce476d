# %%
# torchtour exercises: networks

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch import nn

# %% [markdown]
# Task 1: How many numbers?

# %%
# Weights and biases of both layers: 4 * 8 + 8 and 8 * 3 + 3. ReLU learns nothing.
numbers_in_all = 67


# %% [markdown]
# Task 2: The shape of the weights

# %%
# One row for each output.
weight_shape = [8, 4]


# %% [markdown]
# Task 3: A linear layer by hand

# %%


def linear(features, weight, bias):
    return features @ weight.T + bias  # [samples, inputs] @ [inputs, outputs]


# %% [markdown]
# Task 4: A net of your own

# %%


class Net(nn.Module):
    def __init__(self, n_features, hidden_size, n_classes):
        super().__init__()
        self.fc1 = nn.Linear(n_features, hidden_size)
        self.fc2 = nn.Linear(hidden_size, hidden_size)
        self.fc3 = nn.Linear(hidden_size, n_classes)

    def forward(self, features):
        hidden = self.fc1(features).relu()
        hidden = self.fc2(hidden).relu()
        return self.fc3(hidden)  # no ReLU here: a logit may be negative


# %% [markdown]
# Task 5: All samples in class 3

# %%


def predicted_classes(net, features):
    with torch.no_grad():
        logits = net(features)  # [samples, classes]
        return logits.argmax(dim=1)  # along the classes


# %% [markdown]
# Task 6: Two layers into one

# %%


def merged(first, second):
    one = nn.Linear(first.in_features, second.out_features)
    with torch.no_grad():
        one.weight.copy_(second.weight @ first.weight)
        one.bias.copy_(second.weight @ first.bias + second.bias)
    return one
