"""The data of several runs, served side by side."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from torchtour.training.batches import Batch, Batches, loader

MAX_BLOCK_BATCHES = 64
MAX_BLOCK_FEATURES = 2**22  # of all batches of a block together


class StackedBatches(Batches):
    """Blocks of batches, for all runs: item k is a list of (features [runs, batch, n], labels [runs, batch]).

    Trainer takes longer around a step than a small net takes for it, so it is called once for a block.
    """

    def __init__(self, parts: Sequence[Batches], block: int) -> None:
        first = parts[0]
        super().__init__(first.n, first.batch_size)
        self.parts, self.block, self.steps = parts, block, len(first)

    def __len__(self) -> int:
        return -(-self.steps // self.block)

    def __getitem__(self, k: int) -> Any:
        epoch, block = divmod(k, len(self))
        steps = range(block * self.block, min((block + 1) * self.block, self.steps))
        return [self._batch(epoch * self.steps + step) for step in steps]

    def _batch(self, k: int) -> Batch:
        features, labels = zip(*(part[k] for part in self.parts), strict=True)
        return torch.stack(features), torch.stack(labels)


class StackedData(LightningDataModule):
    """The training and validation data of several runs, each run's in its own order, for StackedClassifiers.

    Args:
        runs: A datamodule for each run whose data differ; one, if all runs share their data.
    """

    def __init__(self, runs: Sequence[LightningDataModule]) -> None:
        super().__init__()
        self.runs = runs

    def setup(self, stage: str) -> None:
        for run in self.runs:
            run.trainer = self.trainer
            run.setup(stage)

    def first_batch(self) -> Batch:
        """The first training batch of all runs: features [runs, batch, n], labels [runs, batch]."""
        features, labels = zip(*(run.train_dataloader().dataset[0] for run in self.runs), strict=True)
        return torch.stack(features), torch.stack(labels)

    def train_dataloader(self) -> DataLoader[Any]:
        parts = [run.train_dataloader().dataset for run in self.runs]
        features: Tensor = parts[0][0][0]  # [batch, n]
        return loader(
            StackedBatches(
                parts, max(1, min(MAX_BLOCK_BATCHES, MAX_BLOCK_FEATURES // (len(parts) * features.numel() + 1)))
            )
        )

    def val_dataloader(self) -> DataLoader[Any]:
        return loader(StackedBatches([run.val_dataloader().dataset for run in self.runs], 1))
