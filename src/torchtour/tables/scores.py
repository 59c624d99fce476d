"""Scores of amounts, each with a bootstrap interval, and beside the baseline that always answers the mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

N_RESAMPLES = 1000
MAX_CELLS = 5_000_000  # rows times resamples that are held at once

Amounts: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """A score with the ends of its 95 % interval, and the score of a constant answer."""

    value: float
    low: float
    high: float
    baseline: float


def mean_absolute_error(predicted: Amounts, true: Amounts) -> Amounts:
    """Over the last axis, as all scores here."""
    return np.asarray(np.abs(predicted - true).mean(axis=-1))


def root_mean_squared_error(predicted: Amounts, true: Amounts) -> Amounts:
    return np.asarray(np.sqrt(np.square(predicted - true).mean(axis=-1)))


def median_absolute_error(predicted: Amounts, true: Amounts) -> Amounts:
    return np.asarray(np.median(np.abs(predicted - true), axis=-1))


def r2(predicted: Amounts, true: Amounts) -> Amounts:
    """The share of the variance that is explained; NaN if the true amounts do not vary."""
    spread = np.square(true - true.mean(axis=-1, keepdims=True)).mean(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(spread > 0, 1 - np.square(predicted - true).mean(axis=-1) / spread, np.nan)


SCORES: dict[str, Callable[[Amounts, Amounts], Amounts]] = {
    "MAE": mean_absolute_error,
    "RMSE": root_mean_squared_error,
    "R2": r2,
    "Median absolute error": median_absolute_error,
}


def amount_scores(predicted: Amounts, true: Amounts, constant: float, seed: int = 0) -> dict[str, Score]:
    """All SCORES of predictions [n].

    Args:
        predicted: The predictions [n].
        true: The true amounts [n].
        constant: The baseline's answer, such as the mean of the training rows.
        seed: Of the bootstrap, whose intervals are percentiles over N_RESAMPLES resamples of the rows.
    """
    rng = np.random.default_rng(seed)
    size = max(1, MAX_CELLS // len(true))
    drawn: dict[str, list[Amounts]] = {name: [] for name in SCORES}
    for start in range(0, N_RESAMPLES, size):
        rows = rng.integers(len(true), size=(min(size, N_RESAMPLES - start), len(true)))  # [resamples, n]
        for name, score in SCORES.items():
            drawn[name].append(score(predicted[rows], true[rows]))
    return {
        name: Score(
            float(score(predicted, true)),
            *_interval(np.concatenate(drawn[name])),
            float(score(np.full_like(true, constant), true)),
        )
        for name, score in SCORES.items()
    }


def format_scores(scores: Mapping[str, Score]) -> str:
    """`MAE 331 (95 % interval 320 to 342; always the mean: 3,031), R2 0.98`."""
    mae = scores["MAE"]
    value, low, high, baseline = (
        f"{number:,.3g}" if abs(number) < 1000 else f"{number:,.0f}"
        for number in (mae.value, mae.low, mae.high, mae.baseline)
    )
    return f"MAE {value} (95 % interval {low} to {high}; always the mean: {baseline}), R2 {scores['R2'].value:.2f}"


def _interval(values: Amounts) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)
