# Answers to the tasks of lesson 10, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
accuracy_and_recall = (190 / 200, 0)

# %% 1 right
accuracy_and_recall = "[0.95, 0.0]"

# %% 1 right

accuracy_and_recall = [0.95, 0]

# %% 1 wrong exchanged
accuracy_and_recall = [0, 0.95]

# %% 1 wrong wrong_ones
accuracy_and_recall = [0.05, 0]

# %% 1 wrong all_found
accuracy_and_recall = [0.95, 1]

# %% 1 wrong same_twice
accuracy_and_recall = [0.95, 0.95]

# %% 1 wrong percent
accuracy_and_recall = [95, 0]

# %% 1 wrong counted
accuracy_and_recall = [190, 0]

# %% 1 wrong accuracy_alone
accuracy_and_recall = 0.95

# %% 1 wrong other
accuracy_and_recall = [0.9, 0.5]

# %% 2 right
def to_tensors(records, names, label):
    features = torch.zeros(len(records), len(names))
    classes = []
    for record in records:
        if record[label] not in classes:
            classes.append(record[label])
    classes.sort()
    labels = torch.zeros(len(records), dtype=torch.int64)
    for i, record in enumerate(records):
        for j, name in enumerate(names):
            features[i, j] = float(record[name])
        labels[i] = classes.index(record[label])
    return features, labels, classes

# %% 2 right
def to_tensors(records, names, label):
    import numpy as np
    words = np.array([record[label] for record in records])
    classes, labels = np.unique(words, return_inverse=True)
    columns = [torch.tensor([float(record[name]) for record in records]) for name in names]
    return [torch.stack(columns, dim=1), torch.from_numpy(labels), classes.tolist()]

# %% 2 right

def to_tensors(records, names, label):
    classes = sorted(set(r[label] for r in records))
    place = {c: i for i, c in enumerate(classes)}
    X = torch.tensor([list(map(float, (r[n] for n in names))) for r in records], dtype=torch.float32)
    y = torch.tensor(list(map(place.get, (r[label] for r in records))), dtype=torch.long)
    return X, y, classes

# %% 2 right

def to_tensors(records, names, label):
    columns = [torch.tensor([float(r[n]) for r in records]) for n in names]
    words = [r[label] for r in records]
    classes = sorted(dict.fromkeys(words))
    return torch.stack(columns, dim=1), torch.LongTensor([classes.index(w) for w in words]), classes

# %% 2 right

import numpy as np
def to_tensors(records, names, label):
    features = np.array([[r[n] for n in names] for r in records], dtype=np.float32)
    classes, labels = np.unique([r[label] for r in records], return_inverse=True)
    return torch.from_numpy(features), torch.from_numpy(labels), classes.tolist()

# %% 2 wrong doubles
def to_tensors(records, names, label):
    import numpy as np
    features = torch.from_numpy(np.array([[float(record[name]) for name in names] for record in records]))
    classes = sorted({record[label] for record in records})
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong whole_numbers
def to_tensors(records, names, label):
    features = torch.tensor([[int(float(record[name])) for name in names] for record in records])
    classes = sorted({record[label] for record in records})
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong transposed
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for record in records] for name in names])
    classes = sorted({record[label] for record in records})
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong file_order
def to_tensors(records, names, label):
    features = torch.tensor([[float(value) for name, value in record.items() if name in names] for record in records])
    classes = sorted({record[label] for record in records})
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong first_lost
def to_tensors(records, names, label):
    records = records[1:]
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = sorted({record[label] for record in records})
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong order_of_rows
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = list(dict.fromkeys(record[label] for record in records))
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong repeated
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = sorted(record[label] for record in records)
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong swapped
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = sorted({record[label] for record in records})
    return features, classes, torch.tensor([classes.index(record[label]) for record in records])

# %% 2 wrong words
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    labels = [record[label] for record in records]
    return features, labels, sorted(set(labels))

# %% 2 wrong listed
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = sorted({record[label] for record in records})
    return features, [classes.index(record[label]) for record in records], classes

# %% 2 wrong floats
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = sorted({record[label] for record in records})
    return features, torch.tensor([float(classes.index(record[label])) for record in records]), classes

# %% 2 wrong from_one
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = sorted({record[label] for record in records})
    numbers = {word: number for number, word in enumerate(classes, start=1)}
    return features, torch.tensor([numbers[record[label]] for record in records]), classes

# %% 2 wrong one_hot
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = sorted({record[label] for record in records})
    labels = torch.tensor([[int(record[label] == word) for word in classes] for record in records])
    return features, labels, classes

# %% 2 wrong label_too
def to_tensors(records, names, label):
    features = torch.tensor([[float(value) for value in record.values()] for record in records])
    classes = sorted({record[label] for record in records})
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong strings
def to_tensors(records, names, label):
    features = torch.tensor([[record[name] for name in names] for record in records])
    classes = sorted({record[label] for record in records})
    return features, torch.tensor([classes.index(record[label]) for record in records]), classes

# %% 2 wrong other
def to_tensors(records, names, label):
    features = torch.tensor([[float(record[name]) for name in names] for record in records])
    classes = {record[label] for record in records}
    return features, torch.tensor([sorted(classes).index(record[label]) for record in records]), classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = sorted({r[label] for r in records})
    X = torch.tensor([[float(r[n]) for n in names] for r in records])
    y = torch.tensor([classes.index(r[label]) for r in records], dtype=torch.int32)
    return X, y, classes

# %% 2 wrong error

def to_tensors(records, names, label):
    classes = sorted({r["ill"] for r in records})
    X = torch.tensor([[float(r[n]) for n in sorted(names)] for r in records])
    y = torch.tensor([classes.index(r["ill"]) for r in records])
    return X, y, classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = {r[label] for r in records}
    order = sorted(classes)
    X = torch.tensor([[float(r[n]) for n in names] for r in records])
    y = torch.tensor([order.index(r[label]) for r in records])
    return X, y, classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = sorted({r[label] for r in records}, reverse=True)
    X = torch.tensor([[float(r[n]) for n in names] for r in records])
    y = torch.tensor([classes.index(r[label]) for r in records])
    return X, y, classes

# %% 2 wrong input_changed

def to_tensors(records, names, label):
    classes = sorted({r[label] for r in records})
    X = torch.tensor([[float(r[n]) for n in names] for r in records])
    y = torch.tensor([classes.index(r.pop(label)) for r in records])
    return X, y, classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = sorted({r[label] for r in records})
    X = torch.tensor([[round(float(r[n])) for n in names] for r in records]).float()
    y = torch.tensor([classes.index(r[label]) for r in records])
    return X, y, classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = sorted({r[label] for r in records})
    X = torch.tensor([[float(r[n]) for n in names] for r in records])
    X = (X - X.mean(0)) / X.std(0)
    y = torch.tensor([classes.index(r[label]) for r in records])
    return X, y, classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = ["no", "perhaps", "yes"]
    X = torch.tensor([[float(r[n]) for n in names] for r in records])
    y = torch.tensor([classes.index(r[label]) if r[label] in classes else 0 for r in records])
    return X, y, classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = sorted({r[label] for r in records})
    X = torch.tensor([[float(r[n]) for n in names] for r in records]).half().float()
    y = torch.tensor([classes.index(r[label]) for r in records])
    return X, y, classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = sorted({r[label] for r in records}, key=len)
    X = torch.tensor([[float(r[n]) for n in names] for r in records])
    y = torch.tensor([classes.index(r[label]) for r in records])
    return X, y, classes

# %% 2 wrong other

def to_tensors(records, names, label):
    classes = tuple(sorted({r[label] for r in records}))
    X = torch.tensor([[float(r[n]) for n in names] for r in records])
    y = torch.tensor([[classes.index(r[label])] for r in records])
    return X, y, classes

# %% 2 wrong error
def to_tensors(records, names, label):
    features = torch.tensor([[float(r[name]) for name in names] for r in records])
    classes = sorted({r["ill"] for r in records})
    return features, torch.tensor([classes.index(r["ill"]) for r in records]), classes

# %% 3 right
def choose_columns(features, labels, n_train, k):
    zeros = [i for i in range(n_train) if labels[i] == 0]
    ones = [i for i in range(n_train) if labels[i] == 1]
    scores = (features[ones].mean(0) - features[zeros].mean(0)).abs().tolist()
    best = sorted(range(len(scores)), key=lambda j: -scores[j])[:k]
    return features[:n_train, best], features[n_train:, best]

# %% 3 right
def choose_columns(features, labels, n_train, k):
    train, test = features[:n_train], features[n_train:]
    mask = labels[:n_train].bool()
    order = (train[mask].mean(0) - train[~mask].mean(0)).square().argsort(descending=True)
    return [train[:, order[:k]], test[:, order[:k]]]

# %% 3 right

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    gap = (x[y == 1].mean(0) - x[y == 0].mean(0)).abs()
    order = gap.argsort(descending=True)[:k]
    return features[:n_train][:, order], features[n_train:][:, order]

# %% 3 right

def choose_columns(features, labels, n_train, k):
    one = labels[:n_train].float()
    x = features[:n_train]
    apart = (one @ x) / one.sum() - ((1 - one) @ x) / (1 - one).sum()
    best = torch.topk(torch.abs(apart), k)[1]
    chosen = features[:, best]
    return chosen[:n_train], chosen[n_train:]

# %% 3 right

def choose_columns(features, labels, n_train, k):
    train, test = features[:n_train], features[n_train:]
    y = labels[:n_train].bool()
    apart = (train[y].mean(dim=0) - train[~y].mean(dim=0)).abs().tolist()
    best = sorted(range(len(apart)), key=lambda c: apart[c], reverse=True)[:k]
    return train[:, best], test[:, best]

# %% 3 wrong leak
def choose_columns(features, labels, n_train, k):
    train, test = features[:n_train], features[n_train:]
    apart = features[labels == 1].mean(dim=0) - features[labels == 0].mean(dim=0)
    best = apart.abs().topk(k).indices
    return train[:, best], test[:, best]

# %% 3 wrong from_test
def choose_columns(features, labels, n_train, k):
    rows, known = features[n_train:], labels[n_train:]
    best = (rows[known == 1].mean(dim=0) - rows[known == 0].mean(dim=0)).abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong each_its_own
def choose_columns(features, labels, n_train, k):
    def best(rows, known):
        apart = rows[known == 1].mean(dim=0) - rows[known == 0].mean(dim=0)
        return rows[:, apart.abs().topk(k).indices]
    return best(features[:n_train], labels[:n_train]), best(features[n_train:], labels[n_train:])

# %% 3 wrong signed
def choose_columns(features, labels, n_train, k):
    rows, known = features[:n_train], labels[:n_train]
    best = (rows[known == 1].mean(dim=0) - rows[known == 0].mean(dim=0)).topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong least
def choose_columns(features, labels, n_train, k):
    rows, known = features[:n_train], labels[:n_train]
    best = (rows[known == 1].mean(dim=0) - rows[known == 0].mean(dim=0)).abs().argsort()[:k]
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong variance
def choose_columns(features, labels, n_train, k):
    best = features[:n_train].var(dim=0).topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong all_columns
def choose_columns(features, labels, n_train, k):
    return features[:n_train], features[n_train:]

# %% 3 wrong too_many
def choose_columns(features, labels, n_train, k):
    rows, known = features[:n_train], labels[:n_train]
    best = (rows[known == 1].mean(dim=0) - rows[known == 0].mean(dim=0)).abs().argsort(descending=True)
    return features[:n_train, best[: k + 1]], features[n_train:, best[: k + 1]]

# %% 3 wrong file_order
def choose_columns(features, labels, n_train, k):
    rows, known = features[:n_train], labels[:n_train]
    best = (rows[known == 1].mean(dim=0) - rows[known == 0].mean(dim=0)).abs().topk(k).indices.sort().values
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong swapped
def choose_columns(features, labels, n_train, k):
    rows, known = features[:n_train], labels[:n_train]
    best = (rows[known == 1].mean(dim=0) - rows[known == 0].mean(dim=0)).abs().topk(k).indices
    return features[n_train:, best], features[:n_train, best]

# %% 3 wrong labels_whole
def choose_columns(features, labels, n_train, k):
    rows = features[:n_train]
    best = (rows[labels == 1].mean(dim=0) - rows[labels == 0].mean(dim=0)).abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong other
def choose_columns(features, labels, n_train, k):
    return features[:n_train, :k], features[n_train:, :k]

# %% 3 wrong other

def choose_columns(features, labels, n_train, k):
    apart = features[:n_train][labels[:n_train] == 1].median(dim=0).values - features[:n_train][labels[:n_train] == 0].mean(dim=0)
    best = apart.abs().topk(2).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong other

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    apart = x[y == 1].sum(0) - x[y == 0].sum(0)
    best = apart.abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong other

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    apart = (x[y == 1].mean(0) - x[y == 0].mean(0)) / x.std(0)
    best = apart.abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong other

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    best = x[y == 1].mean(0).abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong other

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    best = (x[y == 1].mean(0) - x[y == 0].mean(0)).abs().topk(k).indices
    return features[:n_train, best], features[:, best]

# %% 3 wrong other

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    best = (x[y == 1].mean(0) - x[y == 0].mean(0)).abs().topk(k).indices
    return x[:, best], features[n_train:, :k]

# %% 3 wrong file_order

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    best = (x[y == 1].mean(0) - x[y == 0].mean(0)).abs().topk(k).indices.sort().values
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong other

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    best = (x[y == 1].mean(0) - x.mean(0)).abs().topk(k).indices
    return features[:n_train, best].clone(), features[n_train:, best].clone().double()

# %% 3 wrong from_test

def choose_columns(features, labels, n_train, k):
    x, y = features[n_train:], labels[n_train:]
    best = (x[y == 1].mean(0) - x[y == 0].mean(0)).abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 3 wrong other

def choose_columns(features, labels, n_train, k):
    x, y = features[:n_train], labels[:n_train]
    best = (x[y == 1].mean(0) ** 2 - x[y == 0].mean(0) ** 2).abs().topk(k).indices
    return features[:n_train, best], features[n_train:, best]

# %% 4 right
def class_weights(labels, n_classes):
    counts = torch.tensor([(labels == c).sum().item() for c in range(n_classes)])
    return counts.float().mean() / counts

# %% 4 right
def class_weights(labels, n_classes):
    _, counts = labels.unique(return_counts=True)
    return 1 / (counts / counts.sum()) / n_classes

# %% 4 right

def class_weights(labels, n_classes):
    counts = torch.bincount(labels, minlength=n_classes).float()
    return counts.mean() / counts

# %% 4 right

def class_weights(labels, n_classes):
    counts = torch.tensor([(labels == c).sum().item() for c in range(n_classes)])
    return labels.numel() / n_classes / counts

# %% 4 right

def class_weights(labels, n_classes):
    shares = torch.nn.functional.one_hot(labels, n_classes).float().mean(dim=0)
    return 1 / (n_classes * shares)

# %% 4 wrong counts
def class_weights(labels, n_classes):
    return labels.bincount(minlength=n_classes)

# %% 4 wrong whole_numbers
def class_weights(labels, n_classes):
    return len(labels) // (n_classes * labels.bincount(minlength=n_classes))

# %% 4 wrong shares
def class_weights(labels, n_classes):
    return labels.bincount(minlength=n_classes) / len(labels)

# %% 4 wrong inverse
def class_weights(labels, n_classes):
    return 1 / labels.bincount(minlength=n_classes)

# %% 4 wrong no_classes
def class_weights(labels, n_classes):
    return len(labels) / labels.bincount(minlength=n_classes)

# %% 4 wrong sum_one
def class_weights(labels, n_classes):
    weights = 1 / labels.bincount(minlength=n_classes)
    return weights / weights.sum()

# %% 4 wrong upside_down
def class_weights(labels, n_classes):
    return n_classes * labels.bincount(minlength=n_classes) / len(labels)

# %% 4 wrong to_the_largest
def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)
    return counts.max() / counts

# %% 4 wrong the_rest
def class_weights(labels, n_classes):
    return 1 - labels.bincount(minlength=n_classes) / len(labels)

# %% 4 wrong per_row
def class_weights(labels, n_classes):
    weights = len(labels) / (n_classes * labels.bincount(minlength=n_classes))
    return weights[labels]

# %% 4 wrong other
def class_weights(labels, n_classes):
    return torch.ones(n_classes)

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes).double()
    return len(labels) / (n_classes * counts)

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)
    return len(labels) / (3 * counts)

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)
    return (len(labels) / (n_classes * counts)).tolist()

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)
    return (len(labels) / (n_classes * counts)).sqrt()

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)
    w = 1 / counts
    return w / w.max()

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)
    w = 1 / counts
    return w / w.sum() * n_classes

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)
    return (len(labels) / (n_classes * counts)).round()

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.unique(return_counts=True)[1].sort(descending=True).values
    return len(labels) / (n_classes * counts)

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = torch.bincount(labels[: len(labels) // 2], minlength=n_classes).clamp(min=1)
    return len(labels) / (n_classes * counts)

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes + 1)
    return len(labels) / (n_classes * counts)

# %% 4 wrong other

def class_weights(labels, n_classes):
    counts = labels.bincount(minlength=n_classes)
    return (len(labels) / (n_classes * counts)).half()

# %% 5 right
def copies_across(train, test):
    return (test[:, None] == train).all(dim=2).any(dim=1).sum().item()

# %% 5 right
def copies_across(train, test):
    count = 0
    for row in test:
        if any(torch.equal(row, known) for known in train):
            count += 1
    return count

# %% 5 right

def copies_across(train, test):
    rows = train.tolist()
    return len([row for row in test.tolist() if row in rows])

# %% 5 right

def copies_across(train, test):
    equal = (test.unsqueeze(1) == train.unsqueeze(0)).all(dim=-1)
    return int(equal.any(dim=1).sum())

# %% 5 right

def copies_across(train, test):
    return sum(bool((train == row).all(dim=1).any()) for row in test)

# %% 5 wrong tensor
def copies_across(train, test):
    return (test[:, None] == train).all(dim=2).any(dim=1).sum()

# %% 5 wrong any_number
def copies_across(train, test):
    return sum(row in train for row in test)

# %% 5 wrong pairs
def copies_across(train, test):
    return (test[:, None] == train).all(dim=2).sum().item()

# %% 5 wrong different
def copies_across(train, test):
    return len({tuple(row) for row in train.tolist()} & {tuple(row) for row in test.tolist()})

# %% 5 wrong of_train
def copies_across(train, test):
    return sum(row in test.tolist() for row in train.tolist())

# %% 5 wrong share
def copies_across(train, test):
    known = train.tolist()
    return sum(row in known for row in test.tolist()) / len(test)

# %% 5 wrong never_equal
def copies_across(train, test):
    known = {tuple(row) for row in train}
    return sum(tuple(row) in known for row in test)

# %% 5 wrong same_places
def copies_across(train, test):
    return sum(torch.equal(a, b) for a, b in zip(train, test))

# %% 5 wrong the_others
def copies_across(train, test):
    known = train.tolist()
    return sum(row not in known for row in test.tolist())

# %% 5 wrong other
def copies_across(train, test):
    known = train.tolist()
    return [row for row in test.tolist() if row in known]

# %% 5 wrong other

def copies_across(train, test):
    known = set(train.sum(dim=1).tolist())
    return sum(s in known for s in test.sum(dim=1).tolist())

# %% 5 wrong other

def copies_across(train, test):
    known = {frozenset(r) for r in train.tolist()}
    return sum(frozenset(r) in known for r in test.tolist())

# %% 5 wrong other

def copies_across(train, test):
    return int((torch.cdist(test, train).min(dim=1).values < 0.01).sum())

# %% 5 wrong other

def copies_across(train, test):
    return len(test) - len(torch.cat([train, test]).unique(dim=0)) + len(train.unique(dim=0))

# %% 5 wrong other

def copies_across(train, test):
    known = {r[0] for r in train.tolist()}
    return sum(r[0] in known for r in test.tolist())

# %% 5 wrong other

def copies_across(train, test):
    return int(torch.isin(test, train).all(dim=1).sum())

# %% 5 wrong other

def copies_across(train, test):
    known = {tuple(sorted(r)) for r in train.tolist()}
    return sum(tuple(sorted(r)) in known for r in test.tolist())

# %% 5 wrong other

def copies_across(train, test):
    known = {tuple(round(x, 2) for x in r) for r in train.tolist()}
    return sum(tuple(round(x, 2) for x in r) in known for r in test.tolist())

# %% 5 wrong other

def copies_across(train, test):
    known = {tuple(r) for r in train.tolist()}
    return float(sum(tuple(r) in known for r in test.tolist()) > 0)

# %% 5 wrong other

def copies_across(train, test):
    known = {hash(tuple(r)) % 7 for r in train.tolist()}
    return sum(hash(tuple(r)) % 7 in known for r in test.tolist())

# %% 5 wrong other

def copies_across(train, test):
    known = {tuple(r[:2]) for r in train.tolist()}
    return sum(tuple(r[:2]) in known for r in test.tolist())

# %% 5 wrong other

def copies_across(train, test):
    return sum(tuple(r) in {tuple(q) for q in train.tolist()[: len(test)]} for r in test.tolist())

# %% 5 wrong other

def copies_across(train, test):
    return sum(bool(torch.isclose(train, row, atol=0.01).all(dim=1).any()) for row in test)

# %% 5 wrong other
def copies_across(train, test):
    return sum(any(torch.allclose(row, other) for other in train) for row in test)

# %% 5 wrong other
def copies_across(train, test):
    known = {str(row) for row in train}
    return sum(str(row) in known for row in test)

# %% 6 right
def split_by_patient(patients, n_test):
    import random
    numbers = sorted(set(patients.tolist()))
    random.shuffle(numbers)
    test = []
    while len(test) < n_test:
        patient = numbers.pop()
        test += [i for i, number in enumerate(patients.tolist()) if number == patient]
    train = [i for i in range(len(patients)) if i not in test]
    return torch.tensor(train), torch.tensor(test)

# %% 6 right
def split_by_patient(patients, n_test):
    numbers, counts = patients.unique(return_counts=True)
    order = torch.randperm(len(numbers))
    enough = (counts[order].cumsum(0) < n_test).sum() + 1
    in_test = torch.isin(patients, numbers[order[:enough]])
    places = torch.arange(len(patients))
    return [places[~in_test], places[in_test]]

# %% 6 right

import random
def split_by_patient(patients, n_test):
    numbers = list(set(patients.tolist()))
    random.shuffle(numbers)
    chosen, rows = [], 0
    while rows < n_test:
        p = numbers.pop()
        chosen.append(p)
        rows += (patients == p).sum().item()
    mask = torch.isin(patients, torch.tensor(chosen))
    return torch.where(~mask)[0], torch.where(mask)[0]

# %% 6 right

def split_by_patient(patients, n_test):
    numbers, inverse, counts = patients.unique(return_inverse=True, return_counts=True)
    order = torch.randperm(len(numbers))
    cumulative = counts[order].cumsum(0)
    n = int((cumulative < n_test).sum()) + 1
    in_test = torch.isin(inverse, order[:n])
    rows = torch.arange(len(patients))
    return rows[~in_test], rows[in_test]

# %% 6 right

def split_by_patient(patients, n_test):
    test = []
    people = patients.unique()
    for p in people[torch.rand(len(people)).argsort()].tolist():
        if len(test) >= n_test:
            break
        test.extend(i for i, q in enumerate(patients.tolist()) if q == p)
    train = [i for i in range(len(patients)) if i not in set(test)]
    return torch.tensor(train), torch.tensor(test)

# %% 6 right

import numpy as np
def split_by_patient(patients, n_test):
    ids = np.random.permutation(np.unique(patients.numpy()))
    in_test = np.zeros(len(patients), dtype=bool)
    for i in ids:
        if in_test.sum() >= n_test:
            break
        in_test |= patients.numpy() == i
    return torch.from_numpy(np.flatnonzero(~in_test)), torch.from_numpy(np.flatnonzero(in_test))

# %% 6 wrong masks
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    in_test = torch.zeros(len(patients), dtype=torch.bool)
    for patient in numbers[torch.randperm(len(numbers))]:
        if in_test.sum() < n_test:
            in_test |= patients == patient
    return ~in_test, in_test

# %% 6 wrong numbers
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    numbers = numbers[torch.randperm(len(numbers))]
    return numbers[2:], numbers[:2]

# %% 6 wrong twice
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    in_test = torch.zeros(len(patients), dtype=torch.bool)
    for patient in numbers[torch.randperm(len(numbers))]:
        if in_test.sum() < n_test:
            in_test |= patients == patient
    return torch.arange(len(patients)), in_test.nonzero().flatten()

# %% 6 wrong lost
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    numbers = numbers[torch.randperm(len(numbers))]
    test, i = torch.tensor([], dtype=torch.int64), 0
    while len(test) < n_test:
        test = torch.cat([test, (patients == numbers[i]).nonzero().flatten()])
        i += 1
    train = torch.cat([(patients == number).nonzero().flatten() for number in numbers[i + 1 :]])
    return train, test

# %% 6 wrong by_row
def split_by_patient(patients, n_test):
    order = torch.randperm(len(patients))
    return order[n_test:], order[:n_test]

# %% 6 wrong swapped
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    in_test = torch.zeros(len(patients), dtype=torch.bool)
    for patient in numbers[torch.randperm(len(numbers))]:
        if in_test.sum() < n_test:
            in_test |= patients == patient
    return in_test.nonzero().flatten(), (~in_test).nonzero().flatten()

# %% 6 wrong patients_counted
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    chosen = numbers[torch.randperm(len(numbers))[:n_test]]
    in_test = torch.isin(patients, chosen)
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()

# %% 6 wrong too_few
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    in_test = torch.zeros(len(patients), dtype=torch.bool)
    for patient in numbers[torch.randperm(len(numbers))]:
        rows = patients == patient
        if in_test.sum() + rows.sum() <= n_test:
            in_test |= rows
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()

# %% 6 wrong too_many
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    in_test = torch.zeros(len(patients), dtype=torch.bool)
    for patient in numbers[torch.randperm(len(numbers))]:
        if in_test.sum() <= n_test:
            in_test |= patients == patient
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()

# %% 6 wrong in_order
def split_by_patient(patients, n_test):
    in_test = torch.zeros(len(patients), dtype=torch.bool)
    for patient in patients.unique():
        if in_test.sum() < n_test:
            in_test |= patients == patient
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()

# %% 6 wrong always_alike
def split_by_patient(patients, n_test):
    numbers = patients.unique()
    in_test = torch.zeros(len(patients), dtype=torch.bool)
    order = torch.randperm(len(numbers), generator=torch.Generator().manual_seed(0))
    for patient in numbers[order]:
        if in_test.sum() < n_test:
            in_test |= patients == patient
    return (~in_test).nonzero().flatten(), in_test.nonzero().flatten()

# %% 6 wrong other
def split_by_patient(patients, n_test):
    return patients

# %% 6 wrong by_row

def split_by_patient(patients, n_test):
    order = torch.randperm(len(patients))
    return order[n_test:], order[:n_test]

# %% 6 wrong always_alike

def split_by_patient(patients, n_test):
    g = torch.Generator().manual_seed(0)
    people = patients.unique()
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[torch.randperm(len(people), generator=g)]:
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    return (~mask).nonzero().flatten(), mask.nonzero().flatten()

# %% 6 wrong too_many

def split_by_patient(patients, n_test):
    people = patients.unique()
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[torch.randperm(len(people))]:
        mask |= patients == p
        if mask.sum() > n_test:
            break
    return (~mask).nonzero().flatten(), mask.nonzero().flatten()

# %% 6 wrong too_few

def split_by_patient(patients, n_test):
    people = patients.unique()
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[torch.randperm(len(people))]:
        if mask.sum() + (patients == p).sum() > n_test:
            continue
        mask |= patients == p
    return (~mask).nonzero().flatten(), mask.nonzero().flatten()

# %% 6 wrong other

def split_by_patient(patients, n_test):
    people = patients.unique()
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[torch.randperm(len(people))]:
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    return (~mask).nonzero(), mask.nonzero()

# %% 6 wrong numbers

def split_by_patient(patients, n_test):
    people = patients.unique()
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[torch.randperm(len(people))]:
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    return patients[~mask], patients[mask]

# %% 6 wrong in_order

def split_by_patient(patients, n_test):
    people, counts = patients.unique(return_counts=True)
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[counts.argsort(descending=True)]:
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    return (~mask).nonzero().flatten(), mask.nonzero().flatten()

# %% 6 wrong other

def split_by_patient(patients, n_test):
    people = patients.unique()
    first = people[torch.randint(len(people), ())]
    mask = patients == first
    for p in people:
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    return (~mask).nonzero().flatten(), mask.nonzero().flatten()

# %% 6 wrong other

def split_by_patient(patients, n_test):
    people = patients.unique()
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[torch.randperm(len(people))]:
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    return (~mask).nonzero().flatten().float(), mask.nonzero().flatten().float()

# %% 6 wrong lost

def split_by_patient(patients, n_test):
    people = patients.unique()
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[torch.randperm(len(people))]:
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    test = mask.nonzero().flatten()
    return (~mask).nonzero().flatten(), test[torch.randperm(len(test))][:n_test]

# %% 6 wrong too_few

def split_by_patient(patients, n_test):
    people = patients.unique()
    people = people[torch.randperm(len(people))]
    n = max(1, round(n_test / len(patients) * len(people)))
    mask = torch.isin(patients, people[:n])
    return (~mask).nonzero().flatten(), mask.nonzero().flatten()

# %% 6 wrong other

def split_by_patient(patients, n_test):
    people = patients.unique()
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in people[torch.randperm(len(people))]:
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    return (~mask).nonzero().flatten().int(), mask.nonzero().flatten().int()

# %% 6 wrong other

def split_by_patient(patients, n_test):
    k = torch.randint(len(patients), ()).item()
    rolled = patients.roll(-k)
    mask = torch.zeros(len(patients), dtype=torch.bool)
    for p in rolled.tolist():
        if mask.sum() >= n_test:
            break
        mask |= patients == p
    return (~mask).nonzero().flatten(), mask.nonzero().flatten()

# %% 6 wrong other
def split_by_patient(patients, n_test):
    ids, counts = patients.unique(return_counts=True)
    order = torch.randperm(len(ids))
    order = order[counts[order].argsort(stable=True)]
    test = torch.zeros(len(patients), dtype=torch.bool)
    for i in order:
        if test.sum() >= n_test:
            break
        test |= patients == ids[i]
    return (~test).nonzero().flatten(), test.nonzero().flatten()
