# %% [markdown]
"""
The training loop
=================

**About 75 minutes.** You need gradients from lesson 2 and ``SimpleNet`` from lesson 3.
After this lesson you can

- write a training loop, and say what each of its five lines is for;
- say why a net learns too slowly, and what to change;
- judge a net by points that it did not see;
- recognise the four classic mistakes by what they do to the loss;
- write the loop as a ``LightningModule``, and get the same numbers.

A new net has random weights. Training shows it examples whose answers are known,
measures how wrong it is, and moves each weight a little in the direction that makes it
less wrong, over and over.
"""

# %%

import copy
import itertools
import logging
import math
import warnings

import matplotlib.pyplot as plt
import torch
from lightning import LightningModule, Trainer
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from torchtour.classifier import Classifier
from torchtour.data import SyntheticData
from torchtour.lessons import headline
from torchtour.lessons._by_hand import losses_by_nudging
from torchtour.network import SimpleNet

# %% [markdown]
# The problem
# -----------
#
# The examples are 100 points in the plane. A point has two *features*, its coordinates
# x1 and x2, drawn from the normal distribution. Its *label* is the answer that the net
# should give: class 1 where x1 + x2 is positive, else class 0. You know this rule. The
# net does not: it sees only points and labels.
#
# The first line below is not for your own code. torch shares its work among the cores
# of the processor. For tensors as small as these, that costs more time than it saves,
# so this lesson and some others ask for one core.

# %%

torch.set_num_threads(1)
_ = torch.manual_seed(42)
features = torch.randn(100, 2)  # [point, coordinate]
labels = (features[:, 0] + features[:, 1] > 0).long()  # [point]

headline("100 points and their labels")
print("class 0:", (labels == 0).sum().item())
print("class 1:", (labels == 1).sum().item())

# %% [markdown]
# A net that always answers "class 1" would be right 53 times in 100. Keep that in mind.

# %% checks

count_of_ones = sum(x1 + x2 > 0 for x1, x2 in features.tolist())
assert (100 - count_of_ones, count_of_ones) == (47, 53)
assert labels.bincount().tolist() == [47, 53]

# %% [markdown]
# The loss
# --------
#
# ``SimpleNet(2, 10, 2)`` turns a point into two numbers, the *logits*: a score for each
# class. The larger score is the net's answer, and the share of right answers is its
# *accuracy*.
#
# Accuracy moves in jumps and has no useful gradient. Training needs a measure that
# changes smoothly with the weights, the *loss*. For classes it is the *cross-entropy*:
# softmax turns the scores of a point into probabilities, and the loss is minus the
# logarithm of the one that the true class was given. ``cross_entropy`` does both and
# takes the mean.

# %%

net = SimpleNet(2, 10, 2)
untrained = copy.deepcopy(net)  # every run below starts from these random weights

headline("Before training")
logits = net(features)  # [point, class]
print(f"loss: {cross_entropy(logits, labels).item():.4f}")
print(f"loss of saying one half to both classes, always: {math.log(2):.4f}")

# %% [markdown]
# The check does the same in two lines of arithmetic. Even before training, the net
# happens to answer class 1 for every point.

# %% checks

probability = logits.exp() / logits.exp().sum(
    dim=1, keepdim=True
)  # softmax, written out: [point, class]
torch.testing.assert_close(
    -probability[torch.arange(100), labels].log().mean(), cross_entropy(logits, labels)
)
assert logits.argmax(dim=1).tolist() == [1] * 100

# %% [markdown]
# The loop
# --------
#
# The five numbered lines are in every training loop. One pass over all the points is an
# *epoch*. The *optimizer* holds the weights and moves them. SGD, "stochastic gradient
# descent", subtracts from each weight its gradient times the *learning rate* ``lr``.
#
# ``train()`` before the training and ``eval()`` before every use are a habit. They
# change nothing in this net, but some layers act differently in training and in use
# (lesson 8), and a loop without the two lines goes wrong when you add one.

# %%

optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

headline("100 epochs with learning rate 0.01")
lines = []
net.train()
for epoch in range(1, 101):
    logits = net(features)  # 1. the net's answers
    loss = cross_entropy(logits, labels)  # 2. how wrong they are
    optimizer.zero_grad()  # 3. forget the gradients of the last epoch
    loss.backward()  # 4. the gradient of the loss for every weight
    optimizer.step()  # 5. move every weight against its gradient
    if epoch % 20 == 0:
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        line = f"Epoch [{epoch}/100], Loss: {loss.item():.4f}"
        lines.append(f"{line}, Accuracy: {accuracy.item():.4f}")
        print(lines[-1])

net.eval()
with torch.no_grad():
    final = (net(features).argmax(dim=1) == labels).float().mean()
print(f"Final evaluation: {final.item():.4f}")

# %% [markdown]
# The loss falls, slowly. The accuracy ends one point above that of always saying "class
# 1".
#
# What did ``backward`` do in line 4? For each weight, it found the slope of the loss.
# You can find a slope without it: nudge one weight a little up and a little down, and
# see how the loss changes. Here are three weights of the untrained net, with both
# answers. (The nudges are so small that ``float32`` would lose them in rounding. So
# this function computes in ``float64``.)

# %%


def loss_if(name: str, nudge: float) -> float:
    """The loss of the untrained net with one of its weights moved."""
    net = copy.deepcopy(untrained).double()
    with torch.no_grad():
        net.get_parameter(name).view(-1)[0] += nudge
        return cross_entropy(net(features.double()), labels).item()


asked = copy.deepcopy(untrained)
cross_entropy(asked(features), labels).backward()

headline("The slope of the loss for the first weight of three tensors")
names = ("fc1.weight", "fc2.weight", "fc2.bias")
slopes = {}
for name in names:
    by_nudging = (loss_if(name, 1e-4) - loss_if(name, -1e-4)) / 2e-4
    slopes[name] = asked.get_parameter(name).grad.view(-1)[0].item()
    print(f"{name}: by nudging {by_nudging:.4f}, by backward {slopes[name]:.4f}")

# %% [markdown]
# In the picture each curve shows the loss as one weight moves and all others stay. The
# straight line has the slope that ``backward`` found. A step of the optimizer goes
# downhill along it, for all 52 weights at once.

# %% plot

figure, panels = plt.subplots(
    1, 3, figsize=(12, 3.5), sharey=True, layout="constrained"
)
figure.suptitle("The loss as one weight moves, and the slope that backward found")
nudges = torch.linspace(-2, 2, 81).tolist()
start = loss_if("fc1.weight", 0)
for axes, name in zip(panels, names, strict=True):
    curve = [loss_if(name, nudge) for nudge in nudges]
    tangent = [start + slopes[name] * nudge for nudge in nudges]
    axes.plot(nudges, curve, color="#0072B2", label="loss")
    axes.plot(
        nudges, tangent, color="#D55E00", linestyle="--", label="slope by backward"
    )
    axes.plot(0, start, "o", color="black", label="now")
    axes.set(title=f"first number of {name}", xlabel="change of the weight")
panels[0].set(ylabel="cross-entropy")
panels[0].legend()

# %% [markdown]
# Are the numbers of the whole training right? The check repeats it without autograd,
# optimizer and ``cross_entropy``: it finds the slope for each of the 52 weights by
# nudging, 100 times over, and gets the same digits. (The function is in the file
# ``_by_hand.py``, beside the lessons.)

# %% checks

losses_again, right_again = losses_by_nudging(
    untrained, features, labels, lr=0.01, epochs=100
)
assert (f"{losses_again[19]:.4f}", right_again[19]) == ("0.7186", 53)
assert (f"{losses_again[99]:.4f}", right_again[99]) == ("0.6377", 54)
assert lines[0] == "Epoch [20/100], Loss: 0.7186, Accuracy: 0.5300"
assert lines[-1] == "Epoch [100/100], Loss: 0.6377, Accuracy: 0.5400"
assert f"{final.item():.4f}" == f"{right_again[100] / 100:.4f}" == "0.5400"
for name in names:
    nudged = (loss_if(name, 1e-4) - loss_if(name, -1e-4)) / 2e-4
    assert math.isclose(nudged, slopes[name], rel_tol=1e-3, abs_tol=1e-6)

# %% [markdown]
# Why only 54 %?
# --------------
#
# "Such a small net can't do better" is what you may hear. Test it: keep the net, its
# first weights and the points, and change only the learning rate, or only the number of
# epochs. Each net is also tested on 100,000 points that it never saw.

# %%


def train(
    net: SimpleNet,
    lr: float,
    epochs: int,
    features=features,
    labels=labels,
    loss_function=cross_entropy,
):
    """The loop from above; returns the trained copy and its loss in each epoch."""
    net = copy.deepcopy(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    net.train()
    for _ in range(epochs):
        loss = loss_function(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return net, losses


def accuracy_on(net: SimpleNet, features: torch.Tensor, labels: torch.Tensor) -> float:
    net.eval()
    with torch.no_grad():
        return (net(features).argmax(dim=1) == labels).double().mean().item()


# %%

_ = torch.manual_seed(1)
unseen = torch.randn(100_000, 2)
unseen_labels = (unseen[:, 0] + unseen[:, 1] > 0).long()

headline("One net, two learning rates")
slow, slow_losses = train(untrained, lr=0.01, epochs=100)
fast, fast_losses = train(untrained, lr=0.1, epochs=100)
patient, patient_losses = train(untrained, lr=0.01, epochs=1000)
for run, trained in {
    "0.01,  100 epochs": slow,
    "0.1,   100 epochs": fast,
    "0.01, 1000 epochs": patient,
}.items():
    seen_share = accuracy_on(trained, features, labels)
    unseen_share = accuracy_on(trained, unseen, unseen_labels)
    print(
        f"learning rate {run}: {seen_share:4.0%} of the 100 training points", end=", "
    )
    print(f"{unseen_share:.1%} of the 100,000 unseen points")

# %% [markdown]
# The steps were too short: 100 steps with rate 0.1 lead about as far down as 1000 with
# rate 0.01.

# %% checks

assert all(
    torch.equal(*pair) for pair in zip(net.parameters(), slow.parameters(), strict=True)
)  # the first run again
assert accuracy_on(slow, features, labels) == 54 / 100
assert (
    accuracy_on(fast, features, labels) == accuracy_on(patient, features, labels) == 1
)
assert abs(accuracy_on(fast, unseen, unseen_labels) - 0.99) < 0.003
assert abs(accuracy_on(patient, unseen, unseen_labels) - 0.99) < 0.003
assert math.isclose(fast_losses[-1], patient_losses[-1], rel_tol=0.02)

# %% [markdown]
# Is the net too small?
# ---------------------
#
# And the size? Compare three sizes. The random first weights also matter, so train each
# three times, with different seeds, and look at the middle result.

# %%

headline("Accuracy on the training points after 100 epochs, median of three seeds")
middle = {}
for hidden_size in (3, 10, 100):
    for lr in (0.01, 0.1):
        accuracies = []
        for seed in range(3):
            _ = torch.manual_seed(seed)
            net, _ = train(SimpleNet(2, hidden_size, 2), lr, epochs=100)
            accuracies.append(accuracy_on(net, features, labels))
        middle[hidden_size, lr] = sorted(accuracies)[1]
        print(f"{hidden_size:3} hidden units, learning rate {lr:4}", end=": ")
        print(f"{middle[hidden_size, lr]:4.0%}")

# %% [markdown]
# With the right rate three hidden units are enough, so ten are not too few. Many units
# can make up for a low rate, because all of them move the scores at once.

# %% [markdown]
# Now look at the loss of both learning rates, and at the answers of the net for all
# points in the plane before, during and after training with rate 0.1. The *decision
# boundary* is where both classes have probability one half. At first there is none: the
# untrained net answers class 1 everywhere. Then it appears, and turns until it lies on
# the true line.

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(slow_losses, color="#D55E00", linestyle="--", label="learning rate 0.01")
axes.plot(fast_losses, color="#0072B2", label="learning rate 0.1")
axes.set(
    title="Training loss with two learning rates",
    xlabel="epoch",
    ylabel="cross-entropy",
    ylim=(0, None),
)
axes.legend()

side = torch.linspace(-3, 3, 121)
places = torch.cartesian_prod(side, side)  # [place, coordinate]
figure, panels = plt.subplots(
    1, 3, figsize=(12, 4.2), sharey=True, layout="constrained"
)
figure.suptitle("Decision boundary of a net before, during and after training")
for axes, epochs in zip(panels, (0, 20, 100), strict=True):
    one = (
        train(untrained, 0.1, epochs)[0](places).softmax(dim=1)[:, 1].detach()
    )  # [place]
    one = one.reshape(121, 121).T.numpy()  # [x2, x1]
    shades = axes.imshow(
        one,
        vmin=0,
        vmax=1,
        cmap="cividis",
        alpha=0.7,
        origin="lower",
        extent=(-3, 3, -3, 3),
    )
    if one.min() < 0.5:
        axes.contour(side, side, one, levels=[0.5], colors="black")
    for label, marker, colour in [(0, "o", "#56B4E9"), (1, "^", "#E69F00")]:
        x1, x2 = features[labels == label].T
        axes.scatter(
            x1,
            x2,
            marker=marker,
            color=colour,
            edgecolor="black",
            label=f"class {label}",
        )
    axes.plot([-3, 3], [3, -3], color="black", linestyle=":", label="true line")
    axes.plot([], [], color="black", label="decision boundary")
    axes.set(
        title=f"after {epochs} epochs",
        xlabel="x1",
        ylabel="x2",
        xlim=(-3, 3),
        ylim=(-3, 3),
    )
panels[0].legend(loc="lower left")
figure.colorbar(shades, ax=panels, label="probability of class 1")

# %% checks

assert min(middle[3, 0.1], middle[10, 0.1], middle[100, 0.1]) > 0.95
assert max(middle[3, 0.01], middle[10, 0.01]) < 0.9 < middle[100, 0.01]

# %% [markdown]
# What goes wrong: judging by the training points
# -----------------------------------------------
#
# You want to know how the net will do on new points. An extreme case shows that the
# training points can't tell you: ten points with labels by the flip of a coin. There is
# nothing to learn, and on new points nothing beats one half.

# %%

_ = torch.manual_seed(0)
ten, ten_labels = torch.randn(10, 2), torch.randint(2, (10,))
new, new_labels = torch.randn(100_000, 2), torch.randint(2, (100_000,))
memory, _ = train(
    SimpleNet(2, 50, 2), lr=1.0, epochs=300, features=ten, labels=ten_labels
)

headline("Labels by the flip of a coin")
print(f"training points: {accuracy_on(memory, ten, ten_labels):.0%}")
print(f"new points: {accuracy_on(memory, new, new_labels):.0%}")

# %% [markdown]
# The net has memorised ten answers. So keep some points out of training, a *held-out
# set*, and report the accuracy on those. If you try several learning rates, as above,
# choose between them on one held-out set (*validation*) and report the accuracy on
# another (*test*). The set that you used to choose flatters the winner.

# %% checks

assert accuracy_on(memory, ten, ten_labels) == 1
assert (
    abs(accuracy_on(memory, new, new_labels) - 0.5) < 0.01
)  # six standard deviations of 100,000 flips

# %% [markdown]
# What goes wrong: the order
# --------------------------
#
# ``backward`` fills the gradients and ``step`` uses them, so ``backward`` comes first.
# Where you zero them is your choice: at the top of the loop, before ``backward``, or
# after ``step``. All three are common, and give the same weights. There is one place
# where it is wrong: between ``backward`` and ``step``. Then nothing is left to step
# with, and there is no message.
#
# And ``step`` before ``backward``? In the second epoch it changes weights that
# ``backward`` still needs as they were. There torch stops you.

# %%


def trained_with(order: list[str]) -> SimpleNet:
    """The net after 100 epochs with its gradients zeroed at this point of the loop."""
    net = copy.deepcopy(untrained)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    actions = {"zero": optimizer.zero_grad, "step": optimizer.step}
    net.train()
    for _ in range(100):
        for name in order:
            if name == "forward":
                loss = cross_entropy(net(features), labels)
            elif name == "backward":
                loss.backward()
            else:
                actions[name]()
    return net


headline("Three good orders: are the weights those of the function train?")
good_orders = {}
for order in (
    "zero, forward, backward, step",
    "forward, zero, backward, step",
    "forward, backward, step, zero",
):
    trained = trained_with(order.split(", "))
    pairs = zip(trained.parameters(), fast.parameters(), strict=True)
    good_orders[order] = all(torch.equal(*pair) for pair in pairs)
    print(f"{order}: {good_orders[order]}")

headline("backward, zero_grad, step")
net = copy.deepcopy(untrained)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(100):
    loss = cross_entropy(net(features), labels)
    loss.backward()
    optimizer.zero_grad()  # too late
    optimizer.step()
loss = cross_entropy(net(features), labels)
print(f"loss before: {fast_losses[0]:.4f}, after 100 epochs: {loss.item():.4f}")

headline("step, zero_grad, backward")
impatient = copy.deepcopy(untrained)
optimizer = torch.optim.SGD(impatient.parameters(), lr=0.1)
epochs_done = 0
try:
    while epochs_done < 100:
        loss = cross_entropy(impatient(features), labels)
        optimizer.step()  # too early
        optimizer.zero_grad()
        loss.backward()
        epochs_done += 1
except RuntimeError as error:
    print(f"in epoch {epochs_done + 1}: {str(error).split(':')[0]}")

# %% checks

assert all(
    torch.equal(*pair)
    for pair in zip(net.parameters(), untrained.parameters(), strict=True)
)
assert epochs_done == 1
assert list(good_orders.values()) == [True] * 3

# %% [markdown]
# What goes wrong: gradients not zeroed
# -------------------------------------
#
# ``backward`` *adds* to the gradients. Without ``zero_grad`` each step repeats all
# earlier ones, like a ball that rolls without friction. Where a line separates the
# classes exactly, this may even look fast. In real data the classes overlap, so move
# the points a little after labelling.

# %%

_ = torch.manual_seed(1)
blurred = features + 0.5 * torch.randn(100, 2)
net = copy.deepcopy(untrained)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
rolling_losses = []
for _ in range(100):
    loss = cross_entropy(net(blurred), labels)
    loss.backward()
    optimizer.step()
    rolling_losses.append(loss.item())
_, zeroed_losses = train(untrained, lr=0.1, epochs=100, features=blurred)

headline("In how many of 99 epochs the loss rose")
zeroed_rises = sum(
    after > before for before, after in itertools.pairwise(zeroed_losses)
)
rolling_rises = sum(
    after > before for before, after in itertools.pairwise(rolling_losses)
)
print(f"zeroed: {zeroed_rises}, not zeroed: {rolling_rises}")

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(rolling_losses, color="#D55E00", linestyle="--", label="not zeroed")
axes.plot(zeroed_losses, color="#0072B2", label="zeroed")
axes.set(
    title="Training loss with and without zero_grad",
    xlabel="epoch",
    ylabel="cross-entropy",
    ylim=(0, None),
)
axes.legend()

# %% checks

assert zeroed_rises == 0
assert rolling_rises > 20

# %% [markdown]
# What goes wrong: softmax twice
# ------------------------------
#
# ``cross_entropy`` applies softmax itself. If you give it probabilities, it treats them
# as scores, which now lie between 0 and 1. Even a perfect answer then has a loss, and
# learning is slow.

# %%

_, twice_losses = train(
    untrained,
    lr=0.1,
    epochs=100,
    loss_function=lambda logits, labels: cross_entropy(logits.softmax(dim=1), labels),
)
perfect = cross_entropy(
    torch.tensor([[1.0, 0.0]]), torch.tensor([0])
)  # all probability on the true class, 0

headline("Softmax before cross_entropy")
print(f"loss after 100 epochs: {twice_losses[-1]:.4f}")
print(f"without the extra softmax: {fast_losses[-1]:.4f}")
print(f"loss of a perfect answer: {perfect.item():.4f}")

# %% [markdown]
# Softmax of the scores 1 and 0 gives the true class e / (e + 1), so the loss stays
# above log(1 + 1/e).

# %% checks

assert math.isclose(perfect.item(), math.log(1 + 1 / math.e), rel_tol=1e-6)
assert twice_losses[-1] > 2 * fast_losses[-1]

# %% [markdown]
# What goes wrong: the mean of batch means
# ----------------------------------------
#
# Large data go through a net in *batches*. Batches of 33 from 100 points are three full
# ones and one of a single point. The mean of their four accuracies counts that point as
# much as 33 others. Weight each batch by its size.

# %%

headline("Accuracy after training with rate 0.01, in batches of 33")
batches = list(zip(features.split(33), labels.split(33), strict=True))
sizes = [len(batch_labels) for _, batch_labels in batches]
means = [accuracy_on(slow, *batch) for batch in batches]
mean_of_means = sum(means) / len(means)
weighted = sum(size * mean for size, mean in zip(sizes, means, strict=True)) / sum(
    sizes
)
print("batches of", sizes, "points, accuracies", [round(mean, 4) for mean in means])
print(f"mean of the means: {mean_of_means:.4f}, weighted by size: {weighted:.4f}")

# %% checks

assert math.isclose(weighted, accuracy_on(slow, features, labels))
assert abs(mean_of_means - weighted) > 0.1

# %% [markdown]
# The same loop in Lightning
# --------------------------
#
# Lightning's ``Trainer`` contains the loop, so that you write only what is yours. You
# write it as a ``LightningModule``: a ``Module`` with a few more methods. Here is one
# as you will meet it in other people's code.
#
# - ``training_step`` takes a batch and returns the loss. ``Trainer`` does the other
#   three lines, ``zero_grad``, ``backward`` and ``step``.
# - ``validation_step`` takes a batch of held-out points. ``Trainer`` calls ``eval()``
#   and turns gradients off before, and turns both back after.
# - ``self.log`` gives ``Trainer`` a number to keep. In ``validation_step`` it takes the
#   mean over the batches of an epoch, weighted by their sizes. In ``training_step`` it
#   keeps the number of the last batch, unless you add ``on_epoch=True``.
# - ``configure_optimizers`` makes the optimizer.
# - ``save_hyperparameters`` keeps the arguments, as ``self.hparams.lr`` and in every
#   checkpoint (lesson 5).

# %%


class LitNet(LightningModule):
    def __init__(self, lr=0.01):
        super().__init__()
        self.save_hyperparameters()
        self.net = SimpleNet(2, 10, 2)

    def forward(self, features):
        return self.net(features)

    def training_step(self, batch, batch_idx):
        return self.shared_step(batch, "train")

    def validation_step(self, batch, batch_idx):
        self.shared_step(batch, "val")

    def shared_step(self, batch, stage):
        features, labels = batch
        logits = self(features)
        loss = cross_entropy(logits, labels)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        self.log(f"{stage}/loss", loss)
        self.log(f"{stage}/accuracy", accuracy)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)


# %% [markdown]
# ``Trainer`` takes the module and two ``DataLoader``, which hand out batches (lesson
# 7). Here each batch holds all the points there are.
#
# Lightning prints a lot. We silence the messages you can't act on: tips, the device
# list, a warning about data-loading workers, and one about Lightning's own use of
# torch. The other arguments switch off what this short run doesn't need: a log file,
# checkpoints, the progress bar, a summary of the net, and a trial of the validation
# before the training.

# %%

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*does not have many workers")
warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec")

quiet = {
    "accelerator": "cpu",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "num_sanity_val_steps": 0,
}
train_loader = DataLoader(TensorDataset(features, labels), batch_size=100)
val_loader = DataLoader(
    TensorDataset(unseen[:1000], unseen_labels[:1000]), batch_size=1000
)

_ = torch.manual_seed(42)
_ = torch.randn(100, 2)  # the points came before the weights in the first run
lit = LitNet(lr=0.01)
trainer = Trainer(max_epochs=100, **quiet)
trainer.fit(lit, train_loader, val_loader)


def equal_to_the_loop(net: SimpleNet) -> bool:
    """Whether every weight equals that of the first run, to the last bit."""
    pairs = zip(net.parameters(), slow.parameters(), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


headline("100 epochs of LitNet by Trainer.fit")
logged = {name: value.item() for name, value in trainer.callback_metrics.items()}
for name, value in logged.items():
    print(f"{name}: {value:.4f}")
print(
    "every weight equal to the plain loop's, bit for bit:", equal_to_the_loop(lit.net)
)

# %% checks

assert equal_to_the_loop(lit.net)
assert not equal_to_the_loop(fast)
assert f"{logged['train/loss']:.4f}" == f"{losses_again[99]:.4f}" == "0.6377"
assert math.isclose(logged["train/accuracy"], right_again[99] / 100, rel_tol=1e-6)
on_thousand = accuracy_on(slow, unseen[:1000], unseen_labels[:1000])
assert math.isclose(logged["val/accuracy"], on_thousand, rel_tol=1e-6)

# %% [markdown]
# The same with this project
# --------------------------
#
# ``Classifier`` is this project's LightningModule, and ``SyntheticData`` draws the
# points. They do what ``LitNet`` and the loaders do, and some more, because a project
# is used for longer than a lesson:
#
# - The settings are checked, stored in the checkpoint, and can be set from the command
#   line: ``torchtour fit --model.lr 0.05``.
# - Loss and accuracy are counted over all samples of an epoch, also where several
#   processes share the work.
# - There is a test set beside the validation set, a learning rate schedule, and a step
#   for predictions.
#
# Both are short files; read them next. Here they get the settings of your first run:
# all points in one batch, plain SGD, and a learning rate that stays.

# %%

_ = torch.manual_seed(42)
data = SyntheticData(n_train=100, batch_size=None, seed=None)  # drawn after our seed
model = Classifier(lr=0.01, momentum=0.0, gamma=1.0)
trainer = Trainer(max_epochs=100, **quiet)
trainer.fit(model, datamodule=data)

headline("100 epochs of Classifier by Trainer.fit")
metrics = trainer.callback_metrics
print(f"Loss: {metrics['train/loss']:.4f}, Accuracy: {metrics['train/accuracy']:.4f}")
print("every weight equal, bit for bit:", equal_to_the_loop(model.net))

# %% checks

assert equal_to_the_loop(model.net)
assert f"{metrics['train/loss']:.4f}" == f"{losses_again[99]:.4f}"

# %% [markdown]
# The number to report
# --------------------
#
# It is the same loop. And ``SyntheticData`` has held-out points ready, which
# ``trainer.test`` uses. This is the number to report, here for the slow net, and for
# the one with rate 0.1 by our own function.

# %%

headline("Held-out points, by Trainer.test")
scores = trainer.test(model, datamodule=data, verbose=False)[0]
print(f"learning rate 0.01: {scores['test/accuracy']:.4f}")
print(f"learning rate 0.1:  {accuracy_on(fast, *data.sets['test'].tensors):.4f}")

# %% checks

assert math.isclose(
    scores["test/accuracy"], accuracy_on(slow, *data.sets["test"].tensors), rel_tol=1e-6
)
assert abs(accuracy_on(fast, *data.sets["test"].tensors) - 0.99) < 0.01

# %% [markdown]
# Challenge: inside the circle
# ----------------------------
#
# A harder problem: 200 points, and class 1 inside a circle. The loop from above with
# rate 0.1 and 100 epochs still gets one point in thirteen wrong. The validation points
# are for your choices. The 100,000 test points are for the one number that you report.

# %%

_ = torch.manual_seed(3)
rim, rim_val, rim_test = (
    torch.randn(200, 2),
    torch.randn(1000, 2),
    torch.randn(10**5, 2),
)
inside, inside_val, inside_test = (
    (points.norm(dim=1) < 1.2).long() for points in (rim, rim_val, rim_test)
)
start = SimpleNet(2, 10, 2)
first_try, _ = train(start, 0.1, 100, rim, inside)

headline("Challenge: a circle, rate 0.1, 100 epochs")
print(f"always the same class: {max(inside_test.bincount().tolist()) / 10**5:.1%}")
print(f"validation: {accuracy_on(first_try, rim_val, inside_val):.1%}")
print(f"test: {accuracy_on(first_try, rim_test, inside_test):.1%}")

# %% [markdown]
# Beat it: at least 95.5 % of the test points, with the same net, ``start``, and the
# same 200 training points. Change the learning rate and the number of epochs, and
# choose by the validation points.

# %% checks

x1, x2 = rim_test.double().unbind(dim=1)
assert torch.equal(inside_test, (x1 * x1 + x2 * x2 < 1.2**2).long())
assert abs(accuracy_on(first_try, rim_test, inside_test) - 12 / 13) < 0.005

# %% plot

if plt.get_backend().lower() != "agg":  # with a screen: show all pictures
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - ``backward``, then ``step``; zero the gradients once per step, never between them.
# - A loss that hardly falls: try a larger learning rate before a larger net.
# - The number to report comes from points that the training did not see.
# - ``cross_entropy`` takes logits, never probabilities.
# - ``Trainer.fit`` is this loop: it gives the same weights, bit for bit.
#
# In lesson 5 you save a trained net and load it again. If you would rather work with
# real data first, go to lesson 7: it needs nothing but this lesson.
