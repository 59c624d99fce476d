# %% [markdown]
"""
Can you believe its probabilities?
==================================

**About 70 minutes.** You need the test set of lesson 7 and overfitting from lesson 8.
After this lesson you can

- read ROC and precision-recall curves, and say what AUC means;
- choose a threshold from what mistakes cost;
- measure whether probabilities are honest, and repair them with a temperature;
- compare two nets on the same examples, over several seeds and folds;
- say what a confidence interval means, and what it doesn't.

A net says "72 % ill". Is that so? Of all people to whom it says 72 %, are 72 in 100
ill? A net can be right often and still lie about how sure it is. In this lesson you
know the truth, because you make the data. It takes about 10 seconds on one core.
"""

# %%

import itertools
import math
import sys

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    softplus,
)

from torchtour.lessons import headline

try:
    from sklearn.metrics import average_precision_score, roc_auc_score
except ImportError:
    print("This lesson needs scikit-learn: pip install scikit-learn", file=sys.stderr)
    sys.exit(2)

torch.set_num_threads(1)  # sharing tensors this small costs more than it saves

# %% [markdown]
# An illness whose truth is known
# -------------------------------
#
# Each person who comes to the clinic has five measurements. A rule turns them into the
# true probability of being ill, and chance decides with that probability. So no net can
# be right about all people, and the best possible net would say exactly the true
# probability.

# %%


def draw(n, generator):
    """Measurements [n, 5], true probability [n], and whether ill, 0 or 1 [n]."""
    x = torch.randn(n, 5, generator=generator)
    logit = 1.5 * x[:, 0] + x[:, 1] * x[:, 2] - x[:, 3].abs()
    truth = logit.sigmoid()
    ill = (torch.rand(n, generator=generator) < truth).float()
    return x, truth, ill


generator = torch.Generator().manual_seed(0)
train_x, _, train_ill = draw(1000, generator)
val_x, _, val_ill = draw(2000, generator)
test_x, test_truth, test_ill = draw(10_000, generator)

headline("Ill people")
for name, ill in {"training": train_ill, "test": test_ill}.items():
    print(f"{name}: {ill.sum().int()} of {len(ill)}")

# %% [markdown]
# For two classes one logit is enough: its *sigmoid*, 1 / (1 + exp(-logit)), is the
# probability of being ill. The loss is ``binary_cross_entropy_with_logits``, the
# cross-entropy that you know, with 0 as the score of the other class.
#
# The net below is trained for too long, as happens. A number after ``~`` comes from
# training in ``float32`` and may differ a little on another processor.

# %%


def train(x, ill, epochs, weight=1.0, seed=0, hidden=64):
    """Full batches; the loss of an ill person counts ``weight`` times."""
    _ = torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(5, hidden), nn.ReLU(), nn.Linear(hidden, 1))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    net.train()
    for _ in range(epochs):
        logits = net(x)[:, 0]
        loss = binary_cross_entropy_with_logits(
            logits, ill, pos_weight=torch.tensor(weight)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def logits_of(net, x):
    net.eval()
    with torch.no_grad():
        return net(x)[:, 0]


net = train(train_x, train_ill, epochs=600)
val_logits, test_logits = logits_of(net, val_x), logits_of(net, test_x)
probability = test_logits.sigmoid()

headline("Three people of the test set")
for i in (0, 1, 2):
    print(f"true probability {test_truth[i]:.2f}, ill: {test_ill[i]:.0f}")
headline("Loss")
train_loss = binary_cross_entropy_with_logits(logits_of(net, train_x), train_ill)
test_loss = binary_cross_entropy_with_logits(test_logits, test_ill)
lowest = nn.functional.binary_cross_entropy(test_truth, test_ill)
print(f"training ~{train_loss:.2f}, test ~{test_loss:.2f}", end=", ")
print(f"test of the true probabilities {lowest:.2f}")

# %% checks

two_scores = torch.stack([torch.zeros_like(test_logits), test_logits], dim=1)
torch.testing.assert_close(
    binary_cross_entropy_with_logits(test_logits, test_ill),
    cross_entropy(two_scores, test_ill.long()),
)
torch.testing.assert_close(two_scores.softmax(dim=1)[:, 1], probability)
assert train_loss < lowest < test_loss  # lower than the truth: memorised
deviation = (test_truth * (1 - test_truth)).sum().sqrt()  # of the number of ill people
assert abs(test_ill.sum() - test_truth.sum()) < 4 * deviation

# %% [markdown]
# One net, many thresholds
# ------------------------
#
# To act you need a yes or no: call a person back if the probability is above a
# *threshold*. Each threshold gives four counts, and three shares that have names:
#
# - *recall*, or true positive rate: of the ill people, how many are called;
# - *false positive rate*: of the healthy people, how many are called;
# - *precision*: of the people called, how many are ill.

# %%


def rates(score, ill, threshold):
    """Recall, false positive rate, precision."""
    called = score > threshold
    found = (called & (ill == 1)).sum().item()
    alarms = (called & (ill == 0)).sum().item()
    recall, false_rate = found / ill.sum().item(), alarms / (1 - ill).sum().item()
    return recall, false_rate, found / max(found + alarms, 1)


headline("Recall, false positive rate and precision by threshold")
for threshold in (0.1, 0.3, 0.5, 0.9):
    shown = " ".join(f"~{rate:.2f}" for rate in rates(probability, test_ill, threshold))
    print(f"{threshold}: {shown}")

# %% [markdown]
# Lower the threshold, and you find more of the ill and call more of the healthy. The
# *ROC curve* shows recall against false positive rate for all thresholds. The area
# under it, *AUC*, judges the net without choosing one.
#
# Lesson 10 took all pairs of an ill and a healthy person and asked how often the ill
# one has the higher score. That share *is* the AUC. A perfect order has 1, chance 0.5.

# %%


def roc(score, ill):
    """False positive rate and recall after each person, from the highest score down."""
    ranked = ill[score.argsort(descending=True)]
    recall = ranked.cumsum(0) / ranked.sum()
    false_rate = (1 - ranked).cumsum(0) / (1 - ranked).sum()
    return false_rate, recall


def auc(score, ill):
    false_rate, recall = roc(score, ill)
    zero = torch.zeros(1)
    return torch.trapezoid(
        torch.cat([zero, recall]), torch.cat([zero, false_rate])
    ).item()


def average_precision(score, ill):
    """The mean precision at each ill person: the area under precision over recall."""
    ranked = ill[score.argsort(descending=True)]
    precision = ranked.cumsum(0) / torch.arange(1, len(ranked) + 1)
    return precision[ranked == 1].mean().item()


headline("AUC and average precision")
for name, score in {"the net": probability, "the truth": test_truth}.items():
    print(f"{name}: ~{auc(score, test_ill):.2f}", end=" and ")
    print(f"~{average_precision(score, test_ill):.2f}")

# %% [markdown]
# Even the true probabilities have no AUC of 1. No net can beat them.

# %% checks

above = probability[test_ill == 1][:, None] - probability[test_ill == 0]  # every pair
pairs = ((above > 0).float().mean() + (above == 0).float().mean() / 2).item()
assert math.isclose(auc(probability, test_ill), pairs, abs_tol=1e-3)
assert math.isclose(
    auc(probability, test_ill), roc_auc_score(test_ill, probability), abs_tol=1e-3
)
assert math.isclose(
    average_precision(probability, test_ill),
    average_precision_score(test_ill, probability),
    abs_tol=1e-3,
)
assert auc(test_truth, test_ill) > auc(probability, test_ill) + 0.02
false_rate, recall = roc(probability, test_ill)
at = (probability > 0.3).sum() - 1  # the last person above the threshold
assert math.isclose(
    recall[at].item(), rates(probability, test_ill, 0.3)[0], abs_tol=1e-6
)

# %% [markdown]
# What goes wrong: a good AUC for a rare illness
# ----------------------------------------------
#
# Use the same test on people of whom ten times fewer are ill. Neither the ill nor the
# healthy have changed, so the ROC curve stays, up to chance. But now most people who
# are called are healthy.

# %%

rare_rows = torch.cat(
    [(test_ill == 0).nonzero()[:, 0], (test_ill == 1).nonzero()[::10, 0]]
)
rare_score, rare_ill = probability[rare_rows], test_ill[rare_rows]
headline("The same net where one in ten of the ill remains")
for name, (score, ill) in {
    "as trained": (probability, test_ill),
    "rare": (rare_score, rare_ill),
}.items():
    precision = rates(score, ill, 0.5)[2]
    print(f"{name}: AUC ~{auc(score, ill):.2f}", end=", ")
    print(f"precision at one half ~{precision:.2f}")

# %% checks

assert abs(auc(rare_score, rare_ill) - auc(probability, test_ill)) < 0.06
assert rates(rare_score, rare_ill, 0.5)[2] < rates(probability, test_ill, 0.5)[2] / 2

# %% plot

figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
figure.suptitle("ROC and precision-recall curves, as trained and for a rare illness")
styles = (("#0072B2", "-"), ("#D55E00", "--"))
groups = {"as trained": (probability, test_ill), "rare": (rare_score, rare_ill)}
for (name, (score, ill)), (colour, dash) in zip(groups.items(), styles, strict=True):
    false_rate, recall = roc(score, ill)
    panels[0].plot(false_rate, recall, dash, color=colour, label=name)
    ranked = ill[score.argsort(descending=True)]
    precision = ranked.cumsum(0) / torch.arange(1, len(ranked) + 1)
    panels[1].plot(recall, precision, dash, color=colour, label=name)
panels[0].plot([0, 1], [0, 1], ":", color="black", label="chance")
panels[0].set(title="ROC", xlabel="false positive rate", ylabel="recall")
panels[1].set(title="Precision and recall", xlabel="recall", ylabel="precision")
panels[0].legend()
panels[1].legend()

# %% [markdown]
# Are the probabilities honest?
# -----------------------------
#
# AUC looks at the order only. Now the numbers themselves: group the people by what the
# net says, and compare its mean probability in each group with the share that is ill. A
# net whose numbers agree is *calibrated*. The picture of both is a *reliability
# diagram*. The mean gap, weighted by group size, is the *expected calibration error*,
# ECE.

# %%


def reliability(probability, ill, n_bins=10):
    """For each bin in use: mean probability, share of ill people, size."""
    bins = (probability * n_bins).long().clamp(max=n_bins - 1)
    used = [bins == k for k in range(n_bins) if (bins == k).any()]
    said = torch.stack([probability[inside].mean() for inside in used])
    true = torch.stack([ill[inside].mean() for inside in used])
    return said, true, torch.stack([inside.sum() for inside in used])


def calibration_error(probability, ill):
    said, true, size = reliability(probability, ill)
    return ((said - true).abs() * size).sum().item() / len(ill)


headline("Said and true, by group")
said, true, size = reliability(probability, test_ill)
for k in (0, 9):
    print(f"net says ~{said[k]:.2f}, ill are ~{true[k]:.2f}")
print(
    f"calibration error of the net:   ~{calibration_error(probability, test_ill):.2f}"
)
print(f"calibration error of the truth: ~{calibration_error(test_truth, test_ill):.2f}")

# %% [markdown]
# Where the net says "almost certainly", many are healthy. It has memorised its training
# people, and it gives equally extreme answers about new ones, where it is often wrong.
# This is *overconfidence*, and long training makes it worse.

# %% checks

assert size.sum() == 10_000
inside = [i for i, p in enumerate(probability.tolist()) if 0.4 <= p < 0.5]
assert math.isclose(
    said[4].item(), sum(probability[inside].tolist()) / len(inside), rel_tol=1e-4
)
assert math.isclose(
    true[4].item(), sum(test_ill[inside].tolist()) / len(inside), rel_tol=1e-4
)
assert true[-1] < said[-1] - 0.1
assert calibration_error(probability, test_ill) > 0.05
assert calibration_error(test_truth, test_ill) < 0.03

# %% [markdown]
# Temperature scaling
# -------------------
#
# The simplest repair divides all logits by one number, the *temperature*, before the
# sigmoid. Above 1 it pulls all probabilities towards one half. Choose it on the
# *validation* set, so that the loss there is lowest. The order of the people stays, and
# so do AUC and every answer at one half.

# %%


def fit_temperature(logits, ill):
    """The best of 400 temperatures from 0.1 to 10, evenly spaced in the logarithm."""
    candidates = torch.logspace(-1, 1, 400)
    losses = [binary_cross_entropy_with_logits(logits / t, ill) for t in candidates]
    return candidates[torch.stack(losses).argmin()].item()


temperature = fit_temperature(val_logits, val_ill)
scaled = (test_logits / temperature).sigmoid()
headline("Test set, before and after temperature scaling")
print(f"temperature ~{temperature:.1f}")
for name, p in {"before": probability, "after": scaled}.items():
    loss = nn.functional.binary_cross_entropy(p, test_ill).item()
    error = calibration_error(p, test_ill)
    print(f"{name}: loss ~{loss:.2f}, calibration error ~{error:.2f}", end=", ")
    print(f"AUC ~{auc(p, test_ill):.2f}")

# %% [markdown]
# Better cures come earlier: stop training in time, use more data, average several nets.
# Temperature scaling is for the net that you have.

# %% checks

assert temperature > 1.2
assert (
    calibration_error(scaled, test_ill) < calibration_error(probability, test_ill) / 2
)
assert math.isclose(auc(scaled, test_ill), auc(probability, test_ill), abs_tol=1e-4)
assert torch.equal(scaled > 0.5, probability > 0.5)
free = torch.tensor(0.0, requires_grad=True)  # the logarithm of the temperature
optimizer = torch.optim.LBFGS([free], max_iter=50)


def closure():
    optimizer.zero_grad()
    loss = binary_cross_entropy_with_logits(val_logits / free.exp(), val_ill)
    loss.backward()
    return loss


_ = optimizer.step(closure)  # by gradients instead of trying
assert math.isclose(free.exp().item(), temperature, rel_tol=0.02)

# %% plot

figure, axes = plt.subplots(figsize=(5, 4.5), layout="constrained")
for name, p, colour, mark in (
    ("the net", probability, "#D55E00", "o--"),
    ("with temperature", scaled, "#0072B2", "s-"),
):
    said, true, _ = reliability(p, test_ill)
    axes.plot(said, true, mark, color=colour, label=name)
axes.plot([0, 1], [0, 1], ":", color="black", label="honest")
axes.set(
    title="Reliability diagram of the net", xlabel="probability that the net gives"
)
axes.set(ylabel="share of ill people")
axes.legend()

# %% [markdown]
# A threshold from costs
# ----------------------
#
# Say a missed illness costs 10 and a needless call costs 1. Calling a person with
# probability p costs (1 - p) * 1 on average, not calling costs p * 10. So call where
# p is above 1 / (1 + 10), about 0.09. One half is the right threshold only if both
# mistakes cost the same.

# %%

MISS, ALARM = 10, 1
best = ALARM / (ALARM + MISS)


def mean_cost(p, ill, threshold):
    called = p > threshold
    return (torch.where(called, (1 - ill) * ALARM, ill * MISS)).mean().item()


headline("Mean cost a person on the test set")
print(f"threshold 0.5:                ~{mean_cost(scaled, test_ill, 0.5):.1f}")
print(f"threshold {best:.2f}:               ~{mean_cost(scaled, test_ill, best):.1f}")
print(
    f"{best:.2f} without temperature:     ~{mean_cost(probability, test_ill, best):.1f}"
)
print(
    f"{best:.2f} on the true probability: ~{mean_cost(test_truth, test_ill, best):.1f}"
)

# %% [markdown]
# The rule is derived for true probabilities. So calibrate first, then apply it.

# %% checks

assert mean_cost(scaled, test_ill, best) < 0.8 * mean_cost(scaled, test_ill, 0.5)
assert mean_cost(scaled, test_ill, best) < mean_cost(probability, test_ill, best)
many_truth, many_ill = draw(400_000, torch.Generator().manual_seed(1))[1:]
tried = torch.linspace(0.01, 0.6, 60).tolist()
costs = [mean_cost(many_truth, many_ill, threshold) for threshold in tried]
assert abs(tried[costs.index(min(costs))] - best) < 0.03  # the lowest of 60
threshold_by_hand = next(p for p in tried if p * MISS > (1 - p) * ALARM)
assert threshold_by_hand - 0.01 <= best <= threshold_by_hand

# %% [markdown]
# What goes wrong: class weights
# ------------------------------
#
# The other way to find more of the ill is to weight them in the loss (lesson 10), here
# tenfold with ``pos_weight``. It finds them. But the net learns probabilities for a
# world in which each ill person is there ten times, and they are wrong in ours.

# %%

plain = train(train_x, train_ill, epochs=60)
weighted = train(train_x, train_ill, epochs=60, weight=float(MISS))
plain_p = logits_of(plain, test_x).sigmoid()
weighted_logits = logits_of(weighted, test_x)
weighted_p = weighted_logits.sigmoid()
undone = (weighted_logits - math.log(MISS)).sigmoid()  # the odds divided by 10

headline("Without weights, with weights, and with the weights taken out again")
print(f"share of ill people: {test_ill.mean():.2f}")
for name, p in {"plain": plain_p, "weighted": weighted_p, "undone": undone}.items():
    error = calibration_error(p, test_ill)
    print(f"{name:8} mean probability ~{p.mean():.2f}, calibration error ~{error:.2f}")
headline("Mean cost: plain at 0.09 and weighted at one half")
costs = mean_cost(plain_p, test_ill, best), mean_cost(weighted_p, test_ill, 0.5)
print(f"~{costs[0]:.2f} ~{costs[1]:.2f}")

# %% [markdown]
# Both call about the same people, because a weight of w multiplies the odds
# p / (1 - p) by w. A threshold does the same after training, can be changed each day,
# and leaves the probabilities alone. Use weights to help a net learn a class that it
# ignores, and take them out of the probabilities afterwards.

# %% checks

odds = undone.double() / (1 - undone.double())
torch.testing.assert_close(
    odds * MISS, (weighted_p / (1 - weighted_p)).double(), rtol=1e-2, atol=1e-3
)
assert weighted_p.mean() > 1.5 * test_ill.mean()
assert calibration_error(weighted_p, test_ill) > 0.15
assert calibration_error(undone, test_ill) < calibration_error(weighted_p, test_ill) / 3
assert calibration_error(plain_p, test_ill) < 0.06
assert abs(costs[0] - costs[1]) < 0.1
first = torch.tensor([0.3, -1.2])
by_hand = torch.tensor([MISS * softplus(-first[0]), softplus(first[1])]).mean()
torch.testing.assert_close(
    binary_cross_entropy_with_logits(
        first, torch.tensor([1.0, 0.0]), pos_weight=torch.tensor(float(MISS))
    ),
    by_hand,
)

# %% [markdown]
# Two nets on the same people
# ---------------------------
#
# The plain net trained for 60 epochs, the first one for 600. Is the plain one more
# often right? Say you have only 500 people to test on. Each accuracy has its own
# interval, 1.96 standard errors each way, and the two intervals overlap. Many stop here
# and say "no difference".
#
# But both nets saw the *same* people. Where both are right or both are wrong, you learn
# nothing about the difference. Count only the people on whom they disagree. If the nets
# were equally good, each of them would be the flip of a coin. How unlikely is the
# count, then? That is *McNemar's test*, here in its exact form.

# %%


def mcnemar(n_fixed, n_broken):
    """The chance of a split at least as uneven, by flips of a fair coin."""
    n = n_fixed + n_broken
    tail = sum(math.comb(n, k) for k in range(min(n_fixed, n_broken) + 1))
    return min(1.0, 2 * tail / 2**n)


few_x, few_ill = test_x[:500], test_ill[:500] == 1
right = {
    "600 epochs": (logits_of(net, few_x) > 0) == few_ill,
    "60 epochs": (logits_of(plain, few_x) > 0) == few_ill,
}
n_fixed = (right["60 epochs"] & ~right["600 epochs"]).sum().item()
n_broken = (right["600 epochs"] & ~right["60 epochs"]).sum().item()

headline("Two nets on the same 500 people")
ends = {}
for name, each in right.items():
    share = each.float().mean().item()
    half = 1.96 * math.sqrt(share * (1 - share) / 500)
    ends[name] = (share - half, share + half)
    print(f"{name}: ~{share:.0%} right, interval ~{ends[name][0]:.0%}", end=" ")
    print(f"to ~{ends[name][1]:.0%}")
print("the intervals overlap:", ends["60 epochs"][0] < ends["600 epochs"][1])
print("McNemar below 0.05:", mcnemar(n_fixed, n_broken) < 0.05)

# %% checks

games = [sum(flips) for flips in itertools.product((0, 1), repeat=14)]  # all there are
for n_heads in range(15):
    uneven = sum(abs(2 * heads - 14) >= abs(2 * n_heads - 14) for heads in games)
    assert math.isclose(mcnemar(n_heads, 14 - n_heads), uneven / 2**14)
assert mcnemar(8, 8) == 1
assert n_fixed - n_broken == right["60 epochs"].sum() - right["600 epochs"].sum()
assert ends["60 epochs"][0] < ends["600 epochs"][1]
assert mcnemar(n_fixed, n_broken) < 0.05

# %% [markdown]
# Several seeds and cross-validation
# ----------------------------------
#
# McNemar's test compares two trained nets. Is the *recipe* better? Then other random
# weights and other training people must give the same answer. *Cross-validation* cuts
# the data into five parts, and trains five times, each time without one part, which is
# the test. Each person is tested once. Is a hidden layer worth it, in this problem?

# %%


def linear_net(x, ill):
    _ = torch.manual_seed(0)
    net = nn.Linear(5, 1)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
    net.train()
    for _ in range(300):
        loss = binary_cross_entropy_with_logits(net(x)[:, 0], ill)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


def folds(n, k, seed=0):
    """k pairs of rows to train and rows to test."""
    parts = torch.randperm(n, generator=torch.Generator().manual_seed(seed)).chunk(k)
    for i, test in enumerate(parts):
        yield torch.cat([part for j, part in enumerate(parts) if j != i]), test


all_x, all_ill = torch.cat([train_x, val_x]), torch.cat([train_ill, val_ill])
by_fold = {"linear": [], "hidden": []}
for rows, held in folds(len(all_x), 5):
    for name in by_fold:
        make = (
            linear_net if name == "linear" else lambda x, ill: train(x, ill, epochs=60)
        )
        logits = logits_of(make(all_x[rows], all_ill[rows]), all_x[held])
        by_fold[name].append(auc(logits, all_ill[held]))

by_seed = [
    auc(logits_of(train(train_x, train_ill, epochs=60, seed=seed), test_x), test_ill)
    for seed in range(5)
]
headline("AUC in five folds, and with five seeds")
for name, scores in by_fold.items():
    print(f"{name}: mean ~{sum(scores) / 5:.2f}, from ~{min(scores):.2f}", end=" ")
    print(f"to ~{max(scores):.2f}")
print(f"hidden, five seeds: ~{min(by_seed):.2f} to ~{max(by_seed):.2f}")
wins = sum(b > a for a, b in zip(*by_fold.values(), strict=True))
print(f"folds in which the hidden layer is better: {wins} of 5")

# %% [markdown]
# Report the mean and the spread, never the best seed: the best of many is partly luck.
# The folds differ more than the seeds, because each has other people. Compare fold by
# fold, as you compared person by person.

# %% checks

tested = torch.cat([held for _, held in folds(len(all_x), 5)])
assert tested.sort().values.tolist() == list(range(3000))  # each person once
assert not any(set(rows.tolist()) & set(held.tolist()) for rows, held in folds(3000, 5))
assert wins == 5
spread = max(by_fold["hidden"]) - min(by_fold["hidden"])
assert spread > max(by_seed) - min(by_seed)

# %% [markdown]
# What an interval means
# ----------------------
#
# "Accuracy 90 %, interval 87 to 93 %." Many read this as: with another sample, the
# accuracy would mostly lie in there. That is wrong, and you can simulate it. Take a net
# whose true accuracy you know, 90 %. Draw samples of 400 answers, 20,000 times. Does
# the interval hold the truth? Does it hold the accuracy of the *next* sample?

# %%

generator = torch.Generator().manual_seed(0)
answers = (
    torch.rand(20_000, 2, 400, generator=generator) < 0.9
)  # [trial, sample, answer]
share = answers.float().mean(dim=2)  # [trial, sample]
middle, z, n = share[:, 0], 1.96, 400
centre = (middle + z**2 / (2 * n)) / (1 + z**2 / n)  # Wilson's interval (lesson 10)
half = z / (1 + z**2 / n) * (middle * (1 - middle) / n + z**2 / (4 * n**2)).sqrt()
holds_truth = ((centre - 0.9).abs() < half).float().mean().item()
holds_next = ((centre - share[:, 1]).abs() < half).float().mean().item()

headline("Of 20,000 intervals, the share that holds")
print(f"the true accuracy:               {holds_truth:.1%}")
print(f"the accuracy of the next sample: {holds_next:.1%}")

# %% [markdown]
# So the sentence to remember is: *of 100 intervals made this way, 95 hold the true
# value.* The next sample is uncertain itself, and its distance from the first has a
# standard error that is larger by root(2).

# %% checks

assert abs(holds_truth - 0.95) < 0.01
within = math.erf(1.96 / math.sqrt(2) / math.sqrt(2))  # 1.96 / root(2) deviations
assert abs(holds_next - within) < 0.015
assert abs(within - 0.83) < 0.005

# %% [markdown]
# Challenge: cheaper decisions
# ----------------------------
#
# The net with temperature costs about 0.57 a person, the true probabilities 0.51. Beat
# it: at most 0.54 on the test people, with the 3,000 people of the training and
# validation sets in whatever parts you like, and no look at the test people until the
# end. Then say with a paired comparison whether you beat the net of this lesson.

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - AUC judges the order; precision depends on how rare the class is. Show both.
# - Calibration compares said with true; a temperature from validation data repairs it.
# - Costs give the threshold, alarm / (alarm + miss). Weights distort probabilities.
# - Same examples, paired comparison; other seeds and folds for the recipe.
# - Of 100 intervals, 95 hold the true value. The next sample falls in less often.
#
# Next: how a net leaves your machine, and how it is used there.
