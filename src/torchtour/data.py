"""The data: four sets of points that share nothing, served in whole batches."""

from typing import Literal, TypeAlias

import numpy as np
import torch
from lightning import LightningDataModule
from torch import Generator
from torch.utils.data import DataLoader, TensorDataset

from torchtour.problems import PROBLEMS, Points, draw
from torchtour.settings import UserError, check
from torchtour.training.batches import (
    Batch,
    InMemory,
    Stream,
    evaluation_batch,
    evaluation_loader,
    loader,
    rank_and_world_size,
    weigh_gradients,
)
from torchtour.training.data_checks import check_no_leakage, check_shapes

Name: TypeAlias = Literal[tuple(PROBLEMS)]  # type: ignore[valid-type]
SPLITS = ("train", "val", "test", "predict")
STAGES = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",), "predict": ("predict",)}
SIZE = (1, 100_000_000)
LIMITS = {
    "noise": (0, 1000),
    "n_train": (1, 10**12),
    "n_val": SIZE,
    "n_test": SIZE,
    "n_predict": SIZE,
    "batch_size": SIZE,
    "seed": (0, 2**32 - 1),
}


class SyntheticData(LightningDataModule):
    """Points of one problem in four sets: train, val, test and predict, each from a generator of its own.

    Args:
        problem: What to learn; see torchtour.problems.
        noise: Standard deviation of the normal noise that moves the points after labelling, in units of the features.
        n_train: Training points.
        n_val: Validation points, used to pick the best epoch.
        n_test: Test points, used once at the end.
        n_predict: Points to predict.
        batch_size: Points per training step, summed over all processes; null: the whole training set.
        seed: The data's own seed; null: the global generator (seed_everything) draws the training points, at once.
        streaming: Make each training batch anew, so that no point is seen twice and n_train, up to 10^12, may exceed
            the memory. An epoch is n_train points, or as many batches as trainer.limit_train_batches says.

    Raises:
        UserError: An argument is out of range.
    """

    def __init__(
        self,
        problem: Name = "line",
        noise: float = 0.0,
        n_train: int = 4_000,
        n_val: int = 2_000,
        n_test: int = 10_000,
        n_predict: int = 100,
        batch_size: int | None = 100,
        seed: int | None = 0,
        streaming: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        check("data", SyntheticData.__init__, self.hparams, LIMITS)
        if not streaming and n_train > SIZE[1]:
            raise UserError(f"data.n_train must be from 1 to {SIZE[1]} without data.streaming, got {n_train}")
        if streaming and batch_size is None:
            raise UserError("data.batch_size must be a number with data.streaming, got null")
        self.n_features, self.n_classes = PROBLEMS[problem].n_features, PROBLEMS[problem].n_classes
        self.root_seed = torch.initial_seed() if seed is None else seed
        self.sets: dict[str, TensorDataset] = {}
        if seed is None and not streaming:
            self.sets["train"] = TensorDataset(*self._points(n_train))

    def setup(self, stage: str | None = None) -> None:
        """Draw the sets that the stage ("fit", "validate", "test" or "predict"; None: each of them) needs.

        Raises:
            UserError: The problem gives other sizes than it is registered with, or two sets share points.
        """
        for split in STAGES.get(stage or "", SPLITS):
            if split not in self.sets and not (split == "train" and self.hparams["streaming"]):
                self.sets[split] = TensorDataset(*self._draw(split))
        check_no_leakage({split: points.tensors[0] for split, points in self.sets.items()})

    def train_dataloader(self) -> DataLoader[Batch]:
        weigh_gradients(self.trainer)
        settings, processes = self.hparams, rank_and_world_size(self.trainer)
        n, batch_size = settings["n_train"], settings["batch_size"] or settings["n_train"]
        if not settings["streaming"]:
            return loader(InMemory(self.sets["train"], batch_size, self.root_seed, *processes))
        return loader(Stream(self._points, n, batch_size, self.root_seed, *processes))

    def val_dataloader(self) -> DataLoader[Batch]:
        return evaluation_loader(self.sets["val"], self.trainer)

    def test_dataloader(self) -> DataLoader[Batch]:
        return evaluation_loader(self.sets["test"], self.trainer)

    def predict_dataloader(self) -> DataLoader[Batch]:
        # Every process predicts all points, and the first one writes them down.
        return loader(InMemory(self.sets["predict"], evaluation_batch(self.trainer)))

    def sample(self, split: str, n: int) -> Points:
        """The first n points of a set that is set up, or as many as it has; of streamed ones, those of a batch."""
        batches = self.train_dataloader() if split not in self.sets else [self.sets[split][:n]]
        features, labels = next(iter(batches))  # [n, d], [n]
        return features[:n], labels[:n]

    def _draw(self, split: str) -> Points:
        # torch keeps 32 bits of a CPU seed: four that differ there, so that no two sets are drawn alike.
        seeds = np.random.default_rng(self.root_seed).choice(2**32, size=len(SPLITS), replace=False)
        generator = Generator().manual_seed(int(seeds[SPLITS.index(split)]))
        return self._points(self.hparams[f"n_{split}"], generator)

    def _points(self, n: int, generator: Generator | None = None) -> Points:
        problem = self.hparams["problem"]
        features, labels = draw(problem, n, self.hparams["noise"], generator)  # [n, n_features], [n]
        check_shapes(features, labels, problem, n, self.n_features, self.n_classes)
        return features, labels
