"""The problems: points in the plane, each of class 0 or 1.

A problem is a pure function of the number of points and a generator (None: the global one).
It returns features [n, 2] float32 and labels [n] int64. To add one, write it here and name it in `Problem`.
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Generator, Tensor

Problem = Literal["line", "circle", "xor", "gauss", "spiral"]
Points = tuple[Tensor, Tensor]


def line(n: int, generator: Generator | None = None) -> Points:
    """Standard normal points, class 1 where x1 + x2 > 0: a straight line parts them."""
    features = torch.randn(n, 2, generator=generator)  # [n, 2]
    return features, (features[:, 0] + features[:, 1] > 0).long()


def circle(n: int, generator: Generator | None = None) -> Points:
    """Standard normal points, class 1 inside the circle that holds half of them."""
    features = torch.randn(n, 2, generator=generator)  # [n, 2]
    # The squared radius is chi-squared with two degrees of freedom, whose median is 2 ln 2.
    return features, (features.square().sum(dim=1) < 2 * math.log(2)).long()


def xor(n: int, generator: Generator | None = None) -> Points:
    """Points of the square [-1, 1)^2, class 1 where the signs of x1 and x2 differ."""
    features = 2 * torch.rand(n, 2, generator=generator) - 1  # [n, 2]
    return features, ((features[:, 0] > 0) != (features[:, 1] > 0)).long()


def gauss(n: int, generator: Generator | None = None) -> Points:
    """Two standard normal clouds, centred at (-1, -1) and (1, 1).

    They overlap: no classifier can expect more than Phi(sqrt 2) = 92.1 % on unseen points.
    """
    labels = _coin(n, generator)
    centres = 2 * labels[:, None] - 1  # [n, 1]
    return torch.randn(n, 2, generator=generator) + centres, labels


def spiral(n: int, generator: Generator | None = None) -> Points:
    """Two arms, half a turn apart, that wind one and a half times around the origin, out to radius 2."""
    labels = _coin(n, generator)
    along, across = torch.rand(2, n, generator=generator)  # [n], [n]
    radius = 2 * along.sqrt()  # square root: even density out to the rim
    angle = math.pi * (1.5 * radius + labels + (across - 0.5) / 4)  # an arm is an eighth of a turn wide
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1), labels


PROBLEMS: dict[Problem, Callable[[int, Generator | None], Points]] = {
    "line": line,
    "circle": circle,
    "xor": xor,
    "gauss": gauss,
    "spiral": spiral,
}


def draw(problem: Problem, n: int, noise: float = 0.0, generator: Generator | None = None) -> Points:
    """n points of a problem, moved after labelling by normal noise of standard deviation `noise`."""
    features, labels = PROBLEMS[problem](n, generator)
    if noise > 0:
        features = features + noise * torch.randn(n, 2, generator=generator)
    return features, labels


def _coin(n: int, generator: Generator | None) -> Tensor:
    return torch.randint(2, (n,), generator=generator)  # [n]
