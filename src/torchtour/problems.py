"""The problems: points with a class each, drawn anew from any seed.

A problem is a pure function of the number of points and a generator (None: the global one). It returns
features [n, d] float32 and labels [n] int64. To add one, write it here under `@problem`.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Generator, Tensor

Points = tuple[Tensor, Tensor]
Draw = Callable[[int, Generator | None], Points]


class Problem(NamedTuple):
    draw: Draw
    n_features: int
    n_classes: int


PROBLEMS: dict[str, Problem] = {}


def problem(n_features: int = 2, n_classes: int = 2) -> Callable[[Draw], Draw]:
    """Register a function under its name, for `data.problem`."""

    def register(draw: Draw) -> Draw:
        PROBLEMS[draw.__name__] = Problem(draw, n_features, n_classes)
        return draw

    return register


@problem()
def line(n: int, generator: Generator | None = None) -> Points:
    """Standard normal points, class 1 where x1 + x2 > 0: a straight line parts them."""
    features = torch.randn(n, 2, generator=generator)  # [n, 2]
    return features, (features[:, 0] + features[:, 1] > 0).long()


@problem()
def circle(n: int, generator: Generator | None = None) -> Points:
    """Standard normal points, class 1 inside the circle that holds half of them: chi-squared's median is 2 ln 2."""
    features = torch.randn(n, 2, generator=generator)  # [n, 2]
    return features, (features.square().sum(dim=1) < 2 * math.log(2)).long()


@problem()
def xor(n: int, generator: Generator | None = None) -> Points:
    """Points of the square [-1, 1)^2, class 1 where the signs of x1 and x2 differ."""
    features = 2 * torch.rand(n, 2, generator=generator) - 1  # [n, 2]
    return features, ((features[:, 0] > 0) != (features[:, 1] > 0)).long()


@problem()
def gauss(n: int, generator: Generator | None = None) -> Points:
    """Two normal clouds around (-1, -1) and (1, 1), which overlap: nobody can expect more than Phi(sqrt 2) = 92.1 %."""
    labels = torch.randint(2, (n,), generator=generator)  # [n]
    return torch.randn(n, 2, generator=generator) + (2 * labels[:, None] - 1), labels


@problem()
def spiral(n: int, generator: Generator | None = None) -> Points:
    """Two arms, half a turn apart, that wind one and a half times around the origin, out to radius 2."""
    labels = torch.randint(2, (n,), generator=generator)  # [n]
    along, across = torch.rand(2, n, generator=generator)  # [n], [n]
    radius = 2 * along.sqrt()  # square root: even density out to the rim
    angle = math.pi * (1.5 * radius + labels + (across - 0.5) / 4)  # an arm is an eighth of a turn wide
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1), labels


def draw(name: str, n: int, noise: float = 0.0, generator: Generator | None = None) -> Points:
    """n points of a problem, moved after labelling by normal noise of standard deviation `noise`."""
    features, labels = PROBLEMS[name].draw(n, generator)  # [n, d], [n]
    if noise > 0:
        features = features + noise * torch.randn(features.shape, generator=generator)
    return features, labels
