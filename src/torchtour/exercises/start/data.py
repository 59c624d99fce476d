# %% [markdown]
# Exercises: Datasets, batches and splits
# =======================================
#
# Run this file to check it: ``python data.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: data

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

# %% [markdown]
# Task 1: How many batches?
# -------------------------
#
# *Predict, 1 minute.* What does this print?

# %%


def puzzle_1():
    dataset = TensorDataset(torch.zeros(100, 2))
    print(len(DataLoader(dataset, batch_size=32)))


number_of_batches = ...


# %% [markdown]
# Task 2: A dataset of your own
# -----------------------------
#
# *Fill in, 5 minutes.* Write the three methods.

# %%


class Points(Dataset):
    """Points, ``features`` [points, features], and their ``labels`` [points]."""

    def __init__(self, features, labels): ...

    def __len__(self):
        """The number of points."""
        ...

    def __getitem__(self, index):
        """One point, as a pair: its features [features], and its label, a tensor."""
        ...


# %% [markdown]
# Task 3: Batches without a loader
# --------------------------------
#
# *Fill in, 5 minutes.* Cut the data into batches yourself, in order.

# %%


def batches(features, labels, size):
    """A list of pairs (features, labels) with ``size`` points each.

    The last batch holds what is left, which may be fewer. No point is lost.
    """
    ...


# %% [markdown]
# Task 4: Shuffled, and nothing learned
# -------------------------------------
#
# *Break and fix, 4 minutes.* After this shuffle no net learns anything. Find the
# mistake and fix it.

# %%


def shuffled(features, labels):
    """The same points with the same labels, in a random order."""
    features = features[torch.randperm(len(features))]
    labels = labels[torch.randperm(len(labels))]
    return features, labels


# %% [markdown]
# Task 5: A leak across the split
# -------------------------------
#
# *Break and fix, 5 minutes.* This brings all features to the same scale. But it looks
# at the points that should stay unseen. Find the leak and close it.

# %%


def split_and_scale(features, n_train):
    """The first ``n_train`` points for training, the rest for validation, both scaled.

    Scaled means: minus the mean, divided by the standard deviation, of each column.
    Both sets are scaled alike, and nothing about the validation points may be used for
    it.
    """
    scaled = (features - features.mean(dim=0)) / features.std(dim=0)
    return scaled[:n_train], scaled[n_train:]


# %% [markdown]
# Task 6: The confusion matrix
# ----------------------------
#
# *Fill in, 8 minutes.* A small challenge. Which class is taken for which?

# %%


def confusion_matrix(answers, labels, n_classes):
    """Counts of the shape [n_classes, n_classes], whole numbers.

    In row i and column j: how many points of the true class i were answered with j.
    ``answers`` and ``labels`` are whole numbers of the shape [points].
    """
    ...
