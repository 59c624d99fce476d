"""What is trained: points, net, optimizer, in batches of which size."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from torchtour import SimpleNet
from torchtour.problems import line

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "docs/measured"


@dataclass(frozen=True)
class Setting:
    n: int
    batch: int
    epochs: int
    validate: bool = False
    hidden: int = 10
    report: int = 1  # epochs from one printed line to the next
    few: int = 0  # points for those who collate sample by sample, and would need minutes; 0: all

    @property
    def steps(self) -> int:
        return -(-self.n // self.batch) * self.epochs

    @property
    def n_val(self) -> int:
        return min(self.n, 2000)

    def for_the_slow(self) -> "Setting":
        return replace(self, n=self.few, epochs=1) if self.few else self


Trained = tuple[float, torch.nn.Module]  # seconds in the loop, and the net


Batch = tuple[torch.Tensor, torch.Tensor]


def points(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    return line(n, torch.Generator().manual_seed(n))


def net_and_optimizer(setting: Setting, fused: bool = False) -> tuple[SimpleNet, torch.optim.Optimizer]:
    torch.manual_seed(0)
    net = SimpleNet(2, setting.hidden, 2)
    return net, torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, fused=fused)
