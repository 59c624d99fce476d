"""The data: four sets of points that share nothing, served in whole batches."""

from collections.abc import Iterator

import numpy as np
import torch
from lightning import LightningDataModule
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Sampler, TensorDataset

from torchtour.limits import check
from torchtour.problems import Problem, draw

SPLITS = ("train", "val", "test", "predict")
STAGES = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",), "predict": ("predict",)}
EVALUATION_BATCH = 16_384  # no gradients to keep, so large; results do not depend on it

SIZE = (1, 100_000_000)
LIMITS = {
    "noise": (0, 1000),
    "n_train": SIZE,
    "n_val": SIZE,
    "n_test": SIZE,
    "n_predict": SIZE,
    "batch_size": SIZE,
    "seed": (0, 2**32 - 1),
}


class Batches(Sampler[Tensor]):
    """Yields each batch as one tensor of indices [batch], a pure function of (seed, epoch).

    With several processes each takes its share of every batch, so that a step means the same however many there are.
    `seed=None` keeps the order 0, 1, 2, ...
    """

    def __init__(self, n: int, batch_size: int, seed: int | None = None, rank: int = 0, world_size: int = 1) -> None:
        self.n, self.batch_size, self.seed = n, batch_size, seed
        self.rank, self.world_size = rank, world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning at the start of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[Tensor]:
        # A generator: it runs at the first batch, so a resumed run, which asks for it before set_epoch, gets its order.
        if self.seed is None or self.batch_size >= self.n:
            order = torch.arange(self.n)  # [n]
        else:
            order = torch.from_numpy(np.random.default_rng((self.seed, self.epoch)).permutation(self.n))  # [n]
        for start in range(0, self.n, self.batch_size):
            yield order[start : start + self.batch_size][self.rank :: self.world_size]

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)


class SyntheticData(LightningDataModule):
    """Points of one problem in four sets: train, val, test and predict, each from a generator of its own.

    Args:
        problem: What is to be learned; see torchtour.problems.
        noise: Standard deviation of the normal noise that moves the points after labelling, in units of the features.
        n_train: Points to train on.
        n_val: Points that choose the best epoch.
        n_test: Points held out for the last word.
        n_predict: Points to predict.
        batch_size: Points a training step, over all processes together; null: the whole set in one batch.
        seed: The data's own seed; null: the training points come from the global generator (seed_everything).

    Raises:
        UserError: An argument is out of range.
    """

    def __init__(
        self,
        problem: Problem = "line",
        noise: float = 0.0,
        n_train: int = 4_000,
        n_val: int = 2_000,
        n_test: int = 10_000,
        n_predict: int = 100,
        batch_size: int | None = 100,
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        check("data", SyntheticData.__init__, self.hparams, LIMITS)
        self.sets: dict[str, TensorDataset] = {}

    def setup(self, stage: str) -> None:
        """Draw the sets that the stage ("fit", "validate", "test" or "predict") needs."""
        for split in STAGES[stage]:
            n = self.hparams[f"n_{split}"]
            points = draw(self.hparams["problem"], n, self.hparams["noise"], self._generator(split))
            self.sets[split] = TensorDataset(*points)

    def train_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return self._loader("train", self.hparams["batch_size"] or self.hparams["n_train"], self._root_seed())

    def val_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return self._loader("val", EVALUATION_BATCH)

    def test_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return self._loader("test", EVALUATION_BATCH)

    def predict_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return self._loader("predict", EVALUATION_BATCH)

    def _loader(self, split: str, batch_size: int, seed: int | None = None) -> DataLoader[tuple[Tensor, ...]]:
        dataset, trainer = self.sets[split], self.trainer
        # Every process predicts all points, and the first one writes them down.
        share = (trainer.global_rank, trainer.world_size) if trainer and split != "predict" else (0, 1)
        # The loader takes what the sampler yields as one index: a batch is one indexing, with nothing to collate.
        return DataLoader(dataset, sampler=Batches(len(dataset), batch_size, seed, *share), batch_size=None)

    def _generator(self, split: str) -> Generator | None:
        if split == "train" and self.hparams["seed"] is None:
            return None
        # torch keeps 32 bits of a CPU seed: four that differ there, so that no two sets are drawn alike.
        seeds = np.random.default_rng(self._root_seed()).choice(2**32, size=len(SPLITS), replace=False)
        return Generator().manual_seed(int(seeds[SPLITS.index(split)]))

    def _root_seed(self) -> int:
        seed = self.hparams["seed"]
        return torch.initial_seed() if seed is None else seed
