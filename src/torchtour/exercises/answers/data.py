# Answers to the tasks of lesson 7, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
number_of_batches = -(-100 // 32)

# %% 1 right
number_of_batches = "4"

# %% 1 wrong rest_lost
number_of_batches = 3

# %% 1 wrong batch_size
number_of_batches = 32

# %% 1 wrong fraction
number_of_batches = 3.125

# %% 1 wrong points
number_of_batches = 100

# %% 1 wrong other
number_of_batches = 5

# %% 2 right
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return self.features.shape[0]

    def __getitem__(self, index):
        return [self.features[index], self.labels[index]]

# %% 2 right
class Points(Dataset):
    def __init__(self, features, labels):
        self.pairs = list(zip(features, labels))

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        return self.pairs[index]

# %% 2 wrong off_by_one
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.labels) - 1

    def __getitem__(self, index):
        return self.features[index], self.labels[index]

# %% 2 wrong counts_numbers
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return self.features.numel()

    def __getitem__(self, index):
        return self.features[index], self.labels[index]

# %% 2 wrong no_label
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.features[index]

# %% 2 wrong one_tensor
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return torch.cat([self.features[index], self.labels[index : index + 1]])

# %% 2 wrong swapped
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.labels[index], self.features[index]

# %% 2 wrong shifted
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.features[index - 1], self.labels[index - 1]

# %% 2 wrong float_label
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.features[index], self.labels[index].float()

# %% 2 wrong label_in_list
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.features[index], self.labels[index : index + 1]

# %% 2 wrong all_labels
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.features[index], self.labels

# %% 2 wrong not_kept
class Points(Dataset):
    def __init__(self, features, labels):
        features, labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        return self.features[index], self.labels[index]

# %% 2 wrong other
class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        self.features[index], self.labels[index]

# %% 3 right
def batches(features, labels, size):
    return list(zip(features.split(size), labels.split(size)))

# %% 3 right
def batches(features, labels, size):
    result, start = [], 0
    while start < len(labels):
        end = min(start + size, len(labels))
        result.append([features[start:end], labels[start:end]])
        start = end
    return result

# %% 3 right
def batches(features, labels, size):
    for i in range(0, len(features), size):
        yield features[i : i + size], labels[i : i + size]

# %% 3 wrong last_lost
def batches(features, labels, size):
    spans = [slice(i * size, (i + 1) * size) for i in range(len(features) // size)]
    return [(features[span], labels[span]) for span in spans]

# %% 3 wrong one_short
def batches(features, labels, size):
    return [(features[i : i + size - 1], labels[i : i + size - 1]) for i in range(0, len(features), size)]

# %% 3 wrong overlapping
def batches(features, labels, size):
    return [(features[i : i + size + 1], labels[i : i + size + 1]) for i in range(0, len(features), size)]

# %% 3 wrong sliding
def batches(features, labels, size):
    return [(features[i : i + size], labels[i : i + size]) for i in range(len(features))]

# %% 3 wrong first_lost
def batches(features, labels, size):
    return [(features[i : i + size], labels[i : i + size]) for i in range(1, len(features), size)]

# %% 3 wrong moved_back
def batches(features, labels, size):
    starts = [min(i, len(labels) - size) for i in range(0, len(labels), size)]
    return [(features[i : i + size], labels[i : i + size]) for i in starts]

# %% 3 wrong number_of_batches
def batches(features, labels, size):
    return list(zip(features.tensor_split(size), labels.tensor_split(size)))

# %% 3 wrong labels_whole
def batches(features, labels, size):
    return [(features[i : i + size], labels) for i in range(0, len(features), size)]

# %% 3 wrong empty
def batches(features, labels, size):
    return [(features[i : i + size], labels[i : i + size]) for i in range(0, len(features) + 1, size)]

# %% 3 wrong other
def batches(features, labels, size):
    batch = features[:size], labels[:size]
    return [batch]

# %% 4 right
def shuffled(features, labels):
    order = torch.rand(len(labels)).argsort()
    return [features[order], labels[order]]

# %% 4 right
def shuffled(features, labels):
    pairs = torch.cat([features, labels[:, None]], dim=1)
    pairs = pairs[torch.randperm(len(pairs))]
    return pairs[:, :-1], pairs[:, -1].long()

# %% 4 wrong two_orders
def shuffled(features, labels):
    return features[torch.randperm(len(features))], labels[torch.randperm(len(features))]

# %% 4 wrong not_shuffled
def shuffled(features, labels):
    order = torch.arange(len(features))
    return features[order], labels[order]

# %% 4 wrong only_features
def shuffled(features, labels):
    return features[torch.randperm(len(features))], labels

# %% 4 wrong only_labels
def shuffled(features, labels):
    return features, labels[torch.randperm(len(features))]

# %% 4 wrong torn
def shuffled(features, labels):
    order = torch.randperm(features.numel())
    return features.flatten()[order].view_as(features), labels.flip(0)

# %% 4 wrong repeated
def shuffled(features, labels):
    order = torch.randint(len(features), (len(features),))
    return features[order], labels[order]

# %% 4 wrong reversed
def shuffled(features, labels):
    return features.flip(0), labels.flip(0)

# %% 4 wrong always_alike
def shuffled(features, labels):
    torch.manual_seed(0)
    order = torch.randperm(len(features))
    return features[order], labels[order]

# %% 4 wrong other
def shuffled(features, labels):
    order = torch.randperm(len(features))
    return features[order]

# %% 5 right
def split_and_scale(features, n_train):
    std, mean = torch.std_mean(features[:n_train], dim=0)
    scaled = (features - mean) / std
    return scaled[:n_train], scaled[n_train:]

# %% 5 right
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    def scale(points):
        return (points - train.mean(dim=0, keepdim=True)) / train.std(dim=0, keepdim=True)
    return [scale(train), scale(rest)]

# %% 5 wrong leak
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    mean, std = features.mean(dim=0), features.std(dim=0)
    return (train - mean) / std, (rest - mean) / std

# %% 5 wrong each_its_own
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    return (train - train.mean(dim=0)) / train.std(dim=0), (rest - rest.mean(dim=0)) / rest.std(dim=0)

# %% 5 wrong half_leak
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    mean, std = train.mean(dim=0), features.std(dim=0)
    return (train - mean) / std, (rest - mean) / std

# %% 5 wrong leak_into_validation
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    return (train - train.mean(dim=0)) / train.std(dim=0), (rest - features.mean(dim=0)) / features.std(dim=0)

# %% 5 wrong not_scaled
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    return (train - train.mean(dim=0)) / train.std(dim=0), rest

# %% 5 wrong from_validation
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    return (train - rest.mean(dim=0)) / rest.std(dim=0), (rest - rest.mean(dim=0)) / rest.std(dim=0)

# %% 5 wrong whole_table
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    mean, std = train.mean(), train.std()
    return (train - mean) / std, (rest - mean) / std

# %% 5 wrong swapped
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    return (rest - train.mean(dim=0)) / train.std(dim=0), (train - train.mean(dim=0)) / train.std(dim=0)

# %% 5 wrong other
def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    return (train - train.mean(dim=0)) / train.std(dim=0)

# %% 6 right
def confusion_matrix(answers, labels, n_classes):
    places = labels * n_classes + answers
    return places.bincount(minlength=n_classes**2).reshape(n_classes, n_classes)

# %% 6 right
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    one = torch.ones_like(labels)
    return counts.index_put((labels, answers), one, accumulate=True)

# %% 6 right
def confusion_matrix(answers, labels, n_classes):
    one_hot = torch.nn.functional.one_hot
    return one_hot(labels, n_classes).T @ one_hot(answers, n_classes)

# %% 6 wrong turned
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    for a, t in zip(answers, labels):
        counts[a, t] += 1
    return counts

# %% 6 wrong yes_or_no
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    counts[labels, answers] += 1
    return counts

# %% 6 wrong shares
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    for a, t in zip(answers, labels):
        counts[t, a] += 1
    return counts / counts.sum(dim=1, keepdim=True)

# %% 6 wrong only_right
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    for a, t in zip(answers, labels):
        if a == t:
            counts[t, a] += 1
    return counts

# %% 6 wrong only_wrong
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    for a, t in zip(answers, labels):
        if a != t:
            counts[t, a] += 1
    return counts

# %% 6 wrong flat
def confusion_matrix(answers, labels, n_classes):
    return (labels * n_classes + answers).bincount(minlength=n_classes**2)

# %% 6 wrong floats
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes)
    for a, t in zip(answers, labels):
        counts[t, a] += 1
    return counts

# %% 6 wrong listed
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    for a, t in zip(answers, labels):
        counts[t, a] += 1
    return counts.tolist()

# %% 6 wrong too_small
def confusion_matrix(answers, labels, n_classes):
    n = max(labels.max(), answers.max()).item() + 1
    counts = torch.zeros(n, n).long()
    for a, t in zip(answers, labels):
        counts[t, a] += 1
    return counts

# %% 6 wrong other
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    for a in answers:
        counts[a, a] += 1
    return counts

# %% 6 wrong error
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes).long()
    for a, t in zip(answers, labels):
        counts[t][a + 1] += 1
    return counts
