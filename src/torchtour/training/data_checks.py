"""Checks of generated data: the shapes are right, and no two sets share points."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from torchtour.settings import UserError


def check_shapes(features: Tensor, labels: Tensor, problem: str, n: int, n_features: int, n_classes: int) -> None:
    """Compare the points of a problem, features [n, n_features] and labels [n], with the sizes it is registered with.

    Raises:
        UserError: They differ.
    """
    if features.shape != (n, n_features) or not ((labels >= 0) & (labels < n_classes)).all():
        raise UserError(
            f"problem {problem} must give {n} points with {n_features} features and {n_classes} classes: "
            f"it gave {[*features.shape]} features and classes from {labels.min()} to {labels.max()}"
        )


def check_no_leakage(sets: Mapping[str, Tensor]) -> None:
    """Compare each two sets of features [n, d] float32, row by row.

    Raises:
        UserError: Two share more rows than chance explains, so that a score on one says nothing about unseen points.
    """
    rows = {name: hash_rows(features) for name, features in sets.items()}
    names = list(rows)
    for k, one in enumerate(names):
        for other in names[:k]:
            common = int(np.isin(rows[one], rows[other]).sum())
            # Two coordinates of 24 random bits each: of 2^48 points, two can be equal by chance.
            if common > len(rows[one]) * len(rows[other]) / 2**40:
                raise UserError(
                    f"{common} of {len(rows[one])} {one} points are also {other} points: "
                    "a problem must draw its points from the generator that it is given"
                )


def hash_rows(features: Tensor) -> NDArray[np.int64]:
    """A number for each row of features [n, d] float32: equal rows have equal numbers, others hardly ever."""
    bits = features.contiguous().numpy().view(np.int32).astype(np.int64)  # [n, d]
    multipliers = np.random.default_rng(0).integers(2**63, size=bits.shape[1])
    return np.asarray((bits * multipliers).sum(axis=1))  # [n], modulo 2^64
