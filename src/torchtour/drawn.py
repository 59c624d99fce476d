"""What a problem drew: sets of the sizes that it is registered with, and no point in two of them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import TensorDataset

from torchtour.settings import UserError


def check_drawn(sets: Mapping[str, TensorDataset], n_features: int, n_classes: int) -> None:
    """Check sets of features [n, d] float32 and labels [n] int64.

    Raises:
        UserError: A set has other features or classes than these, or two sets share more rows than chance explains,
            so that a score on one says nothing about unseen points.
    """
    for name, points in sets.items():
        features, labels = points.tensors
        if features.shape[1:] != (n_features,) or not ((labels >= 0) & (labels < n_classes)).all():
            raise UserError(
                f"the problem is registered with {n_features} features and {n_classes} classes, and its {name} points "
                f"have {features[0].numel()} features and classes from {labels.min()} to {labels.max()}"
            )
    rows = {name: row_keys(points.tensors[0]) for name, points in sets.items()}
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


def row_keys(features: Tensor) -> NDArray[np.int64]:
    """A number for each row of features [n, d] float32: equal rows have equal numbers, others hardly ever."""
    bits = features.contiguous().numpy().view(np.int32).astype(np.int64)  # [n, d]
    multipliers = np.random.default_rng(0).integers(2**63, size=bits.shape[1])
    return np.asarray((bits * multipliers).sum(axis=1))  # [n], modulo 2^64
