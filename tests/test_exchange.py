from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import distributed
from torch.multiprocessing import start_processes
from torchmetrics import CatMetric, Metric
from torchmetrics.classification import MulticlassConfusionMatrix

from torchtour.exchange import in_one_exchange
from torchtour.metrics import MeanLoss


class Odd(Metric):
    """Sums of types and shapes whose bytes lie badly one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.add_state("seen", torch.zeros(3, dtype=torch.uint8), dist_reduce_fx="max")
        self.add_state("total", torch.zeros(2, 3, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0, dtype=torch.int32), dist_reduce_fx="sum")
        self.add_state("largest", torch.tensor(0.0), dist_reduce_fx="max")

    def update(self, k: int) -> None:
        self.seen[k % 3] = 1
        self.total += torch.arange(6.0).reshape(2, 3) / (k + 3)
        self.count += k
        self.largest = self.largest.maximum(torch.tensor(k / 7))

    def compute(self) -> list[torch.Tensor]:
        return [*self.seen, *self.total.flatten(), self.count, self.largest]


def count(module: Any, *names: str) -> Counter[str]:
    """From now on, how often each of these functions is called."""
    calls: Counter[str] = Counter()

    def counted(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counting(*args: Any, **more: Any) -> Any:
            calls[name] += 1
            return call(*args, **more)

        return counting

    for name in names:
        setattr(module, name, counted(getattr(module, name), name))
    return calls


def compare(rank: int, meet: str, metric: Metric, updates: list[list[list[tuple]]]) -> None:
    """A metric in one exchange says what torchmetrics' own way says, epoch after epoch."""
    distributed.init_process_group("gloo", init_method=meet, rank=rank, world_size=2)
    ours, theirs = in_one_exchange(metric.clone()), metric
    calls = count(distributed, "all_gather", "barrier")
    for epoch in updates:
        for batch in epoch[rank]:
            ours.update(*batch)
            theirs.update(*batch)
        calls.clear()
        found = ours.compute()
        assert dict(calls) == {"all_gather": 1}
        torch.testing.assert_close(found, theirs.compute(), rtol=0, atol=0)
        assert sum(calls.values()) > 3  # torchmetrics' own exchanges
        ours.reset()
        theirs.reset()
    distributed.destroy_process_group()


def labels(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(torch.randint(3, (2, 40), generator=torch.Generator().manual_seed(seed)))


@pytest.mark.parametrize(
    ("metric", "batches"),
    [
        (Odd(), [(k,) for k in range(12)]),
        (MeanLoss(), [(torch.tensor(k / 3), torch.zeros(k + 1)) for k in range(12)]),
        (MulticlassConfusionMatrix(3, validate_args=False), [labels(k) for k in range(12)]),
    ],
)
def test_one_exchange_says_what_many_say(tmp_path, metric, batches):
    epochs = [[batches[:3], batches[3:4]], [batches[4:8], batches[8:]]]
    start_processes(compare, (f"file://{tmp_path}/meet", metric, epochs), 2, start_method="fork")


def test_a_metric_that_keeps_lists_keeps_torchmetrics_way():
    assert in_one_exchange(CatMetric()).dist_sync_fn is None
