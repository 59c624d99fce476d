# %% [markdown]
"""
Training
========

A new net has random weights and knows nothing. Training shows it examples whose answers are known,
measures how wrong it is, and moves each weight a little in the direction that makes it less wrong,
over and over. In this lesson you write that loop yourself, find out why it learns almost nothing at first,
make the classic mistakes on purpose, and in the end let Lightning run the same loop for you.

You need ``SimpleNet`` from lesson 3 and gradients from lesson 2.
"""

# %%

import copy
import logging
import math
import sys
import warnings

import torch
from lightning import Trainer
from torch.nn.functional import cross_entropy, one_hot

from torchtour.classifier import Classifier
from torchtour.data import SyntheticData
from torchtour.network import SimpleNet

try:
    import matplotlib.pyplot as plt
except ImportError:  # then there are no pictures
    plt = None  # type: ignore[assignment]


# %% [markdown]
# Each headline of the transcript is printed by this function, with the line that it was called from.

# %%


def headline(text: str) -> None:
    print(f"\n[Line {sys._getframe(1).f_lineno}] {text}:")


# %% [markdown]
# The problem
# -----------
# The examples are 100 points in the plane. A point has two *features*, its coordinates x1 and x2, drawn
# from the normal distribution. Its *label* is the answer that the net should give: class 1 where
# x1 + x2 is positive, else class 0. You know the rule. The net does not, it sees only the points.

# %%

_ = torch.manual_seed(42)
features = torch.randn(100, 2)  # [point, coordinate]
labels = (features[:, 0] + features[:, 1] > 0).long()  # [point]

headline("100 points and their labels")
print("class 0:", (labels == 0).sum().item())
print("class 1:", (labels == 1).sum().item())

# %% [markdown]
# Counted again without torch. The classes are nearly even, so a net that always said "class 1" would be right
# 53 times in 100. Keep that number in mind.

# %%

ones = sum(x1 + x2 > 0 for x1, x2 in features.tolist())
assert (100 - ones, ones) == (47, 53)
assert torch.equal(labels.bincount(), torch.tensor([47, 53]))

# %% [markdown]
# The loss
# --------
# ``SimpleNet(2, 10, 2)`` turns a point into two numbers, the *logits*: one score for each class. The larger score
# is the net's answer. The share of right answers is the *accuracy*.
#
# Training needs a smoother measure, one that says *how* wrong an answer is: the *loss*. For classes it is
# the *cross-entropy*. Softmax turns the scores into probabilities, and the loss of a point
# is minus the logarithm of the probability that its true class was given. ``cross_entropy`` does both and returns the mean.

# %%

net = SimpleNet(2, 10, 2)
start = copy.deepcopy(net.state_dict())  # the random weights, kept for later: every run below starts from them

headline("The untrained net")
logits = net(features)  # [point, class]
print(f"loss {cross_entropy(logits, labels).item():.4f}, a blind guess of one half has {math.log(2):.4f}")

# %%

probability = logits.exp() / logits.exp().sum(dim=1, keepdim=True)  # softmax, written out: [point, class]
of_the_truth = probability[torch.arange(100), labels]  # [point]
torch.testing.assert_close(-of_the_truth.log().mean(), cross_entropy(logits, labels))

# %% [markdown]
# The loop
# --------
# Every training loop has these five lines. One pass over all the points is an *epoch*. The *optimizer* holds the weights.
# SGD, "stochastic gradient descent", moves each one by minus the *learning rate* ``lr`` times its gradient.

# %%

optimizer = torch.optim.SGD(net.parameters(), lr=0.01)

headline("100 epochs with learning rate 0.01")
lines = []
for epoch in range(1, 101):
    logits = net(features)  # 1. the net's answers
    loss = cross_entropy(logits, labels)  # 2. how wrong they are
    optimizer.zero_grad()  # 3. forget the gradients of the epoch before
    loss.backward()  # 4. the gradient of the loss for each weight
    optimizer.step()  # 5. move each weight against its gradient
    if epoch % 20 == 0:
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        lines.append(f"Epoch [{epoch}/100], Loss: {loss.item():.4f}, Accuracy: {accuracy.item():.4f}")
        print(lines[-1])

net.eval()  # no effect on this net; one with dropout would need it
with torch.no_grad():
    correct = net(features).argmax(dim=1) == labels
print(f"Final evaluation: {correct.float().mean().item():.4f}")

# %% [markdown]
# The loss falls, slowly. The accuracy ends at 54 %, one point better than always saying "class 1".
#
# Are the numbers true? Here is the same training without autograd, optimizer or ``cross_entropy``: the derivatives
# come from the chain rule by hand, in double precision. It must print the same digits. You may skip the
# formulas.

# %%

w1, b1, w2, b2 = (weight.double() for weight in start.values())
by_hand = []
for _ in range(100):
    hidden = (features.double() @ w1.T + b1).clamp(min=0)  # [point, hidden unit]
    probability = (hidden @ w2.T + b2).softmax(dim=1)  # [point, class]
    by_hand.append(-probability[torch.arange(100), labels].log().mean().item())
    d_logits = (probability - one_hot(labels)) / 100  # [point, class]
    d_hidden = d_logits @ w2 * (hidden > 0)  # [point, hidden unit]
    w1, b1 = w1 - 0.01 * d_hidden.T @ features.double(), b1 - 0.01 * d_hidden.sum(dim=0)
    w2, b2 = w2 - 0.01 * d_logits.T @ hidden, b2 - 0.01 * d_logits.sum(dim=0)

assert lines[0] == f"Epoch [20/100], Loss: {by_hand[19]:.4f}, Accuracy: {53 / 100:.4f}"
assert lines[-1] == f"Epoch [100/100], Loss: {by_hand[99]:.4f}, Accuracy: {54 / 100:.4f}"
assert (f"{by_hand[19]:.4f}", f"{by_hand[99]:.4f}") == ("0.7186", "0.6377")
assert correct.sum() == 54

# %% [markdown]
# Why only 54 %?
# --------------
# "The net is too small" is what people often say. Test it: let the net, its start and the points stay as they are and change
# only the learning rate, or only the number of epochs. To compare fairly, ask each net about 100,000 points as well that it
# never saw in training.

# %%


def train(lr: float, epochs: int, hidden_size: int = 10) -> tuple[SimpleNet, list[float]]:
    """The loop above, from the same start; returns the net and the loss of each epoch."""
    _ = torch.manual_seed(42)
    _ = torch.randn(100, 2)  # the points again, so that the net's random weights are those of `start`
    net = SimpleNet(2, hidden_size, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return net, losses


def accuracy_on(net: SimpleNet, features: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.no_grad():
        return (net(features).argmax(dim=1) == labels).double().mean().item()


_ = torch.manual_seed(1)
unseen = torch.randn(100_000, 2)
unseen_labels = (unseen[:, 0] + unseen[:, 1] > 0).long()

headline("The same net, the same points, another learning rate or more epochs")
slow, slow_losses = train(lr=0.01, epochs=100)
fast, fast_losses = train(lr=0.1, epochs=100)
patient, patient_losses = train(lr=0.01, epochs=1000)
for name, trained in [
    ("lr 0.01,  100 epochs", slow),
    ("lr 0.1,   100 epochs", fast),
    ("lr 0.01, 1000 epochs", patient),
]:
    seen, fresh = accuracy_on(trained, features, labels), accuracy_on(trained, unseen, unseen_labels)
    print(f"{name}: {seen:.0%} of the training points, {fresh:.1%} of the unseen points")

# %% [markdown]
# The steps were too short. 100 steps of length 0.1 go about as far down as 1000 of length 0.01.

# %%

assert all(torch.equal(weight, net.state_dict()[name]) for name, weight in slow.state_dict().items())
assert accuracy_on(fast, features, labels) == accuracy_on(patient, features, labels) == 1.0
assert abs(accuracy_on(fast, unseen, unseen_labels) - 0.99) < 0.003
assert abs(accuracy_on(patient, unseen, unseen_labels) - 0.99) < 0.003
assert accuracy_on(slow, unseen, unseen_labels) < 0.55
assert abs(fast_losses[-1] - patient_losses[-1]) < 0.01

# %% [markdown]
# And the size? One hidden unit, a tenth of our net, is enough if the step is right. A net of 100 units gets away with the
# short step: all its units push the scores the same way, so it moves further in a step. That hides a
# learning rate that is too low; it does not show that ten units were too few.

# %%

headline("Accuracy on the training points after 100 epochs, by size and learning rate")
by_size = {}
for hidden_size in (1, 10, 100):
    by_size[hidden_size] = [accuracy_on(train(lr, 100, hidden_size)[0], features, labels) for lr in (0.01, 0.1)]
    print(f"{hidden_size:3} hidden units: lr 0.01 {by_size[hidden_size][0]:4.0%}, lr 0.1 {by_size[hidden_size][1]:4.0%}")

# %%

assert by_size[1][1] > 0.95 > by_size[10][0]
assert by_size[100][0] > 0.95

# %% [markdown]
# The curves of the loss, and what the net says of every place in the plane: before, during and after the training with
# learning rate 0.1. The boundary, where both classes get one half, turns until it lies on the
# true line.

# %%

if plt is not None:
    figure, axes = plt.subplots(figsize=(6, 4))
    axes.plot(slow_losses, color="#D55E00", linestyle="--", label="lr 0.01")
    axes.plot(fast_losses, color="#0072B2", label="lr 0.1")
    axes.set(title="Training loss with two learning rates", xlabel="epoch", ylabel="cross-entropy")
    axes.legend()

    side = torch.linspace(-3, 3, 121)
    grid = torch.cartesian_prod(side, side)  # [place, coordinate]
    figure, panels = plt.subplots(1, 3, figsize=(12, 4.4), sharey=True, layout="constrained")
    figure.suptitle("Decision boundary before, during and after training")
    for axes, epochs in zip(panels, (0, 20, 100), strict=True):
        with torch.no_grad():
            ones = train(0.1, epochs)[0](grid).softmax(dim=1)[:, 1].reshape(121, 121).T  # [x2, x1]
        shades = axes.contourf(side, side, ones, levels=torch.linspace(0, 1, 11).tolist(), cmap="cividis", alpha=0.6)
        axes.contour(side, side, ones, levels=[0.5], colors="black")
        axes.plot([], [], color="black", label="net's boundary")
        axes.plot([-3, 3], [3, -3], color="black", linestyle=":", label="true line")
        for label, marker, colour in [(0, "o", "#56B4E9"), (1, "^", "#E69F00")]:
            x1, x2 = features[labels == label].T
            axes.scatter(x1, x2, marker=marker, color=colour, edgecolor="black", label=f"class {label}")
        axes.set(title=f"After {epochs} epochs", xlabel="x1", xlim=(-3, 3), ylim=(-3, 3))
    panels[0].set_ylabel("x2")
    panels[0].legend(loc="lower left")
    figure.colorbar(shades, ax=panels, label="probability of class 1")

# %% [markdown]
# What the training points cannot tell you
# ----------------------------------------
# The loop made the net right *on these 100 points*. What you want to know is how it does on points to come. Here is an extreme case:
# ten points whose labels are the flip of a coin. There is no rule to learn, so on new points nothing beats one half.

# %%

_ = torch.manual_seed(0)
coin_features, coin_labels = torch.randn(10, 2), torch.randint(2, (10,))
new_features, new_labels = torch.randn(100_000, 2), torch.randint(2, (100_000,))
memory = SimpleNet(2, 50, 2)
optimizer = torch.optim.SGD(memory.parameters(), lr=0.5)
for _ in range(500):
    loss = cross_entropy(memory(coin_features), coin_labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

headline("Labels by the flip of a coin")
print(f"training points: {accuracy_on(memory, coin_features, coin_labels):.0%}")
print(f"new points: {accuracy_on(memory, new_features, new_labels):.0%}")

# %% [markdown]
# The net learned the ten answers by heart. So keep some points out of the training, a *held-out set*, and report the
# accuracy on those. If you try several learning rates and keep the best, as above, choose it on one held-out set (*validation*)
# and report from another (*test*): the one you chose by has become part of the training.

# %%

assert accuracy_on(memory, coin_features, coin_labels) == 1.0
assert abs(accuracy_on(memory, new_features, new_labels) - 0.5) < 0.01  # six standard deviations of 100,000 coins

# %% [markdown]
# What goes wrong: the order
# --------------------------
# Gradients must be zeroed *before* ``backward`` fills them, and used *after*. Zero them between ``backward`` and ``step`` and
# there is nothing left to step with. Nothing warns you.

# %%

net = SimpleNet(2, 10, 2)
net.load_state_dict(start)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(100):
    loss = cross_entropy(net(features), labels)
    loss.backward()
    optimizer.zero_grad()  # too late
    optimizer.step()

headline("zero_grad between backward and step: 100 epochs")
print(f"loss {cross_entropy(net(features), labels).item():.4f}")

# %%

assert all(torch.equal(weight, start[name]) for name, weight in net.state_dict().items())

# %% [markdown]
# Step before ``backward`` and you change weights that ``backward`` still needs. The first time there are no gradients, so nothing
# moves and nothing fails; the second time torch stops you.

# %%

headline("step before backward")
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
epochs_done = 0
try:
    for _ in range(100):
        loss = cross_entropy(net(features), labels)
        optimizer.step()  # too early
        optimizer.zero_grad()
        loss.backward()
        epochs_done += 1
except RuntimeError as error:
    print(f"after {epochs_done} epoch: {str(error).split(':')[0]}")

# %%

assert epochs_done == 1

# %% [markdown]
# What goes wrong: gradients not zeroed
# -------------------------------------
# ``backward`` *adds* to the gradients. Without ``zero_grad`` every step repeats all the earlier ones, like a ball that rolls without
# friction. On points that a line parts cleanly this may even look quick. So take points as measured in real life, where
# the classes overlap: the same labels, but the coordinates are off by a random error.

# %%

_ = torch.manual_seed(1)
blurred = features + 0.5 * torch.randn(100, 2)

curves = {}
for zeroed in (True, False):
    net = SimpleNet(2, 10, 2)
    net.load_state_dict(start)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    curves[zeroed] = []
    for _ in range(100):
        loss = cross_entropy(net(blurred), labels)
        if zeroed:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        curves[zeroed].append(loss.item())

headline("Epochs, of 99, in which the loss rose")
rises = {zeroed: sum(b > a for a, b in zip(curve, curve[1:], strict=False)) for zeroed, curve in curves.items()}
print(f"zeroed: {rises[True]}, not zeroed: {rises[False]}")

# %%

assert rises[True] == 0
assert rises[False] > 20

# %%

if plt is not None:
    figure, axes = plt.subplots(figsize=(6, 4))
    axes.plot(curves[True], color="#0072B2", label="zeroed")
    axes.plot(curves[False], color="#D55E00", linestyle="--", label="not zeroed")
    axes.set(title="Training loss with and without zero_grad", xlabel="epoch", ylabel="cross-entropy")
    axes.legend()

# %% [markdown]
# What goes wrong: softmax twice
# ------------------------------
# ``cross_entropy`` wants the raw scores and applies softmax itself. Give it probabilities and it treats them as scores between 0 and 1.
# Then even a perfect answer, probability 1 for the truth, has a loss, and the training crawls.

# %%

net = SimpleNet(2, 10, 2)
net.load_state_dict(start)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(100):
    loss = cross_entropy(net(features).softmax(dim=1), labels)  # softmax(softmax(scores))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
perfect = cross_entropy(torch.tensor([[1.0, 0.0]]), torch.tensor([0]))

headline("Softmax before cross_entropy")
print(f"loss after 100 epochs: {loss.item():.4f} instead of {fast_losses[-1]:.4f}")
print(f"loss of a perfect answer: {perfect.item():.4f} instead of 0")

# %% [markdown]
# For scores 1 and 0 the truth gets e / (e + 1), so the loss can never be below log(1 + 1/e).

# %%

assert math.isclose(perfect.item(), math.log(1 + math.exp(-1)), rel_tol=1e-6)
assert loss.item() > 2 * fast_losses[-1]

# %% [markdown]
# What goes wrong: the mean of batch means
# ----------------------------------------
# Large data sets go through the net in *batches*. 100 points in batches of 33 make three full ones and one of a single point. The plain mean of
# the four results counts that point as much as 33 others. Weigh each batch by its size.

# %%

headline("The net of learning rate 0.01, in batches of 33")
batches = list(zip(features.split(33), labels.split(33), strict=True))
means = [accuracy_on(slow, *batch) for batch in batches]
sizes = [len(batch_labels) for _, batch_labels in batches]
weighted = sum(mean * size for mean, size in zip(means, sizes, strict=True)) / sum(sizes)
print("sizes", sizes, "accuracies", [f"{mean:.4f}" for mean in means])
print(f"mean of the means {sum(means) / 4:.4f}, weighted {weighted:.4f}")

# %%

assert math.isclose(weighted, 54 / 100)
assert abs(sum(means) / 4 - 54 / 100) > 0.1

# %% [markdown]
# The same run by Lightning
# -------------------------
# You now know what happens in a training loop. Lightning's ``Trainer`` writes it for you, so that your code holds only what is yours:
# ``Classifier`` says what a step is and which optimizer to use, ``SyntheticData`` brings the points.
# Both are small files of this project; read them next.
#
# Lightning says a lot while it works. Two things are silenced, because you cannot act on them here: its log of
# devices and tips, and two warnings, one about workers (for data on a disk) and one about its own use of torch.

# %%

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*does not have many workers")
warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec")

_ = torch.manual_seed(42)
data = SyntheticData(n_train=100, batch_size=None, seed=None)  # one batch; points from the generator just seeded
model = Classifier(lr=0.01, momentum=0.0, gamma=1.0)  # SimpleNet(2, 10, 2), SGD, no decay of the learning rate
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
test = trainer.test(model, datamodule=data, verbose=False)[0]

headline("The same 100 epochs by Trainer.fit")
print("weights equal to the plain loop's, bit for bit:", end=" ")
print(all(torch.equal(weight, slow.state_dict()[name]) for name, weight in model.net.state_dict().items()))
print(f"loss {trainer.callback_metrics['test/loss'].item():.4f} on held-out points, accuracy {test['test/accuracy']:.4f}")

# %%

plain = slow.state_dict()
assert model.net.state_dict().keys() == plain.keys()
assert all(torch.equal(weight, plain[name]) for name, weight in model.net.state_dict().items())
assert torch.equal(data.sets["train"].tensors[0], features)

# %% [markdown]
# Not a digit differs, so nothing is lost by letting ``Trainer`` run the loop. Lesson 5 saves such a net and loads it again.

# %%

if plt is not None and plt.get_backend() != "agg":
    plt.show()
