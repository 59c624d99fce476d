"""The scores of an epoch: the mean loss, whatever torchmetrics offers, and how they reach Trainer."""

import math
import warnings
from typing import Any

import torch
from lightning import LightningModule
from lightning.pytorch.trainer.states import TrainerFn
from torch import Tensor
from torchmetrics import Metric, MetricCollection

from torchtour.exchange import in_one_exchange


class MeanLoss(Metric):
    """The mean loss over samples: each batch counts by its size.

    The sum is kept as two float32 numbers, the second for what rounding took from the first (Knuth's TwoSum; MPS has
    no float64). So the mean does not depend on the number of steps, nor on how many processes share them.
    """

    total: Tensor
    lost: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx=None)  # None: one value for each process
        self.add_state("lost", torch.tensor(0.0), dist_reduce_fx=None)
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, loss: Tensor, target: Tensor) -> None:
        """Add the mean `loss` [] of a batch with labels `target` [batch]."""
        term = loss.float() * len(target)
        total = self.total + term
        rest = total - self.total
        # In place: torchmetrics takes longer to set a state anew than the arithmetic takes.
        self.lost.add_((self.total - (total - rest)) + (term - rest))
        self.total.copy_(total)
        self.count.add_(len(target))

    def compute(self) -> Tensor:
        parts = [*self.total.reshape(-1).tolist(), *self.lost.reshape(-1).tolist()]
        return torch.tensor(math.fsum(parts) / self.count.item(), device=self.count.device)


class Scores(MetricCollection):
    """Copies of metrics, updated together with a batch's loss, logits (as `preds`) and labels (as `target`)."""

    def __init__(self, metrics: dict[str, Metric], **settings: Any) -> None:
        super().__init__({}, compute_groups=False, **settings)
        for name, metric in metrics.items():  # one by one: a dict would be sorted by name
            self.add_metrics({name: in_one_exchange(metric.clone())})

    def update(self, loss: Tensor, logits: Tensor, labels: Tensor) -> None:  # type: ignore[override]
        """Add a batch; one without samples, the share of a process that got none, adds nothing."""
        if len(labels):
            super().update(loss=loss.detach(), preds=logits.detach(), target=labels)
        else:
            warnings.filterwarnings("ignore", ".*was called before the ``update`` method.*")  # the others' count


def log_epoch(module: LightningModule, scores: MetricCollection, batch_idx: int) -> None:
    """`module.log_dict(scores)` for a whole epoch, called in each step.

    Lightning computes a metric that was logged once when the epoch ends. Where the epoch is a single step, log_dict
    takes longer than the step (100 such epochs: 8.2 times a plain loop, against 4.9; validated 14.8, against 8.8), and
    the scores go straight into Trainer's tables.
    """
    trainer = module.trainer
    if trainer.barebones:
        return
    steps = trainer.num_training_batches if trainer.training else sum(trainer.num_val_batches)
    if steps != 1 or trainer.state.fn != TrainerFn.FITTING or trainer.sanity_checking:
        if batch_idx == 0:
            module.log_dict(scores, on_step=False, on_epoch=True, prog_bar=True, batch_size=1)
        return
    values = scores.compute()
    scores.reset()
    for table in (trainer.callback_metrics, trainer.logged_metrics, trainer.progress_bar_metrics):
        table.update(values)
    for logger in module.loggers:
        numbers = {name: value.item() for name, value in values.items()}
        logger.log_metrics({**numbers, "epoch": module.current_epoch}, module.global_step)
        logger.save()
