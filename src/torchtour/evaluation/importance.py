"""Permutation importance: how much accuracy a net loses when one column's values are shuffled."""

import numpy as np
import torch
from torch import Tensor, nn

from torchtour.evaluation.mode import evaluation_mode

MAX_ROWS = 5_000


def permutation_importance(net: nn.Module, raw: Tensor, labels: Tensor, n_repeats: int = 5, seed: int = 0) -> Tensor:
    """The drop of accuracy [n_columns, n_repeats], as scikit-learn's permutation_importance defines it.

    Args:
        net: Raw columns [n, n_columns] to logits [n, n_classes].
        raw: Rows that the net has not been trained on; the first 5,000 are used.
        labels: Their classes [n].
        n_repeats: Permutations of each column.
        seed: Of the permutations.
    """
    raw, labels = raw[:MAX_ROWS].clone(), labels[:MAX_ROWS]
    rng = np.random.default_rng(seed)
    drops = torch.empty(raw.shape[1], n_repeats)
    with evaluation_mode(net), torch.no_grad():
        baseline = _accuracy(net, raw, labels)
        for column in range(raw.shape[1]):
            original = raw[:, column].clone()  # [n]
            for repeat in range(n_repeats):
                raw[:, column] = original[torch.from_numpy(rng.permutation(len(original)))]
                drops[column, repeat] = baseline - _accuracy(net, raw, labels)
            raw[:, column] = original
    return drops


def _accuracy(net: nn.Module, raw: Tensor, labels: Tensor) -> float:
    return float((net(raw).argmax(dim=1) == labels).double().mean())
