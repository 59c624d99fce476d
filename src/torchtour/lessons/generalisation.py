# %% [markdown]
"""
Overfitting and deeper nets
===========================

**About 60 minutes.** You need the digits and the three sets of lesson 7.
After this lesson you can

- see overfitting in two curves, and stop in time;
- use weight decay and dropout, and say what each does to the numbers;
- judge whether more data would help;
- say why deep nets need a good start, normalisation, skip connections or clipping.

A net that has only memorised its training pictures has learned nothing that you can
use. What counts is how it does on pictures that it has never seen: how well it
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
from torchtour.lessons._by_hand import train_by_rule

try:
    from sklearn.datasets import load_digits
except ImportError:
    print("This lesson needs scikit-learn: pip install scikit-learn", file=sys.stderr)
    sys.exit(2)

torch.set_num_threads(1)  # as in lesson 4: tensors this small

# %% [markdown]
# A hard little problem
# ---------------------
#
# The digits again. To make it hard there are only 200 pictures to train on, and one
# label in five is wrong, as happens when tired people label. The labels of the
# validation and test set are all right. In reality you would not know which labels are
# wrong. Here we keep a list, ``spoiled``, to look into the net later.

# %%

digits = load_digits()
generator = torch.Generator().manual_seed(0)
order = torch.randperm(1797, generator=generator)
pictures = torch.from_numpy(digits.data).float()[order] / 16  # [picture, pixel]
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
# Two curves separate
# -------------------
#
# One epoch, and the measurement after it. ``net.train()`` and ``net.eval()`` change
# nothing in this first net; they will matter below. The nets of this lesson are put
# together with ``nn.Sequential`` (lesson 3).

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
    accuracy = (logits.argmax(dim=1) == labels).float().mean().item()
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
    )


headline("60 epochs on 200 pictures")
plain_net = new_net()
plain = train(plain_net)
print("epoch  training loss  validation loss  validation accuracy")
for epoch in (1, 5, 10, 20, 40, 60):
    print(f"{epoch:5}", end="")
    print(f"{plain['train'][epoch - 1]:15.1f}{plain['val'][epoch - 1]:17.1f}", end="")
    print(f"{plain['accuracy'][epoch - 1]:21.0%}")
turn = min(range(60), key=plain["val"].__getitem__)  # counted from 0
print("lowest validation loss in epoch", turn + 1)

# %% [markdown]
# The training loss keeps falling. The validation loss falls with it for about ten
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

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(range(1, 61), plain["train"], color="#0072B2", label="training")
axes.plot(range(1, 61), plain["val"], "--", color="#D55E00", label="validation")
axes.axvline(turn + 1, color="black", linestyle=":", label="lowest validation loss")
axes.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
axes.set_title("Overfitting: training and validation loss part")
axes.legend()

# %% checks

assert 4 < turn < 25
assert plain["val"][-1] > 1.4 * plain["val"][turn]
assert plain["train"][-1] < 0.3 * plain["train"][turn]
assert plain["accuracy"][turn] - plain["accuracy"][-1] > 0.07
assert as_told > 0.9 * len(answers)

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
print(f"validation loss {loss:.1f}, accuracy {accuracy:.0%}")

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
# ``state_dict()`` does not copy. It holds the very tensors that the optimizer keeps
# changing. If you keep it as it is, your "best" weights are always the latest. That is
# why there is a ``deepcopy`` above.

# %%

net = new_net()
kept, copied = net.state_dict(), copy.deepcopy(net.state_dict())
one_epoch(net, torch.optim.SGD(net.parameters(), lr=0.5))

headline("The first weight before and after an epoch")
print(f"before, copied: {copied['0.weight'][0, 3]:.3f}")
print(f"before, kept:   {kept['0.weight'][0, 3]:.3f}")
print(f"after:          {net[0].weight[0, 3]:.3f}")

# %% checks

assert torch.equal(kept["0.weight"], net[0].weight)
assert torch.equal(copied["0.weight"], new_net()[0].weight)
assert not torch.equal(copied["0.weight"], net[0].weight)

# %% [markdown]
# Weight decay
# ------------
#
# To get all 200 labels right, even the wrong ones, a net needs sharp bends, and sharp
# bends need large weights. *Weight decay* pulls each weight towards zero in every step.
# Only weights that help with many pictures stay large. SGD does it by adding
# ``weight_decay`` times the weight to its gradient.
#
# Here it pulls the biases too, which is simple but not usual. A bias doesn't make a
# bend sharper, and neither do the weights of a normalisation layer (see below). Most
# recipes leave both out, with two parameter groups (lesson 6). The last line shows it.

# %%

headline("Weight decay by strength, after 60 epochs")
decays = {0.0: (plain_net, plain)}
for strength in (0.01, 0.03, 0.1):
    net = new_net()
    decays[strength] = (net, train(net, weight_decay=strength))
for strength, (net, curves) in decays.items():
    length = torch.cat([weight.flatten() for weight in net.parameters()]).norm()
    train_accuracy = measure(net, pictures[:200], labels[:200])[1]
    print(f"{strength:4}: length of all weights {length:4.0f}, ", end="")
    print(f"training accuracy {train_accuracy:3.0%}, ", end="")
    print(f"validation {curves['accuracy'][-1]:3.0%}")


def decay_groups(net, weight_decay):
    """Two parameter groups: matrices with the decay, all other weights without."""
    matrices = [weight for weight in net.parameters() if weight.ndim > 1]
    others = [weight for weight in net.parameters() if weight.ndim <= 1]
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


groups = torch.optim.SGD(decay_groups(new_net(), 0.03), lr=0.1).param_groups
for group in groups:
    print([list(w.shape) for w in group["params"]], "decay", group["weight_decay"])

# %% [markdown]
# The stronger the pull, the shorter the weights, and the fewer training labels the net
# memorises. With 0.03 it gets about four in five of them right: those that are true.
# With 0.1 it learns too little of anything: it *underfits*. You choose the strength on
# the validation set, like a learning rate.
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
net = new_net()
optimizer = torch.optim.SGD(decay_groups(net, 0.03), lr=0.1)
cross_entropy(net(pictures[:200]), labels[:200]).backward()
bias, bias_gradient = net[0].bias.detach().clone(), net[0].bias.grad
optimizer.step()
torch.testing.assert_close(net[0].weight.detach(), by_hand)
torch.testing.assert_close(net[0].bias.detach(), bias - 0.1 * bias_gradient)

# %% [markdown]
# Dropout
# -------
#
# *Dropout* sets each hidden number to zero with probability p, at random each time, and
# divides the others by 1 - p, so that their mean stays. The net can't rely on any
# single hidden unit then, and memorising 200 labels becomes hard. It is for training
# only. ``net.eval()`` turns it off, ``net.train()`` on again.

# %%

_ = torch.manual_seed(0)
dropout = nn.Dropout(0.5)
ones = torch.ones(100_000)

headline("Dropout of ones, with p = 0.5")
dropped = dropout.train()(ones)
print("in training mode:", dropped[:10].int().tolist())
print(
    f"share of zeros: {(dropped == 0).float().mean():.2f}, mean: {dropped.mean():.2f}"
)
print("after eval():    ", dropout.eval()(ones)[:10].int().tolist())

# %% checks

assert dropped.unique().tolist() == [0, 1 / (1 - 0.5)]
deviation = math.sqrt(0.5 * 0.5 / 100_000)  # of the share of zeros
assert abs((dropped == 0).float().mean() - 0.5) < 5 * deviation
assert abs(dropped.mean() - 1) < 10 * deviation
assert torch.equal(dropout.eval()(ones), ones)

# %% [markdown]
# Dropout on the digits
# ---------------------
#
# Here are 60 epochs on the 200 pictures with two probabilities p.

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
# If you forget ``eval()``, the net still drops seven in ten of its hidden units when
# you use it. The answer to the same picture is then a matter of chance. ``no_grad``
# does not help: it stops autograd, not dropout.

# %%

_ = torch.manual_seed(0)
headline("The validation pictures, used in both modes")
with torch.no_grad():
    for mode in (dropout_net.train, dropout_net.eval):
        _ = mode()
        first, second = (dropout_net(val_pictures).argmax(dim=1) for _ in range(2))
        right = (first == val_labels).float().mean()
        changed = (first != second).sum().item()
        print(f"{mode.__name__:5}: accuracy {right:3.0%}, ", end="")
        print(f"asked again, {changed} answers change")

# %% [markdown]
# In ``eval`` mode the net is its two linear layers and the ReLU, and nothing else. The
# check does that by hand.

# %% checks

assert changed == 0
with torch.no_grad():
    hidden = (val_pictures @ dropout_net[0].weight.T + dropout_net[0].bias).clamp(min=0)
    logits = hidden @ dropout_net[3].weight.T + dropout_net[3].bias
    torch.testing.assert_close(dropout_net(val_pictures), logits)
    dropout_net.train()
    in_training_mode = (dropout_net(val_pictures).argmax(dim=1) == val_labels).float()
assert in_training_mode.mean() < right - 0.05

# %% [markdown]
# More data
# ---------
#
# The best remedy of all, where you can get it. The new pictures have one wrong label in
# five as well. For each number of pictures, here is the validation accuracy with early
# stopping, and without: the mean of the epochs 51 to 60.

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
    print(f"without {sum(curves['accuracy'][-10:]) / 10:3.0%}")

# %% [markdown]
# Numbers like these tell you whether more data would help: the first column is still
# rising. The gap between the two columns is there at every size, and it isn't smaller
# with more data. More data does not replace stopping in time.

# %% checks

stopped = [accuracy for _, accuracy, _ in more.values()]
assert stopped == sorted(stopped)
assert more[800][1] > more[200][1] + 0.03
gaps = [best - sum(curves["accuracy"][-10:]) / 10 for _, best, curves in more.values()]
assert min(gaps) > 0.04
assert gaps[-1] > gaps[0]  # with 800 pictures larger than with 100

# %% [markdown]
# The test, once
# --------------
#
# Choose on the validation set, as lesson 7 says. Then use the test set once, for the
# winner, and for the net without a remedy to see what you have gained.

# %%

remedies = {
    "none": plain_net,
    "early stopping": stopped_net,
    "weight decay 0.03": decay_net,
    "dropout 0.7": dropout_net,
    "early stopping, 800 pictures": more[800][0],
}
headline("Validation accuracy, to choose by")
validated = {}
for name, net in remedies.items():
    validated[name] = measure(net, val_pictures, val_labels)[1]
    print(f"{name:28} {validated[name]:3.0%}")
winner = max(validated, key=validated.get)

headline("Test accuracy, to report")
tested = {}
for name in ("none", winner):
    tested[name] = measure(remedies[name], test_pictures, test_labels)[1]
    print(f"{name:28} {tested[name]:3.0%}")

# %% [markdown]
# The standard error (lesson 7) of the winner's accuracy is about 1 %. So the gain is
# real. Which remedy is best depends on the data, and you can combine them.

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

# %% checks

error = math.sqrt(tested[winner] * (1 - tested[winner]) / 500)
assert winner == "early stopping, 800 pictures"
assert error < 0.014
assert tested[winner] > tested["none"] + 6 * error

# %% [markdown]
# Many layers: how large are the numbers?
# ---------------------------------------
#
# So far the net learned too well. Nets of many layers have the opposite problem: they
# often don't start to learn. Each layer multiplies. If it makes its numbers half as
# large on average, twenty layers make them a million times smaller, and the gradients
# with them.
#
# Take twenty layers of 512 units, with weights from a normal distribution, and look at
# the typical size of the numbers (the root of the mean square) as they pass through.
# *Kaiming initialisation* gives the weights of a layer with n inputs the standard
# deviation root(2 / n). Try half of that, exactly that, and twice that.

# %%

_ = torch.manual_seed(0)
noise = torch.randn(200, 512)
headline("Typical size after layer 1, 5, 10 and 20")
sizes = {}
for factor in (0.5, 1.0, 2.0):
    hidden, sizes[factor] = noise, []
    for _ in range(20):
        weight = nn.init.kaiming_normal_(torch.empty(512, 512))
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
#
# But ``nn.Linear`` also has a bias, drawn in the same way. It keeps the size from
# going to zero. What shrinks then is something else: the difference between inputs.

# %%

headline("torch's default weights after layer 1, 5, 10 and 20")
shrinking = {}
for bias in (False, True):
    _ = torch.manual_seed(0)
    hidden, found = noise, {"typical size": [], "differences": []}
    for _ in range(20):
        with torch.no_grad():
            hidden = nn.Linear(512, 512, bias=bias)(hidden).relu()
        spread = hidden - hidden.mean(dim=0)  # how the inputs differ from their mean
        found["typical size"].append(hidden.square().mean().sqrt().item())
        found["differences"].append(spread.square().mean().sqrt().item())
    shrinking[bias] = found
    for name, values in found.items():
        row = " ".join(f"{values[layer - 1]:8.1g}" for layer in (1, 5, 10, 20))
        print(f"{'with' if bias else 'without'} bias, {name:12} {row}")

# %% [markdown]
# With the bias the numbers settle at a small size, but by layer 20 all 200 inputs look
# alike. A net that can't tell its inputs apart can't learn.

# %% checks

for factor, measured in sizes.items():
    for layer, size in enumerate(measured, start=1):
        assert math.isclose(size, factor**layer, rel_tol=0.5)
default = nn.Linear(512, 512)
assert math.isclose(512 * default.weight.var().item() / 2, 1 / 6, rel_tol=0.02)
assert math.isclose(512 * default.bias.var().item(), 1 / 3, rel_tol=0.2)
without, with_bias = (shrinking[bias]["typical size"] for bias in (False, True))
assert math.isclose(without[19] / without[9], (1 / 6) ** 5, rel_tol=0.5)
assert math.isclose(with_bias[19], with_bias[9], rel_tol=0.2)  # it settles
differences = shrinking[True]["differences"]
assert differences[19] / differences[9] < 0.001  # they don't

# %% [markdown]
# Four ways to start ten layers
# -----------------------------
#
# Does it matter for learning? Ten layers of 64 units on 800 digits with true labels,
# six epochs of 16 batches. Four nets: torch's default weights, Kaiming's, batch norm,
# which comes below, and *skip connections*.
#
# A skip connection adds the input of a layer to its output. At first the layer changes
# its input only a little, so nothing vanishes on the way, forward or back. A piece of a
# net with such a connection is called a *residual block*. Nearly all deep nets of today
# are made of them.

# %%


class Residual(nn.Module):
    """A layer that adds to its input instead of replacing it."""

    def __init__(self, size):
        super().__init__()
        self.layer = nn.Linear(size, size)

    def forward(self, x):
        return x + self.layer(x).relu()


def residual_net(seed=0):
    """Ten residual blocks; then a Linear to ten classes."""
    _ = torch.manual_seed(seed)
    return nn.Sequential(*(Residual(64) for _ in range(10)), nn.Linear(64, 10))


def deep_net(kaiming=False, batch_norm=False, seed=0):
    """Ten times Linear, perhaps BatchNorm, ReLU; then a Linear to ten classes."""
    _ = torch.manual_seed(seed)
    layers = []
    for _ in range(10):
        layers += [nn.Linear(64, 64)]
        layers += [nn.BatchNorm1d(64)] if batch_norm else []
        layers += [nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(64, 10))
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
    "skip connections": residual_net(),
}
headline("Ten layers after six epochs, learning rate 0.01")
deep_losses = {}
for name, net in starts.items():
    deep_losses[name], _ = train_deep(net)
    val_accuracy = measure(net, val_pictures, val_labels)[1]
    print(f"{name:16} loss {late(deep_losses[name]):.1f}, ", end="")
    print(f"validation accuracy {val_accuracy:.1f}")

# %% [markdown]
# With torch's default weights the net has learned nothing after six epochs: its loss is
# that of guessing, log(10) = 2.3. (It isn't hopeless. Adam, which makes up for small
# gradients, does get it to learn.) With Kaiming's weights SGD learns too, and nothing
# else is different. The skip connections do it with the default weights.

# %% checks

assert abs(late(deep_losses["torch's default"]) - math.log(10)) < 0.02
assert late(deep_losses["Kaiming"]) < 1
assert late(deep_losses["batch norm"]) < 0.5
assert late(deep_losses["skip connections"]) < 0.5
net = deep_net()
optimizer, adam_losses = torch.optim.Adam(net.parameters(), lr=0.003), []
for batch in torch.randperm(800).repeat(10).split(50):
    loss = cross_entropy(net(pictures[batch]), truth[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    adam_losses.append(loss.item())
assert late(adam_losses) < 1.7
block = Residual(64)
inner = pictures[:5] @ block.layer.weight.T + block.layer.bias
torch.testing.assert_close(block(pictures[:5]), pictures[:5] + inner.clamp(min=0))

# %% [markdown]
# What goes wrong: all weights alike
# ----------------------------------
#
# Why random at all? If all units of a layer start alike, they get the same gradient in
# every step, and stay alike forever. A layer of 128 units is then a single unit.

# %%

net = new_net()
for weight in net.parameters():
    nn.init.constant_(weight, 0.05)
alike = train(net, epochs=20)

headline("All weights 0.05, after 20 epochs")
units = net[0].weight.detach().round(decimals=4).unique(dim=0)
print("different units among 128:", len(units))
print(f"validation accuracy: {alike['accuracy'][-1]:.0%}")

# %% checks

spread = (net[0].weight - net[0].weight[0]).abs().max()
assert spread < 1e-5 < (net[0].weight[0] - 0.05).abs().max()  # alike, and moved
assert len(new_net()[0].weight.unique(dim=0)) == 128
assert len(alike["accuracy"]) == 20
assert alike["accuracy"][-1] < plain["accuracy"][19] - 0.2

# %% [markdown]
# Batch norm
# ----------
#
# Instead of hoping that the numbers keep their size, *batch norm* sets it. For each
# hidden unit it subtracts the mean over the batch and divides by the standard
# deviation. Then it multiplies by one learned number and adds another, 1 and 0 at the
# start. So each unit has mean 0 and size 1 over the batch before the ReLU, until
# training changes that scale.
#
# In ``eval`` mode there may be no batch, so it uses running averages that it kept while
# training: nine tenths of the old one, one tenth of the new. They are not learned, but
# a net without them is useless, so they are *buffers*: ``state_dict`` holds them, and
# ``to(device)`` moves them.
#
# A relative, *layer norm*, does the same over the numbers of one sample instead of over
# the batch. It is the same in both modes, and it is what transformers use.

# %%

_ = torch.manual_seed(0)
norm = nn.BatchNorm1d(3)
batch = torch.tensor([0.0, 10.0, -5.0]) + torch.tensor(
    [1.0, 100.0, 0.01]
) * torch.randn(50, 3)
# [50, 3], columns of very different sizes

headline("Three columns, before and after batch norm")
for name, columns in {"before": batch, "after": norm(batch)}.items():
    means = " ".join(
        f"{abs(x) if abs(x) < 1e-3 else x:7.2f}" for x in columns.mean(dim=0)
    )
    deviations = " ".join(f"{x:7.2f}" for x in columns.std(dim=0, correction=0))
    print(f"{name:6} means {means}, standard deviations {deviations}")
print("running mean:", [round(x, 2) for x in norm.running_mean.tolist()])
print("buffers:", [name for name, _ in norm.named_buffers()])

# %% [markdown]
# The small number 1e-5 guards against dividing by zero. The variance of the third
# column is only ten times as large, so there it shows: 0.96 instead of 1.

# %% checks

mean, variance = batch.mean(dim=0), batch.var(dim=0, correction=0)
fresh = nn.BatchNorm1d(3)
by_hand = (batch - mean) / (variance + 1e-5).sqrt()
torch.testing.assert_close(fresh(batch), by_hand, rtol=1e-4, atol=1e-3)
running_mean, running_variance = 0.1 * mean, 0.9 + 0.1 * batch.var(dim=0)
torch.testing.assert_close(fresh.running_mean, running_mean)
torch.testing.assert_close(fresh.running_var, running_variance)
in_eval = (batch - running_mean) / (running_variance + 1e-5).sqrt()
torch.testing.assert_close(fresh.eval()(batch), in_eval, rtol=1e-4, atol=1e-4)
assert {"running_mean", "running_var"} < set(fresh.state_dict())
after_relu = norm(torch.randn(10_000, 3)).relu()
assert math.isclose(after_relu.square().mean().sqrt().item(), 0.5**0.5, rel_tol=0.05)
layer_norm = nn.LayerNorm(3)
assert torch.equal(layer_norm.train()(batch), layer_norm.eval()(batch))
torch.testing.assert_close(layer_norm(batch)[:1], layer_norm(batch[:1]))

# %% [markdown]
# What goes wrong: batch norm and single examples
# -----------------------------------------------
#
# In training mode an answer depends on the other pictures in the batch. With a single
# one there is no spread to divide by, and torch refuses. If you see this message when
# you use a net, you forgot ``eval()``. If you see it in training, the last batch has
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
    # In eval mode the others don't matter.
    torch.testing.assert_close(alone, together, rtol=1e-4, atol=1e-4)
    one_batch = copy.deepcopy(net).train()(val_pictures[:10])[0]
    other_batch = copy.deepcopy(net).train()(val_pictures[[0, *range(20, 29)]])[0]
assert not torch.allclose(one_batch, other_batch, atol=0.01)

# %% [markdown]
# Gradient clipping
# -----------------
#
# Now and then a deep net has a gradient many times longer than usual. One step along it
# moves the weights so far that the training is lost. *Clipping* sets a limit: a longer
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
too_high = [late(clipped[None, seed][0]) > 1.7 for seed in (0, 1, 2)]
low = [late(clipped[1.0, seed][0]) < 1.0 for seed in (0, 1, 2)]
print("no clipping, loss above 1.7 with three seeds:  ", too_high)
print("clipping at 1, loss below 1.0 with three seeds:", low)
early = torch.tensor(clipped[1.0, 0][1][:16])
print(f"gradients longer than 1 among the first 16: {(early > 1).sum().item()}")

# %% [markdown]
# The same start, the same rate: clipping decides. Without it the loss stays close to
# that of guessing, 2.3. A limit as low as 1 shortens nearly every gradient of this net
# at first; the picture shows their lengths. Clipping doesn't cure a rate that is far
# too high, and it hides what happens, so log the length that it returns.
#
# The rule is: multiply by limit / length where the length is above the limit. The check
# makes the first five steps of both trainings with it, and those of the training with
# momentum above.

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
    assert math.isclose(returned.item(), length, rel_tol=1e-5)
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
    batches = [(pictures[i], truth[i]) for i in torch.randperm(800).split(50)[:5]]
    limit = math.inf if clip is None else clip
    by_rule = train_by_rule(net, batches, [lr] * 5, "sgd", momentum, limit=limit)
    torch.testing.assert_close(by_rule, seen[:5], rtol=1e-3, atol=1e-4)

# %% [markdown]
# Challenge: find the wrong labels
# --------------------------------
#
# Of the first 800 pictures, about one in five has a wrong label. You have time to check
# 150 of them. If you pick them at random, about one in five turns out to be wrong:

# %%

_ = torch.manual_seed(0)
picked = torch.randperm(800)[:150]  # the pictures to check
headline("Challenge: wrong labels among 150 pictures picked at random")
print(f"{spoiled[picked].float().mean():.0%}")

# %% [markdown]
# Beat it: pick 150 pictures of which at least 90 % are wrong, with ``pictures`` and
# ``labels`` only. ``spoiled`` and ``truth`` are for the count at the end. This lesson
# has shown when a net disagrees with a wrong label, and when it no longer does.

# %% checks

assert math.isclose(spoiled[:800].float().mean(), 0.2, abs_tol=0.03)
assert spoiled[picked].float().mean() < 0.3
assert len(picked.unique()) == 150

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
# - Deep nets need help to start: skip connections, normalisation, Kaiming, clipping.
# - Dropout and batch norm act differently in ``train`` and ``eval`` mode: set the mode.
#
# Next: the tools of everyday work: finding a learning rate, mixed precision, profiling,
# and finding out what is broken.
