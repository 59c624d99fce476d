# %%
# torchtour exercises: tables

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch

# %% [markdown]
# Task 1: A net that always says no

# %%
# 190 of 200 answers are right, and none of the ten rows of class 1 is found.
accuracy_and_recall = [0.95, 0.0]


# %% [markdown]
# Task 2: From words to numbers

# %%


def to_tensors(records, names, label):
    features = torch.tensor([[float(row[name]) for name in names] for row in records])
    classes = sorted({row[label] for row in records})
    labels = torch.tensor([classes.index(row[label]) for row in records])
    return features, labels, classes


# %% [markdown]
# Task 3: Columns that know too much

# %%


def choose_columns(features, labels, n_train, k):
    train, known = features[:n_train], labels[:n_train]  # choose by these rows alone
    apart = train[known == 1].mean(dim=0) - train[known == 0].mean(dim=0)
    best = apart.abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]


# %% [markdown]
# Task 4: Rare rows count more

# %%


def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)  # [n_classes]
    return len(labels) / (n_classes * counts)


# %% [markdown]
# Task 5: Copies on both sides

# %%


def copies_across(train, test):
    known = {tuple(row) for row in train.tolist()}
    return sum(tuple(row) in known for row in test.tolist())


# %% [markdown]
# Task 6: Split patients, not rows

# %%


def split_by_patient(patients, n_test):
    people = patients.unique()
    in_test = torch.zeros(len(patients), dtype=torch.bool)  # [rows]
    for patient in people[torch.randperm(len(people))]:
        if in_test.sum() >= n_test:
            break
        in_test |= patients == patient
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()
