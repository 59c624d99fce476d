"""The metrics of an epoch: the mean loss, and whatever torchmetrics offers."""

import math
import warnings
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection


class MeanLoss(Metric):
    """The mean loss over samples: each batch counts by its size.

    The sum is kept as two float32 numbers, the second for what rounding took from the first (Knuth's TwoSum; MPS has
    no float64). So the mean depends neither on the number of steps nor on how many processes share them.
    """

    total: Tensor
    compensation: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx=None)  # None: one value for each process
        self.add_state("compensation", torch.tensor(0.0), dist_reduce_fx=None)
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, loss: Tensor, target: Tensor) -> None:
        """Add the mean `loss` [] of a batch with labels `target` [batch]."""
        term = loss.float() * len(target)
        before = self.total.float()  # float32 also where Trainer has cast the module to bfloat16
        total = before + term
        added = total - before
        self.compensation = self.compensation.float() + (before - (total - added)) + (term - added)
        self.total = total
        self.count += len(target)

    def compute(self) -> Tensor:
        parts = [*self.total.reshape(-1).tolist(), *self.compensation.reshape(-1).tolist()]
        return torch.tensor(math.fsum(parts) / self.count.item(), device=self.count.device)


class EpochMetrics(MetricCollection):
    """Copies of metrics, updated together with a batch's loss, logits (as `preds`) and labels (as `target`)."""

    def __init__(self, metrics: dict[str, Metric], **settings: Any) -> None:
        super().__init__({}, compute_groups=False, **settings)
        for name, metric in metrics.items():  # one by one: a dict would be sorted by name
            self.add_metrics({name: metric.clone()})

    def update(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:  # type: ignore[override]
        """Add a batch; an empty one, from a process whose share has ended, adds nothing."""
        if len(labels):
            super().update(loss=loss.detach(), preds=logits.detach(), target=labels)
        else:  # torchmetrics warns of a metric that was never updated; the other processes' counts are added to it
            warnings.filterwarnings("ignore", ".*was called before the ``update`` method.*")
