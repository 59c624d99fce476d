# %% [markdown]
# Exercises: Text: attention and a small GPT
# ==========================================
#
# Run this file to check it: ``python text.py``. Each ``...`` waits for you. With
# ``--hint`` the check says more about each task that is not solved.

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
# --------------------------
#
# *Predict, 2 minutes.* What does this print? Write a list of three numbers.

# %%


def puzzle_1():
    matches = torch.zeros(3, 3)  # [position, position], all match equally well
    allowed = torch.ones(3, 3, dtype=torch.bool).tril()
    weights = matches.masked_fill(~allowed, -math.inf).softmax(dim=1)
    print(weights[1].tolist())


weights_of_second = ...


# %% [markdown]
# Task 2: An attention head
# -------------------------
#
# *Fill in, 7 minutes.* Causal attention for one line of text, without torch's own.

# %%


def attend(query, key, value):
    """What each position fetches: [position, size of value].

    ``query`` and ``key`` are [position, size], ``value`` is [position, any size]. Each
    position looks at itself and at those before it. The matches are divided by the root
    of ``size``.
    """
    ...


# %% [markdown]
# Task 3: A loss too good to be true
# ----------------------------------
#
# *Break and fix, 4 minutes.* This loss falls to 0 as soon as the net has learned to
# repeat what it has just read. Find the mistake and fix it.

# %%


def loss_per_token(logits, tokens):
    """The mean cross-entropy of predicting each next token, a number as a tensor.

    ``tokens`` is [line, position]. ``logits`` is [line, position, token], one position
    for each position of ``tokens``, from a net with a causal mask. The last position
    has no next token.
    """
    return cross_entropy(logits.flatten(0, 1), tokens.flatten())


# %% [markdown]
# Task 4: Top-k with a temperature
# --------------------------------
#
# *Fill in, 8 minutes.* A small challenge: the probabilities to draw the next token
# from, for one line or for many at once.

# %%


def next_probabilities(logits, top_k, temperature):
    """Probabilities of the shape of ``logits``, which is [token] or [line, token].

    In each line only the ``top_k`` largest logits count; no two are equal. All other
    tokens get probability 0. The logits are divided by ``temperature`` first. Each
    line's probabilities sum to 1.
    """
    ...
