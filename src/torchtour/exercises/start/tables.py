# %% [markdown]
# Exercises: Training on your own table
# =====================================
#
# Run this file to check it: ``python tables.py``. Each ``...`` waits for you.
# With ``--hint`` the check says more about each task that is not solved.

# %%
# torchtour exercises: tables

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch

# %% [markdown]
# Task 1: A net that always says no
# ---------------------------------
#
# *Predict, 2 minutes.* What does this print? Write a list of two numbers: first the
# accuracy, then the recall of class 1.

# %%


def puzzle_1():
    labels = torch.tensor([0] * 190 + [1] * 10)
    answers = torch.zeros(200).long()  # a net that always says 0
    accuracy = (answers == labels).float().mean()
    recall = (answers[labels == 1] == 1).float().mean()
    print([round(accuracy.item(), 2), round(recall.item(), 2)])


accuracy_and_recall = ...


# %% [markdown]
# Task 2: From words to numbers
# -----------------------------
#
# *Fill in, 6 minutes.* ``csv.DictReader`` reads each row of a file as a dictionary of
# strings. Turn the rows into tensors that a net can learn from.

# %%


def to_tensors(records, names, label):
    """Features [rows, columns] in float32, labels [rows] in int64, and the classes.

    ``records`` is a list of rows such as {"age": "40", "iron": "1.5", "ill": "no"}.
    ``names`` are the columns of numbers, in the order that the features are to have.
    ``label`` is the column of the classes. The classes are a list of its words, each
    once, in the order of the alphabet. A label is the place of its word in that list.
    """
    ...


# %% [markdown]
# Task 3: Columns that know too much
# ----------------------------------
#
# *Break and fix, 4 minutes.* This keeps the ``k`` columns whose means in the two
# classes are farthest apart. But it looks at rows that should stay unseen. Find the
# leak and close it.

# %%


def choose_columns(features, labels, n_train, k):
    """The first ``n_train`` rows for training, the rest for the test: k columns each.

    Both sets keep the same columns; the one whose means are farthest apart comes first.
    Nothing about the test rows may be used to choose them. The labels are 0 and 1.
    """
    apart = features[labels == 1].mean(dim=0) - features[labels == 0].mean(dim=0)
    best = apart.abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]


# %% [markdown]
# Task 4: Rare rows count more
# ----------------------------
#
# *Fill in, 4 minutes.* With the right weights in the loss, each class counts the same
# in total, however few rows it has.

# %%


def class_weights(labels, n_classes):
    """The weight of each class, shape [n_classes], for ``cross_entropy(weight=...)``.

    Weight times number of rows is the same for each class, and these products sum to
    the number of all rows. So if all classes have equally many rows, each weight is 1.
    Every class has at least one row.
    """
    ...


# %% [markdown]
# Task 5: Copies on both sides
# ----------------------------
#
# *Fill in, 5 minutes.* A row that occurs in both sets makes the test too easy. Count
# such rows.

# %%


def copies_across(train, test):
    """How many rows of ``test`` occur in ``train`` as well, as a Python number.

    ``train`` has the shape [rows, columns], ``test`` has [other rows, columns]. Two
    rows are the same if all their numbers are equal.
    """
    ...


# %% [markdown]
# Task 6: Split patients, not rows
# --------------------------------
#
# *Fill in, 10 minutes.* A small challenge. Each patient has several rows. A net that is
# to judge new patients must be tested on patients that it has never seen.

# %%


def split_by_patient(patients, n_test):
    """The places of the training rows and those of the test rows: two tensors.

    ``patients``, shape [rows], holds the number of the patient of each row. All rows of
    a patient go into the same set. Take whole patients into the test set, one after the
    other in a random order, until it has at least ``n_test`` rows. The others are for
    training. A place is the index of a row, a whole number from 0.
    """
    ...
