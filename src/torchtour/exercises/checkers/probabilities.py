"""Lesson 13."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Trial


def mean_cost(t: Trial, answer: Callable[..., Any]) -> None:
    for miss, alarm in ((10, 1), (4, 3), (1, 4), (2.5, 0.5)):
        n = t.draw.size(12, 20)
        probability = (t.draw.integers(0, 50, n) * 2 + 1) / 101  # never on a threshold
        ill = t.draw.labels(n, 2).float()
        t.call(answer, probability, ill, miss, alarm, names="probability ill miss alarm", go_on=True)


def cost_by_hand(probability: Tensor, ill: Tensor, miss: float, alarm: float) -> float:
    threshold = Fraction(alarm) / (Fraction(alarm) + Fraction(miss))
    costs = [
        (0 if sick else alarm) if p > threshold else (miss if sick else 0)
        for p, sick in zip(probability.tolist(), ill.tolist(), strict=True)
    ]
    return sum(costs) / len(costs)


def calibration_error(t: Trial, answer: Callable[..., Any]) -> None:
    for n_bins, n in ((10, t.draw.size(30, 40)), (5, t.draw.size(50, 60)), (4, t.draw.size(8, 12))):
        probability = (t.draw.integers(0, 40, n) * 2 + 1) / 81  # no edge of a group
        probability[: n // 2] *= 0.3  # groups of different sizes
        probability[-2:] = torch.tensor([0.0, 1.0])  # both belong to a group
        ill = (torch.rand(n, generator=t.draw.generator) < 0.6 * probability + 0.1).float()
        ill[:2], ill[-2:] = torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0])
        t.call(answer, probability, ill, n_bins, names="probability ill n_bins", tolerance=1e-4, go_on=True)


def calibration_by_lists(probability: Tensor, ill: Tensor, n_bins: int) -> float:
    total = 0.0
    people = [*zip(probability.double().tolist(), ill.tolist(), strict=True)]
    for k in range(n_bins):
        last = k == n_bins - 1
        group = [(p, sick) for p, sick in people if k / n_bins <= p and (p < (k + 1) / n_bins or last)]
        total += abs(sum(p - sick for p, sick in group))
    return total / len(people)


def mcnemar(t: Trial, answer: Callable[..., Any]) -> None:
    for only_a, only_b in ((0, 0), (1, 6), (t.draw.size(5, 9), 2), (4, 4), (3, t.draw.size(14, 20)), (1, 0), (5, 6)):
        both, neither = t.draw.random.randint(1, 8), t.draw.random.randint(1, 5)
        pairs = [(True, False)] * only_a + [(False, True)] * only_b
        pairs += [(True, True)] * both + [(False, False)] * neither
        t.draw.random.shuffle(pairs)
        a_right, b_right = torch.tensor(pairs).T.contiguous()
        t.call(answer, a_right, b_right, names="a_right b_right", go_on=True)


def mcnemar_by_growing(a_right: Tensor, b_right: Tensor) -> float:
    """The probabilities of all counts after each flip, as fractions."""
    differ = a_right != b_right
    n, k = int(differ.sum()), int((a_right & differ).sum())
    chances = [Fraction(1)]
    for _ in range(n):
        chances = [(low + high) / 2 for low, high in zip([Fraction(0), *chances], [*chances, Fraction(0)], strict=True)]
    return float(sum(chance for i, chance in enumerate(chances) if abs(2 * i - n) >= abs(2 * k - n)))


CHECKS = {
    1: prediction_check(
        1,
        "auc",
        0.75,
        "Go through all pairs of an ill and a healthy person: in how many does the ill one have the higher score?",
        accuracy=(0.5, "You count people who are on the right side. Count pairs.", "There are four pairs."),
        perfect=(
            1.0,
            "One ill person has a lower score than one of the healthy.",
            "Compare 0.3 with both healthy people.",
        ),
        inverted=(0.25, "That is the share of pairs in the wrong order.", "Ill above healthy is right."),
        counted=(3, "That is a number of pairs. The share is asked for.", "Divide by the number of all pairs."),
    ),
    2: Check(
        "mean_cost",
        mean_cost,
        "Not calling costs p * miss on average, calling (1 - p) * alarm. Decide, then see what it really cost.",
        {
            "one_half": ("You call above one half. The costs decide.", "Where are the two expected costs equal?"),
            "swapped": (
                "You call too few: the more a miss costs, the lower the threshold.",
                "alarm / (alarm + miss).",
            ),
            "ratio": (
                "The threshold is not alarm / miss: it would be above 1 for some costs.",
                "Solve p * miss = (1 - p) * alarm.",
            ),
            "costs_swapped": (
                "The decisions are right, but the costs of the two mistakes are swapped.",
                "Called and healthy: an alarm. Not called and ill: a miss.",
            ),
            "summed": ("That is the cost of all people together.", "The mean a person is asked for."),
            "expected": (
                "That is what you expect to pay. Asked for is what these people really cost.",
                "`ill` says who was ill.",
            ),
        },
        reference=cost_by_hand,
    ),
    3: Check(
        "calibration_error",
        calibration_error,
        "How many people stand behind each gap? Let each gap count that often.",
        {
            "unweighted": (
                "Each group counts the same, however few people are in it.",
                "Weight each gap by the size of its group.",
            ),
            "by_bins": ("You divide by the number of groups.", "Weight by people, and divide by their number."),
            "signed": ("Gaps above and below cancel each other.", "Take the gap of each group without its sign."),
            "overall": (
                "You compare one mean with one share, for all people together.",
                "The groups are gone. A net can be too high in one and too low in another.",
            ),
            "by_person": (
                "You compare each person's probability with 0 or 1.",
                "Compare the mean of a group with its share.",
            ),
            "largest": ("That is the largest gap.", "The weighted mean of all gaps is asked for."),
            "one_lost": (
                "A probability of exactly 1 falls into no group.",
                "Keep the `clamp`.",
            ),
        },
        reference=calibration_by_lists,
    ),
    4: Check(
        "mcnemar",
        mcnemar,
        "Count two numbers: only A right, only B right. `math.comb(n, k)` counts the ways to get k heads in n flips.",
        {
            "one_sided": (
                "You count one direction only. B could have been ahead as far by chance, too.",
                "Twice the smaller tail.",
            ),
            "above_one": (
                "A probability cannot be above 1.",
                "Where both counts are equal, the tails share the middle.",
            ),
            "this_split": (
                "That is the probability of exactly this split.",
                "Add up all splits that are at least as uneven.",
            ),
            "all_right": (
                "You count all right answers. Where both nets are right, you learn nothing.",
                "Only examples on which they disagree.",
            ),
            "one_short": ("The split itself belongs to the tail.", "`range` stops one before its end."),
            "a_only": (
                "Your tail starts from A's count, even where that is the larger one.",
                "Take the smaller of the two counts.",
            ),
        },
        reference=mcnemar_by_growing,
    ),
}
