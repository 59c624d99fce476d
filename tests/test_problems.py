import math
from typing import get_args

import pytest
import torch
from torch import Generator

from torchtour.data import Name
from torchtour.problems import PROBLEMS, draw

N = 20_000
EVERY = pytest.mark.parametrize("problem", PROBLEMS)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def test_every_problem_is_on_the_command_line():
    assert get_args(Name) == tuple(PROBLEMS)


@EVERY
@pytest.mark.parametrize("n", [1, 2, 15, 16, 17])
def test_shapes_and_dtypes(problem, n):
    features, labels = draw(problem, n, 0.1, seeded())
    assert (features.shape, features.dtype) == ((n, 2), torch.float32)
    assert (labels.shape, labels.dtype) == ((n,), torch.int64)


@EVERY
def test_the_points_hang_on_the_generator_alone(problem):
    torch.manual_seed(1)
    first = draw(problem, 50, 0.2, seeded())
    torch.manual_seed(2)
    again = draw(problem, 50, 0.2, seeded())
    other = draw(problem, 50, 0.2, seeded(1))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


@EVERY
def test_both_classes_hold_half_of_the_points(problem):
    labels = draw(problem, N, 0.0, seeded())[1]
    assert set(labels.tolist()) == {0, 1}
    # Five standard deviations of a fair coin's mean.
    assert abs(labels.double().mean() - 0.5) < 5 * 0.5 / math.sqrt(N)


def test_line_without_a_generator_is_lesson_4s_draw():
    torch.manual_seed(42)
    features, labels = draw("line", 100)
    torch.manual_seed(42)
    assert torch.equal(features, torch.randn(100, 2))
    assert labels.tolist() == [int(x1 + x2 > 0) for x1, x2 in features.tolist()]
    assert labels.bincount().tolist() == [47, 53]


def rule(problem: str, x1: float, x2: float) -> int:
    """The label of a point, from its place alone, in plain floats."""
    if problem == "line":
        return int(x1 + x2 > 0)
    if problem == "circle":
        return int(math.hypot(x1, x2) < 1.1774100225154747)  # sqrt(2 ln 2)
    if problem == "xor":
        return int(x1 * x2 < 0)
    radius, angle = math.hypot(x1, x2), math.atan2(x2, x1)
    turns = (angle - 1.5 * math.pi * radius) / math.pi  # 0 on one arm, 1 on the other, modulo 2
    return round(turns) % 2


@pytest.mark.parametrize("problem", ["line", "circle", "xor", "spiral"])
def test_the_label_follows_from_the_place(problem):
    features, labels = draw(problem, 2000, 0.0, seeded())
    assert labels.tolist() == [rule(problem, x1, x2) for x1, x2 in features.tolist()]


def test_gauss_overlaps_as_much_as_it_says():
    features, labels = draw("gauss", N, 0.0, seeded())
    best = ((features.sum(dim=1) > 0).long() == labels).double().mean()  # the best rule there is, by symmetry
    expected = 0.5 * (1 + math.erf(math.sqrt(2) / math.sqrt(2)))  # Phi(sqrt 2)
    assert expected == pytest.approx(0.921, abs=5e-4)
    assert abs(best - expected) < 5 * math.sqrt(expected * (1 - expected) / N)


@EVERY
def test_noise_moves_the_points_after_labelling(problem):
    still, labels = draw(problem, N, 0.0, seeded())
    moved, same_labels = draw(problem, N, 0.3, seeded())
    step = moved - still
    assert torch.equal(labels, same_labels)
    assert step.std().item() == pytest.approx(0.3, rel=0.03)
    assert step.mean().abs().item() < 5 * 0.3 / math.sqrt(2 * N)
