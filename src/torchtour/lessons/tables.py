# %% [markdown]
"""
Training on your own table
==========================

**About 50 minutes.** You need the loop of lesson 4 and the three sets of lesson 7.
After this lesson you can

- turn a CSV file into features and labels that a net can learn from;
- split before anything is learned from the rows, and say what happens otherwise;
- find duplicates and columns that give the answer away;
- judge an accuracy by its interval, its baseline and the recall of each class;
- do all of this with ``TableData`` and three commands.

Most data that people have are tables: a row for each patient, order or machine. A net
for a table is small and trains in seconds. The net is rarely the problem. The problem
is what happened to the rows before, and it makes the results look too good.
"""

# %%

import csv
import logging
import math
import sys
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from lightning import Trainer
from torch.nn.functional import cross_entropy

from torchtour import TableData, TableNet
from torchtour.evaluation.confidence import format_accuracy, wilson_interval
from torchtour.lessons import headline
from torchtour.lessons._by_hand import train_by_rule
from torchtour.network import SimpleNet
from torchtour.tables.loading import describe

try:
    import polars  # noqa: F401  TableData reads files with it
    from sklearn.datasets import load_breast_cancer
    from sklearn.metrics import roc_auc_score
except ImportError:
    print(
        "This lesson needs scikit-learn and polars: pip install scikit-learn polars",
        file=sys.stderr,
    )
    sys.exit(2)

torch.set_num_threads(1)  # as in lesson 4: tensors this small

# %% [markdown]
# A file of rows
# --------------
#
# scikit-learn includes 569 samples of breast tissue. For each of them thirty numbers
# describe the cell nuclei under the microscope, and a doctor has found whether the
# tumour was malignant or benign. Written to a file, it is a table like those that you
# may have: a line of names, then a line for each sample.

# %%

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "tumours.csv"
cancer = load_breast_cancer()
names = [name.replace(" ", "_") for name in cancer.feature_names]
with open(path, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow([*names, "diagnosis"])
    for row, label in zip(cancer.data, cancer.target, strict=True):
        writer.writerow([*row, cancer.target_names[label]])

headline("The first three lines of the file, shortened")
for line in path.read_text().splitlines()[:3]:
    cells = line.split(",")
    print(", ".join(cells[:3]), "...", cells[-1])

# %% [markdown]
# Reading it takes a few lines. Each cell is text: convert it to a number. The classes
# get numbers too, in alphabetical order: 0 is benign, 1 is malignant.

# %%

with open(path, newline="") as file:
    records = list(csv.DictReader(file))
features = torch.tensor(
    [[float(record[name]) for name in names] for record in records]
)  # [569, 30]
classes = sorted({record["diagnosis"] for record in records})
labels = torch.tensor([classes.index(record["diagnosis"]) for record in records])

headline("Features and labels")
print("features:", list(features.shape), "labels:", list(labels.shape))
for k, name in enumerate(classes):
    print(f"{k} {name:9} {(labels == k).sum():3} rows")

# %% checks

assert torch.equal(features, torch.from_numpy(cancer.data).float())
assert torch.equal(
    labels, 1 - torch.from_numpy(cancer.target)
)  # it counts from malignant
assert labels.bincount().tolist() == [357, 212]

# %% [markdown]
# Three sets, and a baseline
# --------------------------
#
# Split first: at random, 60 % of the rows to train, 20 % to choose, 20 % to test.
#
# Before any training, ask which accuracy you get without learning: give each row the
# most frequent class. That is the *baseline*. A net has learned only what it has above
# it.

# %%


def split(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The indices of n rows at random: training, validation and test."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return tuple(order.split([n - 2 * (n // 5), n // 5, n // 5]))


train_rows, val_rows, test_rows = split(len(features))

headline("Three sets and the baseline")
print("rows:", *(len(rows) for rows in (train_rows, val_rows, test_rows)))
baseline = (labels[test_rows] == 0).float().mean().item()
print(f"always benign: {baseline:.1%} of the test rows")

# %% checks

assert torch.cat([train_rows, val_rows, test_rows]).sort()[0].tolist() == [*range(569)]
assert math.isclose(baseline, 1 - labels[test_rows].sum().item() / 113, rel_tol=1e-6)

# %% [markdown]
# What goes wrong: columns of different sizes
# -------------------------------------------
#
# A column of this table goes up to 4254, another one stays below 0.03. At first the net
# sees little but the large one, and how far it gets in a few epochs depends on luck.
# *Standardise*: subtract the mean of each column and divide by its standard deviation,
# so that all columns have the same size.

# %%


def train(inputs, labels, epochs=100, hidden=16, lr=0.01, weights=None, seed=0):
    """Train a new net on all rows at once."""
    _ = torch.manual_seed(seed)
    net = SimpleNet(inputs.shape[1], hidden, 2)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    net.train()
    for _ in range(epochs):
        loss = cross_entropy(net(inputs), labels, weight=weights)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def accuracy(net: SimpleNet, inputs: torch.Tensor, labels: torch.Tensor) -> float:
    net.eval()
    with torch.no_grad():
        return (net(inputs).argmax(dim=1) == labels).float().mean().item()


mean, deviation = features[train_rows].mean(dim=0), features[train_rows].std(dim=0)
inputs = (features - mean) / deviation  # [569, 30]

headline("Validation accuracy of the same net with three seeds")
found = {}
for epochs in (10, 100):
    for name, given in {"as they are": features, "standardised": inputs}.items():
        nets = [
            train(given[train_rows], labels[train_rows], epochs, seed=seed)
            for seed in range(3)
        ]
        found[name, epochs] = [
            accuracy(net, given[val_rows], labels[val_rows]) for net in nets
        ]
        shown = ", ".join(f"{share:.0%}" for share in found[name, epochs])
        print(f"{epochs:3} epochs, {name:12} {shown}")

# %% [markdown]
# Standardised, the net learns in 10 epochs, whatever the seed. With the columns as they
# are it needs far more time, and gets close in the end. So scaling makes training quick
# and independent of luck.
#
# The check trains a net once more, with Adam's rule (lesson 6) written out.

# %% checks


def adam_by_hand(inputs, labels, epochs=100, hidden=16, weights=None):
    """What train should return."""
    _ = torch.manual_seed(0)
    net = SimpleNet(inputs.shape[1], hidden, 2)
    batches, lr = [(inputs, labels)] * epochs, [0.01] * epochs
    train_by_rule(net, batches, lr, "adam", class_weights=weights)
    return net


def close(first, second):
    """Nets give the same outputs, up to the rounding of many steps."""
    torch.testing.assert_close(first, second, rtol=0.01, atol=0.01)


net = train(inputs[train_rows], labels[train_rows], epochs=10)
by_hand = adam_by_hand(inputs[train_rows], labels[train_rows], epochs=10)
close(net(inputs), by_hand(inputs))

still = {"rtol": 0, "atol": 1e-5}
torch.testing.assert_close(inputs[train_rows].mean(dim=0), torch.zeros(30), **still)
torch.testing.assert_close(inputs[train_rows].std(dim=0), torch.ones(30), **still)
assert not torch.allclose(inputs[test_rows].mean(dim=0), torch.zeros(30), atol=0.01)
assert features.max() > 4000
assert features.amax(dim=0).min() < 0.04
assert max(found["as they are", 10]) < 0.9 < min(found["standardised", 10])
assert min(found["as they are", 100]) > 0.85

# %% [markdown]
# What goes wrong: scaling before splitting
# -----------------------------------------
#
# The mean and the deviation above come from training rows alone. Taking them from all
# rows is one line shorter, and it is the most common leak of all: the training then
# knows something about the test rows. To see it, suppose that one cell of a test row
# was typed without its decimal point. That must not change the training.

# %%

typo = features.clone()
typo[test_rows[0], 3] *= 1000  # the area in a test row


def scaled(table: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    """The table, standardised with mean and deviation of the known rows."""
    return (table - table[known].mean(dim=0)) / table[known].std(dim=0)


everything = torch.arange(569)
headline("Deviation of a training column, before and after a typo in a test row")
for name, known in {"all rows": everything, "training rows": train_rows}.items():
    before, after = (
        scaled(table, known)[train_rows, 3].std().item() for table in (features, typo)
    )
    print(f"scaled by {name:13} {before:.3f} -> {after:.3f}")

# %% [markdown]
# Scaled by the training rows, no input changes, and so no weight. Scaled by all rows,
# one wrong cell in one test row makes a whole column useless.

# %% checks

leaky = [
    train(scaled(t, everything)[train_rows], labels[train_rows], 5)
    for t in (features, typo)
]
clean = [
    train(scaled(t, train_rows)[train_rows], labels[train_rows], 5)
    for t in (features, typo)
]
assert torch.equal(clean[0].fc1.weight, clean[1].fc1.weight)
assert not torch.equal(leaky[0].fc1.weight, leaky[1].fc1.weight)

# %% [markdown]
# What goes wrong: choosing columns before splitting
# --------------------------------------------------
#
# Often the results hardly change. Then it is tempting to do more on all rows, such as
# choosing columns. Here are 100 rows with 2000 columns of pure chance, and labels by
# coin flips: one half is the best you can do. Keep the ten columns that fit the labels
# best, and only then split. You need no net here: a row gets the class whose mean, in
# the training rows, is nearer.

# %%

generator = torch.Generator().manual_seed(1)
chance = torch.randn(100, 2000, generator=generator)
coins = torch.randint(2, (100,), generator=generator)


def best_columns(known: torch.Tensor, k: int = 10) -> torch.Tensor:
    """The columns whose means in the two classes are farthest apart, in known rows."""
    table, flips = chance[known], coins[known]
    apart = table[flips == 1].mean(dim=0) - table[flips == 0].mean(dim=0)  # [2000]
    return apart.abs().topk(k).indices


def nearer_mean(few: torch.Tensor, known: torch.Tensor, asked: torch.Tensor):
    """The class of each asked row, by its distance from the means of the known rows."""
    means = [few[known][coins[known] == flip].mean(dim=0) for flip in (0, 1)]
    return torch.cdist(few[asked], torch.stack(means)).argmin(dim=1)  # [asked]


found = {"all rows": [], "training rows": []}
for seed in range(10):
    known, _, asked = split(100, seed)
    for name, chosen_on in {
        "all rows": torch.arange(100),
        "training rows": known,
    }.items():
        few = chance[:, best_columns(chosen_on)]  # [100, 10]
        right = nearer_mean(few, known, asked) == coins[asked]
        found[name].append(right.float().mean().item())

headline("Accuracy on coin flips, mean of ten splits")
for name, reached in found.items():
    print(f"columns chosen on {name:13} {sum(reached) / 10:.0%}")

# %% [markdown]
# It seems to predict coin flips! So keep two rules. Nothing is learned from test rows.
# And nothing that goes into the net is learned from validation rows: no mean, no choice
# of columns, no number to fill gaps with. Validation rows are only for choices between
# finished nets: the epoch, a setting, a threshold.

# %% checks

assert [len(reached) for reached in found.values()] == [10, 10]
assert sum(found["all rows"]) / 10 > 0.7
assert abs(sum(found["training rows"]) / 10 - 0.5) < 0.1
for seed, expected in enumerate(found["training rows"]):  # once more, with dot products
    known, _, asked = split(100, seed)
    few = chance[:, best_columns(known)]
    assert few.shape == (100, 10)
    heads, tails = (few[known[coins[known] == flip]].mean(dim=0) for flip in (1, 0))
    right = ((few[asked] - (heads + tails) / 2) @ (heads - tails) > 0) == coins[asked]
    assert math.isclose(right.float().mean().item(), expected, rel_tol=1e-6)

# %% [markdown]
# What goes wrong: duplicates across the split
# --------------------------------------------
#
# Two exports put together, a form that was sent twice: rows occur again, and a random
# split puts one into training and the other into test. Then a net that only memorises
# looks good. To see it, shuffle the diagnoses, so that there is nothing to learn, and
# take each row twice.

# %%

shuffled = labels[torch.randperm(569, generator=torch.Generator().manual_seed(2))]
twice, answers = torch.cat([inputs, inputs]), torch.cat([shuffled, shuffled])

by_row, _, by_row_test = split(2 * 569)
apart, _, apart_test = split(569)  # of rows that differ; their copies go with them
apart, apart_test = (
    torch.cat([apart, apart + 569]),
    torch.cat([apart_test, apart_test + 569]),
)

headline("Accuracy on shuffled diagnoses")
learned = {}
for name, (known, asked) in {
    "split by row": (by_row, by_row_test),
    "copies together": (apart, apart_test),
}.items():
    net = train(twice[known], answers[known], epochs=300, hidden=64)
    learned[name] = accuracy(net, twice[asked], answers[asked])
    print(f"{name:15} {learned[name]:.1f}")
print("rows:", len(twice), "different:", len(twice.unique(dim=0)))

# %% [markdown]
# Count the duplicates before you split, and keep equal rows together. If several rows
# belong to one patient, do the same with patients: all rows of one in the same set.

# %% checks

copies_apart = sum(
    (row + 569) % 1138 in set(by_row.tolist()) for row in by_row_test.tolist()
)
assert copies_apart > 100  # test rows whose copy was trained on
assert not set((apart % 569).tolist()) & set((apart_test % 569).tolist())
net = train(twice[apart], answers[apart], epochs=20, hidden=64)
by_hand = adam_by_hand(twice[apart], answers[apart], epochs=20, hidden=64)
close(net(twice), by_hand(twice))
assert len(twice.unique(dim=0)) == len({tuple(row) for row in twice.tolist()}) == 569
assert learned["split by row"] > 0.7 > 0.6 > learned["copies together"]

# %% [markdown]
# What goes wrong: a column that gives the answer away
# ----------------------------------------------------
#
# Suppose that a clinic measures only three of the columns, and that its file has one
# more: the number of visits after the diagnosis. People who are ill come often. But
# when you use the net, you want the diagnosis, and there have been no visits yet.

# %%

generator = torch.Generator().manual_seed(3)
few_visits = torch.randint(0, 2, (569,), generator=generator)
many_visits = torch.randint(4, 12, (569,), generator=generator)
visits = torch.where(labels == 1, many_visits, few_visits).float()

three = features[:, [names.index(f"mean_{n}") for n in ("texture", "symmetry", "area")]]
more = torch.cat([three, visits[:, None]], dim=1)  # [569, 4]
at_use = more.clone()
at_use[:, -1] = 0  # before the first visit
known_mean, known_std = more[train_rows].mean(dim=0), more[train_rows].std(dim=0)
more, at_use = (more - known_mean) / known_std, (at_use - known_mean) / known_std
net = train(more[train_rows], labels[train_rows])
honest = train(more[train_rows, :3], labels[train_rows])
reached = {
    "with visits, rows of the file": accuracy(net, more[test_rows], labels[test_rows]),
    "with visits, before the first": accuracy(
        net, at_use[test_rows], labels[test_rows]
    ),
    "without": accuracy(honest, more[test_rows, :3], labels[test_rows]),
}

headline("Accuracy on test rows of a net with visits and of one without")
for name, share in reached.items():
    print(f"{name:30} {share:.0%}")

# %% [markdown]
# No split finds this: the column leaks in all three sets. Two habits do. Ask of each
# column whether you will have its value when you use the net. And distrust a column
# that gives the answer by itself. Take all pairs of a malignant and a benign row: in
# how many does the malignant one have the larger number? By chance it is half; if it is
# close to 100 %, find out why. This share is called *AUC*, the area under the ROC
# curve, and it measures scores of nets as well as columns.

# %%


def alone(column: torch.Tensor, labels: torch.Tensor) -> float:
    """How often a row of class 1 has more than a row of class 0, or less if clearer."""
    above = column[labels == 1][:, None] - column[labels == 0]  # every pair
    share = ((above > 0).float() + (above == 0).float() / 2).mean().item()
    return max(share, 1 - share)


headline("The columns with the highest AUC in the training rows")
table = {name: features[:, k] for k, name in enumerate(names)} | {"visits": visits}
single = {name: alone(c[train_rows], labels[train_rows]) for name, c in table.items()}
for name in sorted(single, key=single.get, reverse=True)[:4]:
    print(f"{name:22} {single[name]:.1%}")

# %% plot

figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
shares = [single[name] for name in (*names, "visits")]
axes.bar(range(31), shares, color=["#0072B2"] * 30 + ["#D55E00"])
axes.axhline(0.5, color="black", linestyle=":", label="chance")
axes.text(30, 1.01, "visits", ha="center")
axes.set(xlabel="column", ylabel="AUC", ylim=(0.4, 1.08))
axes.set_title("How much each column tells alone")
axes.legend(loc="lower left")

# %% checks

for name in ("visits", "worst_area", "mean_texture"):
    score = roc_auc_score(  # the same figure, by ranks
        labels[train_rows], table[name][train_rows]
    )
    assert math.isclose(single[name], max(score, 1 - score), rel_tol=1e-5)
assert single["visits"] == 1
by_hand = adam_by_hand(more[train_rows, :3], labels[train_rows])
close(honest(more[:, :3]), by_hand(more[:, :3]))
assert reached["with visits, rows of the file"] > 0.98
assert reached["with visits, before the first"] < reached["without"] - 0.05

# %% [markdown]
# What goes wrong: accuracy where one class is rare
# -------------------------------------------------
#
# In a screening few are ill. Keep all benign rows, ten malignant ones for the training
# and five for the test, and the columns of texture and symmetry. Train, and count.
#
# Two remedies make a net find rare rows. *Weights* in the loss make each of them count
# more in training. A lower *threshold* changes nothing in training: it gives the rare
# class to every row whose probability is above a number smaller than one half. Here it
# is the share of the rare class.

# %%


def rare(rows: torch.Tensor, k: int) -> torch.Tensor:
    """All benign ones of these rows, and k malignant ones."""
    return torch.cat([rows[labels[rows] == 0], rows[labels[rows] == 1][:k]])


few, asked = rare(train_rows, 10), rare(test_rows, 5)
weights = len(few) / (2 * labels[few].bincount().float())  # [2]: rare rows count more
rare_share = 10 / len(few)
plain_net = train(more[few, :2], labels[few], epochs=50)
weighted_net = train(more[few, :2], labels[few], epochs=50, weights=weights)


def probability(net, rows):
    """The probability of class 1 for each of these rows."""
    net.eval()
    with torch.no_grad():
        return net(more[rows, :2]).softmax(dim=1)[:, 1]


headline("Five malignant rows among the test rows, after 50 epochs")
print(
    f"always benign: accuracy {(labels[asked] == 0).float().mean():.0%}, found 0 of 5"
)
scores = {}
for name, net, threshold in (
    ("plain", plain_net, 0.5),
    ("weights in the loss", weighted_net, 0.5),
    ("lower threshold", plain_net, rare_share),
):
    answer = probability(net, asked) > threshold
    hits = (answer & (labels[asked] == 1)).sum().item()
    scores[name] = (answer == labels[asked]).float().mean().item(), hits
    print(f"{name}: accuracy {scores[name][0]:.0%}, found {hits} of 5")

headline("The mean probability of a tumour in the training rows")
print(f"the true share: {rare_share:.2f}")
for name, net in {"plain": plain_net, "weighted": weighted_net}.items():
    print(f"{name}: {probability(net, few).mean():.2f}")

# %% [markdown]
# The plain net has the accuracy of the baseline, and it finds no tumour. Its accuracy
# looks fine because the rare class hardly counts in it. *Recall*, the share of the ill
# rows that are found, shows the truth.
#
# Weights and threshold both find most of them, at a price: healthy people are called
# back, and the accuracy falls. Which net is better depends on what each mistake costs.
# The accuracy alone can't say. But weights have a second price. The probabilities of
# the weighted net are wrong: their mean is many times the true share. If you use the
# probabilities, move the threshold and leave the loss alone.
#
# The check trains the weighted net by hand, with the weighted mean of the losses.

# %% checks

by_hand = adam_by_hand(more[few, :2], labels[few], epochs=50, weights=weights)
close(weighted_net(more[few, :2]), by_hand(more[few, :2]))
assert scores["plain"][1] == 0
assert math.isclose(scores["plain"][0], 1 - 5 / len(asked), rel_tol=1e-6)
assert scores["weights in the loss"][1] >= 4
assert scores["lower threshold"][1] >= 3
assert abs(probability(plain_net, few).mean() - rare_share) < 0.02
assert probability(weighted_net, few).mean() > 5 * rare_share
torch.testing.assert_close(
    weights @ labels[few].bincount().float(), torch.tensor(len(few)).float()
)

# %% [markdown]
# TableData does it for you
# -------------------------
#
# ``TableData`` reads a file, decides what each column is, keeps equal rows together and
# splits before it learns anything. Three lines say what it has done. To show that, the
# file gets an identifier, the visits, and twenty rows twice.

# %%

with open(path, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["sample", *names, "visits", "diagnosis"])
    for i in range(569):
        record = [f"S{i:03}", *features[i].tolist(), int(visits[i]), classes[labels[i]]]
        writer.writerows([record] * (2 if i < 20 else 1))

data = TableData(
    str(path), label="diagnosis", drop=["visits", "sample"], val_fraction=0.2
)
headline("What TableData says")
print("\n".join(describe(data.table, "diagnosis")))
raw, _ = data.table.sets["train"].tensors  # [n, 30], as they are in the file

# %% [markdown]
# The means come from the training rows, and no row is in two sets, not even as a copy.

# %% checks

rows_of = {
    part: {tuple(row) for row in rows.tensors[0].tolist()}
    for part, rows in data.table.sets.items()
}
assert not rows_of["train"] & rows_of["val"]
assert not rows_of["train"] & rows_of["test"]
assert not rows_of["val"] & rows_of["test"]
assert sum(map(len, rows_of.values())) == 569
assert data.table.duplicates == 20
stored = torch.tensor([column["mean"] for column in data.columns]).double()
torch.testing.assert_close(stored, raw.double().mean(dim=0), rtol=1e-5, atol=1e-6)

# %% [markdown]
# A net that takes raw rows
# -------------------------
#
# The net takes raw rows: the means and deviations are part of it, so they can't get
# lost on the way to another machine. This is one small net, trained for ten epochs.
# ``torchtour fit`` trains 24 on a table, side by side, and averages them. Lightning's
# messages are silenced as in lesson 4.

# %%

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*does not have many workers")
warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec")

_ = torch.manual_seed(0)
model = TableNet(
    hidden_size=32,
    optimizer="adam",
    lr=0.01,
    gamma=1.0,  # the learning rate stays
    n_features=data.n_features,
    n_classes=data.n_classes,
    columns=data.columns,
    classes=data.classes,
)
trainer = Trainer(
    max_epochs=10,
    accelerator="cpu",
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
    num_sanity_val_steps=0,
)
trainer.fit(model, datamodule=data)

test_raw, test_labels = data.table.sets["test"].tensors
with torch.no_grad():
    predicted = model.eval()(test_raw).argmax(dim=1)
confusion = torch.zeros(2, 2, dtype=torch.long)
for true, guess in zip(test_labels, predicted, strict=True):
    confusion[true, guess] += 1

headline("The line that torchtour test prints")
print(format_accuracy(confusion, lambda k: repr(data.classes[k])))
recall = confusion.diagonal() / confusion.sum(dim=1)
print(
    *(f"{n} found: {r:.1%}" for n, r in zip(data.classes, recall, strict=True)),
    sep=", ",
)

# %% [markdown]
# Start with the number after ``always``: that's what you'd get without any learning.
# The interval shows how uncertain the first number is. Of 100 intervals made like this,
# about 95 contain the true accuracy, that of the net on all rows of this kind. (It
# isn't where the accuracy on the next 120 rows will fall: that is uncertain as well,
# and lands inside less often.) The interval is wide because there are few test rows.
#
# Do two nets with overlapping intervals differ? On the same rows, compare them row by
# row, as in lesson 7. That can show a clear difference where the intervals overlap.
#
# The interval is Wilson's. If the true accuracy were one of its ends, the accuracy
# above would be exactly 1.96 standard deviations away. That is what the check tests. It
# also draws thousands of samples, and counts how often the interval is right.

# %% checks

right, n = confusion.diagonal().sum().item(), confusion.sum().item()
assert right == (predicted == test_labels).sum()
for end in wilson_interval(right, n):
    away = abs(right / n - end) / math.sqrt(end * (1 - end) / n)
    assert math.isclose(away, 1.959964, rel_tol=1e-6)
assert right / n > 0.9
assert trainer.current_epoch == 10
_ = torch.manual_seed(0)
first, second = (
    (torch.rand(4000, n) < 0.9).sum(dim=1),
    (torch.rand(4000, n) < 0.9).sum(1),
)
ends = [wilson_interval(count, n) for count in first.tolist()]
holds_truth = sum(low <= 0.9 <= high for low, high in ends) / 4000
pairs = zip(ends, second.tolist(), strict=True)
holds_next = sum(low <= count / n <= high for (low, high), count in pairs) / 4000
assert abs(holds_truth - 0.95) < 0.02
assert holds_next < 0.9
folder.cleanup()

# %% [markdown]
# With your own file, that is three commands. The last one writes the probabilities of
# new rows. The page "A model of your own" shows them.
#
# - ``torchtour fit -c configs/table.yaml --data.path FILE --data.label COLUMN``
# - ``torchtour test --ckpt_path best``
# - ``torchtour predict --ckpt_path best --data.path NEW``
#
# Challenge: probabilities that cost less
# ---------------------------------------
#
# Accuracy asks for the right class. The cross-entropy on test rows asks for the right
# *probability*: being sure and wrong costs a lot. Here is the net of the first
# sections, on the thirty standardised columns, after 100 epochs:

# %%

sure_net = train(inputs[train_rows], labels[train_rows], epochs=100)
with torch.no_grad():
    test_loss = cross_entropy(sure_net(inputs[test_rows]), labels[test_rows]).item()
share = labels[train_rows].float().mean()
always = torch.stack([1 - share, share]).log().expand(113, 2)  # logits of the shares
headline("Challenge: cross-entropy on the test rows")
print(
    f"the share of each class, always: {cross_entropy(always, labels[test_rows]):.2f}"
)
print(f"this net: {test_loss:.2f}")

# %% [markdown]
# Beat it: below 0.09. The 456 training and validation rows are yours; the test rows
# are for one look at the end. Beware of 113 validation rows: so few can mislead you.
# Let every one of the 456 have its turn instead: train on four fifths, validate on the
# rest, five times, and add up. That is *cross-validation*.

# %% checks

with torch.no_grad():
    rows = sure_net(inputs[test_rows]).softmax(dim=1)[range(113), labels[test_rows]]
assert math.isclose(test_loss, -sum(map(math.log, rows.tolist())) / 113, rel_tol=1e-4)
assert 0.11 < test_loss < 0.2

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - Split first. Means, scales and chosen columns come from training rows alone.
# - Count duplicates. Copies, and all rows of one patient, belong in the same set.
# - Ask of each column whether you will have it when you use the net.
# - Compare accuracy with the most frequent class, and look at the rare one's recall.
# - An accuracy has an interval. With a hundred test rows it is several points wide.
#
# Next: your own file. The page "A model of your own" leads from lesson to project.
