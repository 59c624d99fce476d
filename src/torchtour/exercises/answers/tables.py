# Answers to the tasks of lesson 10, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
accuracy_and_recall = (190 / 200, 0)

# %% 1 right
accuracy_and_recall = "[0.95, 0.0]"

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

# %% 4 right
def class_weights(labels, n_classes):
    counts = torch.tensor([(labels == c).sum().item() for c in range(n_classes)])
    return counts.float().mean() / counts

# %% 4 right
def class_weights(labels, n_classes):
    _, counts = labels.unique(return_counts=True)
    return 1 / (counts / counts.sum()) / n_classes

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

# %% 5 right
def copies_across(train, test):
    return (test[:, None] == train).all(dim=2).any(dim=1).sum().item()

# %% 5 wrong tensor
def copies_across(train, test):
    return (test[:, None] == train).all(dim=2).any(dim=1).sum()

# %% 5 right
def copies_across(train, test):
    count = 0
    for row in test:
        if any(torch.equal(row, known) for known in train):
            count += 1
    return count

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
