# %% [markdown]
"""
Advanced features
=================

**About 60 minutes.** You need ``SimpleNet`` from lesson 3 and the training loop from
lesson 4. After this lesson you can

- write a loss of your own, and check it;
- do a step of SGD, of momentum and of Adam by hand;
- choose an optimizer together with its learning rate;
- lower the learning rate on a schedule, and spot a schedule that does nothing.

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

torch.set_num_threads(
    1
)  # for tensors as small as these, sharing the work would cost more than it saves

# %% [markdown]
# A loss of your own
# ------------------
#
# If a net predicts numbers instead of classes, a temperature for instance, the usual
# loss is the *mean squared error*: the mean of the squared differences between
# prediction and truth. torch has it as ``nn.MSELoss``. Written by yourself it is a
# module like any other, with a ``forward``. You need no derivative, autograd finds it.

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
# Nets put out a column, [3, 1], where the truth is often a plain row, [3]. Broadcasting
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
# up. *Adam* gives each weight a step of its own length: it divides the gradient by its
# usual size.

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
# SGD moves each bias by 0.01 of its gradient, downhill. Adam moves nearly all of them
# by 0.001, whatever their gradients, and only the sign is the gradient's. That is why a
# learning rate that is good for one is not good for the other.
#
# Written out, with m for the fading mean of the gradients and v for that of their
# squares. Both start at 0, so after t steps they are divided by 1 - 0.9^t and 1 -
# 0.999^t to make up for it.

# %% checks

torch.testing.assert_close(
    sgd_net.fc1.bias.detach(), before - 0.01 * gradient, rtol=0, atol=1e-7
)

m = (1 - 0.9) * gradient
v = (1 - 0.999) * gradient**2
m_hat, v_hat = m / (1 - 0.9**1), v / (1 - 0.999**1)
by_hand = before - 0.001 * m_hat / (v_hat.sqrt() + 1e-8)
torch.testing.assert_close(adam_net.fc1.bias.detach(), by_hand, rtol=0, atol=2e-7)

# %% [markdown]
# The momentum shows only in the second step: 0.9 of the first gradient is still in it.
# The next cell takes one more step and asserts the rule.

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
# 0.01 the quickest. "Which optimizer is best?" cannot be answered without its learning
# rate.

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

# %% checks

assert f"{losses['SGD, lr 0.01'][-1]:.4f}" == "0.6377"  # as in lesson 4
assert (
    abs(losses["SGD, lr 0.01, momentum 0.9"][-1] - 0.1649) < 0.03
)  # 0.1649: lesson 4 with lr 0.1
assert min(losses, key=lambda name: losses[name][-1]) == "Adam, lr 0.01"

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

# %% [markdown]
# A falling learning rate
# -----------------------
#
# Long steps are good at the start, short ones near the goal. A *scheduler* changes the
# rate of an optimizer as the training goes on. ``StepLR`` multiplies it by ``gamma``
# after every ``step_size`` epochs. It cannot know what an epoch is: it counts how often
# you call its ``step``. Call it once an epoch, after the optimizer's.

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
# rate never moves. In a real training it happens when ``scheduler.step()`` stands
# outside of the loop over epochs. (Inside of a loop over batches it is called too often
# instead.)

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

# %% checks

assert seldom == [0.01] * 4
assert scheduler.last_epoch == 3  # its own count

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

# %% [markdown]
# What goes wrong: the scheduler before the optimizer
# ---------------------------------------------------
#
# In the wrong order the rate falls before it was used. With a ``step_size`` of 1 you
# see it best: the first rate, 0.01, is skipped. torch warns, once; the cell catches the
# warning to show it.

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

# %% plot

if plt.get_backend().lower() != "agg":  # with a screen: show all pictures
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - A loss is a module with a ``forward``; autograd finds its derivative.
# - Momentum follows a fading sum of gradients: 0.9 makes the rate act tenfold.
# - Adam gives each weight a step of about the learning rate, whatever its gradient.
# - An optimizer is good or bad together with its learning rate only.
# - A scheduler counts calls of ``step``: one an epoch, after the optimizer's.
#
# You have met all that the project behind these lessons is made of. ``classifier.py``
# holds a loss, two optimizers and StepLR, each a setting of one command. Try
# ``torchtour fit --model.optimizer adam --model.momentum 0 --model.lr 0.01``, then
# ``torchtour test --ckpt_path best``.
