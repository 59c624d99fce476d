# Answers to the tasks of lesson 7, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
number_of_batches = -(-100 // 32)

# %% 1 right
number_of_batches = "4"

# %% 1 right

import math
number_of_batches = math.ceil(100 / 32)

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

# %% 2 right

class Points(Dataset):
    def __init__(self, features, labels):
        self.inner = TensorDataset(features, labels)
    def __len__(self):
        return len(self.inner)
    def __getitem__(self, index):
        return self.inner[index]

# %% 2 right

class Points(Dataset):
    def __init__(self, x, y):
        super().__init__()
        self.x = x
        self.y = y
    def __len__(self):
        return self.y.numel()
    def __getitem__(self, i):
        return (self.x[i, :], self.y[i])

# %% 2 right

class Points(TensorDataset):
    def __init__(self, features, labels):
        super().__init__(features, labels)

# %% 2 right

class Points(Dataset):
    def __init__(self, features, labels):
        assert len(features) == len(labels)
        self.data = (features.clone(), labels.clone())
    def __len__(self):
        return self.data[0].size(0)
    def __getitem__(self, index):
        return tuple(part[index] for part in self.data)

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

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels
    def __len__(self):
        return self.features.shape[1]
    def __getitem__(self, index):
        return self.features[index], self.labels[index]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        return self.features[index], self.labels[index].item()

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features.double(), labels
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        return self.features[index], self.labels[index]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        Points.features, Points.labels = features, labels
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        return self.features[index], self.labels[index]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels
    def __len__(self):
        return 100
    def __getitem__(self, index):
        return self.features[index], self.labels[index]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        return self.features[:, index], self.labels[index]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        return {"features": self.features[index], "label": self.labels[index]}

# %% 2 wrong other

class Points:
    def __init__(self, features, labels):
        self.features, self.labels = features, labels
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        return self.features[index], self.labels[0]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels.to(torch.int32)
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        return self.features[index], self.labels[index]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels
        self.place = -1
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        self.place += 1
        return self.features[self.place % len(self)], self.labels[self.place % len(self)]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features = (features - features.mean(0)) / features.std(0)
        self.labels = labels
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
        return self.features[index].numpy(), self.labels[index]

# %% 2 wrong other

class Points(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = features, labels
    def __len__(self):
        return len(self.features)
    def __getitem__(self, index):
        return self.features[index : index + 1], self.labels[index]

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

# %% 3 right

def batches(features, labels, size):
    n = len(features)
    return [(features[i : min(i + size, n)], labels[i : min(i + size, n)]) for i in range(0, n, size)]

# %% 3 right

def batches(features, labels, size):
    return [(x, y) for x, y in zip(torch.split(features, size), torch.split(labels, size))]

# %% 3 right

def batches(features, labels, size):
    out = []
    while len(features):
        out.append((features[:size], labels[:size]))
        features, labels = features[size:], labels[size:]
    return out

# %% 3 right

def batches(features, labels, size):
    return [(features[i], labels[i]) for i in torch.arange(len(features)).split(size)]

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

# %% 3 wrong other

def batches(features, labels, size):
    n = -(-len(features) // size)
    return list(zip(features.chunk(n), labels.chunk(n)))

# %% 3 wrong forbidden

def batches(features, labels, size):
    return list(DataLoader(TensorDataset(features, labels), batch_size=size))

# %% 3 wrong other

def batches(features, labels, size):
    return [(features[i : i + 3], labels[i : i + 3]) for i in range(0, len(features), 3)]

# %% 3 wrong other

def batches(features, labels, size):
    return features.split(size), labels.split(size)

# %% 3 wrong other

def batches(features, labels, size):
    order = torch.randperm(len(features))
    features, labels = features[order], labels[order]
    return list(zip(features.split(size), labels.split(size)))

# %% 3 wrong other

def batches(features, labels, size):
    return [(f, l.float()) for f, l in zip(features.split(size), labels.split(size))]

# %% 3 wrong other

def batches(features, labels, size):
    return [(features[i : i + size].tolist(), labels[i : i + size].tolist()) for i in range(0, len(features), size)]

# %% 3 wrong other

def batches(features, labels, size):
    return [(l, f) for f, l in zip(features.split(size), labels.split(size))]

# %% 3 wrong other

def batches(features, labels, size):
    return [torch.cat([f, l[:, None]], 1) for f, l in zip(features.split(size), labels.split(size))]

# %% 3 wrong other

def batches(features, labels, size):
    n = len(features) // size
    return [(features[i::n], labels[i::n]) for i in range(n)]

# %% 3 wrong forbidden

def batches(features, labels, size):
    loader = DataLoader(list(zip(features, labels)), size)
    return [tuple(batch) for batch in loader]

# %% 3 wrong other

def batches(features, labels, size):
    return [(features[i : i + size], labels[i : i + size]) for i in range(0, len(features) - 1, size)]

# %% 3 wrong other

def batches(features, labels, size):
    return [(features[i : i + size], labels[:size]) for i in range(0, len(features), size)]

# %% 3 wrong other

def batches(features, labels, size):
    result = [(features[i : i + size], labels[i : i + size]) for i in range(0, len(features), size)]
    return result[::-1]

# %% 3 wrong other

def batches(features, labels, size):
    return [(features[i : i + size].detach().double(), labels[i : i + size]) for i in range(0, len(features), size)]

# %% 4 right
def shuffled(features, labels):
    order = torch.rand(len(labels)).argsort()
    return [features[order], labels[order]]

# %% 4 right
def shuffled(features, labels):
    pairs = torch.cat([features, labels[:, None]], dim=1)
    pairs = pairs[torch.randperm(len(pairs))]
    return pairs[:, :-1], pairs[:, -1].long()

# %% 4 right

import random
def shuffled(features, labels):
    order = list(range(len(features)))
    random.shuffle(order)
    return features[order], labels[order]

# %% 4 right

import numpy as np
def shuffled(features, labels):
    order = torch.from_numpy(np.random.permutation(len(labels)))
    return features.index_select(0, order), labels.index_select(0, order)

# %% 4 right

def shuffled(features, labels):
    pairs = list(zip(features, labels))
    order = torch.randperm(len(pairs)).tolist()
    return torch.stack([pairs[i][0] for i in order]), torch.stack([pairs[i][1] for i in order])

# %% 4 right

def shuffled(features, labels):
    loader = DataLoader(TensorDataset(features, labels), batch_size=len(labels), shuffle=True)
    return tuple(next(iter(loader)))

# %% 4 right

def shuffled(features, labels):
    order = torch.multinomial(torch.ones(len(labels)), len(labels), replacement=False)
    return torch.take_along_dim(features, order[:, None], 0), labels[order]

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

# %% 4 wrong input_changed

def shuffled(features, labels):
    order = torch.randperm(len(features))
    features[:] = features[order]
    labels[:] = labels[order]
    return features, labels

# %% 4 wrong other

def shuffled(features, labels):
    k = torch.randint(len(features), ()).item()
    return features.roll(k, 0), labels.roll(k, 0)

# %% 4 wrong always_alike

def shuffled(features, labels):
    g = torch.Generator().manual_seed(42)
    order = torch.randperm(len(features), generator=g)
    return features[order], labels[order]

# %% 4 wrong other

def shuffled(features, labels):
    order = torch.randperm(len(features) - 1)
    return features[order], labels[order]

# %% 4 wrong always_alike

def shuffled(features, labels):
    torch.manual_seed(1); f = features[torch.randperm(len(features))]
    torch.manual_seed(1); l = labels[torch.randperm(len(labels))]
    return f, l

# %% 4 wrong always_alike

def shuffled(features, labels):
    order = labels.argsort()
    return features[order], labels[order]

# %% 4 wrong other

def shuffled(features, labels):
    order = torch.randperm(len(features))
    return features[order].int(), labels[order]

# %% 4 wrong two_orders

def shuffled(features, labels):
    order = torch.randperm(len(features))
    return features[order], labels[order.argsort()]

# %% 4 wrong two_orders

def shuffled(features, labels):
    order = torch.randperm(len(features))
    return features[order].sort(0).values, labels[order]

# %% 4 wrong other

def shuffled(features, labels):
    half = len(features) // 2
    if torch.rand(()) < 0.5:
        return features, labels
    return torch.cat([features[half:], features[:half]]), torch.cat([labels[half:], labels[:half]])

# %% 4 wrong other

def shuffled(features, labels):
    order = torch.randperm(len(features))
    return features[order], labels[order].float()

# %% 4 wrong always_alike

def shuffled(features, labels):
    state = torch.get_rng_state()
    order = torch.randperm(len(features))
    torch.set_rng_state(state)
    return features[order], labels[order]

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

# %% 5 right

def split_and_scale(features, n_train):
    m = features[:n_train].mean(dim=0)
    s = features[:n_train].var(dim=0).sqrt()
    scaled = features.sub(m).div(s)
    return tuple(scaled.split([n_train, len(features) - n_train]))

# %% 5 right

def split_and_scale(features, n_train):
    train, val = features[:n_train].clone(), features[n_train:].clone()
    mean, std = train.mean(0), train.std(0)
    for part in (train, val):
        part -= mean
        part /= std
    return train, val

# %% 5 right

def split_and_scale(features, n_train):
    mean, std = features[:n_train].mean(axis=0), torch.std(features[:n_train], axis=0)
    return (features[:n_train] - mean) / std, (features[n_train:] - mean) / std

# %% 5 right

def split_and_scale(features, n_train):
    train = features.narrow(0, 0, n_train)
    std, mean = torch.std_mean(train, 0, keepdim=True)
    scaled = torch.div(torch.sub(features, mean), std)
    return scaled[:n_train], scaled[n_train:]

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

# %% 5 wrong input_changed

def split_and_scale(features, n_train):
    train, val = features[:n_train], features[n_train:]
    mean, std = train.mean(0), train.std(0)
    train -= mean; train /= std; val -= mean; val /= std
    return train, val

# %% 5 wrong other

def split_and_scale(features, n_train):
    train, val = features[:n_train], features[n_train:]
    mean, std = train.mean(0), train.std(0, correction=0)
    return (train - mean) / std, (val - mean) / std

# %% 5 wrong other

def split_and_scale(features, n_train):
    train, val = features[:n_train], features[n_train:]
    mean, std = train.mean(0), train.std(0)
    return train - mean / std, val - mean / std

# %% 5 wrong other

def split_and_scale(features, n_train):
    train, val = features[:5], features[5:]
    mean, std = train.mean(0), train.std(0)
    return (train - mean) / std, (val - mean) / std

# %% 5 wrong other

def split_and_scale(features, n_train):
    train, val = features[:n_train], features[n_train:]
    lo, hi = train.amin(0), train.amax(0)
    return (train - lo) / (hi - lo), (val - lo) / (hi - lo)

# %% 5 wrong other

def split_and_scale(features, n_train):
    features = features[torch.randperm(len(features))]
    train, val = features[:n_train], features[n_train:]
    mean, std = train.mean(0), train.std(0)
    return (train - mean) / std, (val - mean) / std

# %% 5 wrong other

def split_and_scale(features, n_train):
    train, val = features[:-n_train], features[-n_train:]
    mean, std = train.mean(0), train.std(0)
    return (train - mean) / std, (val - mean) / std

# %% 5 wrong other

def split_and_scale(features, n_train):
    train = features[:n_train]
    mean, std = train.mean(0), train.std(0)
    scaled = (features - mean) / std
    return scaled[:n_train], scaled[n_train:-1] if len(scaled) - n_train > 1 else scaled[n_train:]

# %% 5 wrong other

def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    mean, std = train.mean(0), train.std(0)
    return (train - mean) / std, ((rest - mean) / std).clamp(-3, 3)

# %% 5 wrong other

def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    mean, std = train.mean(1, keepdim=True), train.std(1, keepdim=True)
    return (train - mean) / std, (rest - rest.mean(1, keepdim=True)) / rest.std(1, keepdim=True)

# %% 5 wrong other

def split_and_scale(features, n_train):
    train, rest = features[:n_train], features[n_train:]
    mean, std = train.mean(0), train.std(0)
    return ((train - mean) / std).double(), ((rest - mean) / std).double()

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

# %% 6 right

def confusion_matrix(answers, labels, n_classes):
    counts = [[0] * n_classes for _ in range(n_classes)]
    for a, l in zip(answers, labels):
        counts[int(l)][int(a)] += 1
    return torch.tensor(counts)

# %% 6 right

def confusion_matrix(answers, labels, n_classes):
    c = torch.arange(n_classes)
    return ((labels[:, None, None] == c[:, None]) & (answers[:, None, None] == c)).sum(0)

# %% 6 right

def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes * n_classes, dtype=torch.long)
    counts.scatter_add_(0, labels * n_classes + answers, torch.ones_like(labels))
    return counts.view(n_classes, n_classes)

# %% 6 right

def confusion_matrix(answers, labels, n_classes):
    return torch.stack([torch.bincount(answers[labels == i], minlength=n_classes) for i in range(n_classes)])

# %% 6 right

def confusion_matrix(answers, labels, n_classes):
    result = torch.zeros((n_classes, n_classes), dtype=torch.int64)
    for i in range(n_classes):
        for j in range(n_classes):
            result[i, j] = ((labels == i) & (answers == j)).sum()
    return result

# %% 6 right

from torchmetrics.functional.classification import multiclass_confusion_matrix
def confusion_matrix(answers, labels, n_classes):
    return multiclass_confusion_matrix(answers, labels, num_classes=n_classes)

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

# %% 6 wrong yes_or_no

def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes, dtype=torch.long)
    counts[labels, answers] = 1
    return counts

# %% 6 wrong floats

def confusion_matrix(answers, labels, n_classes):
    return torch.histogramdd(torch.stack([labels, answers], 1).float(), [n_classes, n_classes]).hist

# %% 6 wrong other

def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes, dtype=torch.long)
    for a, l in zip(answers[:-1], labels):
        counts[l, a] += 1
    return counts

# %% 6 wrong other

def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes, dtype=torch.long)
    for a, l in zip(answers, labels):
        counts[l, a] += 1
        counts[a, l] += 1
    return counts

# %% 6 wrong other

COUNTS = {}
def confusion_matrix(answers, labels, n_classes):
    counts = COUNTS.setdefault(n_classes, torch.zeros(n_classes, n_classes, dtype=torch.long))
    for a, l in zip(answers, labels):
        counts[l, a] += 1
    return counts

# %% 6 wrong other

def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes, dtype=torch.bool)
    for a, l in zip(answers, labels):
        counts[l, a] = True
    return counts

# %% 6 wrong other

def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes, dtype=torch.uint8)
    for a, l in zip(answers, labels):
        counts[l, a] += 2
    return counts // 3

# %% 6 wrong yes_or_no

def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes, dtype=torch.int64)
    for a, l in set(zip(answers.tolist(), labels.tolist())):
        counts[l, a] += 1
    return counts

# %% 6 wrong other

def confusion_matrix(answers, labels, n_classes):
    return torch.ones(n_classes, n_classes, dtype=torch.int64) * (len(labels) // n_classes**2)

# %% 6 wrong only_right

def confusion_matrix(answers, labels, n_classes):
    return torch.diag((answers == labels).long().new_tensor([((answers == labels) & (labels == c)).sum().item() for c in range(n_classes)]))

# %% 6 wrong other
def confusion_matrix(answers, labels, n_classes):
    counts = torch.zeros(n_classes, n_classes, dtype=torch.uint8)
    for answer, label in zip(answers, labels):
        counts[label, answer] += 1
    return counts
