"""Permutation importance: how much accuracy a net loses when one column's values are shuffled."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from torchtour.evaluation.mode import evaluation_mode

MAX_ROWS = 5_000


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """The share of rows whose largest logit, of [n, n_classes], is that of their class [n]."""
    return float((logits.argmax(dim=1) == labels).double().mean())


def permutation_importance(
    net: nn.Module,
    raw: Tensor,
    labels: Tensor,
    n_repeats: int = 5,
    seed: int = 0,
    score: Callable[[Tensor, Tensor], float] = accuracy,
) -> Tensor:
    """The drop of a score [n_columns, n_repeats], as scikit-learn's permutation_importance defines it.

    Args:
        net: Raw columns [n, n_columns] to logits [n, n_classes].
        raw: Rows that the net has not been trained on; the first 5,000 are used.
        labels: Their classes [n].
        n_repeats: Permutations of each column.
        seed: Of the permutations.
        score: Of what the net says and the labels; the larger the better.
    """
    raw, labels = raw[:MAX_ROWS].clone(), labels[:MAX_ROWS]
    rng = np.random.default_rng(seed)
    drops = torch.empty(raw.shape[1], n_repeats)
    with evaluation_mode(net), torch.no_grad():
        baseline = score(net(raw), labels)
        for column in range(raw.shape[1]):
            original = raw[:, column].clone()  # [n]
            for repeat in range(n_repeats):
                raw[:, column] = original[torch.from_numpy(rng.permutation(len(original)))]
                drops[column, repeat] = baseline - score(net(raw), labels)
            raw[:, column] = original
    return drops
