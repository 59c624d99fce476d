# %% [markdown]
"""
Your own table
==============

**About 45 minutes.** You need the loop of lesson 4 and the three sets of lesson 7.
After this lesson you can

- turn a CSV file into features and labels that a net can learn from;
- split before anything is learned from the rows, and say what happens otherwise;
- find duplicates and columns that give the answer away;
- judge a figure by its interval, its baseline and the recall of each class;
- do all of this with ``TableData`` and three commands.

Most data that people have are tables: a row for each patient, order or machine. A net
for a table is small and trains in seconds. What goes wrong is rarely the net. It is
what happened to the rows before, and it makes the figures look too good.
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

from torchtour import TableClassifier, TableData
from torchtour.evaluation.confidence import format_accuracy, wilson_interval
from torchtour.lessons import headline
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

torch.set_num_threads(1)  # sharing tensors this small costs more than it saves

# %% [markdown]
# A file of rows
# --------------
#
# scikit-learn brings 569 samples of breast tissue. For each of them thirty numbers
# describe the cell nuclei under the microscope, and a doctor has found whether the
# tumour was malignant or benign. Written to a file, it is a table as you may have one
# yourself: a line of names, then a line for each sample.

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
# Reading it takes a few lines. Each cell is text: make a number of it. The classes get
# numbers too, in the order of the alphabet: 0 is benign, 1 is malignant.

# %%

with open(path, newline="") as file:
    records = list(csv.DictReader(file))
features = torch.tensor(
    [[float(record[name]) for name in names] for record in records],
    dtype=torch.float64,
)  # [569, 30]
classes = sorted({record["diagnosis"] for record in records})
labels = torch.tensor([classes.index(record["diagnosis"]) for record in records])

headline("Features and labels")
print("features:", list(features.shape), "labels:", list(labels.shape))
for k, name in enumerate(classes):
    print(f"{k} {name:9} {(labels == k).sum():3} rows")

# %% checks

assert torch.equal(features, torch.from_numpy(cancer.data))
assert torch.equal(
    labels, 1 - torch.from_numpy(cancer.target)
)  # it counts from malignant
assert labels.bincount().tolist() == [357, 212]

# %% [markdown]
# Three sets, and a yardstick
# ---------------------------
#
# Split first. 60 % of the rows are to train, 20 % to choose, 20 % to test, at random.
#
# Before any training, ask which accuracy comes for free: give each row the commonest
# class. That is the *baseline*. Only what a net has above it has been learned.

# %%


def split(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The places of n rows at random: training, validation and test."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return tuple(order.split([n - 2 * (n // 5), n // 5, n // 5]))


train_rows, val_rows, test_rows = split(len(features))

headline("Three sets and the baseline")
print("rows:", *(len(rows) for rows in (train_rows, val_rows, test_rows)))
baseline = (labels[test_rows] == 0).double().mean().item()
print(f"always benign: {baseline:.1%} of the test rows")

# %% checks

assert torch.cat([train_rows, val_rows, test_rows]).sort()[0].tolist() == [*range(569)]
assert math.isclose(baseline, 1 - labels[test_rows].double().mean().item())

# %% [markdown]
# What goes wrong: columns of different sizes
# -------------------------------------------
#
# A column of this table goes up to 4254, another one stays below 0.03. The large one
# drowns all others. *Standardise*: subtract the mean of each column and divide by its
# standard deviation, so that all columns count alike.

# %%


def train(inputs, labels, epochs=100, hidden=16, lr=0.01, weights=None):
    """Train a new net on all rows at once."""
    _ = torch.manual_seed(0)
    net = SimpleNet(inputs.shape[1], hidden, 2).double()
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    for _ in range(epochs):
        loss = cross_entropy(net(inputs), labels, weight=weights)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def accuracy(net: SimpleNet, inputs: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.no_grad():
        return (net(inputs).argmax(dim=1) == labels).double().mean().item()


mean, deviation = features[train_rows].mean(dim=0), features[train_rows].std(dim=0)
inputs = (features - mean) / deviation  # [569, 30]

headline("The same net and 10 epochs, on test rows")
for name, given in {"as they are": features, "standardised": inputs}.items():
    net = train(given[train_rows], labels[train_rows], epochs=10)
    reached = accuracy(net, given[test_rows], labels[test_rows])
    print(f"{name:12} {reached:.1%}")

# %% [markdown]
# The check trains the last net once more, with Adam's rule (lesson 6) written out.

# %% checks


def adam_by_hand(inputs, labels, epochs=100, hidden=16, weights=None):
    """What train should return, if its loss is the weighted mean."""
    _ = torch.manual_seed(0)
    net = SimpleNet(inputs.shape[1], hidden, 2).double()
    parts = list(net.parameters())
    means, squares = ([torch.zeros_like(part) for part in parts] for _ in range(2))
    share = torch.ones(len(labels)).double() if weights is None else weights[labels]
    for step in range(1, epochs + 1):
        chances = net(inputs).log_softmax(dim=1)[range(len(labels)), labels]  # [row]
        slopes = torch.autograd.grad(-(share @ chances) / share.sum(), parts)
        with torch.no_grad():
            for part, m, v, slope in zip(parts, means, squares, slopes, strict=True):
                m.lerp_(slope, 0.1)
                v.lerp_(slope**2, 0.001)
                spread = (v / (1 - 0.999**step)).sqrt()
                part -= 0.01 * m / (1 - 0.9**step) / (spread + 1e-8)
    return net


by_hand = adam_by_hand(inputs[train_rows], labels[train_rows], epochs=10)
torch.testing.assert_close(net(inputs), by_hand(inputs))

torch.testing.assert_close(inputs[train_rows].mean(dim=0), torch.zeros(30).double())
torch.testing.assert_close(inputs[train_rows].std(dim=0), torch.ones(30).double())
assert not torch.allclose(inputs[test_rows].mean(dim=0), torch.zeros(30).double())
assert features.max() > 4000
assert features.amax(dim=0).min() < 0.04
assert reached > 0.9

# %% [markdown]
# What goes wrong: scaling before splitting
# -----------------------------------------
#
# The mean and the deviation above come from training rows alone. To take them from all
# rows is one line shorter, and it is the commonest leak of all: the training then knows
# something of the test rows. To see it, suppose that somebody typed one cell of a test
# row without its decimal point. The training must not notice.

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
# Often the figures hardly move. Then people stop caring, and one day they choose
# columns on all rows. Here are 100 rows with 2000 columns of pure chance, and labels by
# coin flips: nobody can do better than half. Keep the ten columns that fit the labels
# best, and only then split. No net is needed here: a row gets the class whose mean, in
# the training rows, is nearer.

# %%

generator = torch.Generator().manual_seed(1)
chance = torch.randn(100, 2000, generator=generator, dtype=torch.float64)
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
        found[name].append(right.double().mean().item())

headline("Accuracy on coin flips, mean of ten splits")
for name, reached in found.items():
    print(f"columns chosen on {name:13} {sum(reached) / 10:.0%}")

# %% [markdown]
# Somebody foretells coins! The rule has no exceptions: whatever is learned from rows
# is learned from training rows alone, be it a mean, a choice of columns, or a number to
# fill gaps with.

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
    assert math.isclose(right.double().mean().item(), expected)

# %% [markdown]
# What goes wrong: duplicates across the split
# --------------------------------------------
#
# Two exports put together, a form that was sent twice: rows occur again, and a random
# split puts one into training and the other into test. A net that learns by heart looks
# clever then. To see it, deal out the diagnoses at random, so that there is nothing to
# learn, and take each row twice.

# %%

shuffled = labels[torch.randperm(569, generator=torch.Generator().manual_seed(2))]
twice, answers = torch.cat([inputs, inputs]), torch.cat([shuffled, shuffled])

by_row, _, by_row_test = split(2 * 569)
apart, _, apart_test = split(569)  # of rows that differ; their copies go with them
apart, apart_test = (
    torch.cat([apart, apart + 569]),
    torch.cat([apart_test, apart_test + 569]),
)

headline("Accuracy on diagnoses dealt out at random")
learned = {}
for name, (known, asked) in {
    "split by row": (by_row, by_row_test),
    "copies together": (apart, apart_test),
}.items():
    net = train(twice[known], answers[known], epochs=300, hidden=64)
    learned[name] = accuracy(net, twice[asked], answers[asked])
    print(f"{name:15} {learned[name]:.1%}")
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
by_hand = adam_by_hand(twice[apart], answers[apart], epochs=300, hidden=64)
torch.testing.assert_close(net(twice), by_hand(twice))
assert len(twice.unique(dim=0)) == len({tuple(row) for row in twice.tolist()}) == 569
assert learned["split by row"] > 0.7 > 0.6 > learned["copies together"]

# %% [markdown]
# What goes wrong: a column that gives the answer away
# ----------------------------------------------------
#
# Suppose that a clinic measures only three of the columns, and that its file has one
# more: the number of visits after the diagnosis. Who is ill comes often. But in use you
# ask the net *for* the diagnosis, and nobody has come for a visit yet.

# %%

generator = torch.Generator().manual_seed(3)
few_visits = torch.randint(0, 2, (569,), generator=generator)
many_visits = torch.randint(4, 12, (569,), generator=generator)
visits = torch.where(labels == 1, many_visits, few_visits).double()

three = features[:, [names.index(f"mean_{n}") for n in ("texture", "symmetry", "area")]]
more = torch.cat([three, visits[:, None]], dim=1)  # [569, 4]
at_use = more.clone()
at_use[:, -1] = 0  # nobody has come yet
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

headline("Test rows, to a net with visits and to one without")
for name, share in reached.items():
    print(f"{name:30} {share:.1%}")

# %% [markdown]
# No split finds this: the column leaks in all three sets. Two habits do. Ask of each
# column whether you will have its value when you ask the net. And distrust a column
# that gives the answer all by itself. Take all pairs of a malignant and a benign row:
# in how many does the malignant one have the larger number? By chance it is half; a
# share close to 100 % wants an explanation.

# %%


def alone(column: torch.Tensor, labels: torch.Tensor) -> float:
    """How often a row of class 1 has more than a row of class 0, or less if clearer."""
    above = column[labels == 1][:, None] - column[labels == 0]  # every pair
    share = ((above > 0).double() + (above == 0).double() / 2).mean().item()
    return max(share, 1 - share)


headline("The columns that tell most by themselves, in the training rows")
table = {name: features[:, k] for k, name in enumerate(names)} | {"visits": visits}
single = {name: alone(c[train_rows], labels[train_rows]) for name, c in table.items()}
for name in sorted(single, key=single.get, reverse=True)[:4]:
    print(f"{name:22} {single[name]:.1%}")

# %% checks

for name in ("visits", "worst_area", "mean_texture"):
    score = roc_auc_score(  # the same figure, by ranks
        labels[train_rows], table[name][train_rows]
    )
    assert math.isclose(single[name], max(score, 1 - score))
assert single["visits"] == 1
by_hand = adam_by_hand(more[train_rows, :3], labels[train_rows])
torch.testing.assert_close(honest(more[:, :3]), by_hand(more[:, :3]))
assert reached["with visits, rows of the file"] > 0.98
assert reached["with visits, before the first"] < reached["without"] - 0.05

# %% plot

figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
shares = [single[name] for name in (*names, "visits")]
axes.bar(range(31), shares, color=["#0072B2"] * 30 + ["#D55E00"])
axes.axhline(0.5, color="black", linestyle=":", label="chance")
axes.text(30, 1.01, "visits", ha="center")
axes.set(xlabel="column", ylabel="pairs that it puts in order", ylim=(0.4, 1.08))
axes.set_title("How much each column tells alone")
axes.legend(loc="lower left")

# %% [markdown]
# What goes wrong: accuracy where one class is rare
# -------------------------------------------------
#
# In a screening few are ill. Keep all benign rows, ten malignant ones for the training
# and five for the test, and the columns of texture and symmetry. Train, and count.

# %%


def rare(rows: torch.Tensor, k: int) -> torch.Tensor:
    """All benign ones of these rows, and k malignant ones."""
    return torch.cat([rows[labels[rows] == 0], rows[labels[rows] == 1][:k]])


few, asked = rare(train_rows, 10), rare(test_rows, 5)
weights = len(few) / (2 * labels[few].bincount().double())  # [2]: rare rows count more
scores = {}
for name, given in {"plain": None, "weighted": weights}.items():
    net = train(more[few, :2], labels[few], epochs=50, weights=given)
    answer = net(more[asked, :2]).argmax(dim=1)
    hits = ((answer == 1) & (labels[asked] == 1)).sum().item()
    scores[name] = (answer == labels[asked]).double().mean().item(), hits

headline("Five malignant rows among the test rows, after 50 epochs")
print(
    f"always benign: accuracy {(labels[asked] == 0).double().mean():.1%}, found 0 of 5"
)
for name, (reached, hits) in scores.items():
    print(f"{name}: accuracy {reached:.1%}, found {hits} of 5")

# %% [markdown]
# The plain net has the accuracy of the baseline, and it finds no tumour. Its figure
# looks fine because the rare class hardly counts in it. *Recall*, the share of the ill
# rows that are found, shows the truth. Weights in the loss make rare rows count more.
# That has a price: healthy people are called back, and the accuracy falls. Which net is
# better depends on what each mistake costs. The accuracy alone can't say.
#
# The check trains the weighted net by hand, with the weighted mean of the losses.

# %% checks

by_hand = adam_by_hand(more[few, :2], labels[few], epochs=50, weights=weights)
torch.testing.assert_close(net(more[few, :2]), by_hand(more[few, :2]))  # the last net
assert scores["plain"][1] == 0
assert math.isclose(scores["plain"][0], 1 - 5 / len(asked))
assert scores["weighted"][1] >= 4
torch.testing.assert_close(
    weights @ labels[few].bincount().double(), torch.tensor(len(few)).double()
)

# %% [markdown]
# TableData does it for you
# -------------------------
#
# ``TableData`` reads a file, decides what each column is, keeps equal rows together and
# splits before it learns anything. Three lines say what it has done. To see it at work,
# the file gets an identifier, the visits, and twenty rows twice.

# %%

with open(path, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["sample", *names, "visits", "diagnosis"])
    for i in range(569):
        record = [f"S{i:03}", *features[i].tolist(), int(visits[i]), classes[labels[i]]]
        writer.writerows([record] * (2 if i < 20 else 1))

data = TableData(str(path), label="diagnosis", drop=["visits", "sample"])
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
# The net takes raw rows: the means and deviations are a part of it, so they can't get
# lost on the way to another machine. These are the settings of ``configs/table.yaml``,
# and ten epochs. Lightning's tips and two of its warnings are silenced as in lesson 4.

# %%

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*does not have many workers")
warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec")

_ = torch.manual_seed(0)
model = TableClassifier(
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
# Read it from the right. Without learning you get the last figure. The interval says
# how much chance there is in the first: with other rows of the same kind, the figure
# would mostly lie in there. It is wide, for there are few test rows. If two nets differ
# by less than that, you compare luck.
#
# The interval is Wilson's. If the true accuracy were one of its ends, the figure above
# would be exactly 1.96 standard deviations away. That is what the check tests.

# %% checks

right, n = confusion.diagonal().sum().item(), confusion.sum().item()
assert right == (predicted == test_labels).sum()
for end in wilson_interval(right, n):
    away = abs(right / n - end) / math.sqrt(end * (1 - end) / n)
    assert math.isclose(away, 1.959964, rel_tol=1e-6)
assert right / n > 0.9
assert trainer.current_epoch == 10
folder.cleanup()

# %% [markdown]
# With a file of yours, that is three commands. The last one writes the probabilities of
# new rows. The page "A model of your own" goes through them.
#
# - ``torchtour fit -c configs/table.yaml --data.path FILE --data.label COLUMN``
# - ``torchtour test --ckpt_path best``
# - ``torchtour predict --ckpt_path best --data.path NEW``

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - Split first. Means, scales and chosen columns come from training rows alone.
# - Count duplicates. Copies, and all rows of one patient, belong in the same set.
# - Ask of each column whether you will have it when you ask the net.
# - Compare accuracy with the commonest class, and look at the recall of the rare one.
# - A figure has an interval. With a hundred test rows it is several points wide.
#
# Next: a file of yours, and from lesson to project: the page "A model of your own".
