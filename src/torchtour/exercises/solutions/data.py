# %%
# torchtour exercises: data

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

# %% [markdown]
# Task 1: How many batches?

# %%
# Three full ones, and one with the 4 points that are left.
number_of_batches = 4


# %% [markdown]
# Task 2: A dataset of your own

# %%


class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.features[index], self.labels[index]


# %% [markdown]
# Task 3: Batches without a loader

# %%


def batches(features, labels, size):
    return [
        (features[start : start + size], labels[start : start + size])
        for start in range(0, len(features), size)
    ]


# %% [markdown]
# Task 4: Shuffled, and nothing learned

# %%


def shuffled(features, labels):
    order = torch.randperm(len(features))  # one order for both
    return features[order], labels[order]


# %% [markdown]
# Task 5: A leak across the split

# %%


def split_and_scale(features, n_train):
    train, validation = features[:n_train], features[n_train:]
    mean, std = train.mean(dim=0), train.std(dim=0)  # of the training points alone
    return (train - mean) / std, (validation - mean) / std


# %% [markdown]
# Task 6: The confusion matrix

# %%


def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes, dtype=torch.int64)
    for answer, label in zip(answers.tolist(), labels.tolist()):
        counts[label, answer] += 1
    return counts
