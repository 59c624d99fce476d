# %% [markdown]
"""
Losses, optimizers and schedules
================================

**About 75 minutes.** You need ``SimpleNet`` from lesson 3 and the training loop from
lesson 4. After this lesson you can

- write a loss of your own, and check it;
- do a step of SGD, of momentum and of Adam by hand;
- choose an optimizer together with its learning rate, also for parts of a net;
- change the learning rate by steps, by warm-up and cosine, and by OneCycle;
- spot a schedule that is called too seldom or in the wrong order.

The training loop of lesson 4 has three parts that you can exchange: what counts as an
error (the *loss*), how the weights are moved (the *optimizer*), and how far (the
*learning rate*), which may change during the training.
"""

# %%

import copy
import math
import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from torchtour.lessons import headline
from torchtour.network import SimpleNet
from torchtour.problems import spiral

torch.set_num_threads(1)  # as in lesson 4: tensors this small

# %% [markdown]
# A loss of your own
# ------------------
#
# If a net predicts numbers instead of classes, a temperature for instance, the usual
# loss is the *mean squared error*: the mean of the squared differences between
# prediction and truth. torch has it as ``nn.MSELoss``. Your own version is a module
# like any other, with a ``forward``. You need no derivative, autograd finds it.

# %%


class MeanSquaredError(nn.Module):
    def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return ((prediction - target) ** 2).mean()


prediction = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
target = torch.tensor([1.5, 2.5, 3.5])
loss = MeanSquaredError()(prediction, target)
loss.backward()

headline("Mean squared error, our own")
print(f"loss: {loss.item():.4f}")
print("gradient:", [round(slope, 4) for slope in prediction.grad.tolist()])

# %% [markdown]
# Each prediction is 0.5 too low, so the loss is 0.5 * 0.5. The derivative of the mean
# is 2 / 3 of each difference.

# %% checks

assert loss.item() == 0.5 * 0.5
assert torch.equal(loss, nn.MSELoss()(prediction, target))
torch.testing.assert_close(prediction.grad, torch.full((3,), 2 / 3 * -0.5))

# %% [markdown]
# What goes wrong: two shapes in a loss
# -------------------------------------
#
# Nets return a column, [3, 1], where the truth is often a plain row, [3]. Broadcasting
# (lesson 1) then compares every prediction with every truth: nine differences instead
# of three. ``nn.MSELoss`` would warn you, your own loss does not.

# %%

column = prediction.detach().reshape(3, 1)
wrong = MeanSquaredError()(column, target)
same_shape = MeanSquaredError()(column, target.reshape(3, 1))
headline("A column against a row")
print("differences:", list((column - target).shape))
print(f"loss: {wrong.item():.4f}, with the same shape: {same_shape.item():.4f}")

# %% checks

pairs = [(p - t) ** 2 for p in (1, 2, 3) for t in (1.5, 2.5, 3.5)]
assert math.isclose(wrong.item(), sum(pairs) / 9, rel_tol=1e-6)
assert wrong.item() > 6 * loss.item()

# %% [markdown]
# Two optimizers
# --------------
#
# An optimizer keeps the weights that it moves in *parameter groups*, each with its
# settings. Print one to see them. Most of them you never need.
#
# *SGD* is the one of lesson 4. With *momentum* it does not follow the gradient alone
# but a sum in which older gradients fade out, so that steps in the same direction add
# up. *Adam* gives each weight a step of its own length: it takes a fading mean of the
# gradients and divides it by their usual size. The fading mean is Adam's own momentum.
# Its strength is the first of the two ``betas``, 0.9.

# %%

_ = torch.manual_seed(42)
features = torch.randn(100, 2)  # [point, coordinate], the problem of lesson 4
labels = (features[:, 0] + features[:, 1] > 0).long()  # [point]
untrained = SimpleNet(2, 10, 2)

headline("SGD with momentum")
sgd_net = copy.deepcopy(untrained)
sgd = torch.optim.SGD(sgd_net.parameters(), lr=0.01, momentum=0.9)
print(sgd)

headline("Adam")
adam_net = copy.deepcopy(untrained)
adam = torch.optim.Adam(adam_net.parameters(), lr=0.001)
print(adam)

# %% checks

assert (sgd.param_groups[0]["lr"], sgd.param_groups[0]["momentum"]) == (0.01, 0.9)
assert (adam.param_groups[0]["lr"], adam.param_groups[0]["betas"]) == (
    0.001,
    (0.9, 0.999),
)
assert len(sgd.param_groups) == 1
assert len(sgd.param_groups[0]["params"]) == 4  # two weights and two biases

# %% [markdown]
# One step of each, by hand
# -------------------------
#
# Take the first step of both, and compare how far the ten biases of ``fc1`` moved.

# %%

before = untrained.fc1.bias.detach()
for net, optimizer in ((sgd_net, sgd), (adam_net, adam)):
    loss = cross_entropy(net(features), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
gradient = sgd_net.fc1.bias.grad.clone()

sgd_moved, adam_moved = (
    sgd_net.fc1.bias.detach() - before,
    adam_net.fc1.bias.detach() - before,
)

headline("The first step of four biases")
for i in (0, 1, 4, 8):
    print(f"gradient {gradient[i]:8.5f}, moved by SGD {sgd_moved[i]:9.6f}", end=", ")
    print(f"by Adam {adam_moved[i]:9.6f}")

# %% [markdown]
# SGD moves each bias by 0.01 of its gradient, downhill. In this first step Adam moves
# nearly all of them by 0.001, whatever the size of their gradients; only the sign
# counts. That is why a learning rate that is good for one is not good for the other.
#
# The check has the rules, with m for the fading mean of the gradients and v for that of
# their squares. Both start at 0, so after t steps they are divided by 1 - 0.9^t and 1 -
# 0.999^t to make up for it.
#
# And later steps of Adam? That depends on whether the gradients agree. Give it a
# thousand weights with gradients that stay the same, that change their sign in each
# step, and that are pure noise:

# %%


def length_of_steps(gradients):
    """The mean step of Adam after 200 steps, in units of its learning rate."""
    weight = torch.zeros(1000, requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=0.01)
    lengths = []
    for step in range(300):
        weight.grad = gradients(step)
        old = weight.detach().clone()
        optimizer.step()
        lengths.append((weight.detach() - old).abs().mean().item() / 0.01)
    return sum(lengths[200:]) / 100


_ = torch.manual_seed(0)
headline("Later steps of Adam, in units of its learning rate")
kinds = {
    "the same": lambda step: torch.ones(1000),
    "changing sign": lambda step: torch.full((1000,), (-1.0) ** step),
    "noise": lambda step: torch.randn(1000),
}
step_lengths = {name: length_of_steps(kind) for name, kind in kinds.items()}
for name, length in step_lengths.items():
    print(f"gradients {name:13} {length:.2f}")

# %% [markdown]
# So the learning rate is about the longest step that Adam makes. Where gradients
# disagree, its steps are much shorter.

# %% checks

torch.testing.assert_close(
    sgd_net.fc1.bias.detach(), before - 0.01 * gradient, rtol=0, atol=1e-7
)

m = (1 - 0.9) * gradient
v = (1 - 0.999) * gradient**2
m_hat, v_hat = m / (1 - 0.9**1), v / (1 - 0.999**1)
by_hand = before - 0.001 * m_hat / (v_hat.sqrt() + 1e-8)
torch.testing.assert_close(adam_net.fc1.bias.detach(), by_hand, rtol=0, atol=2e-7)
assert math.isclose(step_lengths["the same"], 1, rel_tol=0.001)
# The fading mean of +1, -1, +1 ... settles at 0.1 / 1.9.
assert math.isclose(step_lengths["changing sign"], 0.1 / 1.9, rel_tol=0.01)
assert 0.1 < step_lengths["noise"] < 0.3

# %% [markdown]
# Momentum: the second step
# -------------------------
#
# The momentum shows only in the second step, which still contains 0.9 of the first
# gradient.

# %%

after_one = sgd_net.fc1.bias.detach().clone()
loss = cross_entropy(sgd_net(features), labels)
sgd.zero_grad()
loss.backward()
sgd.step()
second = sgd_net.fc1.bias.grad

headline("Length of the first and the second step of SGD with momentum")
first_length = (after_one - before).norm().item()
second_length = (sgd_net.fc1.bias.detach() - after_one).norm().item()
print(f"{first_length:.6f} {second_length:.6f}")

# %% checks

by_hand = after_one - 0.01 * (0.9 * gradient + second)
torch.testing.assert_close(sgd_net.fc1.bias.detach(), by_hand, rtol=0, atol=2e-7)
assert second_length > 1.5 * first_length

# %% [markdown]
# All three on one problem
# ------------------------
#
# If the gradient stays the same, its faded sum grows to 1 + 0.9 + 0.9^2 + ... = 10
# gradients. So momentum 0.9 makes the rate of 0.01 act like one of 0.1, and lesson 4
# told you what that is worth. Adam with its usual rate of 0.001 is slow here, and with
# 0.01 the quickest. You can't answer "Which optimizer is best?" without its learning
# rate.
#
# A fourth name, *AdamW*, is Adam with another rule for weight decay. Lesson 9 has the
# difference. Without decay it is the same.

# %%

optimizers = {
    "SGD, lr 0.01": lambda weights: torch.optim.SGD(weights, lr=0.01),
    "SGD, lr 0.01, momentum 0.9": lambda weights: torch.optim.SGD(
        weights, lr=0.01, momentum=0.9
    ),
    "Adam, lr 0.001": lambda weights: torch.optim.Adam(weights, lr=0.001),
    "Adam, lr 0.01": lambda weights: torch.optim.Adam(weights, lr=0.01),
}
losses = {}
for name, make in optimizers.items():
    net = copy.deepcopy(untrained)
    optimizer = make(net.parameters())
    losses[name] = []
    for _ in range(100):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses[name].append(loss.item())

headline("Loss after 100 epochs")
for name, curve in losses.items():
    print(f"{name:26} {curve[-1]:.4f}")

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
styles = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", ":"), ("black", "-."))
for (name, curve), (colour, line) in zip(losses.items(), styles, strict=True):
    axes.plot(curve, color=colour, linestyle=line, label=name)
axes.set(
    title="Training loss of SGD, momentum and Adam",
    xlabel="epoch",
    ylabel="cross-entropy",
    ylim=(0, 1),
)
axes.legend(loc="upper right", ncols=2, fontsize="small")

# %% checks

assert f"{losses['SGD, lr 0.01'][-1]:.4f}" == "0.6377"  # as in lesson 4
assert (
    abs(losses["SGD, lr 0.01, momentum 0.9"][-1] - 0.1649) < 0.03
)  # 0.1649: lesson 4 with lr 0.1
assert min(losses, key=lambda name: losses[name][-1]) == "Adam, lr 0.01"

# %% [markdown]
# Parameter groups: a rate for each part
# --------------------------------------
#
# Parts of a net can have settings of their own. Instead of the weights, give the
# optimizer a list of dictionaries: each has the weights of a group and what is special
# about it. What a group doesn't say comes from the arguments. You will use this to
# train a new last layer quickly while the rest changes slowly, and to leave biases out
# of weight decay (lesson 8).

# %%

net = copy.deepcopy(untrained)
optimizer = torch.optim.SGD(
    [
        {"params": net.fc1.parameters()},
        {"params": net.fc2.parameters(), "lr": 0.1},
    ],
    lr=0.01,
)
loss = cross_entropy(net(features), labels)
optimizer.zero_grad()
loss.backward()
optimizer.step()

headline("Two parameter groups")
for group, layer in zip(optimizer.param_groups, ("fc1", "fc2"), strict=True):
    print(f"{layer}: {len(group['params'])} tensors, learning rate {group['lr']}")

# %% checks

for name, rate in {"fc1.weight": 0.01, "fc1.bias": 0.01, "fc2.weight": 0.1}.items():
    old, moved = untrained.get_parameter(name), net.get_parameter(name)
    torch.testing.assert_close(moved.detach(), old.detach() - rate * moved.grad)

# %% [markdown]
# A falling learning rate
# -----------------------
#
# Long steps are good at the start, short ones near the goal. A *scheduler* changes the
# rate of an optimizer during the training. ``StepLR`` multiplies it by ``gamma`` after
# every ``step_size`` epochs. It can't know what an epoch is: it counts how often you
# call its ``step``. So decide in which unit its numbers are, epochs or steps, and call
# it once per unit, after the optimizer. Here the unit is an epoch.

# %%

net = copy.deepcopy(untrained)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.1)

headline("StepLR, stepped once an epoch")
rates = [optimizer.param_groups[0]["lr"]]
for _ in range(30):
    loss = cross_entropy(net(features), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    rates.append(optimizer.param_groups[0]["lr"])
for epoch in (0, 10, 20, 30):
    print(f"after {epoch:2} epochs: {rates[epoch]:.5f}")

# %% checks

assert [f"{rates[epoch]:.5f}" for epoch in (0, 10, 20, 30)] == [
    "0.01000",
    "0.00100",
    "0.00010",
    "0.00001",
]
assert all(
    math.isclose(rate, 0.01 * 0.1 ** (epoch // 10)) for epoch, rate in enumerate(rates)
)

# %% [markdown]
# What goes wrong: a scheduler stepped too seldom
# -----------------------------------------------
#
# This mistake is easy to make in a demonstration: no training, just a call where ten
# epochs should be. The lines say 30 epochs, the scheduler has counted three, and the
# rate never moves. In a real training it happens when ``scheduler.step()`` is outside
# the loop over epochs, or when its numbers count steps and you call it once an epoch.
# In the other direction, numbers that count epochs and a call in each step, the rate
# falls far too early.

# %%

optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.1)

headline("Three calls, printed as if they were 30")
seldom = [0.01]
for epoch in (10, 20, 30):
    optimizer.step()
    scheduler.step()
    seldom.append(optimizer.param_groups[0]["lr"])
    print(f"'after {epoch} epochs': {seldom[-1]:.5f}")

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.step(
    range(31), rates, where="post", color="#0072B2", label="30 calls, one an epoch"
)
axes.plot(
    (0, 10, 20, 30),
    seldom,
    color="#D55E00",
    linestyle="--",
    marker="o",
    label="3 calls",
)
axes.set(
    title="Learning rate under StepLR over 30 epochs",
    xlabel="epochs done",
    ylabel="learning rate",
    yscale="log",
)
axes.legend()

# %% checks

assert seldom == [0.01] * 4
assert scheduler.last_epoch == 3  # its own count

# %% [markdown]
# What goes wrong: the scheduler before the optimizer
# ---------------------------------------------------
#
# In the wrong order the rate falls before it was used. A ``step_size`` of 1 shows it
# best: the first rate, 0.01, is skipped. torch warns once; the cell catches the warning
# to show it.

# %%


def rates_used(scheduler_first: bool) -> list[float]:
    """The rate that each of four optimizer steps was made with."""
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.1)
    used = []
    for _ in range(4):
        if scheduler_first:
            scheduler.step()
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if not scheduler_first:
            scheduler.step()
    return used


headline("The rates of four steps in both orders")
right = rates_used(scheduler_first=False)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    skipped = rates_used(scheduler_first=True)
print("optimizer, scheduler:", " ".join(f"{rate:.6f}" for rate in right))
print("scheduler, optimizer:", " ".join(f"{rate:.6f}" for rate in skipped))
print("torch warns:", str(caught[0].message).split(". ")[0])

# %% checks

assert all(math.isclose(rate, 0.01 * 0.1**step) for step, rate in enumerate(right))
assert all(
    math.isclose(rate, 0.01 * 0.1 ** (step + 1)) for step, rate in enumerate(skipped)
)
assert "skipping the first value" in str(caught[0].message)

# %% [markdown]
# Schedules that count steps: warm-up, cosine, OneCycle
# -----------------------------------------------------
#
# Most recipes of today count steps, not epochs: with thousands of batches an epoch is
# too long a unit. Their schedulers are called once a batch.
#
# - *Warm-up*: the rate rises from near zero in the first steps. Adam's averages know
#   little at first, and a long first step in the wrong direction costs a lot.
# - *Cosine*: after that, the rate falls along half a wave of the cosine to zero.
# - ``OneCycleLR`` does both: you give the highest rate and the number of steps.
#
# ``SequentialLR`` puts schedulers one after the other. The *milestone* is the step
# at which the second takes over.

# %%

schedulers = torch.optim.lr_scheduler


def rates_by_step(make, calls, steps=100):
    """The rate in each step; the scheduler is called in the first `calls` of them."""
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make(optimizer)
    used = []
    for step in range(steps):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < calls:
            scheduler.step()
    return used


def warm_up_and_cosine(optimizer):
    warm_up = schedulers.LinearLR(optimizer, start_factor=0.05, total_iters=20)
    cosine = schedulers.CosineAnnealingLR(optimizer, T_max=80)
    return schedulers.SequentialLR(optimizer, [warm_up, cosine], milestones=[20])


def one_cycle(optimizer):
    return schedulers.OneCycleLR(optimizer, max_lr=0.1, total_steps=100)


cosine_rates = rates_by_step(warm_up_and_cosine, calls=100)
cycle_rates = rates_by_step(one_cycle, calls=99)
once_an_epoch = rates_by_step(one_cycle, calls=5)  # five epochs of 20 steps

headline("The rate in steps 1, 21, 41, 61, 81 and 100")
for name, used in (("warm-up, cosine", cosine_rates), ("OneCycle", cycle_rates)):
    print(f"{name:16}", " ".join(f"{used[i]:.4f}" for i in (0, 20, 40, 60, 80, 99)))
print(f"OneCycle called once an epoch: the rate ends at {once_an_epoch[-1]:.4f}")

# %% [markdown]
# Called five times instead of a hundred, OneCycle never leaves its warm-up. In
# Lightning you say the unit where you return the scheduler: ``{"optimizer": optimizer,
# "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}``. Without it the unit
# is an epoch.

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(cosine_rates, color="#0072B2", label="warm-up, then cosine")
axes.plot(cycle_rates, "--", color="#D55E00", label="OneCycleLR")
axes.plot(once_an_epoch, ":", color="black", label="OneCycleLR, called once an epoch")
axes.set(xlabel="step", ylabel="learning rate", ylim=(0, 0.13))
axes.set_title("Schedules that count steps, over 100 steps")
axes.legend(fontsize="small")

# %% checks

for step, rate in enumerate(cosine_rates):
    if step < 20:
        expected = 0.1 * (0.05 + 0.95 * step / 20)
    else:
        expected = 0.1 * (1 + math.cos(math.pi * (step - 20) / 80)) / 2
    assert math.isclose(rate, expected, rel_tol=1e-6, abs_tol=1e-12)
assert math.isclose(cycle_rates[0], 0.1 / 25)  # its own rule for the start
assert math.isclose(max(cycle_rates), 0.1)
assert cycle_rates.index(max(cycle_rates)) == 0.3 * 100 - 1  # it rises for 30 %
assert cycle_rates[-1] < 1e-4
assert once_an_epoch[-1] < 0.02

# %% [markdown]
# Challenge: 150 steps
# --------------------
#
# Two spirals, wound into each other, 500 points in one batch, and 150 steps. The points
# come from a ``Generator``: a source of random numbers of your own, with its own seed,
# so that nothing else that draws numbers can change the points. Adam with its rate of
# 0.01 from above gets this far:

# %%

generator = torch.Generator().manual_seed(0)
points, arms = spiral(500, generator)
new_points, new_arms = spiral(2000, generator)


def spiral_accuracy(make_optimizer, make_scheduler=None, steps=150):
    """The share of new points that a net gets right after so many steps."""
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 32, 2)
    optimizer = make_optimizer(net.parameters())
    scheduler = make_scheduler(optimizer) if make_scheduler else None
    net.train()
    for _ in range(steps):
        loss = cross_entropy(net(points), arms)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler:
            scheduler.step()
    net.eval()
    with torch.no_grad():
        return (net(new_points).argmax(dim=1) == new_arms).float().mean().item()


headline("Challenge: 150 steps of Adam with a rate of 0.01")
first_try = spiral_accuracy(lambda weights: torch.optim.Adam(weights, lr=0.01))
print(f"right: {first_try:.0%} of 2000 new points")

# %% [markdown]
# Beat it: at least 98 % with 150 steps, by changing nothing but the optimizer, its
# settings and the schedule.

# %% checks

assert 0.85 < first_try < 0.95

# %% plot

if plt.get_backend().lower() != "agg":  # with a screen: show all pictures
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - A loss is a module with a ``forward``; autograd finds its derivative.
# - Momentum follows a fading sum of gradients: 0.9 makes the rate act tenfold.
# - Adam's steps are at most about the learning rate, shorter where gradients disagree.
# - An optimizer is good or bad only together with its learning rate.
# - A scheduler counts calls: decide on epochs or steps, and call it once per unit.
#
# You have now seen every part of the project behind these lessons. ``classifier.py``
# has a loss, three optimizers and two schedules, each a setting of one command. Try
# ``torchtour fit --model.optimizer adamw --model.schedule cosine --model.lr 0.01``,
# then ``torchtour test --ckpt_path best``.
