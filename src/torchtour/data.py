"""The data: four sets of points that share nothing, served in whole batches."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from lightning import LightningDataModule
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Sampler, TensorDataset

from torchtour.limits import UserError, check
from torchtour.problems import Points, Problem, draw

SPLITS = ("train", "val", "test", "predict")
STAGES = {"fit": ("train", "val"), "validate": ("val",), "test": ("test",), "predict": ("predict",)}
EVALUATION_BATCH = 16_384  # no gradients to keep, so large; results do not depend on it

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


def check_data(settings: Mapping[str, Any]) -> None:
    """Hold SyntheticData's settings against what they may be.

    Raises:
        UserError: names the first that is wrong.
    """
    check("data", SyntheticData.__init__, settings, LIMITS)
    if not settings["streaming"] and settings["n_train"] > SIZE[1]:
        raise UserError(f"data.n_train must be from 1 to {SIZE[1]} without data.streaming, got {settings['n_train']}")
    if settings["streaming"] and settings["batch_size"] is None:
        raise UserError("data.batch_size must be a number with data.streaming, got null")


class Batches(Sampler[Tensor]):
    """Yields each batch as one tensor of indices [batch], a pure function of (seed, epoch).

    With several processes each takes its share of every batch, so that a step means the same however many there are.
    `seed=None`, for evaluation, keeps the order 0, 1, 2, ... and deals whole batches to the processes in turn, which
    leaves no trace of their number in the scores; whose turn it is not gets an empty one, so that all take each step.
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
        for number, start in enumerate(range(0, self.n, self.batch_size)):
            batch = order[start : start + self.batch_size]
            if self.seed is not None:
                yield batch[self.rank :: self.world_size]
            else:
                yield batch if number % self.world_size == self.rank else batch[:0]

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def size(self, step: int) -> int:
        """Points in a batch of the epoch, those of all processes together."""
        return min(self.batch_size, self.n - step * self.batch_size)


class Stream(Sampler[int]):
    """Training batches made on the fly and kept by nobody: a dataset whose item k is batch k, and its sampler.

    Batch k is a pure function of (seed, k) and the process; k counts on from epoch to epoch, so that no two are alike.
    """

    def __init__(
        self, draw: Callable[[int, Generator], Points], n: int, batch_size: int, seed: int, rank: int, world_size: int
    ) -> None:
        self.draw, self.n, self.batch_size, self.seed = draw, n, batch_size, seed
        self.rank, self.world_size = rank, world_size
        self.epoch = 0
        self.generator = Generator()

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning at the start of each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def size(self, step: int) -> int:
        """Points in a batch of the epoch, those of all processes together."""
        return min(self.batch_size, self.n - step * self.batch_size)

    def __iter__(self) -> Iterator[int]:
        for step in range(len(self)):
            yield self.epoch * len(self) + step

    def __getitem__(self, k: int) -> Points:
        share = len(range(self.rank, self.size(k % len(self)), self.world_size))
        # A seed of torch's has 32 bits, in which batches would soon meet: numpy fills the whole Mersenne Twister.
        words = np.random.SeedSequence((self.rank, self.seed, k)).generate_state(624)
        self.generator.set_state(torch.from_numpy(_twister(words)))
        return self.draw(share, self.generator)


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
        streaming: Make each training batch anew, so that no point is seen twice and n_train, up to 10^12, may exceed
            the memory. An epoch is n_train points, or as many batches as trainer.limit_train_batches says.

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
        streaming: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        check_data(self.hparams)
        self.sets: dict[str, TensorDataset] = {}

    def setup(self, stage: str) -> None:
        """Draw the sets that the stage ("fit", "validate", "test" or "predict") needs."""
        streamed = {"train"} if self.hparams["streaming"] else set()
        for split in (split for split in STAGES[stage] if split not in streamed):
            n = self.hparams[f"n_{split}"]
            points = draw(self.hparams["problem"], n, self.hparams["noise"], self._generator(split))
            self.sets[split] = TensorDataset(*points)

    def train_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        settings = self.hparams
        if not settings["streaming"]:
            return self._loader("train", settings["batch_size"] or settings["n_train"], self._root_seed())
        points = partial(_draw, settings["problem"], settings["noise"])
        stream = Stream(points, settings["n_train"], settings["batch_size"], self._root_seed(), *self._share())
        return DataLoader(stream, sampler=stream, batch_size=None)  # type: ignore[arg-type]

    def sample(self, split: str, n: int) -> Points:
        """The first n points of a set that is set up, or as many as it has; of streamed ones, those of a batch."""
        loader = self.train_dataloader() if split not in self.sets else [self.sets[split][:n]]
        features, labels = next(iter(loader))  # [n, 2], [n]
        return features[:n], labels[:n]

    def val_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return self._loader("val", EVALUATION_BATCH)

    def test_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return self._loader("test", EVALUATION_BATCH)

    def predict_dataloader(self) -> DataLoader[tuple[Tensor, ...]]:
        return self._loader("predict", EVALUATION_BATCH)

    def _loader(self, split: str, batch_size: int, seed: int | None = None) -> DataLoader[tuple[Tensor, ...]]:
        dataset = self.sets[split]
        # Every process predicts all points, and the first one writes them down.
        share = self._share() if split != "predict" else (0, 1)
        # The loader takes what the sampler yields as one index: a batch is one indexing, with nothing to collate.
        return DataLoader(dataset, sampler=Batches(len(dataset), batch_size, seed, *share), batch_size=None)

    def _share(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def _generator(self, split: str) -> Generator | None:
        if split == "train" and self.hparams["seed"] is None:
            return None
        # torch keeps 32 bits of a CPU seed: four that differ there, so that no two sets are drawn alike.
        seeds = np.random.default_rng(self._root_seed()).choice(2**32, size=len(SPLITS), replace=False)
        return Generator().manual_seed(int(seeds[SPLITS.index(split)]))

    def _root_seed(self) -> int:
        seed = self.hparams["seed"]
        return torch.initial_seed() if seed is None else seed


def _draw(problem: Problem, noise: float, n: int, generator: Generator) -> Points:
    return draw(problem, n, noise, generator)


def _twister(words: NDArray[Any]) -> NDArray[np.uint8]:
    """The state [5056] of a CPU generator that goes on from 624 words of 32 bits: seed, counters, words, no normal."""
    state = np.zeros(632, np.uint64)
    state[1] = 1 + 2**32  # one word left of the last round, so that a new round begins; seeded
    state[3:627] = words
    return state.view(np.uint8)
