# %%
# torchtour exercises: text

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import math

import torch
from torch.nn.functional import cross_entropy

# %% [markdown]
# Task 1: What a mask leaves

# %%
# The second position looks at the first and at itself, equally; the third is masked.
weights_of_second = [0.5, 0.5, 0.0]


# %% [markdown]
# Task 2: An attention head

# %%


def attend(query, key, value):
    n, size = query.shape
    matches = query @ key.T / math.sqrt(size)
    allowed = torch.ones(n, n, dtype=torch.bool).tril()
    weights = matches.masked_fill(~allowed, -math.inf).softmax(dim=1)
    return weights @ value


# %% [markdown]
# Task 3: A loss too good to be true

# %%


def loss_per_token(logits, tokens):
    predicted = logits[:, :-1].flatten(0, 1)  # after each token but the last ...
    return cross_entropy(predicted, tokens[:, 1:].flatten())  # ... comes the next


# %% [markdown]
# Task 4: Top-k with a temperature

# %%


def next_probabilities(logits, top_k, temperature):
    limit = logits.topk(top_k, dim=-1).values[..., -1:]  # the smallest that counts
    kept = logits.masked_fill(logits < limit, -math.inf)
    return (kept / temperature).softmax(dim=-1)
