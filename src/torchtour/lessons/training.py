# %% [markdown]
"""
Training
========

**About 75 minutes.** You need gradients from lesson 2 and ``SimpleNet`` from lesson 3.
After this lesson you can

- write a training loop, and say what each of its five lines is for;
- tell why a net learns too slowly, and what to change;
- judge a net by points that it did not see;
- recognise the four classic mistakes by what they do to the loss;
- hand the loop to Lightning, and get the same numbers.

A new net has random weights and knows nothing. Training shows it examples whose answers
are known, measures how wrong it is, and moves each weight a little in the direction
that makes it less wrong, over and over.
"""

# %%

import copy
import itertools
import logging
import math
import warnings

import matplotlib.pyplot as plt
import torch
from lightning import Trainer
from torch.nn.functional import cross_entropy

from torchtour.classifier import Classifier
from torchtour.data import SyntheticData
from torchtour.lessons import headline
from torchtour.network import SimpleNet

# %% [markdown]
# The problem
# -----------
#
# The examples are 100 points in the plane. A point has two *features*, its coordinates
# x1 and x2, drawn from the normal distribution. Its *label* is the answer that the net
# should give: class 1 where x1 + x2 is positive, else class 0. You know this rule. The
# net does not: it sees only points and labels.

# %%

torch.set_num_threads(
    1
)  # for tensors as small as these, sharing the work would cost more than it saves
_ = torch.manual_seed(42)
features = torch.randn(100, 2)  # [point, coordinate]
labels = (features[:, 0] + features[:, 1] > 0).long()  # [point]

headline("100 points and their labels")
print("class 0:", (labels == 0).sum().item())
print("class 1:", (labels == 1).sum().item())

# %% [markdown]
# Counted again, in plain Python. A net that always said "class 1" would be right 53
# times in 100. Keep that in mind.

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
# The same in two lines of arithmetic. And the random net has an opinion already: it
# says class 1 for every point.

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
# *epoch*. The *optimizer* knows the weights and moves them: SGD, "stochastic gradient
# descent", adds to each minus its gradient times the *learning rate* ``lr``.

# %%

optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

headline("100 epochs with learning rate 0.01")
lines = []
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

net.eval()  # a habit: tells layers that act differently in training (lesson 8)
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
# answers.

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
# Are the numbers of the whole training right? The cell below repeats it without
# autograd, optimizer and ``cross_entropy``. It finds the slope for each of the 52
# weights by nudging, 100 times over, and gets the same digits.

# %% checks


def logits_of(weights: torch.Tensor) -> torch.Tensor:
    """The logits [net, point, class] of nets given as rows of their 52 weights."""
    w1, b1, w2, b2 = weights.split((20, 10, 20, 2), dim=1)
    hidden = features.double() @ w1.view(-1, 10, 2).mT + b1[:, None]
    return hidden.clamp(min=0) @ w2.view(-1, 2, 10).mT + b2[:, None]


def losses_of(weights: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy [net] of each."""
    probability = logits_of(weights).softmax(dim=2)
    return -probability[:, torch.arange(100), labels].log().mean(dim=1)


weights = torch.cat([w.detach().double().flatten() for w in untrained.parameters()])
tiny = 1e-6 * torch.eye(52, dtype=torch.float64)  # row k nudges weight k
losses_again, right_again = [], []
for _ in range(101):
    losses_again.append(losses_of(weights[None]).item())
    right_again.append(
        (logits_of(weights[None])[0].argmax(dim=1) == labels).sum().item()
    )
    gradient = (losses_of(weights + tiny) - losses_of(weights - tiny)) / 2e-6
    weights = weights - 0.01 * gradient

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
# "So small a net can do no better" is what you may hear. Test it: keep the net, its
# start and the points, and change only the learning rate, or only the number of epochs.
# Each net is also asked about 100,000 points that it never saw.

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
    for _ in range(epochs):
        loss = loss_function(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return net, losses


def accuracy_on(net: SimpleNet, features: torch.Tensor, labels: torch.Tensor) -> float:
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
# And the size? Compare three sizes. A net's random start also matters, so take three
# starts for each and look at the middle one of the three results.

# %%

headline(
    "Accuracy on the training points after 100 epochs, the middle one of three starts"
)
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
# do make up for a low rate, because all of them move the scores at once.

# %% checks

assert min(middle[3, 0.1], middle[10, 0.1], middle[100, 0.1]) > 0.95
assert max(middle[3, 0.01], middle[10, 0.01]) < 0.9 < middle[100, 0.01]

# %% [markdown]
# Now look at the loss of both learning rates, and at what the net says of every place
# in the plane before, during and after training with rate 0.1. The *decision boundary*
# is where both classes have probability one half. There is none at first: the untrained
# net says class 1 everywhere. Then it appears, and turns until it lies on the true
# line.

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

# %% [markdown]
# What goes wrong: judging by the training points
# -----------------------------------------------
#
# You want to know how the net does on points to come. An extreme case shows that the
# training points cannot tell: ten points with labels by the flip of a coin. There is
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
# The net has learned ten answers by heart. So keep some points out of training, a
# *held-out set*, and report the accuracy on those. If you try several learning rates,
# as above, choose between them on one held-out set (*validation*) and report the
# accuracy on another (*test*): what you chose by is no longer fresh.

# %% checks

assert accuracy_on(memory, ten, ten_labels) == 1
assert (
    abs(accuracy_on(memory, new, new_labels) - 0.5) < 0.01
)  # six standard deviations of 100,000 flips

# %% [markdown]
# What goes wrong: the order
# --------------------------
#
# ``zero_grad``, ``backward``, ``step``: empty the gradients, fill them, use them. Empty
# them between filling and using, and there is nothing to step with; no message tells
# you. Use them before ``backward``, and in the second epoch you change weights that
# ``backward`` still needs as they were; there torch stops you.

# %%

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

# %% [markdown]
# What goes wrong: gradients not zeroed
# -------------------------------------
#
# ``backward`` *adds* to the gradients. Without ``zero_grad`` each step repeats all
# earlier ones, like a ball that rolls without friction. Where a line parts the classes
# cleanly this may even look fast. In real data the classes overlap, so move the points
# a little after labelling.

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
# ``cross_entropy`` applies softmax itself. If you hand it probabilities, it takes them
# for scores, which now lie between 0 and 1. Even a perfect answer then has a loss, and
# learning crawls.

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
# By hand: softmax of the scores 1 and 0 gives the true class e / (e + 1), so the loss
# stays above log(1 + 1/e).

# %% checks

assert math.isclose(perfect.item(), math.log(1 + 1 / math.e), rel_tol=1e-6)
assert twice_losses[-1] > 2 * fast_losses[-1]

# %% [markdown]
# What goes wrong: the mean of batch means
# ----------------------------------------
#
# Large data go through a net in *batches*. Batches of 33 from 100 points are three full
# ones and one of a single point. The mean of their four accuracies counts that point as
# much as 33 others. Weigh each batch by its size.

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
# The same run by Lightning
# -------------------------
#
# You know now what a training loop does. Lightning's ``Trainer`` contains it, so that
# you write only what is yours: ``Classifier`` says what a step is and which optimizer
# to use, ``SyntheticData`` draws the points. Both are short files of this project; read
# them next. Here they get the settings of your first run.
#
# Lightning talks while it works. Silenced here is what you cannot act on: its tips and
# its list of devices, a warning about worker processes, meant for data on a disk, and
# one about its own use of torch.

# %%

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*does not have many workers")
warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec")

_ = torch.manual_seed(42)
data = SyntheticData(
    n_train=100, batch_size=None, seed=None
)  # all points in one batch, drawn after our seed
model = Classifier(
    lr=0.01, momentum=0.0, gamma=1.0
)  # plain SGD, and a learning rate that stays
trainer = Trainer(
    max_epochs=100,
    accelerator="cpu",
    logger=False,
    enable_checkpointing=False,
    enable_progress_bar=False,
    enable_model_summary=False,
    num_sanity_val_steps=0,
)
trainer.fit(model, datamodule=data)

headline("100 epochs by Trainer.fit")
metrics = trainer.callback_metrics
print(f"Loss: {metrics['train/loss']:.4f}, Accuracy: {metrics['train/accuracy']:.4f}")
equal = {
    name: torch.equal(weight, slow.state_dict()[name])
    for name, weight in model.net.state_dict().items()
}
print("every weight equal to the plain loop's, to the last bit:", all(equal.values()))

# %% checks

assert list(equal) == ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]
assert all(equal.values())
assert f"{metrics['train/loss']:.4f}" == f"{losses_again[99]:.4f}"

# %% [markdown]
# Not a bit differs: it is the same loop. And ``SyntheticData`` has held-out points
# ready, which ``trainer.test`` uses. This is the number to report, here for the slow
# net, and for the one with rate 0.1 by our own function.

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

# %% plot

if plt.get_backend().lower() != "agg":  # with a screen: show all pictures
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - Forward, loss, ``zero_grad``, ``backward``, ``step``: in this order, in every loop.
# - A loss that hardly falls: try a larger learning rate before a larger net.
# - The number to report comes from points that the training did not see.
# - ``cross_entropy`` takes logits, never probabilities.
# - ``Trainer.fit`` is this loop: it gives the same weights, bit for bit.
#
# In lesson 5 you save a trained net and load it again.
