"""The problems: points with a class each, drawn anew from any seed.

A problem is a pure function of the number of points and a generator (None: the global one). It returns
features [n, d] float32 and labels [n] int64. To add one, write it here under `@problem`.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

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
    """Standard normal points, class 1 inside the circle that holds half of them."""
    features = torch.randn(n, 2, generator=generator)  # [n, 2]
    # The squared radius is chi-squared with two degrees of freedom, whose median is 2 ln 2.
    return features, (features.square().sum(dim=1) < 2 * math.log(2)).long()


@problem()
def xor(n: int, generator: Generator | None = None) -> Points:
    """Points of the square [-1, 1)^2, class 1 where the signs of x1 and x2 differ."""
    features = 2 * torch.rand(n, 2, generator=generator) - 1  # [n, 2]
    return features, ((features[:, 0] > 0) != (features[:, 1] > 0)).long()


@problem()
def gauss(n: int, generator: Generator | None = None) -> Points:
    """Two standard normal clouds, centred at (-1, -1) and (1, 1).

    They overlap: no classifier can expect more than Phi(sqrt 2) = 92.1 % on unseen points.
    """
    labels = torch.randint(2, (n,), generator=generator)  # [n]
    centres = 2 * labels[:, None] - 1  # [n, 1]
    return torch.randn(n, 2, generator=generator) + centres, labels


@problem()
def spiral(n: int, generator: Generator | None = None) -> Points:
    """Two arms, half a turn apart, that wind one and a half times around the origin, out to radius 2."""
    labels = torch.randint(2, (n,), generator=generator)  # [n]
    along, across = torch.rand(2, n, generator=generator)  # [n], [n]
    radius = 2 * along.sqrt()  # square root: even density out to the rim
    angle = math.pi * (1.5 * radius + labels + (across - 0.5) / 4)  # an arm is an eighth of a turn wide
    return radius[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1), labels


Name: TypeAlias = Literal[tuple(PROBLEMS)]  # type: ignore[valid-type] # the choices of `data.problem`


def draw(name: str, n: int, noise: float = 0.0, generator: Generator | None = None) -> Points:
    """n points of a problem, moved after labelling by normal noise of standard deviation `noise`.

    Raises:
        ValueError: The problem gave other sizes than it is registered with.
    """
    known = PROBLEMS[name]
    features, labels = known.draw(n, generator)  # [n, d], [n]
    if features.shape != (n, known.n_features) or not ((labels >= 0) & (labels < known.n_classes)).all():
        raise ValueError(f"problem {name} must give {known.n_features} features and classes below {known.n_classes}")
    if noise > 0:
        features = features + noise * torch.randn(features.shape, generator=generator)
    return features, labels
