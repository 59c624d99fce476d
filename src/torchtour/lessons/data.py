# %% [markdown]
"""
Data
====

**About 40 minutes.** You need the training loop of lesson 4 and momentum from lesson 6.
After this lesson you can

- write a ``Dataset`` and read it in batches with a ``DataLoader``;
- say why mini-batches are called stochastic, and how large their noise is;
- split data into training, validation and test set, and report a figure honestly;
- read a confusion matrix;
- spot a leak between the sets.

Lesson 4 trained on 100 points that fit in one tensor, all of them in every step. Real
data are larger. They are read piece by piece, mixed, put together in *batches*, and
kept in three separate sets.
"""

# %%

import math
import sys

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

from torchtour.lessons import headline
from torchtour.network import SimpleNet

try:
    from sklearn.datasets import load_digits
except ImportError:
    print("This lesson needs scikit-learn: pip install scikit-learn", file=sys.stderr)
    sys.exit(2)

torch.set_num_threads(1)  # sharing tensors this small costs more than it saves

# %% [markdown]
# Real pictures
# -------------
#
# scikit-learn brings 1797 handwritten digits. Each is a picture of 8 by 8 *pixels*,
# numbers from 0 (paper) to 16 (ink). The label is the digit, so there are ten classes.
#
# The numbers come as ``float64``, and this time they stay so. Training usually takes
# ``float32``, which learns as well. But rounding differs from machine to machine, and
# over thousands of steps the differences grow. With 64 bits you see the digits that you
# read here.

# %%

digits = load_digits()
pictures = torch.from_numpy(digits.images) / 16  # [picture, row, column], from 0 to 1
labels = torch.from_numpy(digits.target)  # [picture]

headline("The first picture and the size of the set")
for row in digits.images[0].astype(int):
    print(" ".join(f"{pixel:2}" for pixel in row))
print("label:", labels[0].item())
print("pictures:", list(pictures.shape), "labels:", list(labels.shape))
print("pictures of each digit:", labels.bincount().tolist())

# %% checks

assert pictures.shape == (1797, 8, 8)
assert (pictures.min().item(), pictures.max().item()) == (0, 1)
assert labels.bincount().tolist() == [(digits.target == k).sum() for k in range(10)]
assert labels.bincount().sum() == 1797

# %% plot

figure, panels = plt.subplots(2, 10, figsize=(10, 2.4), layout="constrained")
figure.suptitle("The first twenty handwritten digits")
for axes, picture, label in zip(panels.flat, pictures, labels, strict=False):
    axes.imshow(picture.numpy(), cmap="gray_r", vmin=0, vmax=1)
    axes.set(title=label.item(), xticks=[], yticks=[])

# %% [markdown]
# A dataset
# ---------
#
# A *dataset* answers two questions: how many examples there are, ``__len__``, and what
# example number ``i`` is, ``__getitem__``. Write these two methods, and everything in
# torch that reads data can read yours. ``__getitem__`` runs when somebody asks, so a
# dataset of a million files needs to open only those in use. This one notes which
# examples were read.

# %%


class Digits(Dataset):
    """Pictures as rows of 64 pixels, with their labels."""

    def __init__(self, pictures: torch.Tensor, labels: torch.Tensor) -> None:
        self.pictures, self.labels = pictures, labels
        self.read = []

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        self.read.append(i)
        return self.pictures[i].flatten(), self.labels[i]  # [64], []


dataset = Digits(pictures, labels)

headline("A dataset")
print("length:", len(dataset))
features, label = dataset[3]
print("example 3:", list(features.shape), "label", label.item())
print("read so far:", dataset.read)

# %% [markdown]
# ``TensorDataset`` is the same in one line, for data that are in memory already.

# %% checks

ready_made = TensorDataset(pictures.flatten(start_dim=1), labels)
assert len(ready_made) == len(dataset) == 1797
assert all(torch.equal(ready_made[i][0], dataset[i][0]) for i in range(1797))
assert dataset.read == [3, *range(1797)]

# %% [markdown]
# Three sets
# ----------
#
# Split before you do anything else. The net learns from the *training set*. You choose
# between settings on the *validation set*. The *test set* is looked at once, at the
# end. ``random_split`` deals the examples out at random; the generator's seed makes it
# the same split on every run.

# %%

generator = torch.Generator().manual_seed(0)
parts = random_split(ready_made, [1000, 397, 400], generator=generator)
train_set, val_set, test_set = parts

headline("Three sets")
for name, part in zip(("training", "validation", "test"), parts, strict=True):
    print(f"{name:10} {len(part):4} pictures, the first five: {part.indices[:5]}")

# %% [markdown]
# Each picture is in one set, and in one set only.

# %% checks

assert sorted(i for part in parts for i in part.indices) == list(range(1797))

# %% [markdown]
# Batches
# -------
#
# A ``DataLoader`` draws examples from a dataset and stacks them. Going through it once
# is an epoch. A *batch* of 32 pictures is a tensor [32, 64], and the labels are [32].

# %%

loader = DataLoader(train_set, batch_size=32)
batches = list(loader)

headline("1000 pictures in batches of 32")
print("batches:", len(loader))
print("first:", [list(tensor.shape) for tensor in batches[0]])
print("last: ", [list(tensor.shape) for tensor in batches[-1]])

# %% [markdown]
# 31 batches of 32 pictures, and one of the 8 that are left. ``drop_last=True`` would
# leave those out.

# %% checks

assert len(batches) == math.ceil(1000 / 32) == 32
assert len(batches[-1][0]) == 1000 - 31 * 32 == 8
assert len(DataLoader(train_set, batch_size=32, drop_last=True)) == 1000 // 32 == 31
in_order = torch.cat([features for features, _ in batches])  # [1000, 64]
assert torch.equal(in_order, pictures.flatten(start_dim=1)[train_set.indices])

# %% [markdown]
# Collate: from a list to a batch
# -------------------------------
#
# The loader first has a list of examples. The function that makes a batch of the list
# is called *collate*. The default stacks tensors, and makes a tensor of numbers.

# %%

examples = [("a", 1, torch.zeros(3)), ("b", 2, torch.ones(3))]
names, numbers, rows = next(iter(DataLoader(examples, batch_size=2)))

headline("Two examples, collated")
print(names, numbers, rows.tolist())

# %% checks

assert names == ("a", "b")
assert torch.equal(numbers, torch.tensor([1, 2]))
assert torch.equal(rows, torch.stack([torch.zeros(3), torch.ones(3)]))

# %% [markdown]
# What goes wrong: examples of different lengths
# ----------------------------------------------
#
# Sentences, recordings and the strokes of a pen are not equally long, and then they
# can't be stacked. Write a ``collate_fn`` that fills the short ones up with zeros, and
# hand over the true lengths as well.

# %%

strokes = [torch.tensor([1.0, 2.0]), torch.tensor([3.0]), torch.tensor([4.0, 5.0, 6.0])]

headline("Three strokes of different lengths")
refusal = ""
try:
    next(iter(DataLoader(strokes, batch_size=3)))
except RuntimeError as error:
    refusal = str(error)
print(refusal.split(", but")[0])


def pad(examples: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    lengths = torch.tensor([len(example) for example in examples])
    padded = torch.nn.utils.rnn.pad_sequence(examples, batch_first=True)
    return padded, lengths  # [batch, longest], [batch]


padded, lengths = next(iter(DataLoader(strokes, batch_size=3, collate_fn=pad)))
print(padded.tolist(), lengths.tolist())

# %% checks

assert "equal size" in refusal
assert padded.tolist() == [[1, 2, 0], [3, 0, 0], [4, 5, 6]]
assert lengths.tolist() == [2, 1, 3]

# %% [markdown]
# Shuffling
# ---------
#
# With ``shuffle=True`` each epoch has an order of its own. Every example still comes
# once per epoch. Hand over a generator, and the orders are the same on every run.

# %%


def orders(seed: int, epochs: int) -> list[list[int]]:
    """The order of ten numbers in each epoch."""
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(range(10), batch_size=10, shuffle=True, generator=generator)
    return [batch.tolist() for _ in range(epochs) for batch in loader]


headline("Ten numbers, shuffled in three epochs")
for order in orders(seed=0, epochs=3):
    print(order)

# %% checks

first, second, third = orders(seed=0, epochs=3)
assert first != second != third
assert sorted(first) == sorted(second) == sorted(third) == list(range(10))
assert orders(seed=0, epochs=3) == [first, second, third]
assert orders(seed=1, epochs=3) != [first, second, third]

# %% [markdown]
# The loop, with batches
# ----------------------
#
# The five lines of lesson 4 stay as they were. A loop over the batches comes around
# them, and a loop over the epochs around that. The loss of an epoch is the mean over
# its pictures, so each batch counts by its size.

# %%

train_pictures, train_labels = ready_made[train_set.indices]  # [1000, 64], [1000]
val_pictures, val_labels = ready_made[val_set.indices]  # [397, 64], [397]
test_pictures, test_labels = ready_made[test_set.indices]  # [400, 64], [400]


def train(dataset, epochs, batch_size=32, lr=0.1, momentum=0.9, shuffle=True):
    """Train a new net; returns it and its mean loss in each epoch."""
    _ = torch.manual_seed(0)
    net = SimpleNet(64, 32, 10).double()
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)
    loader = DataLoader(dataset, batch_size, shuffle=shuffle)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for features, labels in loader:
            loss = cross_entropy(net(features), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
        losses.append(total / len(dataset))
    return net, losses


def accuracy(net: SimpleNet, features: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.no_grad():
        return (net(features).argmax(dim=1) == labels).double().mean().item()


headline("Ten epochs in batches of 32")
net, losses = train(train_set, epochs=10)
for epoch in (1, 2, 5, 10):
    print(f"epoch {epoch:2}: loss {losses[epoch - 1]:.3f}")
print(f"training accuracy:   {accuracy(net, train_pictures, train_labels):.1%}")
print(f"validation accuracy: {accuracy(net, val_pictures, val_labels):.1%}")

# %% [markdown]
# Is 94 % good? Compare with something that needs no training: give each picture the
# label of the training picture that is most like it, the *nearest neighbour*. On small
# pictures like these it is hard to beat, and after ten epochs our net does not. But a
# net far below such a simple method, at 60 %, say, would have a mistake in it.

# %%


def nearest_neighbour(known: list[int], asked: list[int]) -> float:
    """Accuracy of giving each asked picture the label of the nearest known one."""
    distances = torch.cdist(ready_made.tensors[0][asked], ready_made.tensors[0][known])
    answers = labels[known][distances.argmin(dim=1)]  # [asked]
    return (answers == labels[asked]).double().mean().item()


headline("The nearest neighbour, on the validation set")
print(f"accuracy: {nearest_neighbour(train_set.indices, val_set.indices):.1%}")

# %% [markdown]
# The first loss must be about that of a net which knows nothing and gives each of ten
# classes one tenth. The accuracy is counted again in plain Python.

# %% checks

untrained, _ = train(train_set, epochs=0)
first_loss = cross_entropy(untrained(train_pictures), train_labels).item()
assert math.isclose(first_loss, math.log(10), rel_tol=0.02)
assert losses[-1] < 0.1 < losses[0] < math.log(10)
answers = [max(range(10), key=row.__getitem__) for row in net(val_pictures).tolist()]
right = sum(a == b for a, b in zip(answers, val_labels.tolist(), strict=True))
assert math.isclose(accuracy(net, val_pictures, val_labels), right / 397)
assert 0.92 < right / 397 < nearest_neighbour(train_set.indices, val_set.indices)

# %% [markdown]
# Why "stochastic"?
# -----------------
#
# The gradient over all 1000 pictures is the mean of 1000 gradients, one for each
# picture. A batch gives the mean of a random few of them: an estimate. *Stochastic*
# means "by chance", and that is the S of SGD.
#
# How good is the estimate? Take the untrained net and the gradients of its loss, one
# picture at a time.

# %%


def gradient(net, features, labels):
    """The gradient of the mean loss for all weights, as one long row."""
    loss = cross_entropy(net(features), labels)
    parts = torch.autograd.grad(loss, list(net.parameters()))
    return torch.cat([part.flatten() for part in parts])


full = gradient(untrained, train_pictures, train_labels)  # [2410]
singles = torch.stack(
    [
        gradient(untrained, train_pictures[i : i + 1], train_labels[i : i + 1])
        for i in range(1000)
    ]
)  # [1000, 2410]

headline("The gradient of all pictures and of single ones")
print(f"length of the full gradient: {full.norm():.3f}")
distances = (singles - full).norm(dim=1)  # [1000]
print(f"distance of a single picture's from it, on average: {distances.mean():.3f}")

# %% [markdown]
# A single picture's gradient is a poor estimate: on average it misses the full gradient
# by almost nine times that gradient's length. But the mean of all 1000 is exact.

# %% checks

assert full.numel() == 64 * 32 + 32 + 32 * 10 + 10
torch.testing.assert_close(singles.mean(dim=0), full)
assert math.isclose(distances.mean() / full.norm(), 9, rel_tol=0.02)

# %% [markdown]
# Now draw batches of several sizes, 100 of each, and measure how far their gradients
# are from the full one. The measure is the root of the mean squared distance, which we
# call the *noise*.

# %%

_ = torch.manual_seed(0)
headline("Noise of the gradient by batch size")
noise = {}
for size in (1, 4, 16, 64, 256):
    squares = []
    for _ in range(100):
        batch = torch.randperm(1000)[:size]
        squares.append((singles[batch].mean(dim=0) - full).square().sum())
    noise[size] = torch.stack(squares).mean().sqrt().item()
    print(f"batches of {size:3}: {noise[size]:.3f}")

# %% [markdown]
# Four times the pictures, half the noise: it falls with the square root of the batch
# size. That is why huge batches don't pay: each further picture costs the same and
# brings less.
#
# Statistics has a formula for the mean of ``size`` numbers drawn from ``n`` without
# putting them back: the variance of one number over ``size``, times ``(n - size) / n``.
# The measurement must follow it. The last factor makes the noise of a batch of all 1000
# pictures zero.

# %% checks

variance = (singles - full).square().sum().item() / 999  # of one picture's gradient


def expected_noise(size: int, n: int = 1000) -> float:
    return math.sqrt(variance / size * (n - size) / n)


for size, measured in noise.items():
    assert math.isclose(measured, expected_noise(size), rel_tol=0.1)
assert expected_noise(1000) == 0
assert math.isclose(noise[4] / noise[16], 2, rel_tol=0.15)

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
sizes = torch.logspace(0, 2.7, 50)
formula = [expected_noise(size) for size in sizes.tolist()]
axes.plot(sizes, formula, color="#0072B2", label="formula")
axes.plot(*zip(*noise.items(), strict=True), "o", color="#D55E00", label="measured")
axes.axhline(full.norm(), color="black", linestyle=":", label="length of the gradient")
axes.set(xscale="log", yscale="log", xlabel="batch size", ylabel="noise")
axes.set_title("Noise of the gradient by batch size")
axes.legend()

# %% [markdown]
# Why accept the noise?
# ---------------------
#
# Because of the number of steps. An epoch costs about the same arithmetic in any batch
# size: 1000 pictures, forward and backward. In one batch that buys one step. In batches
# of 8 it buys 125, noisy but mostly downhill.

# %%

headline("Five epochs of plain SGD, learning rate 0.1")
by_size = {}
for size in (1000, 125, 32, 8):
    trained, by_size[size] = train(train_set, 5, batch_size=size, momentum=0.0)
    steps = 5 * math.ceil(1000 / size)
    reached = accuracy(trained, val_pictures, val_labels)
    loss = by_size[size][-1]
    print(
        f"batches of {size:4}: {steps:3} steps, loss {loss:.2f}, accuracy {reached:.0%}"
    )

# %% [markdown]
# Smaller is not always better. Batches of one make 1000 noisy steps and keep a machine
# busy with overhead; a GPU computes a batch of 256 in about the time of one picture.
# Between 16 and 256 you rarely go wrong. Change the size, and the best learning rate
# changes with it.

# %% checks

last_losses = [curve[-1] for curve in by_size.values()]
assert last_losses == sorted(last_losses, reverse=True)
assert last_losses[0] > 2 > 1 > last_losses[-1]

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
styles = (("black", ":"), ("#009E73", "-."), ("#D55E00", "--"), ("#0072B2", "-"))
for (size, curve), (colour, dash) in zip(by_size.items(), styles, strict=True):
    axes.plot(range(1, 6), curve, dash, color=colour, label=f"batches of {size}")
axes.set(xlabel="epoch", ylabel="training loss", xticks=range(1, 6), ylim=(0, 3.2))
axes.set_title("Training loss by epoch with four batch sizes")
axes.legend(loc="upper right", ncols=2)

# %% [markdown]
# What goes wrong: data in order
# ------------------------------
#
# Data often come sorted, all zeros first, all nines last. Without ``shuffle`` each
# batch then holds a single class, and the net learns to say whatever came last. (Plain
# SGD, so that nothing of the steps before is left over.)

# %%

by_label = sorted(train_set.indices, key=lambda i: labels[i].item())
sorted_set = TensorDataset(*ready_made[by_label])

headline("Sorted by digit, five epochs")
in_order, _ = train(sorted_set, 5, momentum=0.0, shuffle=False)
mixed, _ = train(sorted_set, 5, momentum=0.0, shuffle=True)
for name, trained in {"not shuffled": in_order, "shuffled": mixed}.items():
    answers = trained(val_pictures).argmax(dim=1).bincount(minlength=10).tolist()
    reached = accuracy(trained, val_pictures, val_labels)
    print(f"{name:12} {reached:4.0%}, answers", answers)

# %% checks

assert accuracy(in_order, val_pictures, val_labels) < 0.3
assert accuracy(mixed, val_pictures, val_labels) > 0.8
assert in_order(val_pictures).argmax(dim=1).bincount(minlength=10)[8:].sum() > 350

# %% [markdown]
# Choose on validation, report on test
# ------------------------------------
#
# Three learning rates, one winner. The winner's validation accuracy is a little too
# good: it won partly by luck on these 397 pictures. So the figure that you report comes
# from the test set, for the winner only.
#
# A test set is a sample too. With accuracy p on n pictures the *standard error* is the
# root of p (1 - p) / n. Two nets that differ by less than two of these may well be
# equally good.

# %%

headline("Three learning rates, 10 epochs")
nets = {lr: train(train_set, 10, lr=lr)[0] for lr in (0.01, 0.1, 1.0)}
chosen_by = {lr: accuracy(net, val_pictures, val_labels) for lr, net in nets.items()}
for lr, reached in chosen_by.items():
    print(f"learning rate {lr:4}: validation accuracy {reached:.1%}")
best_lr = max(chosen_by, key=chosen_by.get)
best = nets[best_lr]
reported = accuracy(best, test_pictures, test_labels)
standard_error = math.sqrt(reported * (1 - reported) / 400)
print(f"test accuracy: {reported:.1%}, standard error {standard_error:.1%}")

# %% [markdown]
# Is that formula right? From the 400 test pictures draw 400, some twice and others not
# at all. Do that 5000 times, and see how much the accuracy varies. This is called the
# *bootstrap*.

# %% checks

_ = torch.manual_seed(0)
hits = (best(test_pictures).argmax(dim=1) == test_labels).double()  # [400]
draws = hits[torch.randint(400, (5000, 400))].mean(dim=1)  # [5000]
assert math.isclose(draws.std().item(), standard_error, rel_tol=0.05)
assert best_lr == 0.1
assert 0.93 < reported < 0.98

# %% [markdown]
# The confusion matrix
# --------------------
#
# One number says how often the net errs, not where. The *confusion matrix* has a row
# for each true digit and a column for each answer, and counts the pictures in each
# cell. The right answers are on the diagonal.

# %%

answers = best(test_pictures).argmax(dim=1)  # [400]
matrix = (10 * test_labels + answers).bincount(minlength=100).reshape(10, 10)

headline("Confusion matrix of the test set: a row for each true digit")
print("    " + " ".join(f"{digit:2}" for digit in range(10)))
for digit, row in enumerate(matrix.tolist()):
    print(f" {digit}: " + " ".join(f"{count:2}" if count else " ." for count in row))
print("right:", matrix.trace().item(), "wrong:", 400 - matrix.trace().item())

# %% [markdown]
# Counted again by hand. A row sums to the number of pictures of that digit, and the
# share of its diagonal is the *recall* of the digit.

# %% checks

by_hand = [[0] * 10 for _ in range(10)]
for true, answer in zip(test_labels.tolist(), answers.tolist(), strict=True):
    by_hand[true][answer] += 1
assert matrix.tolist() == by_hand
assert matrix.sum(dim=1).tolist() == test_labels.bincount().tolist()
assert math.isclose(matrix.trace().item() / 400, reported)

# %% plot

figure, axes = plt.subplots(figsize=(6, 5.5), layout="constrained")
shares = matrix / matrix.sum(dim=1, keepdim=True)  # [true, answer]
axes.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1)
for true, answer in matrix.nonzero().tolist():
    ink = "white" if shares[true, answer] > 0.5 else "black"
    count = matrix[true, answer].item()
    axes.text(answer, true, count, ha="center", va="center", color=ink)
axes.set(xlabel="answer of the net", ylabel="true digit")
axes.set(xticks=range(10), yticks=range(10))
axes.set_title("Confusion matrix of 400 test pictures")

# %% [markdown]
# The pictures it got wrong
# -------------------------
#
# Always look at the mistakes. You find wrong labels, bad pictures, and cases that you
# would get wrong too. Here are the mistakes of which the net was most sure.

# %%

with torch.no_grad():
    probabilities = best(test_pictures).softmax(dim=1)  # [400, 10]
sureness, answers = probabilities.max(dim=1)  # [400], [400]
wrong = (answers != test_labels).nonzero().flatten()  # [wrong]
wrong = wrong[sureness[wrong].argsort(descending=True)]

headline("The three mistakes that it was most sure of")
for i in wrong[:3].tolist():
    print(f"a {test_labels[i]} taken for a {answers[i]}, probability {sureness[i]:.2f}")

# %% checks

assert len(wrong) == 400 - matrix.trace()
assert sureness[wrong].tolist() == sorted(sureness[wrong].tolist(), reverse=True)
torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(400).double())

# %% plot

figure, panels = plt.subplots(2, 8, figsize=(10, 3.2), layout="constrained")
figure.suptitle("Test pictures that the net got wrong: answer (truth)")
for axes in panels.flat:
    axes.axis("off")
for axes, i in zip(panels.flat, wrong.tolist(), strict=False):
    axes.imshow(test_pictures[i].reshape(8, 8).numpy(), cmap="gray_r")
    axes.set_title(f"{answers[i]} ({test_labels[i]})")

# %% [markdown]
# What goes wrong: a leak across the split
# ----------------------------------------
#
# Where in the file does the nearest neighbour of each picture stand? If the order meant
# nothing, about one neighbour in nine would stand within 100 places.

# %%

distances = torch.cdist(ready_made.tensors[0], ready_made.tensors[0])  # [1797, 1797]
_ = distances.fill_diagonal_(math.inf)
places = (distances.argmin(dim=1) - torch.arange(1797)).abs()  # [1797]
close = (places <= 100).double().mean().item()

headline("Nearest neighbours within 100 places in the file")
print(f"{close:.0%}")

# %% [markdown]
# It is more than one in two. The pictures were written by 13 people, as
# ``digits.DESCR`` says, and a person's digits stand close together in the file. After a
# random split each person is in the training set *and* in the test set. The net has
# seen the handwriting that it is tested on.
#
# If it is to read strangers' digits, the test must hold strangers. Cut the file instead
# of shuffling it: the first 1000 pictures to train, the last 400 to test.

# %%

headline("Accuracy after a random split and after a cut")
known, strangers = list(range(1000)), list(range(1397, 1797))
cut_net, _ = train(TensorDataset(*ready_made[known]), 10)
cut = accuracy(cut_net, *ready_made[strangers])
cut_neighbour = nearest_neighbour(known, strangers)
random_neighbour = nearest_neighbour(train_set.indices, test_set.indices)
print(f"net:               {reported:.1%} and {cut:.1%}")
print(f"nearest neighbour: {random_neighbour:.1%} and {cut_neighbour:.1%}")

# %% [markdown]
# The random split promised too much, for the net and for the nearest neighbour. So let
# the test hold what will be new when the net is used: other people, other patients,
# later days. This choice matters more than any seed.

# %% checks

by_chance = sum(min(i, 100) + min(1796 - i, 100) for i in range(1797)) / 1797 / 1796
assert math.isclose(by_chance, 1 / 9, rel_tol=0.05)
assert close > 4 * by_chance
assert "different 13" in " ".join(digits.DESCR.split())
assert reported - cut > 2 * standard_error
assert random_neighbour - cut_neighbour > 0.02

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - A ``Dataset`` gives example ``i``; a ``DataLoader`` shuffles, collates and batches.
# - A batch's gradient is an estimate: its noise falls with the root of the batch size.
# - Small batches win by the number of steps. Shuffle, or the net learns the order.
# - Train on one set, choose on a second, report on a third, with its standard error.
# - Look at the mistakes. Test on what will be new in use: people, patients, days.
#
# Next: generalisation. You have seen training accuracy pull ahead of validation
# accuracy; now you do something about it.
