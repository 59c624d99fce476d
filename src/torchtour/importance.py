"""Permutation importance: how much accuracy a net loses when one column's values are dealt out anew."""

import numpy as np
import torch
from torch import Tensor, nn

REPEATS = 5
MOST_ROWS = 5_000


def importance(net: nn.Module, raw: Tensor, labels: Tensor, repeats: int = REPEATS, seed: int = 0) -> Tensor:
    """The loss of accuracy [n_columns, repeats], as scikit-learn's permutation_importance defines it.

    Args:
        net: Raw columns [n, n_columns] to logits [n, n_classes].
        raw: Rows that the net has not learned from; of very many the first 5,000.
        labels: Their classes [n].
        repeats: Permutations of each column.
        seed: Of the permutations.
    """
    raw, labels = raw[:MOST_ROWS].clone(), labels[:MOST_ROWS]
    generator = np.random.default_rng(seed)
    losses = torch.empty(raw.shape[1], repeats)
    with torch.no_grad():
        usual = _accuracy(net, raw, labels)
        for column in range(raw.shape[1]):
            values = raw[:, column].clone()  # [n]
            for k in range(repeats):
                raw[:, column] = values[torch.from_numpy(generator.permutation(len(values)))]
                losses[column, k] = usual - _accuracy(net, raw, labels)
            raw[:, column] = values
    return losses


def _accuracy(net: nn.Module, raw: Tensor, labels: Tensor) -> float:
    return (net(raw).argmax(dim=1) == labels).double().mean().item()
