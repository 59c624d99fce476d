# %% [markdown]
"""
Generalisation
==============

**About 45 minutes.** You need the digits and the three sets of lesson 7.
After this lesson you can

- see overfitting in two curves, and stop in time;
- use weight decay and dropout, and say what each does to the numbers;
- judge whether more data would help;
- say why deep nets need a good start, batch norm or gradient clipping.

A net that knows its training pictures by heart has learned nothing that you can use.
What counts is how it does on pictures that it has never seen: how well it
*generalises*. In this lesson you make a net overfit badly and then try the remedies,
one by one, each with a measurement. The second half is about nets of many layers, which
often don't learn at all until you help them.
"""

# %%

import copy
import math
import sys

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from torchtour.lessons import headline

try:
    from sklearn.datasets import load_digits
except ImportError:
    print("This lesson needs scikit-learn: pip install scikit-learn", file=sys.stderr)
    sys.exit(2)

torch.set_num_threads(1)  # sharing tensors this small costs more than it saves

# %% [markdown]
# A hard little problem
# ---------------------
#
# The digits again, in ``float64`` as in lesson 7. To make it hard there are only 200
# pictures to train on, and one label in five is wrong, as happens when tired people
# label. The labels of the validation and test set are all right. In reality you would
# not know which labels are wrong. Here we keep a list, ``spoiled``, to look into the
# net later.

# %%

digits = load_digits()
generator = torch.Generator().manual_seed(0)
order = torch.randperm(1797, generator=generator)
pictures = torch.from_numpy(digits.data)[order] / 16  # [picture, pixel]
truth = torch.from_numpy(digits.target)[order]  # [picture]

spoiled = torch.rand(1797, generator=generator) < 0.2  # [picture]
other = (truth + torch.randint(1, 10, (1797,), generator=generator)) % 10
labels = torch.where(spoiled, other, truth)  # what the net is told

val_pictures, val_labels = pictures[800:1297], truth[800:1297]
test_pictures, test_labels = pictures[1297:], truth[1297:]

headline("200 pictures, some with a wrong label")
print("told: ", labels[:20].tolist())
print("truth:", truth[:20].tolist())
print("wrong labels among the 200:", spoiled[:200].sum().item())

# %% checks

wrong = [told != true for told, true in zip(labels[:200], truth[:200], strict=True)]
assert sum(wrong) == spoiled[:200].sum()
assert abs(sum(wrong) - 40) < 4 * math.sqrt(200 * 0.2 * 0.8)  # four standard deviations
assert len(val_labels) == 1297 - 800
assert len(test_labels) == 1797 - 1297

# %% [markdown]
# Two curves part
# ---------------
#
# One epoch, and the measurement after it. ``net.train()`` and ``net.eval()`` change
# nothing in this first net; they will matter further down.

# %%


def one_epoch(net, optimizer, n=200):
    """Train on the first n pictures, in shuffled batches of 50."""
    net.train()
    for batch in torch.randperm(n).split(50):
        loss = cross_entropy(net(pictures[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def measure(net, pictures, labels):
    """Loss and accuracy."""
    net.eval()
    with torch.no_grad():
        logits = net(pictures)
    accuracy = (logits.argmax(dim=1) == labels).double().mean().item()
    return cross_entropy(logits, labels).item(), accuracy


def train(net, n=200, epochs=60, weight_decay=0.0):
    """Returns training loss, validation loss and validation accuracy of each epoch."""
    optimizer = torch.optim.SGD(
        net.parameters(), lr=0.1, momentum=0.9, weight_decay=weight_decay
    )
    curves = {"train": [], "val": [], "accuracy": []}
    for _ in range(epochs):
        one_epoch(net, optimizer, n)
        curves["train"].append(measure(net, pictures[:n], labels[:n])[0])
        val_loss, val_accuracy = measure(net, val_pictures, val_labels)
        curves["val"].append(val_loss)
        curves["accuracy"].append(val_accuracy)
    return curves


def new_net(dropout=0.0):
    """64 pixels, 128 hidden units, 10 classes; always from the same random weights."""
    _ = torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Dropout(dropout), nn.Linear(128, 10)
    ).double()


headline("60 epochs on 200 pictures")
plain_net = new_net()
plain = train(plain_net)
print("epoch  training loss  validation loss  validation accuracy")
for epoch in (1, 5, 10, 20, 40, 60):
    print(f"{epoch:5}", end="")
    print(f"{plain['train'][epoch - 1]:15.2f}{plain['val'][epoch - 1]:17.2f}", end="")
    print(f"{plain['accuracy'][epoch - 1]:21.0%}")

# %% [markdown]
# The training loss falls and falls. The validation loss falls with it for about ten
# epochs, then turns and rises. From there on the net is *overfitting*: what it still
# learns is true of the 200 pictures only.
#
# And what does it still learn? The wrong labels. At the end it gives nearly all of the
# spoiled pictures the wrong answer that it was told.

# %%

headline("Answers to the spoiled training pictures")
with torch.no_grad():
    answers = plain_net(pictures[:200]).argmax(dim=1)[spoiled[:200]]  # [spoiled]
as_told = (answers == labels[:200][spoiled[:200]]).sum().item()
as_true = (answers == truth[:200][spoiled[:200]]).sum().item()
print(f"as told: {as_told}, as is true: {as_true}, of {len(answers)}")

# %% checks

turn = min(
    range(60), key=plain["val"].__getitem__
)  # where the validation loss is lowest
assert 4 < turn < 25
assert plain["val"][-1] > 1.4 * plain["val"][turn]
assert plain["train"][-1] < 0.3 * plain["train"][turn]
assert plain["accuracy"][turn] - plain["accuracy"][-1] > 0.07
assert as_told > 0.9 * len(answers)

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(range(1, 61), plain["train"], color="#0072B2", label="training")
axes.plot(range(1, 61), plain["val"], "--", color="#D55E00", label="validation")
axes.axvline(turn + 1, color="black", linestyle=":", label="lowest validation loss")
axes.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
axes.set_title("Overfitting: training and validation loss part")
axes.legend()

# %% [markdown]
# Early stopping
# --------------
#
# The cheapest remedy: keep the weights of the best epoch, and stop when there has been
# no better one for a while. How long you wait is called the *patience*. Lightning has
# it as the callback ``EarlyStopping``.

# %%


def train_until_it_turns(net, n=200, patience=10):
    """Leaves the net with its best weights; returns the best epoch and the last."""
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    best_loss, best_epoch, epoch = math.inf, 0, 0
    while epoch - best_epoch < patience:
        epoch += 1
        one_epoch(net, optimizer, n)
        loss, _ = measure(net, val_pictures, val_labels)
        if loss < best_loss:
            best_loss, best_epoch = loss, epoch
            best_weights = copy.deepcopy(net.state_dict())
    net.load_state_dict(best_weights)
    return best_epoch, epoch


stopped_net = new_net()
best_epoch, last_epoch = train_until_it_turns(stopped_net)

headline("Early stopping with a patience of ten epochs")
print(f"stopped after epoch {last_epoch}, went back to epoch {best_epoch}")
loss, accuracy = measure(stopped_net, val_pictures, val_labels)
print(f"validation loss {loss:.2f}, accuracy {accuracy:.0%}")

# %% [markdown]
# It is the same training as before, cut short, so the best epoch and its loss must be
# those of the curve above.

# %% checks

assert best_epoch == turn + 1
assert last_epoch == best_epoch + 10
assert math.isclose(loss, min(plain["val"]))
assert math.isclose(accuracy, plain["accuracy"][turn])

# %% [markdown]
# What goes wrong: no copy of the weights
# ---------------------------------------
#
# ``state_dict()`` does not copy. It holds the very tensors that the optimizer goes on
# changing. Keep it as it is, and your "best" weights are always the latest. That is why
# there is a ``deepcopy`` above.

# %%

net = new_net()
kept, copied = net.state_dict(), copy.deepcopy(net.state_dict())
one_epoch(net, torch.optim.SGD(net.parameters(), lr=0.1))

headline("The first weight before and after an epoch")
print(f"before, copied: {copied['0.weight'][0, 3]:.4f}")
print(f"before, kept:   {kept['0.weight'][0, 3]:.4f}")
print(f"after:          {net[0].weight[0, 3]:.4f}")

# %% checks

assert torch.equal(kept["0.weight"], net[0].weight)
assert torch.equal(copied["0.weight"], new_net()[0].weight)
assert not torch.equal(copied["0.weight"], net[0].weight)

# %% [markdown]
# Weight decay
# ------------
#
# To get all 200 labels right, the wrong ones too, a net needs sharp bends, and sharp
# bends need large weights. *Weight decay* pulls each weight towards zero in every step.
# Only weights that help with many pictures stay large. SGD does it by adding
# ``weight_decay`` times the weight to its gradient.

# %%

headline("Weight decay by strength, after 60 epochs")
decays = {0.0: (plain_net, plain)}
for strength in (0.01, 0.03, 0.1):
    net = new_net()
    decays[strength] = (net, train(net, weight_decay=strength))
for strength, (net, curves) in decays.items():
    length = torch.cat([weight.flatten() for weight in net.parameters()]).norm()
    train_accuracy = measure(net, pictures[:200], labels[:200])[1]
    print(f"{strength:4}: length of all weights {length:4.1f}, ", end="")
    print(f"training accuracy {train_accuracy:3.0%}, ", end="")
    print(f"validation {curves['accuracy'][-1]:3.0%}")

# %% [markdown]
# The stronger the pull, the shorter the weights, and the worse the net knows its
# training labels by heart. With 0.03 it is right about four in five of them: those that
# are true. With 0.1 it learns too little of anything: it *underfits*. You choose the
# strength on the validation set, like a learning rate.
#
# You can also add strength / 2 * w^2 to the loss, for each weight w. Its derivative is
# strength * w, so the step is the same. The check makes both steps, and one by hand.

# %% checks


def one_step(weight_decay, penalty):
    net = new_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, weight_decay=weight_decay)
    loss = cross_entropy(net(pictures[:200]), labels[:200])
    squares = sum(weight.square().sum() for weight in net.parameters())
    (loss + penalty / 2 * squares).backward()
    optimizer.step()
    return net[0].weight.detach(), net[0].weight.grad


before = new_net()[0].weight.detach()
plain_step, plain_gradient = one_step(weight_decay=0.0, penalty=0.0)
by_hand = before - 0.1 * (plain_gradient + 0.03 * before)
torch.testing.assert_close(one_step(weight_decay=0.03, penalty=0.0)[0], by_hand)
torch.testing.assert_close(one_step(weight_decay=0.0, penalty=0.03)[0], by_hand)
assert not torch.allclose(plain_step, by_hand)
lengths = [net[0].weight.norm().item() for net, _ in decays.values()]
assert lengths == sorted(lengths, reverse=True)
reached = {strength: curves["accuracy"][-1] for strength, (_, curves) in decays.items()}
assert max(reached, key=reached.get) == 0.03
assert reached[0.03] - reached[0.0] > 0.07
assert reached[0.1] < reached[0.03] - 0.1
decay_net, decay = decays[0.03]
assert abs(measure(decay_net, pictures[:200], labels[:200])[1] - 0.8) < 0.05

# %% [markdown]
# Dropout
# -------
#
# *Dropout* sets each hidden number to zero with probability p, at random each time, and
# divides the others by 1 - p, so that their mean stays. The net can't rely on any
# single hidden unit then, and learning 200 labels by heart becomes hard. It is for
# training only. ``net.eval()`` turns it off, ``net.train()`` on again.

# %%

_ = torch.manual_seed(0)
dropout = nn.Dropout(0.5)
ones = torch.ones(100_000, dtype=torch.float64)

headline("Dropout of ones, with p = 0.5")
dropped = dropout.train()(ones)
print("in training mode:", dropped[:10].int().tolist())
print(
    f"share of zeros: {(dropped == 0).double().mean():.2f}, mean: {dropped.mean():.2f}"
)
print("after eval():    ", dropout.eval()(ones)[:10].int().tolist())

# %% checks

assert dropped.unique().tolist() == [0, 1 / (1 - 0.5)]
deviation = math.sqrt(0.5 * 0.5 / 100_000)  # of the share of zeros
assert abs((dropped == 0).double().mean() - 0.5) < 5 * deviation
assert abs(dropped.mean() - 1) < 10 * deviation
assert torch.equal(dropout.eval()(ones), ones)

# %%

headline("Dropout on the 200 pictures")
dropouts = {0.0: (plain_net, plain)}
for p in (0.5, 0.7):
    net = new_net(dropout=p)
    dropouts[p] = (net, train(net))
for p, (net, curves) in dropouts.items():
    train_accuracy = measure(net, pictures[:200], labels[:200])[1]
    print(f"p = {p}: training {train_accuracy:3.0%}, ", end="")
    print(f"validation {curves['accuracy'][-1]:3.0%}")

# %% checks

dropout_net, dropout_curves = dropouts[0.7]
in_order = [curves["accuracy"][-1] for _, curves in dropouts.values()]
assert in_order == sorted(in_order)
assert in_order[-1] - in_order[0] > 0.07

# %% [markdown]
# What goes wrong: no eval() with dropout
# ---------------------------------------
#
# Forget ``eval()``, and the net still drops seven in ten of its hidden units when you
# ask it something. The answer to one and the same picture becomes a matter of chance.
# ``no_grad`` does not help: it stops autograd, not dropout.

# %%

_ = torch.manual_seed(0)
headline("The test pictures, asked in both modes")
with torch.no_grad():
    for mode in (dropout_net.train, dropout_net.eval):
        mode()
        first, second = (dropout_net(test_pictures).argmax(dim=1) for _ in range(2))
        right = (first == test_labels).double().mean()
        changed = (first != second).sum().item()
        print(f"{mode.__name__:5}: accuracy {right:3.0%}, ", end="")
        print(f"asked again, {changed} answers change")

# %% [markdown]
# By hand: in ``eval`` mode the net is its two linear layers and the ReLU, and nothing
# else.

# %% checks

assert changed == 0
with torch.no_grad():
    hidden = (test_pictures @ dropout_net[0].weight.T + dropout_net[0].bias).clamp(
        min=0
    )
    logits = hidden @ dropout_net[3].weight.T + dropout_net[3].bias
    torch.testing.assert_close(dropout_net(test_pictures), logits)
    dropout_net.train()
    in_training_mode = (
        dropout_net(test_pictures).argmax(dim=1) == test_labels
    ).double()
assert in_training_mode.mean() < right - 0.05

# %% [markdown]
# More data
# ---------
#
# The best remedy of all, where you can get it. The new pictures have one wrong label in
# five as well. For each number of pictures, here is the validation accuracy with early
# stopping and after 60 epochs.

# %%

headline("Validation accuracy by number of training pictures")
more = {}
for n in (100, 200, 400, 800):
    net, curves = stopped_net, plain  # the runs above
    if n != 200:
        curves = train(new_net(), n)
        net = new_net()
        train_until_it_turns(net, n)
    more[n] = (net, measure(net, val_pictures, val_labels)[1], curves)
    print(f"{n:3} pictures: {more[n][1]:3.0%}, ", end="")
    print(f"after 60 epochs {curves['accuracy'][-1]:3.0%}")

# %% [markdown]
# A curve like this tells you whether more data would pay: it is still rising here. The
# gap between the two columns stays. More data does not replace stopping in time.

# %% checks

stopped = [accuracy for _, accuracy, _ in more.values()]
assert stopped == sorted(stopped)
assert more[800][1] > more[200][1] + 0.03
assert all(curves["accuracy"][-1] < best - 0.04 for _, best, curves in more.values())

# %% [markdown]
# The test, once
# --------------
#
# All choices are made, on the validation set. Now the test set.

# %%

headline("Test accuracy")
remedies = {
    "none": plain_net,
    "early stopping": stopped_net,
    "weight decay 0.03": decay_net,
    "dropout 0.7": dropout_net,
    "early stopping, 800 pictures": more[800][0],
}
tested = {}
for name, net in remedies.items():
    tested[name] = measure(net, test_pictures, test_labels)[1]
    print(f"{name:28} {tested[name]:3.0%}")

# %% [markdown]
# The standard error (lesson 7) of these is about 1.5 %. So each remedy is far better
# than none. Which of them is best is a question of the data, and they can be combined.

# %% checks

error = max(math.sqrt(p * (1 - p) / 500) for p in list(tested.values())[1:])
assert error < 0.018
assert min(list(tested.values())[1:]) > tested["none"] + 3 * error

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
runs = {
    "none": (plain, "black", ":"),
    "weight decay 0.03": (decay, "#009E73", "-."),
    "dropout 0.7": (dropout_curves, "#D55E00", "--"),
    "800 pictures": (more[800][2], "#0072B2", "-"),
}
for name, (curves, colour, dash) in runs.items():
    axes.plot(range(1, 61), curves["accuracy"], dash, color=colour, label=name)
axes.set(xlabel="epoch", ylabel="validation accuracy", ylim=(0.5, 1))
axes.set_title("Validation accuracy with three remedies and with none")
axes.legend(loc="lower right")

# %% [markdown]
# Many layers: how large are the numbers?
# ---------------------------------------
#
# So far the net learned too well. Nets of many layers have the opposite trouble: they
# often do not start to learn. Each layer multiplies. If it makes its numbers half as
# large on average, twenty layers make them a million times smaller, and the gradients
# with them.
#
# Take twenty layers of 512 units, with weights from a normal distribution, and look at
# the typical size of the numbers (the root of the mean square) as they pass through.
# *Kaiming initialisation* gives the weights of a layer with n inputs the standard
# deviation root(2 / n). Try half of that, exactly that, and twice that.

# %%

_ = torch.manual_seed(0)
noise = torch.randn(200, 512, dtype=torch.float64)
headline("Typical size after layer 1, 5, 10 and 20")
sizes = {}
for factor in (0.5, 1.0, 2.0):
    hidden, sizes[factor] = noise, []
    for _ in range(20):
        weight = nn.init.kaiming_normal_(torch.empty(512, 512)).double()
        hidden = (hidden @ (factor * weight).T).relu()
        sizes[factor].append(hidden.square().mean().sqrt().item())
    row = " ".join(f"{sizes[factor][layer - 1]:9.2g}" for layer in (1, 5, 10, 20))
    print(f"{factor} times Kaiming: {row}")

# %% [markdown]
# Half shrinks to a millionth, double grows to a million, and Kaiming stays. The
# arithmetic: a unit sums n products of a weight and a number. That multiplies the mean
# square by n * variance, where the variance is that of the weights. ReLU then sets half
# of the numbers to zero and halves the mean square. So each layer multiplies it by
# n * variance / 2. With Kaiming's variance 2 / n, that is 1.
#
# ``nn.Linear`` starts with other weights: evenly spread between -1 / root(n) and
# 1 / root(n). Their variance is 1 / (3 n), so each layer multiplies the mean square by
# one sixth. For two or three layers that is no problem.

# %% checks

for factor, measured in sizes.items():
    for layer, size in enumerate(measured, start=1):
        assert math.isclose(size, factor**layer, rel_tol=0.5)
default = nn.Linear(512, 512).weight
assert math.isclose(512 * default.var().item() / 2, 1 / 6, rel_tol=0.02)

# %% [markdown]
# Does it matter for learning? Ten layers of 64 units on 800 digits with true labels,
# six epochs of 16 batches:

# %%


def deep_net(kaiming=False, batch_norm=False, seed=0):
    """Ten times Linear, perhaps BatchNorm, ReLU; then a Linear to ten classes."""
    _ = torch.manual_seed(seed)
    layers = []
    for _ in range(10):
        layers += [nn.Linear(64, 64)]
        layers += [nn.BatchNorm1d(64)] if batch_norm else []
        layers += [nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(64, 10)).double()
    for layer in net:
        if kaiming and isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
    return net


def train_deep(net, lr=0.01, momentum=0.9, clip=None, steps=96):
    """Returns the loss of each step and the length of its gradient before clipping."""
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)
    losses, lengths = [], []
    net.train()
    _ = torch.manual_seed(0)  # the same batches for all nets
    while len(losses) < steps:
        for batch in torch.randperm(800).split(50):
            loss = cross_entropy(net(pictures[batch]), truth[batch])
            optimizer.zero_grad()
            loss.backward()
            length = nn.utils.clip_grad_norm_(net.parameters(), clip or math.inf)
            optimizer.step()
            losses.append(loss.item())
            lengths.append(length.item())
    return losses, lengths


def late(losses):
    """The mean loss of the last 16 steps, one epoch."""
    return sum(losses[-16:]) / 16


starts = {
    "torch's default": deep_net(),
    "Kaiming": deep_net(kaiming=True),
    "batch norm": deep_net(batch_norm=True),
}
headline("Ten layers after six epochs, learning rate 0.01")
deep_losses = {}
for name, net in starts.items():
    deep_losses[name], _ = train_deep(net)
    val_accuracy = measure(net, val_pictures, val_labels)[1]
    print(f"{name:15} loss {late(deep_losses[name]):.1f}, ", end="")
    print(f"validation accuracy {val_accuracy:3.0%}")

# %% [markdown]
# With torch's default start the net knows nothing after six epochs: its loss is that of
# guessing, log(10) = 2.3. With Kaiming's start it learns, and nothing but the first
# random weights is different. What batch norm does comes further down.

# %% checks

assert abs(late(deep_losses["torch's default"]) - math.log(10)) < 0.02
assert late(deep_losses["Kaiming"]) < 1
assert late(deep_losses["batch norm"]) < 0.5

# %% [markdown]
# What goes wrong: all weights alike
# ----------------------------------
#
# Why random at all? If all units of a layer start alike, they get the same gradient, in
# every step, and stay alike for ever. A layer of 128 units is then a single unit.

# %%

net = new_net()
for weight in net.parameters():
    nn.init.constant_(weight, 0.05)
alike = train(net, epochs=20)

headline("All weights 0.05, after 20 epochs")
units = net[0].weight.detach().round(decimals=9).unique(dim=0)
print("different units among 128:", len(units))
print(f"validation accuracy: {alike['accuracy'][-1]:.0%}")

# %% checks

spread = (net[0].weight - net[0].weight[0]).abs().max()
assert spread < 1e-9 < (net[0].weight[0] - 0.05).abs().max()  # alike, and moved
assert len(new_net()[0].weight.unique(dim=0)) == 128
assert len(alike["accuracy"]) == 20
assert alike["accuracy"][-1] < plain["accuracy"][19] - 0.2

# %% [markdown]
# Batch norm
# ----------
#
# Instead of hoping that the numbers keep their size, *batch norm* sets it. For each
# hidden unit it subtracts the mean over the batch and divides by the standard
# deviation. (Then it multiplies by one learned number and adds another, 1 and 0 at the
# start.) Whatever the weights are, the next layer sees numbers of size 1.
#
# In ``eval`` mode there may be no batch, so it uses running averages that it kept while
# training: nine tenths of the old one, one tenth of the new.

# %%

_ = torch.manual_seed(0)
norm = nn.BatchNorm1d(3).double()
batch = torch.tensor([0.0, 10.0, -5.0]) + torch.tensor(
    [1.0, 100.0, 0.01]
) * torch.randn(50, 3)
batch = batch.double()  # [50, 3], columns of very different sizes

headline("Three columns, before and after batch norm")
for name, columns in {"before": batch, "after": norm(batch)}.items():
    means = " ".join(
        f"{abs(x) if abs(x) < 1e-6 else x:7.2f}" for x in columns.mean(dim=0)
    )
    deviations = " ".join(f"{x:7.2f}" for x in columns.std(dim=0, correction=0))
    print(f"{name:6} means {means}, standard deviations {deviations}")
print("running mean:", [round(x, 2) for x in norm.running_mean.tolist()])

# %% [markdown]
# By hand. The small number 1e-5 guards against dividing by zero. The variance of the
# third column is only ten times as large, so there it shows: 0.96 in place of 1.

# %% checks

mean, variance = batch.mean(dim=0), batch.var(dim=0, correction=0)
fresh = nn.BatchNorm1d(3).double()
torch.testing.assert_close(fresh(batch), (batch - mean) / (variance + 1e-5).sqrt())
running_mean, running_variance = 0.1 * mean, 0.9 + 0.1 * batch.var(dim=0)
torch.testing.assert_close(fresh.running_mean, running_mean)
torch.testing.assert_close(fresh.running_var, running_variance)
in_eval = (batch - running_mean) / (running_variance + 1e-5).sqrt()
torch.testing.assert_close(fresh.eval()(batch), in_eval)

# %% [markdown]
# What goes wrong: batch norm and single examples
# -----------------------------------------------
#
# In training mode an answer depends on the other pictures in the batch. With a single
# one there is no spread to divide by, and torch refuses. If you meet this message when
# you use a net, you forgot ``eval()``. If you meet it in training, the last batch has
# one example: ``drop_last=True`` leaves it out.

# %%

net = starts["batch norm"]
headline("One picture in both modes")
refusal = ""
try:
    net.train()(val_pictures[:1])
except ValueError as error:
    refusal = str(error)
print("train:", refusal)
print("eval: ", list(net.eval()(val_pictures[:1]).shape))

# %% checks

assert "more than 1 value per channel" in refusal
with torch.no_grad():
    alone, together = net(val_pictures[:1]), net(val_pictures[:10])[:1]
    torch.testing.assert_close(alone, together)  # in eval mode the others don't matter
    one_batch = copy.deepcopy(net).train()(val_pictures[:10])[0]
    other_batch = copy.deepcopy(net).train()(val_pictures[[0, *range(20, 29)]])[0]
assert not torch.allclose(one_batch, other_batch, atol=0.01)

# %% [markdown]
# Gradient clipping
# -----------------
#
# Now and then a deep net has a gradient many times longer than usual. One step along it
# throws the weights far away, and all is lost. *Clipping* sets a limit: a longer
# gradient is shortened to it and keeps its direction. Call ``nn.utils.clip_grad_norm_``
# between ``backward`` and ``step``, as ``train_deep`` does above. It returns the length
# that the gradient had before.
#
# Here are the ten layers with Kaiming's start and plain SGD at a rate of 0.3, without
# and with a limit of 1.

# %%

headline("Six epochs with learning rate 0.3")
clipped = {}
for clip in (None, 1.0):
    for seed in (0, 1, 2):
        net = deep_net(kaiming=True, seed=seed)
        losses, lengths = train_deep(net, lr=0.3, momentum=0.0, clip=clip)
        clipped[clip, seed] = (losses, lengths)
    shown = [f"{late(clipped[clip, seed][0]):.1f}" for seed in (0, 1, 2)]
    print(f"{'no clipping' if clip is None else 'clipping at 1':13} loss", *shown)
early = torch.tensor(clipped[1.0, 0][1][:16])
print(f"gradients longer than 1 among the first 16: {(early > 1).sum().item()}")

# %% [markdown]
# The same start, the same rate: clipping decides. Without it the loss stays close to
# that of guessing, 2.3. A limit as low as 1 shortens nearly
# every gradient of this net at first; the picture shows their lengths. Clipping is no
# cure for a rate that is far too high, and it hides what happens, so log the length
# that it returns.
#
# The rule by hand: multiply by limit / length where the length is above the limit, else
# leave it alone. The check makes the first five steps of both trainings with it. And of
# the training with momentum further up: there 0.9 times the last direction is added to
# the gradient.

# %% checks

assert all(late(clipped[1.0, seed][0]) < 1 for seed in (0, 1, 2))
assert not any(late(clipped[None, seed][0]) < 1.7 for seed in (0, 1, 2))  # nan is not
for limit in (0.5, 1000.0):
    net = deep_net(kaiming=True)
    cross_entropy(net(pictures[:50]), truth[:50]).backward()
    before = torch.cat([weight.grad.flatten() for weight in net.parameters()])
    returned = nn.utils.clip_grad_norm_(net.parameters(), limit)
    after = torch.cat([weight.grad.flatten() for weight in net.parameters()])
    length = math.sqrt(sum(x * x for x in before.tolist()))
    assert math.isclose(returned.item(), length)
    expected = before * limit / length if length > limit else before
    torch.testing.assert_close(after, expected, rtol=1e-5, atol=1e-9)
for seen, lr, momentum, clip in (
    (clipped[None, 0][0], 0.3, 0, None),
    (clipped[1.0, 0][0], 0.3, 0, 1.0),
    (deep_losses["Kaiming"], 0.01, 0.9, None),
):
    assert len(seen) == 6 * 16
    net = deep_net(kaiming=True)
    _ = torch.manual_seed(0)
    velocity = [torch.zeros_like(weight) for weight in net.parameters()]
    for step, batch in enumerate(torch.randperm(800).split(50)[:5]):
        loss = cross_entropy(net(pictures[batch]), truth[batch])
        gradients = torch.autograd.grad(loss, list(net.parameters()))
        length = math.sqrt(sum(part.square().sum().item() for part in gradients))
        assert math.isclose(seen[step], loss.item(), rel_tol=1e-5)
        factor = 1 if clip is None else min(1, clip / length)
        with torch.no_grad():
            for weight, v, gradient in zip(
                net.parameters(), velocity, gradients, strict=True
            ):
                v.mul_(momentum).add_(factor * gradient)
                weight -= lr * v

# %% plot

figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
styles = (
    (None, "#D55E00", "--", "no clipping"),
    (1.0, "#0072B2", "-", "clipping at 1"),
)
for clip, colour, dash, name in styles:
    losses, lengths = clipped[clip, 0]
    panels[0].plot(losses, dash, color=colour, label=name)
    panels[1].plot(lengths, dash, color=colour, label=name)
panels[0].set(title="Training loss", xlabel="step", ylabel="cross-entropy")
panels[1].set(
    title="Length of the gradient", xlabel="step", yscale="log", ylim=(0.03, 20)
)
panels[1].axhline(1, color="black", linestyle=":", label="limit")
panels[0].legend()
panels[1].legend(loc="lower right", ncols=3, fontsize="small")
figure.suptitle("Ten layers trained without and with gradient clipping")

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - Overfitting: the validation loss rises while the training loss falls. Plot both.
# - Early stopping keeps a copy of the best weights; weight decay keeps weights short.
# - More good data helps most; accuracy by number of examples says whether it would.
# - Deep nets need numbers that keep their size: Kaiming's start, batch norm, clipping.
# - Dropout and batch norm act differently in ``train`` and ``eval`` mode. Choose.
#
# Next: the tools of everyday work: better schedules, mixed precision, profiling, and
# finding out what is broken.
