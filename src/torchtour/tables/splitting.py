"""Training, validation and test rows, chosen before anything is learned from a table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from torchtour.settings import UserError

PARTS = ("train", "val", "test")
TRAIN, VAL, TEST = range(3)
FOLDS = 8
IN_NO_FOLD = -1  # a row that every member learns

Rows = NDArray[np.int64]


def split(labels: Rows, units: Rows, val_fraction: float | None, test_fraction: float, seed: int) -> NDArray[np.int8]:
    """The part [n] of each row, stratified by class; rows of a unit are in the same part.

    It depends on the rows' order, labels and units alone, so that no feature's value can move a row.

    Args:
        labels: The class of each row [n].
        units: Of each row [n], the first row that it belongs together with, as `join` gives them. A unit counts as
            of its first row's class.
        val_fraction: Share of the units to choose the best epoch on; None: there are no validation rows.
        test_fraction: Share of the units to hold out.
        seed: Another seed, another split.

    Raises:
        UserError: There are too few units for three parts.
    """
    first = np.flatnonzero(units == np.arange(len(units)))  # one row of each unit
    shuffled = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,))).permutation(first)
    classes = labels[shuffled].astype(np.int16)  # so short that they are sorted quickly
    order = np.argsort(classes, kind="stable")
    ordered, classes = shuffled[order], classes[order]  # class after class, at random within each
    # The first unit of each class stays in training: a class that the net has never seen cannot be learned.
    free = ordered[1:][classes[1:] == classes[:-1]]
    n_test = max(1, round(test_fraction * len(first)))
    n_val = 0 if val_fraction is None else max(1, round(val_fraction * len(first)))
    if n_test + max(1, n_val) > len(free):
        raise UserError(
            f"{len(first)} rows or groups that differ are too few for training, validation and test: "
            f"besides one of each of {1 + np.count_nonzero(np.diff(classes))} classes there must be "
            f"{n_test + max(1, n_val)}"
        )
    parts = np.full(len(units), TRAIN, np.int8)
    for part, n in ((TEST, n_test), (VAL, n_val)):
        picked = _evenly(len(free), n)
        parts[free[picked]] = part
        free = np.delete(free, picked)
    return parts[units]


def deal(labels: NDArray[Any], units: Rows, seed: int) -> Rows:
    """The fold [n] of each row, 0 to FOLDS - 1, stratified by label; rows of a unit are in the same fold.

    Units sorted by label are dealt out, FOLDS at a time, each to another fold. A class's only unit is in no fold: left
    out, it could not be predicted.

    Args:
        labels: The class or the amount of each row [n].
        units: As `split` takes them.
        seed: Another seed, other folds.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    first = rng.permutation(np.flatnonzero(units == np.arange(len(units))))  # one row of each unit
    ordered = first[np.argsort(labels[first], kind="stable")]
    rounds = -(-len(ordered) // FOLDS)
    folds = np.argsort(rng.random((rounds, FOLDS)), axis=1).reshape(-1)[: len(ordered)]
    of_unit = np.full(len(units), IN_NO_FOLD, np.int64)
    of_unit[ordered] = folds
    if labels.dtype.kind == "i":
        _, place, count = np.unique(labels[first], return_index=True, return_counts=True)
        of_unit[first[place[count == 1]]] = IN_NO_FOLD
    return of_unit[units]


def join(*groups: Rows) -> Rows:
    """Rows that share a number in any of the groupings [n], however indirectly, become one unit: its first row [n].

    Each grouping gives a row the first row that is like it.
    """
    units = groups[0]
    while True:
        before = units
        for group in groups:
            lowest = units.copy()
            np.minimum.at(lowest, group, units)  # at the first row of each group, its lowest unit
            units = lowest[group]
        units = units[units]
        if np.array_equal(units, before):
            return units


def _evenly(n: int, k: int) -> Rows:
    """k places of 0, ..., n - 1, as far from each other as can be: in a sorted sequence, some of every value."""
    return ((np.arange(k) + 0.5) * n / k).astype(np.int64)
