"""A metric's sums over several processes, in one exchange."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, distributed
from torchmetrics import Metric


def in_one_exchange(metric: Metric) -> Metric:
    """The metric, which now gets all its sums from other processes at once.

    torchmetrics' own way takes two or three exchanges for each sum, since they might differ in shape. In an epoch of 16
    steps, with validation, these were 36, and took 9 of its 170 ms. A metric that keeps lists keeps that way.
    """
    if all(isinstance(state, Tensor) for state in metric.metric_state.values()):
        metric.dist_sync_fn = _AtOnce(metric)
    return metric


class _AtOnce:
    """What torchmetrics calls for each state of the metric in turn."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.gathered: list[list[Tensor]] = []  # of the states that are still to be asked for

    def __call__(self, state: Tensor, group: Any = None) -> list[Tensor]:
        """The state of each process."""
        if not self.gathered:
            states = self.metric.metric_state.values()
            self.gathered = gather([state for state in states if isinstance(state, Tensor)], group)
        return self.gathered.pop(0)


def gather(tensors: Sequence[Tensor], group: Any = None) -> list[list[Tensor]]:
    """For each tensor, those of all processes; they must have one shape and type everywhere."""
    mine = torch.cat([tensor.reshape(-1).view(torch.uint8) for tensor in tensors])  # [bytes]
    everyones = [torch.empty_like(mine) for _ in range(distributed.get_world_size(group))]
    distributed.all_gather(everyones, mine, group)
    parts = [torch.split(one, [tensor.nbytes for tensor in tensors]) for one in everyones]
    # A copy, since bytes can be seen as numbers only from a multiple of their size on.
    return [
        [part.clone().view(tensor.dtype).reshape(tensor.shape) for part in some]
        for tensor, some in zip(tensors, zip(*parts, strict=True), strict=True)
    ]
